//! One connection, from its first byte until it is known which protocol it speaks.
//!
//! **Invariant**: until then it may be asked to leave like any connection without a whole head, and
//! has no longer than one may take. **Trust**: handshakes cost this side more than the other, so
//! whoever is slow here is the first to go.

use std::net::IpAddr;
use std::rc::Rc;

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use transport::{Arrived, Stream};

use super::{Phase, Worker};
use crate::h2::Resumed;
use crate::{h1, h2};

/// How an HTTP/2 connection begins (RFC 9113 §3.4).
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection whose protocol is known.
struct Begun {
    stream: Stream,
    /// What was read to know it.
    arrived: BytesMut,
    peer: IpAddr,
    is_h2: bool,
}

/// Serves one connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    peer: IpAddr,
    worker: &Rc<Worker>,
    mut phase: watch::Receiver<Phase>,
) {
    let begun = {
        let dismissed = Rc::<Notify>::default();
        let _waiting = worker.seats.wait(&dismissed);
        tokio::select! {
            biased;
            () = dismissed.notified() => return,
            begun = timeout(worker.gate.config.limits.head, begin(stream, peer, worker)) => begun,
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
        }
    };
    let Ok(Some(Begun { stream, arrived, peer, is_h2 })) = begun else {
        return;
    };
    if is_h2 {
        h2::serve(Resumed::new(stream, arrived), peer, worker, phase).await;
    } else {
        h1::serve(stream, arrived, peer, worker, phase).await;
    }
}

/// `None`: it came to no session, and nobody can be answered.
async fn begin(stream: TcpStream, peer: IpAddr, worker: &Worker) -> Option<Begun> {
    let config = &worker.gate.config;
    let Arrived { mut stream, peer } = match config.acceptor.accept(stream, peer).await {
        Ok(arrived) => arrived,
        Err(reason) => {
            tracing::debug!(%peer, %reason, "a connection came to no session");
            return None;
        }
    };
    let mut arrived = BytesMut::new();
    let mut is_h2 = stream.speaks_h2();
    if config.h2_without_tls && !stream.is_tls() {
        while arrived.len() < H2_PREFACE.len() && H2_PREFACE.starts_with(&arrived) {
            if stream.read_buf(&mut arrived).await.ok()? == 0 {
                return None;
            }
        }
        is_h2 = arrived.starts_with(H2_PREFACE);
    }
    Some(Begun { stream, arrived, peer, is_h2 })
}
