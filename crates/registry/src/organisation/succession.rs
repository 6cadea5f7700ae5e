//! Another code, mergers and divisions: who goes on with what (decision 0030).
//!
//! Systems go to the successor in the same change, closed ones too, and get ids with its code;
//! the former names stay as aliases. What would be lost otherwise is refused with a list: open
//! organisations below, systems without a successor, ids that are taken there.
//!
//! **Invariant**: after each of the three, no system belongs to an organisation that is not in
//! force. **Trust**: the people of what was merged or divided get no rights at the successor by it;
//! only those of an organisation that got another code go on.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{Actor, Change};
use web::{IfMatch, field};
use wire::ambient::UtcMicros;
use wire::directory::AliasName;
use wire::id::SystemId;
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::command::{Basis, Names, NewOrganisation, issue, note, open, shut, subject_of};
use super::history::EventKind;
use super::relocation::{Move, relocate, take_along};
use super::{Organisation, sql};
use crate::Registry;
use crate::alias::command::{NewAlias, add};
use crate::authority::must_run_the_platform;
use crate::connection::{Connection, agreement};
use crate::decision::DecisionNumber;
use crate::refused::{Noun, Refused};
use crate::system;

/// By which decision, and for how long former names are understood.
#[derive(Debug, Clone)]
pub struct Order {
    /// The decision.
    pub decision: DecisionNumber,
    /// When it took effect; now when left out.
    pub effective_at: Option<UtcMicros>,
    /// Until when former names lead on; for ever when left out.
    pub aliases_until: Option<UtcMicros>,
}

/// A system's id, and the one it gets.
pub type Renamed = BTreeMap<SystemId, SystemId>;

/// What is done to organisations.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// It gets another code.
    Recode(OrganisationCode),
    /// Others go into it.
    Merge {
        /// Which.
        sources: BTreeSet<OrganisationCode>,
        /// Other ids for systems whose code is taken there.
        renamed: Renamed,
    },
    /// It is divided.
    Split(Division),
}

impl Act {
    /// What the entry is called.
    pub(crate) const fn action(&self) -> &'static str {
        match self {
            Self::Recode(_) => "organisation.recoded",
            Self::Merge { .. } => "organisation.merged",
            Self::Split(_) => "organisation.split",
        }
    }
}

/// Gives an organisation another code, with all organisations in force below it.
pub async fn recode(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    to: &OrganisationCode,
    order: Order,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    at_once(registry, actor, code, Act::Recode(to.clone()), order, seen).await
}

/// Merges organisations into another one. `renamed` gives other codes to systems whose code is
/// taken there.
pub async fn merge(
    registry: &Registry,
    actor: &Actor,
    into: &OrganisationCode,
    sources: BTreeSet<OrganisationCode>,
    renamed: Renamed,
    order: Order,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    at_once(registry, actor, into, Act::Merge { sources, renamed }, order, seen).await
}

/// Divides an organisation among others, or parts something from it.
pub async fn split(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    division: Division,
    order: Order,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    at_once(registry, actor, code, Act::Split(division), order, seen).await
}

async fn at_once(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    act: Act,
    order: Order,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, act.action()).await?;
    let seen = |now: &Organisation| Ok(seen.require(now)?);
    let (organisation, subject) = carry_out(&mut change, code, act, &order, seen).await?;
    change.record(subject).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(organisation)
}

/// Does it within `change`, and says what its entry is to hold. `seen` judges the organisation as it
/// was before.
pub(crate) async fn carry_out(
    change: &mut Change,
    code: &OrganisationCode,
    act: Act,
    order: &Order,
    seen: impl FnOnce(&Organisation) -> Result<(), Refused>,
) -> Result<(Organisation, BTreeMap<String, String>), Refused> {
    let organisation = open(change, code).await?;
    seen(&organisation)?;
    match act {
        Act::Recode(to) => recode_within(change, code, &to, order).await,
        Act::Merge { sources, renamed } => {
            merge_within(change, organisation, sources, &renamed, order).await
        }
        Act::Split(division) => split_within(change, organisation, division, order).await,
    }
}

async fn recode_within(
    change: &mut Change,
    code: &OrganisationCode,
    to: &OrganisationCode,
    order: &Order,
) -> Result<(Organisation, BTreeMap<String, String>), Refused> {
    if to.is_within(code) {
        return Err(not_below());
    }
    let held = agreement::held(change).await?;
    let mut systems = 0;
    // Parents come before what is below them, in both trees.
    for organisation in sql::open_within(&mut *change, code).await? {
        let below = organisation.code.as_str().get(code.as_str().len()..).unwrap_or_default();
        let new = format!("{to}{below}").parse().map_err(|_| too_long(&organisation.code))?;
        systems += recode_one(change, organisation, new, order).await?;
    }
    let mut subject = order.subject(code, systems);
    renew_agreements(change, held, &mut subject).await?;
    subject.insert("successors".to_owned(), to.to_string());
    Ok((open(change, to).await?, subject))
}

/// Returns how many systems went along.
async fn recode_one(
    change: &mut Change,
    mut old: Organisation,
    code: OrganisationCode,
    order: &Order,
) -> Result<usize, Refused> {
    let basis = order.basis();
    let names = Names { name: old.name.clone(), name_en: old.name_en.clone() };
    // A code of the old format belongs to one organisation, which is the new one from now on.
    let legacy_code = old.legacy_code.take();
    shut(change, &mut old, EventKind::Recoded, &basis, vec![code.clone()]).await?;
    let new = NewOrganisation { code, names, legacy_code };
    let effective_at = order.effective_at.unwrap_or(change.time());
    let new = issue(change, new, effective_at).await?;
    note(change, &new, EventKind::Issued, &basis, vec![old.code.clone()]).await?;
    let moves = moves_of(change, &old.code, &new.code, &Renamed::new()).await?;
    relocate(change, &moves).await?;
    take_along(change, &old.code, &new.code).await?;
    let alias = (AliasName::Organisation(old.code), AliasName::Organisation(new.code));
    add(change, order.alias(alias), true).await?;
    Ok(moves.len())
}

async fn merge_within(
    change: &mut Change,
    target: Organisation,
    sources: BTreeSet<OrganisationCode>,
    renamed: &Renamed,
    order: &Order,
) -> Result<(Organisation, BTreeMap<String, String>), Refused> {
    let into = &target.code;
    let mut left: BTreeSet<&SystemId> = renamed.keys().collect();
    let mut moves = Vec::new();
    for source in &sources {
        let mut organisation = open(change, source).await?;
        if source == into {
            return Err(into_itself());
        }
        nothing_below(change, source).await?;
        let its = moves_of(change, source, into, renamed).await?;
        left.retain(|id| its.iter().all(|one| one.system.id != **id));
        moves.extend(its);
        let successors = vec![into.clone()];
        shut(change, &mut organisation, EventKind::Merged, &order.basis(), successors).await?;
    }
    if let Some(stranger) = left.first() {
        return Err(not_of_it(stranger));
    }
    let held = agreement::held(change).await?;
    relocate(change, &moves).await?;
    for source in &sources {
        let names = (source.clone(), into.clone());
        let alias = (AliasName::Organisation(names.0), AliasName::Organisation(names.1));
        add(change, order.alias(alias), false).await?;
    }
    let has_another_code = |one: &&Move| one.to.system != one.system.id.system;
    for one in moves.iter().filter(has_another_code) {
        alias_system(change, one, order).await?;
    }
    let counterparts = sources.iter().cloned().collect();
    note(change, &target, EventKind::Enlarged, &order.basis(), counterparts).await?;
    let mut subject = order.subject(into, moves.len());
    renew_agreements(change, held, &mut subject).await?;
    subject.insert("sources".to_owned(), spaced(&sources));
    Ok((target, subject))
}

/// What a division asks for.
#[derive(Debug, Clone)]
pub struct Division {
    /// Who goes on with its tasks, or with a part of them.
    pub into: BTreeSet<OrganisationCode>,
    /// Which systems go where.
    pub moves: Renamed,
    /// Whether the organisation itself goes on, with the systems that are not named.
    pub continues: bool,
}

async fn split_within(
    change: &mut Change,
    mut source: Organisation,
    division: Division,
    order: &Order,
) -> Result<(Organisation, BTreeMap<String, String>), Refused> {
    let Division { into, moves, continues } = division;
    let code = &source.code.clone();
    let basis = order.basis();
    for successor in &into {
        let organisation = open(change, successor).await?;
        if successor == code {
            return Err(into_itself());
        }
        let counterparts = vec![code.clone()];
        note(change, &organisation, EventKind::Enlarged, &basis, counterparts).await?;
    }
    let mut moved = Vec::new();
    for (from, to) in &moves {
        let system = system::sql::find(&mut *change, from).await?;
        let system = system.ok_or_else(|| system::command::unknown(from))?;
        if from.organisation != *code || !into.contains(&to.organisation) {
            return Err(not_of_it(from));
        }
        moved.push(Move { system, to: to.clone() });
    }
    let held = agreement::held(change).await?;
    relocate(change, &moved).await?;
    for one in &moved {
        alias_system(change, one, order).await?;
    }
    let successors: Vec<_> = into.iter().cloned().collect();
    if continues {
        note(change, &source, EventKind::Reduced, &basis, successors).await?;
    } else {
        nothing_below(change, code).await?;
        let left = system::sql::all_of(&mut *change, code).await?;
        must_be_none(code, left.iter().map(|system| system.id.to_string()).collect())?;
        shut(change, &mut source, EventKind::Split, &basis, successors).await?;
    }
    let mut subject = order.subject(code, moved.len());
    renew_agreements(change, held, &mut subject).await?;
    subject.insert("successors".to_owned(), spaced(&into));
    Ok((source, subject))
}

/// What was agreed goes on under the new codes; the entry fixes the new texts.
async fn renew_agreements(
    change: &mut Change,
    held: Vec<Connection>,
    subject: &mut BTreeMap<String, String>,
) -> Result<(), Refused> {
    if let Some(digest) = agreement::follow(change, held).await? {
        subject.insert("agreements".to_owned(), digest);
    }
    Ok(())
}

/// Every system of `from`, closed or not, and the id it gets at `to`.
async fn moves_of(
    change: &mut Change,
    from: &OrganisationCode,
    to: &OrganisationCode,
    renamed: &Renamed,
) -> Result<Vec<Move>, Refused> {
    let mut moves = Vec::new();
    for system in system::sql::all_of(change, from).await? {
        let usual = SystemId { organisation: to.clone(), system: system.id.system.clone() };
        let new = renamed.get(&system.id).cloned().unwrap_or(usual);
        if new.organisation != *to {
            return Err(not_of_it(&new));
        }
        moves.push(Move { system, to: new });
    }
    Ok(moves)
}

/// Nobody calls a closed system, so its former id leads nowhere.
async fn alias_system(change: &mut Change, one: &Move, order: &Order) -> Result<(), Refused> {
    if one.system.closed_at.is_none() {
        let names = (one.system.id.clone(), one.to.clone());
        let alias = (AliasName::System(names.0), AliasName::System(names.1));
        add(change, order.alias(alias), false).await?;
    }
    Ok(())
}

async fn nothing_below(change: &mut Change, code: &OrganisationCode) -> Result<(), Refused> {
    let below = sql::open_below(change, code).await?;
    must_be_none(code, below.iter().map(ToString::to_string).collect())
}

fn must_be_none(code: &OrganisationCode, used_by: Vec<String>) -> Result<(), Refused> {
    if used_by.is_empty() {
        return Ok(());
    }
    Err(Refused::StillUsed { noun: Noun::Organisation, id: code.to_string(), used_by })
}

impl Order {
    fn basis(&self) -> Basis {
        Basis { effective_at: self.effective_at, decision: Some(self.decision.clone()) }
    }

    fn alias(&self, (name, successor): (AliasName, AliasName)) -> NewAlias {
        NewAlias {
            name,
            successor,
            from: self.effective_at,
            until: self.aliases_until,
            decision: self.decision.clone(),
        }
    }

    fn subject(&self, code: &OrganisationCode, systems: usize) -> BTreeMap<String, String> {
        let mut subject = subject_of(code, &self.basis());
        subject.insert("systems".to_owned(), systems.to_string());
        subject
    }
}

fn spaced(codes: &BTreeSet<OrganisationCode>) -> String {
    codes.iter().map(OrganisationCode::as_str).collect::<Vec<_>>().join(" ")
}

fn not_below() -> Refused {
    let reason = Text::new(
        "Mã mới không được nằm dưới mã hiện tại.",
        "The new code must not lie below the one it replaces.",
    );
    field::refused("code", &reason).into()
}

fn too_long(code: &OrganisationCode) -> Refused {
    let reason = Text::new(
        format!("Với mã mới, mã của «{code}» sẽ sai quy tắc (dài quá 35 ký tự hoặc khác loại)."),
        format!("With it the code of `{code}` would break the rule of 35 characters, or of kinds."),
    );
    field::refused("code", &reason).into()
}

fn into_itself() -> Refused {
    let reason = Text::new(
        "Một cơ quan không thể hợp nhất hoặc chia tách vào chính nó.",
        "An organisation cannot go into itself.",
    );
    field::refused("code", &reason).into()
}

fn not_of_it(id: &SystemId) -> Refused {
    let reason = Text::new(
        format!("«{id}» không thuộc các cơ quan được nêu."),
        format!("`{id}` is not of the organisations that are named."),
    );
    field::refused("moves", &reason).into()
}
