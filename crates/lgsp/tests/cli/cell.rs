//! Over what the tests call: plain HTTP/1.1, or by `LGSP_TEST_TRANSPORT` over TLS (`tls`), or over
//! TLS with HTTP/2 where the other side speaks it (`h2`).

use std::path::{Path, PathBuf};

use reqwest::Version;

use crate::running::Demo;

/// Over what a test calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Plain,
    Tls,
    H2,
}

fn cell() -> Cell {
    match std::env::var("LGSP_TEST_TRANSPORT").as_deref() {
        Err(_) | Ok("plain") => Cell::Plain,
        Ok("tls") => Cell::Tls,
        Ok("h2") => Cell::H2,
        Ok(other) => panic!("LGSP_TEST_TRANSPORT={other} is none of plain, tls, h2"),
    }
}

pub(crate) fn is_tls() -> bool {
    cell() != Cell::Plain
}

/// How the URLs of a demo begin.
pub(crate) fn scheme() -> &'static str {
    if is_tls() { "https" } else { "http" }
}

/// Words of `lgsp demo`.
pub(crate) fn demo_words() -> &'static [&'static str] {
    if is_tls() { &["--tls"] } else { &[] }
}

/// Whom clients of the demo in `data` believe.
pub(crate) fn ca(data: &Path) -> Option<PathBuf> {
    is_tls().then(|| data.join("ca.pem"))
}

/// A client of a caller's or reader's own, for the demo in `data`.
pub(crate) fn http(data: &Path) -> reqwest::Client {
    let mut client = reqwest::Client::builder().no_proxy();
    if let Some(ca) = ca(data) {
        let root = reqwest::Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
        client = client.tls_certs_only([root]);
    }
    if cell() != Cell::H2 {
        client = client.http1_only();
    }
    client.build().unwrap()
}

#[tokio::test]
async fn the_tests_call_over_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let expected = match cell() {
        Cell::Plain => ("http", Version::HTTP_11),
        Cell::Tls => ("https", Version::HTTP_11),
        Cell::H2 => ("https", Version::HTTP_2),
    };
    let answer = demo.http().get(demo.units_url()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!((answer.url().scheme(), answer.version()), expected);
}
