//! What only HTTP/2 knows: streams side by side, resets, windows, GOAWAY; and what callers may do
//! with them to take more than their share.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::line::PATIENCE;
use crate::provider::{Provider, full};

type Connection = JoinHandle<Result<(), h2::Error>>;

/// A gateway that speaks HTTP/2 without TLS, so that frames can be written by hand.
async fn open(provider: &Provider, change: impl FnOnce(&mut Setting)) -> City {
    let mut setting = Setting::new(provider.address);
    setting.config.h2_without_tls = true;
    change(&mut setting);
    setting.start().await
}

async fn dial(city: &City, builder: &h2::client::Builder) -> (SendRequest<Bytes>, Connection) {
    let stream = TcpStream::connect(city.address()).await.unwrap();
    let (sender, connection) = builder.handshake(stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn settings() -> h2::client::Builder {
    h2::client::Builder::new()
}

/// A signed call as HTTP/2 has it.
fn request(ask: &Ask, city: &City) -> Request<()> {
    let (input, signature) = ask.signature(city);
    let mut request = Request::builder()
        .method(ask.method.as_str())
        .uri(format!("{}{}", city.public, ask.target))
        .header("signature-input", input)
        .header("signature", signature);
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    request.body(()).unwrap()
}

async fn status(sender: &mut SendRequest<Bytes>, request: Request<()>) -> u16 {
    let (response, _) = sender.send_request(request, true).unwrap();
    timeout(PATIENCE, response).await.expect("nothing came").unwrap().status().as_u16()
}

/// Answers each connection when it is let go, after saying that it was asked.
async fn holding() -> (Provider, mpsc::UnboundedReceiver<()>, Arc<Semaphore>) {
    let (asked, asks) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let provider = Provider::playing(move |mut stream| {
        let (asked, wait) = (asked.clone(), Arc::clone(&wait));
        async move {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = asked.send(());
                wait.acquire().await.unwrap().forget();
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            });
        }
    })
    .await;
    (provider, asks, go)
}

#[tokio::test]
async fn without_tls_http_2_is_spoken_only_if_it_is_configured() {
    let provider = Provider::friendly().await;
    let open = open(&provider, |_| {}).await;
    let (mut sender, _connection) = dial(&open, &settings()).await;
    assert_eq!(status(&mut sender, request(&Ask::get("/"), &open)).await, 200);
    // The same port still speaks HTTP/1.1.
    assert_eq!(open.line().await.ask(&Ask::get("/").bytes(&open)).await.status, 200);

    let closed = city(provider.address).await;
    let mut stream = TcpStream::connect(closed.address()).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
}

#[tokio::test]
async fn a_host_that_contradicts_the_authority_is_refused_and_so_is_another_scheme() {
    let provider = Provider::friendly().await;
    let city = open(&provider, |_| {}).await;
    let (mut sender, _connection) = dial(&city, &settings()).await;
    let agreeing = Ask::get("/").header("host", city.host());
    assert_eq!(status(&mut sender, request(&agreeing, &city)).await, 200);
    let contradicting = Ask::get("/").header("host", "other.example");
    assert_eq!(status(&mut sender, request(&contradicting, &city)).await, 400);
    let mut foreign = request(&Ask::get("/"), &city);
    *foreign.uri_mut() = format!("https://{}/", city.host()).parse().unwrap();
    assert_eq!(status(&mut sender, foreign).await, 421);
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_length_that_is_not_kept_never_ends_at_the_provider() {
    let provider = Provider::friendly().await;
    let city = open(&provider, |_| {}).await;
    for sent in ["hell", "hello!"] {
        let (mut sender, _connection) = dial(&city, &settings()).await;
        let ask = Ask::post("/", "hello").header("content-length", "5");
        let (response, mut body) = sender.send_request(request(&ask, &city), false).unwrap();
        body.send_data(Bytes::from_static(sent.as_bytes()), true).unwrap();
        let response = timeout(PATIENCE, response).await.expect("nothing came");
        assert!(response.is_err_and(|error| error.is_reset()), "{sent}");
    }
    assert!(provider.seen().iter().all(|seen| seen.body.is_none()));
}

#[tokio::test]
async fn a_stream_that_is_reset_is_recorded_as_left_and_the_others_go_on() {
    let (provider, mut asks, go) = holding().await;
    let city = open(&provider, |_| {}).await;
    let (mut sender, _connection) = dial(&city, &settings()).await;
    let (first, mut body) = sender.send_request(request(&Ask::get("/1"), &city), true).unwrap();
    asks.recv().await.unwrap();
    let (second, _) = sender.send_request(request(&Ask::get("/2"), &city), true).unwrap();
    asks.recv().await.unwrap();
    body.send_reset(h2::Reason::CANCEL);
    drop(first);
    let entry = city.entry_after(0).await;
    assert_eq!((&*entry.action, &*entry.outcome), ("call.closed", "aborted"));
    assert_eq!(entry.subject["reason"], "caller_left");
    go.add_permits(2);
    assert_eq!(timeout(PATIENCE, second).await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_caller_that_grants_no_window_is_reset_and_its_call_recorded_as_aborted() {
    let provider = Provider::answering(|_| http::Response::new(full(vec![b'x'; 1_000_000]))).await;
    let city = open(&provider, |setting| {
        setting.config.limits.body_idle = Duration::from_millis(100);
    })
    .await;
    let (mut sender, _connection) = dial(&city, settings().initial_window_size(0)).await;
    let (response, _) = sender.send_request(request(&Ask::get("/"), &city), true).unwrap();
    let mut response = timeout(PATIENCE, response).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    let data = timeout(PATIENCE, response.body_mut().data()).await.expect("nothing came");
    assert!(data.unwrap().is_err());
    let closed = city.entry_after(1).await;
    assert_eq!((&*closed.action, &*closed.outcome), ("call.closed", "aborted"));
}

#[tokio::test]
async fn a_flood_of_resets_ends_its_connection_and_no_other() {
    let provider = Provider::friendly().await;
    let city = open(&provider, |_| {}).await;
    let (mut sender, connection) = dial(&city, &settings()).await;
    let ask = Ask::get("/");
    loop {
        let Ok(ready) = sender.clone().ready().await else { break };
        sender = ready;
        let Ok((_, mut stream)) = sender.send_request(request(&ask, &city), true) else { break };
        stream.send_reset(h2::Reason::CANCEL);
        if connection.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let ended = timeout(PATIENCE, connection).await.expect("it goes on").unwrap();
    // By its GOAWAY, if that came through before the flood met the closed connection.
    let error = ended.expect_err("the gateway ends it");
    assert!(error.is_io() || error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM), "{error:?}");
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
}

#[tokio::test]
async fn a_head_without_end_ends_its_connection() {
    let provider = Provider::friendly().await;
    let city = open(&provider, |_| {}).await;
    let mut stream = TcpStream::connect(city.address()).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    // HEADERS on stream 1 without END_HEADERS, then CONTINUATION for ever.
    stream.write_all(&[0, 0, 0, 1, 0, 0, 0, 0, 1]).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let flood = tokio::spawn(async move {
        let mut frame = vec![0, 0x10, 0, 9, 0, 0, 0, 0, 1];
        // A field of 16 KiB: literal, name "x", a value of one byte many times over.
        frame.extend([0x00, 0x01, b'x', 0x01, b'y'].repeat(0x1000 / 5));
        frame.resize(9 + 0x1000, 0x82);
        while write.write_all(&frame).await.is_ok() {}
    });
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, read.read_to_end(&mut answer)).await.expect("it goes on");
    timeout(PATIENCE, flood).await.expect("it goes on").unwrap();
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
}

#[tokio::test]
async fn a_drain_says_goaway_and_answers_what_is_under_way() {
    let (provider, mut asks, go) = holding().await;
    let city = open(&provider, |_| {}).await;
    let (mut sender, connection) = dial(&city, &settings()).await;
    let (busy, _) = sender.send_request(request(&Ask::get("/"), &city), true).unwrap();
    asks.recv().await.unwrap();
    let late = request(&Ask::get("/late"), &city);
    let draining = tokio::spawn(city.gateway.drain(Duration::from_secs(30)));
    // GOAWAY: sooner or later no new stream can be opened.
    while sender.clone().ready().await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(sender.send_request(late, true).is_err());
    go.add_permits(1);
    assert_eq!(timeout(PATIENCE, busy).await.unwrap().unwrap().status(), 200);
    timeout(PATIENCE, draining).await.unwrap().unwrap();
    let _ = timeout(PATIENCE, connection).await.expect("it goes on");
}
