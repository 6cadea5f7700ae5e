//! Where does the body end? CL.TE, TE.CL, TE.TE, and lengths that are none.

use crate::caller::Ask;
use crate::hostile::scene::{Scene, post_with};

const MALFORMED: &str = "request.malformed";

#[tokio::test]
async fn a_length_before_chunks_is_refused() {
    let scene = Scene::new().await;
    for length in ["5", "0", "15"] {
        let lines = format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n");
        scene.refuses(MALFORMED, |city| post_with(city, &lines, "5\r\nhello\r\n0\r\n\r\n")).await;
    }
}

#[tokio::test]
async fn chunks_before_a_length_are_refused() {
    let scene = Scene::new().await;
    for length in ["5", "0", "4"] {
        let lines = format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n");
        scene.refuses(MALFORMED, |city| post_with(city, &lines, "5\r\nhello\r\n0\r\n\r\n")).await;
    }
}

#[tokio::test]
async fn a_transfer_coding_that_is_not_plainly_chunked_is_refused() {
    let scene = Scene::new().await;
    for lines in [
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: x\r\nTRANSFER-ENCODING: chunked\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Transfer-Encoding: \x0cchunked\r\n",
        "Transfer-Encoding: chunked\x0b\r\n",
        "Transfer-Encoding: chun\tked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n",
        " Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding: chunked\r\n\tContent-Length: 3\r\n",
        "X: x\nTransfer-Encoding: chunked\r\n",
        "X: x\rTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: \u{212a}chunked\r\n",
        "Transfer-Encoding: chun\u{212a}ed\r\n",
    ] {
        scene.refuses(MALFORMED, |city| post_with(city, lines, "5\r\nhello\r\n0\r\n\r\n")).await;
    }
}

#[tokio::test]
async fn chunked_in_any_case_between_blanks_is_one_coding() {
    let scene = Scene::new().await;
    for lines in [
        "Transfer-Encoding: CHUNKED\r\n",
        "transfer-encoding:\tChunked \r\n",
        "TRANSFER-ENCODING:chunked\r\n",
    ] {
        let write = |city: &_| post_with(city, lines, "5\r\nhello\r\n0\r\n\r\n");
        let request = scene.passes(write).await;
        assert_eq!(request.body, b"hello");
        assert_eq!(request.values("transfer-encoding"), ["chunked"]);
        assert!(request.values("content-length").is_empty());
    }
}

#[tokio::test]
async fn a_transfer_coding_spelt_as_a_program_behind_a_server_reads_it_goes_no_further() {
    let scene = Scene::new().await;
    let lines = "Content-Length: 5\r\nTransfer_Encoding: chunked\r\nContent_Length: 3\r\n";
    let request = scene.passes(|city| post_with(city, lines, "hello")).await;
    assert_eq!(request.body, b"hello");
    assert_eq!(request.values("content-length"), ["5"]);
    assert!(!request.head.iter().any(|line| line.contains("_encoding")));
    assert!(!request.head.iter().any(|line| line.contains("_length")));
}

#[tokio::test]
async fn a_length_that_is_no_plain_number_or_stands_twice_is_refused() {
    let scene = Scene::new().await;
    for lines in [
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\ncontent-length: 6\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5.0\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 5;\r\n",
        "Content-Length: \x0b5\r\n",
        "Content-Length: \u{665}\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551621\r\n",
        "Content-Length: 5\r\n 5\r\n",
    ] {
        scene.refuses(MALFORMED, |city| post_with(city, lines, "hello")).await;
    }
}

#[tokio::test]
async fn a_body_in_http_1_0_has_a_length_or_is_refused() {
    let scene = Scene::new().await;
    let old = |bytes: Vec<u8>| {
        String::from_utf8(bytes).unwrap().replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes()
    };
    let lines = "Transfer-Encoding: chunked\r\n";
    scene.refuses(MALFORMED, |city| old(post_with(city, lines, "5\r\nhello\r\n0\r\n\r\n"))).await;
    let answer = scene.city.line().await.ask(&old(Ask::post("/", "x").bytes(&scene.city))).await;
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
}
