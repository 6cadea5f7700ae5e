//! Host and absolute targets: whom is this for?

use crate::caller::Ask;
use crate::city::City;
use crate::hostile::scene::Scene;
use crate::policy::SERVICE;

const INVALID: &str = "request.host_invalid";
const FOREIGN: &str = "request.foreign_authority";

/// A signed GET whose Host lines are these; `HOST` stands for the right one.
fn hosts(city: &City, lines: &str) -> Vec<u8> {
    let host = city.host();
    let head = Ask::get("/units").head(city);
    let right = format!("Host: {host}\r\n");
    assert!(head.contains(&right));
    head.replacen(&right, &lines.replace("HOST", host), 1).into_bytes()
}

/// A signed GET with this request target.
fn target(city: &City, target: &str, host: &str) -> Vec<u8> {
    let target = target.replace("HOST", city.host());
    let host = host.replace("HOST", city.host());
    let head = Ask::get("/units").head(city);
    let head = head.replacen(&format!("GET /{SERVICE}/units "), &format!("GET {target} "), 1);
    head.replacen(&format!("Host: {}\r\n", city.host()), &format!("Host: {host}\r\n"), 1).into()
}

/// Refusals of a call's address leave its framing in no doubt, so the connection goes on; each
/// is sent with `Connection: close` here, which lets [`Scene::refuses`] ask the same of all.
fn closing(bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    text.replacen("\r\nSignature:", "\r\nConnection: close\r\nSignature:", 1).into_bytes()
}

#[tokio::test]
async fn a_host_that_is_missing_empty_or_repeated_is_refused() {
    let scene = Scene::new().await;
    for lines in [
        "",
        "Host:\r\n",
        "Host: \t \r\n",
        "Host: HOST\r\nHost: HOST\r\n",
        "Host: HOST\r\nhost: HOST\r\n",
        "HOST: HOST\r\nhOsT: other.example\r\n",
        "Host: other.example\r\nHost: HOST\r\n",
        "Host: HOST\r\nHost:\r\n",
        "Host: \u{e9}HOST\r\n",
        "Hos: HOST\r\n",
        "X-Forwarded-Host: HOST\r\n",
    ] {
        let lines = lines.replacen("HOST: ", "hOST: ", 1);
        scene.refuses(INVALID, |city| closing(hosts(city, &lines))).await;
    }
}

#[tokio::test]
async fn a_host_that_is_not_exactly_ours_is_foreign() {
    let scene = Scene::new().await;
    for host in [
        "other.example",
        "HOST, other.example",
        "HOST,HOST",
        "HOST other.example",
        "user@HOST",
        "HOST:80",
        "HOST:80:80",
        "HOST:",
        "HOST.",
        "HOST/",
        "HOST/units",
        "HOST?x",
        "HOST#x",
        "HOST%00",
        "http://HOST",
        "127.0.0.1",
        "0x7f.1",
        "localhost",
        "[::1]",
        "[HOST]",
        ".HOST",
        "\"HOST\"",
    ] {
        let line = format!("Host: {host}\r\n");
        scene.refuses(FOREIGN, |city| closing(hosts(city, &line))).await;
    }
}

#[tokio::test]
async fn a_name_without_port_is_ours_with_the_default_port_only() {
    let scene = Scene::with(|setting| {
        setting.config.public_urls = vec!["http://gateway.example".parse().unwrap()];
    })
    .await;
    let port = if crate::cell::scheme() == "http" { 80 } else { 443 };
    let with_port = format!("gateway.example:{port}");
    for host in ["gateway.example", "GATEWAY.example", &with_port] {
        let request = scene.passes(|city| hosts(city, &format!("Host: {host}\r\n"))).await;
        assert_eq!(request.values("host"), [scene.tape.address.to_string()]);
    }
}

#[tokio::test]
async fn a_name_without_port_is_not_ours_with_another_port() {
    let scene = Scene::with(|setting| {
        setting.config.public_urls = vec!["http://gateway.example".parse().unwrap()];
    })
    .await;
    for host in ["gateway.example:8080", "gateway.example:080", "gateway.example:80:80"] {
        let line = format!("Host: {host}\r\n");
        scene.refuses(FOREIGN, |city| closing(hosts(city, &line))).await;
    }
}

#[tokio::test]
async fn a_request_of_http_1_0_needs_a_host_like_any_other() {
    let scene = Scene::new().await;
    let old = |city: &City, lines: &str| {
        let text = String::from_utf8(hosts(city, lines)).unwrap();
        text.replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes()
    };
    scene.refuses(INVALID, |city| old(city, "")).await;
    scene.refuses(INVALID, |city| old(city, "Host: HOST\r\nHost: HOST\r\n")).await;
    let answer = scene.city.line().await.ask(&old(&scene.city, "Host: HOST\r\n")).await;
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
}

#[tokio::test]
async fn an_absolute_target_for_us_is_served_by_its_path() {
    let scene = Scene::new().await;
    let scheme = crate::cell::scheme();
    for scheme in [scheme.to_owned(), scheme.to_uppercase(), scheme.replacen('h', "H", 1)] {
        let absolute = format!("{scheme}://HOST/{SERVICE}/units");
        let request = scene.passes(|city| target(city, &absolute, "HOST")).await;
        assert_eq!(request.line(), "get /units http/1.1");
        assert_eq!(request.values("host"), [scene.tape.address.to_string()]);
    }
}

#[tokio::test]
async fn an_absolute_target_that_contradicts_its_host_is_refused() {
    let scene = Scene::new().await;
    for (authority, host) in [
        ("other.example", "HOST"),
        ("HOST", "other.example"),
        ("user@HOST", "HOST"),
        ("user:pass@HOST", "HOST"),
        ("HOST@other.example", "HOST"),
        ("HOST:80", "HOST"),
        ("HOST.", "HOST"),
        ("", "HOST"),
        ("HOST\\@other.example", "HOST"),
        ("HOST?x", "HOST"),
        ("HOST#x", "HOST"),
    ] {
        let absolute = format!("{}://{authority}/{SERVICE}/units", crate::cell::scheme());
        scene.refuses(INVALID, |city| closing(target(city, &absolute, host))).await;
    }
}

#[tokio::test]
async fn an_absolute_target_for_others_is_foreign_even_where_host_agrees() {
    let scene = Scene::new().await;
    for authority in ["other.example", "user@HOST", "HOST."] {
        let absolute = format!("http://{authority}/{SERVICE}/units");
        scene.refuses(FOREIGN, |city| closing(target(city, &absolute, authority))).await;
    }
}

#[tokio::test]
async fn an_absolute_target_of_the_other_scheme_is_foreign() {
    let scene = Scene::new().await;
    let other = if crate::cell::scheme() == "http" { "https" } else { "http" };
    let absolute = format!("{other}://HOST/{SERVICE}/units");
    scene.refuses(FOREIGN, |city| closing(target(city, &absolute, "HOST"))).await;
}

#[tokio::test]
async fn a_target_of_another_form_is_refused() {
    let scene = Scene::new().await;
    for other in [
        "ftp://HOST/units",
        "http:/HOST/units",
        "http:HOST/units",
        "//HOST/units",
        "http://HOST",
        "http://HOST?x",
        "HOST",
        "HOST/units",
        "units",
        "*",
        "?x",
        "#",
        "urn:x:y",
    ] {
        scene.refuses("request.path_not_normal", |city| closing(target(city, other, "HOST"))).await;
    }
}
