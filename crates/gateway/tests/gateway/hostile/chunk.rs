//! Chunks: sizes and extensions that two readers could take for something else.

use crate::caller::Ask;
use crate::hostile::scene::{Scene, chunks};

const MALFORMED: &str = "request.malformed";

#[tokio::test]
async fn a_chunk_size_that_is_not_plain_hex_is_refused() {
    let scene = Scene::new().await;
    for size in [
        "10000000000000005",
        "fffffffffffffffb",
        "0000000000000005",
        "0x5",
        "x5",
        "+5",
        "-5",
        " 5",
        "\t5",
        "5 ",
        "5\t",
        "5 5",
        "5\x0b",
        "5\0",
        "\0",
        "",
        "5.0",
        "g",
        "\u{ff15}",
        "5\r",
        "5\r\r",
    ] {
        let body = format!("{size}\r\nhello\r\n0\r\n\r\n");
        scene.refuses_midway(MALFORMED, |city| chunks(city, &body)).await;
    }
}

#[tokio::test]
async fn a_chunk_size_may_be_in_capitals_and_have_zeros_before_it() {
    let scene = Scene::new().await;
    for (size, length) in [("B", 11), ("b", 11), ("00b", 11), ("00000000000000B", 11)] {
        let text = "x".repeat(length);
        let ask = Ask::post("/units", text.clone()).with(|ask| ask.chunked = true);
        let write =
            |city: &_| format!("{}{size}\r\n{text}\r\n000\r\n\r\n", ask.head(city)).into_bytes();
        assert_eq!(scene.passes(write).await.body, text.as_bytes());
    }
}

#[tokio::test]
async fn line_ends_around_chunks_are_exact() {
    let scene = Scene::new().await;
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        scene.refuses_midway(MALFORMED, |city| chunks(city, body)).await;
    }
}

#[tokio::test]
async fn short_plain_extensions_are_read_over() {
    let scene = Scene::new().await;
    for extension in [";a", ";a=b", ";a=\"b;c\"", " ;\ta = b", ";a=\"q\\\"q\"", ";"] {
        let body = format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n");
        let request = scene.passes(|city| chunks(city, &body)).await;
        assert_eq!(request.body, b"hello", "{extension}");
    }
}

#[tokio::test]
async fn extensions_that_could_hide_a_line_end_are_refused() {
    let scene = Scene::new().await;
    for extension in [
        ";a=\"b\nc\"",
        ";a=\"b\r\nc\"",
        ";a=\"b",
        ";a=\"b\\\"",
        ";a=b\rc",
        ";a=b\r",
        ";a=\0",
        ";a=\x0b",
        ";a=\u{e9}",
        ";\n",
        " a",
    ] {
        let body = format!("5{extension}\r\nhello\r\n0\r\n\r\n");
        scene.refuses_midway(MALFORMED, |city| chunks(city, &body)).await;
    }
}

#[tokio::test]
async fn an_endless_chunk_line_is_refused_before_it_ends() {
    let scene = Scene::new().await;
    for start in ["5;", "5;a=\"", "0;", "000000", "5 "] {
        let filler = if start.starts_with("00") { "0" } else { "a" };
        let body = format!("{start}{}", filler.repeat(100_000));
        scene.refuses_midway(MALFORMED, |city| chunks(city, &body)).await;
    }
}

#[tokio::test]
async fn many_chunks_with_an_extension_each_cannot_cost_more_than_their_body_allows() {
    let scene = Scene::with(|setting| setting.policy.service.max_body_bytes = 1000).await;
    // Every chunk carries a byte: the sum of the bytes is bounded, and with it the chunks.
    let body = "1;a=b\r\nx\r\n".repeat(2000);
    scene.refuses_midway("request.too_large", |city| chunks(city, &body)).await;
}
