//! A provider that keeps every byte that reaches it, and answers each whole request with the same
//! bytes. It reads as naively as it can: what it takes for a request, any provider might.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Tape {
    pub address: SocketAddr,
    /// What came over each connection, in the order in which they were accepted.
    lines: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A request as the tape reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Request line and header lines, in small letters, without their line ends.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Tape {
    /// Answers each whole request with 200 and `hello`.
    pub async fn friendly() -> Self {
        Self::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await
    }

    pub async fn answering(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let memory = Arc::clone(&lines);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                memory.lock().push(Vec::new());
                let number = memory.lock().len() - 1;
                tokio::spawn(record(stream, number, Arc::clone(&memory), answer));
            }
        });
        Self { address, lines }
    }

    /// Every byte that came.
    pub fn bytes(&self) -> Vec<u8> {
        self.lines.lock().concat()
    }

    /// The whole requests that came.
    pub fn requests(&self) -> Vec<Request> {
        self.lines.lock().iter().flat_map(|line| whole_requests(line)).collect()
    }
}

async fn record(
    mut stream: TcpStream,
    number: usize,
    memory: Arc<Mutex<Vec<Vec<u8>>>>,
    answer: &'static [u8],
) {
    let mut part = vec![0; 64 * 1024];
    let mut answered = 0;
    while let Ok(length @ 1..) = stream.read(&mut part).await {
        let whole = {
            let mut lines = memory.lock();
            lines[number].extend_from_slice(&part[..length]);
            whole_requests(&lines[number]).len()
        };
        for _ in answered..whole {
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
        answered = whole;
    }
}

fn whole_requests(mut line: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    while let Some((request, length)) = whole(line) {
        requests.push(request);
        line = &line[length..];
    }
    requests
}

/// The first request, if it is whole, and its length.
fn whole(line: &[u8]) -> Option<(Request, usize)> {
    let end = line.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&line[..end]).to_ascii_lowercase();
    let head: Vec<_> = head.split("\r\n").map(str::to_owned).collect();
    let mut rest = &line[end + 4..];
    let mut body = Vec::new();
    if head.iter().any(|line| line == "transfer-encoding: chunked") {
        loop {
            let end = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
            let size = std::str::from_utf8(&rest[..end]).ok()?;
            let size = usize::from_str_radix(size, 16).ok()?;
            body.extend(rest.get(end + 2..end + 2 + size)?);
            rest = rest.get(end + 2 + size + 2..)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = head.iter().find_map(|line| line.strip_prefix("content-length: "))
    {
        let length = length.parse().ok()?;
        body.extend(rest.get(..length)?);
        rest = &rest[length..];
    }
    Some((Request { head, body }, line.len() - rest.len()))
}

impl Request {
    /// The request line, in small letters.
    pub fn line(&self) -> &str {
        &self.head[0]
    }

    /// The values of every line of this name.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.head[1..].iter().filter_map(|line| line.split_once(": "));
        lines.filter(|(line, _)| *line == name).map(|(_, value)| value).collect()
    }
}
