//! Providers that are not there, too slow, or make no sense.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::provider::Provider;

async fn fault(city: &City, ask: &Ask, status: u16, code: &str) {
    let answer = city.ask(ask).await;
    assert_eq!((answer.status, answer.code().as_str()), (status, code));
    assert_eq!(answer.json()["fault"], "provider");
    let entry = city.entry_of(&answer).await;
    assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.refused", code));
    assert!(entry.actor.is_some());
    let entries = city.entries(answer.header("lgsp-request-id").unwrap()).await;
    assert_eq!(entries.len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_unreachable() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let city = city(address).await;
    fault(&city, &Ask::get("/"), 502, "provider.unreachable").await;
    fault(&city, &Ask::post("/", "x".repeat(100_000)), 502, "provider.unreachable").await;
}

#[tokio::test]
async fn a_provider_whose_name_is_unknown_is_unreachable() {
    let mut setting = Setting::new("127.0.0.1:1".parse().unwrap());
    "http://no-such-provider.invalid".clone_into(&mut setting.policy.service.upstream);
    fault(&setting.start().await, &Ask::get("/"), 502, "provider.unreachable").await;
}

#[tokio::test]
async fn this_machine_and_metadata_addresses_are_forbidden_at_every_connect() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.upstream.allow_loopback = false;
    let city = setting.start().await;
    for upstream in [
        format!("http://{}", provider.address),
        format!("http://localhost:{}", provider.address.port()),
        format!("http://[::ffff:127.0.0.1]:{}", provider.address.port()),
        "http://169.254.169.254".to_owned(),
        "http://0.0.0.0:80".to_owned(),
    ] {
        let mut policy = city.policy.clone();
        policy.service.upstream = upstream;
        city.install(&policy);
        let answer = city.ask(&Ask::get("/")).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "provider.address_forbidden"));
    }
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_provider_that_does_not_answer_in_time_is_given_up() {
    let provider = Provider::playing(|mut stream| async move {
        let mut everything = Vec::new();
        let _ = stream.read_to_end(&mut everything).await;
    })
    .await;
    let mut setting = Setting::new(provider.address);
    setting.policy.service.timeout_ms = 30;
    let city = setting.start().await;
    fault(&city, &Ask::get("/"), 504, "provider.timeout").await;
    fault(&city, &Ask::post("/", "hello"), 504, "provider.timeout").await;
}

#[tokio::test]
async fn a_provider_that_stops_reading_is_given_up() {
    let provider = Provider::playing(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.body_idle = Duration::from_millis(200);
    setting.policy.service.max_body_bytes = 64 << 20;
    let city = setting.start().await;
    let ask = Ask::post("/", vec![b'x'; 32 << 20]).bytes(&city);
    let mut line = city.line().await;
    line.try_send(&ask).await;
    let answer = line.answer(false).await;
    assert_eq!((answer.status, answer.code().as_str()), (504, "provider.timeout"));
}

/// Reads a head and plays back these bytes, then closes.
async fn saying(bytes: &'static str) -> Provider {
    Provider::playing(move |mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(bytes.as_bytes()).await;
    })
    .await
}

#[tokio::test]
async fn answers_that_make_no_sense_or_break_off_are_the_provider_s_fault() {
    for (bytes, code) in [
        ("nonsense\r\n\r\n", "provider.answer_malformed"),
        ("HTTP/1.1 999999 X\r\n\r\n", "provider.answer_malformed"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\nhello\r\n0\r\n\r\n",
            "provider.answer_malformed",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "provider.answer_malformed",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            "provider.answer_malformed",
        ),
        ("", "provider.broke_off"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "provider.broke_off"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "provider.broke_off"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "provider.broke_off",
        ),
    ] {
        let provider = saying(bytes).await;
        let city = city(provider.address).await;
        fault(&city, &Ask::get("/"), 502, code).await;
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_passed_on() {
    let provider = saying("HTTP/1.1 200 OK\r\n\r\nhello").await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]));
}

#[tokio::test]
async fn interim_answers_are_read_over() {
    let provider =
        saying("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await;
    let city = city(provider.address).await;
    assert_eq!(city.ask(&Ask::get("/")).await.body, b"ok");
}

#[tokio::test]
async fn a_provider_that_closed_an_idle_connection_is_asked_over_another() {
    let provider = Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    })
    .await;
    let city = city(provider.address).await;
    for _ in 0..20 {
        let answer = city.ask(&Ask::post("/", "hello")).await;
        // It may close while the next request is on its way: then nobody knows whether it acted,
        // and the request is not sent twice.
        let is_known = answer.status == 200 || answer.code() == "provider.broke_off";
        assert!(is_known, "{answer:?}");
    }
}

#[tokio::test]
async fn no_more_unused_connections_to_a_provider_are_kept_than_may_be() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.upstream.idle_per_provider = 0;
    let city = setting.start().await;
    for _ in 0..3 {
        assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
    }
    let connections: std::collections::HashSet<_> =
        provider.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections.len(), 3);
}
