mod life;
mod plan;
mod planned;
mod succession;

use serde_json::json;

use crate::tests::authorisation::{Case, PLATFORM, PROVIDERS, read, read_by, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/organisations";
const PLANS: &str = "/api/v1/organisation-plans";

/// Those whose matter the contacts of [`PROVIDER`]'s organisation are; [`OFFICER`] is one of it.
const OWN_AND_PLATFORM: &[&str] =
    &[STATE_MANAGER, OPERATOR, PROVIDER, OFFICER, AUDITOR, INCIDENT_HANDLER];

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    let contacts = json!({"contacts": []});
    vec![
        read("/api/v1/organisations/suggest", "/api/v1/organisations/suggest?code=H24.12"),
        read("/api/v1/organisations/{code}/history", "/api/v1/organisations/H24/history"),
        write(
            "/api/v1/organisations/{code}/close",
            "/api/v1/organisations/H24/close",
            json!({"decision": "02/2025/QĐ-UBND"}),
            PLATFORM,
        ),
        write(
            "/api/v1/organisations/{code}/recode",
            "/api/v1/organisations/H24.12/recode",
            json!({"code": "H24.31", "decision": "03/2025/QĐ-UBND"}),
            PLATFORM,
        ),
        write(
            "/api/v1/organisations/{code}/merge",
            "/api/v1/organisations/H24.12/merge",
            json!({"from": ["H24"], "decision": "04/2025/QĐ-UBND"}),
            PLATFORM,
        ),
        write(
            "/api/v1/organisations/{code}/split",
            "/api/v1/organisations/H24.12/split",
            json!({"into": ["H24.40"], "continues": false, "decision": "05/2025/QĐ-UBND"}),
            PLATFORM,
        ),
        read(PLANS, PLANS),
        write(
            PLANS,
            PLANS,
            json!({"organisation": "H24.12", "act": "recode", "code": "H24.86",
                "decision": "06/2026/QĐ-UBND", "effective_at": "2027-07-01T00:00:00Z"}),
            PLATFORM,
        ),
        read("/api/v1/organisation-plans/{number}", format!("{PLANS}/0")),
        write(
            "/api/v1/organisation-plans/{number}/withdraw",
            format!("{PLANS}/0/withdraw"),
            json!({}),
            PLATFORM,
        ),
        read_by(
            "/api/v1/organisations/{code}/contacts",
            "/api/v1/organisations/H24.12/contacts",
            OWN_AND_PLATFORM,
        ),
        write(
            "/api/v1/organisations/{code}/contacts",
            "/api/v1/organisations/H24.12/contacts",
            contacts,
            PROVIDERS,
        ),
    ]
}

#[tokio::test]
async fn an_organisation_below_another_waits_for_it() {
    let platform = Platform::start().await;
    let below = json!({"code": "H24.12", "name": "Sở Nội vụ"});
    let refused = platform.refused(OPERATOR, PATH, below.clone()).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    platform.made(OPERATOR, PATH, json!({"code": "H24", "name": "UBND thành phố"})).await;
    let made = platform.made(STATE_MANAGER, PATH, below).await;
    assert_eq!(made["parent"], "H24");
}

#[tokio::test]
async fn enterprises_and_others_have_no_parent() {
    let platform = Platform::start().await;
    for code in ["0200123456", "Z01HOIKHUYENHOC"] {
        let made = platform.made(OPERATOR, PATH, json!({"code": code, "name": "x"})).await;
        assert!(made["parent"].is_null(), "{code}");
    }
}

#[tokio::test]
async fn a_code_or_an_old_code_is_registered_once() {
    let platform = Platform::start().await;
    let form = json!({"code": "H24", "name": "x", "legacy_code": "000.00.00.H24"});
    platform.made(OPERATOR, PATH, form.clone()).await;
    let refused = platform.refused(OPERATOR, PATH, form).await;
    assert_eq!(refused, (409, "resource.exists".to_owned()));
    let other = json!({"code": "H23", "name": "x", "legacy_code": "000.00.00.H24"});
    let refused = platform.refused(OPERATOR, PATH, other).await;
    assert_eq!(refused, (409, "resource.exists".to_owned()));
}

#[tokio::test]
async fn a_wrong_code_is_refused_with_the_rule() {
    let platform = Platform::start().await;
    for code in ["h24", "H24.", "H2", "H24/12", "H24 ", "Z00A"] {
        let (status, answer) =
            platform.post(OPERATOR, PATH, json!({"code": code, "name": "x"})).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{code}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains("`code`") && detail.contains("20/2020/QĐ-TTg"), "{detail}");
    }
}

#[tokio::test]
async fn an_unknown_field_is_refused() {
    let platform = Platform::start().await;
    let form = json!({"code": "H24", "name": "x", "parent": "H23"});
    let refused = platform.refused(OPERATOR, PATH, form).await;
    assert_eq!(refused, (422, "field.unknown".to_owned()));
    assert!(platform.log.size() == 1, "only the first directory stands in the log");
}

#[tokio::test]
async fn a_new_name_reaches_the_directory() {
    let platform = Platform::with_service().await;
    let names = json!({"name": "Sở Nội vụ", "name_en": "Department of Home Affairs"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/rename", names).await;
    assert_eq!(platform.get("/api/v1/organisations/H24.12").await["name"], "Sở Nội vụ");
    assert_eq!(platform.record("organisation/H24.12").unwrap()["name"], "Sở Nội vụ");
    let refused =
        platform.refused(OPERATOR, "/api/v1/organisations/H99/rename", json!({"name": "x"})).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
}

#[tokio::test]
async fn a_list_comes_page_by_page_and_whole() {
    let platform = Platform::with_service().await;
    let (mut path, mut codes) = (format!("{PATH}?limit=4"), Vec::new());
    loop {
        let page = platform.get(&path).await;
        codes.extend(page["items"].as_array().unwrap().iter().map(|one| one["code"].clone()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("{PATH}?limit=4&after={next}");
    }
    assert_eq!(codes, ["H24", "H24.01", "H24.02", "H24.12", "H24.31", "H24.40"]);
}

#[tokio::test]
async fn other_parts_can_ask_whether_an_organisation_is_registered() {
    let platform = Platform::with_service().await;
    for (code, is_registered) in [("H24.12", true), ("H24.99", false)] {
        let organisation = code.parse().unwrap();
        let asked = web::Organisations::is_registered(&platform.registry, &organisation);
        assert!(asked.await.is_ok_and(|answer| answer == is_registered), "{code}");
    }
}
