//! HTTP/1.1 towards callers: one connection, its calls one after the other.
//!
//! Own code on `httparse` rather than hyper's server, because a gateway must see what hyper
//! repairs or answers by itself: the exact request target (a fragment is refused, not dropped), a
//! length beside a transfer coding (refused, not resolved), and unreadable heads (answered with a
//! request id, and recorded). See [`head`] for what is refused, [`reader`] for how a body and a
//! leaving caller are seen, [`writer`] for answers.
//!
//! **Invariant**: a connection on which the end of a message is in doubt carries no further call.
//! **Trust**: this is the first code a stranger's bytes meet; every loop here is bounded by a
//! limit or a time-out.

mod chunked;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod head;
mod reader;
mod writer;

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio::time::timeout;
use transport::{ReadHalf, Stream, WriteHalf};

pub(crate) use self::chunked::{Chunks, Step};
use self::head::ConnectionTerms;
use self::reader::{Event, NoHead, Reader};
use self::writer::{Undeliverable, Writer};
use crate::passage::{self, Answered, Arrival};
use crate::request::{BadHead, Head, RequestBody};
use crate::server::{Phase, Worker};
use crate::target::Scheme;

/// How long a caller may take to read a refusal of a body it is still sending.
const LINGER: Duration = Duration::from_secs(2);
/// How much of such a body is thrown away.
const LINGER_READS: usize = 64;

/// A caller's connection.
struct Connection<'w> {
    worker: &'w Worker,
    peer: IpAddr,
    scheme: Scheme,
    reader: Rc<RefCell<Reader<ReadHalf>>>,
    writer: Writer<WriteHalf>,
    phase: watch::Receiver<Phase>,
    /// No call has come yet.
    is_new: bool,
    /// Notified when the connection is to make room for another.
    dismissed: Rc<Notify>,
}

/// What to do after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Call,
    /// Close, giving the caller time to read the answer.
    Linger,
    /// Close at once.
    Close,
}

/// Serves one connection until either side ends it, or the gateway drains and the call at
/// hand is answered. `arrived`: what was read of it already.
pub(crate) async fn serve(
    stream: Stream,
    arrived: BytesMut,
    peer: IpAddr,
    worker: &Worker,
    phase: watch::Receiver<Phase>,
) {
    let scheme = if stream.is_tls() { Scheme::Https } else { Scheme::Http };
    let (read, write) = stream.into_split();
    let mut connection = Connection {
        worker,
        peer,
        scheme,
        reader: Rc::new(RefCell::new(Reader::new(read, arrived))),
        writer: Writer::new(write, worker.gate.config.limits.body_idle),
        phase,
        is_new: true,
        dismissed: Rc::default(),
    };
    while let Some((head, terms)) = connection.next_head().await {
        // Boxed, so that a connection between two calls does not keep the room that a call needs.
        match Box::pin(connection.exchange(head, terms)).await {
            Next::Call => {}
            Next::Linger => return connection.linger().await,
            Next::Close => return connection.close(),
        }
    }
    connection.writer.finish().await;
}

impl Connection<'_> {
    /// The next head, good or bad; `None` when the connection is over.
    async fn next_head(&mut self) -> Option<(Result<Head, BadHead>, ConnectionTerms)> {
        let limits = &self.worker.gate.config.limits;
        let reader = &self.reader;
        let _waiting = self.worker.seats.wait(&self.dismissed);
        let patience = if self.is_new { limits.head.min(limits.idle) } else { limits.idle };
        self.is_new = false;
        let begun = timeout(patience, poll_fn(|cx| reader.borrow_mut().poll_begun(cx)));
        let has_begun = tokio::select! {
            biased;
            () = self.dismissed.notified() => false,
            begun = begun => begun.unwrap_or(false),
            _ = self.phase.wait_for(|phase| *phase != Phase::Serving) => false,
        };
        if !has_begun {
            return None;
        }
        let parse = |bytes: &[u8]| head::parse(bytes, limits.max_fields);
        let head = poll_fn(|cx| reader.borrow_mut().poll_head(cx, limits.max_head_bytes, parse));
        let head = tokio::select! {
            biased;
            () = self.dismissed.notified() => return None,
            head = timeout(limits.head, head) => head,
        };
        match head {
            Ok(Ok(Ok(parsed))) => Some((Ok(parsed.head), parsed.connection)),
            Ok(Ok(Err(bad)) | Err(NoHead::Bad(bad))) => Some((Err(bad), ConnectionTerms::LAST)),
            Ok(Err(NoHead::Closed)) | Err(_) => None,
        }
    }

    /// One call: the passage runs while the caller is watched, then its answer is sent.
    async fn exchange(&mut self, head: Result<Head, BadHead>, terms: ConnectionTerms) -> Next {
        match &head {
            Ok(head) => self.reader.borrow_mut().begin_body(head.framing, terms.expects_continue),
            Err(_) => self.reader.borrow_mut().give_up(),
        }
        let body = RequestBody::new(self.reader.clone());
        let arrival = Arrival { head, body, peer: self.peer, scheme: self.scheme };
        let Some((answered, _under_way)) = self.pass(arrival).await else {
            return Next::Close;
        };

        let keeps = terms.keep_alive
            && !answered.gives_up_on_caller()
            && self.reader.borrow().is_worth_finishing()
            && *self.phase.borrow() == Phase::Serving;
        let reader = &self.reader;
        let gone = poll_fn(|cx| reader.borrow_mut().poll_gone(cx));
        let sent = tokio::select! {
            biased;
            sent = self.writer.send(answered, terms, keeps) => sent,
            // Dropping a long answer records that it broke off.
            () = gone => Err(Undeliverable),
        };
        match sent {
            Ok(true) if self.finish_body().await => Next::Call,
            Ok(_) => Next::Linger,
            Err(Undeliverable) => Next::Close,
        }
    }

    /// `None`: the caller left. Dropping the passage then records what became of the call.
    async fn pass(&mut self, arrival: Arrival) -> Option<(Answered, Option<OwnedSemaphorePermit>)> {
        let worker = self.worker;
        let mut passage = pin!(async {
            // The semaphore is never closed.
            let under_way = Arc::clone(&worker.calls).acquire_owned().await.ok();
            (passage::pass(worker, arrival).await, under_way)
        });
        loop {
            let reader = &self.reader;
            let event = tokio::select! {
                biased;
                answered = &mut passage => return Some(answered),
                event = poll_fn(|cx| reader.borrow_mut().poll_event(cx)) => event,
            };
            match event {
                Event::CallerGone => return None,
                Event::ContinueWanted => self.writer.send_continue().await.ok()?,
            }
        }
    }

    /// Reads over the rest of a short body that a refusal left behind. False: it did not come.
    async fn finish_body(&mut self) -> bool {
        if self.reader.borrow().is_between_calls() {
            return true;
        }
        let body = RequestBody::new(self.reader.clone());
        let rest = poll_fn(|cx| {
            loop {
                match std::task::ready!(body.poll_piece(cx)) {
                    Some(Ok(_)) => {}
                    Some(Err(_)) => return Poll::Ready(false),
                    None => return Poll::Ready(true),
                }
            }
        });
        timeout(LINGER, rest).await.unwrap_or(false)
    }

    /// Closes at once. An answer that ends with its connection must not look whole, so then the
    /// caller is shown that it was cut off.
    fn close(self) {
        if self.writer.is_framed_by_close() {
            self.reader.borrow().io().cut_off(self.writer.into_io());
        }
    }

    /// Closes so that the answer arrives: closing with unread bytes would make the system send a
    /// reset, which can overtake the answer (RFC 9112 §9.6).
    async fn linger(&mut self) {
        self.writer.finish().await;
        let reader = &self.reader;
        if reader.borrow().is_between_calls() {
            return;
        }
        let discard = async {
            for _ in 0..LINGER_READS {
                if !poll_fn(|cx| reader.borrow_mut().poll_discard(cx)).await {
                    break;
                }
            }
        };
        // When the time is over the connection is dropped, whatever the caller still sends.
        let _ = timeout(LINGER, discard).await;
    }
}
