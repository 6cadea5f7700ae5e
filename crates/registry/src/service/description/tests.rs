mod openapi;
mod wsdl;

use serde_json::{Value, json};

use super::*;
use crate::tests::authorisation::{Case, PROVIDERS, read as reads, write};
use crate::tests::platform::*;

fn path() -> String {
    format!("/api/v1/services/{SERVICE}/descriptions")
}

/// The routes of this noun, for the table of all routes.
pub(crate) async fn cases(platform: &Platform) -> Vec<Case> {
    platform.made(PROVIDER, &path(), minimal()).await;
    let list = "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions";
    let one =
        "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions/{revision}";
    let document = "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions/{revision}/document";
    vec![
        reads(list, path()),
        write(list, path(), minimal(), PROVIDERS),
        reads(one, format!("{}/latest", path())),
        reads(document, format!("{}/1/document", path())),
    ]
}

/// The shortest document that describes something to call.
fn minimal() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Danh mục đơn vị hành chính", "version": "1.0.0"},
        "paths": {"/units": {"get": {"responses": {"200": {"description": "Danh sách"}}}}},
    })
}

#[tokio::test]
async fn a_document_is_kept_byte_for_byte_and_a_changed_one_is_the_next_revision() {
    let platform = Platform::with_service().await;
    let yaml = include_str!("tests/units.yaml");
    let upload = async |text: &str| {
        let kind = [("content-type", "application/openapi+yaml; charset=utf-8")];
        platform.sent(PROVIDER, "POST", &path(), text.as_bytes().to_vec(), &kind).await
    };
    let (status, _, first) = upload(yaml).await;
    let first: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(status, 201, "{first}");
    assert_eq!(first["revision"], 1);
    assert_eq!(first["described"]["specification"], "OpenAPI 3.1");
    assert_eq!(upload(yaml).await.0, 200, "the same bytes make no new revision");
    let (_, _, second) = upload(&yaml.replace("1.0.0", "1.1.0")).await;
    let second: Value = serde_json::from_slice(&second).unwrap();
    assert_eq!(
        (&second["revision"], &second["described"]["version"]),
        (&2.into(), &"1.1.0".into())
    );

    let document = format!("{}/1/document", path());
    let (status, headers, bytes) = platform.sent(OFFICER, "GET", &document, Vec::new(), &[]).await;
    assert_eq!(status, 200);
    assert_eq!(bytes, yaml.as_bytes());
    assert_eq!(headers["content-type"], "application/openapi+yaml");
    assert_eq!(headers["content-digest"], first["digest"].as_str().unwrap());
    let latest = platform.get(&format!("{}/latest", path())).await;
    assert_eq!(latest, second);
    let page = platform.get(&format!("{}?limit=1", path())).await;
    assert_eq!((&page["items"][0], &page["next"]), (&first, &"1".into()));
    let page = platform.get(&format!("{}?after=1", path())).await;
    assert_eq!((&page["items"], &page["next"]), (&json!([second]), &Value::Null));

    let recorded = platform.entries().await;
    let recorded: Vec<_> =
        recorded.iter().filter(|entry| entry.action == "service.described").collect();
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[0].subject["document"], first["digest"].as_str().unwrap());
    assert_eq!(recorded[0].subject["revision"], "1");
}

#[tokio::test]
async fn a_service_has_no_more_revisions_than_are_kept() {
    let platform = Platform::with_service().await;
    let mut document = minimal();
    for revision in 1..=MAX_REVISIONS {
        document["info"]["version"] = revision.to_string().into();
        platform.made(PROVIDER, &path(), document.clone()).await;
    }
    let (status, _) = platform.ask(PROVIDER, "POST", &path(), Some(document.clone())).await;
    assert_eq!(status, 200, "the last one again is no new one");
    document["info"]["version"] = "one more".into();
    let refused = platform.refused(PROVIDER, &path(), document).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    let latest = platform.get(&format!("{}/latest", path())).await;
    assert_eq!(latest["revision"], MAX_REVISIONS);
}

#[tokio::test]
async fn a_mistake_is_told_by_its_line_column_and_rule_in_both_languages() {
    let platform = Platform::with_service().await;
    let wrong = include_str!("tests/units.yaml").replace("      responses:", "      respones:");
    for (language, place) in [("en", "Line 10, column 7"), ("vi", "Dòng 10, cột 7")] {
        let more = [("content-type", "application/yaml"), ("accept-language", language)];
        let body = wrong.clone().into_bytes();
        let (status, _, answer) = platform.sent(PROVIDER, "POST", &path(), body, &more).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((status, &answer["code"]), (422, &"service.description_invalid".into()));
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(place) && detail.contains("/respones"), "{detail}");
        assert!(detail.contains("OpenAPI 3.1 schema/"), "{detail}");
    }
    let page = platform.get(&path()).await;
    assert_eq!(page["items"], json!([]), "nothing was kept");
}

#[tokio::test]
async fn a_document_longer_than_two_mebibytes_is_refused_by_its_announced_length() {
    let platform = Platform::with_service().await;
    let long = [("content-type", "application/yaml"), ("content-length", "52428800")];
    let (status, _, answer) = platform.sent(PROVIDER, "POST", &path(), Vec::new(), &long).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!((status, &answer["code"]), (413, &"request.too_large".into()));
    let silent = [("content-type", "application/yaml")];
    let body = vec![b' '; MAX_BYTES + 1];
    let (status, ..) = platform.sent(PROVIDER, "POST", &path(), body, &silent).await;
    assert_eq!(status, 413, "and by its bytes if nothing was announced");
}

#[tokio::test]
async fn other_media_types_services_and_revisions_are_refused_by_name() {
    let platform = Platform::with_service().await;
    let kind = [("content-type", "text/plain")];
    let (status, ..) = platform.sent(PROVIDER, "POST", &path(), b"x".to_vec(), &kind).await;
    assert_eq!(status, 415);
    let other = path().replace("v1/desc", "v9/desc");
    let refused = platform.refused(PROVIDER, &other, minimal()).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
    assert_eq!(platform.ask(OFFICER, "GET", &other, None).await.0, 404);
    for (revision, wanted) in [("1", 404), ("latest", 404), ("0", 422), ("x", 422), ("-1", 422)] {
        let one = format!("{}/{revision}", path());
        assert_eq!(platform.ask(OFFICER, "GET", &one, None).await.0, wanted, "{revision}");
    }
}

#[tokio::test]
async fn a_connection_is_held_against_what_is_described() {
    let platform = Platform::with_service().await;
    let service = SERVICE.parse().unwrap();
    let operation = |method, path| Operation::new(method, path).unwrap();
    let database = &platform.registry.database;
    let asked = [operation("GET", "/units")];
    assert_eq!(not_described(database, &service, &asked, &[]).await.unwrap(), None);
    let kind = [("content-type", "application/yaml")];
    let yaml = include_bytes!("tests/units.yaml").to_vec();
    assert_eq!(platform.sent(PROVIDER, "POST", &path(), yaml, &kind).await.0, 201);
    let known =
        [operation("GET", "/units"), operation("GET", "/units/{x}"), operation("GET", "/units/7")];
    let fields = ["items", "items.name", "items.parent.code"].map(ToOwned::to_owned);
    let held = not_described(database, &service, &known, &fields).await.unwrap();
    assert_eq!(held, Some(NotDescribed::default()));
    let unknown = [
        operation("POST", "/units"),
        operation("GET", "/**"),
        operation("GET", "/units/**"),
        operation("GET", "/units/1/2"),
    ];
    let fields = ["items.secret", "item"].map(ToOwned::to_owned);
    let held = not_described(database, &service, &unknown, &fields).await.unwrap().unwrap();
    assert_eq!((held.operations, held.fields), (unknown.to_vec(), fields.to_vec()));
}
