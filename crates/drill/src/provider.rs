//! Providers of the tests' own: one that counts its calls, one that answers when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a provider does with a call once its head is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Answers at once.
    Answers,
    /// Keeps the caller waiting until it is told to answer.
    Waits,
}

/// A system of a provider's, listening on loopback until the runtime ends.
pub struct Provider {
    /// `http://address`, without a slash at its end.
    pub url: String,
    calls: Arc<AtomicUsize>,
    seen: UnboundedReceiver<String>,
    may_answer: Arc<Notify>,
}

impl Provider {
    /// Starts one that does so with every call.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let (sender, seen) = unbounded_channel();
        let may_answer = Arc::new(Notify::new());
        let (counted, told) = (calls.clone(), may_answer.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = (manner == Manner::Waits).then(|| told.clone());
                tokio::spawn(serve(stream, told, counted.clone(), sender.clone()));
            }
        });
        Self { url, calls, seen, may_answer }
    }

    /// Tells it to answer one call.
    pub fn answer(&self) {
        self.may_answer.notify_one();
    }

    /// How many calls have come in.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits for the next call and returns its request id.
    pub async fn next_request_id(&mut self) -> String {
        self.seen.recv().await.unwrap()
    }

    /// The request ids of all calls that have come in and were not taken yet.
    pub fn take_request_ids(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }
}

async fn serve(
    stream: TcpStream,
    told: Option<Arc<Notify>>,
    calls: Arc<AtomicUsize>,
    seen: UnboundedSender<String>,
) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("lgsp-request-id")
        {
            let _test_is_over = seen.send(value.trim().to_owned());
        }
        if line != "\r\n" {
            continue;
        }
        calls.fetch_add(1, Ordering::SeqCst);
        if let Some(told) = &told {
            told.notified().await;
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nhere you are";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}
