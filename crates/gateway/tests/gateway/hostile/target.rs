//! Paths that two readers could resolve to different things.

use crate::caller::Ask;
use crate::hostile::scene::Scene;

const NOT_NORMAL: &str = "request.path_not_normal";

async fn all_refused(paths: &[&str]) {
    let scene = Scene::new().await;
    for path in paths {
        let ask = Ask::get(path).header("Connection", "close");
        scene.refuses(NOT_NORMAL, |city| ask.bytes(city)).await;
    }
}

#[tokio::test]
async fn encoded_slashes_and_backslashes_are_refused() {
    all_refused(&["/a%2fb", "/a%2Fb", "/%2f", "/a%5cb", "/a%5Cb", "/a\\b", "/a%2f..%2fb"]).await;
}

#[tokio::test]
async fn dot_segments_are_refused_however_they_are_written() {
    all_refused(&[
        "/..",
        "/../x",
        "/a/../b",
        "/a/./b",
        "/.",
        "/a/..",
        "/%2e%2e/x",
        "/%2E%2e/x",
        "/.%2e/x",
        "/%2e./x",
        "/%2e",
        "/..;x/y",
        "/.;/y",
        "/..%3bx/y",
        "/%2e%2e%3b/y",
        "/;/y",
        "/;x=..",
    ])
    .await;
}

#[tokio::test]
async fn what_means_something_else_after_a_second_decoding_is_refused() {
    all_refused(&[
        "/a%252fb",
        "/a%252Fb",
        "/a%255cb",
        "/%252e%252e/x",
        "/%252e%2e/x",
        "/.%252e",
        "/a%25%32%66b",
        "/a%25252fb",
        "/a%2500b",
        "/%252e%252e%253bx",
        "/a%25c0%25afb",
    ])
    .await;
}

#[tokio::test]
async fn overlong_and_broken_utf_8_is_refused() {
    all_refused(&[
        "/a%c0%afb",
        "/%c0%ae%c0%ae/x",
        "/a%e0%80%afb",
        "/a%f0%80%80%afb",
        "/a%80b",
        "/a%ffb",
        "/a%ed%a0%80b",
        "/a%c3",
    ])
    .await;
}

#[tokio::test]
async fn broken_escapes_and_encoded_controls_are_refused() {
    all_refused(&[
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%u002f",
        "/a%%2f",
        "/a%00",
        "/a%0d%0aX:1",
        "/a%0ab",
        "/a%7f",
        "/a%c2%85",
        "/a%1b",
    ])
    .await;
}

#[tokio::test]
async fn empty_segments_and_fragments_are_refused() {
    all_refused(&["//", "//a", "/a//b", "/a//", "/a#b", "/a?b#c", "/#", "/a\"b", "/a<b", "/a{b}"])
        .await;
}

#[tokio::test]
async fn a_path_with_one_meaning_goes_on_byte_for_byte() {
    let scene = Scene::new().await;
    for path in [
        "/Units/%c3%a9?a=%2f..%2f&b=//c",
        "/a;b=c/d",
        "/a%20b",
        "/100%25",
        "/100%25zz",
        "/...",
        "/a..b/..c",
        "/a/",
        "/~a!$&'()*+,=:@",
        "/a?",
        "/a?b?c",
    ] {
        let request = scene.passes(|city| Ask::get(path).bytes(city)).await;
        // The tape writes heads in small letters; the case is looked for in the bytes.
        let sent = path.strip_suffix('?').unwrap_or(path);
        assert_eq!(request.line(), format!("get {sent} http/1.1").to_ascii_lowercase());
        let bytes = String::from_utf8(scene.tape.bytes()).unwrap();
        assert!(bytes.contains(&format!("GET {sent} HTTP/1.1\r\n")), "{path}");
    }
}
