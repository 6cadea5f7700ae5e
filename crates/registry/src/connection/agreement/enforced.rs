//! What is approved of a connection, and how an agreement writes it down: what gateways enforce, and
//! what they do not look at and the two sides answer for.

use serde::Serialize;
use wire::ambient::UtcMicros;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::{ConnectionRecord, Operation, Quota};
use wire::id::{ConnectionId, PurposeCode, ServiceId, SystemId};

use super::Line;
use crate::connection::Asked;
use crate::refused::Refused;

/// The lines of the annex that name the two sides.
pub(super) const CONSUMER: &str = "Hệ thống khai thác";
pub(super) const SERVICE: &str = "Dịch vụ";
/// The line of the second annex that names a field.
const FIELDS: &str = "Bên A: chỉ trả về trường dữ liệu";

/// The record of the directory without what changes from day to day. All of it is approved; of the
/// legal basis and the fields of answers gateways make nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Enforced {
    pub(crate) id: ConnectionId,
    pub(crate) consumer: SystemId,
    pub(crate) service: ServiceId,
    pub(crate) purpose: PurposeCode,
    pub(crate) legal_basis: String,
    pub(crate) operations: Vec<Operation>,
    pub(crate) fields: Vec<String>,
    pub(crate) quota: Quota,
    pub(crate) from: UtcMicros,
    pub(crate) until: UtcMicros,
}

impl From<&ConnectionRecord> for Enforced {
    fn from(record: &ConnectionRecord) -> Self {
        // Named one by one: what is added to the record must be thought of here.
        let ConnectionRecord {
            id,
            consumer,
            service,
            purpose,
            legal_basis,
            operations,
            fields,
            quota,
            from,
            until,
            active: _,
            state: _,
            testing: _,
            suspended_from: _,
        } = record.clone();
        Self { id, consumer, service, purpose, legal_basis, operations, fields, quota, from, until }
    }
}

impl Enforced {
    /// The digest of all of it.
    pub(super) fn digest(&self) -> Result<String, Refused> {
        let canonical = canonical_of(self);
        let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
        Ok(ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string())
    }

    /// What gateways enforce, line by line: each value is a line of its own kind, none of which can
    /// hold a line break, so that two permissions never read the same.
    pub(super) fn lines(&self) -> Vec<Line> {
        let line = |label: &str, value: String| Line { label: label.to_owned(), value };
        let mut lines = vec![
            line("Kết nối", self.id.to_string()),
            line(CONSUMER, self.consumer.to_string()),
            line(SERVICE, self.service.to_string()),
            line("Mã mục đích", self.purpose.to_string()),
        ];
        lines.extend(self.operations.iter().map(|one| line("Thao tác", written(one))));
        lines.extend([
            line("Hạn mức mỗi phút", self.quota.per_minute.to_string()),
            line("Hạn mức tức thời", self.quota.burst.to_string()),
            line("Có hiệu lực từ (UTC)", self.from.to_string()),
            line("Có hiệu lực đến (UTC)", self.until.to_string()),
        ]);
        lines
    }
}

impl Enforced {
    /// What the two sides answer for, in the same manner. What the provider answers is its own
    /// signed word where it signs: a gateway that took fields out would break that, and one that
    /// refused could not look into an answer that is longer than its buffer (decision 0040).
    pub(super) fn entrusted(&self, asked: &Asked) -> Vec<Line> {
        let line = |label: &str, value: String| Line { label: label.to_owned(), value };
        let mut lines = Vec::new();
        if self.fields.is_empty() {
            let all = "toàn bộ các trường mà những thao tác tại Phụ lục I trả về";
            lines.push(line(FIELDS, all.to_owned()));
        }
        lines.extend(self.fields.iter().map(|one| line(FIELDS, one.clone())));
        lines.extend(asked.data_items.iter().map(|item| match item.number {
            Some(number) => line("Bên A: dữ liệu", format!("{} (số lượng: {number})", item.name)),
            None => line("Bên A: dữ liệu", item.name.clone()),
        }));
        lines.extend([
            line("Bên B: sử dụng dữ liệu để", asked.usage.clone()),
            line("Bên B: tần suất khai thác", asked.frequency.clone()),
            line("Hai bên: căn cứ pháp lý", self.legal_basis.clone()),
        ]);
        lines
    }
}

/// `GET /units/{id}`.
pub(crate) fn written(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}
