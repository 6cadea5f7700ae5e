//! Every route against every role, and against strangers.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use wire::id::Role;

use super::world::World;

const ORGANISATION: &str = "H24.12";
/// `{organisation}` is [`ORGANISATION`], which has an administrator, or for the operator another.
const FORM: &str = r#"{"organisation":"{organisation}","role":"officer","name":"x"}"#;

/// Method, path, body, and who is let in. `{id}` is an officer's token of the same organisation.
const ROUTES: [(&str, &str, &str, &[Role]); 3] = [
    (
        "GET",
        "/api/v1/tokens",
        "",
        &[Role::StateManager, Role::Operator, Role::OrganisationAdmin, Role::Auditor],
    ),
    ("POST", "/api/v1/tokens", FORM, &[Role::Operator, Role::OrganisationAdmin]),
    ("POST", "/api/v1/tokens/{id}/revoke", "", &[Role::Operator, Role::OrganisationAdmin]),
];

#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let world = World::new().await;
    let administrator = world.bootstrap(Role::OrganisationAdmin, ORGANISATION).await;
    for role in Role::ALL {
        let token = world.bootstrap(role, ORGANISATION).await;
        for (method, path, body, allowed) in ROUTES {
            let victim = world.make(&administrator, "officer", ORGANISATION).await;
            let path = path.replace("{id}", victim.body["id"].as_str().unwrap());
            let method: Method = method.parse().unwrap();
            let own = if role == Role::Operator { "H24.99" } else { ORGANISATION };
            let body = body.replace("{organisation}", own);
            let answer = world.send(method.clone(), &path, &token, &body).await;
            if allowed.contains(&role) {
                assert!(answer.status.is_success(), "{role} {method} {path}: {}", answer.text);
            } else {
                let refused = ["role.not_permitted", "resource.not_found"].contains(&answer.code());
                assert!(refused, "{role} {method} {path}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn every_route_refuses_strangers() {
    let world = World::new().await;
    let token = world.bootstrap(Role::Operator, "H24").await;
    let wrong_secret = format!("{}{}", &token[..token.len() - 8], "AAAAAAAA");
    for (method, path, body, _) in ROUTES {
        let path = path.replace("{id}", super::world::id_of(&token));
        for (shown, code) in [
            ("", "token.missing"),
            ("lgsp_", "token.invalid"),
            (wrong_secret.as_str(), "token.invalid"),
        ] {
            let answer = world.send(method.parse().unwrap(), &path, shown, body).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.code(), code, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_described_route_has_its_case_here() {
    let world = World::new().await;
    let description = serde_json::to_value(&world.description).unwrap();
    let described: BTreeSet<String> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let tested = ROUTES.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    assert_eq!(described, tested);
}
