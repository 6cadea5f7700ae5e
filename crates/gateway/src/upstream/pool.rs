//! One thread's connections to providers.

use std::cell::RefCell;
use std::sync::Arc;

use foldhash::HashMap;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::connect::{Connected, connect};
use super::h1::{self, Line, Unanswered};
use super::incoming::{Incoming, Sent, Source};
use super::line::SharedLine;
use super::request::ProviderRequest;
use super::{Upstream, UpstreamFault};
use crate::config::UpstreamConfig;
use crate::fields::Fields;
use crate::held_body::HeldBody;

/// The connections of one thread, by scheme and authority: idle ones of HTTP/1.1, and those of
/// HTTP/2, idle or not.
pub(crate) struct Pool {
    config: UpstreamConfig,
    tls: TlsConnector,
    idle: RefCell<IdleLines>,
    shared: RefCell<HashMap<Arc<str>, Vec<SharedLine>>>,
}

type IdleLines = HashMap<Arc<str>, Vec<Idle>>;

#[derive(Debug)]
struct Idle {
    line: Line,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(config: UpstreamConfig, tls: TlsConnector) -> Self {
        Self { config, tls, idle: RefCell::default(), shared: RefCell::default() }
    }

    /// Sends a request and waits for the head of its answer; the caller sets the time limit.
    /// Dropping the future cuts the provider off.
    pub(crate) async fn send(
        &self,
        upstream: &Upstream,
        mut request: Box<ProviderRequest>,
    ) -> Result<Sent, UpstreamFault> {
        while let Some(known) = self.take(&upstream.origin) {
            let shared = known.shared();
            match send_over(known, upstream, request).await {
                Ok(sent) => return Ok(sent),
                // The provider had closed this idle connection, or takes no more over it.
                Err(Unanswered::Unsent(unsent)) => request = unsent,
                Err(Unanswered::Fault(fault)) => return Err(fault),
            }
            // So that each round has one connection less to try.
            if let Some(line) = shared {
                self.forget(&upstream.origin, &line);
            }
        }
        // A handshake's state is large and rare: not part of every call's.
        let connected = Box::pin(connect(upstream, &self.config, &self.tls)).await?;
        if let Connected::Shared(line) = &connected {
            let mut shared = self.shared.borrow_mut();
            shared.entry(Arc::clone(&upstream.origin)).or_default().push(line.clone());
        }
        match send_over(connected, upstream, request).await {
            Ok(sent) => Ok(sent),
            Err(Unanswered::Unsent(_)) => Err(UpstreamFault::Unreachable),
            Err(Unanswered::Fault(fault)) => Err(fault),
        }
    }

    /// A shared connection with room, else the idle one used last that is still good.
    fn take(&self, origin: &str) -> Option<Connected> {
        if let Some(lines) = self.shared.borrow_mut().get_mut(origin) {
            lines.retain(|line| !line.sender.is_closed());
            if let Some(line) = lines.iter().find(|line| line.has_room()) {
                return Some(Connected::Shared(line.clone()));
            }
        }
        let mut idle = self.idle.borrow_mut();
        let lines = idle.get_mut(origin)?;
        while let Some(Idle { mut line, since }) = lines.pop() {
            if line.is_quiet() && since.elapsed() < self.config.keep_idle {
                return Some(Connected::Line(line));
            }
        }
        None
    }

    fn forget(&self, origin: &str, line: &SharedLine) {
        if let Some(lines) = self.shared.borrow_mut().get_mut(origin) {
            lines.retain(|one| !one.is_same(line));
        }
    }

    /// Takes back the connection of an answer; it serves again if that was read whole.
    pub(crate) fn give_back(&self, answer: Incoming) {
        let Source::Own { origin, body } = answer.0 else {
            return;
        };
        let Some(line) = body.into_line() else {
            return;
        };
        let idle = Idle { line, since: Instant::now() };
        let mut lines = self.idle.borrow_mut();
        let lines = lines.entry(origin).or_default();
        if lines.len() < self.config.idle_per_provider {
            lines.push(idle);
        }
    }

    /// Closes connections that have been idle too long.
    pub(crate) fn sweep(&self) {
        let keep_idle = self.config.keep_idle;
        self.idle.borrow_mut().retain(|_, lines| {
            lines.retain_mut(|idle| idle.line.is_quiet() && idle.since.elapsed() < keep_idle);
            !lines.is_empty()
        });
        self.shared.borrow_mut().retain(|_, lines| {
            lines.retain(|line| line.is_kept(keep_idle));
            !lines.is_empty()
        });
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} idle providers)", self.idle.borrow().len())
    }
}

async fn send_over(
    connected: Connected,
    upstream: &Upstream,
    request: Box<ProviderRequest>,
) -> Result<Sent, Unanswered> {
    match connected {
        Connected::Line(line) => {
            let (status, headers, body) = h1::ask(line, request).await?;
            let body = Incoming(Source::Own { origin: Arc::clone(&upstream.origin), body });
            Ok(Sent { status, headers, body })
        }
        // hyper's state for a stream is large: not part of every call's.
        Connected::Shared(line) => Box::pin(send_shared(line, upstream, request)).await,
    }
}

async fn send_shared(
    mut line: SharedLine,
    upstream: &Upstream,
    mut request: Box<ProviderRequest>,
) -> Result<Sent, Unanswered> {
    let stream = line.begin();
    let has_body = request.has_body();
    let Some(asked) = request.for_h2(upstream) else {
        return Err(Unanswered::Fault(UpstreamFault::Malformed));
    };
    match line.sender.try_send_request(asked).await {
        Ok(response) => {
            let (head, body) = response.into_parts();
            let body = Incoming(Source::Shared { body, _stream: stream });
            Ok(Sent { status: head.status, headers: Fields::from(&head.headers), body })
        }
        Err(mut failed) => {
            // A body can be read once only.
            let body = match failed.take_message() {
                Some(given_back) => Some(given_back.into_body()),
                None if !has_body && is_unprocessed(failed.error()) => Some(HeldBody::empty()),
                None => None,
            };
            Err(match body {
                Some(body) => {
                    request.body = body;
                    Unanswered::Unsent(request)
                }
                None => Unanswered::Fault(fault_of(failed.error())),
            })
        }
    }
}

fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Whether the provider said that it has not looked at the request (RFC 9113 §8.7): a stream it
/// refused, or one that its GOAWAY without an error leaves out.
fn is_unprocessed(error: &hyper::Error) -> bool {
    h2_error(error).is_some_and(|error| {
        let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let is_left_out = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (is_refused || is_left_out)
    })
}

/// What an error says about the provider. An error of our own body also ends here; then the
/// body's verdict is what counts.
fn fault_of(error: &hyper::Error) -> UpstreamFault {
    if is_unprocessed(error) {
        return UpstreamFault::Unreachable;
    }
    // A frame that breaks the protocol is found on this side.
    let is_bad_frame = h2_error(error).is_some_and(h2::Error::is_library);
    if error.is_parse() || error.is_parse_too_large() || is_bad_frame {
        UpstreamFault::Malformed
    } else {
        UpstreamFault::BrokeOff
    }
}
