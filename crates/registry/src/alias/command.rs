//! Making aliases and setting their ends.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use web::{IfMatch, field};
use wire::ambient::UtcMicros;
use wire::directory::AliasName;
use wire::problem::Text;

use super::{Alias, sql};
use crate::Registry;
use crate::authority::must_run_the_platform;
use crate::decision::DecisionNumber;
use crate::refused::{Noun, Refused};
use crate::{organisation, system};

/// What making an alias needs.
#[derive(Debug, Clone)]
pub struct NewAlias {
    /// The former name.
    pub name: AliasName,
    /// What it leads to.
    pub successor: AliasName,
    /// From when; now when left out.
    pub from: Option<UtcMicros>,
    /// Until when; for ever when left out.
    pub until: Option<UtcMicros>,
    /// The decision on which it rests.
    pub decision: DecisionNumber,
}

/// Makes an alias for a name that nothing in force has: a code of another registry, say.
pub async fn make(registry: &Registry, actor: &Actor, new: NewAlias) -> Result<Alias, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "alias.made").await?;
    must_be_free(&mut change, &new.name).await?;
    let alias = add(&mut change, new, false).await?;
    change.record(subject(&alias)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(alias)
}

/// Sets until when an alias leads on: not before now, for what was understood was understood.
pub async fn set_end(
    registry: &Registry,
    actor: &Actor,
    name: &AliasName,
    until: Option<UtcMicros>,
    seen: &IfMatch,
) -> Result<Alias, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "alias.end_set").await?;
    let found = sql::find(&mut change, name).await?;
    let mut alias = found.ok_or_else(|| unknown(name))?;
    seen.require(&alias)?;
    let now = change.time();
    let has_ended = alias.until.is_some_and(|until| until < now);
    if has_ended || until.is_some_and(|until| until < now || until <= alias.from) {
        return Err(end_passed(&alias, now));
    }
    alias.until = until;
    sql::end(&mut change, name, until).await?;
    change.record(subject(&alias)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(alias)
}

/// Writes an alias whose name is free by now, if it fits those there are.
pub(crate) async fn add(
    change: &mut Change,
    new: NewAlias,
    same_organisation: bool,
) -> Result<Alias, Refused> {
    let NewAlias { name, successor, from, until, decision } = new;
    if sql::find(&mut *change, &name).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Alias, id: name.to_string() });
    }
    let from = from.unwrap_or(change.time());
    if until.is_some_and(|until| until <= from) {
        let reason = Text::new(
            format!("Thời điểm kết thúc phải sau thời điểm bắt đầu ({from})."),
            format!("It must lie after the beginning, {from}."),
        );
        return Err(field::refused("until", &reason).into());
    }
    must_be_in_force(change, &name, &successor).await?;
    if sql::followed(&mut *change).await?.would_turn(&name, &successor) {
        return Err(turns(&name));
    }
    let made_at = change.time();
    let decision = decision.to_string();
    let alias = Alias { name, successor, from, until, same_organisation, decision, made_at };
    sql::insert(change, &alias).await?;
    Ok(alias)
}

/// Nothing in force may have the name, or calls meant for it would be led away.
async fn must_be_free(change: &mut Change, name: &AliasName) -> Result<(), Refused> {
    let (noun, is_there) = match name {
        AliasName::Organisation(code) => {
            let found = organisation::sql::find(&mut *change, code).await?;
            (Noun::Organisation, found.is_some_and(|found| found.closed_at.is_none()))
        }
        AliasName::System(id) => {
            (Noun::System, system::sql::find(&mut *change, id).await?.is_some())
        }
    };
    if is_there { Err(Refused::Taken { noun, id: name.to_string() }) } else { Ok(()) }
}

async fn must_be_in_force(
    change: &mut Change,
    name: &AliasName,
    successor: &AliasName,
) -> Result<(), Refused> {
    match (name, successor) {
        (AliasName::Organisation(_), AliasName::Organisation(code)) => {
            organisation::command::open(change, code).await.map(|_| ())
        }
        (AliasName::System(_), AliasName::System(id)) => {
            system::command::open(&mut *change, id).await.map(|_| ())
        }
        (AliasName::Organisation(_), AliasName::System(_))
        | (AliasName::System(_), AliasName::Organisation(_)) => {
            let reason = Text::new(
                "Mã cũ và mã mới phải cùng loại: cùng là mã cơ quan hoặc cùng là mã hệ thống.",
                "Both names must be of one kind: codes of organisations, or ids of systems.",
            );
            Err(field::refused("successor", &reason).into())
        }
    }
}

fn turns(name: &AliasName) -> Refused {
    let reason = Text::new(
        format!("Chuỗi mã cũ sẽ quay vòng hoặc quá dài nếu «{name}» dẫn tới mã này."),
        format!("Names would lead back to themselves, or on and on, if `{name}` led there."),
    );
    field::refused("successor", &reason).into()
}

fn end_passed(alias: &Alias, now: UtcMicros) -> Refused {
    let Alias { name, from, .. } = alias;
    let reason = Text::new(
        format!(
            "Mã cũ «{name}» phải còn hiệu lực; thời điểm kết thúc phải sau {from} và không trước \
             hiện tại ({now})."
        ),
        format!(
            "The alias `{name}` must not have ended, and its end must lie after {from} and not \
             before now, {now}."
        ),
    );
    field::refused("until", &reason).into()
}

pub(crate) fn unknown(name: &AliasName) -> Refused {
    Refused::Unknown { noun: Noun::Alias, id: name.to_string() }
}

fn subject(alias: &Alias) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::from([
        ("alias".to_owned(), alias.name.to_string()),
        ("successor".to_owned(), alias.successor.to_string()),
        ("from".to_owned(), alias.from.to_string()),
        ("decision".to_owned(), alias.decision.clone()),
    ]);
    if let Some(until) = alias.until {
        subject.insert("until".to_owned(), until.to_string());
    }
    subject
}
