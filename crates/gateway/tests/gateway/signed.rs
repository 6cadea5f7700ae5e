//! Signatures between platform and provider, where a service's terms demand them.

use std::borrow::Cow;

use evidence::KeptDetail;
use http::Response;
use keys::{CallerKey, SigningKey};
use wire::ambient::UtcMicros;
use wire::commitment::{CommitmentLabel, commit_bytes};
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::{CredentialRecord, Environment, Signing};
use wire::signature::{
    Algorithm, Message, Name, Parameters, find_tagged, serialise_input, serialise_signature,
    signature_base, signature_bytes,
};

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::policy::{ED25519, hmac_secret, signing_key};
use crate::provider::{Body, Provider, Seen, full};

const KEYID: &str = "nguon.khoa";
const SECRET: &str = "nguon.hmac";
const COVERED: [&str; 6] = [
    "\"@status\"",
    "\"content-digest\"",
    "\"@method\";req",
    "\"@path\";req",
    "\"@query\";req",
    "\"lgsp-request-id\";req",
];

/// How a provider signs, or gets it wrong on purpose.
struct Signs {
    key: SigningKey,
    keyid: &'static str,
    covered: Vec<&'static str>,
    alg: Option<&'static str>,
    tag: &'static str,
    /// Seconds before the platform's now; negative: after.
    age: i64,
    status: u16,
    body: Vec<u8>,
    digested_body: Option<Vec<u8>>,
    request_id: Option<&'static str>,
    digest: DigestAlgorithm,
}

impl Signs {
    fn well(key: &SigningKey) -> Self {
        Self {
            key: key.clone(),
            keyid: KEYID,
            covered: COVERED.to_vec(),
            alg: None,
            tag: "lgsp",
            age: 0,
            status: 200,
            body: b"hello".to_vec(),
            digested_body: None,
            request_id: None,
            digest: DigestAlgorithm::Sha256,
        }
    }

    fn answer(&self, seen: &Seen, now: UtcMicros) -> Response<Body> {
        let digested = self.digested_body.as_ref().unwrap_or(&self.body);
        let digest = ContentDigest::of(self.digest, digested).to_string();
        let request = Asked { seen, request_id: self.request_id };
        let view = View { status: 200, digest: &digest, request };
        let parameters = Parameters {
            created: Some(now.as_seconds() - self.age),
            keyid: Some(self.keyid.into()),
            alg: self.alg.map(Cow::Borrowed),
            tag: Some(self.tag.into()),
            ..Parameters::default()
        };
        let empty = serialise_input("own", &[], &parameters).unwrap();
        let input = empty.replacen("()", &format!("({})", self.covered.join(" ")), 1);
        let read_back = find_tagged(&input, self.tag).unwrap().unwrap();
        let base = signature_base(&read_back, &view).unwrap();
        let signature = serialise_signature("own", &self.key.sign(&base).unwrap());
        Response::builder()
            .status(self.status)
            .header("content-digest", &digest)
            .header("signature-input", input)
            .header("signature", signature)
            .body(full(self.body.clone()))
            .unwrap()
    }
}

/// An answer as its provider signs it.
struct View<'a> {
    status: u16,
    digest: &'a str,
    request: Asked<'a>,
}

impl Message for View<'_> {
    fn derived(&self, _: &Name<'_>) -> Option<Cow<'_, str>> {
        Some(self.status.to_string().into())
    }

    fn field(&self, _: &str) -> Option<Cow<'_, str>> {
        Some(self.digest.into())
    }

    fn request(&self) -> Option<&dyn Message> {
        Some(&self.request)
    }
}

/// A request as its provider saw it.
struct Asked<'a> {
    seen: &'a Seen,
    request_id: Option<&'static str>,
}

impl Message for Asked<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        let target = &self.seen.target;
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        Some(match name {
            Name::Method => self.seen.method.as_str().into(),
            Name::Path => path.into(),
            Name::Query if query.is_empty() => "?".into(),
            _ => query.into(),
        })
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let other = self.request_id.filter(|_| name == "lgsp-request-id");
        Some(other.map_or_else(|| self.seen.headers[name].to_str().unwrap().into(), Into::into))
    }
}

fn credential(keyid: &str, key: &SigningKey) -> CredentialRecord {
    CredentialRecord {
        keyid: keyid.parse().unwrap(),
        system: "H24.12/don-vi-hanh-chinh".parse().unwrap(),
        algorithm: key.algorithm(),
        public_key: key.public_key(),
        not_before: UtcMicros::MIN,
        not_after: UtcMicros::MAX,
        environment: Environment::Production,
        revoked_at: None,
    }
}

/// A city whose provider must sign, and what it answers.
async fn signing_city(
    key: &SigningKey,
    signs: impl Fn(&Seen) -> Signs + Send + Sync + 'static,
) -> City {
    let now = testkit::TestClock::default();
    let provider =
        Provider::answering(move |seen| signs(seen).answer(seen, wire::ambient::Clock::now(&now)))
            .await;
    let mut setting = Setting::new(provider.address);
    setting.policy.service.signed_answers = Signing::Required;
    let secret = SigningKey::hmac_sha256(&hmac_secret(SECRET)).unwrap();
    for (keyid, key) in [(SECRET, &secret), (KEYID, key)] {
        setting.policy.credentials.push(credential(keyid, key));
    }
    setting.start().await
}

#[tokio::test]
async fn a_signed_answer_passes_and_its_signature_is_committed_to_and_kept() {
    for algorithm in Algorithm::ALL.into_iter().filter(|it| *it != Algorithm::HmacSha256) {
        let key = SigningKey::generate(algorithm).unwrap();
        let city = signing_city(&key, {
            let key = key.clone();
            move |_| Signs { alg: Some(algorithm.as_str()), ..Signs::well(&key) }
        })
        .await;
        let answer = city.ask(&Ask::get("/units?x=1")).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"hello".as_slice()));
        // It signs what the platform sent to it, which its caller cannot check.
        assert_eq!(answer.header("signature"), None);
        let entry = city.entry_of(&answer).await;
        assert_eq!(entry.subject["provider_credential"], KEYID);
        let KeptDetail::Kept(detail) = city.log.detail(0).await.unwrap() else {
            panic!("the detail is not kept");
        };
        let (base, signature) = (&detail.response_signature_base, &detail.response_signature);
        let public = CallerKey::public(algorithm, &key.public_key().unwrap()).unwrap();
        assert!(public.verify(base.as_bytes(), signature));
        for (label, bytes) in [
            (CommitmentLabel::ResponseSignatureBase, base.as_bytes()),
            (CommitmentLabel::ResponseSignature, signature),
        ] {
            assert_eq!(entry.commitments[&label], commit_bytes(&detail.secret, label, bytes));
        }
        let request_id = answer.header("lgsp-request-id").unwrap();
        assert!(base.contains(&format!("\"lgsp-request-id\";req: {request_id}\n")), "{base}");
        assert!(base.contains("\"@path\";req: /units\n\"@query\";req: ?x=1\n"), "{base}");
    }
}

type Flaw = Box<dyn Fn(Signs) -> Signs + Send + Sync>;

fn flaws() -> Vec<(String, &'static str, Flaw)> {
    let (unsigned, invalid, malformed) = (
        "provider.answer_unsigned",
        "provider.answer_signature_invalid",
        "provider.answer_malformed",
    );
    let mut flaws: Vec<(String, &'static str, Flaw)> = Vec::new();
    let mut add = |name: &str, code, flaw: Flaw| flaws.push((name.to_owned(), code, flaw));
    let own = |name| SigningKey::hmac_sha256(&hmac_secret(name)).unwrap();
    add("another status", invalid, Box::new(|it| Signs { status: 201, ..it }));
    add("another call", invalid, Box::new(|it| Signs { request_id: Some("another"), ..it }));
    add("an unknown key", invalid, Box::new(|it| Signs { keyid: "unknown", ..it }));
    add("another key", invalid, Box::new(|it| Signs { key: signing_key(ED25519), ..it }));
    let of_caller = |it| Signs { keyid: ED25519, key: signing_key(ED25519), ..it };
    add("the caller's key", invalid, Box::new(of_caller));
    let key = own(SECRET);
    add("a secret", invalid, Box::new(move |it| Signs { keyid: SECRET, key: key.clone(), ..it }));
    add("another alg", invalid, Box::new(|it| Signs { alg: Some("rsa-pss-sha512"), ..it }));
    add("no alg there is", unsigned, Box::new(|it| Signs { alg: Some("none"), ..it }));
    add("too old", unsigned, Box::new(|it| Signs { age: 31, ..it }));
    add("from the future", unsigned, Box::new(|it| Signs { age: -31, ..it }));
    let other_body = |it| Signs { digested_body: Some(b"other".to_vec()), ..it };
    add("another body", malformed, Box::new(other_body));
    add("another tag", unsigned, Box::new(|it| Signs { tag: "other", ..it }));
    for left_out in COVERED {
        let rest = move |name: &&str| *name != left_out;
        let flaw = move |it| Signs { covered: COVERED.into_iter().filter(rest).collect(), ..it };
        add(left_out, unsigned, Box::new(flaw));
    }
    flaws
}

#[tokio::test]
async fn an_answer_that_is_not_signed_as_demanded_is_refused_and_recorded_as_such() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    for (name, code, flaw) in flaws() {
        let own = key.clone();
        let city = signing_city(&key, move |_| flaw(Signs::well(&own))).await;
        let answer = city.ask(&Ask::get("/units")).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, code), "{name}");
        let entry = city.entry_of(&answer).await;
        assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.refused", code));
        assert!(!entry.commitments.contains_key(&CommitmentLabel::ResponseSignature), "{name}");
    }
}

#[tokio::test]
async fn a_revoked_key_of_the_provider_signs_no_more() {
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let own = key.clone();
    let city = signing_city(&key, move |_| Signs::well(&own)).await;
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
    let mut policy = city.policy.clone();
    policy.credentials.last_mut().unwrap().revoked_at = Some(UtcMicros::MIN);
    city.install(&policy);
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!(answer.code(), "provider.answer_signature_invalid");
}

#[tokio::test]
async fn a_service_that_demands_nothing_hears_no_signature() {
    let provider = Provider::answering(|_| {
        Response::builder().header("signature", "own=:AAAA:").body(full("hello")).unwrap()
    })
    .await;
    let city = city(provider.address).await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.header("signature")), (200, None));
    assert!(!city.entry_of(&answer).await.subject.contains_key("provider_credential"));
    assert!(!provider.only().headers.contains_key("signature"));
}

#[tokio::test]
async fn a_long_signed_answer_is_held_against_its_digest_as_it_comes() {
    let long = vec![b'x'; 1_000_000];
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let (own, body) = (key.clone(), long.clone());
    let city = signing_city(&key, move |seen| {
        let other = (seen.target == "/other").then(|| b"other".to_vec());
        Signs { body: body.clone(), digested_body: other, ..Signs::well(&own) }
    })
    .await;
    let answer = city.ask(&Ask::get("/")).await;
    assert!(answer.status == 200 && answer.body == long && answer.is_whole);
    let entries = city.entries(answer.header("lgsp-request-id").unwrap()).await;
    assert_eq!(entries[0].subject["provider_credential"], KEYID);
    assert!(entries[0].commitments.contains_key(&CommitmentLabel::ResponseSignature));
    assert_eq!(entries[1].outcome, "complete");

    let answer = city.ask(&Ask::get("/other")).await;
    assert!(answer.status == 200 && !answer.is_whole);
    let entries = city.entries(answer.header("lgsp-request-id").unwrap()).await;
    assert_eq!(entries[1].outcome, "aborted");
    assert_eq!(entries[1].subject["reason"], "provider_digest_differs");
}

#[tokio::test]
async fn a_request_is_signed_for_its_provider_where_the_terms_ask_for_it() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.service.signed_requests = Signing::Required;
    let city = setting.start().await;
    let public = CallerKey::ed25519(&city.response_key.public_key()).unwrap();
    for (ask, digest) in
        [(Ask::get("/units?x=1"), ""), (Ask::post("/units", b"{}"), " \"content-digest\"")]
    {
        let ask = ask.header("signature_input", "forged=()");
        assert_eq!(city.ask(&ask).await.status, 200);
        let seen = provider.seen().pop().unwrap();
        let input = seen.headers["signature-input"].to_str().unwrap();
        let input = find_tagged(input, "lgsp").unwrap().unwrap();
        let covered: Vec<_> = input.components.iter().map(ToString::to_string).collect();
        let rest = "\"@method\" \"@path\" \"@query\" \"lgsp-consumer-organisation\" \
                    \"lgsp-consumer-system\" \"lgsp-purpose\" \"lgsp-request-id\"";
        assert_eq!(covered.join(" "), format!("{rest}{digest}"));
        let now = wire::ambient::Clock::now(&*city.clock).as_seconds();
        assert_eq!(
            (input.parameters.created, input.parameters.expires),
            (Some(now), Some(now + 60))
        );
        assert_eq!(input.parameters.keyid.as_deref(), Some("platform"));
        let base = signature_base(&input, &Asked { seen: &seen, request_id: None }).unwrap();
        let signature = seen.headers["signature"].to_str().unwrap();
        let signature = signature_bytes(signature, input.label).unwrap().unwrap();
        assert!(public.verify(&base, &signature));
    }
}
