use std::time::Duration;

use keys::Ed25519Key;
use testkit::SeededRandomness;

use super::*;

async fn previewed(platform: &Platform, proposal: &Value) -> Value {
    platform.made(STATE_MANAGER, PREVIEWS, proposal.clone()).await
}

async fn published(platform: &Platform, proposal: &Value, seen: &Value) -> (u16, String) {
    let body = seen_as(proposal.clone(), seen);
    let (status, answer) = platform.post(STATE_MANAGER, PUBLICATIONS, body).await;
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

async fn active(platform: &Platform) -> String {
    platform.connection_after(&["submit", "consent", "test", "approve", "activate"]).await
}

async fn ed25519(platform: &Platform) {
    let key = Ed25519Key::generate(&SeededRandomness::new(7)).unwrap();
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519",
        "public_key": key.public_key_pem()});
    platform.made(CONSUMER, "/api/v1/credentials", form).await;
}

#[tokio::test]
async fn a_preview_names_who_is_refused_on_the_date_from_when_and_by_what_they_call() {
    let platform = Platform::with_service().await;
    let connection = active(&platform).await;
    platform.call(&connection, "GET /units", "call.completed").await;
    let sandbox = hmac(&platform, "sandbox").await;
    let proposal = ending("2027-01-01T00:00:00Z");
    let preview = previewed(&platform, &proposal).await;
    assert_eq!(
        preview["totals"],
        json!({"systems": 1, "credentials_stopped": 2, "connections_stopped": 1,
            "services_to_sign": 0})
    );
    let system = &preview["items"][0];
    assert_eq!(
        (&system["system"], &system["organisation"]),
        (&json!(CONSUMING_SYSTEM), &json!("H24.31"))
    );
    let credentials = system["credentials"].as_array().unwrap();
    let environments: Vec<_> = credentials
        .iter()
        .map(|one| (one["algorithm"].as_str().unwrap(), one["environment"].as_str().unwrap()))
        .collect();
    assert!(environments.contains(&("hmac-sha256", "production")), "{environments:?}");
    assert!(credentials.iter().any(|one| one["keyid"] == sandbox.as_str()));
    // Its life ends before the date, so it is not refused then: it is before.
    let fate = json!({"allowed_now": true, "refused_on_date": false,
        "turns": [{"from": "2027-01-01T00:00:00.000000Z", "allowed": false}]});
    assert_eq!(credentials[0]["fate"], fate);
    let shown = &system["connections"][0];
    assert_eq!(
        (&shown["service"], &shown["state"], &shown["fate"]),
        (&json!(SERVICE), &json!("active"), &fate)
    );
    assert!(shown["last_used_at"].as_str().unwrap().starts_with("2026-11-23T08:00"), "{shown}");
    assert!(credentials[0]["last_used_at"].is_null());
    // Nothing was changed, and the operator may look as well.
    assert_eq!(platform.get(ASSIGNMENTS).await["items"], json!([]));
    let looked = platform.made(OPERATOR, PREVIEWS, proposal.clone()).await;
    assert_eq!(looked["digest"], preview["digest"]);
    // On a date within its life it is refused.
    let mut nearer = proposal;
    nearer["date"] = "2027-02-01T00:00:00Z".into();
    let preview = previewed(&platform, &nearer).await;
    assert_eq!(preview["items"][0]["credentials"][0]["fate"]["refused_on_date"], true);
    // Whoever has another key can go on: only the credential is told.
    ed25519(&platform).await;
    let preview = previewed(&platform, &nearer).await;
    assert_eq!(preview["totals"]["connections_stopped"], 0);
    assert_eq!(preview["totals"]["credentials_stopped"], 2);
}

#[tokio::test]
async fn nothing_is_published_that_was_not_previewed_as_it_is() {
    let platform = Platform::with_service().await;
    let before = platform.log.size();
    let proposal = ending("2027-01-01T00:00:00Z");
    let refused = platform.refused(STATE_MANAGER, PUBLICATIONS, proposal.clone()).await;
    assert_eq!(refused, (428, "profile.preview_needed".to_owned()));
    let stale = previewed(&platform, &proposal).await;
    assert_eq!(platform.log.size(), before, "a preview changes nothing");
    // Another table, another date, another key of somebody: each is another preview.
    let changed = (412, "profile.preview_changed".to_owned());
    let other = ending("2027-01-02T00:00:00Z");
    assert_eq!(published(&platform, &other, &stale).await, changed);
    let mut later = proposal.clone();
    later["date"] = "2028-01-01T00:00:00Z".into();
    assert_eq!(published(&platform, &later, &stale).await, changed);
    hmac(&platform, "production").await;
    assert_eq!(published(&platform, &proposal, &stale).await, changed);
    assert_eq!(platform.get(ASSIGNMENTS).await["items"], json!([]));
    // Time alone does not change it, until a date of the table has come.
    let seen = previewed(&platform, &proposal).await;
    platform.clock.advance(Duration::from_hours(24));
    assert_eq!(published(&platform, &proposal, &seen).await.0, 201);
    // The second time it is the second version and the second assignment.
    assert_eq!(published(&platform, &proposal, &seen).await, changed);
    let entry = platform.entries().await;
    let entry = entry.iter().find(|entry| entry.action == "profile.published").unwrap();
    for (member, value) in [
        ("profile", "thanh-pho"),
        ("version", "1"),
        ("assigned", "thanh-pho"),
        ("system", "*"),
        ("credentials_stopped", "1"),
        ("preview", seen["digest"].as_str().unwrap()),
    ] {
        assert_eq!(entry.subject[member], value, "{member}");
    }
    assert!(!entry.subject.values().any(|value| value.contains("Sở")), "{entry:?}");
}

#[tokio::test]
async fn a_date_of_the_table_that_has_come_since_makes_the_preview_stale() {
    let platform = Platform::with_service().await;
    hmac(&platform, "production").await;
    let proposal = ending("2027-01-01T00:00:00Z");
    let seen = previewed(&platform, &proposal).await;
    platform.clock.set("2027-01-01T00:00:00Z".parse().unwrap());
    let changed = (412, "profile.preview_changed".to_owned());
    assert_eq!(published(&platform, &proposal, &seen).await, changed);
    let now = previewed(&platform, &proposal).await;
    let turns = &now["items"][0]["credentials"][0]["fate"]["turns"];
    assert_eq!(*turns, json!([{"allowed": false}]), "at once");
}

#[tokio::test]
async fn systems_are_shown_page_by_page_under_one_digest() {
    let platform = Platform::with_service().await;
    hmac(&platform, "production").await;
    let form = json!({"system": PROVIDING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(PROVIDER, "/api/v1/credentials", form).await;
    let mut proposal = ending("2027-01-01T00:00:00Z");
    proposal["profile"]["demands"] = json!([{"asymmetric": false, "signed_answers": true,
            "scope": {"from": "2027-03-01T00:00:00Z"}}]);
    let whole = previewed(&platform, &proposal).await;
    let services = json!([{"id": SERVICE, "from": "2027-03-01T00:00:00.000000Z"}]);
    assert_eq!(whole["items"][0]["services"], services);
    assert_eq!(whole["totals"]["services_to_sign"], 1);
    let first = platform.made(OPERATOR, &format!("{PREVIEWS}?limit=1"), proposal.clone()).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    let next = format!("{PREVIEWS}?limit=1&after={}", first["next"].as_str().unwrap());
    let second = platform.made(OPERATOR, &next, proposal).await;
    assert_eq!((&second["items"][0], &second["next"]), (&whole["items"][1], &Value::Null));
    assert_eq!((&first["digest"], &second["digest"]), (&whole["digest"], &whole["digest"]));
    assert_eq!(second["totals"], whole["totals"]);
}

#[tokio::test]
async fn an_assignment_is_ended_and_what_it_held_back_is_previewed() {
    let platform = Platform::with_service().await;
    hmac(&platform, "production").await;
    publish(&platform, adopted("national-axis")).await;
    let rules = json!([rule("ed25519", json!({}))]);
    let own = json!({"profile": table(rules), "date": "2027-02-01T00:00:00Z",
        "assignment": {"profile": "thanh-pho", "system": CONSUMING_SYSTEM}});
    let preview = previewed(&platform, &own).await;
    assert_eq!(preview["totals"]["credentials_stopped"], 1);
    publish(&platform, own).await;

    let end = json!({"end": {"number": 2, "until": "2027-01-01T00:00:00Z"},
        "date": "2027-02-01T00:00:00Z"});
    let preview = previewed(&platform, &end).await;
    assert_eq!(
        preview["items"][0]["credentials"][0]["fate"],
        json!({"allowed_now": false, "refused_on_date": false,
            "turns": [{"from": "2027-01-01T00:00:00.000000Z", "allowed": true}]})
    );
    let published = publish(&platform, end.clone()).await;
    assert_eq!(published["ended"]["until"], "2027-01-01T00:00:00.000000Z");
    assert_eq!(published["ended"]["ended"]["reason"], "Theo hướng dẫn kỹ thuật của Sở");
    let record = platform.record("profile-assignment/2").unwrap();
    assert_eq!(record["until"], "2027-01-01T00:00:00.000000Z");
    // No longer than it was to last, and not twice.
    let longer = json!({"end": {"number": 2, "until": "2028-01-01T00:00:00Z"},
        "date": "2029-02-01T00:00:00Z"});
    assert_eq!(platform.refused(STATE_MANAGER, PREVIEWS, longer.clone()).await.0, 422);
    platform.clock.set("2027-01-01T00:00:00Z".parse().unwrap());
    let refused = platform.refused(STATE_MANAGER, PREVIEWS, longer).await;
    assert_eq!(refused, (409, "resource.closed".to_owned()));
    // What is over gateways need not know.
    hmac(&platform, "production").await;
    assert_eq!(platform.record("profile-assignment/2"), None);
    assert_eq!(platform.record("profile/thanh-pho"), None);
    let page = platform.get(&format!("{ASSIGNMENTS}?system={CONSUMING_SYSTEM}")).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let page = platform.get(&format!("{ASSIGNMENTS}?after=1&limit=1")).await;
    assert_eq!(page["items"][0]["number"], 2);
    let unknown = json!({"end": {"number": 9}, "date": "2029-02-01T00:00:00Z"});
    assert_eq!(platform.refused(STATE_MANAGER, PREVIEWS, unknown).await.0, 404);
}

#[tokio::test]
async fn a_level_counts_where_it_is_known_and_what_leads_nowhere_is_refused() {
    let platform = Platform::with_service().await;
    hmac(&platform, "production").await;
    let rules = json!([rule("hmac-sha256", json!({"max_level": 2})), rule("ed25519", json!({}))]);
    let proposal = json!({"profile": table(rules), "assignment": {"profile": "thanh-pho"},
        "date": "2027-02-01T00:00:00Z"});
    let stopped =
        async || previewed(&platform, &proposal).await["totals"]["credentials_stopped"].clone();
    assert_eq!(
        stopped().await,
        1,
        "a level that is not known is in no row that is bounded to some"
    );
    for (level, count) in [(2, 0), (3, 1)] {
        let change = json!({"security_level": level, "level_decision": "12/QĐ-SKHCN"});
        let path = format!("/api/v1/systems/{CONSUMING_SYSTEM}/change");
        platform.made(CONSUMER, &path, change).await;
        assert_eq!(stopped().await, count, "{level}");
    }
    for (pointer, value, expected) in [
        ("/date", json!("2026-01-01T00:00:00Z"), 422),
        ("/assignment/from", json!("2026-01-01T00:00:00Z"), 422),
        ("/assignment/until", json!("2026-01-01T00:00:00Z"), 422),
        ("/assignment/system", json!("H24.31/khac"), 404),
        ("/assignment/profile", json!("khac"), 404),
        ("/assignment/profile", json!("2026-modern"), 422),
    ] {
        let mut wrong = proposal.clone();
        wrong["assignment"]["from"] = "2026-12-01T00:00:00Z".into();
        wrong["assignment"]["until"] = "2027-12-01T00:00:00Z".into();
        wrong["assignment"]["system"] = Value::Null;
        *wrong.pointer_mut(pointer).unwrap() = value.clone();
        let refused = platform.refused(STATE_MANAGER, PREVIEWS, wrong).await;
        assert_eq!(refused.0, expected, "{pointer} {value}");
    }
    let nothing = json!({"date": "2027-02-01T00:00:00Z"});
    assert_eq!(platform.refused(STATE_MANAGER, PREVIEWS, nothing).await.0, 422);
}

#[tokio::test]
async fn a_demand_follows_its_service_to_another_name_and_an_export_carries_all() {
    let platform = Platform::with_service().await;
    let mut proposal = ending("2027-01-01T00:00:00Z");
    proposal["profile"]["demands"] =
        json!([{"service": SERVICE, "asymmetric": true, "signed_answers": false}]);
    proposal["assignment"]["system"] = PROVIDING_SYSTEM.into();
    publish(&platform, proposal).await;
    let record = platform.record("profile/thanh-pho").unwrap();
    assert_eq!(record["demands"][0]["service"], SERVICE);
    let recode = json!({"code": "H24.90", "decision": "1/QĐ"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/recode", recode).await;
    let record = platform.record("profile/thanh-pho").unwrap();
    assert_eq!(record["demands"][0]["service"], "H24.90/don-vi-hanh-chinh/danh-muc/v1");
    let record = platform.record("profile-assignment/1").unwrap();
    assert_eq!(record["system"], "H24.90/don-vi-hanh-chinh");
    let export = platform.get("/api/v1/export").await;
    assert_eq!(export["profile_version"][0]["content"]["title"], "Hướng dẫn kỹ thuật");
    assert_eq!(export["profile_assignment"][0]["system"], "H24.90/don-vi-hanh-chinh");
}

/// What changes later than was looked would come into force unseen.
#[tokio::test]
async fn a_preview_looks_as_far_as_what_is_proposed_changes() {
    let platform = Platform::with_service().await;
    let mut later = ending("2027-01-01T00:00:00Z");
    later["date"] = "2026-12-31T00:00:00Z".into();
    let refused = platform.refused(STATE_MANAGER, PREVIEWS, later.clone()).await;
    assert_eq!(refused.0, 422, "before a rule ends: {refused:?}");
    later["date"] = "2027-01-01T00:00:00Z".into();
    previewed(&platform, &later).await;
    later["assignment"]["from"] = "2027-02-01T00:00:00Z".into();
    let refused = platform.refused(STATE_MANAGER, PREVIEWS, later).await;
    assert_eq!(refused.0, 422, "before it is assigned: {refused:?}");
}
