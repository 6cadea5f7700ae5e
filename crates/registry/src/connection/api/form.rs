//! What people send about connections, and how it becomes types.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{Refusal, field};
use wire::ambient::UtcMicros;
use wire::directory::{Operation, Quota};
use wire::problem::Text;

use super::super::command::NewConnection;
use super::super::said::Said;
use super::super::sandbox_test::MAX_ENTRIES;
use super::super::{Asked, DataItem, OperationShape, QuotaShape};
use super::{MAX_YEARS, latest_end};

/// The longest free text, in characters.
const TEXT_CHARS: usize = 1_000;
/// The most operations or data items of one connection.
const MAX_ITEMS: usize = 100;
/// The most fields of one connection, and the longest path to one.
const MAX_FIELDS: usize = 200;
const MAX_FIELD_CHARS: usize = 200;
/// The largest quota, in calls per minute.
const MAX_PER_MINUTE: u32 = 1_000_000;

/// A connection to request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionForm {
    /// The system that wants to use the service.
    #[schema(example = "H24.31/mot-cua")]
    consumer: String,
    /// The service version it wants to use.
    #[schema(example = "H24.12/don-vi-hanh-chinh/danh-muc/v1")]
    service: String,
    /// The id of the active connection that this one amends and, once activated, replaces.
    amends: Option<String>,
    /// What is asked for.
    asked: RevisionForm,
}

/// What a connection asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskedForm)]
pub struct RevisionForm {
    /// The purpose, as a code that calls can name.
    #[schema(example = "doi-soat-dia-ban")]
    purpose: String,
    /// How the data will be used.
    #[schema(example = "Đối soát địa bàn của hồ sơ một cửa")]
    usage: String,
    /// On which legal basis.
    #[schema(example = "QĐ 01/2025/QĐ-UBND")]
    legal_basis: String,
    /// Which operations: 1 to 100.
    #[schema(value_type = Vec<OperationShape>)]
    operations: Vec<Operation>,
    /// Which data: 1 to 100 items.
    data_items: Vec<DataItem>,
    /// Which fields of the answers may be used: at most 200, each a path like `units[].code`.
    #[serde(default)]
    #[schema(example = json!(["units[].code", "units[].name"]))]
    fields: Vec<String>,
    /// How often.
    #[schema(example = "hằng ngày")]
    frequency: String,
    /// How many calls.
    #[schema(value_type = QuotaShape)]
    quota: Quota,
    /// From when (RFC 3339, UTC).
    #[schema(example = "2026-12-01T00:00:00Z")]
    from: String,
    /// Until when (RFC 3339, UTC): after `from` and now, at most ten years ahead.
    #[schema(example = "2030-12-01T00:00:00Z")]
    until: String,
}

/// What goes with a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepForm {
    /// Why: needed to return, refuse, suspend, end and waive a test. For a suspension, what was violated.
    #[schema(example = "Theo đề nghị của hai bên")]
    reason: Option<String>,
    /// Needed to end: the code of a ground of the rules about connections, such as
    /// `no_longer_needed`.
    ground: Option<String>,
    /// Needed to announce a suspension: from when calls are refused (RFC 3339, UTC).
    from: Option<String>,
    /// Needed to announce a suspension: when calls are expected to pass again.
    expected_recovery: Option<String>,
    /// Needed to suspend at once: what is done about it.
    measures: Option<String>,
    /// Needed to suspend at once: what restores the connection.
    restored_when: Option<String>,
    /// Needed to confirm a test: where the entries of its calls stand (`Lgsp-Entry` of their
    /// answers): 1 to 200.
    entries: Option<Vec<String>>,
}

/// Until when a connection is to be renewed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalForm {
    /// Until when (RFC 3339, UTC): after now, at most ten years ahead.
    #[schema(example = "2031-12-01T00:00:00Z")]
    until: String,
}

impl StepForm {
    pub(super) fn read(self) -> Result<Said, Refusal> {
        let sentence = |name: &str, text: Option<String>| {
            text.map(|text| field::sentence(name, &text, TEXT_CHARS)).transpose()
        };
        Ok(Said {
            reason: sentence("reason", self.reason)?,
            ground: sentence("ground", self.ground)?,
            from: field::parse_optional("from", self.from.as_deref())?,
            expected_recovery: field::parse_optional(
                "expected_recovery",
                self.expected_recovery.as_deref(),
            )?,
            measures: sentence("measures", self.measures)?,
            restored_when: sentence("restored_when", self.restored_when)?,
            entries: self.entries.map(entries).transpose()?,
        })
    }
}

fn entries(given: Vec<String>) -> Result<Vec<String>, Refusal> {
    let distinct: BTreeSet<_> = given.iter().collect();
    if (1..=MAX_ENTRIES).contains(&given.len()) && distinct.len() == given.len() {
        return Ok(given);
    }
    let rule = Text::new(
        format!("danh sách từ 1 đến {MAX_ENTRIES} bản ghi, ghi mỗi bản ghi một lần."),
        format!("a list of 1 to {MAX_ENTRIES} entries, each only once."),
    );
    Err(field::invalid("entries", &rule))
}

impl RenewalForm {
    pub(super) fn read(self, now: UtcMicros) -> Result<UtcMicros, Refusal> {
        until(&self.until, now, now)
    }
}

/// Which connections to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectionQuery {
    /// Only those in this state.
    pub(super) state: Option<String>,
    /// Only those of this consuming system.
    pub(super) consumer: Option<String>,
    /// Only those to this service version.
    pub(super) service: Option<String>,
    /// Only those of which a deadline has passed (`true`).
    pub(super) overdue: Option<bool>,
    /// `next` of the page before.
    pub(super) after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
}

impl ConnectionForm {
    pub(super) fn read(self, now: UtcMicros) -> Result<NewConnection, Refusal> {
        Ok(NewConnection {
            consumer: field::parse("consumer", &self.consumer)?,
            service: field::parse("service", &self.service)?,
            amends: field::parse_optional("amends", self.amends.as_deref())?,
            asked: self.asked.read(now)?,
        })
    }
}

impl RevisionForm {
    pub(super) fn read(self, now: UtcMicros) -> Result<Asked, Refusal> {
        let from = field::parse("from", &self.from)?;
        Ok(Asked {
            purpose: field::parse("purpose", &self.purpose)?,
            usage: field::sentence("usage", &self.usage, TEXT_CHARS)?,
            legal_basis: field::sentence("legal_basis", &self.legal_basis, TEXT_CHARS)?,
            operations: operations(&self.operations)?,
            data_items: data_items(self.data_items)?,
            fields: fields(self.fields)?,
            frequency: field::sentence("frequency", &self.frequency, TEXT_CHARS)?,
            quota: quota(self.quota)?,
            from,
            until: until(&self.until, from, now)?,
        })
    }
}

/// Checked again one by one: what was read as JSON has not been looked at yet.
fn operations(given: &[Operation]) -> Result<Vec<Operation>, Refusal> {
    some_items("operations", given.len())?;
    let read = |(place, operation): (usize, &Operation)| {
        Operation::new(&operation.method, &operation.path).map_err(|_| {
            field::invalid(
                &format!("operations[{place}]"),
                &Text::new(
                    "một phương thức viết hoa và một đường dẫn dạng /units/{id} hoặc /units/**.",
                    "a method in capital letters and a path like /units/{id} or /units/**.",
                ),
            )
        })
    };
    let operations: Vec<_> = given.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    let distinct: BTreeSet<_> = given.iter().map(|one| (&one.method, &one.path)).collect();
    if distinct.len() < given.len() {
        let rule =
            Text::new("danh sách ghi mỗi thao tác một lần.", "a list of each operation only once.");
        return Err(field::invalid("operations", &rule));
    }
    Ok(operations)
}

fn data_items(given: Vec<DataItem>) -> Result<Vec<DataItem>, Refusal> {
    some_items("data_items", given.len())?;
    let read = |(place, item): (usize, DataItem)| {
        let name = field::sentence(&format!("data_items[{place}].name"), &item.name, TEXT_CHARS)?;
        Ok(DataItem { name, number: item.number })
    };
    given.into_iter().enumerate().map(read).collect()
}

/// Paths into answers: what neither breaks a line nor needs escaping in a document.
fn fields(given: Vec<String>) -> Result<Vec<String>, Refusal> {
    let fits = |field: &String| {
        (1..=MAX_FIELD_CHARS).contains(&field.len())
            && field.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.*[]/-".contains(&b))
    };
    if let Some(place) = given.iter().position(|field| !fits(field)) {
        let rule = Text::new(
            format!("một đường dẫn dài 1 đến {MAX_FIELD_CHARS} ký tự dạng units[].code."),
            format!("a path of 1 to {MAX_FIELD_CHARS} characters like units[].code."),
        );
        return Err(field::invalid(&format!("fields[{place}]"), &rule));
    }
    let distinct: BTreeSet<_> = given.iter().collect();
    if distinct.len() == given.len() && given.len() <= MAX_FIELDS {
        return Ok(given);
    }
    let rule = Text::new(
        format!("danh sách không quá {MAX_FIELDS} trường, ghi mỗi trường một lần."),
        format!("a list of at most {MAX_FIELDS} fields, each only once."),
    );
    Err(field::invalid("fields", &rule))
}

fn some_items(name: &str, count: usize) -> Result<(), Refusal> {
    if (1..=MAX_ITEMS).contains(&count) {
        return Ok(());
    }
    let rule = Text::new(
        format!("danh sách từ 1 đến {MAX_ITEMS} mục."),
        format!("a list of 1 to {MAX_ITEMS} items."),
    );
    Err(field::invalid(name, &rule))
}

fn quota(given: Quota) -> Result<Quota, Refusal> {
    let per_minute = field::within("quota.per_minute", given.per_minute, 1..=MAX_PER_MINUTE)?;
    let burst = field::within("quota.burst", given.burst, 1..=per_minute)?;
    Ok(Quota { per_minute, burst })
}

fn until(text: &str, from: UtcMicros, now: UtcMicros) -> Result<UtcMicros, Refusal> {
    let until = field::parse("until", text)?;
    if until > from && until > now && until <= latest_end(now) {
        return Ok(until);
    }
    let rule = Text::new(
        format!("một thời điểm sau «from», sau hiện tại và không quá {MAX_YEARS} năm tới."),
        format!("an instant after `from`, after now and at most {MAX_YEARS} years ahead."),
    );
    Err(field::invalid("until", &rule))
}
