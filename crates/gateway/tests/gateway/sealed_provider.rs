//! Providers in TLS: whom the gateway believes, and over which protocol it asks.

use std::time::Duration;

use http::Version;
use testkit::Authority;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use transport::{Acceptor, CertificateFiles, Certificates, H2, HTTP_1_1, TrustedRoots};

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::provider::Provider;

/// A city that believes this authority, whose provider is at `host`.
async fn city(provider: &Provider, authority: &Authority, host: &str) -> City {
    setting(provider, authority, host).start().await
}

fn setting(provider: &Provider, authority: &Authority, host: &str) -> Setting {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let mut setting = Setting::new(provider.address);
    setting.policy.service.upstream = format!("https://{host}:{}/api", provider.address.port());
    setting.config.upstream.roots = Some(TrustedRoots::only(&ca).unwrap());
    setting
}

#[tokio::test]
async fn a_provider_is_asked_in_tls_over_the_protocol_it_speaks() {
    let authority = Authority::new("providers");
    let issued = authority.issue(&["localhost"]);
    for (alpn, version) in [
        (&[HTTP_1_1][..], Version::HTTP_11),
        (&[][..], Version::HTTP_11),
        (&[H2][..], Version::HTTP_2),
    ] {
        let provider = Provider::sealed(&issued, alpn).await;
        let city = city(&provider, &authority, "localhost").await;
        let mut line = city.line().await;
        for ask in [
            Ask::get("/units?x=%41"),
            Ask::post("/units", "x".repeat(300_000)),
            Ask::post("/units", "hello").with(|ask| ask.chunked = true),
        ] {
            let answer = line.ask(&ask.bytes(&city)).await;
            assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]));
        }
        let seen = provider.seen();
        assert!(seen.iter().all(|seen| seen.version == version), "{seen:?}");
        assert!(seen.iter().all(|one| one.connection == seen[0].connection), "{seen:?}");
        assert_eq!(seen[0].target, "/api/units?x=%41");
        assert_eq!(seen[1].body.as_ref().unwrap().len(), 300_000);
        assert_eq!(seen[2].body.as_ref().unwrap(), "hello");
        let host = format!("localhost:{}", provider.address.port());
        if version == Version::HTTP_2 {
            assert_eq!(seen[0].authority.as_deref(), Some(&*host));
            assert!(!seen[0].headers.contains_key("host"));
            assert!(!seen[2].headers.contains_key("transfer-encoding"));
        } else {
            assert_eq!(seen[0].headers["host"], *host);
        }
    }
}

#[tokio::test]
async fn calls_at_once_share_one_connection_of_http_2() {
    let authority = Authority::new("providers");
    let provider = Provider::sealed(&authority.issue(&["localhost"]), &[H2]).await;
    let city = city(&provider, &authority, "localhost").await;
    assert_eq!(city.ask(&Ask::get("/first")).await.status, 200);
    let asks: Vec<_> = (0..20).map(|number| Ask::get(&format!("/{number}"))).collect();
    let mut lines = Vec::new();
    for ask in &asks {
        let mut line = city.line().await;
        line.send(&ask.bytes(&city)).await;
        lines.push(line);
    }
    for mut line in lines {
        assert_eq!(line.answer(false).await.status, 200);
    }
    let seen = provider.seen();
    assert!(seen.iter().all(|one| one.connection == seen[0].connection), "{seen:?}");
}

/// Were a connection's window smaller than those of its streams together, callers who do not take
/// their answers would hold up the answers of all others.
#[tokio::test]
async fn a_provider_may_send_a_window_of_every_answer_at_once() {
    let authority = Authority::new("providers");
    let (acceptor, (said, mut windows)) = (acceptor(&authority), mpsc::unbounded_channel());
    let provider = Provider::playing(move |stream| {
        let (acceptor, said) = (acceptor.clone(), said.clone());
        async move {
            let peer = stream.peer_addr().unwrap().ip();
            let arrived = acceptor.accept(stream, peer).await.unwrap();
            said.send(windows_of(arrived.stream).await).unwrap();
        }
    })
    .await;
    let city = city(&provider, &authority, "localhost").await;
    let mut line = city.line().await;
    line.send(&Ask::get("/").bytes(&city)).await;
    let (of_stream, of_connection) = windows.recv().await.unwrap();
    assert!(of_connection >= 100 * of_stream, "{of_connection} for {of_stream} each");
}

#[tokio::test]
async fn calls_over_a_connection_that_died_silently_do_not_wait_for_their_whole_time() {
    let authority = Authority::new("providers");
    let acceptor = acceptor(&authority);
    let provider = Provider::playing(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let peer = stream.peer_addr().unwrap().ip();
            let arrived = acceptor.accept(stream, peer).await.unwrap();
            std::future::pending::<()>().await;
            drop(arrived);
        }
    })
    .await;
    let mut setting = setting(&provider, &authority, "localhost");
    setting.config.upstream.keep_idle = Duration::from_millis(100);
    setting.policy.service.timeout_ms = 600_000;
    let city = setting.start().await;
    let answer = city.ask(&Ask::get("/")).await;
    assert_eq!((answer.status, answer.code().as_str()), (502, "provider.broke_off"));
}

/// TLS and HTTP/2 for one who speaks for `localhost`.
fn acceptor(authority: &Authority) -> Acceptor {
    let folder = tempfile::tempdir().unwrap();
    let files = authority.issue(&["localhost"]).write(folder.path(), "provider");
    let files = CertificateFiles { chain: files.chain, key: files.key };
    Acceptor::default().with_tls(Certificates::load(vec![files]).unwrap(), &[H2]).unwrap()
}

/// How much of one answer, and of all of them, a gateway takes: its settings, and the first update
/// of the connection's window (RFC 9113 §6.9.2).
async fn windows_of(mut gateway: impl AsyncRead + Unpin) -> (u32, u32) {
    gateway.read_exact(&mut [0; 24]).await.unwrap();
    let mut of_stream = 65_535;
    loop {
        let mut head = [0; 9];
        gateway.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        gateway.read_exact(&mut payload).await.unwrap();
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        match kind {
            4 => {
                let window = payload.chunks(6).find(|setting| setting[..2] == [0, 4]);
                of_stream = window.map_or(of_stream, |setting| number(&setting[2..]));
            }
            8 => return (of_stream, 65_535 + number(&payload)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_provider_that_does_not_prove_who_it_is_is_sent_nothing() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    for (issued, host, code) in [
        (others.issue(&["localhost"]), "localhost", "provider.certificate_untrusted"),
        (ours.issue_expired(&["localhost"]), "localhost", "provider.certificate_out_of_date"),
        (ours.issue(&["other.example"]), "localhost", "provider.certificate_wrong_name"),
        (ours.issue(&["localhost"]), "127.0.0.1", "provider.certificate_wrong_name"),
    ] {
        let provider = Provider::sealed(&issued, &[H2, HTTP_1_1]).await;
        let city = city(&provider, &ours, host).await;
        let answer = city.ask(&Ask::post("/units", "secret")).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, code));
        assert_eq!(city.entry_of(&answer).await.outcome, code);
        assert!(provider.seen().is_empty());
    }
    // One that speaks plain HTTP where TLS is expected.
    let provider = Provider::friendly().await;
    let city = city(&provider, &ours, "localhost").await;
    assert_eq!(city.ask(&Ask::get("/")).await.code(), "provider.tls_failed");
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn the_address_of_a_provider_in_tls_is_judged_too() {
    let authority = Authority::new("providers");
    let provider = Provider::sealed(&authority.issue(&["localhost"]), &[H2]).await;
    let mut setting = Setting::new(provider.address);
    setting.policy.service.upstream = format!("https://localhost:{}", provider.address.port());
    setting.config.upstream.allow_loopback = false;
    let city = setting.start().await;
    assert_eq!(city.ask(&Ask::get("/")).await.code(), "provider.address_forbidden");
}
