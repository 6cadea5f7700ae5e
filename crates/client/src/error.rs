//! Why a call could not be made or its answer not be read.

use std::error::Error;

use keys::KeyError;
use url::Url;
use wire::signature::SignatureError;

/// A call that has no answer, or not a whole one. A refusal by the platform is an answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is not one that can be called: no host, or neither `http` nor `https`. Caller's fault, final.
    #[error("{0} cannot be called: an http or https URL with a host is needed")]
    Url(String),
    /// The root certificates to believe cannot be used. Caller's fault, final.
    #[error(transparent)]
    Roots(transport::RootsError),
    /// A header that no request can carry. Caller's fault, final.
    #[error("the header {0} cannot be sent")]
    Header(String),
    /// The content could not be read. Caller's fault.
    #[error("the content cannot be read: {0}")]
    Content(#[source] std::io::Error),
    /// The request could not be signed. Caller's fault, final.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The key did not sign. Caller's fault, final.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The platform was not reached. The network's fault; the same content may be sent again.
    #[error("the platform cannot be reached: {}", reason(.0))]
    Unreachable(#[source] reqwest::Error),
    /// The other side speaks HTTP without TLS where the URL says `https`, or the reverse. Caller's
    /// fault, final: nothing was carried out.
    #[error("{} does not answer {}", .0.authority(), spoken_as(.0))]
    OtherScheme(Url),
    /// Contact was lost while the request was under way or the answer came in. The network's
    /// fault; whether the request was carried out is not known, the evidence log can tell.
    #[error("the connection broke off: {0}")]
    BrokeOff(#[source] Box<dyn Error + Send + Sync>),
    /// The answer could not be written where it was to go. Caller's fault.
    #[error("the answer cannot be written: {0}")]
    Sink(#[source] std::io::Error),
}

impl ClientError {
    /// What failed while a request to `url` was sent.
    pub(crate) fn while_sending(error: reqwest::Error, url: &Url) -> Self {
        let is_other_scheme = match url.scheme() {
            "https" => causes(&error).any(is_no_tls),
            _ => causes(&error).any(is_no_http),
        };
        if is_other_scheme {
            Self::OtherScheme(url.clone())
        } else if error.is_connect() {
            Self::Unreachable(error)
        } else {
            Self::BrokeOff(reason(&error).into())
        }
    }
}

/// The innermost reason: the outer ones only repeat that a request failed.
pub(crate) fn reason(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

/// An error, then what caused it, and so on.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>() {
        // As its source it names the cause of what it wraps.
        Some(outer) => outer.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

/// Whether the first bytes that came were no TLS record.
fn is_no_tls(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(rustls::Error::InvalidMessage(_)))
}

/// Whether the first bytes that came were no HTTP answer: a TLS server sends an alert.
fn is_no_http(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref().is_some_and(hyper::Error::is_parse)
}

fn spoken_as(url: &Url) -> &'static str {
    if url.scheme() == "https" { "in TLS" } else { "in HTTP without TLS" }
}
