//! What the log says of calls.

use std::time::Duration;

use evidence::KeptDetail;
use testkit::faulty_disk::Call;
use tokio::io::AsyncReadExt;
use wire::commitment::{CommitmentLabel, commit_body, commit_bytes, commit_head};
use wire::directory::RecordMode;
use wire::entry::Kind;
use wire::merkle::sha256;

use crate::caller::Ask;
use crate::city::{Setting, city};
use crate::policy::{ED25519, SERVICE};
use crate::provider::Provider;

#[tokio::test]
async fn a_completed_call_has_one_entry_whose_commitments_open() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let ask = Ask::post("/units?q=so-can-cuoc", "{}").key(ED25519).header("cookie", "secret");
    let answer = city.ask(&ask).await;
    let request_id = answer.header("lgsp-request-id").unwrap();
    let entries = city.entries(request_id).await;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.kind, entry.action.as_str()), (Kind::Call, "call.completed"));
    assert_eq!(entry.outcome, "200");
    assert_eq!(entry.directory, Some(city.policy.snapshot().directory.root()));
    let actor = entry.actor.clone().unwrap();
    assert_eq!(actor.organisation.unwrap().as_ref(), "H24.30");
    assert_eq!(actor.system.unwrap().as_str(), "mot-cua");
    assert_eq!(actor.credential.as_deref(), Some(ED25519));
    let subject: Vec<_> =
        entry.subject.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let connection = city.policy.connections[0].id.to_string();
    let expected = [
        ("connection", connection.as_str()),
        ("operation", "POST /**"),
        ("purpose", "tra-cuu"),
        ("request_id", request_id),
        ("service", SERVICE),
    ];
    assert_eq!(subject, expected);

    let KeptDetail::Kept(detail) = city.log.detail(0).await.unwrap() else {
        panic!("the detail is not kept");
    };
    let first = format!("POST {}{}", city.public, ask.target);
    assert_eq!(detail.request_head.iter().next(), Some(&*first));
    assert!(detail.request_head.iter().all(|line| !line.contains("secret")));
    assert!(detail.response_head.iter().any(|line| line == "200"));
    let commits = |label| entry.commitments[&label];
    let secret = &detail.secret;
    for (label, lines) in [
        (CommitmentLabel::RequestHead, &detail.request_head),
        (CommitmentLabel::ResponseHead, &detail.response_head),
    ] {
        assert_eq!(commits(label), commit_head(secret, label, lines.iter()));
    }
    for (label, body) in
        [(CommitmentLabel::RequestBody, &b"{}"[..]), (CommitmentLabel::ResponseBody, b"hello")]
    {
        assert_eq!(commits(label), commit_body(secret, label, &sha256(&[body])));
    }
    let base = detail.signature_base.as_bytes();
    for (label, bytes) in
        [(CommitmentLabel::SignatureBase, base), (CommitmentLabel::Signature, &detail.signature)]
    {
        assert_eq!(commits(label), commit_bytes(secret, label, bytes));
    }
}

#[tokio::test]
async fn a_secret_that_was_signed_is_committed_to_and_not_kept() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut ask = Ask::get("/").header("authorization", "Bearer secret");
    ask.covered.push("authorization");
    let entry = city.entry_of(&city.ask(&ask).await).await;
    assert!(entry.commitments.contains_key(&CommitmentLabel::SignatureBase));
    let KeptDetail::Kept(detail) = city.log.detail(0).await.unwrap() else {
        panic!("the detail is not kept");
    };
    assert_eq!(detail.signature_base, "");
    assert!(detail.request_head.iter().all(|line| !line.contains("secret")));
}

#[tokio::test]
async fn strangers_wait_for_the_first_record_of_their_kind_or_hear_that_there_is_none() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    city.disk.fail_next(Call::Sync, "wal");
    let asks: Vec<_> = (0..4).map(|_| Ask::get("/").key("nobody")).collect();
    let mut lines = Vec::new();
    for ask in &asks {
        let mut line = city.line().await;
        line.send(&ask.bytes(&city)).await;
        lines.push(line);
    }
    let mut answered = 0;
    for line in &mut lines {
        let answer = line.answer(false).await;
        // Whoever is told of the refusal finds that there was one; the others hear of the log.
        match answer.status {
            401 => answered += 1,
            status => assert_eq!(status, 503),
        }
    }
    assert!(answered < 4);
    let (log, gateway) = (city.log.clone(), city.gateway);
    gateway.drain(Duration::from_secs(10)).await;
    let mut counted = 0;
    for index in 0..log.size() {
        log.published_past(index).await.unwrap();
        let entry = log.entry(index).await.unwrap().unwrap();
        let entry = wire::entry::Entry::parse(&entry).unwrap();
        counted += entry.subject["count"].parse::<u64>().unwrap();
    }
    assert_eq!(counted, answered);
}

#[tokio::test]
async fn strangers_of_one_network_are_counted_by_the_minute() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let first = city.ask(&Ask::get("/").key("nobody")).await;
    assert!(first.header("lgsp-entry").is_some());
    for _ in 0..3 {
        let further = city.ask(&Ask::get("/").key("nobody")).await;
        assert_eq!((further.status, further.header("lgsp-entry")), (401, None));
    }
    let other = city.ask(&Ask::get("/").with(|ask| ask.age = 1000)).await;
    assert_eq!(city.entry_of(&other).await.outcome, "signature.expired");
    assert_eq!(city.log.size(), 2);

    city.clock.advance(Duration::from_mins(1));
    let counted = city.entry_after(2).await;
    assert_eq!(
        (counted.action.as_str(), counted.outcome.as_str()),
        ("call.refused", "key.unknown")
    );
    assert_eq!(counted.subject["count"], "3");
    assert_eq!(counted.subject["source"], "127.0.0.0/24");
    assert_eq!(counted.subject["minute"], city.entry_of(&first).await.subject["minute"]);

    assert!(city.ask(&Ask::get("/").key("nobody")).await.header("lgsp-entry").is_some());
    city.ask(&Ask::get("/").key("nobody")).await;
    let (log, gateway) = (city.log.clone(), city.gateway);
    gateway.drain(Duration::from_secs(10)).await;
    assert_eq!(log.size(), 5);
}

#[tokio::test]
async fn a_caller_that_leaves_before_the_answer_is_recorded_and_its_provider_cut_off() {
    let (gone, mut left) = tokio::sync::mpsc::unbounded_channel();
    let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
    let provider = Provider::playing(move |mut stream| {
        let (gone, asked) = (gone.clone(), asked.clone());
        async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = asked.send(());
            let _ = gone.send(matches!(stream.read(&mut head).await, Ok(0) | Err(_)));
        }
    })
    .await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    asks.recv().await.unwrap();
    drop(line);
    assert!(left.recv().await.unwrap());
    let entry = city.entry_after(0).await;
    assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.closed", "aborted"));
    assert_eq!(entry.subject["reason"], "caller_left");
    assert_eq!(entry.subject["service"], SERVICE);
}

#[tokio::test]
async fn while_the_log_cannot_be_written_nothing_passes_and_then_all_does_again() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
    city.disk.set_capacity(Some(city.disk.used()));
    for ask in [Ask::get("/"), Ask::new("PUT", "/"), Ask::get("/").key("nobody")] {
        let answer = city.ask(&ask).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "log.unavailable"));
        assert_eq!(answer.header("lgsp-entry"), None);
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(provider.seen().len(), 1);
    city.disk.set_capacity(None);
    let mut tries = 0;
    while city.ask(&Ask::get("/")).await.status != 200 {
        tries += 1;
        assert!(tries < 10_000, "the log does not recover");
    }
}

#[tokio::test]
async fn a_call_whose_record_fails_after_forwarding_is_not_answered_but_stays_visible() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    city.disk.fail_next(Call::Sync, "wal");
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "log.unavailable"));
    assert_eq!(provider.seen().len(), 1);
    let entry = city.entry_after(0).await;
    assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("call.unknown", "unknown"));
    assert_eq!(entry.subject["request_id"], answer.header("lgsp-request-id").unwrap());
}

#[tokio::test]
async fn a_service_that_records_before_it_forwards_is_not_asked_without_a_durable_intent() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.service.record = RecordMode::BeforeForward;
    let city = setting.start().await;
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
    city.disk.fail_next(Call::Sync, "intent");
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "log.unavailable"));
    assert_eq!(provider.seen().len(), 1);
}
