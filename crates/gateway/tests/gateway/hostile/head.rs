//! Heads: folded lines, bare line ends, NUL, and heads without measure.

use crate::caller::Ask;
use crate::city::City;
use crate::hostile::scene::{Scene, get_with};

const MALFORMED: &str = "request.malformed";
const TOO_LARGE: &str = "request.head_too_large";

/// A signed GET in which one text is replaced by another.
fn altered(city: &City, from: &str, to: &str) -> Vec<u8> {
    let head = Ask::get("/units").header("X-One", "1").header("X-Two", "2").head(city);
    assert!(head.contains(from));
    head.replacen(from, to, 1).into_bytes()
}

#[tokio::test]
async fn folded_lines_are_refused() {
    let scene = Scene::new().await;
    for (from, to) in [
        ("X-One: 1\r\n", "X-One: 1\r\n 2\r\n"),
        ("X-One: 1\r\n", "X-One: 1\r\n\t2\r\n"),
        ("X-One: 1\r\n", "X-One:\r\n 1\r\n"),
        ("X-One: 1\r\n", "X-One: 1\r\n \r\n"),
        ("\r\nHost:", "\r\n Host:"),
        ("\r\nHost: ", "\r\nHost:\r\n "),
        ("X-One: 1\r\n", "X-One: 1\r\n Transfer-Encoding: chunked\r\n"),
    ] {
        scene.refuses(MALFORMED, |city| altered(city, from, to)).await;
    }
}

#[tokio::test]
async fn a_bare_line_feed_ends_no_line() {
    let scene = Scene::new().await;
    for (from, to) in [
        ("HTTP/1.1\r\n", "HTTP/1.1\n"),
        ("X-One: 1\r\n", "X-One: 1\n"),
        ("X-One: 1\r\n", "X-One: 1\nX-Three: 3\r\n"),
        ("\r\n\r\n", "\n\n"),
        ("\r\n\r\n", "\r\n\n"),
        ("\r\n\r\n", "\n\r\n"),
        ("GET", "\nGET"),
        ("X-One: 1", "X-One: \n1"),
    ] {
        scene.refuses(MALFORMED, |city| altered(city, from, to)).await;
    }
}

#[tokio::test]
async fn a_bare_carriage_return_ends_no_line() {
    let scene = Scene::new().await;
    for (from, to) in [
        ("X-One: 1\r\n", "X-One: 1\rX-Three: 3\r\n"),
        ("X-One: 1\r\n", "X-One: 1\r\r\n"),
        ("X-One: 1\r\n", "X-One:\r1\r\n"),
        ("HTTP/1.1\r\n", "HTTP/1.1\r\r\n"),
        ("\r\nX-One", "\r\n\rX-One"),
        ("GET", "\rGET"),
        ("GET /", "GET\r/"),
    ] {
        scene.refuses(MALFORMED, |city| altered(city, from, to)).await;
    }
}

#[tokio::test]
async fn nul_and_other_controls_are_refused_wherever_they_stand() {
    let scene = Scene::new().await;
    for control in ["\0", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x7f"] {
        for (from, place) in [
            ("GET", "G@ET"),
            ("/units", "/un@its"),
            ("X-One", "X-@One"),
            ("X-One: 1", "X-One: 1@2"),
            ("X-One: 1", "X-One: @1"),
            ("X-One: 1", "X-One: 1@"),
            ("X-One: 1", "X-One@: 1"),
            ("HTTP/1.1", "HTTP/1.1@"),
        ] {
            let to = place.replace('@', control);
            scene.refuses(MALFORMED, |city| altered(city, from, &to)).await;
        }
    }
}

#[tokio::test]
async fn blanks_where_none_may_be_are_refused() {
    let scene = Scene::new().await;
    for (from, to) in [
        ("GET ", "GET  "),
        ("GET ", " GET "),
        ("GET ", "GET\t"),
        (" HTTP/1.1", "  HTTP/1.1"),
        (" HTTP/1.1", "\tHTTP/1.1"),
        ("HTTP/1.1\r\n", "HTTP/1.1 \r\n"),
        ("X-One: ", "X-One : "),
        ("X-One: ", "X-One\t: "),
        ("X-One: ", "X One: "),
        ("X-One: 1\r\n", ": 1\r\n"),
        ("X-One: 1\r\n", "X-One\r\n"),
        ("X-One: ", "X-\u{d6}ne: "),
        ("X-One: ", "(X): "),
    ] {
        scene.refuses(MALFORMED, |city| altered(city, from, to)).await;
    }
}

#[tokio::test]
async fn other_versions_of_http_are_refused() {
    let scene = Scene::new().await;
    for version in [
        "HTTP/0.9",
        "HTTP/1.2",
        "HTTP/2.0",
        "HTTP/2",
        "HTTP/1",
        "HTTP/11",
        "http/1.1",
        "HTTP/1.01",
        "HTTP/1.1x",
        "HTTPS/1.1",
        "ICAP/1.0",
        "",
    ] {
        scene.refuses(MALFORMED, |city| altered(city, "HTTP/1.1", version)).await;
    }
    let simple = |_: &City| b"GET /H24.12/don-vi-hanh-chinh/danh-muc/v1/units\r\n\r\n".to_vec();
    scene.refuses(MALFORMED, simple).await;
    let preface = |_: &City| b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    scene.refuses(MALFORMED, preface).await;
}

#[tokio::test]
async fn a_line_of_100_kib_is_refused() {
    let scene = Scene::new().await;
    let long = "x".repeat(100 * 1024);
    for line in [
        format!("X: {long}\r\n"),
        format!("{long}: 1\r\n"),
        format!("Cookie: {long}\r\n"),
        format!("Signature: {long}\r\n"),
    ] {
        scene.refuses(TOO_LARGE, |city| get_with(city, &line)).await;
    }
    let target = format!("/units?{long}");
    scene.refuses(TOO_LARGE, |city| Ask::get(&target).bytes(city)).await;
    let method = "X".repeat(100 * 1024);
    scene.refuses(TOO_LARGE, |city| altered(city, "GET", &method)).await;
}

#[tokio::test]
async fn many_lines_of_100_kib_together_are_refused() {
    let scene = Scene::new().await;
    let lines = format!("X: {}\r\n", "x".repeat(1000)).repeat(100);
    scene.refuses(TOO_LARGE, |city| get_with(city, &lines)).await;
}

#[tokio::test]
async fn ten_thousand_lines_are_refused() {
    let scene = Scene::new().await;
    for lines in ["X: 1\r\n".repeat(10_000), "A:\r\n".repeat(10_000), "A:\r\n".repeat(200)] {
        scene.refuses(TOO_LARGE, |city| get_with(city, &lines)).await;
    }
}

#[tokio::test]
async fn a_head_without_end_is_refused_at_its_limit() {
    let scene = Scene::new().await;
    let endless = |_: &City| [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'x'; 1 << 20]].concat();
    scene.refuses(TOO_LARGE, endless).await;
}

#[tokio::test]
async fn empty_lines_before_a_request_line_are_read_over() {
    let scene = Scene::new().await;
    let write = |city: &City| [b"\r\n\r\n".to_vec(), Ask::get("/units").bytes(city)].concat();
    assert_eq!(scene.passes(write).await.line(), "get /units http/1.1");
}
