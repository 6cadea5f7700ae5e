//! Reorganisations that were decided and whose day is to come.

use serde_json::{Value, json};

use super::{PATH, PLANS};
use crate::organisation::plan::command::carry_out_due;
use crate::tests::platform::*;

const DAY: &str = "2026-12-15T17:00:00.000000Z";

fn recode() -> Value {
    json!({"organisation": "H24.12", "act": "recode", "code": "H24.80",
        "decision": "1669/NQ-UBTVQH15", "effective_at": DAY})
}

async fn planned(platform: &Platform, form: Value) -> String {
    let made = platform.made(OPERATOR, PLANS, form).await;
    format!("{PLANS}/{}", made["number"])
}

#[tokio::test]
async fn a_plan_leaves_no_trace_before_its_day_and_is_carried_out_once_on_it() {
    let platform = Platform::with_service().await;
    let way = ["submit", "consent", "test", "approve", "activate"];
    let connection = platform.connection_after(&way).await;
    let before = platform.get("/api/v1/export").await;
    let in_force = platform.in_force().signed.directory.root();
    let size = platform.log.size();
    let plan = planned(&platform, recode()).await;
    assert_eq!(platform.get("/api/v1/export").await, before, "the rehearsal is taken back");
    assert_eq!(platform.in_force().signed.directory.root(), in_force);
    let entries = platform.entries().await;
    let made: Vec<_> = entries.iter().skip(usize::try_from(size).unwrap()).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(
        (made[0].action.as_str(), made[0].subject["act"].as_str()),
        ("organisation.planned", "organisation.recoded")
    );
    assert!(made[0].actor.is_some());
    assert_eq!(carry_out_due(&platform.registry).await.unwrap(), 0, "its day has not come");

    platform.clock.set("2026-12-15T17:00:30.000000Z".parse().unwrap());
    let (one, other) =
        tokio::join!(carry_out_due(&platform.registry), carry_out_due(&platform.registry));
    assert_eq!(one.unwrap() + other.unwrap(), 1, "by whichever node comes first");
    assert_eq!(carry_out_due(&platform.registry).await.unwrap(), 0);
    assert_eq!(platform.get(&plan).await["state"], "done");
    let former = platform.get(&format!("{PATH}/H24.12")).await;
    assert_eq!((&former["closed_at"], &former["successors"]), (&json!(DAY), &json!(["H24.80"])));
    let service = "H24.80/don-vi-hanh-chinh/danh-muc/v1";
    assert_eq!(platform.get(&connection).await["service"], service);
    let key = connection.replace("/api/v1/connections/", "connection/");
    assert_eq!(platform.record(&key).unwrap()["service"], service, "gateways know");
    let entries = platform.entries().await;
    let entry = entries.iter().rfind(|entry| entry.action == "organisation.recoded").unwrap();
    assert_eq!((&entry.actor, entry.subject["plan"].as_str()), (&None, "0"));
    assert_eq!(entry.subject["effective_at"], DAY);
}

#[tokio::test]
async fn a_plan_that_is_withdrawn_is_not_carried_out_and_of_two_who_decide_one_wins() {
    let platform = Platform::with_service().await;
    let plan = planned(&platform, recode()).await;
    let (_, headers, _) = platform.heard(STATE_MANAGER, "GET", &plan, None, &[]).await;
    let seen = [("if-match", headers["etag"].to_str().unwrap())];
    let withdraw = format!("{plan}/withdraw");
    let withdrawal = || platform.heard(STATE_MANAGER, "POST", &withdraw, Some(json!({})), &seen);
    let (first, second) = tokio::join!(withdrawal(), withdrawal());
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let refused = platform.refused(OPERATOR, &withdraw, json!({})).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    platform.clock.set(DAY.parse().unwrap());
    assert_eq!(carry_out_due(&platform.registry).await.unwrap(), 0);
    assert!(platform.get(&format!("{PATH}/H24.12")).await["closed_at"].is_null());
    let page = platform.get(&format!("{PLANS}?state=withdrawn&limit=1")).await;
    assert_eq!(page["items"][0]["act"], json!({"act": "recode", "code": "H24.80"}));
    let mut later = recode();
    later["effective_at"] = "2027-01-01T00:00:00Z".into();
    planned(&platform, later).await;
}

#[tokio::test]
async fn a_plan_that_its_day_does_not_allow_has_failed_says_why_and_changed_nothing() {
    let platform = Platform::with_service().await;
    let form = json!({"organisation": "H24.12", "act": "merge", "from": ["H24.40", "H24.31"],
        "decision": "1669/NQ-UBTVQH15", "effective_at": DAY});
    let plan = planned(&platform, form).await;
    // Meanwhile something came to be that would be lost.
    let below = json!({"code": "H24.40.01", "name": "Chi cục"});
    platform.made(OPERATOR, PATH, below).await;
    let before = platform.get("/api/v1/export").await;
    platform.clock.set(DAY.parse().unwrap());
    assert_eq!(carry_out_due(&platform.registry).await.unwrap(), 1);
    let failed = platform.get(&plan).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["problem_en"].as_str().unwrap().contains("H24.40.01"), "{failed}");
    assert_eq!(platform.get("/api/v1/export").await, before, "nothing half-applied");
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.subject["code"].as_str()),
        ("organisation.plan_failed", "resource.in_use")
    );
    assert_eq!(carry_out_due(&platform.registry).await.unwrap(), 0, "it is not tried again");
}

#[tokio::test]
async fn a_division_is_planned_with_all_it_needs() {
    let platform = Platform::with_service().await;
    let form = json!({"organisation": "H24.12", "act": "split", "into": ["H24.40"],
        "continues": true, "decision": "1669/NQ-UBTVQH15", "effective_at": DAY,
        "moves": [{"from": PROVIDING_SYSTEM, "to": "H24.40/don-vi-hanh-chinh"}]});
    planned(&platform, form).await;
    platform.clock.set(DAY.parse().unwrap());
    assert_eq!(carry_out_due(&platform.registry).await.unwrap(), 1);
    let moved = platform.get("/api/v1/systems?organisation=H24.40").await;
    assert_eq!(moved["items"][0]["id"], "H24.40/don-vi-hanh-chinh");
}

#[tokio::test]
async fn what_is_no_plan_is_refused_when_it_is_made() {
    let platform = Platform::with_service().await;
    let changed = |name: &str, value: Value| {
        let mut form = recode();
        form[name] = value;
        form
    };
    for (form, status) in [
        (changed("effective_at", json!("2026-11-23T08:00:00Z")), 422),
        (changed("effective_at", json!("mai")), 422),
        (changed("act", json!("dissolve")), 422),
        (changed("from", json!(["H24.40"])), 422),
        (changed("code", json!(null)), 422),
        (changed("code", json!("H24.12.01")), 422),
        (changed("code", json!("H24.31")), 409),
        (changed("organisation", json!("H24.99")), 404),
    ] {
        assert_eq!(platform.refused(OPERATOR, PLANS, form.clone()).await.0, status, "{form}");
    }
    planned(&platform, recode()).await;
    let again = platform.refused(OPERATOR, PLANS, recode()).await;
    assert_eq!(again, (409, "resource.conflict".to_owned()), "one at a time");
}
