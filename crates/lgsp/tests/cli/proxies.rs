//! Proxies that are not ours in front of the gateway: haproxy passes TCP on, nginx ends TLS.
//!
//! Callers have an address of their own on loopback, which is no proxy's.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use drill::caller::SignedGet;
use testkit::{Authority, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::binary::{Said, lgsp};
use crate::running::Demo;

const PROXY: &str = "127.0.0.1";
const CALLER: &str = "127.5.6.7";
/// The caller's network, as refusals are counted.
const CALLERS: &str = "127.5.6.0/24";

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Where Debian keeps servers, which is not on everybody's path.
fn server(name: &str) -> PathBuf {
    let place = Path::new("/usr/sbin").join(name);
    if place.exists() { place } else { name.into() }
}

/// A demo that believes proxies at [`PROXY`], with these settings of its gateway.
fn demo(data: &Path, settings: &[(&str, &str)]) -> (Demo, SocketAddr) {
    let mut command = lgsp(&[]);
    command.env("LGSP__GATEWAY__TRUSTED_PROXIES", PROXY).env("LGSP__LOG__LEVEL", "info");
    for (name, value) in settings {
        command.env(format!("LGSP__GATEWAY__{name}"), value);
    }
    let gateway = free_address();
    (Demo::start_behind_proxies(data, gateway, command), gateway)
}

/// Status and code of the answer to a call from `from`, sent by curl with `more` of its words.
fn call(from: &str, url: &str, get: Option<&SignedGet>, more: &[&str]) -> (String, String) {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--noproxy", "*", "--interface", from, "-w", "\n%{http_code}"]);
    if let Some(get) = get {
        for (name, value) in [
            ("Signature-Input", &get.signed().signature_input),
            ("Signature", &get.signed().signature),
        ] {
            curl.arg("-H").arg(format!("{name}: {value}"));
        }
    }
    let said = Said::from(curl.args(more).arg(url).output().unwrap());
    let Some((body, status)) = said.out.rsplit_once('\n') else {
        return (format!("curl {:?}", said.code), String::new());
    };
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    (status.to_owned(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: &str, code: &str) -> (String, String) {
    (status.to_owned(), code.to_owned())
}

/// Under which networks the refusal of unsigned calls was recorded.
async fn unsigned_calls_came_from(demo: &Demo) -> Vec<String> {
    loop {
        let entries = demo.log().entries().await;
        let unsigned = entries.iter().filter(|entry| entry.outcome == "signature.missing");
        let sources: Vec<_> = unsigned.map(|entry| entry.subject["source"].clone()).collect();
        if !sources.is_empty() {
            return sources;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_says_who_called_and_nobody_else_may() {
    let folder = tempfile::tempdir().unwrap();
    let public = free_address();
    let url = format!("http://{public}");
    let settings = [("PROXY_PROTOCOL", "true"), ("PUBLIC_URLS", &*url)];
    let (demo, gateway) = demo(&folder.path().join("demo"), &settings);
    let config = folder.path().join("haproxy.cfg");
    let text = format!(
        "defaults\n mode tcp\n timeout connect 10s\n timeout client 60s\n timeout server 60s\n\
         frontend callers\n bind {public}\n default_backend gateway\n\
         backend gateway\n server one {gateway} send-proxy-v2\n"
    );
    std::fs::write(&config, text).unwrap();
    let mut haproxy = Process::start(server("haproxy"), &["-db", "-f", config.to_str().unwrap()]);
    haproxy.wait_for_listener(public);

    let (caller, units) = (demo.caller(), demo.units_url());
    assert!(units.starts_with(&url), "{units}");
    let answer = call(CALLER, &units, Some(&caller.sign(&units)), &[]);
    assert_eq!(answer, refused("200", ""));
    assert_eq!(call(CALLER, &units, None, &[]), refused("401", "signature.missing"));
    assert_eq!(unsigned_calls_came_from(&demo).await, [CALLERS]);

    // Straight to the gateway: a proxy's header is a proxy's to send.
    assert!(with_a_header(PROXY, gateway).await.starts_with("HTTP/1.1 421 "));
    assert_eq!(with_a_header(CALLER, gateway).await, "");
    // By a stranger in the older version or without one; and a proxy without one.
    let direct = units.replace(&public.to_string(), &gateway.to_string());
    for (from, more) in [(CALLER, &["--haproxy-protocol"][..]), (CALLER, &[]), (PROXY, &[])] {
        let (status, _) = call(from, &direct, Some(&caller.sign(&units)), more);
        assert!(matches!(&*status, "000" | "curl Some(52)" | "curl Some(56)"), "{from}: {status}");
    }
}

/// What the gateway answers to `from` after a PROXY header of version 2.
async fn with_a_header(from: &str, gateway: SocketAddr) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(gateway).await.unwrap();
    let header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\x7f\0\0\x01\x30\x39\x1f\x91";
    let request = b"GET / HTTP/1.1\r\nHost: nobody.example\r\nConnection: close\r\n\r\n";
    // Either may be answered by a reset.
    let _sent = stream.write_all(&[&header[..], request].concat()).await;
    let mut answer = Vec::new();
    let _ended = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_ends_tls_and_only_its_word_about_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let public = free_address();
    let url = "https://gateway.example";
    let (demo, gateway) = demo(&folder.path().join("demo"), &[("PUBLIC_URLS", url)]);
    let authority = Authority::new("proxy tests");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let files = authority.issue(&["gateway.example"]).write(folder.path(), "nginx");
    let config = folder.path().join("nginx.conf");
    let place = folder.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};"));
    let text = format!(
        "daemon off; master_process off; pid {place}/nginx.pid; error_log stderr;\n\
         events {{}}\nhttp {{ access_log off; {temporary} {map}\n\
         server {{ listen {public} ssl; server_name gateway.example; ssl_certificate {chain}; ssl_certificate_key {key};\n\
         location / {{ proxy_pass http://{gateway}; proxy_http_version 1.1; {forwarded} }} }} }}\n",
        temporary = temporary.concat(),
        chain = files.chain.display(),
        key = files.key.display(),
        map = as_documented("map $remote_addr"),
        forwarded = as_documented("proxy_set_header Forwarded"),
    );
    std::fs::write(&config, text).unwrap();
    let words =
        ["-e", "stderr", "-p", folder.path().to_str().unwrap(), "-c", config.to_str().unwrap()];
    let mut nginx = Process::start(server("nginx"), &words);
    nginx.wait_for_listener(public);

    let (caller, units) = (demo.caller(), demo.units_url());
    assert!(units.starts_with(url), "{units}");
    let to = format!("gateway.example:443:{public}");
    let through = ["--cacert", ca.to_str().unwrap(), "--connect-to", &to];
    let answer = call(CALLER, &units, Some(&caller.sign(&units)), &through);
    assert_eq!(answer, refused("200", ""));

    // The same words, written by the caller itself.
    let forged = "Forwarded: for=203.0.113.9;host=\"gateway.example\";proto=https";
    let direct = units.replace("https://", "http://");
    let straight = format!("gateway.example:80:{gateway}");
    let straight = ["--connect-to", &straight, "-H", forged];
    let (status, code) = call(CALLER, &direct, Some(&caller.sign(&units)), &straight);
    assert_eq!(status, "421", "{code}");
    // From the proxy's address they count, so it is the address that decides.
    let answer = call(PROXY, &direct, Some(&caller.sign(&units)), &straight);
    assert_eq!(answer, refused("200", ""));

    // Through the proxy, which writes its own over them; nor does a name get into its words.
    let named = "Host: a\",for=203.0.113.9;host=\"gateway.example";
    let answer =
        call(CALLER, &units, Some(&caller.sign(&units)), &[&through[..], &["-H", named]].concat());
    assert_eq!(answer, refused("200", ""));
    let forging = [&through[..], &["-H", forged]].concat();
    assert_eq!(call(CALLER, &units, None, &forging), refused("401", "signature.missing"));
    assert_eq!(unsigned_calls_came_from(&demo).await, [CALLERS]);
}

/// The line that operators are told to write, by its beginning.
fn as_documented(beginning: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut lines = page.lines().filter_map(|line| line.strip_prefix('`')?.strip_suffix('`'));
    lines.find(|line| line.starts_with(beginning)).unwrap().to_owned()
}
