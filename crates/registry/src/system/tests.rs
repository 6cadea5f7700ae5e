mod care;

use serde_json::json;

use crate::tests::authorisation::{Case, PROVIDERS, read_by, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/systems";

/// Those whose matter the contacts of [`PROVIDER`]'s system are; [`OFFICER`] is one of it.
const OWN_AND_PLATFORM: &[&str] =
    &[STATE_MANAGER, OPERATOR, PROVIDER, OFFICER, AUDITOR, INCIDENT_HANDLER];

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    let at = |what: &str| format!("{PATH}/{PROVIDING_SYSTEM}/{what}");
    let contacts = "/api/v1/systems/{organisation}/{system}/contacts";
    let change = json!({"name": "x"});
    let close = "/api/v1/systems/{organisation}/{system}/close";
    vec![
        write("/api/v1/systems/{organisation}/{system}/change", at("change"), change, PROVIDERS),
        read_by(contacts, at("contacts"), OWN_AND_PLATFORM),
        write(contacts, at("contacts"), json!({"contacts": []}), PROVIDERS),
        // A connection to it is asked for, so that it stays.
        write(close, at("close"), json!({}), PROVIDERS),
    ]
}

#[tokio::test]
async fn a_system_is_registered_once_and_stands_in_the_directory() {
    let platform = Platform::with_service().await;
    let form = json!({"organisation": "H24.12", "code": "ho-so", "name": "Hồ sơ cán bộ"});
    let made = platform.made(PROVIDER, PATH, form.clone()).await;
    assert_eq!(made["id"], "H24.12/ho-so");
    assert_eq!(platform.record("system/H24.12/ho-so").unwrap()["name"], "Hồ sơ cán bộ");
    assert_eq!(platform.refused(PROVIDER, PATH, form).await, (409, "resource.exists".to_owned()));
}

#[tokio::test]
async fn a_system_needs_a_registered_organisation() {
    let platform = Platform::with_service().await;
    let form = json!({"organisation": "H24.99", "code": "ho-so", "name": "x"});
    let refused = platform.refused(OPERATOR, PATH, form).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
}

#[tokio::test]
async fn a_system_code_is_a_plain_word() {
    let platform = Platform::with_service().await;
    for code in ["", "Ho-So", "ho_so", "-ho", "ho/so", "hồ-sơ"] {
        let form = json!({"organisation": "H24.12", "code": code, "name": "x"});
        let refused = platform.refused(PROVIDER, PATH, form).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{code}");
    }
}

#[tokio::test]
async fn systems_are_listed_by_organisation() {
    let platform = Platform::with_service().await;
    let page = platform.get(&format!("{PATH}?organisation=H24.31")).await;
    let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [CONSUMING_SYSTEM]);
    assert_eq!(platform.get(PATH).await["items"].as_array().unwrap().len(), 2);
}
