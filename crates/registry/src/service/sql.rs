//! All SQL about services.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;
use wire::directory::{RecordMode, Signing};
use wire::id::{ServiceId, SystemId};

use super::life::{Life, ServiceState, Stage};
use super::{Service, Terms};
use crate::column::{corrupt, parsed_optional};
use web::PageRequest;

const COLUMNS: &str = "id, title, upstream, sandbox_upstream, timeout_ms, record_mode, \
    max_body_bytes, signed_answers, signed_requests, published_at, changed_at, stage, about, \
    ready_at, publish_due, deprecated_at, retired_at, successor";

pub(crate) async fn find(
    reading: impl Reading,
    id: &ServiceId,
) -> Result<Option<Service>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM service WHERE id = $1");
    let row = reading.row(&sql, &[id.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Which services to list.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// Only those of this system.
    pub(crate) system: Option<&'a SystemId>,
    /// Only those in this state.
    pub(crate) state: Option<ServiceState>,
    /// Only those whose publication is late.
    pub(crate) overdue: bool,
    /// Drafts of this organisation only; empty for everyone's.
    pub(crate) drafts_of: &'a str,
    /// At this time.
    pub(crate) now: UtcMicros,
}

/// Services in the order of their ids; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    wanted: &Wanted<'_>,
    page: &PageRequest,
) -> Result<Vec<Service>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM service
         WHERE id > $1 AND ($2 = '' OR system = $2)
            AND (stage = 'published' OR $4 = '' OR substr(id, 1, length($4) + 1) = $4 || '/')
            AND ($5 = '' OR $5 = CASE
                WHEN stage <> 'published' THEN stage
                WHEN retired_at <= $6 THEN 'retired'
                WHEN deprecated_at <= $6 THEN 'deprecated'
                ELSE 'published' END)
            AND ($7 = 0 OR (stage = 'ready' AND publish_due <= $6))
         ORDER BY id LIMIT $3"
    );
    let system = wanted.system.map(ToString::to_string).unwrap_or_default();
    let values = [
        page.after.as_str().into(),
        system.into(),
        page.rows().into(),
        wanted.drafts_of.into(),
        wanted.state.map(ServiceState::as_str).unwrap_or_default().into(),
        wanted.now.into(),
        i64::from(wanted.overdue).into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// How many services there are, and when one of them changed last (µs): another state of the
/// services has another pair.
pub(crate) async fn latest(reading: impl Reading) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT COUNT(*) AS services, COALESCE(MAX(changed_at), 0) AS changed FROM service";
    match reading.row(sql, &[]).await? {
        Some(row) => Ok((row.integer("services")?, row.integer("changed")?)),
        None => Ok((0, 0)),
    }
}

/// All that are published, for the directory.
pub(crate) async fn all(reading: impl Reading) -> Result<Vec<Service>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM service WHERE stage = 'published' ORDER BY id");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &Service) -> Result<(), StoreError> {
    let sql = "INSERT INTO service
            (id, system, title, upstream, timeout_ms, record_mode, max_body_bytes, published_at,
             changed_at, signed_answers, signed_requests, sandbox_upstream, stage)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)";
    let values = [
        new.id.to_string().into(),
        new.id.system_id().to_string().into(),
        new.title.as_str().into(),
        new.terms.upstream.as_str().into(),
        new.terms.timeout_ms.into(),
        record_mode(new.terms.record).into(),
        bytes(new.terms.max_body_bytes)?.into(),
        new.published_at.into(),
        signing(new.terms.signed_answers).into(),
        signing(new.terms.signed_requests).into(),
        new.terms.sandbox_upstream.as_ref().map(ToString::to_string).into(),
        new.life.stage.as_str().into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn change_terms(change: &mut Change, to: &Service) -> Result<(), StoreError> {
    let sql = "UPDATE service SET upstream = $2, timeout_ms = $3, record_mode = $4,
            max_body_bytes = $5, changed_at = $6, signed_answers = $7, signed_requests = $8,
            sandbox_upstream = $9
        WHERE id = $1";
    let values = [
        to.id.to_string().into(),
        to.terms.upstream.as_str().into(),
        to.terms.timeout_ms.into(),
        record_mode(to.terms.record).into(),
        bytes(to.terms.max_body_bytes)?.into(),
        to.changed_at.into(),
        signing(to.terms.signed_answers).into(),
        signing(to.terms.signed_requests).into(),
        to.terms.sandbox_upstream.as_ref().map(ToString::to_string).into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// Writes how far a service has come and what it is about.
pub(crate) async fn change_life(change: &mut Change, to: &Service) -> Result<(), StoreError> {
    let sql = "UPDATE service SET stage = $2, about = $3, ready_at = $4, publish_due = $5,
            deprecated_at = $6, retired_at = $7, successor = $8, published_at = $9,
            changed_at = $10
        WHERE id = $1";
    let about = to.about.as_ref().map(serde_json::to_string).transpose();
    let life = &to.life;
    let values = [
        to.id.to_string().into(),
        life.stage.as_str().into(),
        about.map_err(|error| corrupt("about", error))?.into(),
        life.ready_at.into(),
        life.publish_due.into(),
        life.deprecated_at.into(),
        life.retired_at.into(),
        life.successor.as_ref().map(ToString::to_string).into(),
        to.published_at.into(),
        to.changed_at.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

fn bytes(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|_| corrupt("max_body_bytes", "is beyond 2^63"))
}

/// The written form of the directory, so that one word stands everywhere.
fn record_mode(mode: RecordMode) -> &'static str {
    match mode {
        RecordMode::BeforeAnswer => "before_answer",
        RecordMode::BeforeForward => "before_forward",
    }
}

fn read_record_mode(text: &str) -> Result<RecordMode, StoreError> {
    let modes = [RecordMode::BeforeAnswer, RecordMode::BeforeForward];
    let found = modes.into_iter().find(|mode| record_mode(*mode) == text);
    found.ok_or_else(|| corrupt("record_mode", "names no mode"))
}

/// The written form of the directory.
fn signing(signing: Signing) -> &'static str {
    match signing {
        Signing::NotRequired => "not_required",
        Signing::Required => "required",
    }
}

fn read_signing(column: &'static str, text: &str) -> Result<Signing, StoreError> {
    let mut both = [Signing::NotRequired, Signing::Required].into_iter();
    let found = both.find(|one| signing(*one) == text);
    found.ok_or_else(|| corrupt(column, "is neither required nor not_required"))
}

fn from_row(row: &Row) -> Result<Service, StoreError> {
    let number = |column| row.integer(column);
    let about = row.optional_text("about")?;
    let about = about.map(|about| serde_json::from_str(&about)).transpose();
    Ok(Service {
        id: row.parsed("id")?,
        title: row.text("title")?,
        terms: Terms {
            upstream: row.parsed("upstream")?,
            sandbox_upstream: parsed_optional(row, "sandbox_upstream")?,
            timeout_ms: u32::try_from(number("timeout_ms")?)
                .map_err(|_| corrupt("timeout_ms", "is out of range"))?,
            record: read_record_mode(&row.text("record_mode")?)?,
            max_body_bytes: u64::try_from(number("max_body_bytes")?)
                .map_err(|_| corrupt("max_body_bytes", "is negative"))?,
            signed_answers: read_signing("signed_answers", &row.text("signed_answers")?)?,
            signed_requests: read_signing("signed_requests", &row.text("signed_requests")?)?,
        },
        life: Life {
            stage: Stage::read(&row.text("stage")?)
                .ok_or_else(|| corrupt("stage", "names no stage"))?,
            ready_at: row.optional_time("ready_at")?,
            publish_due: row.optional_time("publish_due")?,
            deprecated_at: row.optional_time("deprecated_at")?,
            retired_at: row.optional_time("retired_at")?,
            successor: parsed_optional(row, "successor")?,
        },
        about: about.map_err(|error| corrupt("about", error))?,
        published_at: row.time("published_at")?,
        changed_at: row.time("changed_at")?,
    })
}
