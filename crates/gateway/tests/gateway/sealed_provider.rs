//! Providers in TLS: whom the gateway believes, and over which protocol it asks.

use http::Version;
use testkit::Authority;
use transport::{H2, HTTP_1_1, TrustedRoots};

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::provider::Provider;

/// A city that believes this authority, whose provider is at `host`.
async fn city(provider: &Provider, authority: &Authority, host: &str) -> City {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let mut setting = Setting::new(provider.address);
    setting.policy.service.upstream = format!("https://{host}:{}/api", provider.address.port());
    setting.config.upstream.roots = Some(TrustedRoots::only(&ca).unwrap());
    setting.start().await
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
