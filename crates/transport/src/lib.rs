//! `transport` turns accepted connections into streams whose peer is known, and makes connections
//! to servers whose name is proved: TLS 1.2 and 1.3, and the PROXY protocol. It knows nothing of
//! HTTP.
//!
//! Read first: [`Acceptor`] (what happens before the first byte of HTTP), then [`Certificates`]
//! (what a listener shows, exchanged while it runs), [`TrustedRoots`] (whom a caller believes),
//! [`TrustedProxies`] (whose word about a peer counts).
//!
//! **Invariant**: there is no way to connect without checking certificate and name, and none to
//! resume a session before the handshake is done (no early data). **Trust**: whoever holds a
//! certificate's key here can stand in for this listener; whoever is a trusted proxy decides which
//! address a caller is counted under.

mod acceptor;
mod certificate;
mod certificates;
mod fault;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod proxy_header;
mod roots;
mod stream;
mod trusted_proxies;

pub use acceptor::{Acceptor, Arrived, NotAccepted};
pub use certificate::{Certificate, CertificateError, CertificateFiles, CoveredName};
pub use certificates::{Certificates, Refreshed};
pub use fault::{CertificateFault, certificate_fault};
pub use roots::{RootsError, TrustedRoots};
pub use stream::{Carrier, ReadHalf, Stream, WriteHalf};
pub use trusted_proxies::{NotANetwork, TrustedProxies};

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// What ALPN calls HTTP/2 (RFC 9113 §3.1).
pub const H2: &[u8] = b"h2";
/// What ALPN calls HTTP/1.1.
pub const HTTP_1_1: &[u8] = b"http/1.1";

/// The one provider of cryptography, handed to every builder so that none is chosen by accident.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
