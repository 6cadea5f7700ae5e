//! A server that answers as the platform does, from the outside: it verifies the caller with
//! `wire`, answers with digest and signature, and serves a log of its own as files.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming as Body;
use keys::{CallerKey, Ed25519Key, SystemRandomness};
use parking_lot::Mutex;
use url::Url;
use wire::ambient::{Clock, UtcMicros};
use wire::checkpoint::Checkpoint;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::entry::{Entry, Kind};
use wire::header::SIGNATURE_TAG;
use wire::id::{EntryId, RequestId};
use wire::merkle::{leaf_hash, root_of};
use wire::note::{NoteVerifier, SignedNote, note_signature_line};
use wire::signature::policy::{Carried, DigestPlace, check_request, response_components};
use wire::signature::{
    Parameters, find_requested, find_tagged, serialise_input, serialise_signature, signature_base,
    signature_bytes,
};
use wire::tile::encode_entry;
use wire::trust::{PlatformKey, TrustFile, TrustedLog};

use crate::outgoing::{Incoming, Outgoing, joined};

pub(super) const ORIGIN: &str = "test.example/log";
/// How many entries the log has; the call's own is the last but one.
pub(super) const SIZE: u64 = 300;

/// A clock that stands at 2026-11-23T08:00:00Z.
pub(super) struct Standing;

impl Clock for Standing {
    fn now(&self) -> UtcMicros {
        UtcMicros::from_seconds(1_795_420_800)
    }
}

/// What the server does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    Body,
    Signature,
    Unsigned,
    /// Digest and signature stand in the trailers, as of a long answer.
    AllInTrailers,
    DigestInTrailer,
    /// The signature leaves the body out, as of a long answer without trailers.
    HeadSigned,
    NoDigest,
    BreaksOff,
}

pub(super) struct Platform {
    pub(super) url: Url,
    pub(super) trust: TrustFile,
    pub(super) request_id: RequestId,
    pub(super) files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    pub(super) log_key: Ed25519Key,
}

struct State {
    flaw: Flaw,
    caller: CallerKey,
    response_key: Ed25519Key,
    request_id: RequestId,
    clock: Arc<Standing>,
    origin: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

pub(super) async fn start(flaw: Flaw, caller: CallerKey, clock: &Arc<Standing>) -> Platform {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (response_key, log_key) = (new_key(), new_key());
    let request_id = RequestId::new(clock.now(), &SystemRandomness);
    let files = Arc::new(Mutex::new(log_files(&log_key, request_id, clock.now())));
    let trust = trust(&response_key, &log_key);
    let state = Arc::new(State {
        flaw,
        caller,
        response_key,
        request_id,
        clock: Arc::clone(clock),
        origin: origin.clone(),
        files: Arc::clone(&files),
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let state = Arc::clone(&state);
            let service =
                hyper::service::service_fn(move |request| answer(Arc::clone(&state), request));
            let stream = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(stream, service),
            );
        }
    });
    Platform { url: origin.parse().unwrap(), trust, request_id, files, log_key }
}

fn new_key() -> Ed25519Key {
    Ed25519Key::generate(&SystemRandomness).unwrap()
}

fn trust(response_key: &Ed25519Key, log_key: &Ed25519Key) -> TrustFile {
    let from = UtcMicros::MIN;
    TrustFile {
        logs: vec![TrustedLog {
            origin: ORIGIN.parse().unwrap(),
            vkey: NoteVerifier::new(ORIGIN, log_key.public_key()).unwrap(),
            from,
            until: None,
        }],
        platform_keys: vec![PlatformKey {
            keyid: "platform-1".to_owned(),
            alg: "ed25519".to_owned(),
            public_key_pem: response_key.public_key_pem(),
            from,
            until: None,
        }],
        ..TrustFile::default()
    }
}

/// All files of the log: 300 entries, so two tiles and one above.
pub(super) fn log_files(
    key: &Ed25519Key,
    request_id: RequestId,
    now: UtcMicros,
) -> BTreeMap<String, Vec<u8>> {
    let entries: Vec<Vec<u8>> =
        (0..SIZE).map(|index| entry(index, request_id, now).to_canonical().unwrap()).collect();
    let leaves: Vec<_> = entries.iter().map(|bytes| leaf_hash(bytes)).collect();
    let bundle = |entries: &[Vec<u8>]| {
        let mut bundle = Vec::new();
        for entry in entries {
            encode_entry(&mut bundle, entry).unwrap();
        }
        bundle
    };
    let root = root_of(leaves.iter().copied());
    let origin = ORIGIN.parse().unwrap();
    let text = Checkpoint { origin, size: SIZE, root }.to_string();
    let line = note_signature_line(ORIGIN, &key.public_key(), &key.sign(text.as_bytes()));
    BTreeMap::from([
        ("checkpoint".to_owned(), SignedNote::assemble(&text, &[line]).into_bytes()),
        ("tile/0/000".to_owned(), leaves[..256].concat()),
        ("tile/0/001.p/44".to_owned(), leaves[256..].concat()),
        ("tile/1/000.p/1".to_owned(), root_of(leaves[..256].iter().copied()).to_vec()),
        ("tile/entries/000".to_owned(), bundle(&entries[..256])),
        ("tile/entries/001.p/44".to_owned(), bundle(&entries[256..])),
    ])
}

fn entry(index: u64, request_id: RequestId, now: UtcMicros) -> Entry {
    let time = UtcMicros::from_micros(now.as_micros() + i64::try_from(index).unwrap());
    let is_the_call = index + 2 == SIZE;
    let request_id = if is_the_call { request_id } else { RequestId::new(time, &SystemRandomness) };
    Entry {
        id: EntryId::new(time, &SystemRandomness),
        time,
        kind: Kind::Call,
        action: "call.completed".to_owned(),
        actor: None,
        subject: BTreeMap::from([("request_id".to_owned(), request_id.to_string())]),
        outcome: "200".to_owned(),
        directory: None,
        commitments: BTreeMap::new(),
        sequence: None,
    }
}

type Answer = Response<Frames>;

async fn answer(state: Arc<State>, request: Request<Body>) -> Result<Answer, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if let Some(path) = parts.uri.path().strip_prefix("/log/") {
        let file = state.files.lock().get(path).cloned();
        let status = if file.is_some() { 200 } else { 404 };
        let frames = vec![Ok(Frame::data(Bytes::from(file.unwrap_or_default())))];
        return Ok(respond(status, HeaderMap::new(), frames));
    }
    let sent = Outgoing {
        url: format!("{}{}", state.origin, parts.uri).parse().unwrap(),
        method: parts.method,
        headers: parts.headers,
    };
    if let Err(why) = verify(&state, &sent, &body) {
        let frames = vec![Ok(Frame::data(Bytes::from(why)))];
        return Ok(respond(401, HeaderMap::new(), frames));
    }
    Ok(answer_verified(&state, &sent, body))
}

/// Exactly what a gateway has to check of a caller.
fn verify(state: &State, sent: &Outgoing, body: &[u8]) -> Result<(), String> {
    let field = joined(&sent.headers, "signature-input").ok_or("no signature")?;
    let input = find_tagged(&field, SIGNATURE_TAG).map_err(|error| error.to_string())?;
    let input = input.ok_or("no tag")?;
    let purpose = joined(&sent.headers, "lgsp-purpose").is_some();
    let carried = Carried { body: !body.is_empty(), purpose };
    check_request(&input, carried, state.clock.now())
        .map_err(|refusal| refusal.code.to_string())?;
    if let Some(digest) = joined(&sent.headers, "content-digest") {
        let said = ContentDigest::parse(&digest).map_err(|error| error.to_string())?;
        if said != ContentDigest::of(said.algorithm(), body) {
            return Err("digest.mismatch".to_owned());
        }
    }
    let base = signature_base(&input, sent).map_err(|error| error.to_string())?;
    let signature = joined(&sent.headers, "signature").unwrap_or_default();
    let signature = signature_bytes(&signature, input.label).unwrap().unwrap();
    if state.caller.verify(&base, &signature) {
        Ok(())
    } else {
        Err("signature.invalid".to_owned())
    }
}

fn answer_verified(state: &State, sent: &Outgoing, body: Bytes) -> Answer {
    let mut answered = if body.is_empty() { Bytes::from_static(b"[\"xa\"]") } else { body };
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, &answered).to_string();
    let digest = HeaderValue::from_str(&digest).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("lgsp-entry", format!("{ORIGIN}/{}", SIZE - 2).parse().unwrap());
    headers.insert("lgsp-request-id", state.request_id.to_string().parse().unwrap());
    let mut trailers = HeaderMap::new();
    match state.flaw {
        Flaw::NoDigest => {}
        Flaw::DigestInTrailer | Flaw::AllInTrailers => {
            // What is not announced, hyper does not send.
            let all = "content-digest, signature-input, signature";
            headers.insert("trailer", HeaderValue::from_static(all));
            trailers.insert("content-digest", digest);
        }
        Flaw::HeadSigned => {
            let lines = sign(state, sent, &headers, &trailers, DigestPlace::Nowhere);
            headers.extend(lines);
        }
        _ => {
            headers.insert("content-digest", digest);
        }
    }
    if state.flaw == Flaw::AllInTrailers {
        let lines = sign(state, sent, &headers, &trailers, DigestPlace::Trailers);
        trailers.extend(lines);
    } else if headers.contains_key("content-digest") && state.flaw != Flaw::Unsigned {
        let lines = sign(state, sent, &headers, &trailers, DigestPlace::Head);
        headers.extend(lines);
    }
    if state.flaw == Flaw::Body {
        answered = Bytes::from_static(b"[\"phuong\"]");
    }
    let mut frames = vec![Ok(Frame::data(answered))];
    if !trailers.is_empty() {
        frames.push(Ok(Frame::trailers(trailers)));
    }
    if state.flaw == Flaw::BreaksOff {
        frames.push(Err(io::ErrorKind::ConnectionReset.into()));
    }
    respond(200, headers, frames)
}

fn sign(
    state: &State,
    sent: &Outgoing,
    headers: &HeaderMap,
    trailers: &HeaderMap,
    place: DigestPlace,
) -> HeaderMap {
    let mut lines = HeaderMap::new();
    let Some(wanted) = joined(&sent.headers, "accept-signature") else {
        return lines;
    };
    let wanted = find_requested(&wanted, SIGNATURE_TAG).unwrap().unwrap();
    let parameters = Parameters {
        created: Some(state.clock.now().as_seconds()),
        keyid: Some("platform-1".into()),
        tag: Some(SIGNATURE_TAG.into()),
        ..Parameters::default()
    };
    assert_eq!(wanted.components, response_components("sig1", DigestPlace::Head));
    let components = response_components("sig1", place);
    let text = serialise_input(wanted.label, &components, &parameters).unwrap();
    let input = find_tagged(&text, SIGNATURE_TAG).unwrap().unwrap();
    let status = if state.flaw == Flaw::Signature { "500" } else { "200" };
    let base =
        signature_base(&input, &Incoming { status, headers, trailers, request: sent }).unwrap();
    let signature = serialise_signature(wanted.label, &state.response_key.sign(&base));
    lines.insert("signature-input", text.parse().unwrap());
    lines.insert("signature", signature.parse().unwrap());
    lines
}

fn respond(status: u16, headers: HeaderMap, frames: Vec<io::Result<Frame<Bytes>>>) -> Answer {
    let mut response = Response::new(Frames(frames.into()));
    *response.status_mut() = status.try_into().unwrap();
    *response.headers_mut() = headers;
    response
}

/// A body of frames that are there already.
struct Frames(VecDeque<io::Result<Frame<Bytes>>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front())
    }
}
