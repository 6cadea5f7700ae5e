//! Trailers: nothing that stands behind a body may speak for its head.

use crate::hostile::scene::{Scene, chunks};

fn body(trailers: &str) -> String {
    format!("5\r\nhello\r\n0\r\n{trailers}\r\n")
}

#[tokio::test]
async fn a_trailer_never_reaches_the_provider_whatever_it_says() {
    let scene = Scene::new().await;
    for trailer in [
        "X-Other: 1",
        "Authorization: Basic eDp5",
        "Lgsp-Purpose: other",
        "Lgsp-Consumer-System: forged",
        "lgsp_consumer_system: forged",
        "Forwarded: for=10.0.0.1",
        "X-Forwarded-For: 10.0.0.1",
        "Signature: sig=:AAAA:",
        "Connection: close",
        "Cookie: a=b",
    ] {
        let write = |city: &_| chunks(city, body(&format!("{trailer}\r\n")));
        let request = scene.passes(write).await;
        assert_eq!(request.body, b"hello");
        assert!(!request.head.contains(&trailer.to_ascii_lowercase()), "{trailer} in the head");
    }
    // Nor did one come behind the body: each ends with its last chunk and an empty line.
    let bytes = String::from_utf8(scene.tape.bytes()).unwrap();
    assert_eq!(bytes.matches("\r\n0\r\n").count(), bytes.matches("\r\n0\r\n\r\n").count());
}

#[tokio::test]
async fn a_digest_in_a_trailer_is_refused_however_it_is_spelt() {
    let scene = Scene::new().await;
    for name in ["Content-Digest", "content-digest", "CONTENT-DIGEST", "Repr-Digest"] {
        let trailers = format!("X: 1\r\n{name}: sha-256=:AA==:\r\n");
        let bytes = chunks(&scene.city, body(&trailers));
        let answer = scene.city.line().await.ask(&bytes).await;
        assert_eq!((answer.status, &*answer.code()), (400, "request.trailers"));
        assert_eq!(scene.city.entry_of(&answer).await.outcome, "request.trailers");
        assert_eq!(scene.tape.requests(), []);
    }
}

#[tokio::test]
async fn trailers_that_are_no_header_lines_or_speak_of_framing_are_refused() {
    let scene = Scene::new().await;
    for trailers in [
        "Content-Length: 5\r\n",
        "X: 1\r\nTransfer-Encoding: chunked\r\n",
        "HOST: other.example\r\n",
        "no colon\r\n",
        "X : 1\r\n",
        " X: 1\r\n",
        "X: 1\r\n folded\r\n",
        "X: 1\nY: 2\r\n",
        "X: 1\n",
        "X: 1\rY: 2\r\n",
        "X: a\0b\r\n",
        "X\0: 1\r\n",
        ": 1\r\n",
    ] {
        scene.refuses_midway("request.malformed", |city| chunks(city, body(trailers))).await;
    }
}

#[tokio::test]
async fn many_and_endless_trailers_are_refused() {
    let scene = Scene::new().await;
    for trailers in ["X: 1\r\n".repeat(33), format!("X: {}\r\n", "x".repeat(100_000))] {
        scene.refuses_midway("request.malformed", |city| chunks(city, body(&trailers))).await;
    }
    let endless = format!("5\r\nhello\r\n0\r\n{}", "X: 1\r\n".repeat(10_000));
    scene.refuses_midway("request.malformed", |city| chunks(city, &endless)).await;
    let most = "X: 1\r\n".repeat(32);
    assert_eq!(scene.passes(|city| chunks(city, body(&most))).await.body, b"hello");
}
