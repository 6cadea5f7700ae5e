//! TLS on the gateway, judged by OpenSSL and curl.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use testkit::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use transport::{CertificateFiles, Certificates, Refreshed, TrustedRoots};

use crate::cell;
use crate::city::{City, Setting};
use crate::provider::Provider;

/// A gateway with a certificate of its own authority, in a folder of its own.
struct Sealed {
    city: City,
    authority: Authority,
    certificates: Arc<Certificates>,
    folder: tempfile::TempDir,
}

async fn sealed(change: impl FnOnce(&mut Setting)) -> Sealed {
    let provider = Provider::friendly().await;
    let (authority, folder) = (Authority::new("tls tests"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
    let files: Vec<_> = ["localhost", "other.example"]
        .iter()
        .map(|name| {
            let names = [*name, "127.0.0.1"];
            let files = authority.issue(&names).write(folder.path(), name);
            CertificateFiles { chain: files.chain, key: files.key }
        })
        .collect();
    let certificates = Certificates::load(files).unwrap();
    let mut setting = Setting::new(provider.address);
    setting.config.acceptor = cell::with_tls(Arc::clone(&certificates));
    change(&mut setting);
    Sealed { city: setting.start().await, authority, certificates, folder }
}

impl Sealed {
    fn ca(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }

    /// `openssl s_client`, whose input ends at once.
    async fn openssl(&self, arguments: &[&str]) -> String {
        let (address, ca) = (self.city.address().to_string(), self.ca());
        let fixed = ["s_client", "-connect", &address, "-CAfile", &ca, "-verify_return_error"];
        let output = run("openssl", &[&fixed, arguments].concat()).await;
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    }

    /// A connection whose client looks at the certificate for `name`.
    async fn connect(
        &self,
        name: &str,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        connect(self.folder.path(), self.city.address(), name).await
    }
}

async fn connect(
    folder: &Path,
    address: SocketAddr,
    name: &str,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let roots = TrustedRoots::only(&folder.join("ca.pem")).unwrap();
    let config = roots.client_config(&[transport::HTTP_1_1]).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name.to_owned().try_into().unwrap(), stream).await
}

async fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn openssl_gets_tls_1_2_and_1_3_and_nothing_older() {
    let sealed = sealed(|_| {}).await;
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let said = sealed.openssl(&[version, "-brief", "-verify_hostname", "localhost"]).await;
        assert!(said.contains(&format!("Protocol version: {name}")), "{said}");
        assert!(said.contains("Verification: OK"), "{said}");
    }
    for version in ["-tls1_1", "-tls1"] {
        let said = sealed.openssl(&[version, "-cipher", "ALL:@SECLEVEL=0", "-brief"]).await;
        assert!(!said.contains("Protocol version"), "{said}");
        assert!(said.contains("alert") || said.contains("error"), "{said}");
    }
}

#[tokio::test]
async fn openssl_resumes_a_session() {
    let sealed = sealed(|_| {}).await;
    let session = sealed.folder.path().join("session.pem");
    let session = session.to_str().unwrap();
    let first = sealed.openssl(&["-tls1_2", "-sess_out", session]).await;
    assert!(first.contains("New, TLSv1.2"), "{first}");
    let second = sealed.openssl(&["-tls1_2", "-sess_in", session]).await;
    assert!(second.contains("Reused, TLSv1.2"), "{second}");
}

#[tokio::test]
async fn curl_is_answered_over_both_protocols() {
    let sealed = sealed(|_| {}).await;
    let url = format!("{}/", sealed.city.public);
    for (option, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let ca = sealed.ca();
        let arguments =
            ["-sS", "--cacert", &ca, option, "-w", "\n%{http_version} %{http_code}", &url];
        let output = run("curl", &arguments).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.ends_with(&format!("\n{version} 401")), "{said} {output:?}");
        assert!(said.contains("signature.missing"), "{said}");
    }
    let output = run("curl", &["-sS", &url]).await;
    assert_eq!(output.status.code(), Some(60), "an unknown authority is not believed: {output:?}");
}

#[tokio::test]
async fn the_name_that_is_asked_for_chooses_the_certificate() {
    let sealed = sealed(|_| {}).await;
    for name in ["localhost", "other.example", "127.0.0.1"] {
        assert!(sealed.connect(name).await.is_ok(), "{name}");
    }
    assert!(sealed.connect("third.example").await.is_err());
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_while_old_ones_go_on() {
    let sealed = sealed(|_| {}).await;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", sealed.city.host());
    let mut old = sealed.connect("localhost").await.unwrap();
    assert!(matches!(sealed.certificates.refresh(), Refreshed::Unchanged));

    // The certificate comes before its key: for that moment, the old pair stays.
    let issued = sealed.authority.issue(&["new.example", "127.0.0.1"]);
    let chain = sealed.folder.path().join("localhost.pem");
    std::fs::write(&chain, &issued.chain).unwrap();
    assert!(matches!(sealed.certificates.refresh(), Refreshed::Kept(_)));
    assert!(matches!(sealed.certificates.refresh(), Refreshed::Unchanged), "it is told once");
    assert!(sealed.connect("localhost").await.is_ok());

    issued.write(sealed.folder.path(), "localhost");
    assert!(matches!(sealed.certificates.refresh(), Refreshed::Exchanged));
    assert!(sealed.connect("new.example").await.is_ok());
    assert!(sealed.connect("localhost").await.is_err());
    old.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    old.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");

    // What is no certificate at all changes nothing either.
    std::fs::write(&chain, "broken").unwrap();
    assert!(matches!(sealed.certificates.refresh(), Refreshed::Kept(_)));
    assert!(sealed.connect("new.example").await.is_ok());
}

#[tokio::test]
async fn whoever_does_not_shake_hands_makes_room_and_is_closed_in_time() {
    let sealed = sealed(|setting| {
        setting.config.limits.connections_per_thread = 1;
        setting.config.limits.head = Duration::from_hours(1);
    })
    .await;
    let mut silent = TcpStream::connect(sealed.city.address()).await.unwrap();
    assert!(sealed.connect("localhost").await.is_ok());
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);

    let hasty = self::sealed(|setting| {
        setting.config.limits.head = Duration::from_millis(20);
    })
    .await;
    let mut silent = TcpStream::connect(hasty.city.address()).await.unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn plain_http_is_not_spoken_where_tls_is() {
    let sealed = sealed(|_| {}).await;
    let mut stream = TcpStream::connect(sealed.city.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}
