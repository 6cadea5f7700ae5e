//! Publishing profiles, saying for whom they hold, and ending that.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use serde::Serialize;
use web::{Refusal, field};
use wire::ambient::UtcMicros;
use wire::directory::{ProfileDemand, ProfileRule};
use wire::error_code::ErrorCode;
use wire::id::{ProfileCode, SystemId};
use wire::problem::Text;

use super::preview::{Broken, Parties, preview};
use super::{Act, Assignment, Content, Known, ProfileVersion, sql, table};
use crate::Registry;
use crate::authority::{must_manage_the_state, must_run_the_platform};
use crate::refused::{Noun, Refused};
use crate::{service, system};

/// What somebody wants to publish, not numbered yet.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) profile: Option<(ProfileCode, Content)>,
    pub(crate) assignment: Option<WantedAssignment>,
    pub(crate) end: Option<WantedEnd>,
    /// Until when consequences are looked for.
    pub(crate) date: UtcMicros,
}

#[derive(Debug, Clone)]
pub(crate) struct WantedAssignment {
    pub(crate) system: Option<SystemId>,
    pub(crate) profile: ProfileCode,
    /// At once when left out.
    pub(crate) from: Option<UtcMicros>,
    pub(crate) until: Option<UtcMicros>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct WantedEnd {
    pub(crate) number: u64,
    /// At once when left out.
    pub(crate) until: Option<UtcMicros>,
}

/// What is to be published, numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Proposal {
    /// A new version of a profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<ProposedVersion>,
    /// A new assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assignment: Option<ProposedAssignment>,
    /// Another end of an assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<ProposedEnd>,
}

/// A version that is to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ProposedVersion {
    pub(crate) code: ProfileCode,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) basis: String,
    pub(crate) rules: Vec<ProfileRule>,
    pub(crate) demands: Vec<ProfileDemand>,
}

/// An assignment that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ProposedAssignment {
    pub(crate) number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) system: Option<SystemId>,
    pub(crate) profile: ProfileCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<UtcMicros>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<UtcMicros>,
}

/// An end that is to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ProposedEnd {
    pub(crate) number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<UtcMicros>,
}

/// What was published.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) profile: Option<ProfileVersion>,
    /// The new assignment.
    pub(crate) assignment: Option<Assignment>,
    /// The one that got another end.
    pub(crate) ended: Option<Assignment>,
}

/// What would break, and the digest by which it can be published. Changes nothing.
pub(crate) async fn look_ahead(
    registry: &Registry,
    actor: &Actor,
    wanted: Wanted,
) -> Result<(Broken, String), Refused> {
    must_run_the_platform(actor)?;
    // Never recorded, so never committed; all is read as it stands at one moment.
    let mut change = registry.recorder.change(actor, "profile.previewed").await?;
    let date = wanted.date;
    let known = sql::known(&mut change).await?;
    let proposal = number(&mut change, &known, wanted).await?;
    let act = Act::new(actor, change.time(), String::new());
    let parties = Parties::read(&mut change).await?;
    // Those who write wait no longer than it takes to read.
    drop(change);
    let look = move || preview(&known, &parties, &proposal, &act, date);
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| Refused::NotWritable(error.to_string()))?
}

/// Publishes what was previewed, if its consequences are still those that were seen.
pub(crate) async fn publish(
    registry: &Registry,
    actor: &Actor,
    wanted: Wanted,
    seen: &str,
    reason: String,
) -> Result<Published, Refused> {
    must_manage_the_state(actor)?;
    let mut change = registry.recorder.change(actor, "profile.published").await?;
    let date = wanted.date;
    let known = sql::known(&mut change).await?;
    let proposal = number(&mut change, &known, wanted).await?;
    let act = Act::new(actor, change.time(), reason);
    let parties = Parties::read(&mut change).await?;
    let (broken, digest) = preview(&known, &parties, &proposal, &act, date)?;
    if digest != seen {
        return Err(preview_changed(&digest).into());
    }
    let subject = subject(&proposal, &broken, digest);
    let published = proposal.made(&known, &act);
    if let Some(profile) = &published.profile {
        sql::insert_version(&mut change, profile, &act).await?;
    }
    if let Some(assignment) = &published.assignment {
        sql::insert_assignment(&mut change, assignment).await?;
    }
    if let Some(ended) = &published.ended {
        sql::end(&mut change, ended, &act).await?;
    }
    change.record(subject).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(published)
}

impl Proposal {
    /// The moments from which what is proposed lets or stops somebody.
    fn turns(&self) -> impl Iterator<Item = UtcMicros> {
        let rules = self.profile.iter().flat_map(|it| it.rules.iter().map(|rule| &rule.scope));
        let demands = self.profile.iter().flat_map(|it| it.demands.iter().map(|one| &one.scope));
        let scopes = rules.chain(demands).flat_map(|scope| [scope.from, scope.until]);
        let assigned = self.assignment.iter().flat_map(|it| [it.from, it.until]);
        scopes.chain(assigned).chain(self.end.iter().map(|it| it.until)).flatten()
    }

    /// What is known once `act` has published it.
    pub(crate) fn after(&self, before: &Known, act: &Act) -> Known {
        let mut after = before.clone();
        let Published { profile, assignment, ended } = self.made(before, act);
        if let Some(profile) = profile {
            after.profiles.insert(profile.code.clone(), profile);
        }
        if let Some(ended) = ended {
            after.assignments.retain(|one| one.number != ended.number);
            after.assignments.push(ended);
        }
        after.assignments.extend(assignment);
        after
    }

    /// What it makes when `act` publishes it.
    fn made(&self, known: &Known, act: &Act) -> Published {
        let profile = self.profile.clone().map(|it| ProfileVersion {
            code: it.code,
            version: it.version,
            content: Content {
                title: it.title,
                basis: it.basis,
                rules: it.rules,
                demands: it.demands,
            },
            published: Some(act.clone()),
        });
        let assignment = self.assignment.clone().map(|it| Assignment {
            number: it.number,
            system: it.system,
            profile: it.profile,
            from: it.from.unwrap_or(act.at),
            until: it.until,
            made: act.clone(),
            ended: None,
        });
        let ended = self.end.as_ref().and_then(|end| {
            let old = known.assignments.iter().find(|one| one.number == end.number)?;
            let until = Some(end.until.unwrap_or(act.at));
            Some(Assignment { until, ended: Some(act.clone()), ..old.clone() })
        });
        Published { profile, assignment, ended }
    }
}

/// Gives what is wanted its numbers, and refuses what leads nowhere.
async fn number(change: &mut Change, known: &Known, wanted: Wanted) -> Result<Proposal, Refused> {
    let now = change.time();
    if wanted.date < now {
        return Err(field::invalid("date", &not_before_now()).into());
    }
    let mut profile = None;
    if let Some((code, content)) = wanted.profile {
        table::must_hold(&content, now)?;
        for demand in &content.demands {
            if let Some(id) = &demand.service {
                let found = service::sql::find(&mut *change, id).await?;
                found.ok_or_else(|| service::command::unknown(id))?;
            }
        }
        profile = Some(known.next(code, content));
    }
    let assignment = match wanted.assignment {
        Some(wanted) => Some(assignment(change, known, &mut profile, wanted).await?),
        None => None,
    };
    let end = wanted.end.map(|wanted| end(known, wanted, now)).transpose()?;
    let proposal = Proposal { profile, assignment, end };
    if let Some(turn) = proposal.turns().find(|turn| wanted.date < *turn && *turn > now) {
        return Err(field::refused("date", &not_looked_so_far(turn)).into());
    }
    Ok(proposal)
}

/// What changes later than was looked would come into force unseen.
fn not_looked_so_far(turn: UtcMicros) -> Text {
    Text::new(
        format!("Ngày xem trước phải không sớm hơn {turn}, khi nội dung đề xuất còn thay đổi."),
        format!("The date must not be before {turn}, when what is proposed changes again."),
    )
}

async fn assignment(
    change: &mut Change,
    known: &Known,
    profile: &mut Option<ProposedVersion>,
    wanted: WantedAssignment,
) -> Result<ProposedAssignment, Refused> {
    let now = change.time();
    let is_proposed = profile.as_ref().is_some_and(|proposed| proposed.code == wanted.profile);
    if !is_proposed {
        let last = known.profiles.get(&wanted.profile);
        let last = last.ok_or_else(|| unknown(&wanted.profile))?;
        // What came with the platform becomes the city's own when it is first assigned.
        if last.version == 0 {
            if profile.is_some() {
                return Err(field::refused("assignment.profile", &one_profile()).into());
            }
            *profile = Some(known.next(last.code.clone(), last.content.clone()));
        }
    }
    if wanted.from.is_some_and(|from| from < now) {
        return Err(field::invalid("assignment.from", &not_before_now()).into());
    }
    if wanted.until.is_some_and(|until| until <= wanted.from.unwrap_or(now)) {
        let rule = Text::new("sau «from» và sau hiện tại.", "after `from`, and after now.");
        return Err(field::invalid("assignment.until", &rule).into());
    }
    if let Some(system) = &wanted.system {
        system::command::open(change, system).await?;
    }
    let last = known.assignments.last().map_or(0, |last| last.number);
    Ok(ProposedAssignment {
        number: last.saturating_add(1),
        system: wanted.system,
        profile: wanted.profile,
        from: wanted.from,
        until: wanted.until,
    })
}

fn end(known: &Known, wanted: WantedEnd, now: UtcMicros) -> Result<ProposedEnd, Refused> {
    let found = known.assignments.iter().find(|one| one.number == wanted.number);
    let old = found.ok_or_else(|| unknown_assignment(wanted.number))?;
    if let Some(at) = old.until.filter(|until| *until <= now) {
        let id = wanted.number.to_string();
        return Err(Refused::Closed { noun: Noun::ProfileAssignment, id, at });
    }
    let until = wanted.until.unwrap_or(now);
    if until < now || old.until.is_some_and(|before| before < until) {
        let rule = Text::new(
            "từ hiện tại đến thời điểm kết thúc đã định; để kéo dài, hãy áp dụng lần mới.",
            "from now until the end that is set; to go on for longer, assign anew.",
        );
        return Err(field::invalid("end.until", &rule).into());
    }
    Ok(ProposedEnd { number: wanted.number, until: wanted.until })
}

impl Known {
    /// The version that follows.
    fn next(&self, code: ProfileCode, content: Content) -> ProposedVersion {
        let last = self.profiles.get(&code).map_or(0, |last| last.version);
        let Content { title, basis, rules, demands } = content;
        ProposedVersion { code, version: last.saturating_add(1), title, basis, rules, demands }
    }
}

fn subject(proposal: &Proposal, broken: &Broken, digest: String) -> BTreeMap<String, String> {
    let totals = broken.totals();
    let mut subject = BTreeMap::from([
        ("preview".to_owned(), digest),
        ("until".to_owned(), broken.date.to_string()),
        ("credentials_stopped".to_owned(), totals.credentials_stopped.to_string()),
        ("connections_stopped".to_owned(), totals.connections_stopped.to_string()),
    ]);
    if let Some(profile) = &proposal.profile {
        subject.insert("profile".to_owned(), profile.code.to_string());
        subject.insert("version".to_owned(), profile.version.to_string());
    }
    if let Some(assignment) = &proposal.assignment {
        let system = assignment.system.as_ref().map_or("*".to_owned(), ToString::to_string);
        subject.insert("assigned".to_owned(), assignment.profile.to_string());
        subject.insert("assignment".to_owned(), assignment.number.to_string());
        subject.insert("system".to_owned(), system);
    }
    if let Some(end) = &proposal.end {
        subject.insert("ended".to_owned(), end.number.to_string());
    }
    subject
}

fn preview_changed(now: &str) -> Refusal {
    let text = Text::new(
        format!("Kết quả xem trước hiện nay có giá trị băm «{now}»."),
        format!("The digest of the preview is `{now}` now."),
    );
    Refusal::new(ErrorCode::ProfilePreviewChanged, text)
}

/// The refusal of whoever publishes without having looked.
pub(crate) fn preview_needed() -> Refusal {
    let text = Text::new("Thiếu trường «preview».", "The field `preview` is missing.");
    Refusal::new(ErrorCode::ProfilePreviewNeeded, text)
}

fn not_before_now() -> Text {
    Text::new("một thời điểm từ hiện tại trở đi.", "an instant not before now.")
}

fn one_profile() -> Text {
    Text::new(
        "Hướng dẫn kèm theo nền tảng được tiếp nhận khi áp dụng lần đầu; hãy công bố hai hướng dẫn \
         trong hai lần.",
        "A profile that came with the platform is adopted when it is first assigned; publish two \
         profiles one after the other.",
    )
}

pub(crate) fn unknown(code: &ProfileCode) -> Refused {
    Refused::Unknown { noun: Noun::Profile, id: code.to_string() }
}

pub(crate) fn unknown_assignment(number: u64) -> Refused {
    Refused::Unknown { noun: Noun::ProfileAssignment, id: number.to_string() }
}
