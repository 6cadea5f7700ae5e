//! Callers that take their time: slow heads, slow bodies, answers that nobody reads, half-closed
//! connections. The limits are made short; nothing is measured.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::hostile::scene::Scene;
use crate::provider::{Provider, full};

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_without_an_answer() {
    let short = Duration::from_millis(30);
    let scene = Scene::with(|setting| setting.config.limits.head = short).await;
    let head = Ask::get("/units").head(&scene.city);
    for part in ["G", "GET /", "\r", "\r\n\r\n\r\n", head.strip_suffix("\r\n").unwrap()] {
        let mut line = scene.city.line().await;
        line.send(part.as_bytes()).await;
        assert!(line.is_closed().await, "{part:?}");
    }
    assert_eq!(scene.tape.bytes(), b"");
}

#[tokio::test]
async fn a_body_that_stops_is_refused_and_recorded_and_never_ends_at_the_provider() {
    for chunked in [false, true] {
        let short = Duration::from_millis(50);
        let scene = Scene::with(|setting| setting.config.limits.body_idle = short).await;
        let ask = Ask::post("/units", "hello").with(|ask| ask.chunked = chunked);
        let part = if chunked { "5\r\nhel" } else { "hel" };
        let mut line = scene.city.line().await;
        line.send(format!("{}{part}", ask.head(&scene.city)).as_bytes()).await;
        let answer = line.answer(false).await;
        assert_eq!((answer.status, &*answer.code()), (408, "request.timeout"));
        assert_eq!(answer.header("connection"), Some("close"));
        line.try_send(b"lo\r\n0\r\n\r\n").await;
        assert!(line.is_closed().await);
        assert_eq!(scene.city.entry_of(&answer).await.outcome, "request.timeout");
        assert_eq!(scene.tape.requests(), []);
    }
}

#[tokio::test]
async fn a_body_that_is_never_begun_is_refused() {
    let short = Duration::from_millis(50);
    let scene = Scene::with(|setting| setting.config.limits.body_idle = short).await;
    let mut line = scene.city.line().await;
    line.send(Ask::post("/units", "hello").head(&scene.city).as_bytes()).await;
    assert_eq!(line.answer(false).await.code(), "request.timeout");
    assert!(line.is_closed().await);
    assert_eq!(scene.tape.requests(), []);
}

/// A city whose provider answers with so much that it does not fit between two sockets.
async fn before_a_long_answer() -> City {
    let provider = Provider::answering(|_| http::Response::new(full(vec![b'x'; 64 << 20]))).await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.body_idle = Duration::from_millis(100);
    setting.start().await
}

#[tokio::test]
async fn a_caller_that_never_reads_is_given_up_and_its_call_recorded_as_aborted() {
    let city = before_a_long_answer().await;
    let size = city.log.size();
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    // Only the head is read.
    let id = line.head().await.header("lgsp-request-id").unwrap().to_owned();
    assert_eq!(city.entry_after(size).await.action, "call.opened");
    let closed = city.entry_after(size + 1).await;
    assert_eq!((&*closed.action, &*closed.outcome), ("call.closed", "aborted"));
    assert_eq!(closed.subject["request_id"], id);
}

#[tokio::test]
async fn a_caller_that_closes_its_sending_half_has_left() {
    let scene = Scene::new().await;
    let mut stream = tokio::net::TcpStream::connect(scene.city.address()).await.unwrap();
    // Within a head: nothing was asked.
    stream.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await.unwrap();
    assert_eq!(rest, b"");
    // Within a body: the call is refused in the log.
    let size = scene.city.log.size();
    let mut stream = tokio::net::TcpStream::connect(scene.city.address()).await.unwrap();
    let head = Ask::post("/units", "hello").head(&scene.city);
    stream.write_all(format!("{head}hel").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let entry = scene.city.entry_after(size).await;
    assert_eq!((&*entry.action, &*entry.outcome), ("call.refused", "request.malformed"));
    assert_eq!(scene.tape.requests(), []);
}
