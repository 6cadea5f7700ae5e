use std::time::Duration;

use serde_json::{Value, json};

use crate::tests::authorisation::{Case, PROVIDERS, read, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/data-sets";

/// The routes of this noun, for the table of all routes.
pub(crate) async fn cases(platform: &Platform) -> Vec<Case> {
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let one = "/api/v1/data-sets/{code}";
    vec![
        read(PATH, PATH),
        write(PATH, PATH, form("don-vi", "ten-don-vi"), PROVIDERS),
        read(one, format!("{PATH}/don-vi")),
        write(
            "/api/v1/data-sets/{code}/change",
            format!("{PATH}/don-vi/change"),
            about("ten-don-vi"),
            PROVIDERS,
        ),
        write(
            "/api/v1/data-sets/{code}/updates",
            format!("{PATH}/don-vi/updates"),
            json!({}),
            PROVIDERS,
        ),
    ]
}

fn about(item: &str) -> Value {
    json!({
        "title": "Danh mục đơn vị hành chính",
        "steward": "Phòng Xây dựng chính quyền",
        "legal_basis": "QĐ 01/2025/QĐ-UBND",
        "items": [{"code": item, "name": "Tên đơn vị", "type": "text"}],
        "classification": "open",
        "sharing": "open",
        "update_every_days": 30,
    })
}

fn form(code: &str, item: &str) -> Value {
    json!({"code": code, "organisation": "H24.12", "about": about(item)})
}

#[tokio::test]
async fn a_data_item_has_one_source_and_another_is_told_which() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let (status, answer) = platform.post(PROVIDER, PATH, form("khac", "ten-don-vi")).await;
    assert_eq!((status, &answer["code"]), (409, &json!("resource.conflict")));
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains("`ten-don-vi`") && detail.contains("`don-vi`"), "{detail}");
    platform.made(PROVIDER, PATH, form("khac", "ma-don-vi")).await;
    let change = format!("{PATH}/khac/change");
    assert_eq!(platform.refused(PROVIDER, &change, about("ten-don-vi")).await.0, 409);
    // What the first gives up, the other may take.
    platform.made(PROVIDER, &format!("{PATH}/don-vi/change"), about("cap-don-vi")).await;
    platform.made(PROVIDER, &change, about("ten-don-vi")).await;
    let kept = platform.get(&format!("{PATH}/khac")).await;
    assert_eq!(kept["about"]["items"][0]["code"], "ten-don-vi");
}

#[tokio::test]
async fn late_updates_are_listed_until_they_are_declared() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let mut unscheduled = form("khac", "ma-don-vi");
    unscheduled["about"].as_object_mut().unwrap().remove("update_every_days");
    platform.made(PROVIDER, PATH, unscheduled).await;
    let overdue = format!("{PATH}?overdue=true");
    assert_eq!(platform.get(&overdue).await["items"], json!([]));
    platform.clock.advance(Duration::from_hours(24 * 31));
    let late = platform.get(&overdue).await;
    assert_eq!(late["items"].as_array().unwrap().len(), 1);
    assert_eq!(late["items"][0]["code"], "don-vi");
    platform.made(PROVIDER, &format!("{PATH}/don-vi/updates"), json!({})).await;
    assert_eq!(platform.get(&overdue).await["items"], json!([]));
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.subject["late"].as_str()),
        ("data_set.updated", "true")
    );
}

#[tokio::test]
async fn forms_out_of_bounds_are_refused_and_one_writer_wins() {
    let platform = Platform::with_service().await;
    for (member, wrong) in [
        ("items", json!([])),
        ("items", json!([{"code": "A b", "name": "x", "type": "text"}])),
        ("sharing", json!("maybe")),
        ("update_every_days", json!(0)),
        ("title", json!("")),
    ] {
        let mut form = form("don-vi", "ten-don-vi");
        form["about"][member] = wrong.clone();
        assert_eq!(platform.refused(PROVIDER, PATH, form).await.0, 422, "{member} {wrong}");
    }
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let again = platform.refused(PROVIDER, PATH, form("don-vi", "x")).await;
    assert_eq!(again, (409, "resource.exists".to_owned()));
    let one = format!("{PATH}/don-vi");
    let (_, headers, _) = platform.heard(PROVIDER, "GET", &one, None, &[]).await;
    let tag = [("if-match", headers["etag"].to_str().unwrap())];
    let change = format!("{one}/change");
    let by = async |item: &str| {
        platform.heard(PROVIDER, "POST", &change, Some(about(item)), &tag).await.0
    };
    assert_eq!(by("mot").await, 200);
    assert_eq!(by("hai").await, 412);
}
