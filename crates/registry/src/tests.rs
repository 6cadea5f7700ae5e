//! What holds for all nouns at once: who may do what, what is recorded, how it is described.

pub(crate) mod authorisation;
mod commands;
pub(crate) mod platform;
mod repeats;
mod upgrade;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::platform::*;

#[tokio::test]
async fn the_api_is_described_like_this() {
    let platform = Platform::start().await;
    let document = web::openapi::document([platform.openapi]);
    insta::assert_json_snapshot!(document);
}

#[tokio::test]
async fn the_document_is_of_openapi_3_1_and_every_route_has_a_name_problems_and_a_token() {
    let platform = Platform::start().await;
    let document = web::openapi::document([platform.openapi]);
    let document = serde_json::to_value(&document).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["security"], json!([{"bearer": []}]));
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} is the name of two operations");
            let responses = operation["responses"].as_object().unwrap();
            for status in ["401", "403", "404", "422", "503"] {
                let problem = &responses[status]["content"]["application/problem+json"]["schema"];
                assert_eq!(problem["$ref"], "#/components/schemas/Problem", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn the_example_of_every_body_is_accepted() {
    let platform = Platform::start().await;
    let document = web::openapi::document([platform.openapi.clone()]);
    let document = serde_json::to_value(&document).unwrap();
    let mut without_example = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let body = &methods["post"]["requestBody"]["content"]["application/json"];
        if body.is_object() && !body["example"].is_object() {
            without_example.insert(path);
        }
    }
    assert_eq!(without_example, BTreeSet::new());
    let example = |path: &str| {
        let body = &document["paths"][path]["post"]["requestBody"];
        body["content"]["application/json"]["example"].clone()
    };
    let send = async |token: &str, route: &str, path: &str| {
        platform.made(token, path, example(route)).await
    };
    for code in ["H24", "H24.31"] {
        let form = json!({"code": code, "name": "x"});
        platform.made(OPERATOR, "/api/v1/organisations", form).await;
    }
    let form = json!({"organisation": "H24.31", "code": "mot-cua", "name": "x"});
    platform.made(CONSUMER, "/api/v1/systems", form).await;

    let [organisations, systems, credentials, services, connections] =
        ["organisations", "systems", "credentials", "services", "connections"]
            .map(|noun| format!("/api/v1/{noun}"));
    send(OPERATOR, &organisations, &organisations).await;
    let rename = format!("{organisations}/{{code}}/rename");
    send(OPERATOR, &rename, &format!("{organisations}/H24.12/rename")).await;
    send(PROVIDER, &systems, &systems).await;
    let made = send(CONSUMER, &credentials, &credentials).await;
    let keyid = made["keyid"].as_str().unwrap();
    let rotate = format!("{credentials}/{{keyid}}/rotate");
    send(CONSUMER, &rotate, &format!("{credentials}/{keyid}/rotate")).await;
    send(PROVIDER, &services, &services).await;
    let terms = format!("{services}/{{organisation}}/{{system}}/{{service}}/{{version}}/terms");
    send(PROVIDER, &terms, &format!("{services}/{SERVICE}/terms")).await;
    let connection = send(CONSUMER, &connections, &connections).await;
    let connection = format!("{connections}/{}", connection["id"].as_str().unwrap());
    let revise = format!("{connections}/{{id}}/revise");
    send(CONSUMER, &revise, &format!("{connection}/revise")).await;
    let replace = "/api/v1/calendar/{year}/replace";
    send(STATE_MANAGER, replace, "/api/v1/calendar/2027/replace").await;
    let rules = "/api/v1/connection-rules";
    send(STATE_MANAGER, rules, rules).await;
    send(OPERATOR, "/api/v1/aliases", "/api/v1/aliases").await;
    send(OPERATOR, "/api/v1/aliases/{name}/end", "/api/v1/aliases/H23.12/end").await;
    for step in ["change", "contacts"] {
        let route = format!("{systems}/{{organisation}}/{{system}}/{step}");
        send(OPERATOR, &route, &format!("{systems}/{PROVIDING_SYSTEM}/{step}")).await;
    }
    let contacts = format!("{organisations}/{{code}}/contacts");
    send(OPERATOR, &contacts, &format!("{organisations}/H24.12/contacts")).await;
    let form = json!({"code": "H24.40", "name": "x"});
    platform.made(OPERATOR, &organisations, form).await;
    let close = format!("{organisations}/{{code}}/close");
    send(OPERATOR, &close, &format!("{organisations}/H24.40/close")).await;
    let step = format!("{connections}/{{id}}/{{step}}");
    send(CONSUMER, &step, &format!("{connection}/submit")).await;
    for code in ["H24.81", "H24.83"] {
        let form = json!({"code": code, "name": "x"});
        platform.made(OPERATOR, &organisations, form).await;
    }
    for step in ["split", "merge", "recode"] {
        let route = format!("{organisations}/{{code}}/{step}");
        send(OPERATOR, &route, &format!("{organisations}/H24.12/{step}")).await;
    }
}

#[tokio::test]
async fn no_description_speaks_of_rust() {
    let platform = Platform::start().await;
    let document = web::openapi::document([platform.openapi]);
    let text = serde_json::to_string(&document).unwrap();
    for leak in ["[`", "`]", "](", "::"] {
        assert!(!text.contains(leak), "the document holds {leak}");
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (member, about) in schema["properties"].as_object().into_iter().flatten() {
            // A page is its items, whatever they are.
            let is_told = ["description", "$ref", "oneOf"].iter().any(|it| !about[*it].is_null());
            assert!(is_told || name.starts_with("Page_"), "{name}.{member} is not described");
        }
    }
}

#[tokio::test]
async fn the_step_route_describes_every_step_it_takes() {
    let platform = Platform::start().await;
    let document = serde_json::to_value(&platform.openapi).unwrap();
    let take = &document["paths"]["/api/v1/connections/{id}/{step}"]["post"];
    assert_eq!(take["summary"], "Takes a step of the lifecycle.");
    let description = take["description"].as_str().unwrap();
    for row in [
        "| step | from | to | who | reason |",
        "| `consent` | submitted | consented | provider |  |",
        "| `suspend` | active | suspended | provider, operator | required |",
    ] {
        assert!(description.contains(row), "{description}");
    }
    assert!(!description.contains("`replace`"), "the platform's own step");
}
