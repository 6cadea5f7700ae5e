//! Second step: who signed, just now, for the first time.

use wire::entry::Kind;

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::line::Answer;
use crate::policy::{ED25519, HMAC, LONELY, SERVICE};
use crate::provider::Provider;

#[tokio::test]
async fn a_signed_call_is_answered_whichever_algorithm_signed_it() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for (key, alg) in
        [(HMAC, None), (HMAC, Some("hmac-sha256")), (ED25519, None), (ED25519, Some("ed25519"))]
    {
        let ask = Ask::get("/units?page=2").key(key).with(|ask| ask.alg = alg);
        let answer = city.ask(&ask).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]));
    }
    let parts = vec!["@method", "@authority", "@path", "@query"];
    let by_parts = Ask::get("/units").with(|ask| ask.covered = parts);
    assert_eq!(city.ask(&by_parts).await.status, 200);
}

/// Signs one call and sends another.
async fn altered(city: &City, ask: Ask, alter: impl Fn(&str) -> String) -> Answer {
    let head = ask.head(city);
    let changed = alter(&head);
    assert_ne!(head, changed);
    let mut bytes = changed.into_bytes();
    bytes.extend(ask.body.unwrap_or_default());
    city.line().await.ask(&bytes).await
}

#[tokio::test]
async fn what_was_altered_after_signing_is_refused() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let get = || Ask::get("/units?page=2");
    for (from, to) in [
        ("GET ", "POST "),
        ("/units", "/unitz"),
        ("page=2", "page=3"),
        ("?page=2", ""),
        (";nonce=\"n", ";nonce=\"m"),
        (";tag=\"lgsp\"", ";tag=\"lgsp\";x=1"),
        ("(\"@method\" \"@target-uri\")", "(\"@target-uri\" \"@method\")"),
    ] {
        let answer = altered(&city, get(), |head| head.replacen(from, to, 1)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "signature.invalid"), "{from}");
    }
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn each_failure_of_identification_has_its_code_and_its_entry() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    let mut past = setting.policy.credentials[0].clone();
    past.keyid = "past.hmac".parse().unwrap();
    past.not_after = wire::ambient::UtcMicros::from_seconds(1_795_420_800);
    setting.policy.credentials.push(past);
    let mut revoked = setting.policy.credentials[0].clone();
    revoked.keyid = "revoked.hmac".parse().unwrap();
    revoked.revoked_at = Some(wire::ambient::UtcMicros::from_seconds(1_795_420_800));
    setting.policy.credentials.push(revoked);
    let city = setting.start().await;

    let get = || Ask::get("/units");
    let cases = [
        (get().with(|ask| ask.tag = "other"), "signature.missing"),
        (get().with(|ask| ask.covered = vec!["@method"]), "signature.component_missing"),
        (get().with(|ask| ask.covered = vec!["@target-uri"]), "signature.component_missing"),
        (
            Ask::post("/units", "{}").with(|ask| ask.covered.truncate(2)),
            "signature.component_missing",
        ),
        (get().header("lgsp-purpose", "tra-cuu"), "signature.component_missing"),
        (get().with(|ask| ask.nonce = None), "signature.parameter_missing"),
        (get().with(|ask| ask.life = 301), "signature.too_long_lived"),
        (get().with(|ask| ask.age = 91), "signature.expired"),
        (get().with(|ask| ask.age = -31), "signature.from_the_future"),
        (get().with(|ask| ask.alg = Some("ed25519")), "signature.algorithm_mismatch"),
        (get().with(|ask| ask.alg = Some("rsa-pss-sha512")), "signature.algorithm_mismatch"),
        (get().key("nobody"), "key.unknown"),
        (get().key("revoked.hmac"), "key.revoked"),
        (get().key("past.hmac"), "key.not_valid"),
        (get().key(LONELY).with(|ask| ask.keyid = Some(HMAC.to_owned())), "signature.invalid"),
    ];
    for (ask, code) in cases {
        // Another minute, so that nothing is folded.
        city.clock.advance(std::time::Duration::from_mins(1));
        let answer = city.ask(&ask).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code));
        assert!(answer.header("www-authenticate").is_some());
        assert!(answer.header("accept-signature").is_some());
        let entry = city.entry_of(&answer).await;
        assert_eq!((entry.kind, entry.action.as_str()), (Kind::Call, "call.refused"));
        assert_eq!(entry.outcome, code);
        assert_eq!(entry.actor, None);
        assert_eq!(entry.subject["source"], "127.0.0.0/24");
        assert_eq!(entry.subject["request_id"], answer.header("lgsp-request-id").unwrap());
    }
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn within_the_allowed_skew_a_signature_counts() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for ask in [
        Ask::get("/").with(|ask| ask.age = 90),
        Ask::get("/").with(|ask| ask.age = -30),
        Ask::get("/").with(|ask| ask.life = 300),
    ] {
        assert_eq!(city.ask(&ask).await.status, 200);
    }
}

#[tokio::test]
async fn a_replay_is_refused_and_another_key_may_use_the_same_nonce() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let ask = Ask::get("/units");
    let bytes = ask.bytes(&city);
    assert_eq!(city.line().await.ask(&bytes).await.status, 200);
    let again = city.line().await.ask(&bytes).await;
    assert_eq!((again.status, again.code().as_str()), (401, "nonce.replayed"));
    assert_eq!(city.entry_of(&again).await.outcome, "nonce.replayed");
    assert_eq!(city.ask(&ask.key(ED25519)).await.status, 200);
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test]
async fn of_one_signature_sent_many_times_at_once_exactly_one_passes() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.threads = 2;
    let city = setting.start().await;
    let bytes = Ask::get("/units").bytes(&city);
    let mut lines = Vec::new();
    for _ in 0..16 {
        let mut line = city.line().await;
        line.send(&bytes).await;
        lines.push(line);
    }
    let mut passed = 0;
    for line in &mut lines {
        passed += u32::from(line.answer(false).await.status == 200);
    }
    assert_eq!((passed, provider.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_key_that_signs_more_than_its_share_is_told_to_wait() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.nonces_per_key = 2;
    let city = setting.start().await;
    for _ in 0..2 {
        assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
    }
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "nonce.store_full"));
    assert!(answer.header("retry-after").is_some());
    assert!(city.entry_of(&answer).await.actor.is_some());
    assert_eq!(city.ask(&Ask::get("/").key(ED25519)).await.status, 200);
}

#[tokio::test]
async fn a_stranger_learns_nothing_about_services() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for path in [format!("/{SERVICE}/units"), "/H24.99/no/such/v1/x".to_owned(), "/".to_owned()] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", city.address());
        let answer = city.line().await.ask(request.as_bytes()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "signature.missing"));
    }
}

#[tokio::test]
async fn two_signatures_with_our_tag_are_ambiguous_and_others_are_passed_over() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let ask = Ask::get("/units");
    let (input, signature) = ask.signature(&city);
    let lines = |input: &str, signature: &str| {
        let head = format!("GET {} HTTP/1.1\r\nHost: {}\r\n", ask.target, city.address());
        format!("{head}Signature-Input: {input}\r\nSignature: {signature}\r\n\r\n")
    };
    let twice = (
        format!("{input}, {}", input.replacen("sig=", "two=", 1)),
        format!("{signature}, {}", signature.replacen("sig=", "two=", 1)),
    );
    let answer = city.line().await.ask(lines(&twice.0, &twice.1).as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "signature.ambiguous"));

    let foreign =
        (format!("{input}, other=(\"x-none\");tag=\"else\""), format!("{signature}, other=:AAAA:"));
    assert_eq!(city.line().await.ask(lines(&foreign.0, &foreign.1).as_bytes()).await.status, 200);
}
