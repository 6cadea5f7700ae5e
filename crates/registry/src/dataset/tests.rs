use std::time::Duration;

use serde_json::{Value, json};
use wire::ambient::Clock;

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
        read("/api/v1/data-sets/{code}/versions", format!("{PATH}/don-vi/versions")),
        read("/api/v1/data-set-changes", "/api/v1/data-set-changes"),
        write(
            "/api/v1/data-sets/{code}/services",
            format!("{PATH}/don-vi/services"),
            json!({"services": [SERVICE]}),
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

#[tokio::test]
async fn versions_are_declared_and_the_register_is_read_as_of_a_time_and_since_a_cursor() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let one = format!("{PATH}/don-vi");
    let registered = platform.clock.now().to_string();
    let changes = platform.get("/api/v1/data-set-changes").await;
    assert_eq!(
        (&changes["items"][0]["kind"], &changes["next"]),
        (&json!("registered"), &Value::Null)
    );
    let cursor = changes["cursor"].as_str().unwrap().replace(' ', "+");
    let since = format!("/api/v1/data-set-changes?after={cursor}");
    let nothing = platform.get(&since).await;
    assert_eq!((&nothing["items"], &nothing["cursor"]), (&json!([]), &changes["cursor"]));

    platform.clock.advance(Duration::from_hours(1));
    let digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
    let update = json!({"note": "Quý III", "digest": digest, "rows": 114});
    let updated = platform.made(PROVIDER, &format!("{one}/updates"), update).await;
    assert_eq!(updated["version"], 1);
    platform.clock.advance(Duration::from_hours(1));
    platform.made(PROVIDER, &format!("{one}/change"), about("cap-don-vi")).await;
    let versions = platform.get(&format!("{one}/versions")).await;
    let version = &versions["items"][0];
    assert_eq!(
        (&version["version"], &version["rows"], &version["digest"]),
        (&json!(1), &json!(114), &json!(digest))
    );
    assert_eq!(versions["items"].as_array().unwrap().len(), 1);
    let then = platform.get(&format!("{one}?as_of={registered}")).await;
    assert_eq!(
        (&then["version"], &then["about"]["items"][0]["code"]),
        (&json!(0), &json!("ten-don-vi"))
    );
    assert_eq!(platform.get(&one).await["about"]["items"][0]["code"], "cap-don-vi");
    let before =
        platform.ask(OPERATOR, "GET", &format!("{one}?as_of=2020-01-01T00:00:00Z"), None).await;
    assert_eq!(before.0, 404);
    let kinds: Vec<_> = platform.get(&since).await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["updated", "changed"]);
    let wrong = json!({"digest": "md5"});
    assert_eq!(platform.refused(PROVIDER, &format!("{one}/updates"), wrong).await.0, 422);
    assert_eq!(
        platform.ask(OPERATOR, "GET", "/api/v1/data-set-changes?after=x", None).await.0,
        422
    );
}

#[tokio::test]
async fn an_update_that_is_late_is_said_once() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let late = async || {
        crate::duty::perform(&platform.registry).await;
        let actions = platform.actions().await;
        actions.iter().filter(|action| *action == "data_set.late").count()
    };
    assert_eq!(late().await, 0);
    platform.clock.advance(Duration::from_hours(24 * 31));
    assert_eq!((late().await, late().await), (1, 1));
    platform.made(PROVIDER, &format!("{PATH}/don-vi/updates"), json!({})).await;
    assert_eq!(late().await, 1);
    platform.clock.advance(Duration::from_hours(24 * 31));
    assert_eq!((late().await, late().await), (2, 2));
    let changes = platform.get("/api/v1/data-set-changes").await;
    assert_eq!(changes["items"][1]["kind"], "late");
}

#[tokio::test]
async fn items_are_written_in_code_lists_that_are_there_and_kept() {
    let platform = Platform::with_service().await;
    let mut with_list = form("don-vi", "ten-don-vi");
    with_list["about"]["items"][0]["code_list"] = "danh-muc".into();
    let unknown = platform.refused(PROVIDER, PATH, with_list.clone()).await;
    assert_eq!(unknown, (404, "resource.not_found".to_owned()));
    let about = json!({"title": "x", "steward": "x", "legal_basis": "x"});
    let list = json!({"code": "danh-muc", "organisation": "H24.12", "about": about});
    platform.made(PROVIDER, "/api/v1/code-lists", list).await;
    platform.made(PROVIDER, PATH, with_list.clone()).await;
    platform.made(PROVIDER, "/api/v1/code-lists/danh-muc/retire", json!({})).await;
    let told = platform.get(&format!("{PATH}/don-vi")).await;
    assert_eq!(told["retired_code_lists"], json!(["danh-muc"]));
    // What names it already may go on; nothing else may begin to.
    platform.made(PROVIDER, &format!("{PATH}/don-vi/change"), with_list["about"].clone()).await;
    let mut other = form("khac", "ma-don-vi");
    other["about"]["items"][0]["code_list"] = "danh-muc".into();
    assert_eq!(platform.refused(PROVIDER, PATH, other).await, (409, "resource.closed".to_owned()));
}

#[tokio::test]
async fn services_that_give_a_data_set_are_known_ones() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("don-vi", "ten-don-vi")).await;
    let services = format!("{PATH}/don-vi/services");
    let given = platform.made(PROVIDER, &services, json!({"services": [SERVICE]})).await;
    assert_eq!(given["services"], json!([SERVICE]));
    let listed = platform.get(PATH).await;
    assert_eq!(listed["items"][0]["services"], json!([SERVICE]));
    let other = json!({"services": ["H24.12/don-vi-hanh-chinh/khac/v1"]});
    assert_eq!(platform.refused(PROVIDER, &services, other).await.0, 404);
    let none = platform.made(PROVIDER, &services, json!({"services": []})).await;
    assert_eq!(none["services"], json!([]));
}
