//! Algorithms that come to their end (sắp hết hạn sử dụng): each system that still has a key of one
//! is told 90, 30, 7 and 1 days ahead, each once.
//!
//! What was said is a row beside the entry that says it, so that neither another node nor a restart
//! says it again. **Invariant**: of a system and an end at most one event of each distance is
//! recorded, and none of a distance that is longer than one recorded already.

pub(crate) mod api;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::{Method, Signer};
use wire::id::{ProfileCode, SystemId};

use self::sql::Held;
use super::standing::periods;
use super::{Known, sql as profile_sql};
use crate::Registry;
use crate::credential::expiry::DAYS_AHEAD;
use crate::refused::Refused;

const DAY: Duration = Duration::from_hours(24);
/// How many are told in one turn.
const IN_ONE_TURN: usize = 500;

/// That algorithms come to their end which a system has keys of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfileSunset)]
pub(crate) struct Sunset {
    /// Its number among all changes of the registry.
    pub(crate) sequence: u64,
    /// The system that needs keys of another algorithm.
    #[schema(value_type = String, example = "H24.31/mot-cua")]
    pub(crate) system: SystemId,
    /// Which algorithms end, each with the environment: `hmac-sha256 production`.
    #[schema(example = json!(["hmac-sha256 production"]))]
    pub(crate) algorithms: Vec<String>,
    /// The technical profile that allows them until then.
    #[schema(value_type = String, example = "2026-modern")]
    pub(crate) profile: ProfileCode,
    /// From when calls are refused.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) ends_at: UtcMicros,
    /// That is within so many days: 90, 30, 7 or 1.
    pub(crate) days: u16,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) noted_at: UtcMicros,
}

/// An end that a system has ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ahead {
    system: SystemId,
    ends_at: UtcMicros,
    profile: ProfileCode,
    algorithms: BTreeSet<String>,
}

/// Tells each system that came within a distance of an end, in a change and an entry of its own.
/// Returns how many events there were.
pub(crate) async fn note_ending(registry: &Registry) -> Result<usize, Refused> {
    let (database, now) = (&registry.database, registry.clock.now());
    let known = profile_sql::known_in(database).await?;
    if !may_end_soon(&known, now) {
        return Ok(0);
    }
    let noted = sql::noted(database, now).await?;
    let mut told = 0;
    for ahead in ends_ahead(&known, &sql::held(database, now).await?, now) {
        let Some(days) = nearest(ahead.ends_at, now) else { continue };
        let is_noted = noted.iter().any(|(system, ends_at, noted)| {
            (system, ends_at) == (&ahead.system, &ahead.ends_at) && *noted <= days
        });
        if !is_noted && told < IN_ONE_TURN {
            told += usize::from(note(registry, &ahead, days).await?);
        }
    }
    Ok(told)
}

/// False if another node was quicker.
async fn note(registry: &Registry, ahead: &Ahead, days: u16) -> Result<bool, Refused> {
    let mut change = registry.recorder.change_by_platform("profile.ending").await?;
    if sql::is_noted(&mut change, &ahead.system, ahead.ends_at, days).await? {
        return Ok(false);
    }
    let sunset = Sunset {
        sequence: change.sequence().await?,
        system: ahead.system.clone(),
        algorithms: ahead.algorithms.iter().cloned().collect(),
        profile: ahead.profile.clone(),
        ends_at: ahead.ends_at,
        days,
        noted_at: change.time(),
    };
    sql::insert(&mut change, &sunset).await?;
    let subject = BTreeMap::from([
        ("system".to_owned(), sunset.system.to_string()),
        ("profile".to_owned(), sunset.profile.to_string()),
        ("algorithms".to_owned(), sunset.algorithms.join(", ")),
        ("ends_at".to_owned(), sunset.ends_at.to_string()),
        ("days".to_owned(), days.to_string()),
    ]);
    change.record(subject).await?;
    Ok(true)
}

/// The longest distance at which something is said.
fn horizon(now: UtcMicros) -> UtcMicros {
    let longest = DAYS_AHEAD.iter().max().copied().unwrap_or(0);
    now.saturating_add(DAY * u32::from(longest))
}

/// The nearest distance within which `ends_at` is.
fn nearest(ends_at: UtcMicros, now: UtcMicros) -> Option<u16> {
    let within = |days: &u16| ends_at <= now.saturating_add(DAY * u32::from(*days));
    DAYS_AHEAD.into_iter().filter(within).min()
}

/// Whether some date of a profile or an assignment is near: else nobody's keys need be looked at.
fn may_end_soon(known: &Known, now: UtcMicros) -> bool {
    let is_near = |at: &UtcMicros| now < *at && *at <= horizon(now);
    known.assignments.iter().any(|assignment| {
        let rules = known.profiles.get(&assignment.profile);
        let rules = rules.into_iter().flat_map(|profile| &profile.content.rules);
        let mut dates = rules
            .flat_map(|rule| [rule.scope.from, rule.scope.until])
            .chain([Some(assignment.from), assignment.until])
            .flatten();
        dates.any(|at| is_near(&at))
    })
}

/// Which ends are ahead of whom: of what systems sign with now and have keys of that live longer.
fn ends_ahead(known: &Known, held: &[Held], now: UtcMicros) -> Vec<Ahead> {
    let profiles = known.profiles();
    let mut ahead: BTreeMap<(String, UtcMicros), Ahead> = BTreeMap::new();
    for one in held {
        let signer = Signer {
            system: &one.system,
            level: one.level,
            environment: one.environment,
            algorithm: one.algorithm,
            method: Method::HttpSignature,
        };
        let passes = periods(&profiles, signer, now);
        let until = passes.first().filter(|period| period.from.is_none());
        let Some(ends_at) = until.and_then(|period| period.until) else { continue };
        if ends_at > horizon(now) || one.not_after <= ends_at {
            continue;
        }
        // What ends was allowed by a profile, or by there being none before the first.
        let last = UtcMicros::from_micros(ends_at.as_micros() - 1);
        let profile = profiles.holding(&one.system, last);
        let Some(profile) = profile.or_else(|| profiles.holding(&one.system, ends_at)) else {
            continue;
        };
        let told = ahead.entry((one.system.to_string(), ends_at)).or_insert_with(|| Ahead {
            system: one.system.clone(),
            ends_at,
            profile: profile.clone(),
            algorithms: BTreeSet::new(),
        });
        told.algorithms.insert(format!("{} {}", one.algorithm, one.environment));
    }
    ahead.into_values().collect()
}
