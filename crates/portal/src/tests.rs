use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use wire::error_code::ErrorCode;

use registry::connection::agreement::{Agreement, Article, Document, Line, PartyPart};

use crate::agreement::page;
use crate::{Shown, ShownLog, router};

fn pages() -> Router {
    router(Shown {
        gateway_url: "http://127.0.0.1:8081".to_owned(),
        logs: vec![ShownLog {
            origin: "log.test".to_owned(),
            path: "/evidence/logs/log.test".to_owned(),
        }],
        openapi: serde_json::json!({"paths": {"/api/v1/<things>": {"get": {
            "tags": ["thing"], "summary": "List the things & `more <b>`",
            "responses": {"200": {"description": "the things"}}}}}}),
        demo: true,
    })
}

/// Status, content security policy and body of a page.
async fn open(path: &str, language: &str) -> (u16, String, String) {
    let request = Request::get(path).header(header::ACCEPT_LANGUAGE, language);
    let answer = pages().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY);
    let policy = policy.map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, policy, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_page_speaks_both_languages_and_carries_no_script() {
    for path in ["/", "/api/docs", "/docs/errors"] {
        let (status, policy, vietnamese) = open(path, "vi").await;
        let (_, _, english) = open(path, "en-GB").await;
        assert_eq!(status, 200, "{path}");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(vietnamese.contains("<html lang=\"vi\">"), "{path}");
        assert!(english.contains("<html lang=\"en\">"), "{path}");
        for page in [vietnamese, english] {
            assert!(!page.contains("<script") && !page.contains("style=\""), "{path}");
        }
    }
}

#[tokio::test]
async fn the_query_decides_the_language_over_the_header() {
    assert!(open("/?lang=en", "vi").await.2.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn a_link_to_another_page_keeps_the_language() {
    for path in ["/", "/api/docs", "/docs/errors"] {
        for language in ["vi", "en"] {
            // Asked for in the address alone: the browser would choose the other.
            let other = if language == "vi" { "en" } else { "vi" };
            let (_, _, page) = open(&format!("{path}?lang={language}"), other).await;
            let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            let pages = links.filter(|link| {
                ["/", "/api/docs", "/docs/errors"].contains(&link.split('?').next().unwrap())
            });
            let pages: Vec<&str> = pages.collect();
            assert!(!pages.is_empty(), "{path} links to no page");
            for link in pages {
                assert!(link.ends_with(&format!("?lang={language}")), "{path}: {link}");
            }
        }
    }
}

#[tokio::test]
async fn the_landing_page_links_to_what_is_there() {
    insta::assert_snapshot!(open("/", "en").await.2);
}

#[tokio::test]
async fn every_error_code_has_the_anchor_its_problems_point_at() {
    let (_, _, page) = open("/docs/errors", "en").await;
    for code in ErrorCode::ALL {
        assert!(page.contains(&format!("id=\"{}\"", code.as_str())), "{}", code.as_str());
    }
}

#[tokio::test]
async fn what_the_document_says_is_escaped() {
    let (_, _, page) = open("/api/docs", "en").await;
    assert!(page.contains("&#60;things&#62;"), "{page}");
    assert!(!page.contains("<things>") && !page.contains("<b>"), "{page}");
    assert!(page.contains("<code>more &#60;b&#62;</code>"), "{page}");
}

#[tokio::test]
async fn an_agreement_is_a_page_to_file_and_hides_no_markup_of_others() {
    let line = |label: &str, value: &str| Line { label: label.to_owned(), value: value.to_owned() };
    let mut agreement = Agreement {
        connection: "01a2076b-4400-7707-8707-070707070707".parse().unwrap(),
        approved_at: Some("2026-11-23T08:00:00.000000Z".parse().unwrap()),
        digest: "sha-256=:x:".to_owned(),
        document: Document {
            title: "THỎA THUẬN".to_owned(),
            number: "01a2076b-4400-7707-8707-070707070707".to_owned(),
            date: "Ngày 23 tháng 11 năm 2026".to_owned(),
            grounds: vec!["Căn cứ <b>QĐ 01</b>;".to_owned()],
            parties: vec![PartyPart {
                side: "Bên A".to_owned(),
                lines: vec![line("Mã định danh", "H24.12")],
            }],
            articles: vec![Article {
                heading: "Điều 1. Mục đích".to_owned(),
                clauses: vec!["Đối soát & thống kê.".to_owned()],
            }],
            annex: vec![line("Thao tác", "GET /units")],
            entrusted: vec![line("Bên B: tần suất khai thác", "hằng <i>ngày</i>")],
        },
    };
    let html = async |agreement: &Agreement| {
        let body = page(agreement).into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    };
    let approved = html(&agreement).await;
    assert!(
        !approved.contains("<script") && !approved.contains("<b>") && !approved.contains("DỰ THẢO")
    );
    insta::assert_snapshot!(approved);
    agreement.approved_at = None;
    assert!(html(&agreement).await.contains("DỰ THẢO"));
}
