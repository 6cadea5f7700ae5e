//! New credentials: none is taken that its system may not sign with, and what is good for a while
//! only says so.
//!
//! A key may be registered ahead of the profile that will allow it, so that a city can change
//! algorithms without a gap. A successor of a credential is taken as long as it can sign at all: who
//! lost a key in the last days of its algorithm still has to go on.

use std::time::Duration;

use evidence::Change;
use serde::Serialize;
use utoipa::ToSchema;
use web::Refusal;
use wire::ambient::UtcMicros;
use wire::error_code::ErrorCode;
use wire::id::ProfileCode;
use wire::problem::Text;

use super::preview::signer;
use super::sql;
use super::standing::{Period, periods, standing};
use crate::credential::Credential;
use crate::refused::Refused;
use crate::system;

/// How long a credential must be good for to be worth registering, if it lives that long.
const LEAST_USE: Duration = Duration::from_hours(7 * 24);

/// When a new credential passes, by the technical profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CredentialProspect)]
pub struct Prospect {
    /// The profile that holds for its system now; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-modern")]
    pub profile: Option<ProfileCode>,
    /// From when calls with it pass; absent: at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub good_from: Option<UtcMicros>,
    /// Until when calls with it pass, where that is before its own end: another algorithm is needed
    /// by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub good_until: Option<UtcMicros>,
}

/// When a credential that is to be made passes; refuses one that is of no use. `None` where no
/// profile was ever assigned.
pub(crate) async fn judge(
    change: &mut Change,
    new: &Credential,
) -> Result<Option<Prospect>, Refused> {
    let known = sql::known(&mut *change).await?;
    if known.assignments.is_empty() {
        return Ok(None);
    }
    let now = change.time();
    let found = system::sql::find(change, &new.system).await?;
    let level = found.and_then(|system| system.security_level);
    let profiles = known.profiles();
    let least = if new.replaces.is_some() { Duration::ZERO } else { LEAST_USE };
    let least = now.saturating_add(least).min(new.not_after);
    let serves = |period: &Period| {
        period.from.is_none_or(|from| from < new.not_after)
            && period.until.is_none_or(|until| least <= until)
    };
    let passes = periods(&profiles, signer(new, level), now);
    let profile = profiles.holding(&new.system, now).cloned();
    let Some(period) = passes.iter().find(|period| serves(period)) else {
        let standing = standing(&known, new.system.clone(), level, now);
        let others = standing
            .algorithms
            .iter()
            .filter(|one| one.environment == new.environment && one.allowed.iter().any(serves));
        let others: Vec<_> = others.map(|one| one.algorithm.as_str()).collect();
        return Err(refused(new, profile.as_ref(), passes.first(), &others).into());
    };
    Ok(Some(Prospect {
        profile,
        good_from: period.from,
        good_until: period.until.filter(|until| *until < new.not_after),
    }))
}

fn refused(
    new: &Credential,
    profile: Option<&ProfileCode>,
    passes: Option<&Period>,
    others: &[&str],
) -> Refusal {
    let profile = profile.map_or("", ProfileCode::as_str);
    let (algorithm, environment) = (new.algorithm, new.environment);
    let (until_vi, until_en) = match passes.and_then(|period| period.until) {
        Some(until) => {
            (format!("chỉ còn cho phép đến {until}"), format!("allowed until {until} only"))
        }
        None => ("không được phép".to_owned(), "not allowed".to_owned()),
    };
    let (others_vi, others_en) = if others.is_empty() {
        ("không có".to_owned(), "none".to_owned())
    } else {
        (others.join(", "), others.join(", "))
    };
    let text = Text::new(
        format!(
            "Theo hướng dẫn kỹ thuật «{profile}», {algorithm} trong môi trường {environment} \
             {until_vi}; thuật toán đăng ký được: {others_vi}."
        ),
        format!(
            "By the technical profile `{profile}`, {algorithm} in the {environment} environment \
             is {until_en}; can be registered: {others_en}."
        ),
    );
    Refusal::new(ErrorCode::ProfileCredentialRefused, text)
}
