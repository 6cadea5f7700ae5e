//! What both sides are told, and not told.

use http::Response;
use keys::CallerKey;
use wire::ambient::Clock;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::signature::{Message, Name, find_tagged, signature_base, signature_bytes};

use crate::caller::{Ask, Signed};
use crate::city::{City, city};
use crate::line::Answer;
use crate::policy::{ED25519, SERVICE};
use crate::provider::{Provider, full};

#[tokio::test]
async fn a_provider_is_told_who_calls_and_nothing_a_caller_made_up() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let ask = Ask::get("/units?x=%41")
        .header("Connection", "keep-alive, X-Hop")
        .header("X-Hop", "1")
        .header("Keep-Alive", "timeout=5")
        .header("TE", "trailers")
        .header("Upgrade", "websocket")
        .header("Proxy-Authorization", "Basic AAAA")
        .header("Lgsp-Consumer-Organisation", "H24.99")
        .header("Lgsp-Request-Id", "forged")
        .header("Forwarded", "for=10.0.0.1")
        .header("X-Forwarded-For", "10.0.0.1")
        .header("Lgsp_Consumer_Organisation", "H24.99")
        .header("X-HTTP-Method-Override", "DELETE")
        .header("Authorization", "Bearer for-the-provider")
        .header("X-Stays", "1")
        .header("X-Stays", "2");
    let answer = city.ask(&ask).await;
    let seen = provider.only();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/units?x=%41"));
    let mut lines: Vec<_> = seen
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let expected = [
        "authorization: Bearer for-the-provider".to_owned(),
        format!(
            "forwarded: for=127.0.0.1;host=\"{}\";proto={}",
            city.address(),
            crate::cell::scheme()
        ),
        format!("host: {}", provider.address),
        "lgsp-consumer-organisation: H24.30".to_owned(),
        "lgsp-consumer-system: mot-cua".to_owned(),
        "lgsp-purpose: tra-cuu".to_owned(),
        format!("lgsp-request-id: {}", answer.header("lgsp-request-id").unwrap()),
        "x-stays: 1".to_owned(),
        "x-stays: 2".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_signed_line_arrives_though_an_unsigned_connection_line_names_it() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut ask = Ask::get("/units").header("If-Match", "\"7\"").header("Connection", "if-match");
    ask.covered.push("if-match");
    assert_eq!(city.ask(&ask).await.status, 200);
    assert_eq!(provider.only().headers["if-match"], "\"7\"");
}

#[tokio::test]
async fn a_caller_is_told_what_the_provider_said_and_what_the_platform_vouches_for() {
    let provider = Provider::answering(|_| {
        Response::builder()
            .status(203)
            .header("connection", "X-Hop")
            .header("x-hop", "1")
            .header("lgsp-entry", "forged/1")
            .header("lgsp-request-id", "forged")
            .header("ratelimit", "forged")
            .header("signature", "sig=:AAAA:")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("content-type", "text/plain")
            .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
            .body(full("hello"))
            .unwrap()
    })
    .await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (203, &b"hello"[..]));
    let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "content-digest",
        "content-length",
        "content-type",
        "date",
        "lgsp-entry",
        "lgsp-request-id",
        "ratelimit",
        "ratelimit-policy",
        "set-cookie",
        "set-cookie",
    ];
    assert_eq!(names, expected);
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, b"hello").to_string();
    assert_eq!(answer.header("content-digest"), Some(digest.as_str()));
    assert_eq!(answer.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_ne!(answer.header("ratelimit"), Some("forged"));
    assert!(answer.header("lgsp-entry").unwrap().starts_with("gateway.test/log/"));
}

#[tokio::test]
async fn answers_without_a_body_stay_without_one() {
    let provider = Provider::answering(|seen| {
        let status = seen.target.trim_start_matches('/').parse().unwrap_or(200);
        let builder = Response::builder().status(status);
        if status == 200 {
            return builder.header("content-length", "100000").body(full("")).unwrap();
        }
        builder.header("etag", "\"1\"").body(full("")).unwrap()
    })
    .await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    let head = line.ask(&Ask::new("HEAD", "/units").bytes(&city)).await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("100000")));
    for status in [204, 304] {
        let answer = line.ask(&Ask::get(&format!("/{status}")).bytes(&city)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(city.entry_of(&answer).await.outcome, status.to_string());
    }
    let refused = line.ask(&Ask::new("HEAD", "/units").key("nobody").bytes(&city)).await;
    assert_eq!(refused.status, 401);
    assert_eq!(line.ask(&Ask::new("HEAD", "/units").bytes(&city)).await.status, 200);
}

#[tokio::test]
async fn errors_of_a_provider_are_passed_on_as_its_own() {
    let provider = Provider::answering(|_| {
        Response::builder().status(500).body(full("provider's own words")).unwrap()
    })
    .await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (500, &b"provider's own words"[..]));
    let entry = city.entry_of(&answer).await;
    assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.completed", "500"));
}

#[tokio::test]
async fn an_answer_that_contradicts_its_own_digest_is_not_passed_on() {
    let provider = Provider::answering(|seen| {
        let body = seen.target.trim_start_matches('/').to_owned();
        let digest = match body.as_str() {
            "unreadable" => "sha-256=:AA==:".to_owned(),
            "unknown" => "crc32c=:AAAAAA==:".to_owned(),
            _ => ContentDigest::of(DigestAlgorithm::Sha512, b"right").to_string(),
        };
        let builder = Response::builder().header("content-digest", "md5=:AA==:");
        builder.header("content-digest", digest).body(full(body)).unwrap()
    })
    .await;
    let city = city(provider.address).await;
    for path in ["/right", "/unknown"] {
        assert_eq!(city.ask(&Ask::get(path)).await.status, 200);
    }
    for path in ["/wrong", "/unreadable"] {
        let answer = city.ask(&Ask::get(path)).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "provider.answer_malformed"));
    }
}

/// An answer as its caller sees it, to check the platform's signature.
struct Received<'a> {
    answer: &'a Answer,
    request: Request<'a>,
}

/// The request as sent, with its signature lines.
struct Request<'a> {
    signed: Signed<'a>,
    signature: String,
}

impl Message for Received<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<std::borrow::Cow<'_, str>> {
        (*name == Name::Status).then(|| self.answer.status.to_string().into())
    }

    fn field(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        self.answer.header(name).map(Into::into)
    }

    fn trailer(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        let found = self.answer.trailers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.into())
    }

    fn request(&self) -> Option<&dyn Message> {
        Some(&self.request)
    }
}

impl Message for Request<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<std::borrow::Cow<'_, str>> {
        self.signed.derived(name)
    }

    fn field(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        if name == "signature" {
            return Some((&self.signature).into());
        }
        self.signed.field(name)
    }
}

/// Checks the platform's signature over an answer, which covers `digest` as the body's digest.
pub fn check_signed(city: &City, ask: &Ask, answer: &Answer, digest: Option<&str>) {
    let request =
        Request { signed: Signed { ask, public: &city.public }, signature: ask.signature(city).1 };
    let received = Received { answer, request };
    let line = |name: &str| received.field(name).or_else(|| received.trailer(name)).unwrap();
    let (signature_input, signature) = (line("signature-input"), line("signature"));
    let input = find_tagged(&signature_input, "lgsp").unwrap().unwrap();
    assert_eq!(input.label, "mine");
    assert_eq!(input.parameters.nonce.as_deref(), Some("of-the-caller"));
    assert_eq!(input.parameters.keyid.as_deref(), Some("platform"));
    assert_eq!(input.parameters.created, Some(city.clock.now().as_seconds()));
    let covered: Vec<_> = input.components.iter().map(ToString::to_string).collect();
    let expected: Vec<_> = [
        Some("\"@status\""),
        digest,
        Some("\"lgsp-entry\""),
        Some("\"lgsp-request-id\""),
        Some("\"@method\";req"),
        Some("\"@target-uri\";req"),
        Some("\"signature\";req;key=\"sig\""),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(covered, expected);
    let base = signature_base(&input, &received).unwrap();
    let signature = signature_bytes(&signature, "mine").unwrap().unwrap();
    let key = CallerKey::ed25519(&city.response_key.public_key()).unwrap();
    assert!(key.verify(&base, &signature));
}

const IN_HEAD: Option<&str> = Some("\"content-digest\"");

#[tokio::test]
async fn the_platform_signs_an_answer_when_it_is_asked_to() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let wish = "mine=(\"@status\");created;keyid;nonce=\"of-the-caller\";tag=\"lgsp\"";
    let ask = Ask::get("/units").key(ED25519).header("accept-signature", wish);
    let answer = city.ask(&ask).await;
    assert_eq!(answer.status, 200);
    check_signed(&city, &ask, &answer, IN_HEAD);
    assert!(!provider.only().headers.contains_key("accept-signature"));

    let refused = Ask::new("PUT", "/units").header("accept-signature", wish);
    let answer = city.ask(&refused).await;
    assert_eq!(answer.status, 403);
    check_signed(&city, &refused, &answer, IN_HEAD);

    // Without a body there is no digest.
    let head = Ask::new("HEAD", "/units").header("accept-signature", wish);
    let answer = city.ask(&head).await;
    assert_eq!(answer.status, 200);
    check_signed(&city, &head, &answer, None);

    for wish in ["nonsense", "a=(\"x\");tag=\"other\""] {
        let answer = city.ask(&Ask::get("/units").header("accept-signature", wish)).await;
        assert_eq!((answer.status, answer.header("signature")), (200, None));
    }
    let stranger = Ask::get("/units").key("nobody").header("accept-signature", wish);
    assert_eq!(city.ask(&stranger).await.header("signature"), None);
}

#[tokio::test]
async fn an_upstream_path_stands_before_the_service_s_own() {
    let provider = Provider::friendly().await;
    let mut setting = crate::city::Setting::new(provider.address);
    setting.policy.service.upstream += "/api/v3/";
    let city = setting.start().await;
    for (path, target) in [("", "/api/v3/"), ("?x=1", "/api/v3/?x=1"), ("/units", "/api/v3/units")]
    {
        assert_eq!(city.ask(&Ask::get(path)).await.status, 200, "{SERVICE}{path}");
        assert_eq!(provider.seen().pop().unwrap().target, target);
    }
}
