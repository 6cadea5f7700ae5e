//! HTTP/2 towards callers: one connection, its calls side by side.
//!
//! hyper's server frames; here its requests become a [`Head`](crate::request::Head) and a body as
//! those of `h1` do, and go the same passage. See `head` for what is refused beyond what hyper
//! and `h2` refuse by themselves (RFC 9113 §8.1.1: with a reset), `body` for both directions,
//! `streams` for callers that do not take their answers.
//!
//! **Invariant**: what one caller can make this process hold is bounded by `Limits` and the
//! windows below; a stream that ends early drops its passage, which records what became of it.
//! **Trust**: a stranger's frames are read by the `h2` crate; floods of resets, of header
//! fragments and of settings end the connection there.

mod body;
mod calls;
mod head;
mod resumed;
mod streams;

use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Notify, watch};

use self::body::{AnswerStream, RequestStream};
use self::calls::{Call, Calls};
pub(crate) use self::resumed::Resumed;
use self::streams::Streams;
use crate::config::Limits;
use crate::passage::{self, AnswerBody, Arrival};
use crate::request::RequestBody;
use crate::server::{Phase, Worker};
use crate::target::Scheme;

/// How much of one body may be on its way before it is read on; a call holds at most so much.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// How much of all bodies of a connection may be.
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// How much of an answer waits for its caller.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Streams that were reset before anybody looked at them (CVE-2023-44487); more end the connection.
const MOST_RESET_STREAMS: usize = 20;
/// Streams that this side had to reset because of the caller's errors; more end the connection.
const MOST_FAULTY_STREAMS: usize = 100;
/// How often a quiet peer is asked whether it is there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);
/// How long a connection that was told to end may begin further calls, and how long it may take to
/// end once it has none.
const LINGER: Duration = Duration::from_secs(2);

/// Serves one connection until either side ends it, or the gateway drains and the calls at hand
/// are answered.
pub(crate) async fn serve(
    stream: Resumed,
    peer: IpAddr,
    worker: &Rc<Worker>,
    mut phase: watch::Receiver<Phase>,
) {
    let limits = &worker.gate.config.limits;
    let scheme = if stream.is_tls() { Scheme::Https } else { Scheme::Http };
    let calls = Rc::new(Calls::default());
    let service = {
        let (worker, calls) = (Rc::clone(worker), Rc::clone(&calls));
        service_fn(move |request| {
            let (worker, call) = (Rc::clone(&worker), calls.begin(LINGER));
            async move {
                // Nothing was done for it: it may be sent again elsewhere.
                let call = call.ok_or_else(|| ::h2::Error::from(::h2::Reason::REFUSED_STREAM))?;
                Ok::<_, ::h2::Error>(answer(request, peer, scheme, worker, call).await)
            }
        })
    };
    let http = settings(limits);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let dismissed = Rc::<Notify>::default();
    let mut patience = limits.head.min(limits.idle);
    let mut is_leaving = false;
    loop {
        let is_idle = calls.are_none();
        let _waiting = (is_idle && !is_leaving).then(|| worker.seats.wait(&dismissed));
        let must_leave = tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a caller's connection ended");
                }
                return;
            }
            () = calls.changed() => {
                patience = if is_leaving { LINGER } else { limits.idle };
                false
            }
            () = dismissed.notified(), if is_idle && !is_leaving => true,
            _ = phase.wait_for(|phase| *phase != Phase::Serving), if !is_leaving => true,
            () = tokio::time::sleep(patience), if is_idle => {
                if is_leaving {
                    return;
                }
                true
            }
        };
        if must_leave {
            // GOAWAY: calls under way are answered, and those that were on their way meanwhile. A
            // caller that goes on as if it had not heard would keep its seat for ever.
            is_leaving = true;
            calls.leave();
            patience = LINGER;
            connection.as_mut().graceful_shutdown();
        }
    }
}

fn settings(limits: &Limits) -> http2::Builder<Streams> {
    let most_header_bytes = u32::try_from(limits.max_head_bytes).unwrap_or(u32::MAX);
    let mut http = http2::Builder::new(Streams::new(limits.body_idle));
    http.timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(limits.streams_per_connection)
        .max_pending_accept_reset_streams(MOST_RESET_STREAMS)
        .max_local_error_reset_streams(MOST_FAULTY_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        // Heads up to twice the limit are read, so that they can be refused by name.
        .max_header_list_size(most_header_bytes.saturating_mul(2))
        .auto_date_header(false);
    http
}

/// One call: its passage, then its answer. Dropping it (the caller reset the stream, or left)
/// records what became of it.
async fn answer(
    request: Request<Incoming>,
    peer: IpAddr,
    scheme: Scheme,
    worker: Rc<Worker>,
    call: Call,
) -> Response<AnswerStream> {
    // The semaphore is never closed.
    let under_way = Arc::clone(&worker.calls).acquire_owned().await.ok();
    let (parts, body) = request.into_parts();
    let head = head::read(parts, body.is_end_stream(), &worker.gate.config.limits);
    let body = RequestBody::new(RequestStream::shared(body));
    let arrival = Arrival { head, body, peer, scheme };
    let (status, headers, body) = passage::pass(&worker, arrival).await.into_parts();
    // What is whole already needs no provider any more. A caller, even one that nobody knows, that
    // grants no window for it keeps its stream, but not the calls of others out.
    let under_way = under_way.filter(|_| matches!(body, AnswerBody::Long(_)));
    let told_length = match &body {
        AnswerBody::None { length } => *length,
        AnswerBody::Whole(_) | AnswerBody::Long(_) => None,
    };
    let mut response = Response::new(AnswerStream::new(body, (call, under_way)));
    *response.status_mut() = status;
    *response.headers_mut() = headers.to_map(|_| false);
    if let Some(length) = told_length {
        response.headers_mut().insert("content-length", HeaderValue::from(length));
    }
    response
}
