//! A consumer's connection: sends bytes as they are, reads answers byte by byte. Over HTTP/2 the same
//! bytes become streams (`line::h2`), so that the same tests judge both.

mod h2;
mod sealed;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::h2::H2Line;
use crate::cell::{Cell, cell};

/// No test may hang: what takes longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the gateway.
pub struct Line {
    way: Way,
    arrived: Vec<u8>,
}

enum Way {
    Plain(TcpStream),
    /// Through a task that enciphers: a handshake may have to wait until the gateway accepts.
    Tls(DuplexStream),
    H2(Box<H2Line>),
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub trailers: Vec<(String, String)>,
    /// The body came to its end.
    pub is_whole: bool,
}

impl Line {
    pub async fn connect(address: std::net::SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let way = match cell() {
            Cell::Plain => Way::Plain(stream),
            Cell::Tls => Way::Tls(sealed::through_tls(stream)),
            Cell::H2 => Way::H2(Box::new(H2Line::new(stream))),
        };
        Self { way, arrived: Vec::new() }
    }

    /// Sends a request and reads its answer.
    pub async fn ask(&mut self, request: &[u8]) -> Answer {
        self.send(request).await;
        self.answer(request.starts_with(b"HEAD ")).await
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.write(bytes).await.unwrap();
    }

    /// Sends as much as the gateway takes; it may close in between.
    pub async fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.write(bytes).await;
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let written = async {
            match &mut self.way {
                Way::Plain(stream) => stream.write_all(bytes).await,
                Way::Tls(stream) => stream.write_all(bytes).await,
                Way::H2(line) => {
                    line.send(bytes);
                    Ok(())
                }
            }
        };
        timeout(PATIENCE, written).await.expect("stuck")
    }

    pub async fn answer(&mut self, is_head: bool) -> Answer {
        if let Way::H2(line) = &mut self.way {
            return timeout(PATIENCE, line.answer()).await.expect("nothing came");
        }
        let mut answer = self.head().await;
        let has_none = is_head || matches!(answer.status, 100..200 | 204 | 304);
        if has_none {
            answer.is_whole = true;
        } else if answer.header("transfer-encoding").is_some() {
            answer.is_whole = self.chunks(&mut answer).await.is_some();
        } else {
            let length = answer.header("content-length").unwrap().parse().unwrap();
            answer.is_whole = self.fill(length).await;
            answer.body = self.take(length);
        }
        answer
    }

    /// Only the head; its body is still to come.
    pub async fn head(&mut self) -> Answer {
        if let Way::H2(line) = &mut self.way {
            return timeout(PATIENCE, line.head()).await.expect("nothing came");
        }
        let text = self.lines().await.expect("the connection closed without an answer");
        let mut lines = text.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Answer { status, headers, body: Vec::new(), trailers: Vec::new(), is_whole: false }
    }

    async fn chunks(&mut self, answer: &mut Answer) -> Option<()> {
        loop {
            let size = self.line().await?;
            let size = usize::from_str_radix(&size, 16).unwrap();
            if size == 0 {
                break;
            }
            let came = self.fill(size + 2).await;
            let mut data = self.take(size + 2);
            data.truncate(size);
            answer.body.extend(data);
            came.then_some(())?;
        }
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(": ") else {
                return Some(());
            };
            answer.trailers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Everything up to the next empty line.
    async fn lines(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Some(text);
            }
            text += &line;
            text.push('\n');
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.arrived.windows(2).position(|bytes| bytes == b"\r\n") {
                let line = self.take(end + 2);
                return Some(String::from_utf8(line[..end].to_vec()).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn fill(&mut self, length: usize) -> bool {
        while self.arrived.len() < length {
            if !self.more().await {
                return false;
            }
        }
        true
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let length = length.min(self.arrived.len());
        self.arrived.drain(..length).collect()
    }

    async fn more(&mut self) -> bool {
        let read = async {
            match &mut self.way {
                Way::Plain(stream) => stream.read_buf(&mut self.arrived).await,
                Way::Tls(stream) => stream.read_buf(&mut self.arrived).await,
                Way::H2(line) => {
                    line.closed().await;
                    Ok(0)
                }
            }
        };
        timeout(PATIENCE, read).await.expect("nothing came").unwrap_or(0) > 0
    }

    /// Whether the gateway has closed the connection and sent nothing more.
    pub async fn is_closed(&mut self) -> bool {
        self.arrived.is_empty() && !self.more().await
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(line, _)| line == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a refusal, after checking that it has all a refusal has.
    pub fn code(&self) -> String {
        let problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"].as_str(), self.header("lgsp-request-id"));
        for member in ["type", "title", "detail", "fault", "retry", "next_step"] {
            assert!(problem[member].is_string(), "{member} is missing");
        }
        problem["code"].as_str().unwrap().to_owned()
    }
}
