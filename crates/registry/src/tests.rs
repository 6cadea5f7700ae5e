//! What holds for all nouns at once: who may do what, what is recorded, how it is described.

mod authorisation;
mod commands;
pub(crate) mod platform;

use std::collections::BTreeSet;

use self::platform::Platform;

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
    assert_eq!(document["security"], serde_json::json!([{"bearer": []}]));
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
