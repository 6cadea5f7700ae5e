//! The sandbox test (thử nghiệm kết nối), made of calls that really passed.
//!
//! The operator names the entries of calls (`Lgsp-Entry` of their answers). Each is read in the log
//! and must be of this connection, made with a sandbox credential since the test began, and
//! answered with success; together they must cover every operation that is asked for. Gateways
//! know nothing of this: the log has it all.
//!
//! A node reads its own log only: the calls of a test and its confirmation go by way of one node.

pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use evidence::{Change, Recorder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::field;
use wire::ambient::UtcMicros;
use wire::directory::{Environment, Operation};
use wire::entry::{Entry, Kind};
use wire::id::ConnectionId;
use wire::problem::Text;

use super::lifecycle::Step;
use super::{Connection, sql as steps};
use crate::refused::Refused;

/// The most entries of one test.
pub(crate) const MAX_ENTRIES: usize = 200;

/// A test that the operator confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxTest {
    /// Of which connection.
    pub connection: ConnectionId,
    /// When it was confirmed.
    pub confirmed_at: UtcMicros,
    /// The calls, in the order in which they were named.
    pub calls: Vec<TestCall>,
}

/// A call of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestCall {
    /// Where its entry stands: `<log origin>/<index>`.
    #[schema(example = "lgsp.haiphong.example/log/42")]
    pub entry: String,
    /// Which operation of the connection permitted it.
    #[schema(example = "GET /units")]
    pub operation: String,
    /// The status of its answer.
    #[schema(example = "200")]
    pub outcome: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub at: UtcMicros,
}

/// Reads the entries and keeps the test, within the change that confirms it.
pub(super) async fn confirm(
    recorder: &Recorder,
    change: &mut Change,
    connection: &Connection,
    entries: &[String],
) -> Result<(), Refused> {
    let begun = steps::last_taken(&mut *change, &connection.id, Step::Test).await?;
    let begun = begun.unwrap_or(connection.requested_at);
    let mut calls = Vec::with_capacity(entries.len());
    for (place, named) in entries.iter().enumerate() {
        let refuse = |reason: Text| field::refused(&format!("entries[{place}]"), &reason);
        let entry = read(recorder, named).await?.map_err(refuse)?;
        calls.push(judge(named, entry, connection, begun).map_err(refuse)?);
    }
    let covered: BTreeSet<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    let asked = connection.asked.operations.iter().map(written);
    let missing: Vec<_> = asked.filter(|operation| !covered.contains(operation.as_str())).collect();
    if !missing.is_empty() {
        let missing = missing.join("; ");
        let reason = Text::new(
            format!("Chưa có lượt gọi thử thành công của: {missing}."),
            format!("No successful test call of: {missing}."),
        );
        return Err(field::refused("entries", &reason).into());
    }
    let test = SandboxTest { connection: connection.id, confirmed_at: change.time(), calls };
    Ok(sql::put(change, &test).await?)
}

/// The entry at `<log origin>/<index>` of this node's log.
async fn read(recorder: &Recorder, named: &str) -> Result<Result<Entry, Text>, Refused> {
    let log = recorder.log();
    let own = log.origin().to_string();
    let index = named.rsplit_once('/').filter(|(origin, _)| *origin == own);
    let Some(index) = index.and_then(|(_, index)| index.parse::<u64>().ok()) else {
        return Ok(Err(Text::new(
            format!("Phải là vị trí bản ghi trong nhật ký «{own}» của máy chủ này, dạng {own}/42."),
            format!("It must be the place of an entry in this node's log `{own}`, like {own}/42."),
        )));
    };
    let bytes = log.entry(index).await.map_err(evidence::RecordError::from)?;
    let entry = bytes.and_then(|bytes| Entry::parse(&bytes).ok());
    Ok(entry
        .ok_or_else(|| Text::new("Nhật ký không có bản ghi này.", "The log has no such entry.")))
}

/// The call that an entry proves, if it proves one of this test.
fn judge(
    named: &str,
    entry: Entry,
    connection: &Connection,
    begun: UtcMicros,
) -> Result<TestCall, Text> {
    let about = |name: &str| entry.subject.get(name).map(String::as_str).unwrap_or_default();
    let is_answered = matches!(entry.action.as_str(), "call.completed" | "call.closed");
    if entry.kind != Kind::Call || !is_answered {
        return Err(Text::new(
            "Bản ghi không phải của một lượt gọi đã được trả lời.",
            "The entry is not of a call that was answered.",
        ));
    }
    if about("connection") != connection.id.to_string() {
        return Err(Text::new(
            "Lượt gọi thuộc kết nối khác.",
            "The call went by way of another connection.",
        ));
    }
    if about("environment") != Environment::Sandbox.as_str() {
        return Err(Text::new(
            "Lượt gọi không dùng khóa của môi trường thử nghiệm.",
            "The call was not made with a sandbox credential.",
        ));
    }
    if entry.time < begun {
        return Err(Text::new(
            "Lượt gọi có trước khi bắt đầu thử nghiệm.",
            "The call was made before the test began.",
        ));
    }
    let is_success = entry.outcome.len() == 3 && entry.outcome.starts_with('2');
    let operation = about("operation").to_owned();
    if !is_success || operation.is_empty() {
        let outcome = &entry.outcome;
        return Err(Text::new(
            format!("Lượt gọi không thành công: {outcome}."),
            format!("The call did not succeed: {outcome}."),
        ));
    }
    Ok(TestCall { entry: named.to_owned(), operation, outcome: entry.outcome, at: entry.time })
}

/// An operation as entries name it.
fn written(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}
