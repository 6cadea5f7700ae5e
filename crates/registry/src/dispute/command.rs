//! Opening disputes, and taking every further step.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use wire::ambient::UtcMicros;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::id::{ConnectionId, DisputeId, Role};
use wire::problem::Text;

use super::api::view::DisputeView;
use super::life::{self, Capacity, DisputeState, DisputeStep, StepRefusal};
use super::{About, Dispute, Effect, Outcome, TakenStep, sql};
use crate::Registry;
use crate::authority::Sight;
use crate::connection::lifecycle::{self, Party, State, Step};
use crate::connection::said::Said;
use crate::connection::{self, Connection};
use crate::refused::{Noun, Refused};
use crate::{calendar, regulation};
use web::{IfMatch, field};

/// The most disputes of one connection that are not over.
const MAX_OPEN: i64 = 10;

/// What opening a dispute needs.
#[derive(Debug, Clone)]
pub(crate) struct NewDispute {
    /// About which connection.
    pub(crate) connection: ConnectionId,
    /// What is objected to.
    pub(crate) about: About,
    /// The number of the step, where it is one.
    pub(crate) step: Option<u32>,
    /// What is objected to, in words.
    pub(crate) claim: String,
    /// What is asked for.
    pub(crate) wanted: String,
}

/// What goes with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing but words, if any.
    Plain(Option<String>),
    /// A decision.
    Decision(Decision),
}

/// What the unit decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) reasons: String,
    pub(crate) effect: Option<DecidedEffect>,
}

/// What follows for the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DecidedEffect {
    /// Suspended at once: what is done, and what restores it.
    Suspend { measures: String, restored_when: String },
    /// Back into force.
    Resume,
}

/// One side of a connection objects.
pub(crate) async fn open(
    registry: &Registry,
    actor: &Actor,
    new: NewDispute,
) -> Result<Dispute, Refused> {
    let mut change = registry.recorder.change(actor, DisputeStep::Open.action()).await?;
    let connection = connection::command::load(&mut change, &new.connection).await?;
    let parties = connection::command::parties_of(actor, &connection);
    let opened_by =
        parties.iter().copied().find(|one| [Party::Consumer, Party::Provider].contains(one));
    let opened_by = opened_by.ok_or_else(|| Refused::NotPermitted(either_side()))?;
    if connection.state == State::Draft {
        return Err(Refused::Conflict(still_a_draft()));
    }
    if sql::count_open(&mut change, &connection.id, opened_by).await? >= MAX_OPEN {
        return Err(Refused::Conflict(too_many()));
    }
    let against = against(registry, &mut change, &connection, opened_by, new.step).await?;
    if parties.contains(&against) {
        return Err(Refused::Conflict(against_oneself()));
    }
    let at = change.time();
    let days = regulation::sql::in_force(&mut change, at).await?.disputes.provider_working_days;
    let clock = calendar::sql::load(&mut change).await?.deadline(at, days);
    let dispute = Dispute {
        id: DisputeId::new(at, registry.randomness.as_ref()),
        connection: connection.id,
        about: new.about,
        step: new.step,
        opened_by,
        against,
        state: DisputeState::Open,
        claim: new.claim,
        wanted: new.wanted,
        outcome: None,
        effect: None,
        due: Some(clock.due),
        verified: clock.verified,
        opened_at: at,
    };
    sql::insert(&mut change, &dispute).await?;
    note(&mut change, actor, &dispute, DisputeStep::Open, None).await?;
    let mut subject = subject(&dispute);
    subject.insert("said".to_owned(), fingerprint(&[&dispute.claim, &dispute.wanted])?);
    change.record(subject).await?;
    Ok(dispute)
}

/// Takes a step. When this returns, gateways know what follows from it.
pub(crate) async fn take(
    registry: &Registry,
    actor: &Actor,
    id: &DisputeId,
    step: DisputeStep,
    word: Word,
    seen: &IfMatch,
) -> Result<Dispute, Refused> {
    let mut change = registry.recorder.change(actor, step.action()).await?;
    let mut dispute = load(&mut change, id).await?;
    let mut connection = connection::command::load(&mut change, &dispute.connection).await?;
    let at = change.time();
    let rules = regulation::sql::in_force(&mut change, at).await?.disputes;
    let parties = connection::command::parties_of(actor, &connection);
    let capacities = capacities(&dispute, &parties, rules.decided_by);
    let decided = life::decide((dispute.state, dispute.due), step, &capacities, at);
    if !matches!(decided, Err(StepRefusal::NotYours { .. })) {
        seen.require(&DisputeView::new(dispute.clone(), registry.clock.now()))?;
    }
    dispute.state = decided?;
    (dispute.due, dispute.verified) = match dispute.state {
        DisputeState::Referred => {
            let calendar = calendar::sql::load(&mut change).await?;
            let clock = calendar.deadline(at, rules.unit_working_days);
            (Some(clock.due), clock.verified)
        }
        _ => (None, false),
    };
    let words = match word {
        Word::Plain(words) => words,
        Word::Decision(decision) => {
            must_be_no_part_of_it(&mut change, actor, &dispute).await?;
            dispute.outcome = Some(decision.outcome);
            let reasons = decision.reasons.clone();
            follow(&mut change, actor, &mut dispute, &mut connection, decision).await?;
            Some(reasons)
        }
    };
    sql::move_to(&mut change, &dispute).await?;
    note(&mut change, actor, &dispute, step, words.clone()).await?;
    let mut subject = subject(&dispute);
    if let Some(words) = &words {
        subject.insert("said".to_owned(), fingerprint(&[words])?);
    }
    if dispute.effect.is_some() {
        subject.insert("connection_state".to_owned(), connection.state.to_string());
    }
    change.record(subject).await?;
    if step == DisputeStep::Decide && dispute.effect.is_some() {
        registry.publisher.publish(Some(actor)).await?;
    }
    Ok(dispute)
}

/// Says of every dispute in which a time has run out that it has, each in a change and an entry of
/// its own. Returns how many there were. Whichever node comes first says it.
pub(crate) async fn note_passed(registry: &Registry) -> Result<usize, Refused> {
    let mut noted = 0;
    for passed in sql::passed_unnoted(&registry.database, registry.clock.now()).await? {
        let mut change = registry.recorder.change_by_platform("dispute.deadline_passed").await?;
        if !sql::note_passed(&mut change, &passed).await? {
            continue;
        }
        let mut subject = subject(&passed);
        subject.insert("due".to_owned(), passed.due.map(|due| due.to_string()).unwrap_or_default());
        change.record(subject).await?;
        noted += 1;
    }
    Ok(noted)
}

/// A dispute about a connection that `actor` may see; who may not is not told that it is there.
pub(crate) async fn load_seen(
    registry: &Registry,
    actor: &Actor,
    id: &DisputeId,
) -> Result<Dispute, Refused> {
    let found = sql::find(&registry.database, id).await?;
    let dispute = found.ok_or_else(|| unknown(id))?;
    let connection = connection::sql::find(&registry.database, &dispute.connection).await?;
    let sight = Sight::of(actor);
    let seen = connection.is_some_and(|connection| {
        sight.covers(&connection.consumer.organisation)
            || sight.covers(&connection.service.organisation)
    });
    if seen { Ok(dispute) } else { Err(unknown(id)) }
}

async fn load(change: &mut Change, id: &DisputeId) -> Result<Dispute, Refused> {
    sql::find(change, id).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: &DisputeId) -> Refused {
    Refused::Unknown { noun: Noun::Dispute, id: id.to_string() }
}

/// Who answers: who took the step that is objected to, else the other side.
async fn against(
    registry: &Registry,
    change: &mut Change,
    connection: &Connection,
    opened_by: Party,
    step: Option<u32>,
) -> Result<Party, Refused> {
    let Some(number) = step else {
        return Ok(if opened_by == Party::Consumer { Party::Provider } else { Party::Consumer });
    };
    let taken = connection::sql::find_step(&mut *change, &connection.id, number).await?;
    let taken = taken.ok_or_else(|| Refused::from(no_such_step()))?;
    match taken.role {
        Role::Operator => return Ok(Party::Operator),
        Role::StateManager => return Ok(Party::StateManager),
        _ => {}
    }
    // The code tells, which may be a former one. Where both sides are one organisation, or neither is,
    // the table tells who may take such a step.
    let code = registry.same_organisation(&taken.organisation).await?;
    let is_consumers = code == connection.consumer.organisation;
    let is_providers = code == connection.service.organisation;
    Ok(match (is_consumers, is_providers) {
        (true, false) => Party::Consumer,
        (false, true) => Party::Provider,
        _ if lifecycle::who_may(taken.step).contains(&Party::Consumer) => Party::Consumer,
        _ => Party::Provider,
    })
}

fn capacities(dispute: &Dispute, parties: &[Party], unit: Party) -> Vec<Capacity> {
    let held = [
        (Capacity::Opener, dispute.opened_by),
        (Capacity::Respondent, dispute.against),
        (Capacity::Unit, unit),
    ];
    let held = held.into_iter().filter(|(_, party)| parties.contains(party));
    held.map(|(capacity, _)| capacity).collect()
}

/// Who took a step of the dispute, or the one that it is about, does not decide it.
async fn must_be_no_part_of_it(
    change: &mut Change,
    actor: &Actor,
    dispute: &Dispute,
) -> Result<(), Refused> {
    let steps = sql::history(&mut *change, &dispute.id, -1, i64::from(u32::MAX)).await?;
    let mut took_part = steps.iter().any(|step| step.by.credential == actor.credential);
    if let Some(number) = dispute.step {
        let taken = connection::sql::find_step(change, &dispute.connection, number).await?;
        took_part |= taken.is_some_and(|taken| taken.credential == actor.credential);
    }
    if took_part { Err(StepRefusal::TookPart.into()) } else { Ok(()) }
}

/// Lets the connection follow the decision, by the steps of its own lifecycle.
async fn follow(
    change: &mut Change,
    actor: &Actor,
    dispute: &mut Dispute,
    connection: &mut Connection,
    decision: Decision,
) -> Result<(), Refused> {
    let Some(effect) = decision.effect else { return Ok(()) };
    let mut said = Said::because(Some(&decision.reasons));
    let step = match effect {
        DecidedEffect::Suspend { measures, restored_when } => {
            said.measures = Some(measures);
            said.restored_when = Some(restored_when);
            dispute.effect = Some(Effect::Suspend);
            Step::Suspend
        }
        DecidedEffect::Resume => {
            let last = connection::sql::last_suspension(&mut *change, &connection.id).await?;
            let is_about_it = dispute.step.is_some() && dispute.step == last;
            if connection.state == State::Suspended && !is_about_it {
                return Err(Refused::Conflict(another_suspension()));
            }
            dispute.effect = Some(Effect::Resume);
            Step::Resume
        }
    };
    let parties = [Party::Platform];
    connection::command::move_on(change, actor, &parties, connection, step, &said).await
}

async fn note(
    change: &mut Change,
    actor: &Actor,
    dispute: &Dispute,
    step: DisputeStep,
    words: Option<String>,
) -> Result<(), Refused> {
    let taken = sql::history(&mut *change, &dispute.id, -1, i64::from(u32::MAX)).await?;
    let taken = TakenStep {
        number: taken.last().map_or(0, |last| last.number.saturating_add(1)),
        step,
        state: dispute.state,
        by: actor.clone(),
        at: change.time(),
        words,
        sequence: change.sequence().await?,
    };
    Ok(sql::note(change, &dispute.id, &taken).await?)
}

/// Ids, parties and the state. What people wrote stays in the database; the entry fixes its digest.
fn subject(dispute: &Dispute) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::from([
        ("dispute".to_owned(), dispute.id.to_string()),
        ("connection".to_owned(), dispute.connection.to_string()),
        ("about".to_owned(), dispute.about.to_string()),
        ("opened_by".to_owned(), dispute.opened_by.to_string()),
        ("against".to_owned(), dispute.against.to_string()),
        ("state".to_owned(), dispute.state.to_string()),
    ]);
    let more = [
        ("step", dispute.step.map(|step| step.to_string())),
        ("outcome", dispute.outcome.map(|outcome| outcome.to_string())),
        ("effect", dispute.effect.map(|effect| effect.to_string())),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            subject.insert(name.to_owned(), value);
        }
    }
    subject
}

fn fingerprint(words: &[&String]) -> Result<String, Refused> {
    let canonical = canonical_of(&words);
    let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
    Ok(ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string())
}

/// What is refused of a step, in words.
pub(crate) fn refused_step(refusal: &StepRefusal) -> (wire::error_code::ErrorCode, Text) {
    use wire::error_code::ErrorCode;
    match *refusal {
        StepRefusal::NotYours { by, .. } => {
            (ErrorCode::RoleNotPermitted, crate::refused::only(&Text::new(by.vi(), by.en())))
        }
        StepRefusal::NotFromHere { step, state } => (
            ErrorCode::ResourceConflict,
            Text::new(
                format!(
                    "Khiếu nại đang ở trạng thái «{}», không thể thực hiện bước «{}».",
                    state.vi(),
                    step.vi()
                ),
                format!("A dispute that is {state} cannot take the step {step}."),
            ),
        ),
        StepRefusal::TimeLeft { due } => (
            ErrorCode::ResourceConflict,
            Text::new(
                format!("Bên bị khiếu nại còn thời hạn trả lời đến {due}."),
                format!("The other side has until {due} to answer."),
            ),
        ),
        StepRefusal::TookPart => (
            ErrorCode::DutiesNotSeparated,
            Text::new(
                "Người đã tham gia vụ việc, hoặc đã thực hiện bước bị khiếu nại, không được quyết định.",
                "Whoever took a part in the dispute, or took the step it is about, may not decide it.",
            ),
        ),
    }
}

fn no_such_step() -> web::Refusal {
    let rule = Text::new(
        "số thứ tự của một bước trong lịch sử của kết nối.",
        "the number of a step in the history of the connection.",
    );
    field::invalid("step", &rule)
}

fn either_side() -> Text {
    Text::new(
        "quản trị của bên khai thác hoặc bên cung cấp",
        "an administrator of the consumer or the provider",
    )
}

fn still_a_draft() -> Text {
    Text::new(
        "Kết nối còn là bản nháp, chưa có gì để khiếu nại.",
        "The connection is a draft: there is nothing to object to yet.",
    )
}

fn too_many() -> Text {
    Text::new(
        format!("Bên này đã có {MAX_OPEN} khiếu nại về kết nối chưa giải quyết xong."),
        format!(
            "This side has {MAX_OPEN} disputes about the connection that are not over already."
        ),
    )
}

/// What was suspended since, perhaps for a danger, was not what was disputed.
fn another_suspension() -> Text {
    Text::new(
        "Chỉ có thể cho hoạt động trở lại khi khiếu nại chính về lần tạm ngừng đang có hiệu lực.",
        "A decision resumes only what the dispute is about: the suspension that is in force.",
    )
}

fn against_oneself() -> Text {
    Text::new(
        "Không thể khiếu nại chính cơ quan mình.",
        "Nobody disputes with their own organisation.",
    )
}

/// When the clock that `dispute` waits by has run out.
pub(crate) fn is_overdue(dispute: &Dispute, now: UtcMicros) -> bool {
    dispute.due.is_some_and(|due| due <= now)
}
