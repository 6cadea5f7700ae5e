use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use wire::ambient::{Clock, UtcMicros};

use super::index::{Index, Wanted};
use super::words;
use crate::service::life::{Life, Stage};
use crate::service::{Service, Terms};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/catalogue";

async fn ids(platform: &Platform, query: &str) -> Vec<String> {
    let (status, page) = platform.ask("", "GET", &format!("{PATH}?{query}"), None).await;
    assert_eq!(status, 200, "{query}: {page}");
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Titles of services of H24.12, by their codes.
async fn with_titles(titles: &[(&str, &str)]) -> Platform {
    let platform = Platform::with_service().await;
    for (code, title) in titles {
        let id = format!("H24.12/don-vi-hanh-chinh/{code}/v1");
        let form = json!({"id": id, "title": title, "upstream": "http://10.24.12.9:9000/bi-mat"});
        platform.made(PROVIDER, "/api/v1/services", form).await;
    }
    platform
}

fn of(code: &str) -> String {
    format!("H24.12/don-vi-hanh-chinh/{code}/v1")
}

#[tokio::test]
async fn words_are_found_with_and_without_diacritics_by_their_beginnings() {
    let platform =
        with_titles(&[("ho-tich", "Tra cứu hộ tịch"), ("dac-khu", "Đặc khu của thành phố")]).await;
    for (query, found) in [
        ("q=h%E1%BB%99%20t%E1%BB%8Bch", vec![of("ho-tich")]),
        ("q=HO+TICH", vec![of("ho-tich")]),
        ("q=tra%20c", vec![of("ho-tich")]),
        ("q=%C4%91%E1%BA%B7c", vec![of("dac-khu")]),
        ("q=dac+kh", vec![of("dac-khu")]),
        ("q=%C4%90%E1%BA%B6C", vec![of("dac-khu")]),
        ("q=dac+tich", vec![]),
        ("q=ich", vec![]),
    ] {
        assert_eq!(ids(&platform, query).await, found, "{query}");
    }
}

#[tokio::test]
async fn services_of_a_closed_system_are_neither_shown_nor_asked_for() {
    let platform = Platform::with_service().await;
    assert_eq!(ids(&platform, "").await, [SERVICE]);
    platform.made(PROVIDER, &format!("/api/v1/systems/{PROVIDING_SYSTEM}/close"), json!({})).await;
    assert_eq!(ids(&platform, "").await, [""; 0]);
    let refused = platform.refused(CONSUMER, "/api/v1/connections", connection_form()).await;
    assert_eq!(refused, (409, "resource.closed".to_owned()));
}

#[tokio::test]
async fn the_best_fitting_come_first_and_pages_go_on_from_there() {
    let platform = with_titles(&[
        ("a", "Chúc mừng"),
        ("b", "Chức danh"),
        ("c", "Danh sách chức danh nghề nghiệp chứcvụ"),
    ])
    .await;
    // `chức` as it is written before what only begins so or has other marks.
    let found = ids(&platform, "q=ch%E1%BB%A9c").await;
    assert_eq!(found, [of("b"), of("c"), of("a")]);
    let mut paged = Vec::new();
    let mut after = String::new();
    for _ in 0..3 {
        let path = format!("{PATH}?q=ch%E1%BB%A9c&limit=1{after}");
        let (_, page) = platform.ask("", "GET", &path, None).await;
        paged.push(page["items"][0]["id"].as_str().unwrap().to_owned());
        after = match page["next"].as_str() {
            Some(next) => format!("&after={}", next.replace(' ', "%20")),
            None => String::new(),
        };
    }
    assert_eq!((paged, after.as_str()), (found, ""));
}

#[tokio::test]
async fn nothing_inner_and_nothing_unpublished_is_shown() {
    let platform = with_titles(&[("ho-tich", "Tra cứu hộ tịch")]).await;
    let form =
        json!({"id": of("nhap"), "title": "Nháp", "upstream": "http://10.24.12.9", "draft": true});
    platform.made(PROVIDER, "/api/v1/services", form).await;
    let (status, page) = platform.ask("", "GET", PATH, None).await;
    assert_eq!(status, 200);
    let text = page.to_string();
    for inner in ["10.24.12", "bi-mat", "upstream", "timeout", "Nháp", "changed_at"] {
        assert!(!text.contains(inner), "{inner}: {text}");
    }
    assert_eq!(ids(&platform, "q=nhap").await, [""; 0]);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["items"][0]["owner"], "Cơ quan H24.12");
    // And it, with its DCAT, is the only thing that a stranger is shown.
    let document = serde_json::to_value(&platform.public_openapi).unwrap();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, [PATH, "/api/v1/catalogue/dcat"]);
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(platform.ask("", method, PATH, None).await.0, 405);
    }
}

#[tokio::test]
async fn filters_and_changes_are_seen_at_once() {
    let platform = with_titles(&[("ho-tich", "Tra cứu hộ tịch")]).await;
    let path = format!("/api/v1/services/{}", of("ho-tich"));
    assert_eq!(ids(&platform, "classification=open").await, [""; 0]);
    let about = crate::service::life::tests::about();
    platform.made(PROVIDER, &format!("{path}/about"), about).await;
    assert_eq!(ids(&platform, "classification=open").await, [of("ho-tich")]);
    assert_eq!(ids(&platform, "classification=personal").await, [""; 0]);
    assert_eq!(ids(&platform, "q=bien+dong").await, [of("ho-tich")], "by its summary");
    assert_eq!(ids(&platform, "organisation=H24.12").await.len(), 2);
    assert_eq!(ids(&platform, "organisation=H24.31").await, [""; 0]);
    let names = json!({"name": "Sở Tư pháp"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/rename", names).await;
    assert_eq!(ids(&platform, "q=tu+phap").await.len(), 2, "by its owner's new name");

    let end = platform.clock.now().saturating_add(Duration::from_hours(1)).to_string();
    let form = json!({"retire_at": end});
    platform.made(PROVIDER, &format!("{path}/deprecate"), form).await;
    assert_eq!(ids(&platform, "state=deprecated").await, [of("ho-tich")]);
    platform.clock.advance(Duration::from_hours(1));
    assert_eq!(ids(&platform, "q=ho+tich").await, [""; 0], "what is gone is not offered");
    assert_eq!(ids(&platform, "state=retired").await, [of("ho-tich")]);
}

#[tokio::test]
async fn a_question_out_of_bounds_is_told_its_rule() {
    let platform = Platform::with_service().await;
    let long = format!("q={}", "a".repeat(201));
    for query in
        [long.as_str(), "q=a+b+c+d+e+f+g+h+i", "state=draft", "classification=x", "after=x", "x=y"]
    {
        let (status, answer) = platform.ask("", "GET", &format!("{PATH}?{query}"), None).await;
        assert_eq!(status, 422, "{query}: {answer}");
    }
    assert_eq!(ids(&platform, "q=").await.len(), 1);
}

#[test]
fn five_thousand_services_are_searched_in_memory() {
    let subjects = ["hộ tịch", "đất đai", "doanh nghiệp", "giáo dục", "y tế"];
    let service = |number: usize| Service {
        id: format!("H24.{}/he-thong/dich-vu-{number}/v1", number % 90 + 10).parse().unwrap(),
        title: format!("Tra cứu {} số {number}", subjects[number % subjects.len()]),
        terms: Terms {
            upstream: "http://10.0.0.1".parse().unwrap(),
            sandbox_upstream: None,
            timeout_ms: 1,
            record: wire::directory::RecordMode::default(),
            max_body_bytes: 1,
            signed_answers: wire::directory::Signing::default(),
            signed_requests: wire::directory::Signing::default(),
        },
        life: Life::new(Stage::Published),
        about: None,
        published_at: UtcMicros::MIN,
        changed_at: UtcMicros::MIN,
    };
    let index = Index::of((0..5_000).map(service).collect(), &HashMap::new());
    let count = |question: &str| {
        let wanted = Wanted { words: words::of(question).collect(), ..Wanted::default() };
        index.search(&wanted, UtcMicros::MIN).len()
    };
    assert_eq!(count("dat dai"), 1_000);
    assert_eq!(count("tra cuu"), 5_000);
    assert_eq!(count("so 4999 y te"), 1);
    assert_eq!(count("so 4999 dat"), 0);
}

#[tokio::test]
async fn other_catalogues_are_told_what_everyone_may_know_and_nothing_else() {
    let platform = Platform::with_service().await;
    let about = |item: &str, sharing: &str, class: &str| {
        json!({"title": format!("Tập {item}"), "steward": "Phòng A", "legal_basis": "QĐ 01/2025/QĐ-UBND",
            "items": [{"code": item, "name": "Tên", "type": "text"}],
            "classification": class, "sharing": sharing, "update_every_days": 30})
    };
    for (code, sharing, class) in [
        ("mo", "open", "open"),
        ("xin-phep", "by_request", "personal"),
        ("giu-lai", "not_shared", "open"),
        ("nhay-cam", "by_request", "sensitive"),
    ] {
        let form =
            json!({"code": code, "organisation": "H24.12", "about": about(code, sharing, class)});
        platform.made(PROVIDER, "/api/v1/data-sets", form).await;
    }
    let services = json!({"services": [SERVICE]});
    platform.made(PROVIDER, "/api/v1/data-sets/mo/services", services).await;
    crate::codelist::tests::with_units(&platform).await;
    let path = "/api/v1/catalogue/dcat";
    let (status, headers, document) = platform.heard("", "GET", path, None, &[]).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/ld+json");
    let sets = document["dataset"].as_array().unwrap();
    let ids: Vec<_> = sets.iter().map(|set| set["@id"].as_str().unwrap()).collect();
    let base = "https://lgsp.test/api/v1";
    let of = |rest: &str| format!("{base}/{rest}");
    assert_eq!(
        ids,
        [of("data-sets/mo"), of("data-sets/xin-phep"), of("code-lists/don-vi-hanh-chinh")]
    );
    let access =
        |at: usize| sets[at]["accessRights"]["@id"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!((access(0), access(1)), ("PUBLIC", "RESTRICTED"));
    assert!(sets[0]["accrualPeriodicity"]["@id"].as_str().unwrap().ends_with("/MONTHLY"));
    let service = &document["service"][0];
    assert_eq!(service["endpointURL"]["@id"], format!("https://cong.lgsp.test/{SERVICE}"));
    assert_eq!(service["servesDataset"], json!([{"@id": of("data-sets/mo")}]));
    let text = document.to_string();
    for inner in ["10.24.12.5", "giu-lai", "nhay-cam"] {
        assert!(!text.contains(inner), "{inner} is shown");
    }
    // Who has it already is told so.
    let tag = [("if-none-match", headers["etag"].to_str().unwrap())];
    assert_eq!(platform.heard("", "GET", path, None, &tag).await.0, 304);
}
