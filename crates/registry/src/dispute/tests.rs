use std::time::Duration;

use serde_json::{Value, json};
use wire::ambient::Clock;

use super::command::note_passed;
use crate::tests::authorisation::{BOTH_SIDES_MATTERS, Case, read, read_by, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/disputes";
const STRAIGHT: [&str; 5] = ["submit", "consent", "test", "approve", "activate"];
const SECOND_MANAGER: &str = "state_manager:H24.01:t-second";

/// The routes of this noun, for the table of all routes.
pub(crate) async fn cases(platform: &Platform) -> Vec<Case> {
    let mut form = connection_form();
    form["asked"]["purpose"] = "khieu-nai".into();
    let made = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let connection = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    platform.step(&connection, "submit").await;
    let dispute = opened(platform, CONSUMER, &connection).await;
    let step = |step: &str| format!("{dispute}/{step}");
    let words = json!({"words": "x"});
    let decision = json!({"outcome": "rejected", "reasons": "x"});
    vec![
        read(PATH, PATH),
        write(PATH, PATH, about_data(&connection), &[CONSUMER, PROVIDER]),
        read_by("/api/v1/disputes/{id}", dispute.clone(), BOTH_SIDES_MATTERS),
        read_by("/api/v1/disputes/{id}/history", step("history"), BOTH_SIDES_MATTERS),
        write("/api/v1/disputes/{id}/answer", step("answer"), words.clone(), &[PROVIDER]),
        write("/api/v1/disputes/{id}/settle", step("settle"), json!({}), &[CONSUMER]),
        write("/api/v1/disputes/{id}/refer", step("refer"), words, &[CONSUMER]),
        write("/api/v1/disputes/{id}/decide", step("decide"), decision, &[STATE_MANAGER]),
        write("/api/v1/disputes/{id}/withdraw", step("withdraw"), json!({}), &[CONSUMER]),
    ]
}

fn about_data(connection: &str) -> Value {
    json!({
        "connection": connection.rsplit('/').next().unwrap(),
        "about": "data",
        "claim": "Danh mục thiếu 03 đơn vị",
        "wanted": "Bổ sung dữ liệu",
    })
}

fn about_step(connection: &str, step: u32) -> Value {
    let mut form = about_data(connection);
    form["about"] = "decision".into();
    form["step"] = step.into();
    form
}

pub(crate) async fn opened(platform: &Platform, token: &str, connection: &str) -> String {
    made(platform, token, about_data(connection)).await
}

async fn made(platform: &Platform, token: &str, form: Value) -> String {
    let made = platform.made(token, PATH, form).await;
    format!("{PATH}/{}", made["id"].as_str().unwrap())
}

async fn take(platform: &Platform, token: &str, dispute: &str, step: &str, said: Value) -> Value {
    platform.made(token, &format!("{dispute}/{step}"), said).await
}

fn said(words: &str) -> Value {
    json!({"words": words})
}

/// The number of the last step of this kind in the history of a connection.
async fn number_of(platform: &Platform, connection: &str, step: &str) -> u32 {
    let history = platform.get(&format!("{connection}/history")).await;
    let steps = history["items"].as_array().unwrap();
    let found = steps.iter().rfind(|one| one["step"] == step).unwrap();
    found["number"].as_u64().unwrap().try_into().unwrap()
}

async fn state_of(platform: &Platform, path: &str) -> String {
    platform.get(path).await["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_dispute_is_answered_referred_and_decided_each_within_its_working_days() {
    // Monday 23 November 2026, 15:00 in Việt Nam.
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&STRAIGHT).await;
    let in_force = platform.in_force().signed.directory.root();
    let dispute = opened(&platform, CONSUMER, &connection).await;
    let open = platform.get(&dispute).await;
    assert_eq!((&open["against"], &open["opened_by"]), (&json!("provider"), &json!("consumer")));
    assert_eq!(open["due"], "2026-12-02T17:00:00.000000Z", "the end of the seventh working day");
    platform.clock.set("2026-11-25T02:00:00.000000Z".parse().unwrap());
    let answered = take(&platform, PROVIDER, &dispute, "answer", said("Đã bổ sung")).await;
    assert_eq!((&answered["state"], answered.get("due")), (&json!("answered"), None));
    let referred = take(&platform, CONSUMER, &dispute, "refer", said("Vẫn thiếu")).await;
    assert_eq!(referred["due"], "2026-12-04T17:00:00.000000Z");
    assert_eq!(platform.in_force().signed.directory.root(), in_force, "calls go on as before");
    let decision = json!({"outcome": "upheld", "reasons": "Dữ liệu thiếu thật"});
    let decided = take(&platform, STATE_MANAGER, &dispute, "decide", decision).await;
    assert_eq!((&decided["outcome"], &decided["next_steps"]), (&json!("upheld"), &json!([])));
    assert_eq!(
        state_of(&platform, &connection).await,
        "active",
        "nothing follows unless it is said"
    );
    assert_eq!(platform.in_force().signed.directory.root(), in_force);

    let history = platform.get(&format!("{dispute}/history")).await;
    let words: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|step| step["words"].clone()).collect();
    assert_eq!(
        words,
        [json!(null), json!("Đã bổ sung"), json!("Vẫn thiếu"), json!("Dữ liệu thiếu thật")]
    );
    let entries = platform.entries().await;
    let about = entries.iter().filter(|entry| entry.action.starts_with("dispute."));
    let about: Vec<_> = about.collect();
    let actions: Vec<_> = about.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        actions,
        ["dispute.opened", "dispute.answered", "dispute.referred", "dispute.decided"]
    );
    for entry in about {
        assert!(entry.subject["said"].starts_with("sha-256=:"), "{entry:?}");
        let tells = entry.subject.values().any(|value| value.contains("thiếu"));
        assert!(!tells, "what people write stands in no entry");
    }
}

#[tokio::test]
async fn without_an_answer_the_opener_waits_until_the_time_is_over_which_is_said_once() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit"]).await;
    let dispute = opened(&platform, PROVIDER, &connection).await;
    assert_eq!(platform.get(&dispute).await["against"], "consumer");
    let refer = format!("{dispute}/refer");
    let refused = platform.refused(PROVIDER, &refer, said("x")).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    let overdue = format!("{PATH}?overdue=true");
    assert_eq!(platform.get(&overdue).await["items"], json!([]));
    assert_eq!(note_passed(&platform.registry).await.unwrap(), 0);

    platform.clock.set("2026-12-02T17:00:00.000000Z".parse().unwrap());
    let (one, other) =
        tokio::join!(note_passed(&platform.registry), note_passed(&platform.registry));
    assert_eq!(one.unwrap() + other.unwrap(), 1, "said once");
    assert_eq!(note_passed(&platform.registry).await.unwrap(), 0);
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!((entry.action.as_str(), entry.actor), ("dispute.deadline_passed", None));
    assert_eq!(entry.subject["against"], "consumer");
    assert_eq!(platform.get(&overdue).await["items"][0]["overdue"], true);
    assert_eq!(state_of(&platform, &dispute).await, "open", "a clock decides nothing");

    let referred = take(&platform, PROVIDER, &dispute, "refer", said("Không trả lời")).await;
    assert_eq!(referred["due"], "2026-12-14T17:00:00.000000Z");
    let late = platform.refused(CONSUMER, &format!("{dispute}/answer"), said("x")).await;
    assert_eq!(late, (409, "resource.conflict".to_owned()));
    platform.clock.set("2026-12-14T17:00:00.000000Z".parse().unwrap());
    assert_eq!(note_passed(&platform.registry).await.unwrap(), 1, "another clock");
}

#[tokio::test]
async fn a_decision_stops_calls_and_another_lets_them_go_on() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&STRAIGHT).await;
    let is_active = || {
        let key = connection.replace("/api/v1/connections/", "connection/");
        platform.record(&key).unwrap()["active"] == true
    };
    let dispute = opened(&platform, PROVIDER, &connection).await;
    take(&platform, CONSUMER, &dispute, "answer", said("Không vi phạm")).await;
    take(&platform, PROVIDER, &dispute, "refer", said("Dùng sai mục đích")).await;
    let mut decision = json!({"outcome": "upheld", "reasons": "Dùng sai mục đích",
        "effect": "suspend"});
    let decide = format!("{dispute}/decide");
    let refused = platform.refused(STATE_MANAGER, &decide, decision.clone()).await;
    assert_eq!(refused, (422, "field.invalid".to_owned()), "what is done, and what restores it");
    decision["measures"] = "Chặn lượt gọi".into();
    decision["restored_when"] = "Có báo cáo khắc phục".into();
    assert!(is_active());
    platform.made(STATE_MANAGER, &decide, decision).await;
    assert!(!is_active(), "in force when it is answered");
    let shown = platform.get(&connection).await;
    assert_eq!(shown["suspension"]["restored_when"], "Có báo cáo khắc phục");
    assert_eq!(
        (&shown["deadlines"][0]["duty"], &shown["deadlines"][0]["by"]),
        (&json!("tell_consumer"), &json!("operator"))
    );

    // The consumer objects to that very suspension: whoever decided it answers, and others decide.
    let step = number_of(&platform, &connection, "suspend").await;
    let against = made(&platform, CONSUMER, about_step(&connection, step)).await;
    assert_eq!(platform.get(&against).await["against"], "state_manager");
    take(&platform, STATE_MANAGER, &against, "answer", said("Giữ nguyên")).await;
    take(&platform, CONSUMER, &against, "refer", said("Đã khắc phục")).await;
    let decision = json!({"outcome": "partly_upheld", "reasons": "Đã khắc phục",
        "effect": "resume"});
    let decide = format!("{against}/decide");
    let refused = platform.refused(STATE_MANAGER, &decide, decision.clone()).await;
    assert_eq!(refused, (409, "duties.not_separated".to_owned()));
    assert!(!is_active());
    platform.made(SECOND_MANAGER, &decide, decision).await;
    assert!(is_active());
    let entry = platform.entries().await;
    let entry = entry.iter().rfind(|entry| entry.action == "dispute.decided").unwrap();
    assert_eq!(
        (entry.subject["effect"].as_str(), entry.subject["connection_state"].as_str()),
        ("resume", "active")
    );
}

#[tokio::test]
async fn an_effect_that_the_lifecycle_does_not_allow_undoes_the_whole_decision() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit", "refuse"]).await;
    let step = number_of(&platform, &connection, "refuse").await;
    let dispute = made(&platform, CONSUMER, about_step(&connection, step)).await;
    assert_eq!(platform.get(&dispute).await["against"], "operator", "who refused");
    let stranger = platform.refused(PROVIDER, &format!("{dispute}/answer"), said("x")).await;
    assert_eq!(stranger, (403, "role.not_permitted".to_owned()));
    take(&platform, OPERATOR, &dispute, "answer", said("Thiếu căn cứ")).await;
    take(&platform, CONSUMER, &dispute, "refer", said("Đủ căn cứ")).await;
    let resume = json!({"outcome": "upheld", "reasons": "x", "effect": "resume"});
    let decide = format!("{dispute}/decide");
    let refused = platform.refused(STATE_MANAGER, &decide, resume).await;
    assert_eq!(refused, (409, "connection.step_not_possible".to_owned()));
    assert_eq!(state_of(&platform, &dispute).await, "referred", "nothing half-applied");
    assert_eq!(state_of(&platform, &connection).await, "refused");
}

#[tokio::test]
async fn an_opener_settles_or_withdraws_and_nothing_follows() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit"]).await;
    let settled = opened(&platform, CONSUMER, &connection).await;
    take(&platform, PROVIDER, &settled, "answer", said("Đã bổ sung")).await;
    take(&platform, CONSUMER, &settled, "settle", json!({"reason": "Đã đủ"})).await;
    let withdrawn = opened(&platform, CONSUMER, &connection).await;
    take(&platform, CONSUMER, &withdrawn, "withdraw", json!({})).await;
    for (state, path) in [("settled", &settled), ("withdrawn", &withdrawn)] {
        let page = platform.get(&format!("{PATH}?state={state}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert!(path.ends_with(page["items"][0]["id"].as_str().unwrap()));
        let refused = platform.refused(CONSUMER, &format!("{path}/refer"), said("x")).await;
        assert_eq!(refused, (409, "resource.conflict".to_owned()), "it is over");
    }
}

#[tokio::test]
async fn who_decides_and_how_long_it_may_take_is_a_matter_of_the_rules() {
    let platform = Platform::with_service().await;
    let mut rules = crate::regulation::tests::form();
    rules.as_object_mut().unwrap().remove("from");
    rules["disputes"] = json!({"provider_working_days": 1, "unit_working_days": 2,
        "decided_by": "operator"});
    platform.made(STATE_MANAGER, "/api/v1/connection-rules", rules.clone()).await;
    let connection = platform.connection_after(&["submit"]).await;
    let dispute = opened(&platform, CONSUMER, &connection).await;
    assert_eq!(platform.get(&dispute).await["due"], "2026-11-24T17:00:00.000000Z");
    take(&platform, PROVIDER, &dispute, "answer", said("x")).await;
    let referred = take(&platform, CONSUMER, &dispute, "refer", said("x")).await;
    assert_eq!(referred["due"], "2026-11-25T17:00:00.000000Z");
    let decision = json!({"outcome": "rejected", "reasons": "x"});
    let decide = format!("{dispute}/decide");
    let refused = platform.refused(STATE_MANAGER, &decide, decision.clone()).await;
    assert_eq!(refused, (403, "role.not_permitted".to_owned()));
    platform.made(OPERATOR, &decide, decision).await;
    rules["disputes"]["decided_by"] = "provider".into();
    let refused = platform.refused(STATE_MANAGER, "/api/v1/connection-rules", rules).await;
    assert_eq!(refused, (422, "field.invalid".to_owned()));
}

#[tokio::test]
async fn lists_hold_the_disputes_of_both_sides_and_of_nobody_else_page_by_page() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit"]).await;
    let mut paths = Vec::new();
    for token in [CONSUMER, PROVIDER, CONSUMER] {
        paths.push(opened(&platform, token, &connection).await);
    }
    for (token, count) in
        [(CONSUMER, 3), (PROVIDER, 3), (OFFICER, 3), (OTHER_ADMIN, 0), (AUDITOR, 3), (OPERATOR, 3)]
    {
        let (_, page) = platform.ask(token, "GET", PATH, None).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{token}");
    }
    let id = connection.rsplit('/').next().unwrap();
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = platform.get(&format!("{PATH}?connection={id}&limit=1&after={after}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(seen.len(), 3);
    let page = platform.get(&format!("{PATH}?against=consumer")).await;
    assert!(paths[1].ends_with(page["items"][0]["id"].as_str().unwrap()));
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_who_act_on_a_dispute_they_saw_one_wins_and_the_other_is_told() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit"]).await;
    let dispute = opened(&platform, CONSUMER, &connection).await;
    let (_, headers, _) = platform.heard(PROVIDER, "GET", &dispute, None, &[]).await;
    let seen = [("if-match", headers["etag"].to_str().unwrap())];
    let (answer, withdraw) = (format!("{dispute}/answer"), format!("{dispute}/withdraw"));
    let (first, second) = tokio::join!(
        platform.heard(PROVIDER, "POST", &answer, Some(said("x")), &seen),
        platform.heard(CONSUMER, "POST", &withdraw, Some(json!({})), &seen),
    );
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn what_is_no_dispute_is_refused_by_its_field() {
    let platform = Platform::with_service().await;
    let draft = platform.requested().await;
    let refused = platform.refused(CONSUMER, PATH, about_data(&draft)).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()), "a draft");
    platform.step(&draft, "submit").await;
    for (field, value, status) in [
        ("connection", json!("x"), 422),
        ("connection", json!("019abcde-0000-7000-8000-000000000000"), 404),
        ("about", json!("weather"), 422),
        ("about", json!("decision"), 422),
        ("step", json!(1), 422),
        ("claim", json!(" "), 422),
        ("claim", json!("x".repeat(2_001)), 422),
        ("wanted", json!("a\nb"), 422),
    ] {
        let mut form = about_data(&draft);
        form[field] = value.clone();
        let refused = platform.refused(CONSUMER, PATH, form).await;
        assert_eq!(refused.0, status, "{field} {value}");
    }
    let mut none = about_step(&draft, 99);
    assert_eq!(platform.refused(CONSUMER, PATH, none.clone()).await.0, 422, "no such step");
    none["step"] = 1.into();
    let own = platform.refused(CONSUMER, PATH, none).await;
    assert_eq!(own, (409, "resource.conflict".to_owned()), "its own step");
    for _ in 0..10 {
        opened(&platform, CONSUMER, &draft).await;
    }
    let refused = platform.refused(CONSUMER, PATH, about_data(&draft)).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()), "too many at once");
    opened(&platform, PROVIDER, &draft).await;
}

#[tokio::test]
async fn another_code_of_a_side_takes_its_disputes_along() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit"]).await;
    let dispute = opened(&platform, CONSUMER, &connection).await;
    let form = json!({"code": "H24.80", "decision": "1669/NQ-UBTVQH15"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.31/recode", form).await;
    let today = "organisation_admin:H24.80:t-today";
    take(&platform, today, &dispute, "withdraw", json!({})).await;
    let (status, _) = platform.ask(CONSUMER, "GET", &dispute, None).await;
    assert_eq!(status, 404);
}

/// The platform takes the step on the day; it stands under the side that announced it.
#[tokio::test]
async fn a_suspension_that_took_force_by_the_clock_is_disputed_with_whoever_announced_it() {
    let platform = Platform::with_service().await;
    let way = ["submit", "consent", "test", "approve", "activate"];
    let connection = platform.connection_after(&way).await;
    let from = platform.clock.now().saturating_add(Duration::from_hours(24 * 30));
    let until = from.saturating_add(Duration::from_hours(24));
    let form = json!({"reason": "Nâng cấp", "from": from, "expected_recovery": until});
    platform.made(PROVIDER, &format!("{connection}/announce_suspension"), form).await;
    platform.clock.advance(Duration::from_hours(24 * 31));
    assert_eq!(crate::connection::suspension::take_force(&platform.registry).await.unwrap(), 1);
    let step = number_of(&platform, &connection, "pause").await;
    let refused = platform.refused(PROVIDER, PATH, about_step(&connection, step)).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()), "its own");
    let dispute = made(&platform, CONSUMER, about_step(&connection, step)).await;
    assert_eq!(platform.get(&dispute).await["against"], "provider");
}
