use std::io::Write as _;
use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;
use keys::{CallerKey, Ed25519Key, SigningKey, SystemRandomness};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;
use wire::trust::TrustFile;

use super::platform::{Flaw, Platform, Standing, start};
use crate::{
    Answer, Call, Client, ClientError, Content, Direction, Progress, Signer, State, Subject,
    Watcher,
};

const SECRET: [u8; 32] = [7; 32];

fn hmac() -> (SigningKey, CallerKey) {
    (SigningKey::hmac_sha256(&SECRET).unwrap(), CallerKey::hmac_sha256(&SECRET).unwrap())
}

fn ed25519() -> (SigningKey, CallerKey) {
    let pair = Ed25519Key::generate(&SystemRandomness).unwrap();
    let verifier = CallerKey::ed25519(&pair.public_key()).unwrap();
    (pair.into(), verifier)
}

fn client(key: SigningKey, trust: &TrustFile, clock: &Arc<Standing>) -> Client {
    let signer = Signer::new("k1".parse().unwrap(), key);
    Client::new(signer, trust.clone(), clock.clone(), Arc::new(SystemRandomness)).unwrap()
}

fn units(platform: &Platform) -> Url {
    platform.url.join("/H24.12/don-vi-hanh-chinh/danh-muc/v1/units?loai=x%C3%A3&q=").unwrap()
}

fn state(answer: &Answer, subject: Subject) -> State {
    answer.findings.iter().find(|finding| finding.subject == subject).unwrap().state
}

/// One GET to a platform with this flaw, with an Ed25519 key.
async fn call(flaw: Flaw) -> (Result<Answer, ClientError>, Vec<u8>, Platform) {
    let clock = Arc::new(Standing);
    let (key, verifier) = ed25519();
    let platform = start(flaw, verifier, &clock).await;
    let mut body = Vec::new();
    let call = Call::new(Method::GET, units(&platform));
    let answer = client(key, &platform.trust, &clock).call(call, &mut body, None).await;
    (answer, body, platform)
}

#[tokio::test]
async fn a_signed_call_is_answered_and_every_check_holds() {
    let (answer, body, platform) = call(Flaw::None).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), body.as_slice()), (200, b"[\"xa\"]".as_slice()));
    assert_eq!(answer.request_id, Some(platform.request_id));
    assert_eq!(answer.entry.as_ref().unwrap().to_string(), "test.example/log/298");
    assert_eq!(state(&answer, Subject::Digest), State::Proved);
    assert_eq!(state(&answer, Subject::Signature), State::Proved);
}

#[tokio::test]
async fn content_purpose_and_type_are_covered_by_either_algorithm() {
    for (key, verifier) in [hmac(), ed25519()] {
        let clock = Arc::new(Standing);
        let platform = start(Flaw::None, verifier, &clock).await;
        let mut call = Call::new(Method::POST, units(&platform));
        call.content = Content::Bytes("{\"ref\":1}".into());
        call.purpose = Some("doi-soat".parse().unwrap());
        call.headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        let mut body = Vec::new();
        let answer =
            client(key, &platform.trust, &clock).call(call, &mut body, None).await.unwrap();
        assert_eq!((answer.status.as_u16(), body.as_slice()), (200, b"{\"ref\":1}".as_slice()));
    }
}

#[tokio::test]
async fn a_large_file_is_streamed_both_ways_and_its_progress_told() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    file.write_all(&content).unwrap();
    let clock = Arc::new(Standing);
    let (key, verifier) = hmac();
    let platform = start(Flaw::None, verifier, &clock).await;
    let mut call = Call::new(Method::PUT, units(&platform));
    call.content = Content::File(file.path().to_owned());
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sees = Arc::clone(&told);
    let watcher: Watcher = Arc::new(move |progress| sees.lock().push(progress));
    let mut body = Vec::new();
    let client = client(key, &platform.trust, &clock);
    let answer = client.call(call, &mut body, Some(watcher)).await.unwrap();
    assert_eq!(answer.length, 3_000_000);
    assert!(body == content);
    for direction in [Direction::Sent, Direction::Received] {
        let told = told.lock();
        let last = told.iter().rfind(|progress| progress.direction == direction).unwrap();
        assert_eq!(last.bytes, 3_000_000, "{direction:?}");
    }
}

#[tokio::test]
async fn a_changed_body_is_seen() {
    let (answer, _, _) = call(Flaw::Body).await;
    assert_eq!(state(&answer.unwrap(), Subject::Digest), State::Wrong);
}

#[tokio::test]
async fn a_wrong_signature_of_the_platform_is_seen() {
    let (answer, _, _) = call(Flaw::Signature).await;
    let answer = answer.unwrap();
    assert_eq!(state(&answer, Subject::Digest), State::Proved);
    assert_eq!(state(&answer, Subject::Signature), State::Wrong);
}

#[tokio::test]
async fn what_is_not_there_is_not_called_proved() {
    for (flaw, digest) in [
        (Flaw::Unsigned, State::Proved),
        (Flaw::NoDigest, State::NotChecked),
        (Flaw::DigestInTrailer, State::Proved),
    ] {
        let (answer, _, _) = call(flaw).await;
        let answer = answer.unwrap();
        assert_eq!(state(&answer, Subject::Digest), digest);
        assert_eq!(state(&answer, Subject::Signature), State::NotChecked);
    }
}

#[tokio::test]
async fn a_long_answer_is_proved_by_the_signature_in_its_trailers() {
    let (answer, _, _) = call(Flaw::AllInTrailers).await;
    let answer = answer.unwrap();
    assert_eq!(state(&answer, Subject::Digest), State::Proved);
    assert_eq!(state(&answer, Subject::Signature), State::Proved);
}

#[tokio::test]
async fn a_signature_that_leaves_the_body_out_proves_no_body() {
    let (answer, _, _) = call(Flaw::HeadSigned).await;
    let answer = answer.unwrap();
    assert_eq!(state(&answer, Subject::Digest), State::NotChecked);
    assert_eq!(state(&answer, Subject::Signature), State::NotChecked);
    let signature = answer.findings.iter().find(|found| found.subject == Subject::Signature);
    assert!(signature.unwrap().text.en.contains("leaves the body out"));
}

#[tokio::test]
async fn a_platform_key_out_of_service_signs_for_nobody() {
    let clock = Arc::new(Standing);
    let (key, verifier) = hmac();
    let platform = start(Flaw::None, verifier, &clock).await;
    let mut trust = platform.trust.clone();
    trust.platform_keys[0].until = Some(wire::ambient::UtcMicros::from_seconds(1));
    let call = Call::new(Method::GET, units(&platform));
    let answer = client(key, &trust, &clock).call(call, &mut Vec::new(), None).await.unwrap();
    assert_eq!(state(&answer, Subject::Signature), State::Wrong);
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let clock = Arc::new(Standing);
    let platform = start(Flaw::None, hmac().1, &clock).await;
    let (stranger, _) = ed25519();
    let mut body = Vec::new();
    let call = Call::new(Method::GET, units(&platform));
    let answer =
        client(stranger, &platform.trust, &clock).call(call, &mut body, None).await.unwrap();
    assert_eq!((answer.status.as_u16(), body.as_slice()), (401, b"signature.invalid".as_slice()));
}

#[tokio::test]
async fn a_signature_that_lives_too_long_is_refused_by_the_policy() {
    let clock = Arc::new(Standing);
    let (key, verifier) = hmac();
    let platform = start(Flaw::None, verifier, &clock).await;
    let signer = Signer::new("k1".parse().unwrap(), key).with_life_s(301);
    let trust = platform.trust.clone();
    let client = Client::new(signer, trust, clock, Arc::new(SystemRandomness)).unwrap();
    let mut body = Vec::new();
    client.call(Call::new(Method::GET, units(&platform)), &mut body, None).await.unwrap();
    assert_eq!(body, b"signature.too_long_lived");
}

#[tokio::test]
async fn a_broken_off_answer_is_an_error_and_says_so() {
    let (answer, _, _) = call(Flaw::BreaksOff).await;
    assert!(matches!(answer, Err(ClientError::BrokeOff(_))), "{answer:?}");
}

#[tokio::test]
async fn what_cannot_be_called_or_sent_is_refused_before_anything_is_sent() {
    let clock = Arc::new(Standing);
    let client = client(hmac().0, &TrustFile::default(), &clock);
    for url in ["ftp://127.0.0.1/a", "data:text/plain,a"] {
        let call = Call::new(Method::GET, url.parse().unwrap());
        let answer = client.call(call, &mut Vec::new(), None).await;
        assert!(matches!(answer, Err(ClientError::Url(_))), "{url}");
    }
    let mut call = Call::new(Method::PUT, "http://127.0.0.1:9/a".parse().unwrap());
    call.content = Content::File("/nonexistent/file".into());
    let answer = client.call(call, &mut Vec::new(), None).await;
    assert!(matches!(answer, Err(ClientError::Content(_))), "{answer:?}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    drop(listener);
    let clock = Arc::new(Standing);
    let client = client(hmac().0, &TrustFile::default(), &clock);
    let call = Call::new(Method::GET, url.parse().unwrap());
    let answer = client.call(call, &mut Vec::new(), None).await;
    assert!(matches!(answer, Err(ClientError::Unreachable(_))), "{answer:?}");
}

#[tokio::test]
async fn whoever_speaks_the_other_scheme_than_the_url_is_told_as_that() {
    let clock = Arc::new(Standing);
    let client = client(hmac().0, &TrustFile::default(), &clock);
    let platform = start(Flaw::None, hmac().1, &clock).await;
    let mut in_tls = units(&platform);
    in_tls.set_scheme("https").unwrap();
    let answer = client.call(Call::new(Method::GET, in_tls), &mut Vec::new(), None).await;
    let error = answer.unwrap_err();
    assert!(matches!(error, ClientError::OtherScheme(_)), "{error:?}");
    assert!(error.to_string().ends_with(" does not answer in TLS"), "{error}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain: Url = format!("http://{}/a", listener.local_addr().unwrap()).parse().unwrap();
    let call = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        // A fatal alert, decode_error (RFC 8446 §6): what TLS servers say to a line of HTTP.
        stream.write_all(&[21, 3, 3, 0, 2, 2, 50]).await.unwrap();
    };
    let request = Call::new(Method::GET, plain);
    let mut body = Vec::new();
    let (answer, ()) = tokio::join!(client.call(request, &mut body, None), call);
    let error = answer.unwrap_err();
    assert!(matches!(error, ClientError::OtherScheme(_)), "{error:?}");
    assert!(error.to_string().ends_with(" does not answer in HTTP without TLS"), "{error}");
}
