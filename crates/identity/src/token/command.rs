//! Making and revoking tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use evidence::{Actor, Change, Recorder};
use keys::{TokenSecret, Zeroizing};
use web::{Page, PageRequest};
use wire::ambient::{Randomness, UtcMicros};
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use super::authority::{SELF_RENEWING, Sight, may_give, sight, stands_in_for_an_administrator};
use super::{ApiToken, Bearer, Refused, TokenId, sql};
use crate::Identity;

/// The longest a token is valid, in days.
pub const MAX_DAYS: u32 = 366;
/// How long a token is valid when nobody says, in days.
pub const DEFAULT_DAYS: u32 = 90;

/// What making a token needs.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// In which organisation its holder acts.
    pub organisation: OrganisationCode,
    /// In which role.
    pub role: Role,
    /// What people call it.
    pub name: String,
    /// Until when, exclusive; [`DEFAULT_DAYS`] when left out.
    pub expires_at: Option<UtcMicros>,
}

/// Makes a token. The secret in the answer is shown now and never again.
pub async fn make(
    identity: &Identity,
    actor: &Actor,
    new: NewToken,
) -> Result<(ApiToken, Bearer), Refused> {
    if !may_give(actor, new.role, &new.organisation) {
        return Err(Refused::NotPermitted { by: actor.role });
    }
    // An organisation is never unregistered, so that what holds now holds below as well.
    let known = identity.organisations.is_registered(&new.organisation).await;
    if !known.map_err(Refused::Organisations)? {
        return Err(Refused::NoSuchOrganisation(new.organisation));
    }
    let mut change = identity.recorder.change(actor, "token.made").await?;
    if stands_in_for_an_administrator(actor, new.role)
        && sql::has_administrator(&mut change, &new.organisation).await?
    {
        return Err(Refused::HasAdministrator(new.organisation));
    }
    let made_by = Some(actor.credential.clone());
    insert(change, identity.randomness.as_ref(), new, made_by).await
}

/// Makes a token without anybody asking for it: how a platform gets its first actors. Only for
/// whoever has the machine; recorded like any other, without an actor.
pub async fn bootstrap(
    recorder: &Recorder,
    randomness: &dyn Randomness,
    role: Role,
    organisation: &OrganisationCode,
) -> Result<Zeroizing<String>, Refused> {
    let new = NewToken {
        organisation: organisation.clone(),
        role,
        name: format!("made on the node: {role}"),
        expires_at: Some(recorder.now().saturating_add(days(MAX_DAYS))),
    };
    let change = recorder.change_by_platform("token.made").await?;
    let (_, bearer) = insert(change, randomness, new, None).await?;
    Ok(bearer.reveal())
}

/// Revokes a token; refused from the moment this returns. Revoking it again changes nothing.
pub async fn revoke(identity: &Identity, actor: &Actor, id: TokenId) -> Result<ApiToken, Refused> {
    let mut change = identity.recorder.change(actor, "token.revoked").await?;
    let found = sql::find(&mut change, id).await?.ok_or(Refused::Unknown(id))?;
    let own = actor.credential == id.to_string();
    if !own && !sight(actor).covers(&found.organisation) {
        // Who may not see it is not told that it is there.
        return Err(Refused::Unknown(id));
    }
    if !own && !may_give(actor, found.role, &found.organisation) {
        return Err(Refused::NotPermitted { by: actor.role });
    }
    if found.revoked_at.is_some() {
        return Ok(found);
    }
    let now = change.time();
    // Inside the one writing transaction: two who revoke each other cannot both succeed.
    if SELF_RENEWING.contains(&found.role)
        && found.is_valid(now)
        && sql::count_others_valid(&mut change, found.role, id, now).await? == 0
    {
        return Err(Refused::LastOfRole(found.role));
    }
    sql::revoke(&mut change, id, now).await?;
    change.record(subject(&found)).await?;
    Ok(ApiToken { revoked_at: Some(now), ..found })
}

/// The tokens an actor may see, a page at a time. An auditor's look is recorded first.
pub async fn list(
    identity: &Identity,
    actor: &Actor,
    page: &PageRequest,
) -> Result<Page<ApiToken>, Refused> {
    let organisation = match sight(actor) {
        Sight::All => None,
        Sight::Own(organisation) => Some(organisation),
        Sight::Nothing => return Err(Refused::NotPermitted { by: actor.role }),
    };
    if actor.role == Role::Auditor {
        let what = BTreeMap::from([("list".to_owned(), "token".to_owned())]);
        identity.recorder.access(actor, "token.listed", what, "ok").await?;
    }
    let found = sql::list(identity.database(), organisation.as_ref(), page).await?;
    Ok(page.page(found, |token| token.id.to_string()))
}

async fn insert(
    mut change: Change,
    randomness: &dyn Randomness,
    new: NewToken,
    made_by: Option<String>,
) -> Result<(ApiToken, Bearer), Refused> {
    let now = change.time();
    let expires_at = new.expires_at.unwrap_or_else(|| now.saturating_add(days(DEFAULT_DAYS)));
    if expires_at <= now || expires_at > now.saturating_add(days(MAX_DAYS)) {
        return Err(Refused::Expiry(MAX_DAYS));
    }
    let bearer = Bearer { id: TokenId::new(now, randomness), secret: TokenSecret::new(randomness) };
    let token = ApiToken {
        id: bearer.id,
        organisation: new.organisation,
        role: new.role,
        name: new.name,
        made_at: now,
        made_by,
        expires_at,
        revoked_at: None,
    };
    sql::insert(&mut change, &token, &bearer.secret.hash()).await?;
    change.record(subject(&token)).await?;
    Ok((token, bearer))
}

/// The name stays out: it is free text and may name a person.
fn subject(token: &ApiToken) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("token".to_owned(), token.id.to_string()),
        ("organisation".to_owned(), token.organisation.to_string()),
        ("role".to_owned(), token.role.to_string()),
    ])
}

fn days(days: u32) -> Duration {
    Duration::from_hours(u64::from(days) * 24)
}
