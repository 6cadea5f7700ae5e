//! A consumer that signs, or gets it wrong on purpose, and reads answers byte by byte.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::ambient::Clock;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::signature::{
    Component, Message, Name, Parameters, find_tagged, serialise_input, serialise_signature,
    signature_base,
};

use crate::city::{City, HMAC, SERVICE, signing_key};

/// No test may hang: what takes longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A call to be signed.
#[derive(Clone)]
pub struct Ask {
    pub method: String,
    /// As it is sent.
    pub target: String,
    /// Sent and, if named in `covered`, signed.
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub chunked: bool,
    pub key: String,
    /// The keyid that is claimed, if it is another.
    pub keyid: Option<String>,
    pub covered: Vec<&'static str>,
    /// Seconds before now; negative: after.
    pub age: i64,
    pub life: i64,
    pub nonce: Option<String>,
    pub alg: Option<&'static str>,
    pub tag: &'static str,
}

static NONCE: AtomicU64 = AtomicU64::new(0);

impl Ask {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: format!("/{SERVICE}{path}"),
            headers: Vec::new(),
            body: None,
            chunked: false,
            key: HMAC.to_owned(),
            keyid: None,
            covered: vec!["@method", "@target-uri"],
            age: 0,
            life: 60,
            nonce: Some(format!("n{}", NONCE.fetch_add(1, Ordering::SeqCst))),
            alg: None,
            tag: "lgsp",
        }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST with this body and its digest.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let digest = ContentDigest::of(DigestAlgorithm::Sha256, &body).to_string();
        let mut ask = Self::new("POST", path).header("content-digest", &digest);
        ask.covered.push("content-digest");
        ask.body = Some(body);
        ask
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The request as it goes over the line.
    pub fn bytes(&self, city: &City) -> Vec<u8> {
        let mut request = self.head(city).into_bytes();
        let body = self.body.as_deref().unwrap_or_default();
        if self.chunked {
            for chunk in body.chunks(1000) {
                request.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                request.extend(chunk);
                request.extend(b"\r\n");
            }
            request.extend(b"0\r\n\r\n");
        } else {
            request.extend(body);
        }
        request
    }

    /// The head with its empty line.
    pub fn head(&self, city: &City) -> String {
        let host = city.host();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if self.chunked {
            head += "Transfer-Encoding: chunked\r\n";
        } else if let Some(body) = &self.body {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        let (input, signature) = self.signature(city);
        head + &format!("Signature-Input: {input}\r\nSignature: {signature}\r\n\r\n")
    }

    /// `Signature-Input` and `Signature`.
    pub fn signature(&self, city: &City) -> (String, String) {
        let created = city.clock.now().as_seconds() - self.age;
        let keyid = self.keyid.as_deref().unwrap_or(&self.key);
        let parameters = Parameters {
            created: Some(created),
            expires: Some(created + self.life),
            nonce: self.nonce.as_deref().map(Into::into),
            keyid: Some(keyid.into()),
            alg: self.alg.map(Into::into),
            tag: Some(self.tag.into()),
        };
        let components: Vec<_> = self.covered.iter().map(|name| component(name)).collect();
        let input = serialise_input("sig", &components, &parameters).unwrap();
        let read_back = find_tagged(&input, self.tag).unwrap().unwrap();
        let signed = Signed {
            ask: self,
            public: &city.public,
        };
        let base = signature_base(&read_back, &signed).unwrap();
        let signature = serialise_signature("sig", &signing_key(&self.key).sign(&base));
        (input, signature)
    }
}

fn component(name: &'static str) -> Component<'static> {
    match name {
        "@method" => Component::new(Name::Method),
        "@target-uri" => Component::new(Name::TargetUri),
        "@authority" => Component::new(Name::Authority),
        "@path" => Component::new(Name::Path),
        "@query" => Component::new(Name::Query),
        field => Component::field(field),
    }
}

/// A call as its signer sees it.
pub struct Signed<'a> {
    pub ask: &'a Ask,
    pub public: &'a str,
}

impl Message for Signed<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<std::borrow::Cow<'_, str>> {
        let (path, query) = self
            .ask
            .target
            .split_once('?')
            .unwrap_or((&self.ask.target, ""));
        Some(match name {
            Name::Method => (&self.ask.method).into(),
            Name::TargetUri => format!("{}{}", self.public, self.ask.target).into(),
            Name::Authority => self.public.strip_prefix("http://")?.into(),
            Name::Path => path.into(),
            Name::Query => format!("?{query}").into(),
            _ => return None,
        })
    }

    fn field(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        let values = self
            .ask
            .headers
            .iter()
            .filter(|(line, _)| line.eq_ignore_ascii_case(name));
        let joined: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!joined.is_empty()).then(|| joined.join(", ").into())
    }
}

/// A connection to the gateway.
pub struct Line {
    stream: TcpStream,
    arrived: Vec<u8>,
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
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            arrived: Vec::new(),
        }
    }

    /// Sends a request and reads its answer.
    pub async fn ask(&mut self, request: &[u8]) -> Answer {
        self.send(request).await;
        self.answer(request.starts_with(b"HEAD ")).await
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.stream.write_all(bytes))
            .await
            .expect("stuck")
            .unwrap();
    }

    /// Sends as much as the gateway takes; it may close in between.
    pub async fn try_send(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.stream.write_all(bytes))
            .await
            .expect("stuck");
    }

    pub async fn answer(&mut self, is_head: bool) -> Answer {
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
        let text = self
            .lines()
            .await
            .expect("the connection closed without an answer");
        let mut lines = text.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Answer {
            status,
            headers,
            body: Vec::new(),
            trailers: Vec::new(),
            is_whole: false,
        }
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
        let read = self.stream.read_buf(&mut self.arrived);
        timeout(PATIENCE, read)
            .await
            .expect("nothing came")
            .unwrap_or(0)
            > 0
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
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(problem["status"], self.status);
        assert_eq!(
            problem["request_id"].as_str(),
            self.header("lgsp-request-id")
        );
        for member in ["type", "title", "detail", "fault", "retry", "next_step"] {
            assert!(problem[member].is_string(), "{member} is missing");
        }
        problem["code"].as_str().unwrap().to_owned()
    }
}
