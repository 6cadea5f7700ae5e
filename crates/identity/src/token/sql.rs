//! All SQL about tokens.

use evidence::{Change, Reading};
use keys::TokenHash;
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use super::{ApiToken, TokenId};

pub(crate) const CREATE: &str = "
CREATE TABLE api_token (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX api_token_organisation ON api_token (organisation, id);";

const FIND: &str = "SELECT id, organisation, role, name, secret_hash, made_at, made_by, expires_at,
        revoked_at
    FROM api_token WHERE id = $1";

/// The token and the hash of its secret, for whoever shows one.
pub(crate) async fn find_with_hash(
    reading: impl Reading,
    id: TokenId,
) -> Result<Option<(ApiToken, TokenHash)>, StoreError> {
    let Some(row) = reading.row(FIND, &[id.to_string().into()]).await? else {
        return Ok(None);
    };
    let hash = TokenHash::from_bytes(&row.bytes("secret_hash")?)
        .ok_or_else(|| StoreError::corrupt("api_token: a hash has not 32 bytes"))?;
    Ok(Some((from_row(&row)?, hash)))
}

pub(crate) async fn find(
    reading: impl Reading,
    id: TokenId,
) -> Result<Option<ApiToken>, StoreError> {
    let row = reading.row(FIND, &[id.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Tokens in the order they were made, of one organisation if named; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    organisation: Option<&OrganisationCode>,
    page: &PageRequest,
) -> Result<Vec<ApiToken>, StoreError> {
    let sql = "SELECT id, organisation, role, name, made_at, made_by, expires_at, revoked_at
        FROM api_token WHERE id > $1 AND ($2 = '' OR organisation = $2) ORDER BY id LIMIT $3";
    let organisation = organisation.map(ToString::to_string).unwrap_or_default();
    let values = [page.after.as_str().into(), organisation.into(), page.rows().into()];
    reading.rows(sql, &values).await?.iter().map(from_row).collect()
}

/// How many tokens of `role` are valid at `now`, apart from `id`.
pub(crate) async fn count_others_valid(
    reading: impl Reading,
    role: Role,
    id: TokenId,
    now: UtcMicros,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS others FROM api_token
        WHERE role = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > $3";
    let values = [role.as_str().into(), id.to_string().into(), now.into()];
    let row = reading.row(sql, &values).await?;
    row.ok_or_else(|| StoreError::corrupt("api_token: a count has no row"))?.integer("others")
}

/// Whether an administrator of `organisation` has a token that is valid when `change` is made.
pub(crate) async fn has_administrator(
    change: &mut Change,
    organisation: &OrganisationCode,
) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM api_token
        WHERE role = $1 AND organisation = $2 AND revoked_at IS NULL AND expires_at > $3 LIMIT 1";
    let values = [
        Role::OrganisationAdmin.as_str().into(),
        organisation.as_str().into(),
        change.time().into(),
    ];
    Ok(change.row(sql, &values).await?.is_some())
}

pub(crate) async fn insert(
    change: &mut Change,
    new: &ApiToken,
    hash: &TokenHash,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO api_token
            (id, organisation, role, name, secret_hash, made_at, made_by, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        new.id.to_string().into(),
        new.organisation.to_string().into(),
        new.role.as_str().into(),
        new.name.as_str().into(),
        hash.as_bytes().into(),
        new.made_at.into(),
        new.made_by.clone().into(),
        new.expires_at.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn revoke(
    change: &mut Change,
    id: TokenId,
    at: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE api_token SET revoked_at = $2 WHERE id = $1";
    change.execute(sql, &[id.to_string().into(), at.into()]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.parsed("id")?,
        organisation: row.parsed("organisation")?,
        role: row.parsed("role")?,
        name: row.text("name")?,
        made_at: row.time("made_at")?,
        made_by: row.optional_text("made_by")?,
        expires_at: row.time("expires_at")?,
        revoked_at: row.optional_time("revoked_at")?,
    })
}
