//! Every command leaves its entry in the log, and none leaves one when it is refused.

use serde_json::json;
use wire::entry::Kind;

use super::platform::*;

#[tokio::test]
async fn each_command_emits_its_entry_and_then_the_directory_its_own() {
    let platform = Platform::with_service().await;
    let credential = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    let made = platform.made(CONSUMER, "/api/v1/credentials", credential).await;
    let keyid = made["keyid"].as_str().unwrap();
    let rotate = format!("/api/v1/credentials/{keyid}/rotate");
    platform.made(CONSUMER, &rotate, json!({})).await;
    platform.made(CONSUMER, &format!("/api/v1/credentials/{keyid}/revoke"), json!({})).await;
    let names = json!({"name": "Sở Nội vụ"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/rename", names).await;
    let terms = json!({"upstream": "http://10.24.12.6:9000"});
    platform.made(PROVIDER, &format!("/api/v1/services/{SERVICE}/terms"), terms).await;
    let close = json!({"decision": "02/2025/QĐ-UBND"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.40/close", close).await;
    let alias = json!({"name": "H23.12", "successor": "H24.12", "decision": "1/QĐ"});
    platform.made(OPERATOR, "/api/v1/aliases", alias).await;
    platform
        .made(OPERATOR, "/api/v1/aliases/H23.12/end", json!({"until": "2030-01-01T00:00:00Z"}))
        .await;
    let organisations = "/api/v1/organisations";
    for (path, body) in [
        ("H24.31/merge", json!({"from": ["H24.01"], "decision": "1/QĐ"})),
        (
            "H24.31/split",
            json!({"into": ["H24.02"], "continues": true, "decision": "1/QĐ",
            "moves": [{"from": CONSUMING_SYSTEM, "to": "H24.02/mot-cua"}]}),
        ),
        ("H24.31/recode", json!({"code": "H24.80", "decision": "1/QĐ"})),
    ] {
        platform.made(OPERATOR, &format!("{organisations}/{path}"), body).await;
    }
    let system = "/api/v1/systems/H24.12/ho-so";
    let form = json!({"organisation": "H24.12", "code": "ho-so", "name": "x"});
    platform.made(PROVIDER, "/api/v1/systems", form).await;
    platform.made(PROVIDER, &format!("{system}/change"), json!({"name": "y"})).await;
    platform.made(PROVIDER, &format!("{system}/close"), json!({})).await;
    let expected = [
        "system.changed",
        "system.closed",
        "organisation.merged",
        "organisation.recoded",
        "organisation.split",
        "alias.made",
        "alias.end_set",
        "organisation.registered",
        "system.registered",
        "service.published",
        "credential.made",
        "credential.rotated",
        "credential.revoked",
        "organisation.renamed",
        "organisation.closed",
        "service.terms_changed",
    ];
    let entries = platform.entries().await;
    for action in expected {
        let at = entries.iter().position(|entry| entry.action == action);
        let at = at.unwrap_or_else(|| panic!("{action} is not in the log"));
        assert_eq!(entries[at].kind, Kind::Change, "{action}");
        assert!(entries[at].actor.is_some() && !entries[at].subject.is_empty(), "{action}");
        assert_eq!(entries[at + 1].action, "directory.published", "after {action}");
        assert_eq!(entries[at + 1].kind, Kind::Directory);
        assert!(entries[at + 1].directory.is_some());
    }
    let in_force = platform.in_force().signed.directory.root();
    assert_eq!(entries.last().unwrap().directory, Some(in_force));
}

#[tokio::test]
async fn each_step_of_a_connection_emits_its_entry() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    platform.made(CONSUMER, &format!("{path}/revise"), asked()).await;
    let way = ["submit", "return", "submit", "consent", "test", "approve", "activate", "suspend"];
    for step in way.into_iter().chain(["resume", "end"]) {
        platform.step(&path, step).await;
    }
    platform.connection_after(&["withdraw"]).await;
    platform.connection_after(&["submit", "refuse"]).await;
    let actions = platform.actions().await;
    let about_connections =
        actions.iter().filter(|action| action.starts_with("connection.")).collect::<Vec<_>>();
    assert_eq!(
        about_connections,
        [
            "connection.requested",
            "connection.revised",
            "connection.submitted",
            "connection.returned",
            "connection.submitted",
            "connection.consented",
            "connection.testing",
            "connection.test_confirmed",
            "connection.approved",
            "connection.activated",
            "connection.suspended",
            "connection.resumed",
            "connection.ended",
            "connection.requested",
            "connection.withdrawn",
            "connection.requested",
            "connection.submitted",
            "connection.refused",
        ]
    );
}

#[tokio::test]
async fn a_refused_command_leaves_neither_change_nor_entry() {
    let platform = Platform::with_service().await;
    let before = platform.log.size();
    for (token, path, body) in [
        (CONSUMER, "/api/v1/organisations", json!({"code": "H24.50", "name": "x"})),
        (OPERATOR, "/api/v1/organisations", json!({"code": "H25.50", "name": "x"})),
        (OPERATOR, "/api/v1/organisations", json!({"code": "H24.12", "name": "x"})),
        (CONSUMER, "/api/v1/connections", {
            let mut form = connection_form();
            form["service"] = "H24.12/don-vi-hanh-chinh/khac/v1".into();
            form
        }),
    ] {
        let (status, _) = platform.refused(token, path, body).await;
        assert!([403, 404, 409].contains(&status), "{path}: {status}");
    }
    assert_eq!(platform.log.size(), before);
    assert_eq!(platform.get("/api/v1/connections").await["items"], json!([]));
}

#[tokio::test]
async fn what_people_write_about_reasons_never_stands_in_an_entry() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit"]).await;
    let reason = json!({"reason": "Ông Nguyễn Văn A đề nghị"});
    platform.made(OPERATOR, &format!("{path}/return"), reason).await;
    for entry in platform.entries().await {
        let told = entry.subject.values().any(|value| value.contains("Nguyễn"));
        assert!(!told, "{entry:?}");
    }
}

#[tokio::test]
async fn an_auditors_reading_is_recorded_before_it_is_answered_and_nobody_elses() {
    let platform = Platform::with_service().await;
    let before = platform.log.size();
    platform.get("/api/v1/organisations/H24.12").await;
    assert_eq!(platform.log.size(), before);
    for (path, outcome) in
        [("/api/v1/organisations/H24.12", 200), ("/api/v1/organisations/H24.99", 404)]
    {
        let (status, _) = platform.ask(AUDITOR, "GET", path, None).await;
        assert_eq!(status, outcome);
        let entry = platform.entries().await.pop().unwrap();
        assert_eq!((entry.kind, entry.action.as_str()), (Kind::Access, "registry.read"));
        assert_eq!((entry.subject["path"].as_str(), entry.outcome), (path, outcome.to_string()));
        assert_eq!(entry.actor.unwrap().credential.as_deref(), Some("t-auditor"));
    }
}

#[tokio::test]
async fn while_the_log_cannot_be_written_nothing_is_changed_and_no_auditor_reads() {
    let platform = Platform::with_service().await;
    platform.log.close().await;
    let form = json!({"code": "H24.50", "name": "x"});
    let refused = platform.refused(OPERATOR, "/api/v1/organisations", form).await;
    assert_eq!(refused, (503, "log.unavailable".to_owned()));
    let (status, _) = platform.ask(AUDITOR, "GET", "/api/v1/organisations", None).await;
    assert_eq!(status, 503);
    let (status, _) = platform.ask(OFFICER, "GET", "/api/v1/organisations/H24.50", None).await;
    assert_eq!(status, 404);
}
