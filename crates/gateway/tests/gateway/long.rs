//! Answers longer than 64 KiB: recorded as opened before their head, as closed before their end.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::commitment::{CommitmentLabel, commit_body};
use wire::digest::{ContentDigest, DigestAlgorithm};

use crate::answer::check_signed;
use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::line::{Answer, PATIENCE};
use crate::provider::{Provider, full};

fn large() -> Vec<u8> {
    (0..1_000_000_u32).map(|number| number.to_le_bytes()[1]).collect()
}

async fn check_entries(city: &City, answer: &Answer) {
    let request_id = answer.header("lgsp-request-id").unwrap();
    let entries = city.entries(request_id).await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["call.opened", "call.closed"]);
    assert_eq!(city.entry_of(answer).await, entries[0]);
    assert_eq!((entries[0].outcome.as_str(), entries[1].outcome.as_str()), ("200", "complete"));
    assert_eq!(entries[1].subject["bytes"], "1000000");

    let closed = city.log.find_call(request_id.parse().unwrap()).await.unwrap()[1].index;
    let evidence::KeptDetail::Kept(detail) = city.log.detail(closed).await.unwrap() else {
        panic!("the detail of the closed call is not kept");
    };
    let digest = wire::merkle::sha256(&[&large()]);
    assert_eq!(detail.response_body.unwrap().sha256, digest);
    let commitment = commit_body(&detail.secret, CommitmentLabel::ResponseBody, &digest);
    assert_eq!(entries[1].commitments[&CommitmentLabel::ResponseBody], commitment);
}

#[tokio::test]
async fn a_long_answer_with_a_length_keeps_it() {
    let provider = Provider::answering(|_| Response::new(full(large()))).await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    for _ in 0..2 {
        let answer = line.ask(&Ask::get("/").bytes(&city)).await;
        assert_eq!(answer.header("content-length"), Some("1000000"));
        assert!(answer.header("content-digest").is_none());
        assert!(answer.body == large());
        check_entries(&city, &answer).await;
    }
    let seen = provider.seen();
    assert_eq!(seen[0].connection, seen[1].connection);
}

#[tokio::test]
async fn a_long_answer_has_its_digest_behind_it_when_the_caller_takes_trailers() {
    let provider = Provider::answering(|_| Response::new(full(large()))).await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/").header("TE", "trailers")).await;
    assert!(answer.body == large() && answer.is_whole);
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, &large()).to_string();
    assert_eq!(answer.trailers, [("content-digest".to_owned(), digest)]);
    check_entries(&city, &answer).await;
}

#[tokio::test]
async fn a_long_answer_is_signed_in_its_trailers_or_else_in_its_head_without_the_body() {
    let provider = Provider::answering(|_| Response::new(full(large()))).await;
    let city = city(provider.address).await;
    let wish = "mine=();created;nonce=\"of-the-caller\";tag=\"lgsp\"";
    let ask = Ask::get("/").header("accept-signature", wish);
    let answer = city.ask(&ask).await;
    assert!(answer.body == large() && answer.trailers.is_empty());
    check_signed(&city, &ask, &answer, None);

    let ask = Ask::get("/").header("accept-signature", wish).header("te", "trailers");
    let answer = city.ask(&ask).await;
    assert!(answer.body == large() && answer.is_whole);
    assert_eq!(answer.header("signature"), None);
    let names: Vec<_> = answer.trailers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-digest", "signature-input", "signature"]);
    check_signed(&city, &ask, &answer, Some("\"content-digest\";tr"));
}

/// A body in pieces, its length untold.
fn in_pieces() -> crate::provider::Body {
    let pieces: Vec<_> = large().chunks(10_000).map(Bytes::copy_from_slice).collect();
    Pieces(pieces.into_iter()).boxed()
}

struct Pieces(std::vec::IntoIter<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}

#[tokio::test]
async fn a_long_answer_of_untold_length_comes_in_chunks() {
    let provider = Provider::answering(|_| Response::new(in_pieces())).await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.body == large() && answer.is_whole);
    assert!(answer.trailers.is_empty());
    check_entries(&city, &answer).await;
}

/// Sends a head and a part of a long body, then waits for the gateway to go.
async fn stuck() -> Provider {
    Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
        let _ = stream.write_all(&vec![b'x'; 100_000]).await;
        let _ = stream.read(&mut head).await;
    })
    .await
}

async fn check_aborted(city: &City, request_id: &str, reason: &str) {
    let entry = city.entry_after(1).await;
    assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.closed", "aborted"));
    assert_eq!(entry.subject["reason"], reason);
    assert_eq!(entry.subject["request_id"], request_id);
    assert_eq!(city.entries(request_id).await.len(), 2);
}

#[tokio::test]
async fn a_caller_that_leaves_in_the_middle_closes_the_call() {
    let provider = stuck().await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    let head = line.head().await;
    assert_eq!(head.status, 200);
    drop(line);
    check_aborted(&city, head.header("lgsp-request-id").unwrap(), "caller_left").await;
}

/// Breaks off after a part of a long body whose length it does not tell.
async fn breaking() -> Provider {
    Provider::playing(|mut stream| async move {
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let chunk = format!("{:x}\r\n{}\r\n", 100_000, "x".repeat(100_000));
        let _ = stream.write_all(chunk.as_bytes()).await;
    })
    .await
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_does_not_look_whole_when_it_broke_off() {
    let city = city(breaking().await.address).await;
    let old = String::from_utf8(Ask::get("/").bytes(&city)).unwrap();
    let mut stream = tokio::net::TcpStream::connect(city.address()).await.unwrap();
    stream.write_all(old.replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_provider_that_breaks_off_or_stalls_leaves_the_answer_without_an_end() {
    for (provider, reason) in
        [(breaking().await, "provider_broke_off"), (stuck().await, "provider_timed_out")]
    {
        let mut setting = Setting::new(provider.address);
        setting.config.limits.body_idle = Duration::from_millis(100);
        let city = setting.start().await;
        let answer = city.ask(&Ask::get("/")).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.is_whole);
        check_aborted(&city, answer.header("lgsp-request-id").unwrap(), reason).await;
    }
}

#[tokio::test]
async fn a_long_answer_that_contradicts_its_digest_has_no_end() {
    let provider = Provider::answering(|_| {
        let digest = ContentDigest::of(DigestAlgorithm::Sha256, b"other").to_string();
        Response::builder().header("content-digest", digest).body(full(large())).unwrap()
    })
    .await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert!(!answer.is_whole);
    let request_id = answer.header("lgsp-request-id").unwrap();
    check_aborted(&city, request_id, "provider_digest_differs").await;
}
