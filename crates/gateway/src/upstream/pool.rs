//! One thread's connections to providers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::connect::{Connected, connect};
use super::line::{Line, SharedLine, Stream};
use super::{Upstream, UpstreamFault, form};
use crate::config::UpstreamConfig;
use crate::held_body::HeldBody;

/// How long a connection whose answer was read may take to be ready for the next request.
const SETTLING: Duration = Duration::from_secs(1);

/// The connections of one thread, by scheme and authority: idle ones of HTTP/1.1, and those of
/// HTTP/2, idle or not.
pub(crate) struct Pool {
    config: UpstreamConfig,
    tls: TlsConnector,
    idle: Rc<RefCell<IdleLines>>,
    shared: RefCell<HashMap<Box<str>, Vec<SharedLine>>>,
}

type IdleLines = HashMap<Box<str>, Vec<Idle>>;

#[derive(Debug)]
struct Idle {
    line: Line,
    since: Instant,
}

/// The head of an answer, its body to come, and the connection it comes over.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) response: Response<Incoming>,
    pub(crate) lease: Lease,
}

/// A connection in use. Dropped before it is given back, a line of its own is cut off; of a shared
/// one only the stream, with the answer's body.
#[derive(Debug)]
pub(crate) struct Lease(Held);

#[derive(Debug)]
enum Held {
    Own { origin: Box<str>, line: Line },
    Shared { _stream: Stream },
}

/// What became of a request that has no answer.
enum Unanswered {
    /// Here it is again; surely nobody has acted on it.
    Unsent(Box<Request<HeldBody>>),
    Fault(UpstreamFault),
}

impl Pool {
    pub(crate) fn new(config: UpstreamConfig, tls: TlsConnector) -> Self {
        Self { config, tls, idle: Rc::default(), shared: RefCell::default() }
    }

    /// Sends a request and waits for the head of its answer; the caller sets the time limit.
    /// Dropping the future cuts the provider off.
    pub(crate) async fn send(
        &self,
        upstream: &Upstream,
        mut request: Request<HeldBody>,
    ) -> Result<Sent, UpstreamFault> {
        while let Some(known) = self.take(&upstream.origin) {
            let shared = known.shared();
            match send_over(known, upstream, request).await {
                Ok(sent) => return Ok(sent),
                // The provider had closed this idle connection, or takes no more over it.
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
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
            shared.entry(upstream.origin.clone()).or_default().push(line.clone());
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
        while let Some(Idle { line, since }) = lines.pop() {
            if !line.sender.is_closed() && since.elapsed() < self.config.keep_idle {
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

    /// Takes back a connection whose answer has been read whole.
    pub(crate) fn give_back(&self, lease: Lease) {
        let Held::Own { origin, mut line } = lease.0 else {
            return;
        };
        if line.sender.is_closed() {
            return;
        }
        let most = self.config.idle_per_provider;
        if line.sender.is_ready() {
            keep(&self.idle, origin, line, most);
            return;
        }
        // It is still settling: a moment later it is ready, or it never will be (a provider that
        // answered without reading the whole request).
        let idle = Rc::clone(&self.idle);
        tokio::task::spawn_local(async move {
            if let Ok(Ok(())) = timeout(SETTLING, line.sender.ready()).await {
                keep(&idle, origin, line, most);
            }
        });
    }

    /// Closes connections that have been idle too long.
    pub(crate) fn sweep(&self) {
        let keep_idle = self.config.keep_idle;
        self.idle.borrow_mut().retain(|_, lines| {
            lines.retain(|idle| !idle.line.sender.is_closed() && idle.since.elapsed() < keep_idle);
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
    request: Request<HeldBody>,
) -> Result<Sent, Unanswered> {
    match connected {
        Connected::Line(mut line) => {
            let request = form::for_h1(request, upstream);
            match line.sender.try_send_request(request).await {
                Ok(response) => {
                    let lease = Lease(Held::Own { origin: upstream.origin.clone(), line });
                    Ok(Sent { response, lease })
                }
                Err(mut failed) => Err(match failed.take_message() {
                    Some(unsent) => Unanswered::Unsent(Box::new(unsent)),
                    None => Unanswered::Fault(fault_of(failed.error())),
                }),
            }
        }
        Connected::Shared(mut line) => {
            let stream = line.begin();
            let request = form::for_h2(request, upstream);
            let again = form::again(&request);
            match line.sender.try_send_request(request).await {
                Ok(response) => {
                    Ok(Sent { response, lease: Lease(Held::Shared { _stream: stream }) })
                }
                Err(mut failed) => Err(
                    match failed
                        .take_message()
                        .or_else(|| again.filter(|_| is_unprocessed(failed.error())))
                    {
                        Some(unsent) => Unanswered::Unsent(Box::new(unsent)),
                        None => Unanswered::Fault(fault_of(failed.error())),
                    },
                ),
            }
        }
    }
}

fn keep(idle: &RefCell<IdleLines>, origin: Box<str>, line: Line, most: usize) {
    let mut idle = idle.borrow_mut();
    let lines = idle.entry(origin).or_default();
    if lines.len() < most {
        lines.push(Idle { line, since: Instant::now() });
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
