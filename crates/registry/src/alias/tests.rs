use std::time::Duration;

use serde_json::{Value, json};
use wire::ambient::Clock;

use crate::tests::authorisation::{Case, PLATFORM, read, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/aliases";

/// The routes of this noun, for the table of all routes: the form names what exists, so that
/// whoever may is told so again and again.
pub(crate) fn cases() -> Vec<Case> {
    let end = json!({"until": "2030-07-01T00:00:00Z"});
    vec![
        read("/api/v1/aliases", PATH),
        write("/api/v1/aliases", PATH, form("H23.12", "H24.12"), PLATFORM),
        read("/api/v1/aliases/{name}", "/api/v1/aliases/H22.12"),
        write("/api/v1/aliases/{name}/end", "/api/v1/aliases/H22.12/end", end, PLATFORM),
    ]
}

/// What [`cases`] reads must be there.
pub(crate) async fn one_alias(platform: &Platform) {
    platform.made(OPERATOR, PATH, form("H22.12", "H24.12")).await;
}

fn form(name: &str, successor: &str) -> Value {
    json!({"name": name, "successor": successor, "decision": "1669/NQ-UBTVQH15"})
}

#[tokio::test]
async fn an_alias_is_a_record_of_the_directory_with_its_dates() {
    let platform = Platform::with_service().await;
    let mut new = form("H23.12", "H24.12");
    new["from"] = "2025-07-01T00:00:00Z".into();
    new["until"] = "2030-07-01T00:00:00Z".into();
    let made = platform.made(STATE_MANAGER, PATH, new).await;
    assert_eq!((&made["same_organisation"], &made["successor"]), (&json!(false), &json!("H24.12")));
    let expected = json!({"type": "alias", "name": "H23.12", "successor": "H24.12",
        "from": "2025-07-01T00:00:00.000000Z", "until": "2030-07-01T00:00:00.000000Z"});
    assert_eq!(platform.record("alias/H23.12"), Some(expected));
    let end = format!("{PATH}/H23.12/end");
    platform.made(OPERATOR, &end, json!({"until": "2027-07-01T00:00:00Z"})).await;
    let until = &platform.record("alias/H23.12").unwrap()["until"];
    assert_eq!(until, "2027-07-01T00:00:00.000000Z");
    for until in ["2020-01-01T00:00:00Z", "2025-07-01T00:00:00Z"] {
        let refused = platform.refused(OPERATOR, &end, json!({"until": until})).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{until}");
    }
}

#[tokio::test]
async fn an_alias_never_hides_what_is_there_and_never_turns() {
    let platform = Platform::with_service().await;
    let exists = (409, "resource.exists".to_owned());
    let wrong = (422, "field.invalid".to_owned());
    let missing = (404, "resource.not_found".to_owned());
    let system = "H23.12/mot-cua";
    for (name, successor, expected) in [
        ("H24.12", "H24.31", &exists),
        (PROVIDING_SYSTEM, CONSUMING_SYSTEM, &exists),
        ("H23.12", "H24.99", &missing),
        (system, "H24.12/khong-co", &missing),
        (system, "H24.12", &wrong),
        ("H23.12", PROVIDING_SYSTEM, &wrong),
        ("h23", "H24.12", &wrong),
    ] {
        let refused = platform.refused(OPERATOR, PATH, form(name, successor)).await;
        assert_eq!(&refused, expected, "{name} → {successor}");
    }
    platform.made(OPERATOR, PATH, form("H23.12", "H24.12")).await;
    assert_eq!(platform.refused(OPERATOR, PATH, form("H23.12", "H24.31")).await, exists);
    // Closed, the successor may lead on; back to where it was led from it may not.
    let close = json!({"decision": "02/2025/QĐ-UBND"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.40/close", close).await;
    let backwards = platform.refused(OPERATOR, PATH, form("H24.40", "H23.12")).await;
    assert_eq!(backwards, missing, "a former code is nothing to be led to");
    platform.made(OPERATOR, PATH, form("H24.40", "H24.12")).await;
    let mut late = form("H23.31", "H24.31");
    (late["from"], late["until"]) = ("2027-01-01T00:00:00Z".into(), "2026-01-01T00:00:00Z".into());
    assert_eq!(platform.refused(OPERATOR, PATH, late).await, wrong);
}

#[tokio::test]
async fn former_names_are_understood_in_paths_filters_and_forms_while_they_are_in_force() {
    let platform = Platform::with_service().await;
    let until = platform.clock.now().saturating_add(Duration::from_hours(1));
    let mut provider = form("H23.12", "H24.12");
    provider["until"] = until.to_string().into();
    platform.made(OPERATOR, PATH, provider).await;
    platform.made(OPERATOR, PATH, form("H23.31/mot-cua", CONSUMING_SYSTEM)).await;

    let system = "/api/v1/systems/H23.12/don-vi-hanh-chinh";
    let service = "/api/v1/services/H23.12/don-vi-hanh-chinh/danh-muc/v1";
    assert_eq!(platform.get(system).await["id"], PROVIDING_SYSTEM);
    assert_eq!(platform.get(service).await["id"], SERVICE);
    let terms = json!({"upstream": "http://10.24.12.6:9000"});
    let changed = platform.made(PROVIDER, &format!("{service}/terms"), terms).await;
    assert_eq!(changed["upstream"], "http://10.24.12.6:9000");
    let mut asked = connection_form();
    asked["consumer"] = "H23.31/mot-cua".into();
    asked["service"] = "H23.12/don-vi-hanh-chinh/danh-muc/v1".into();
    let connection = platform.made(CONSUMER, "/api/v1/connections", asked).await;
    assert_eq!(
        (&connection["consumer"], &connection["service"]),
        (&json!(CONSUMING_SYSTEM), &json!(SERVICE))
    );
    let credential = json!({"system": "H23.31/mot-cua", "algorithm": "hmac-sha256"});
    let made = platform.made(CONSUMER, "/api/v1/credentials", credential).await;
    assert_eq!(made["system"], CONSUMING_SYSTEM);
    for filter in [
        "systems?organisation=H23.12",
        "services?system=H23.12%2Fdon-vi-hanh-chinh&limit=5",
        "connections?consumer=H23.31/mot-cua",
        "connections?service=H23.12/don-vi-hanh-chinh/danh-muc/v1",
        "credentials?system=H23.31/mot-cua",
    ] {
        let page = platform.get(&format!("/api/v1/{filter}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{filter}");
    }

    platform.clock.set(until);
    let (status, _) = platform.ask(OPERATOR, "GET", system, None).await;
    assert_eq!(status, 404, "its time is over");
    assert_eq!(platform.get("/api/v1/systems?organisation=H23.12").await["items"], json!([]));
}

#[tokio::test]
async fn whoever_may_not_is_refused_by_a_former_name_too() {
    let platform = Platform::with_service().await;
    platform.made(OPERATOR, PATH, form("H23.12", "H24.12")).await;
    let terms = "/api/v1/services/H23.12/don-vi-hanh-chinh/danh-muc/v1/terms";
    let body = json!({"upstream": "http://10.24.12.6:9000"});
    let refused = platform.refused(CONSUMER, terms, body.clone()).await;
    assert_eq!(refused, (403, "role.not_permitted".to_owned()));
    let (status, _) = platform.post("", terms, body).await;
    assert_eq!(status, 401);
}
