//! Over what the tests call: plain HTTP/1.1, or by `LGSP_TEST_TRANSPORT` over TLS (`tls`), or over
//! TLS with HTTP/2 (`h2`).

use std::sync::{Arc, LazyLock};

use gateway::GatewayConfig;
use testkit::{Authority, IssuedFiles};
use tokio_rustls::TlsConnector;
use transport::{Acceptor, CertificateFiles, Certificates, TrustedRoots};

/// Over what a test calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Plain,
    Tls,
    H2,
}

/// What only HTTP/1.1 knows: its lines as bytes, the end of a connection after a message, invitations
/// (`100 Continue`), chunks. Where the others run over HTTP/2, these run over TLS.
const HTTP_1_ONLY: [&str; 12] = [
    "hostile::",
    "request::",
    "connection::after_a_refusal_of_a_long_body_the_answer_still_arrives_and_the_connection_ends",
    "connection::after_what_cannot_be_understood_the_connection_ends",
    "connection::a_caller_that_wants_to_close_or_speaks_http_1_0_gets_one_answer",
    "connection::a_body_is_invited_only_when_it_is_wanted",
    "body::crooked_chunks_and_a_caller_that_breaks_off_are_recorded",
    "lifetime::a_call_under_way_is_answered_while_the_gateway_drains",
    "long::a_long_answer_of_untold_length_comes_in_chunks",
    // Over HTTP/2 the reset may overtake the head.
    "long::a_provider_that_breaks_off_or_stalls_leaves_the_answer_without_an_end",
    "answer::a_provider_is_told_who_calls_and_nothing_a_caller_made_up",
    "answer::a_signed_line_arrives_though_an_unsigned_connection_line_names_it",
];

/// What looks at the bytes of TCP itself, and so runs over that alone.
const PLAIN_ONLY: [&str; 5] = [
    // The proxy before it says that callers come without TLS.
    "network::it_is_the_address_that_a_trusted_proxy_tells_and_no_others_word",
    // Frames written by hand.
    "hostile::h2::",
    "streams::",
    "hostile::slow::a_caller_that_closes_its_sending_half_has_left",
    "long::an_answer_that_ends_with_its_connection_does_not_look_whole_when_it_broke_off",
];

/// Over what this test calls; a test runs on the thread that has its name.
pub fn cell() -> Cell {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    match std::env::var("LGSP_TEST_TRANSPORT").as_deref() {
        Err(_) | Ok("plain") => Cell::Plain,
        Ok(_) if PLAIN_ONLY.iter().any(|only| test.starts_with(only)) => Cell::Plain,
        Ok("h2") if !HTTP_1_ONLY.iter().any(|only| test.starts_with(only)) => Cell::H2,
        Ok("tls" | "h2") => Cell::Tls,
        Ok(other) => panic!("LGSP_TEST_TRANSPORT={other} is none of plain, tls, h2"),
    }
}

pub fn scheme() -> &'static str {
    if cell() == Cell::Plain { "http" } else { "https" }
}

/// Makes a gateway listen as this test calls.
pub fn seal(config: &mut GatewayConfig) {
    if cell() == Cell::Plain || config.acceptor.is_tls() {
        return;
    }
    for url in &mut config.public_urls {
        url.set_scheme("https").unwrap();
    }
    let files = &KEEPER.files;
    let files = CertificateFiles { chain: files.chain.clone(), key: files.key.clone() };
    let certificates = Certificates::load(vec![files]).unwrap();
    config.acceptor = with_tls(certificates);
}

pub fn with_tls(certificates: Arc<Certificates>) -> Acceptor {
    let alpn = [transport::H2, transport::HTTP_1_1];
    Acceptor::default().with_tls(certificates, &alpn).unwrap()
}

/// A client that believes this test program's authority.
pub fn connector(alpn: &[&[u8]]) -> TlsConnector {
    let roots = TrustedRoots::only(&KEEPER.ca).unwrap();
    TlsConnector::from(Arc::new(roots.client_config(alpn).unwrap()))
}

/// One authority and one certificate for all tests of this program.
struct Keeper {
    ca: std::path::PathBuf,
    files: IssuedFiles,
    _folder: tempfile::TempDir,
}

static KEEPER: LazyLock<Keeper> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("gateway tests");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let issued = authority.issue(&["localhost", "127.0.0.1", "gateway.example"]);
    let files = issued.write(folder.path(), "gateway");
    Keeper { ca, files, _folder: folder }
});
