//! Reaching providers: where a service stands, and one thread's connections to it.
//!
//! **Invariant**: a request is sent a second time only if the first surely never left
//! (`try_send_request` gives it back); a connection serves again only after its last answer was
//! read whole. **Trust**: every address is judged at connect time, see
//! [`wire::provider_address`]; in TLS its certificate and
//! name are verified before anything is sent.

mod connect;
#[cfg(feature = "fuzzing")]
pub(crate) mod h1;
#[cfg(not(feature = "fuzzing"))]
mod h1;
mod incoming;
mod line;
mod pool;
mod request;

use std::fmt;
use std::sync::Arc;

use transport::CertificateFault;

pub(crate) use h1::content_length;
pub(crate) use incoming::{BrokeOff, Incoming, Sent};
pub(crate) use pool::Pool;
pub(crate) use request::ProviderRequest;

/// Where a service stands.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    /// `https://host:port`, the key of its connections.
    origin: Arc<str>,
    is_tls: bool,
    /// `host:port`, the value of `Host`.
    pub(crate) authority: Box<str>,
    host: Box<str>,
    port: u16,
    /// What stands before the service's own paths, without a slash at its end.
    base_path: Box<str>,
}

/// A text that says nowhere a gateway could go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its upstream is not http(s)://host:port/path without query or user")]
pub(crate) struct BadUpstream;

/// Why a provider gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpstreamFault {
    /// Its name does not resolve, or nobody listens there.
    Unreachable,
    /// Its address is one that no provider may have.
    AddressForbidden,
    /// It closed the connection before its answer was whole.
    BrokeOff,
    /// What it sent is no HTTP.
    Malformed,
    /// It did not prove in TLS that it is who it should be.
    Certificate(CertificateFault),
}

impl Upstream {
    /// Reads the upstream of a service record.
    pub(crate) fn parse(text: &str) -> Result<Self, BadUpstream> {
        let url = url::Url::parse(text).map_err(|_| BadUpstream)?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host_str().filter(|_| is_plain).ok_or(BadUpstream)?;
        let port = url.port_or_known_default().ok_or(BadUpstream)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            origin: format!("{}://{authority}", url.scheme()).into(),
            is_tls: url.scheme() == "https",
            authority: authority.into(),
            host: host.trim_matches(['[', ']']).into(),
            port,
            base_path: url.path().trim_end_matches('/').into(),
        })
    }

    /// The request target for a path of the service (with its query).
    pub(crate) fn target(&self, path_and_query: &str) -> String {
        [&*self.base_path, path_and_query].concat()
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.base_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_stands_before_the_path() {
        let upstream = Upstream::parse("http://10.0.0.1:8080/api/v2/").unwrap();
        assert_eq!(&*upstream.authority, "10.0.0.1:8080");
        assert_eq!(upstream.target("/units?x=1"), "/api/v2/units?x=1");
        assert_eq!(Upstream::parse("http://a").unwrap().target("/"), "/");
        assert_eq!(&*Upstream::parse("http://[::1]:9").unwrap().host, "::1");
    }

    #[test]
    fn what_is_no_plain_url_is_refused() {
        for text in [
            "",
            "a:80",
            "ftp://a",
            "https://a/?q",
            "http://a/?q",
            "http://u:p@a",
            "file:///etc/passwd",
        ] {
            assert!(Upstream::parse(text).is_err(), "{text}");
        }
    }
}
