//! What one connection negotiates, and what only the platform may say: hop-by-hop abuse, forged
//! `lgsp-*` and forwarding lines, upgrades.

use crate::caller::Ask;
use crate::city::City;
use crate::hostile::scene::{Scene, get_with, with_lines};

#[tokio::test]
async fn connection_cannot_take_away_what_was_signed_or_what_the_platform_says() {
    let scene = Scene::new().await;
    let ask = Ask::post("/units", "hello").header("lgsp-purpose", "tra-cuu").with(|ask| {
        ask.covered.push("lgsp-purpose");
    });
    let options = "Connection: lgsp-purpose, content-digest, host, signature, signature-input\r\n\
                   Connection: content-length, transfer-encoding, forwarded\r\n\
                   Connection: lgsp-consumer-system, lgsp-request-id, x-hop\r\nX-Hop: 1\r\n";
    let write = |city: &City| format!("{}hello", with_lines(&ask.head(city), options)).into();
    let request = scene.passes(write).await;
    assert_eq!(request.body, b"hello");
    for name in [
        "host",
        "content-digest",
        "content-length",
        "lgsp-purpose",
        "lgsp-consumer-system",
        "lgsp-consumer-organisation",
        "lgsp-request-id",
        "forwarded",
    ] {
        assert_eq!(request.values(name).len(), 1, "{name}");
    }
    for name in ["connection", "x-hop", "signature", "signature-input"] {
        assert!(request.values(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn lines_of_one_connection_end_here() {
    let scene = Scene::new().await;
    let lines = "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n\
                 Trailer: Content-Digest\r\nProxy-Authorization: Basic eDp5\r\n\
                 Proxy_Authorization: Basic eDp5\r\nKeep_Alive: 1\r\n";
    let request = scene.passes(|city| get_with(city, lines)).await;
    for name in ["keep-alive", "proxy-connection", "te", "trailer", "proxy-authorization"] {
        let underscored = name.replace('-', "_");
        assert!(request.values(name).is_empty(), "{name}");
        assert!(request.values(&underscored).is_empty(), "{underscored}");
    }
}

#[tokio::test]
async fn connection_close_closes_however_it_is_written() {
    let scene = Scene::new().await;
    for value in ["close, close", "keep-alive, close", "close, keep-alive", "CLOSE", "x,\tclose "] {
        let line = format!("Connection: {value}\r\n");
        let mut bytes = get_with(&scene.city, &line);
        bytes.extend(Ask::get("/smuggled").bytes(&scene.city));
        let mut line = scene.city.line().await;
        let answer = line.ask(&bytes).await;
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{value}");
        assert!(line.is_closed().await);
    }
    let requests = scene.tape.requests();
    assert!(requests.iter().all(|request| request.line() == "get /units http/1.1"));
}

#[tokio::test]
async fn nobody_but_the_platform_says_who_calls() {
    let scene = Scene::new().await;
    for name in [
        "Lgsp-Consumer-System",
        "LGSP-CONSUMER-ORGANISATION",
        "lgsp_consumer_system",
        "Lgsp_Consumer-System",
        "Lgsp.Consumer.System",
        "lgsp-consumer~system",
        "Lgsp-Request-Id",
        "Lgsp_Request_Id",
        "Lgsp-Entry",
        "Lgsp-Anything-Else",
        "Lgsp_Purpose",
        "lgsp.purpose",
        "Forwarded",
        "FORWARDED",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "x-forwarded-proto",
        "X-Forwarded-Whatever",
        "X.Forwarded.Host",
        "X-Real-IP",
        "x_real_ip",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Via",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X_Http_Method",
        "Content_Digest",
        "Content.Digest",
    ] {
        for lines in [
            format!("{name}: forged\r\n"),
            format!("{name}: forged\r\n{name}: forged\r\n"),
            format!("{}: forged\r\n", name.to_ascii_uppercase()),
            format!("Connection: {name}\r\n{name}: forged\r\n"),
        ] {
            let request = scene.passes(|city| get_with(city, &lines)).await;
            let is_forged = request.head.iter().any(|line| line.contains("forged"));
            assert!(!is_forged, "{name} came through: {:?}", request.head);
            assert_eq!(request.values("lgsp-consumer-system"), ["mot-cua"]);
            assert_eq!(request.values("lgsp-consumer-organisation"), ["h24.30"]);
            assert_eq!(request.values("lgsp-purpose"), ["tra-cuu"]);
            assert_eq!(request.values("lgsp-request-id").len(), 1);
            let (host, scheme) = (scene.city.host(), crate::cell::scheme());
            let forwarded = format!("for=127.0.0.1;host=\"{host}\";proto={scheme}");
            assert_eq!(request.values("forwarded"), [forwarded]);
        }
    }
}

#[tokio::test]
async fn another_spelling_of_a_signed_field_does_not_go_on_beside_it() {
    let scene = Scene::new().await;
    let ask = Ask::get("/units").header("if-match", "\"1\"").with(|ask| {
        ask.covered.push("if-match");
    });
    let write = |city: &City| with_lines(&ask.head(city), "If_Match: forged\r\n").into();
    let request = scene.passes(write).await;
    assert_eq!(request.values("if-match"), ["\"1\""]);
    assert!(request.values("if_match").is_empty());
}

#[tokio::test]
async fn a_purpose_that_is_not_signed_is_refused() {
    let scene = Scene::new().await;
    let line = "Lgsp-Purpose: tra-cuu\r\nConnection: lgsp-purpose, close\r\n";
    scene.refuses("signature.component_missing", |city| get_with(city, line)).await;
}

#[tokio::test]
async fn upgrades_are_not_offered_to_the_provider_and_never_happen() {
    let scene = Scene::new().await;
    for lines in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nHttp2_Settings: AAMAAABk\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.2, h2c\r\n",
    ] {
        let request = scene.passes(|city| get_with(city, lines)).await;
        for name in ["upgrade", "connection", "http2-settings", "http2_settings"] {
            assert!(request.values(name).is_empty(), "{name}");
        }
    }
}
