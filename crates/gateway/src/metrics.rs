//! What operators count, and the access log: path templates, never paths.

use std::cell::RefCell;

use http::StatusCode;
use metrics::{Counter, Histogram};
use wire::error_code::ErrorCode;

use crate::cluster::Answer;
use crate::passage::{About, Envelope};

/// Calls answered, by status and refusal code (`ok` without one).
const CALLS: &str = "lgsp_gateway_calls_total";
/// From the request's head to the moment its answer may leave.
const DURATION: &str = "lgsp_gateway_call_seconds";
/// Answers that were to be signed and left without, because the key's security module failed.
const UNSIGNED: &str = "lgsp_gateway_unsigned_answers_total";
/// Connections that callers hold.
const CONNECTIONS: &str = "lgsp_gateway_connections";
/// Questions to other nodes, by kind and what was answered.
const ASKED: &str = "lgsp_gateway_peer_questions_total";
/// How long they took.
const ASKING: &str = "lgsp_gateway_peer_question_seconds";
/// Questions of other nodes, by kind and what this one answered.
const ANSWERED: &str = "lgsp_gateway_peer_answers_total";

/// Says what the numbers mean. To be called once, after a recorder is installed.
pub(crate) fn describe() {
    metrics::describe_counter!(CALLS, "calls answered, by status and code");
    metrics::describe_histogram!(
        DURATION,
        metrics::Unit::Seconds,
        "from the head of a request until its answer may leave"
    );
    metrics::describe_counter!(UNSIGNED, "answers that left unsigned, as the token failed");
    metrics::describe_gauge!(CONNECTIONS, "connections that callers hold");
    metrics::describe_counter!(ASKED, "questions to other nodes, by kind and answer");
    metrics::describe_histogram!(
        ASKING,
        metrics::Unit::Seconds,
        "from a question to another node until its answer"
    );
    metrics::describe_counter!(ANSWERED, "questions of other nodes, by kind and answer");
}

/// One thread's handles to what is counted with every call, so that none is looked up by its name
/// each time.
pub(crate) struct Meters {
    duration: Histogram,
    /// By class of status and by code: as many as occur, some dozens at most.
    calls: RefCell<Vec<(&'static str, &'static str, Counter)>>,
}

impl Meters {
    /// Of a worker that starts. The process's recorder must be installed before: what a meter was
    /// made for, it counts for.
    pub(crate) fn new() -> Self {
        Self { duration: metrics::histogram!(DURATION), calls: RefCell::default() }
    }

    /// Counts a call and writes its line, with no path and no person.
    pub(crate) fn count(
        &self,
        envelope: &Envelope,
        status: StatusCode,
        code: Option<ErrorCode>,
        about: Option<&About>,
    ) {
        let elapsed = envelope.started.elapsed();
        let code = code.map_or("ok", ErrorCode::as_str);
        self.increment(status_label(status), code);
        self.duration.record(elapsed.as_secs_f64());
        tracing::debug!(
            target: "gateway::access",
            request_id = %envelope.id,
            status = status.as_u16(),
            code,
            service = about
                .and_then(|about| about.service.as_ref())
                .map(|service| tracing::field::display(&service.id)),
            operation = about.and_then(|about| about.operation.as_deref()),
            micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        );
    }

    fn increment(&self, status: &'static str, code: &'static str) {
        let mut calls = self.calls.borrow_mut();
        let known = calls.iter().find(|known| (known.0, known.1) == (status, code));
        if let Some((_, _, counter)) = known {
            return counter.increment(1);
        }
        let counter = metrics::counter!(CALLS, "status" => status, "code" => code);
        counter.increment(1);
        calls.push((status, code, counter));
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meters({} counters)", self.calls.borrow().len())
    }
}

/// One more answer that leaves without the signature it was to have.
pub(crate) fn count_unsigned() {
    metrics::counter!(UNSIGNED).increment(1);
}

/// One more connection, until the guard is dropped.
pub(crate) fn connection() -> impl Drop {
    struct Held;
    impl Drop for Held {
        fn drop(&mut self) {
            metrics::gauge!(CONNECTIONS).decrement(1);
        }
    }
    metrics::gauge!(CONNECTIONS).increment(1);
    Held
}

/// A question to another node that is under way.
#[derive(Debug)]
pub(crate) struct Asking {
    kind: &'static str,
    since: tokio::time::Instant,
}

impl Asking {
    pub(crate) fn begin(kind: &'static str) -> Self {
        Self { kind, since: tokio::time::Instant::now() }
    }

    /// `None`: unanswered.
    pub(crate) fn end(self, answer: Option<Answer>) {
        let label = answer.map_or("none", Answer::label);
        metrics::counter!(ASKED, "kind" => self.kind, "answer" => label).increment(1);
        metrics::histogram!(ASKING).record(self.since.elapsed().as_secs_f64());
    }
}

/// Counts what another node was answered.
pub(crate) fn answered(answer: Answer) {
    metrics::counter!(ANSWERED, "kind" => answer.kind(), "answer" => answer.label()).increment(1);
}

/// The class of a status, so that a provider cannot make a thousand series.
fn status_label(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
