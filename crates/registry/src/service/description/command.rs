//! Taking a document, and what connections may be held against.

use std::collections::BTreeMap;

use axum::body::Bytes;
use evidence::{Actor, Reading};
use store::StoreError;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::Operation;
use wire::error_code::ErrorCode;
use wire::id::ServiceId;
use wire::problem::Text;

use super::{Format, MAX_REVISIONS, Revision, read, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::refused::{Noun, Refused};
use crate::service;

/// Takes `document` as the next revision. The very bytes of the last revision are that revision.
/// Says whether there is a new one.
pub(crate) async fn take(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
    format: Format,
    document: Bytes,
) -> Result<(Revision, bool), Refused> {
    must_administer(actor, &id.organisation)?;
    if service::sql::find(&registry.database, id).await?.is_none() {
        return Err(service::command::unknown(id));
    }
    // A long document takes a while, in which this thread's other requests go on.
    let reading = document.clone();
    let described = tokio::task::spawn_blocking(move || read(format, &reading)).await;
    let described = described.map_err(|error| Refused::NotWritable(error.to_string()))?;
    let described = described.map_err(web::Refusal::from)?;
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, &document).to_string();
    let mut change = registry.recorder.change(actor, "service.described").await?;
    let last = sql::find(&mut change, id, None).await?;
    if let Some(last) = last.clone().filter(|last| last.digest == digest && last.format == format) {
        return Ok((last, false));
    }
    if sql::count(&mut change, id).await? >= i64::from(MAX_REVISIONS) {
        return Err(too_many_revisions().into());
    }
    let revision = Revision {
        number: last.map_or(1, |last| last.number.saturating_add(1)),
        format,
        digest,
        bytes: document.len() as u64,
        taken_at: change.time(),
        described,
    };
    sql::insert(&mut change, id, &revision, &document).await?;
    let subject = BTreeMap::from([
        ("service".to_owned(), id.to_string()),
        ("revision".to_owned(), revision.number.to_string()),
        ("specification".to_owned(), revision.described.specification.clone()),
        ("document".to_owned(), revision.digest.clone()),
    ]);
    change.record(subject).await?;
    Ok((revision, true))
}

/// What of a connection its service's description does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotDescribed {
    /// The operations.
    pub operations: Vec<Operation>,
    /// The fields.
    pub fields: Vec<String>,
}

/// Holds what a connection asks for against the description in force of its service; `None` if
/// the service has none.
pub async fn not_described(
    reading: impl Reading,
    service: &ServiceId,
    operations: &[Operation],
    fields: &[String],
) -> Result<Option<NotDescribed>, StoreError> {
    let Some(Revision { described, .. }) = sql::find(reading, service, None).await? else {
        return Ok(None);
    };
    let operations = operations.iter().filter(|asked| !described.describes(asked)).cloned();
    let fields = fields.iter().filter(|field| !described.has_field(field)).cloned();
    Ok(Some(NotDescribed { operations: operations.collect(), fields: fields.collect() }))
}

fn too_many_revisions() -> web::Refusal {
    let detail = Text::new(
        format!(
            "Dịch vụ đã có {MAX_REVISIONS} phiên bản tài liệu mô tả, là số lượng tối đa; đề nghị công \
             bố phiên bản chính mới của dịch vụ."
        ),
        format!(
            "The service has {MAX_REVISIONS} revisions of its description, which is the most there \
             may be; publish a new major version of the service."
        ),
    );
    web::Refusal::new(ErrorCode::ResourceConflict, detail)
}

pub(super) fn unknown(service: &ServiceId, revision: &str) -> Refused {
    Refused::Unknown { noun: Noun::ServiceDescription, id: format!("{service} {revision}") }
}
