//! The asker's side: one kept connection per thread and node, many questions under way.
//!
//! **Invariant**: a question is sent at most once. When nobody knows whether it arrived, it is
//! answered [`Unanswered`] and its nonce may be spent: the caller signs anew. Asking again would
//! call a first use a replay.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wire::checkpoint::Origin;

use super::message::{self, Answer, Next, Question};
use super::node_list::Member;
use super::tls::PROTOCOL;

/// Questions to one node that one thread has under way; beyond it the node counts as overloaded.
/// Their answers fit into what a socket holds, so that neither side waits for the other to read.
const MOST_UNDER_WAY: usize = 1024;
/// Questions are gathered into one write up to this.
const WRITE_BYTES: usize = 16 * 1024;

/// The node gave no answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered;

/// One thread's connections to other nodes.
#[derive(Debug, Default)]
pub(crate) struct Lines(RefCell<HashMap<Origin, Rc<Line>>>);

/// A connection to one node, made when the first question is asked.
#[derive(Debug)]
struct Line {
    to: Arc<Member>,
    questions: mpsc::Sender<Asked>,
}

type Asked = (Question, oneshot::Sender<Answer>);
type Waiting = RefCell<HashMap<u32, oneshot::Sender<Answer>>>;

impl Lines {
    /// Asks a node. Must run within a `LocalSet`.
    pub(super) async fn ask(
        &self,
        to: &Arc<Member>,
        question: Question,
        patience: Duration,
    ) -> Result<Answer, Unanswered> {
        let line = self.line(to, patience);
        let (answer, answered) = oneshot::channel();
        line.questions.try_send((question, answer)).map_err(|_| Unanswered)?;
        match timeout(patience, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Unanswered),
            Err(_) => {
                // Whoever is silent for so long is not asked over this connection again.
                self.hang_up(&line);
                Err(Unanswered)
            }
        }
    }

    fn line(&self, to: &Arc<Member>, patience: Duration) -> Rc<Line> {
        let mut lines = self.0.borrow_mut();
        if let Some(line) = lines.get(&to.node.origin)
            && !line.questions.is_closed()
            && line.to.node.address == to.node.address
            && line.to.node.certificate == to.node.certificate
        {
            return Rc::clone(line);
        }
        let (questions, asked) = mpsc::channel(MOST_UNDER_WAY);
        let line = Rc::new(Line { to: Arc::clone(to), questions });
        lines.insert(to.node.origin.clone(), Rc::clone(&line));
        tokio::task::spawn_local(carry(Arc::clone(to), asked, patience));
        line
    }

    /// The connection ends when its last question in waiting has given up.
    fn hang_up(&self, line: &Rc<Line>) {
        let mut lines = self.0.borrow_mut();
        if lines.get(&line.to.node.origin).is_some_and(|current| Rc::ptr_eq(current, line)) {
            lines.remove(&line.to.node.origin);
        }
    }
}

/// Connects and carries until one side is gone. Questions that are left are dropped, which their
/// askers notice.
async fn carry(to: Arc<Member>, asked: mpsc::Receiver<Asked>, patience: Duration) {
    let origin = &to.node.origin;
    match timeout(patience, connect(&to)).await {
        Ok(Ok((input, output))) => {
            let waiting = Waiting::default();
            let ended = tokio::select! {
                ended = listen(input, &waiting) => ended,
                ended = speak(output, asked, &waiting) => ended,
            };
            match ended {
                Ok(()) => tracing::debug!(%origin, "a node is not asked any more"),
                Err(error) => tracing::info!(%origin, %error, "the connection to a node broke"),
            }
        }
        Ok(Err(error)) => tracing::warn!(%origin, %error, "a node cannot be asked"),
        Err(_) => tracing::warn!(%origin, "a node takes no connection in time"),
    }
}

async fn connect(
    to: &Member,
) -> std::io::Result<(impl AsyncRead + use<>, impl AsyncWrite + use<>)> {
    let invalid = |what| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    let connector = to.connector.clone().ok_or_else(|| invalid("its certificate is none"))?;
    let name = ServerName::try_from(keys::PeerKey::NAME).map_err(|_| invalid("no name"))?;
    let stream = TcpStream::connect(&to.node.address).await?;
    // A system that cannot set it is only slower.
    let _ = stream.set_nodelay(true);
    let stream = TlsConnector::from(connector).connect(name, stream).await?;
    if stream.get_ref().1.alpn_protocol() != Some(PROTOCOL) {
        return Err(invalid("it speaks another protocol"));
    }
    Ok(tokio::io::split(stream))
}

/// Writes questions as they come, those that came together in one go.
async fn speak(
    mut output: impl AsyncWrite + Unpin,
    mut asked: mpsc::Receiver<Asked>,
    waiting: &Waiting,
) -> std::io::Result<()> {
    let (mut bytes, mut number) = (Vec::new(), 0_u32);
    while let Some(first) = asked.recv().await {
        bytes.clear();
        let mut next = Some(first);
        while let Some((question, answer)) = next.take() {
            number = number.wrapping_add(1);
            // One that has stopped waiting is not asked: its nonce stays fresh.
            if !answer.is_closed() {
                question.put(number, &mut bytes);
                waiting.borrow_mut().insert(number, answer);
            }
            if bytes.len() < WRITE_BYTES {
                next = asked.try_recv().ok();
            }
        }
        if waiting.borrow().len() > MOST_UNDER_WAY {
            waiting.borrow_mut().retain(|_, answer| !answer.is_closed());
            if waiting.borrow().len() > MOST_UNDER_WAY {
                return Err(std::io::Error::other("it leaves too many questions unanswered"));
            }
        }
        output.write_all(&bytes).await?;
        output.flush().await?;
    }
    Ok(())
}

/// Hands answers to those who asked.
async fn listen(mut input: impl AsyncRead + Unpin, waiting: &Waiting) -> std::io::Result<()> {
    let malformed = || std::io::Error::new(std::io::ErrorKind::InvalidData, "malformed answer");
    let mut received = Vec::with_capacity(4 * message::MOST_BYTES);
    loop {
        if input.read_buf(&mut received).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let mut taken = 0;
        loop {
            match message::next(received.get(taken..).unwrap_or_default()) {
                Next::Frame(frame, length) => {
                    let answer = Answer::read(frame).ok_or_else(malformed)?;
                    // Whoever asked may have stopped waiting.
                    if let Some(waits) = waiting.borrow_mut().remove(&frame.number) {
                        let _gone = waits.send(answer);
                    }
                    taken += length;
                }
                Next::Incomplete => break,
                Next::Malformed => return Err(malformed()),
            }
        }
        received.drain(..taken);
    }
}
