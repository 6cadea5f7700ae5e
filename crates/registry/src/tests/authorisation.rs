//! Every route with every role: what is not allowed here is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::platform::*;
use crate::node::NewNode;
use crate::node::command::enter;

/// Everyone who may be asking; the empty token is nobody's.
const EVERYONE: [&str; 9] = [
    STATE_MANAGER,
    OPERATOR,
    PROVIDER,
    CONSUMER,
    OTHER_ADMIN,
    OFFICER,
    AUDITOR,
    INCIDENT_HANDLER,
    "",
];

/// One route: the path of the description, the path that is asked for, the body, and who may.
pub(crate) struct Case {
    pub(crate) method: &'static str,
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) may: &'static [&'static str],
}

pub(crate) const SIGNED_ON: &[&str] =
    &[STATE_MANAGER, OPERATOR, PROVIDER, CONSUMER, OTHER_ADMIN, OFFICER, AUDITOR, INCIDENT_HANDLER];
pub(crate) const PLATFORM: &[&str] = &[OPERATOR, STATE_MANAGER];
/// Those who run and audit the platform, and the consumer.
pub(crate) const CONSUMERS_MATTERS: &[&str] =
    &[STATE_MANAGER, OPERATOR, CONSUMER, AUDITOR, INCIDENT_HANDLER];
/// The same with the provider, of which [`OFFICER`] is one.
pub(crate) const BOTH_SIDES_MATTERS: &[&str] =
    &[STATE_MANAGER, OPERATOR, PROVIDER, CONSUMER, OFFICER, AUDITOR, INCIDENT_HANDLER];
pub(crate) const OVERSEERS: &[&str] = &[OPERATOR, STATE_MANAGER, AUDITOR];
pub(crate) const PROVIDERS: &[&str] = &[OPERATOR, PROVIDER];
pub(crate) const CONSUMERS: &[&str] = &[OPERATOR, CONSUMER];

pub(crate) fn read(route: &'static str, path: impl Into<String>) -> Case {
    read_by(route, path, SIGNED_ON)
}

pub(crate) fn read_by(
    route: &'static str,
    path: impl Into<String>,
    may: &'static [&'static str],
) -> Case {
    Case { method: "GET", route, path: path.into(), body: None, may }
}

pub(crate) fn write(
    route: &'static str,
    path: impl Into<String>,
    body: Value,
    may: &'static [&'static str],
) -> Case {
    Case { method: "POST", route, path: path.into(), body: Some(body), may }
}

/// Bodies are well formed, and what they ask for can be asked for again and again: all may try.
#[allow(clippy::too_many_lines, reason = "a table: one row for each route")]
async fn cases(platform: &Platform) -> Vec<Case> {
    let keyid = platform
        .made(
            CONSUMER,
            "/api/v1/credentials",
            json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"}),
        )
        .await["keyid"]
        .as_str()
        .unwrap()
        .to_owned();
    let connection = platform.requested().await;
    two_nodes(platform).await;
    let service = format!("/api/v1/services/{SERVICE}");
    let system = format!("/api/v1/systems/{PROVIDING_SYSTEM}");
    let names = json!({"name": "Cơ quan"});
    let terms = json!({"upstream": "http://10.24.12.5:9000"});
    let new_organisation = json!({"code": "H24.12", "name": "x"});
    let new_system = json!({"organisation": "H24.12", "code": "don-vi-hanh-chinh", "name": "x"});
    let new_credential = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    let new_service = json!({"id": SERVICE, "title": "x", "upstream": "http://h"});
    let mut cases = vec![
        read("/api/v1/organisations", "/api/v1/organisations"),
        write("/api/v1/organisations", "/api/v1/organisations", new_organisation, PLATFORM),
        read("/api/v1/organisations/{code}", "/api/v1/organisations/H24"),
        write(
            "/api/v1/organisations/{code}/rename",
            "/api/v1/organisations/H24.12/rename",
            names,
            PLATFORM,
        ),
        read("/api/v1/systems", "/api/v1/systems"),
        write("/api/v1/systems", "/api/v1/systems", new_system, PROVIDERS),
        read("/api/v1/systems/{organisation}/{system}", system),
        read("/api/v1/credentials", "/api/v1/credentials"),
        write("/api/v1/credentials", "/api/v1/credentials", new_credential, CONSUMERS),
        read_by(
            "/api/v1/credentials/{keyid}",
            format!("/api/v1/credentials/{keyid}"),
            CONSUMERS_MATTERS,
        ),
        write(
            "/api/v1/credentials/{keyid}/rotate",
            format!("/api/v1/credentials/{keyid}/rotate"),
            json!({}),
            CONSUMERS,
        ),
        write(
            "/api/v1/credentials/{keyid}/revoke",
            format!("/api/v1/credentials/{keyid}/revoke"),
            json!({}),
            CONSUMERS,
        ),
        read("/api/v1/services", "/api/v1/services"),
        write("/api/v1/services", "/api/v1/services", new_service, PROVIDERS),
        read("/api/v1/services/{organisation}/{system}/{service}/{version}", service.clone()),
        write(
            "/api/v1/services/{organisation}/{system}/{service}/{version}/terms",
            format!("{service}/terms"),
            terms,
            PROVIDERS,
        ),
        read("/api/v1/connections", "/api/v1/connections"),
        write("/api/v1/connections", "/api/v1/connections", connection_form(), &[CONSUMER]),
        read_by("/api/v1/connections/{id}", connection.clone(), BOTH_SIDES_MATTERS),
        read_by(
            "/api/v1/connections/{id}/history",
            format!("{connection}/history"),
            BOTH_SIDES_MATTERS,
        ),
        write(
            "/api/v1/connections/{id}/revise",
            format!("{connection}/revise"),
            asked(),
            &[CONSUMER],
        ),
        write(
            "/api/v1/connections/{id}/renew",
            format!("{connection}/renew"),
            json!({"until": "2029-01-01T00:00:00Z"}),
            &[CONSUMER],
        ),
        read_by(
            "/api/v1/connections/{id}/suspensions",
            format!("{connection}/suspensions"),
            BOTH_SIDES_MATTERS,
        ),
        read_by(
            "/api/v1/connections/{id}/usage",
            format!("{connection}/usage"),
            BOTH_SIDES_MATTERS,
        ),
        read_by(
            "/api/v1/connections/{id}/conditions",
            format!("{connection}/conditions"),
            BOTH_SIDES_MATTERS,
        ),
        read_by(
            "/api/v1/connections/{id}/agreement",
            format!("{connection}/agreement"),
            BOTH_SIDES_MATTERS,
        ),
        read("/api/v1/directory", "/api/v1/directory"),
        read_by("/api/v1/nodes", "/api/v1/nodes", OVERSEERS),
        write(
            "/api/v1/nodes/{origin}/retire",
            "/api/v1/nodes/node.example%2F1/retire",
            json!({}),
            &[OPERATOR],
        ),
    ];
    cases.extend(steps(&connection));
    cases.extend(crate::credential::expiry::tests::cases());
    cases.extend(crate::credential::compromise::tests::cases());
    cases.extend(crate::calendar::tests::cases());
    cases.extend(crate::import::tests::cases(platform).await);
    cases.extend(crate::regulation::tests::cases());
    cases.extend(crate::organisation::tests::cases());
    cases.extend(crate::system::tests::cases());
    cases.extend(crate::service::description::tests::cases(platform).await);
    crate::alias::tests::one_alias(platform).await;
    cases.extend(crate::alias::tests::cases());
    cases.extend(crate::service::life::tests::cases());
    cases.extend(crate::dataset::tests::cases(platform).await);
    cases.extend(crate::profile::tests::cases(platform).await);
    cases.extend(crate::dispute::tests::cases(platform).await);
    cases.extend(crate::profile::sunset::tests::cases());
    cases.extend(crate::codelist::tests::cases(platform).await);
    cases
}

async fn two_nodes(platform: &Platform) {
    for number in 1..=2 {
        let new = NewNode {
            origin: format!("node.example/{number}").parse().unwrap(),
            peer_address: format!("10.0.0.{number}:7000"),
            peer_certificate: vec![number],
        };
        let recorder = &platform.registry.recorder;
        enter(recorder, new, Duration::from_mins(12)).await.unwrap();
    }
}

/// Every step of a connection, asked for at a connection on which only `submit` and `withdraw` are
/// possible: whoever may take it is told that it is not possible now, everyone else that they may
/// not.
fn steps(connection: &str) -> Vec<Case> {
    let by: [(&str, &[&str]); 16] = [
        ("withdraw", &[CONSUMER]),
        ("submit", &[CONSUMER]),
        ("return", &[OPERATOR]),
        ("consent", &[PROVIDER]),
        ("test", &[OPERATOR]),
        ("confirm_test", &[OPERATOR]),
        ("waive_test", &[OPERATOR, STATE_MANAGER]),
        ("approve", &[STATE_MANAGER]),
        ("activate", &[OPERATOR]),
        ("announce_suspension", &[PROVIDER, OPERATOR]),
        ("call_off_suspension", &[PROVIDER, OPERATOR]),
        ("suspend", &[PROVIDER, OPERATOR]),
        ("tell_consumer", &[PROVIDER, OPERATOR]),
        ("resume", &[OPERATOR]),
        ("end", &[CONSUMER, PROVIDER, OPERATOR, STATE_MANAGER]),
        ("refuse", &[PROVIDER, OPERATOR, STATE_MANAGER]),
    ];
    let case = |(step, may): (&str, &'static [&'static str])| {
        let path = format!("{connection}/{step}");
        write("/api/v1/connections/{id}/{step}", path, json!({"reason": "x"}), may)
    };
    by.into_iter().map(case).collect()
}

#[tokio::test]
async fn every_route_is_open_to_whom_it_is_for_and_to_nobody_else() {
    let platform = Platform::with_service().await;
    for case in cases(&platform).await {
        for token in EVERYONE {
            let (status, answer) =
                platform.ask(token, case.method, &case.path, case.body.clone()).await;
            let asked = format!("{} {} as {token:?}: {answer}", case.method, case.path);
            match (token, case.may.contains(&token)) {
                ("", _) => assert_eq!(status, 401, "{asked}"),
                // Who may not see a thing is not told that it is there; a list is no secret.
                (_, false) if case.method == "GET" && case.route.contains('{') => {
                    assert_eq!(
                        (status, &answer["code"]),
                        (404, &"resource.not_found".into()),
                        "{asked}"
                    );
                }
                (_, false) => {
                    assert_eq!(
                        (status, &answer["code"]),
                        (403, &"role.not_permitted".into()),
                        "{asked}"
                    );
                }
                // Whoever may is either answered or told how things stand.
                (_, true) => assert!([200, 201, 409, 428].contains(&status), "{status} {asked}"),
            }
        }
    }
}

#[tokio::test]
async fn every_route_of_the_description_has_a_case() {
    let platform = Platform::with_service().await;
    let document = serde_json::to_value(&platform.openapi).unwrap();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let cases = cases(&platform).await;
    let tried = cases.iter().map(|case| format!("{} {}", case.method, case.route)).collect();
    assert_eq!(described, tried);
}

#[tokio::test]
async fn lists_hold_what_an_organisation_may_see_and_services_hide_where_they_stand() {
    let platform = Platform::with_service().await;
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(CONSUMER, "/api/v1/credentials", form).await;
    platform.requested().await;
    for (token, credentials, connections, upstreams) in [
        (CONSUMER, 1, 1, 0),
        (PROVIDER, 0, 1, 1),
        (OFFICER, 0, 1, 1),
        (OTHER_ADMIN, 0, 0, 0),
        (OPERATOR, 1, 1, 1),
        (STATE_MANAGER, 1, 1, 1),
        (AUDITOR, 1, 1, 1),
        (INCIDENT_HANDLER, 1, 1, 1),
    ] {
        let list = async |noun: &str| {
            let (_, page) = platform.ask(token, "GET", &format!("/api/v1/{noun}"), None).await;
            page["items"].as_array().unwrap().clone()
        };
        assert_eq!(list("credentials").await.len(), credentials, "{token}");
        assert_eq!(list("connections").await.len(), connections, "{token}");
        let services = list("services").await;
        assert_eq!(services.len(), 1, "the catalogue is for all: {token}");
        let shown = services.iter().filter(|service| service["upstream"].is_string()).count();
        assert_eq!(shown, upstreams, "{token}");
        let path = format!("/api/v1/services/{SERVICE}");
        let (_, service) = platform.ask(token, "GET", &path, None).await;
        assert_eq!(service["upstream"].is_string(), upstreams == 1, "{token}");
    }
}

#[tokio::test]
async fn being_above_an_organisation_gives_no_right_over_its_systems() {
    let platform = Platform::with_service().await;
    let form = json!({"organisation": "H24.12", "code": "khac", "name": "x"});
    let above = "organisation_admin:H24:t-above";
    let beside = "organisation_admin:H24.1:t-beside";
    for token in [above, beside] {
        let refused = platform.refused(token, "/api/v1/systems", form.clone()).await;
        assert_eq!(refused, (403, "role.not_permitted".to_owned()), "{token}");
    }
}
