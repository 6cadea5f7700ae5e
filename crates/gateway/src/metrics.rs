//! What operators count, and the access log: path templates, never paths.

use http::StatusCode;

use crate::passage::{Envelope, Summary};

/// Calls answered, by status and refusal code (`ok` without one).
const CALLS: &str = "lgsp_gateway_calls_total";
/// From the request's head to the moment its answer may leave.
const DURATION: &str = "lgsp_gateway_call_seconds";
/// Connections that callers hold.
const CONNECTIONS: &str = "lgsp_gateway_connections";

/// Says what the numbers mean. To be called once, after a recorder is installed.
pub(crate) fn describe() {
    metrics::describe_counter!(CALLS, "calls answered, by status and code");
    metrics::describe_histogram!(
        DURATION,
        metrics::Unit::Seconds,
        "from the head of a request until its answer may leave"
    );
    metrics::describe_gauge!(CONNECTIONS, "connections that callers hold");
}

/// Counts a call and writes its line.
pub(crate) fn count(envelope: &Envelope, status: StatusCode, summary: &Summary) {
    let elapsed = envelope.started.elapsed();
    let code = summary.code.map_or("ok", wire::error_code::ErrorCode::as_str);
    metrics::counter!(CALLS, "status" => status_label(status), "code" => code).increment(1);
    metrics::histogram!(DURATION).record(elapsed.as_secs_f64());
    tracing::debug!(
        target: "gateway::access",
        request_id = %envelope.id,
        status = status.as_u16(),
        code,
        service = summary.about.service.as_ref().map(|service| tracing::field::display(&service.id)),
        operation = summary.about.operation.as_deref(),
        micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
    );
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
