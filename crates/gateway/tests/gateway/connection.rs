//! The connection itself: several calls over one, and when it ends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::caller::Ask;
use crate::city::{Setting, city};
use crate::provider::{Provider, full};

#[tokio::test]
async fn calls_follow_each_other_over_one_connection_and_share_one_to_the_provider() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    for number in 0..5 {
        let ask = if number % 2 == 0 { Ask::get("/") } else { Ask::post("/", "x".repeat(3000)) };
        assert_eq!(line.ask(&ask.bytes(&city)).await.status, 200);
    }
    let connections: std::collections::HashSet<_> =
        provider.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections.len(), 1);
}

#[tokio::test]
async fn pipelined_calls_are_answered_in_order() {
    let provider = Provider::answering(|seen| http::Response::new(full(seen.target.clone()))).await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    let mut all = Ask::get("/1").bytes(&city);
    all.extend(Ask::post("/2", "body").bytes(&city));
    all.extend(Ask::get("/3").bytes(&city));
    line.send(&all).await;
    for expected in ["/1", "/2", "/3"] {
        assert_eq!(line.answer(false).await.body, expected.as_bytes());
    }
}

#[tokio::test]
async fn after_a_refusal_the_connection_goes_on_if_its_body_is_short() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    let refused = Ask::post("/", "x".repeat(2000)).key("nobody");
    assert_eq!(line.ask(&refused.bytes(&city)).await.status, 401);
    assert_eq!(line.ask(&Ask::get("/").bytes(&city)).await.status, 200);
}

#[tokio::test]
async fn after_a_refusal_of_a_long_body_the_answer_still_arrives_and_the_connection_ends() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let refused = Ask::post("/", vec![b'x'; 600_000]).key("nobody").bytes(&city);
    let mut line = city.line().await;
    line.try_send(&refused).await;
    let answer = line.answer(false).await;
    assert_eq!((answer.status, answer.header("connection")), (401, Some("close")));
    assert!(line.is_closed().await);
}

#[tokio::test]
async fn after_what_cannot_be_understood_the_connection_ends() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    let mut bytes = b"nonsense\r\n\r\n".to_vec();
    bytes.extend(Ask::get("/").bytes(&city));
    let answer = line.ask(&bytes).await;
    assert_eq!((answer.status, answer.header("connection")), (400, Some("close")));
    assert!(line.is_closed().await);
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_caller_that_wants_to_close_or_speaks_http_1_0_gets_one_answer() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let closing = Ask::get("/").header("Connection", "close").bytes(&city);
    let old = String::from_utf8(Ask::get("/").bytes(&city)).unwrap();
    for bytes in [closing, old.replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes()] {
        let mut line = city.line().await;
        let answer = line.ask(&bytes).await;
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
        assert!(line.is_closed().await);
    }
}

#[tokio::test]
async fn a_connection_without_calls_is_closed() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.idle = std::time::Duration::from_millis(20);
    setting.config.limits.head = std::time::Duration::from_millis(20);
    let city = setting.start().await;
    assert!(city.line().await.is_closed().await);
    let mut slow = city.line().await;
    slow.send(b"GET / HTTP/1.1\r\nHo").await;
    assert!(slow.is_closed().await);
}

#[tokio::test]
async fn whoever_says_nothing_makes_room_for_a_caller() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.connections_per_thread = 2;
    setting.config.limits.head = std::time::Duration::from_hours(1);
    let city = setting.start().await;
    let silent = city.line().await;
    let mut slow = city.line().await;
    slow.send(b"GET / HTTP/1.1\r\nHo").await;
    let mut callers = Vec::new();
    for mut waiting in [silent, slow] {
        let mut caller = city.line().await;
        assert_eq!(caller.ask(&Ask::get("/").bytes(&city)).await.status, 200);
        assert!(waiting.is_closed().await);
        callers.push(caller);
    }
}

#[tokio::test]
async fn callers_beyond_the_limit_wait_while_all_others_have_calls_under_way() {
    let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
    let go = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let wait = go.clone();
    let provider = Provider::playing(move |mut stream| {
        let (asked, wait) = (asked.clone(), wait.clone());
        async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = asked.send(());
            let _ = wait.acquire().await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.connections_per_thread = 1;
    let city = setting.start().await;
    let mut first = city.line().await;
    first.send(&Ask::get("/").bytes(&city)).await;
    asks.recv().await.unwrap();
    let mut second = city.line().await;
    second.send(&Ask::get("/").bytes(&city)).await;
    go.add_permits(1);
    // The first call is not disturbed; its connection, without a call now, makes room.
    assert_eq!(first.answer(false).await.status, 200);
    assert_eq!(second.answer(false).await.status, 200);
    assert!(first.is_closed().await);
}

#[tokio::test]
async fn a_body_is_invited_only_when_it_is_wanted() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let expecting = |ask: Ask| ask.header("Expect", "100-continue");

    let ask = expecting(Ask::post("/", "hello"));
    let mut line = city.line().await;
    line.send(ask.head(&city).as_bytes()).await;
    assert_eq!(line.head().await.status, 100);
    line.send(b"hello").await;
    assert_eq!(line.answer(false).await.status, 200);
    assert!(!provider.only().headers.contains_key("expect"));
    assert_eq!(line.ask(&Ask::get("/").bytes(&city)).await.status, 200);

    let stranger = expecting(Ask::post("/", "hello")).key("nobody");
    let mut line = city.line().await;
    line.send(stranger.head(&city).as_bytes()).await;
    let answer = line.answer(false).await;
    assert_eq!((answer.status, answer.header("connection")), (401, Some("close")));
}
