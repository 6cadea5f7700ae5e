//! The asked side: one thread that receives the other nodes and answers their questions.
//!
//! **Invariant**: a claim is in the hands of the system (it survives kill -9) before it is
//! answered; what arrives together is judged and written together. **Trust**: whoever connects is
//! a node of the list, or is gone before its first question is read.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::judge;
use super::message::{self, Next, Question};
use super::tls::PROTOCOL;
use crate::gate::Gate;
use crate::server::Phase;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(3);
/// How long a node may be silent: it asks when its callers do, and connects anew when it needs to.
const IDLE: Duration = Duration::from_mins(10);
/// How long a node may take to read its answers.
const WRITING: Duration = Duration::from_secs(5);
/// Connections at once: so many threads has a platform at most.
const MOST_CONNECTIONS: usize = 1024;
/// How long to wait when the system cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What is read at once.
const READ_BYTES: usize = 32 * 1024;

/// Answers until the gateway has ended, so that calls that drain are still decided.
pub(crate) async fn serve(
    gate: Arc<Gate>,
    listener: TcpListener,
    mut phase: watch::Receiver<Phase>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "no node can ask this one"),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase == Phase::Ending) => return,
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn_local(receive(Arc::clone(&gate), stream));
                }
                Err(error) => {
                    tracing::warn!(%error, "a node's connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn receive(gate: Arc<Gate>, stream: TcpStream) {
    let members = gate.cluster.as_ref().and_then(|cluster| cluster.members.load_full());
    let Some(acceptor) = members.and_then(|members| members.acceptor.clone()) else {
        return;
    };
    // A system that cannot set it is only slower.
    let _ = stream.set_nodelay(true);
    let stream = match timeout(HANDSHAKE, TlsAcceptor::from(acceptor).accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::warn!(%error, "somebody was refused who is no node"),
        Err(_) => return,
    };
    let session = stream.get_ref().1;
    let certificate = session.peer_certificates().and_then(<[_]>::first).cloned();
    let (Some(certificate), Some(PROTOCOL)) = (certificate, session.alpn_protocol()) else {
        return;
    };
    let (input, output) = tokio::io::split(stream);
    if let Err(error) = answer(&gate, certificate.as_ref(), input, output).await {
        tracing::debug!(%error, "a node's connection ended");
    }
}

async fn answer(
    gate: &Gate,
    certificate: &[u8],
    mut input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let malformed = || std::io::Error::new(std::io::ErrorKind::InvalidData, "malformed question");
    let mut received = Vec::with_capacity(READ_BYTES);
    let (mut questions, mut bytes) = (Vec::new(), Vec::new());
    loop {
        let read = timeout(IDLE, input.read_buf(&mut received)).await;
        if read.map_err(|_| std::io::ErrorKind::TimedOut)?? == 0 {
            return Ok(());
        }
        let mut taken = 0;
        loop {
            match message::next(received.get(taken..).unwrap_or_default()) {
                Next::Frame(frame, length) => {
                    let question = Question::read(frame).ok_or_else(malformed)?;
                    questions.push((frame.number, question));
                    taken += length;
                }
                Next::Incomplete => break,
                Next::Malformed => return Err(malformed()),
            }
        }
        received.drain(..taken);
        bytes.clear();
        // A node that has left the list since is not answered.
        judge::answer(gate, certificate, &mut questions, &mut bytes)
            .ok_or(std::io::ErrorKind::PermissionDenied)?;
        let written = timeout(WRITING, async {
            output.write_all(&bytes).await?;
            output.flush().await
        });
        written.await.map_err(|_| std::io::ErrorKind::TimedOut)??;
    }
}
