//! Over what the tests call: plain HTTP/1.1, or by `LGSP_TEST_TRANSPORT` over TLS (`tls`), or over
//! TLS with HTTP/2 where the other side speaks it (`h2`); and in which database demos keep what
//! they know, by `LGSP_TEST_DATABASE`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use reqwest::Version;
use testkit::TestDatabase;

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

/// The databases of demos on a server, by their data directories. A demo that is stopped and
/// started again finds its own, so they stay as long as this process, and the server, do.
static DATABASES: Mutex<BTreeMap<PathBuf, TestDatabase>> = Mutex::new(BTreeMap::new());

/// Words of `lgsp demo` that name the database of the demo in `data`; a demo that is founded anew
/// gets a new one.
pub(crate) fn database_words(data: &Path) -> Vec<String> {
    let mut databases = DATABASES.lock();
    if !data.join("demo.json").exists() {
        databases.insert(data.to_owned(), TestDatabase::new(data.join("platform.db")));
    }
    let database = databases.get(data).filter(|database| database.is_shared());
    database.map_or(Vec::new(), |database| vec!["--database".to_owned(), database.url().to_owned()])
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
