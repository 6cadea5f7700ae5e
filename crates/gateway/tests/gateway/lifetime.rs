//! Starting, stopping and starting again.

use std::time::Duration;

use gateway::{GatewayConfig, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::line::Line;
use crate::provider::Provider;

#[tokio::test]
async fn a_call_under_way_is_answered_while_the_gateway_drains() {
    let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
    let go = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = go.clone();
    let provider = Provider::playing(move |mut stream| {
        let (asked, wait) = (asked.clone(), wait.clone());
        async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = asked.send(());
            wait.notified().await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let city = city(provider.address).await;
    let mut idle = city.line().await;
    let mut busy = city.line().await;
    busy.send(&Ask::get("/").bytes(&city)).await;
    asks.recv().await.unwrap();

    let (address, log) = (city.address(), city.log.clone());
    let draining = tokio::spawn(city.gateway.drain(Duration::from_secs(30)));
    assert!(idle.is_closed().await);
    go.notify_one();
    let answer = busy.answer(false).await;
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    draining.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(log.size(), 1);
}

#[tokio::test]
async fn a_call_that_outlasts_the_drain_is_cut_off_and_recorded() {
    let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
    let provider = Provider::playing(move |mut stream| {
        let asked = asked.clone();
        async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = asked.send(());
            let _ = stream.read(&mut head).await;
        }
    })
    .await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    asks.recv().await.unwrap();
    let City { gateway, log, .. } = city;
    gateway.drain(Duration::ZERO).await;
    assert!(line.is_closed().await);
    log.published_past(0).await.unwrap();
    let entry = log.entry(0).await.unwrap().unwrap();
    let entry = wire::entry::Entry::parse(&entry).unwrap();
    assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.closed", "aborted"));
    assert_eq!(entry.subject["reason"], "gateway_stopped");
}

#[tokio::test]
async fn nonces_stay_spent_after_a_restart() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.public_urls = vec!["http://gateway.example".parse().unwrap()];
    let config = setting.config.clone();
    let city = setting.start().await;
    // One call was forwarded, the other refused; neither signature may serve again.
    let spent = [Ask::get("/units"), Ask::new("PUT", "/units")].map(|ask| ask.bytes(&city));
    assert_eq!(city.line().await.ask(&spent[0]).await.status, 200);
    assert_eq!(city.line().await.ask(&spent[1]).await.status, 403);
    let unspent = Ask::get("/units").bytes(&city);

    let city = city.restart(config).await;
    for request in &spent {
        let answer = city.line().await.ask(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "nonce.replayed"));
    }
    assert_eq!(city.line().await.ask(&unspent).await.status, 200);
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test]
async fn nonces_stay_spent_wherever_kill_9_ends_the_gateway() {
    for calls_to_the_disk in 0..12 {
        let provider = Provider::friendly().await;
        let mut setting = Setting::new(provider.address);
        setting.config.public_urls = vec!["http://gateway.example".parse().unwrap()];
        let config = setting.config.clone();
        let city = setting.start().await;
        city.disk.crash_after(calls_to_the_disk);
        let mut spent = Vec::new();
        for _ in 0..4 {
            let request = Ask::get("/units").bytes(&city);
            if city.line().await.ask(&request).await.status == 200 {
                spent.push(request);
            }
        }
        let asked = provider.seen().len();
        let city = city.kill_and_restart_alone(config).await;
        for request in &spent {
            let answer = city.line().await.ask(request).await;
            assert_eq!(answer.code(), "nonce.replayed", "after {calls_to_the_disk} calls");
        }
        assert_eq!(provider.seen().len(), asked, "after {calls_to_the_disk} calls");
    }
}

#[tokio::test]
async fn a_taken_port_is_said_and_not_shared() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let config = GatewayConfig { listen: city.address(), ..GatewayConfig::default() };
    let error = city.start_another(config).err().unwrap();
    assert!(matches!(error, StartError::Listen { .. }));
    assert!(error.to_string().starts_with(&format!("cannot listen on {}", city.address())));
}

#[tokio::test]
async fn without_a_directory_nobody_is_served() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let empty = city.start_another(GatewayConfig::default()).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", empty.local_addr());
    let mut line = Line::connect(empty.local_addr()).await;
    let answer = line.ask(request.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "platform.no_directory"));
    empty.install(&city.policy.snapshot());
    assert_eq!(line.ask(request.as_bytes()).await.status, 401);
}
