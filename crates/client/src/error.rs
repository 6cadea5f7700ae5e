//! Why a call could not be made or its answer not be read.

use keys::KeyError;
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
    /// Contact was lost while the request was under way or the answer came in. The network's
    /// fault; whether the request was carried out is not known, the evidence log can tell.
    #[error("the connection broke off: {0}")]
    BrokeOff(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer could not be written where it was to go. Caller's fault.
    #[error("the answer cannot be written: {0}")]
    Sink(#[source] std::io::Error),
}

impl ClientError {
    /// What failed while a request was sent.
    pub(crate) fn while_sending(error: reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Unreachable(error)
        } else {
            Self::BrokeOff(reason(&error).into())
        }
    }
}

/// The innermost reason: the outer ones only repeat that a request failed.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
