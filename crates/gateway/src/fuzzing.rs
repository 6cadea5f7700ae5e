//! The door through which fuzz targets reach what this crate keeps to itself: the readers of
//! strangers' bytes. Only there with the feature `fuzzing`, which nothing that is shipped names.

use http::HeaderName;
use transport::TrustedProxies;

use crate::cluster;
use crate::fields::Fields;
use crate::forwarded;
use crate::h1;
use crate::hygiene;
use crate::target::{CameBy, PublicUrls, Scheme, Target};
use crate::upstream::{self, Upstream};

/// It is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// A request head as the gateway understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadHead {
    /// The method.
    pub method: String,
    /// The request target as it was sent.
    pub target: String,
    /// Names in small letters, and values.
    pub fields: Vec<(String, Vec<u8>)>,
    /// How many bytes the body has; `None`: it comes in chunks.
    pub content_length: Option<u64>,
    /// Whether another request may follow.
    pub keep_alive: bool,
    /// How many bytes the head has, its empty line included.
    pub length: usize,
}

/// A chunked body as the gateway understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBody {
    /// The data of all chunks.
    pub data: Vec<u8>,
    /// How many trailer lines there were.
    pub trailers: usize,
    /// How many bytes it has, its empty line included.
    pub length: usize,
}

/// A provider's answer as the gateway understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAnswer {
    /// The status.
    pub status: u16,
    /// Names in small letters, and values.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub data: Vec<u8>,
    /// Whether the connection would carry the next request.
    pub serves_again: bool,
}

/// Reads what a provider answers to a GET, arriving `step` bytes at a time and ending with the
/// connection.
pub fn answer(bytes: &[u8], step: usize) -> Result<ReadAnswer, Unreadable> {
    upstream::h1::fuzzing::answer(bytes, step)
}

/// Reads the first head of what arrives `step` bytes at a time; `None`: it has not ended.
pub fn head(arrived: &[u8], step: usize) -> Result<Option<ReadHead>, Unreadable> {
    h1::fuzzing::head(arrived, step)
}

/// Reads a chunked body that arrives `step` bytes at a time; `None`: it has not ended.
pub fn chunks(body: &[u8], step: usize) -> Result<Option<ReadBody>, Unreadable> {
    h1::fuzzing::chunks(body, step)
}

/// `@target-uri` and `@path` of a raw request target beside this Host, at
/// `http://gateway.example`.
pub fn target(raw: &str, host: &str) -> Option<(String, String)> {
    let url = "http://gateway.example".parse().ok()?;
    let ours = PublicUrls::new(&[url], ([127, 0, 0, 1], 80).into(), Scheme::Http).ok()?;
    let fields = fields(&[("host", host.as_bytes())]);
    let target = Target::read(raw, &fields, &CameBy::connection(Scheme::Http), &ours).ok()?;
    Some((target.uri().to_owned(), target.path().to_owned()))
}

/// The names of the lines of a request that its provider would see, with this field signed.
pub fn names_towards_provider(lines: &[(&str, &[u8])], signed: &str) -> Vec<String> {
    let kept = hygiene::towards_provider(&fields(lines), |name| name == signed.as_bytes());
    kept.lines().map(|line| String::from_utf8_lossy(line.name()).into_owned()).collect()
}

/// The peer, scheme and host of a call that came over TLS from 10.0.0.1 and brought this
/// `Forwarded`, where 10.0.0.0/8 are trusted proxies; `None`: it is refused.
pub fn forwarded(value: &[u8]) -> Option<(String, &'static str, Option<String>)> {
    let proxies = TrustedProxies::parse(["10.0.0.0/8"]).ok()?;
    let peer = [10, 0, 0, 1].into();
    let fields = fields(&[("forwarded", value)]);
    let said = forwarded::read(&proxies, peer, Scheme::Https, &fields).ok()?;
    let host = said.came_by.host.map(Into::into);
    Some((said.peer.to_string(), said.came_by.scheme.as_str(), host))
}

/// An address of a service as the gateway prints it, and the target it makes of this path.
pub fn upstream(text: &str, path: &str) -> Option<(String, String)> {
    let upstream = Upstream::parse(text).ok()?;
    Some((upstream.to_string(), upstream.target(path)))
}

/// The lines that can be lines.
fn fields(lines: &[(&str, &[u8])]) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in lines {
        if HeaderName::from_bytes(name.as_bytes()).is_ok() {
            let _ = fields.push(name, value);
        }
    }
    fields
}

/// What another node would have read of the first frame of these bytes: how many bytes it takes,
/// and the frames that say its question and its answer again. `None`: it has not ended.
pub fn peer_message(received: &[u8]) -> Result<Option<ReadFrame>, Unreadable> {
    cluster::fuzzing::read(received)
}

/// A frame between nodes as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFrame {
    /// How many bytes it takes.
    pub length: usize,
    /// The same question, written again; `None`: it is none, or of a kind not known.
    pub question: Option<Vec<u8>>,
    /// The same answer, written again.
    pub answer: Option<Vec<u8>>,
}
