//! Code lists, served by the platform itself and called through its gateway like any other service.

use serde_json::{Value, json};

use crate::binary::run;
use crate::running::Demo;

#[tokio::test]
async fn a_signed_call_reads_the_units_follows_an_old_code_and_learns_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);
    let id = "H24.15.1/danh-muc-dung-chung/don-vi-hanh-chinh/v1";
    let services = demo.manifest["services"].as_array().unwrap();
    let service = services.iter().find(|service| service["id"] == id).unwrap();
    let call = |path: &str, more: &[&str]| -> Value {
        let url = format!("{}{path}", service["url"].as_str().unwrap());
        let words = ["call", "--demo", data.to_str().unwrap(), "GET", &url, "--json"];
        let said = run(&[&words[..], more].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    };
    let mut units = Vec::new();
    let mut after = String::new();
    loop {
        let page = call(&format!("/entries?parent=31&limit=100{after}"), &[]);
        for check in ["digest", "signature", "entry"] {
            assert_eq!(page["checks"][check]["state"], "proved", "{page}");
        }
        units.extend(page["body"]["items"].as_array().unwrap().clone());
        let Some(next) = page["body"]["next"].as_str() else { break };
        after = format!("&after={}", next.replace(' ', "+"));
    }
    assert_eq!(units.len(), 114);

    let resolved = call("/entries/10507/successors?meant_on=2024-03-01", &[]);
    assert_eq!(resolved["body"]["asked"]["name"], "Phường Cẩm Thượng");
    assert_eq!(resolved["body"]["resolved"][0]["name"], "Phường Thành Đông");

    // The next version is in force for the next call.
    let before = call("/changes?since=1", &[]);
    assert_eq!((&before["body"]["to"], &before["body"]["items"]), (&json!(1), &json!([])));
    let administrator = demo.token("organisation_admin", Some("H24.12"));
    let api = format!("{}/api/v1", demo.text("portal"));
    let shipped = format!("{api}/shipped-code-lists/don-vi-hanh-chinh");
    let sheet = demo.http().get(shipped).bearer_auth(administrator).send().await.unwrap();
    let sheet = sheet.text().await.unwrap().replace("Đặc khu Cát Hải", "Đặc khu Cát Hải (sửa)");
    let versions =
        format!("{api}/code-lists/don-vi-hanh-chinh/versions?effective_on=2025-07-02&decision=x");
    let published = demo.http().post(versions).bearer_auth(administrator);
    let published = published.header("content-type", "text/csv").body(sheet).send().await.unwrap();
    assert_eq!(published.status(), 201);
    let after = call("/changes?since=1", &[]);
    let items = after["body"]["items"].as_array().unwrap();
    assert_eq!((&after["body"]["to"], items.len()), (&json!(2), 1));
    assert_eq!(items[0]["after"]["name"], "Đặc khu Cát Hải (sửa)");

    // Nobody gets there without a connection, and the paths of the connection are all there is.
    let credentials = demo.manifest["credentials"].as_array().unwrap();
    let stranger = credentials.iter().find(|one| one["may_call"] == json!([])).unwrap();
    let refused = call("/entries", &["--keyid", stranger["keyid"].as_str().unwrap()]);
    assert_eq!(
        (&refused["status"], &refused["body"]["code"]),
        (&json!(403), &json!("connection.none"))
    );
    let refused = call("/versions", &[]);
    assert_eq!(refused["status"], 403, "{refused}");
    let inner = demo.text("code_lists");
    for path in ["/api/v1/organisations", "/api/v1/code-lists/don-vi-hanh-chinh/versions/preview"] {
        let answer = demo.http().get(format!("{inner}{path}")).send().await.unwrap();
        assert!([404, 405].contains(&answer.status().as_u16()), "{path}");
    }
    let write = demo.http().post(format!("{inner}/api/v1/code-lists")).send().await.unwrap();
    assert_eq!(write.status(), 405);
    assert_eq!(demo.stop(), Some(0));
}
