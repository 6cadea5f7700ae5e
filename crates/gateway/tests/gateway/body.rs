//! Bodies: hashed while they stream, their end held back until the digest matches.

use http::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use wire::digest::{ContentDigest, DigestAlgorithm};

use crate::caller::Ask;
use crate::city::{Setting, city};
use crate::policy::ED25519;
use crate::provider::{Provider, full};

/// A body larger than any buffer on the way.
fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect()
}

#[tokio::test]
async fn bodies_of_all_sizes_and_framings_arrive_whole() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    let bodies = [b"x".to_vec(), vec![b'y'; 70_000], large()];
    for chunked in [false, true] {
        for body in &bodies {
            let ask = Ask::post("/units", body.clone()).with(|ask| ask.chunked = chunked);
            let answer = line.ask(&ask.bytes(&city)).await;
            assert_eq!(answer.status, 200);
            let seen = provider.seen().pop().unwrap();
            assert!(seen.body.unwrap() == body.as_slice());
            assert_eq!(seen.headers.contains_key("content-length"), !chunked);
        }
    }
    let empty = Ask::post("/units", "").with(|ask| ask.chunked = true);
    assert_eq!(line.ask(&empty.bytes(&city)).await.status, 200);
    assert_eq!(line.ask(&Ask::post("/units", "").bytes(&city)).await.status, 200);
    assert_eq!(provider.seen().pop().unwrap().headers["content-length"], "0");
}

#[tokio::test]
async fn a_body_arrives_whatever_the_method() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for chunked in [false, true] {
        let ask = Ask::post("/units", "hello").with(|ask| {
            "GET".clone_into(&mut ask.method);
            ask.chunked = chunked;
        });
        assert_eq!(city.ask(&ask).await.status, 200);
        assert_eq!(provider.seen().pop().unwrap().body.unwrap(), "hello");
    }
}

#[tokio::test]
async fn sha_512_is_accepted_too() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let digest = |body: &[u8]| ContentDigest::of(DigestAlgorithm::Sha512, body).to_string();
    for (body, status) in [("right", 200), ("wrong", 400)] {
        let ask = Ask::post("/", body).with(|ask| ask.headers[0].1 = digest(b"right"));
        assert_eq!(city.ask(&ask).await.status, status);
    }
}

#[tokio::test]
async fn a_body_that_differs_from_its_digest_never_ends_at_the_provider() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for chunked in [false, true] {
        for body in [b"x".to_vec(), large()] {
            let mut ask = Ask::post("/units", body).with(|ask| ask.chunked = chunked);
            let last = ask.body.as_mut().unwrap().last_mut().unwrap();
            *last ^= 1;
            let answer = city.ask(&ask).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "digest.mismatch"));
            let entry = city.entry_of(&answer).await;
            assert_eq!(
                (entry.action.as_str(), entry.outcome.as_str()),
                ("call.refused", "digest.mismatch")
            );
        }
    }
    assert!(provider.seen().iter().all(|seen| seen.body.is_none()));
    assert_eq!(city.ask(&Ask::post("/units", "x")).await.status, 200);
}

#[tokio::test]
async fn a_digest_must_be_there_and_usable() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let with = |digest: &'static str| {
        Ask::post("/", "body").with(|ask| digest.clone_into(&mut ask.headers[0].1))
    };
    assert_eq!(city.ask(&with("md5=:AA==:")).await.code(), "digest.unsupported");
    assert_eq!(city.ask(&with("sha-256=:AA==:")).await.code(), "digest.malformed");
    let none = Ask::post("/", "body").with(|ask| {
        ask.headers.clear();
        ask.covered.truncate(2);
    });
    assert_eq!(city.ask(&none).await.code(), "signature.component_missing");
    let something = ContentDigest::of(DigestAlgorithm::Sha256, b"something").to_string();
    let answer = city.ask(&Ask::get("/").header("content-digest", &something)).await;
    assert_eq!(answer.code(), "digest.mismatch");
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_however_it_comes() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.service.max_body_bytes = 10_000;
    let city = setting.start().await;
    for chunked in [false, true] {
        let ask = |length| {
            Ask::post("/", vec![b'x'; length]).key(ED25519).with(|ask| ask.chunked = chunked)
        };
        let answer = city.ask(&ask(10_001)).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "request.too_large"));
        assert_eq!(city.ask(&ask(10_000)).await.status, 200);
    }
    assert_eq!(provider.seen().iter().filter(|seen| seen.body.is_some()).count(), 2);
}

#[tokio::test]
async fn a_digest_in_a_trailer_is_refused_and_other_trailers_end_at_the_gateway() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for (trailer, status) in [("Content-Digest: sha-256=:AA==:", 400), ("X-Other: 1", 200)] {
        let ask = Ask::post("/", "hello").with(|ask| ask.chunked = true);
        let request = format!("{}5\r\nhello\r\n0\r\n{trailer}\r\n\r\n", ask.head(&city));
        let answer = city.line().await.ask(request.as_bytes()).await;
        assert_eq!(answer.status, status);
        if status == 400 {
            assert_eq!(answer.code(), "request.trailers");
        }
    }
}

#[tokio::test]
async fn crooked_chunks_and_a_caller_that_breaks_off_are_recorded() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let ask = Ask::post("/", "hello").with(|ask| ask.chunked = true);
    let request = format!("{}zz\r\nhello\r\n0\r\n\r\n", ask.head(&city));
    let answer = city.line().await.ask(request.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "request.malformed"));
    assert_eq!(city.entry_of(&answer).await.outcome, "request.malformed");

    let size = city.log.size();
    let mut line = city.line().await;
    line.send(Ask::post("/", "hello").head(&city).as_bytes()).await;
    line.send(b"hel").await;
    drop(line);
    let entry = city.entry_after(size).await;
    assert_eq!(
        (entry.action.as_str(), entry.outcome.as_str()),
        ("call.refused", "request.malformed")
    );
}

#[tokio::test]
async fn a_caller_that_stalls_is_refused() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.body_idle = std::time::Duration::from_millis(50);
    let city = setting.start().await;
    let mut line = city.line().await;
    line.send(Ask::post("/", "hello").head(&city).as_bytes()).await;
    line.send(b"hel").await;
    let answer = line.answer(false).await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "request.timeout"));
}

/// Answers 200 as soon as the head is there, before it reads the body.
async fn hasty() -> (Provider, mpsc::UnboundedReceiver<()>) {
    let (answered, answers) = mpsc::unbounded_channel();
    let provider = Provider::playing(move |mut stream| {
        let answered = answered.clone();
        async move {
            let mut head = [0; 64];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhasty").await;
            let _ = answered.send(());
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
    })
    .await;
    (provider, answers)
}

#[tokio::test]
async fn an_answer_that_comes_early_is_held_until_the_body_is_right() {
    for (body, status) in [("hello", 200), ("hellO", 400)] {
        let (provider, mut answers) = hasty().await;
        let city = city(provider.address).await;
        let mut line = city.line().await;
        line.send(Ask::post("/", "hello").head(&city).as_bytes()).await;
        line.send(&body.as_bytes()[..3]).await;
        answers.recv().await.unwrap();
        line.send(&body.as_bytes()[3..]).await;
        let answer = line.answer(false).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.body == b"hasty", status == 200);
    }
}

#[tokio::test]
async fn a_provider_that_refuses_without_reading_the_body_is_heard_once_the_body_is_right() {
    let provider = Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let answer = "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\
                      Connection: close\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::post("/", large())).await;
    assert_eq!(answer.status, 507);
    let mut wrong = Ask::post("/", large());
    wrong.body.as_mut().unwrap()[0] ^= 1;
    assert_eq!(city.ask(&wrong).await.code(), "digest.mismatch");
}

#[tokio::test]
async fn what_a_provider_is_told_about_the_body_is_true() {
    let provider = Provider::answering(|seen| {
        let digest = seen.headers["content-digest"].to_str().unwrap().to_owned();
        Response::new(full(digest))
    })
    .await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::post("/", "hello")).await;
    assert_eq!(
        answer.body,
        ContentDigest::of(DigestAlgorithm::Sha256, b"hello").to_string().as_bytes()
    );
}
