use serde_json::json;

use crate::tests::platform::*;

const PATH: &str = "/api/v1/services";

#[tokio::test]
async fn a_new_upstream_is_in_force_when_it_is_answered() {
    let platform = Platform::with_service().await;
    let terms = json!({"upstream": "http://10.24.12.6:9000/", "timeout_ms": 900, "record": "before_forward"});
    platform.made(PROVIDER, &format!("{PATH}/{SERVICE}/terms"), terms).await;
    let record = platform.record(&format!("service/{SERVICE}")).unwrap();
    assert_eq!(record["upstream"], "http://10.24.12.6:9000");
    assert_eq!(record["timeout_ms"], 900);
    assert_eq!(record["record"], "before_forward");
    assert_eq!(record["max_body_bytes"], 10 << 20);
    let read = platform.get(&format!("{PATH}/{SERVICE}")).await;
    assert_eq!(read["upstream"], "http://10.24.12.6:9000");
    assert_eq!(read["record"], "before_forward");
    let only = json!({"timeout_ms": 800});
    platform.made(PROVIDER, &format!("{PATH}/{SERVICE}/terms"), only).await;
    let record = platform.record(&format!("service/{SERVICE}")).unwrap();
    assert_eq!(record["timeout_ms"], 800);
    assert_eq!(record["upstream"], "http://10.24.12.6:9000", "what is left out stays");
    assert_eq!(record["record"], "before_forward");
}

#[tokio::test]
async fn which_signatures_the_terms_demand_stands_in_the_record_only_if_they_demand_any() {
    let platform = Platform::with_service().await;
    let record = || platform.record(&format!("service/{SERVICE}")).unwrap();
    let path = format!("{PATH}/{SERVICE}/terms");
    for member in ["signed_answers", "signed_requests"] {
        assert!(record().get(member).is_none(), "{member}");
        assert_eq!(platform.get(&format!("{PATH}/{SERVICE}")).await[member], "not_required");
        let shown = platform.made(PROVIDER, &path, json!({member: "required"})).await;
        assert_eq!(shown[member], "required");
        assert_eq!(record()[member], "required");
        platform.made(PROVIDER, &path, json!({"timeout_ms": 800})).await;
        assert_eq!(record()[member], "required", "what is left out stays");
        platform.made(PROVIDER, &path, json!({member: "not_required"})).await;
        assert!(record().get(member).is_none(), "{member}");
        let refused = platform.refused(PROVIDER, &path, json!({member: "maybe"})).await;
        assert_eq!(refused.0, 422, "{member}");
    }
}

#[tokio::test]
async fn versions_stand_beside_each_other() {
    let platform = Platform::with_service().await;
    let second = SERVICE.replace("v1", "v2");
    let form = json!({"id": second, "title": "Danh mục 2", "upstream": "http://10.24.12.7"});
    platform.made(PROVIDER, PATH, form.clone()).await;
    assert_eq!(platform.refused(PROVIDER, PATH, form).await, (409, "resource.exists".to_owned()));
    let page = platform.get(&format!("{PATH}?system={PROVIDING_SYSTEM}")).await;
    let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [SERVICE, &second]);
    assert_eq!(
        platform.record(&format!("service/{SERVICE}")).unwrap()["upstream"],
        "http://10.24.12.5:9000"
    );
}

#[tokio::test]
async fn an_address_that_could_mean_another_place_is_refused_by_its_field() {
    let platform = Platform::with_service().await;
    for upstream in ["ftp://h/", "https://u@h/", "http://h/?q", "http://h/#f", "h:80", ""] {
        let path = format!("{PATH}/{SERVICE}/terms");
        let (status, answer) = platform.post(PROVIDER, &path, json!({"upstream": upstream})).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{upstream}");
        assert!(answer["detail"].as_str().unwrap().contains("`upstream`"), "{answer}");
    }
}

#[tokio::test]
async fn an_address_that_gateways_never_call_is_neither_published_nor_taken_later() {
    let platform = Platform::with_service().await;
    let second = SERVICE.replace("v1", "v2");
    for (upstream, why) in [
        ("http://169.254.169.254/", "link-local"),
        ("http://127.0.0.1:9000", "loopback"),
        ("https://127.0.0.1:9000", "loopback"),
    ] {
        let form = json!({"id": second, "title": "Danh mục 2", "upstream": upstream});
        let terms = json!({"upstream": upstream});
        for (path, body) in [(PATH, form), (&format!("{PATH}/{SERVICE}/terms"), terms)] {
            let (status, answer) = platform.post(PROVIDER, path, body).await;
            assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{upstream}");
            assert!(answer["detail"].as_str().unwrap().contains(why), "{answer}");
        }
    }
}

#[tokio::test]
async fn limits_of_terms_are_told() {
    let platform = Platform::with_service().await;
    for wrong in [
        json!({"upstream": "http://h", "timeout_ms": 0}),
        json!({"upstream": "http://h", "timeout_ms": 120_001}),
        json!({"upstream": "http://h", "max_body_bytes": (4_u64 << 30) + 1}),
        json!({"upstream": "http://h", "record": "later"}),
    ] {
        let path = format!("{PATH}/{SERVICE}/terms");
        let refused = platform.refused(PROVIDER, &path, wrong.clone()).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn a_service_stands_on_a_registered_system() {
    let platform = Platform::with_service().await;
    let form = json!({"id": "H24.12/khac/danh-muc/v1", "title": "x", "upstream": "http://h"});
    assert_eq!(
        platform.refused(PROVIDER, PATH, form).await,
        (404, "resource.not_found".to_owned())
    );
    for id in ["H24.12/danh-muc/v1", "H24.12/a/b/1", "H24.12/a/b/v0", "H24.12/a/b/v01"] {
        let form = json!({"id": id, "title": "x", "upstream": "http://h"});
        let refused = platform.refused(PROVIDER, PATH, form).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_sandbox_is_added_shown_to_those_concerned_and_taken_away_again() {
    let platform = Platform::with_service().await;
    let (read, terms) = (format!("{PATH}/{SERVICE}"), format!("{PATH}/{SERVICE}/terms"));
    let record = || platform.record(&format!("service/{SERVICE}")).unwrap();
    assert!(record().get("sandbox_upstream").is_none());
    let sandbox = json!({"sandbox_upstream": "https://thu.don-vi.example/api/"});
    platform.made(PROVIDER, &terms, sandbox).await;
    platform.made(PROVIDER, &terms, json!({"timeout_ms": 800})).await;
    assert_eq!(record()["sandbox_upstream"], "https://thu.don-vi.example/api");
    assert_eq!(record()["upstream"], "http://10.24.12.5:9000", "production stays");
    for (token, seen) in [(PROVIDER, true), (OPERATOR, true), (CONSUMER, false)] {
        let (_, shown) = platform.ask(token, "GET", &read, None).await;
        assert_eq!(shown["sandbox_upstream"].is_string(), seen, "{token}");
    }
    for wrong in ["ftp://h", "http://127.0.0.1:9000", "http://169.254.169.254/"] {
        let (status, answer) =
            platform.post(PROVIDER, &terms, json!({"sandbox_upstream": wrong})).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(answer["detail"].as_str().unwrap().contains("`sandbox_upstream`"), "{answer}");
    }
    platform.made(PROVIDER, &terms, json!({"sandbox_upstream": ""})).await;
    assert!(record().get("sandbox_upstream").is_none());
    let second = SERVICE.replace("v1", "v2");
    let form = json!({"id": second, "title": "x", "upstream": "http://h",
        "sandbox_upstream": "http://s"});
    platform.made(PROVIDER, PATH, form).await;
    assert_eq!(
        platform.record(&format!("service/{second}")).unwrap()["sandbox_upstream"],
        "http://s"
    );
}
