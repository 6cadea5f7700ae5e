//! What happens to tokens over their life.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use web::Authenticator;
use wire::id::Role;

use super::world::{RECODED, TODAY, UNREGISTERED, World, id_of};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_token_works_from_its_making_until_it_is_revoked() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let made = world.make(&operator, "organisation_admin", "H24.12").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let token = made.body["token"].as_str().unwrap();

    let actor = world.identity.authenticate(token).await.unwrap();
    assert_eq!(actor.role, Role::OrganisationAdmin);
    assert_eq!(actor.organisation.to_string(), "H24.12");
    assert_eq!(actor.credential, made.body["id"].as_str().unwrap());

    let revoked = world.revoke(&operator, id_of(token)).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    let refusal = world.list(token).await;
    assert_eq!(refusal.code(), "token.invalid");
    assert!(refusal.body["detail"].as_str().unwrap().contains("revoked"));
}

#[tokio::test]
async fn a_token_of_an_organisation_that_got_another_code_acts_under_that_code() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let made = world.make(&operator, "organisation_admin", RECODED).await;
    let secret = made.body["token"].as_str().unwrap();
    let actor = world.identity.authenticate(secret).await.unwrap();
    assert_eq!(actor.organisation.to_string(), TODAY);
}

#[tokio::test]
async fn nobody_gets_a_token_of_an_organisation_that_is_not_registered() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let entries = world.entries().await.len();
    for role in ["operator", "organisation_admin"] {
        let refusal = world.make(&operator, role, UNREGISTERED).await;
        assert_eq!(refusal.code(), "field.invalid", "{}", refusal.text);
        assert_eq!(
            refusal.body["detail"],
            "The field `organisation` is not accepted. The organisation `H24.98` is not registered \
             on the platform."
        );
    }
    let made = world.make(&operator, "auditor", UNREGISTERED).await;
    assert_eq!(made.code(), "role.not_permitted", "who may comes first");
    assert_eq!(world.entries().await.len(), entries, "nothing was made");
}

#[tokio::test]
async fn a_token_expires_when_it_says() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let made = world.make(&operator, "officer", "H24.12").await;
    let token = made.body["token"].as_str().unwrap();
    world.clock.advance(DAY * 89 + Duration::from_hours(23));
    assert!(world.identity.authenticate(token).await.is_ok());
    world.clock.advance(Duration::from_hours(1));
    let problem = world.identity.authenticate(token).await.unwrap_err();
    assert!(problem.detail.en.contains("expired"), "{}", problem.detail.en);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_stands_nowhere() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let made = world.make(&operator, "auditor", "H24.12").await;
    assert_eq!(made.code(), "role.not_permitted", "an operator makes no auditors");
    let made = world.make(&operator, "officer", "H24.12").await;
    let token = made.body["token"].as_str().unwrap();
    let secret = token.splitn(3, '_').nth(2).unwrap();

    let listed = world.list(&operator).await;
    assert!(listed.text.contains(id_of(token)));
    assert!(!listed.text.contains(secret));
    let revoked = world.revoke(&operator, id_of(token)).await;
    assert!(!revoked.text.contains(secret));
    for entry in world.entries().await {
        let bytes = entry.to_canonical().unwrap();
        assert!(!String::from_utf8(bytes).unwrap().contains(secret));
    }
    let sql = "SELECT secret_hash FROM api_token WHERE id = $1";
    let values = [id_of(token).into()];
    let row = world.identity.database().fetch_optional(sql, &values).await;
    let row = row.unwrap().unwrap();
    let hash = row.bytes("secret_hash").unwrap();
    assert_eq!(hash.len(), 32);
    assert_ne!(hash, secret.as_bytes());
}

#[tokio::test]
async fn making_and_revoking_leave_entries_that_name_the_token_and_not_its_name() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let made = world.make(&operator, "officer", "H24.12").await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    world.revoke(&operator, &id).await;
    world.revoke(&operator, &id).await;

    let entries = world.entries().await;
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["token.made", "token.made", "token.revoked"]);
    assert!(entries[0].actor.is_none(), "the first was made by nobody");
    for entry in &entries[1..] {
        let subject = [("token", id.as_str()), ("organisation", "H24.12"), ("role", "officer")];
        let subject = subject.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(entry.subject, BTreeMap::from(subject));
        let actor = entry.actor.as_ref().unwrap();
        assert_eq!(actor.credential.as_deref(), Some(id_of(&operator)));
        assert_eq!(actor.role, Some(Role::Operator));
    }
}

#[tokio::test]
async fn the_last_operator_and_the_last_state_manager_cannot_be_revoked() {
    let world = World::new().await;
    for role in [Role::Operator, Role::StateManager] {
        let last = world.bootstrap(role, "H24").await;
        let refusal = world.revoke(&last, id_of(&last)).await;
        assert_eq!(refusal.code(), "resource.conflict", "{}", refusal.text);

        let made = world.make(&last, role.as_str(), "H24").await;
        let next = made.body["token"].as_str().unwrap();
        assert_eq!(world.revoke(next, id_of(&last)).await.status, StatusCode::OK);
        assert_eq!(world.revoke(next, id_of(next)).await.status, StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn an_expired_operator_does_not_count_as_one_who_is_left() {
    let world = World::new().await;
    let early = world.bootstrap(Role::Operator, "H24").await;
    world.clock.advance(DAY * 300);
    let late = world.make(&early, "operator", "H24").await;
    let late = late.body["token"].as_str().unwrap();
    world.clock.advance(DAY * 66);
    let refusal = world.revoke(late, id_of(late)).await;
    assert_eq!(refusal.code(), "resource.conflict", "{}", refusal.text);
}

#[tokio::test]
async fn an_organisation_neither_sees_nor_touches_anothers_tokens() {
    let world = World::new().await;
    let mine = world.bootstrap(Role::OrganisationAdmin, "H24.12").await;
    let other = world.bootstrap(Role::OrganisationAdmin, "H24.13").await;
    let listed = world.list(&mine).await;
    assert!(listed.text.contains(id_of(&mine)));
    assert!(!listed.text.contains(id_of(&other)));
    let refusal = world.revoke(&mine, id_of(&other)).await;
    assert_eq!(refusal.code(), "resource.not_found");
    let refusal = world.make(&mine, "officer", "H24.13").await;
    assert_eq!(refusal.code(), "role.not_permitted");
    assert!(world.identity.authenticate(&other).await.is_ok());
}

#[tokio::test]
async fn the_operator_makes_an_organisations_tokens_only_until_it_has_an_administrator() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    assert_eq!(world.make(&operator, "officer", "H24.12").await.status, StatusCode::CREATED);
    let made = world.make(&operator, "organisation_admin", "H24.12").await;
    let administrator = made.body["token"].as_str().unwrap();
    for role in ["organisation_admin", "officer"] {
        let refusal = world.make(&operator, role, "H24.12").await;
        assert_eq!(refusal.code(), "resource.conflict", "{}", refusal.text);
        let made = world.make(administrator, role, "H24.12").await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
    let listed = world.list(administrator).await;
    let administrators: Vec<&str> = listed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|token| token["role"] == "organisation_admin")
        .map(|token| token["id"].as_str().unwrap())
        .collect();
    assert_eq!(administrators.len(), 2);
    for id in administrators {
        let refusal = world.make(&operator, "officer", "H24.12").await;
        assert_eq!(refusal.code(), "resource.conflict", "{}", refusal.text);
        assert_eq!(world.revoke(&operator, id).await.status, StatusCode::OK);
    }
    let made = world.make(&operator, "organisation_admin", "H24.12").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    world.clock.advance(DAY * 90);
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let made = world.make(&operator, "organisation_admin", "H24.12").await;
    assert_eq!(made.status, StatusCode::CREATED, "an expired one makes nothing: {}", made.text);
}

#[tokio::test]
async fn whoever_operates_the_platform_makes_nobody_who_sees_every_call() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let state_manager = world.bootstrap(Role::StateManager, "H24").await;
    for role in ["auditor", "incident_handler", "state_manager"] {
        assert_eq!(world.make(&operator, role, "H24").await.code(), "role.not_permitted");
        let made = world.make(&state_manager, role, "H24").await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
}

#[tokio::test]
async fn everyone_may_revoke_the_token_they_hold() {
    let world = World::new().await;
    let officer = world.bootstrap(Role::Officer, "H24.12").await;
    assert_eq!(world.revoke(&officer, id_of(&officer)).await.status, StatusCode::OK);
    assert!(world.identity.authenticate(&officer).await.is_err());
}

#[tokio::test]
async fn an_auditors_look_at_the_tokens_is_recorded() {
    let world = World::new().await;
    let auditor = world.bootstrap(Role::Auditor, "H24").await;
    world.list(&auditor).await;
    let entries = world.entries().await;
    let last = entries.last().unwrap();
    assert_eq!(last.action, "token.listed");
    let credential = last.actor.as_ref().unwrap().credential.as_deref();
    assert_eq!(credential, Some(id_of(&auditor)));
}

#[tokio::test]
async fn a_form_that_breaks_a_rule_is_refused_and_names_the_field() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    for (form, field) in [
        (r#"{"organisation":"h24","role":"officer","name":"x"}"#, "organisation"),
        (r#"{"organisation":"H24.12","role":"king","name":"x"}"#, "role"),
        (r#"{"organisation":"H24.12","role":"officer","name":" "}"#, "name"),
        (r#"{"organisation":"H24.12","role":"officer","name":"x","secret":"y"}"#, "secret"),
        (
            r#"{"organisation":"H24.12","role":"officer","name":"x","expires_at":"2026-01-01T00:00:00.000000Z"}"#,
            "expires_at",
        ),
        (
            r#"{"organisation":"H24.12","role":"officer","name":"x","expires_at":"2028-01-01T00:00:00.000000Z"}"#,
            "expires_at",
        ),
    ] {
        let answer = world.send(Method::POST, "/api/v1/tokens", &operator, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        assert!(answer.text.contains(&format!("`{field}`")), "{field}: {}", answer.text);
    }
    assert_eq!(world.entries().await.len(), 1, "only the set-up left an entry");
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    for _ in 0..4 {
        world.clock.advance(Duration::from_millis(1));
        world.make(&operator, "officer", "H24.12").await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/tokens?limit=2".to_owned();
    loop {
        let page = world.send(Method::GET, &path, &operator, "").await;
        for item in page.body["items"].as_array().unwrap() {
            seen.push(item["id"].as_str().unwrap().to_owned());
        }
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/tokens?limit=2&after={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn the_example_of_a_token_to_make_is_accepted() {
    let world = World::new().await;
    let operator = world.bootstrap(Role::Operator, "H24").await;
    let document = web::openapi::document([world.description.clone()]);
    let document = serde_json::to_value(document).unwrap();
    let body = &document["paths"]["/api/v1/tokens"]["post"]["requestBody"];
    let example = body["content"]["application/json"]["example"].to_string();
    let made = world.send(Method::POST, "/api/v1/tokens", &operator, &example).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
}
