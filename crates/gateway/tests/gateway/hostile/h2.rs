//! HTTP/2 whose frames are written by hand: what a library would not send must not become, on its
//! way to a provider that speaks HTTP/1.1, something else than it was.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::caller::Ask;
use crate::city::City;
use crate::hostile::scene::Scene;
use crate::line::PATIENCE;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// No longer one may be sent before the other side says so (RFC 9113 §6.5.2).
const LONGEST_FRAME: usize = 16 * 1024;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

type Field = (Vec<u8>, Vec<u8>);

/// What became of the one request that was sent.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It was answered with this body.
    Answered(Vec<u8>),
    /// Its stream was reset, or the connection ended: it is malformed (RFC 9113 §8.1.1).
    Reset,
}

impl Fate {
    fn is_bare(&self) -> bool {
        *self == Self::Answered(Vec::new())
    }

    /// The code of a refusal.
    fn code(&self) -> Option<String> {
        let Self::Answered(body) = self else {
            return None;
        };
        let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(problem["code"].as_str()?.to_owned())
    }
}

fn field(name: &str, value: &str) -> Field {
    (name.into(), value.into())
}

/// The fields of a signed call.
fn fields(city: &City, ask: &Ask) -> Vec<Field> {
    let (input, signature) = ask.signature(city);
    let mut fields = vec![
        field(":method", &ask.method),
        field(":scheme", "http"),
        field(":authority", city.host()),
        field(":path", &ask.target),
    ];
    fields.extend(ask.headers.iter().map(|(name, value)| field(name, value)));
    fields.extend([field("signature-input", &input), field("signature", &signature)]);
    fields
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// HPACK without its tables: each field literally, never indexed (RFC 7541 §6.2.3).
fn block(fields: &[Field]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0x10);
        for text in [name, value] {
            let length = text.len();
            if length < 127 {
                block.push(u8::try_from(length).unwrap());
            } else {
                block.push(127);
                let mut rest = length - 127;
                while rest >= 128 {
                    block.push(u8::try_from(rest % 128).unwrap() | 128);
                    rest /= 128;
                }
                block.push(u8::try_from(rest).unwrap());
            }
            block.extend(text);
        }
    }
    block
}

/// Sends one request over a connection of its own; `body`: the data frames behind its head.
async fn send(city: &City, fields: &[Field], body: &[&[u8]]) -> Fate {
    let mut stream = TcpStream::connect(city.address()).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    let block = block(fields);
    let parts: Vec<_> = block.chunks(LONGEST_FRAME).collect();
    for (number, part) in parts.iter().enumerate() {
        let ends = if number + 1 == parts.len() { END_HEADERS } else { 0 };
        let whole = if number == 0 && body.is_empty() { END_STREAM } else { 0 };
        let kind = if number == 0 { HEADERS } else { CONTINUATION };
        bytes.extend(frame(kind, ends | whole, 1, part));
    }
    for (number, data) in body.iter().enumerate() {
        let flags = if number + 1 == body.len() { END_STREAM } else { 0 };
        bytes.extend(frame(DATA, flags, 1, data));
    }
    // A connection that was ended in between is read to its end all the same.
    let _ = stream.write_all(&bytes).await;
    timeout(PATIENCE, fate(&mut stream)).await.expect("nothing came")
}

async fn fate(stream: &mut TcpStream) -> Fate {
    let mut answer = Vec::new();
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Fate::Reset;
        }
        let [a, b, c, kind, flags, stream_id @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() {
            return Fate::Reset;
        }
        match (kind, u32::from_be_bytes(stream_id)) {
            (DATA, 1) => answer.extend(payload),
            (RST_STREAM, 1) | (GOAWAY, 0) => return Fate::Reset,
            _ => {}
        }
        let ends = matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0;
        if ends && stream_id == [0, 0, 0, 1] {
            return Fate::Answered(answer);
        }
    }
}

async fn scene() -> Scene {
    Scene::with(|setting| setting.config.h2_without_tls = true).await
}

/// A good call in which `change` spoils something is reset, or refused with one of these codes;
/// nothing of it reaches the provider, and a refusal is in the log.
async fn spoilt(scene: &Scene, codes: &[&str], what: &str, change: impl FnOnce(&mut Vec<Field>)) {
    let city = &scene.city;
    city.clock.advance(Duration::from_mins(1));
    let size = city.log.size();
    let mut fields = fields(city, &Ask::get("/units"));
    change(&mut fields);
    let fate = send(city, &fields, &[]).await;
    match fate.code() {
        // Far beyond its limits, the `h2` crate answers 431 by itself, without a body.
        None => assert!(matches!(&fate, Fate::Reset) || fate.is_bare(), "{what}: {fate:?}"),
        Some(code) => {
            assert!(codes.contains(&&*code), "{what}: {code}");
            assert_eq!(city.entry_after(size).await.outcome, code);
        }
    }
    assert_eq!(scene.tape.bytes(), b"", "{what} reached the provider");
}

fn set(fields: &mut [Field], name: &str, value: &str) {
    let found = fields.iter_mut().find(|(line, _)| line == name.as_bytes()).unwrap();
    found.1 = value.into();
}

#[tokio::test]
async fn a_good_call_over_frames_written_by_hand_passes() {
    let scene = scene().await;
    let fate = send(&scene.city, &fields(&scene.city, &Ask::get("/units?a=b")), &[]).await;
    assert_eq!(fate, Fate::Answered(b"hello".to_vec()));
    let ask = Ask::post("/units", "hello");
    let mut with_length = fields(&scene.city, &ask);
    with_length.push(field("content-length", "5"));
    assert_eq!(send(&scene.city, &with_length, &[b"hel", b"", b"lo"]).await, fate);
    let untold = fields(&scene.city, &Ask::post("/units", "hello"));
    assert_eq!(send(&scene.city, &untold, &[b"hello"]).await, fate);
    let requests = scene.tape.requests();
    assert_eq!(requests[0].line(), "get /units?a=b http/1.1");
    assert_eq!((&*requests[1].body, &*requests[2].body), (&b"hello"[..], &b"hello"[..]));
    assert_eq!(requests[1].values("content-length"), ["5"]);
    assert_eq!(requests[2].values("transfer-encoding"), ["chunked"]);
}

#[tokio::test]
async fn strangers_that_grant_no_window_for_their_refusals_keep_no_caller_out() {
    let scene = Scene::with(|setting| {
        setting.config.h2_without_tls = true;
        // As many calls as connections: one of them takes its refusals all the time of the test.
        setting.config.limits.connections_per_thread = 2;
        setting.config.limits.body_idle = Duration::from_mins(10);
    })
    .await;
    let mut stranger = TcpStream::connect(scene.city.address()).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    bytes.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    let unsigned = &fields(&scene.city, &Ask::get("/units"))[..4];
    for stream in [1, 3] {
        bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(unsigned)));
    }
    stranger.write_all(&bytes).await.unwrap();
    let mut refused = 0;
    while refused < 2 {
        let mut head = [0; 9];
        stranger.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stranger.read_exact(&mut payload).await.unwrap();
        refused += usize::from(kind == HEADERS);
    }
    assert_eq!(scene.city.ask(&Ask::get("/units")).await.status, 200);
}

#[tokio::test]
async fn a_caller_that_does_not_hear_that_it_must_leave_makes_room_all_the_same() {
    let scene = Scene::with(|setting| {
        setting.config.h2_without_tls = true;
        setting.config.limits.connections_per_thread = 1;
    })
    .await;
    let mut deaf = TcpStream::connect(scene.city.address()).await.unwrap();
    deaf.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    deaf.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    // It takes what it is answered.
    deaf.write_all(&frame(WINDOW_UPDATE, 0, 0, &0x7000_0000_u32.to_be_bytes())).await.unwrap();
    let unsigned = block(&fields(&scene.city, &Ask::get("/units"))[..4]);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    // One call after the other, and never a word about what the gateway asks (PING) or says.
    let calling = tokio::spawn(async move {
        for stream in (1..).step_by(2) {
            let request = frame(HEADERS, END_HEADERS | END_STREAM, stream, &unsigned);
            if deaf.write_all(&request).await.is_err() || !answered(&mut deaf, stream).await {
                return;
            }
            begun.take().map(|begun| begun.send(()));
        }
    });
    has_begun.await.unwrap();
    assert_eq!(scene.city.ask(&Ask::get("/units")).await.status, 200);
    timeout(PATIENCE, calling).await.expect("it is still served").unwrap();
}

/// Reads until this stream is answered or reset. False: the connection has ended.
async fn answered(gateway: &mut TcpStream, stream: u32) -> bool {
    loop {
        let mut head = [0; 9];
        if gateway.read_exact(&mut head).await.is_err() {
            return false;
        }
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        if gateway.read_exact(&mut payload).await.is_err() {
            return false;
        }
        let ends = matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0;
        if u32::from_be_bytes(id) == stream && (ends || kind == RST_STREAM) {
            return true;
        }
    }
}

#[tokio::test]
async fn line_breaks_and_controls_in_fields_never_become_lines() {
    let scene = scene().await;
    for (name, value) in [
        ("x-a", "1\r\nx-injected: 1"),
        ("x-a", "1\nx-injected: 1"),
        ("x-a", "1\r"),
        ("x-a", "1\0"),
        ("x-a", " padded"),
        ("x-a\r\nx-injected", "1"),
        ("x-a: 1", "1"),
        ("x a", "1"),
        ("X-Capital", "1"),
        ("", "1"),
        ("x-\0", "1"),
        ("x-a", "1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        let what = format!("{name:?}: {value:?}");
        spoilt(&scene, &["request.malformed"], &what, |fields| fields.push(field(name, value)))
            .await;
    }
}

#[tokio::test]
async fn fields_of_a_connection_are_refused_over_http_2() {
    let scene = scene().await;
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("transfer-encoding", "identity"),
        ("connection", "close"),
        ("connection", "lgsp-purpose"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
    ] {
        let what = format!("{name}: {value}");
        spoilt(&scene, &["request.malformed"], &what, |fields| fields.push(field(name, value)))
            .await;
    }
}

#[tokio::test]
async fn pseudo_fields_stand_once_first_and_whole() {
    let scene = scene().await;
    let codes = [
        "request.malformed",
        "request.path_not_normal",
        "request.host_invalid",
        "signature.invalid",
    ];
    for name in [":method", ":scheme", ":authority", ":path"] {
        spoilt(&scene, &codes, &format!("{name} twice"), |fields| {
            let again = fields.iter().find(|(line, _)| line == name.as_bytes()).unwrap().clone();
            fields.insert(0, again);
        })
        .await;
        spoilt(&scene, &codes, &format!("{name} behind the fields"), |fields| {
            let at = fields.iter().position(|(line, _)| line == name.as_bytes()).unwrap();
            let late = fields.remove(at);
            fields.push(late);
        })
        .await;
        spoilt(&scene, &codes, &format!("no {name}"), |fields| {
            fields.retain(|(line, _)| line != name.as_bytes());
        })
        .await;
    }
    for (name, value) in [(":status", "200"), (":protocol", "websocket"), (":x", "1"), (":", "1")] {
        spoilt(&scene, &codes, name, |fields| fields.insert(0, field(name, value))).await;
    }
}

#[tokio::test]
async fn a_path_or_method_that_would_break_the_request_line_is_refused() {
    let scene = scene().await;
    let codes = ["request.malformed", "request.path_not_normal", "signature.invalid"];
    for path in [
        "/a b",
        "/a HTTP/1.1\r\nHost: other.example\r\n\r\nGET /b",
        "/a\r\nX: 1",
        "/a\tb",
        "/a\0",
        "",
        "*",
        "a",
        "http://other.example/",
        "//other.example/a",
        "/a/../b",
        "/a%2fb",
        "/a\\b",
        "/a#b",
        "/\u{e9}",
    ] {
        spoilt(&scene, &codes, path, |fields| set(fields, ":path", path)).await;
    }
    let codes = ["request.malformed", "connection.operation_not_allowed", "signature.invalid"];
    for method in ["GET /x", "GET\r\nX: 1", "", "G ET", "get", "GET\0"] {
        spoilt(&scene, &codes, method, |fields| set(fields, ":method", method)).await;
    }
    spoilt(
        &scene,
        &["request.path_not_normal", "request.foreign_authority"],
        "CONNECT",
        |fields| {
            set(fields, ":method", "CONNECT");
            fields.retain(|(name, _)| name != b":path" && name != b":scheme");
        },
    )
    .await;
}

#[tokio::test]
async fn authority_scheme_and_host_that_contradict_each_other_are_refused() {
    let scene = scene().await;
    let host = scene.city.host().to_owned();
    let codes = ["request.host_invalid", "request.foreign_authority", "request.malformed"];
    for authority in [
        "other.example",
        "user@HOST",
        "HOST:80",
        "HOST.",
        "HOST/x",
        "HOST?x",
        "",
        "HOST\r\nX: 1",
        "HOST other",
    ] {
        let authority = authority.replace("HOST", &host);
        spoilt(&scene, &codes, &authority, |fields| set(fields, ":authority", &authority)).await;
    }
    for said in ["other.example", "", "HOST, other.example"] {
        let said = said.replace("HOST", &host);
        spoilt(&scene, &codes, &said, |fields| fields.push(field("host", &said))).await;
    }
    spoilt(&scene, &codes, "two hosts", |fields| {
        fields.extend([field("host", &host), field("host", &host)]);
    })
    .await;
    let codes = ["request.foreign_authority", "request.path_not_normal", "request.malformed"];
    for scheme in ["https", "ftp", "http://x", ""] {
        spoilt(&scene, &codes, scheme, |fields| set(fields, ":scheme", scheme)).await;
    }
}

#[tokio::test]
async fn a_length_that_lies_over_http_2_leaves_no_whole_request() {
    let scene = scene().await;
    for (length, body) in [
        ("10", &[&b"hello"[..]][..]),
        ("3", &[b"hello"]),
        ("0", &[b"hello"]),
        ("5", &[b"hel", b"lo!"]),
        ("+5", &[b"hello"]),
        ("5, 5", &[b"hello"]),
        ("", &[b"hello"]),
        ("5", &[]),
    ] {
        let mut fields = fields(&scene.city, &Ask::post("/units", "hello"));
        fields.push(field("content-length", length));
        let fate = send(&scene.city, &fields, body).await;
        let is_refused = fate == Fate::Reset || fate.code().is_some();
        assert!(is_refused, "{length:?} {body:?}: {fate:?}");
        assert_eq!(scene.tape.requests(), [], "{length:?} {body:?}");
    }
    let mut twice = fields(&scene.city, &Ask::post("/units", "hello"));
    twice.extend([field("content-length", "5"), field("content-length", "6")]);
    let fate = send(&scene.city, &twice, &[b"hello"]).await;
    assert!(fate == Fate::Reset || fate.code().is_some(), "{fate:?}");
    assert_eq!(scene.tape.requests(), []);
}

#[tokio::test]
async fn ten_thousand_fields_and_a_field_of_100_kib_are_refused_over_http_2() {
    let scene = scene().await;
    let codes = ["request.head_too_large"];
    for length in [17 * 1024, 100 * 1024, 1 << 20] {
        spoilt(&scene, &codes, &format!("{length} bytes"), |fields| {
            fields.push(field("x", &"x".repeat(length)));
        })
        .await;
    }
    for count in [101, 500, 10_000] {
        spoilt(&scene, &codes, &format!("{count} fields"), |fields| {
            fields.extend((0..count).map(|_| field("x", "1")));
        })
        .await;
    }
}

#[tokio::test]
async fn a_connection_is_told_how_many_calls_and_how_long_heads_it_may_have() {
    let scene = Scene::with(|setting| {
        setting.config.h2_without_tls = true;
        setting.config.limits.streams_per_connection = 7;
        setting.config.limits.max_head_bytes = 10_000;
    })
    .await;
    let mut stream = TcpStream::connect(scene.city.address()).await.unwrap();
    let hello = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[])].concat();
    stream.write_all(&hello).await.unwrap();
    // The first frame is its settings (RFC 9113 §3.4), each a name of 16 and a value of 32 bits.
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let mut settings = vec![0; usize::from(head[2])];
    stream.read_exact(&mut settings).await.unwrap();
    assert_eq!(head[3], 4);
    let value = |name: u8| {
        let found = settings.chunks(6).find(|one| one[..2] == [0, name]).unwrap();
        u32::from_be_bytes(found[2..].try_into().unwrap())
    };
    // MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE.
    assert_eq!([value(3), value(4), value(6)], [7, 64 * 1024, 20_000]);
}
