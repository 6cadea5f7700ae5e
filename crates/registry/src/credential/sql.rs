//! All SQL about credentials.

use evidence::{Change, Reading};
use keys::{DocumentKind, KeyDocument, public_key_pem};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::id::{KeyId, SystemId};
use wire::public_key::PublicKey;
use wire::signature::Algorithm;

use super::{Credential, CredentialDocument, CredentialState};
use crate::authority::Sight;
use crate::column::{corrupt, parsed_optional};
use web::PageRequest;

const COLUMNS: &str = "keyid, system, algorithm, environment, public_key, not_before, not_after, revoked_at, \
     revoked_because, replaces, document";

/// The same for those who work with keys and not with what they came in, which is long.
const WITHOUT_DOCUMENT: &str = "keyid, system, algorithm, environment, public_key, not_before, not_after, revoked_at, \
     revoked_because, replaces, NULL AS document";

pub(crate) async fn find(
    reading: impl Reading,
    keyid: &KeyId,
) -> Result<Option<Credential>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM credential WHERE keyid = $1");
    let row = reading.row(&sql, &[keyid.as_str().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Which credentials a list is of.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) system: Option<SystemId>,
    /// Where they stand, and when that is asked.
    pub(crate) state: Option<(CredentialState, UtcMicros)>,
    pub(crate) environment: Option<Environment>,
    pub(crate) algorithm: Option<Algorithm>,
    /// Only those that are alive at the first moment and come to their end before the second.
    pub(crate) expiring: Option<(UtcMicros, UtcMicros)>,
}

/// Credentials within `sight` in the order of their ids; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    sight: &Sight,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Credential>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credential
         WHERE keyid > $1 AND ($2 = '' OR system = $2)
           AND ($3 = '' OR system IN (SELECT id FROM system WHERE organisation = $3))
           AND ($4 = '' OR environment = $4) AND ($5 = '' OR algorithm = $5)
           AND ($6 = '' OR ($6 = 'revoked' AND revoked_at IS NOT NULL)
             OR ($6 = 'valid' AND revoked_at IS NULL AND not_after > $7)
             OR ($6 = 'expired' AND revoked_at IS NULL AND not_after <= $7))
           AND ($9 = 0 OR (revoked_at IS NULL AND not_after > $8 AND not_after < $9))
         ORDER BY keyid LIMIT $10"
    );
    let (state, at) = filter.state.map_or(("", 0), |(state, at)| (state.as_str(), at.as_micros()));
    let (now, before) =
        filter.expiring.map_or((0, 0), |(now, before)| (now.as_micros(), before.as_micros()));
    let values = [
        page.after.as_str().into(),
        filter.system.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        sight.filter().into(),
        filter.environment.map_or("", Environment::as_str).into(),
        filter.algorithm.map_or("", Algorithm::as_str).into(),
        state.into(),
        at.into(),
        now.into(),
        before.into(),
        page.rows().into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// Those that have not ended before `since`, each with its sealed secret if it has one: for the
/// directory, and for what travels beside it.
pub(crate) async fn not_ended_before(
    reading: impl Reading,
    since: UtcMicros,
) -> Result<Vec<(Credential, Option<Vec<u8>>)>, StoreError> {
    let sql = format!(
        "SELECT {WITHOUT_DOCUMENT}, sealed_secret FROM credential
         WHERE not_after > $1 AND (revoked_at IS NULL OR revoked_at > $1) ORDER BY keyid"
    );
    let rows = reading.rows(&sql, &[since.into()]).await?;
    rows.iter().map(|row| Ok((from_row(row)?, row.optional_bytes("sealed_secret")?))).collect()
}

/// How many production credentials of `system` are accepted at `now`.
pub(crate) async fn count_in_force(
    reading: impl Reading,
    system: &SystemId,
    now: UtcMicros,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS credentials FROM credential
         WHERE system = $1 AND environment = 'production' AND not_before <= $2 AND not_after > $2
           AND (revoked_at IS NULL OR revoked_at > $2)";
    let row = reading.row(sql, &[system.to_string().into(), now.into()]).await?;
    row.map_or(Ok(0), |row| row.integer("credentials"))
}

/// How many of `system` have not ended before `since`.
pub(crate) async fn count_not_ended_before(
    reading: impl Reading,
    system: &SystemId,
    since: UtcMicros,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS credentials FROM credential
         WHERE system = $1 AND not_after > $2 AND (revoked_at IS NULL OR revoked_at > $2)";
    let row = reading.row(sql, &[system.to_string().into(), since.into()]).await?;
    row.ok_or_else(|| corrupt("credential", "a count has no row"))?.integer("credentials")
}

/// Those of `system` that are neither revoked nor past their time.
pub(crate) async fn alive_of(
    reading: impl Reading,
    system: &SystemId,
    now: UtcMicros,
) -> Result<Vec<KeyId>, StoreError> {
    let sql = "SELECT keyid FROM credential
         WHERE system = $1 AND revoked_at IS NULL AND not_after > $2 ORDER BY keyid";
    let rows = reading.rows(sql, &[system.to_string().into(), now.into()]).await?;
    rows.iter().map(|row| row.parsed("keyid")).collect()
}

pub(crate) async fn insert(
    change: &mut Change,
    new: &Credential,
    sealed_secret: Option<Vec<u8>>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO credential
            (keyid, system, algorithm, public_key, sealed_secret, not_before, not_after, made_at,
             replaces, environment, document)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10)";
    let values = [
        new.keyid.as_str().into(),
        new.system.to_string().into(),
        new.algorithm.to_string().into(),
        new.public_key.as_ref().map(|key| key.as_bytes().to_vec()).into(),
        sealed_secret.into(),
        new.not_before.into(),
        new.not_after.into(),
        new.replaces.as_ref().map(ToString::to_string).into(),
        new.environment.as_str().into(),
        new.document.as_ref().map(|document| document.pem.clone()).into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn shorten(
    change: &mut Change,
    keyid: &KeyId,
    not_after: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE credential SET not_after = $2 WHERE keyid = $1";
    change.execute(sql, &[keyid.as_str().into(), not_after.into()]).await?;
    Ok(())
}

/// The sealed secret goes too: nobody will ask for it again.
pub(crate) async fn revoke(
    change: &mut Change,
    keyid: &KeyId,
    at: UtcMicros,
    because: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE credential SET revoked_at = $2, revoked_because = $3, sealed_secret = NULL
        WHERE keyid = $1";
    let because = because.map(ToOwned::to_owned);
    change.execute(sql, &[keyid.as_str().into(), at.into(), because.into()]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Credential, StoreError> {
    let algorithm = row.parsed("algorithm")?;
    let public_key = row.optional_bytes("public_key")?.map(PublicKey::from_bytes);
    if public_key.as_ref().is_some_and(|key| key.verifying(algorithm).is_err()) {
        return Err(corrupt("public_key", "is no key of its algorithm"));
    }
    Ok(Credential {
        keyid: row.parsed("keyid")?,
        system: row.parsed("system")?,
        algorithm,
        environment: row.parsed("environment")?,
        public_key_pem: public_key.as_ref().map(|key| public_key_pem(algorithm, key)),
        not_before: row.time("not_before")?,
        not_after: row.time("not_after")?,
        revoked_at: row.optional_time("revoked_at")?,
        revoked_because: row.optional_text("revoked_because")?,
        replaces: parsed_optional(row, "replaces")?,
        document: row.optional_text("document")?.map(|text| document(&text)).transpose()?,
        public_key,
    })
}

fn document(text: &str) -> Result<CredentialDocument, StoreError> {
    let read = read_document(text).ok_or_else(|| corrupt("document", "is no document of a key"))?;
    Ok(CredentialDocument::from(&read))
}

/// The document that a row holds, by what its PEM says it is.
pub(crate) fn read_document(text: &str) -> Option<KeyDocument> {
    [DocumentKind::Certificate, DocumentKind::Request]
        .into_iter()
        .find_map(|kind| KeyDocument::read(kind, text).ok())
}
