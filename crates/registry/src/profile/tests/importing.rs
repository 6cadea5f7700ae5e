use super::*;
use crate::import::tests::{apply, proposed};

/// What another registry exports of its profiles.
async fn exported() -> Value {
    let there = Platform::with_service().await;
    publish(&there, ending("2027-01-01T00:00:00Z")).await;
    let export = there.get("/api/v1/export").await;
    let mut document = json!({"lgsp_registry": 1});
    for table in ["profile_version", "profile_assignment"] {
        document[table] = export[table].clone();
    }
    document
}

#[tokio::test]
async fn profiles_come_in_with_an_import_hold_at_gateways_and_go_when_it_is_taken_back() {
    let here = Platform::with_service().await;
    let (path, _) = proposed(&here, &exported().await).await;
    let (status, answer) = apply(&here, &path).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(here.record("profile/thanh-pho").unwrap()["version"], 1);
    assert_eq!(here.record("profile-assignment/1").unwrap()["profile"], "thanh-pho");
    here.made(STATE_MANAGER, &format!("{path}/undo"), json!({})).await;
    assert_eq!(here.record("profile/thanh-pho"), None);
    assert_eq!(here.get(ASSIGNMENTS).await["items"], json!([]));
}

#[tokio::test]
async fn an_assignment_whose_profile_does_not_come_along_is_refused_as_it_would_allow_nothing() {
    let here = Platform::with_service().await;
    let mut document = exported().await;
    document["profile_version"] = json!([]);
    let (path, _) = proposed(&here, &document).await;
    let (status, answer) = apply(&here, &path).await;
    assert_eq!((status, &answer["code"]), (409, &"resource.conflict".into()));
    assert!(answer["detail"].as_str().unwrap().contains("thanh-pho"), "{answer}");
    assert_eq!(here.get(ASSIGNMENTS).await["items"], json!([]));
}
