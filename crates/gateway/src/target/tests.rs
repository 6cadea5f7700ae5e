use super::*;
use crate::fields;

fn ours() -> PublicUrls {
    let urls = ["http://gateway.example:8081/", "http://plain.example", "https://sealed.example"]
        .map(|url| url.parse().unwrap());
    PublicUrls::new(&urls, "127.0.0.1:1".parse().unwrap(), Scheme::Http).unwrap()
}

fn read(raw: &str, hosts: &[&'static str]) -> Result<Target, BadTarget> {
    read_by(Scheme::Http, raw, hosts)
}

fn read_by(scheme: Scheme, raw: &str, hosts: &[&'static str]) -> Result<Target, BadTarget> {
    let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
    let fields = fields::tests::fields(&hosts);
    Target::read(raw, &fields, &CameBy::connection(scheme), &ours())
}

#[test]
fn the_uri_is_the_public_url_and_the_raw_target() {
    let target = read("/a/b%20c?x=%41&y", &["Gateway.Example:8081"]).unwrap();
    assert_eq!(target.uri(), "http://gateway.example:8081/a/b%20c?x=%41&y");
    assert_eq!(target.scheme(), "http");
    assert_eq!(target.authority(), "gateway.example:8081");
    assert_eq!(target.path(), "/a/b%20c");
    assert_eq!(target.query(), "?x=%41&y");
    assert_eq!(target.path_and_query(), "/a/b%20c?x=%41&y");
}

#[test]
fn a_default_port_is_left_out_and_no_query_is_a_question_mark() {
    let target = read("/a", &["plain.example:80"]).unwrap();
    assert_eq!(target.authority(), "plain.example");
    assert_eq!(target.query(), "?");
}

#[test]
fn an_absolute_target_must_agree_with_host() {
    let agreed = read("http://plain.example/a", &["plain.example"]).unwrap();
    assert_eq!(agreed.uri(), "http://plain.example/a");
    let conflicting = read("http://plain.example/a", &["gateway.example:8081"]);
    assert_eq!(conflicting.err(), Some(BadTarget::Host));
    let other_scheme = read("https://plain.example/a", &["plain.example"]);
    assert_eq!(other_scheme.err(), Some(BadTarget::Foreign));
    assert_eq!(read("ftp://plain.example/a", &["plain.example"]).err(), Some(BadTarget::Path));
    assert_eq!(read("http://u@plain.example/a", &["plain.example"]).err(), Some(BadTarget::Host));
}

#[test]
fn a_url_is_ours_by_its_own_scheme_only() {
    let sealed = read_by(Scheme::Https, "/a", &["sealed.example:443"]).unwrap();
    assert_eq!(sealed.uri(), "https://sealed.example/a");
    assert_eq!((sealed.scheme(), sealed.authority()), ("https", "sealed.example"));
    let absolute = read_by(Scheme::Https, "HTTPS://sealed.example/a", &["sealed.example"]);
    assert_eq!(absolute.unwrap().path(), "/a");
    for (scheme, raw, host) in [
        (Scheme::Http, "/a", "sealed.example"),
        (Scheme::Https, "/a", "plain.example"),
        (Scheme::Https, "/a", "sealed.example:80"),
        (Scheme::Https, "http://sealed.example/a", "sealed.example"),
    ] {
        assert_eq!(read_by(scheme, raw, &[host]).err(), Some(BadTarget::Foreign), "{raw} {host}");
    }
}

#[test]
fn a_proxy_that_ended_tls_may_write_either_scheme_and_the_one_it_says_counts() {
    let fields = fields::tests::fields(&[("host", "sealed.example")]);
    let came_by = CameBy { connection: Scheme::Http, scheme: Scheme::Https, host: None };
    for raw in ["/a", "http://sealed.example/a", "https://sealed.example/a"] {
        let target = Target::read(raw, &fields, &came_by, &ours()).unwrap();
        assert_eq!(target.uri(), "https://sealed.example/a", "{raw}");
    }
    let silent = CameBy::connection(Scheme::Http);
    let read = Target::read("https://sealed.example/a", &fields, &silent, &ours());
    assert_eq!(read.err(), Some(BadTarget::Foreign));
}

#[test]
fn host_stands_once_and_is_ours() {
    assert_eq!(read("/a", &[]).err(), Some(BadTarget::Host));
    assert_eq!(read("/a", &[""]).err(), Some(BadTarget::Host));
    assert_eq!(read("/a", &["plain.example", "plain.example"]).err(), Some(BadTarget::Host));
    assert_eq!(read("/a", &["other.example"]).err(), Some(BadTarget::Foreign));
    assert_eq!(read("/a", &["gateway.example"]).err(), Some(BadTarget::Foreign));
    assert_eq!(read("/a", &["gateway.example:8081:80"]).err(), Some(BadTarget::Foreign));
    assert_eq!(read("/a", &["plain.example:80:80"]).err(), Some(BadTarget::Foreign));
}

#[test]
fn a_path_with_several_meanings_is_refused() {
    for path in [
        "*",
        "plain.example:80",
        "/a/./b",
        "/a/..",
        "/a/%2e%2E/b",
        "/.%2e",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "//a",
        "/a//b",
        "/a//",
        "/a%00",
        "/a%0d%0ab",
        "/a/..;/b",
        "/a/.;x=1",
        "/a/%2e.%3bx/b",
        "/a/;x/b",
        "/a/%c0%ae%c0%ae/b",
        "/a%ff",
        "/a#b",
        "/a?b#c",
        "/a%",
        "/a%4",
        "/a%zz",
        "/a\"b",
        "/a%252fb",
        "/%252e%252e/b",
        "/a%25252fb",
        "/a%25zz%252fb",
        "/a%2500b",
    ] {
        assert_eq!(read(path, &["plain.example"]).err(), Some(BadTarget::Path), "{path}");
    }
}

#[test]
fn ordinary_paths_pass() {
    for path in [
        "/",
        "/a/",
        "/a.b/..c/...",
        "/a;p=1/@x:y",
        "/%C4%90",
        "/a?q=/../&r=a[]",
        "/a?",
        "/100%25",
        "/5%25zz",
    ] {
        assert!(read(path, &["plain.example"]).is_ok(), "{path}");
    }
}

#[test]
fn without_a_public_url_it_is_as_it_listens() {
    for (listening, authority) in
        [("127.0.0.1:8081", "127.0.0.1:8081"), ("127.0.0.1:80", "127.0.0.1"), ("[::1]:80", "[::1]")]
    {
        let ours = PublicUrls::new(&[], listening.parse().unwrap(), Scheme::Http).unwrap();
        assert_eq!(ours.find(Scheme::Http, listening).unwrap().authority(), authority);
        assert!(ours.find(Scheme::Http, authority).is_some());
    }
}

#[test]
fn a_public_url_has_nothing_after_its_host() {
    let listening = "127.0.0.1:9".parse().unwrap();
    for text in ["http://a/b", "https://a/b", "http://u@a", "http://a/?q", "ftp://a"] {
        assert!(
            PublicUrls::new(&[text.parse().unwrap()], listening, Scheme::Http).is_err(),
            "{text}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_target_makes_the_reader_panic(raw: String) {
        let _ = read(&raw, &["plain.example"]);
    }
}
