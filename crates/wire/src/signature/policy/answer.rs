//! Signatures between the platform and providers: what a provider's signature over its answer must
//! cover, and what the platform's over a request covers.
//!
//! Neither names scheme or host: a provider often stands behind a proxy of its own and does not
//! know under which address the platform reaches it. The request id binds the answer to one call.

use super::{Component, MAX_SKEW_S, Name, SignatureInput};
use crate::ambient::UtcMicros;
use crate::header::{
    CONTENT_DIGEST, LGSP_CONSUMER_ORGANISATION, LGSP_CONSUMER_SYSTEM, LGSP_PURPOSE, LGSP_REQUEST_ID,
};
use crate::id::KeyId;
use crate::signature::Algorithm;

/// What an answer is like.
#[derive(Debug, Clone, Copy)]
pub struct AnswerCarried {
    /// Whether it may have a body: not to `HEAD`, and not a 204 or 304.
    pub body: bool,
    /// When the platform received the request.
    pub asked: UtcMicros,
    /// When the answer's head came.
    pub now: UtcMicros,
}

/// The claims of a provider's signature that covers all it must. Nothing is said yet about the
/// key or about whether the signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerSignature {
    /// By which key.
    pub keyid: KeyId,
    /// By which algorithm, if it says so; the key's own is what counts.
    pub algorithm: Option<Algorithm>,
}

/// What a provider's signature lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Something is not covered.
    #[error("the signature does not cover {0}")]
    Component(String),
    /// A parameter is missing or malformed.
    #[error("the parameter {0} is missing or malformed")]
    Parameter(&'static str),
    /// Made before the request came, in the future, or past its end.
    #[error("the signature is not of this moment")]
    Time,
}

/// Checks coverage, parameters and time of a provider's signature.
pub fn check_answer(
    input: &SignatureInput<'_>,
    carried: AnswerCarried,
) -> Result<AnswerSignature, Unsigned> {
    for needed in answer_components(carried.body) {
        if !input.components.contains(&needed) {
            return Err(Unsigned::Component(needed.to_string()));
        }
    }
    let parameters = &input.parameters;
    let created = parameters.created.ok_or(Unsigned::Parameter("created"))?;
    let (asked, now) = (carried.asked.as_seconds(), carried.now.as_seconds());
    let in_time = (asked - MAX_SKEW_S..=now + MAX_SKEW_S).contains(&created);
    if !in_time || parameters.expires.is_some_and(|expires| now > expires + MAX_SKEW_S) {
        return Err(Unsigned::Time);
    }
    let keyid = parameters.keyid.as_deref().and_then(|keyid| keyid.parse().ok());
    let algorithm = parameters.alg.as_deref().map(str::parse).transpose();
    Ok(AnswerSignature {
        keyid: keyid.ok_or(Unsigned::Parameter("keyid"))?,
        algorithm: algorithm.map_err(|_| Unsigned::Parameter("alg"))?,
    })
}

/// What a provider's signature over its answer must cover.
fn answer_components(body: bool) -> Vec<Component<'static>> {
    let mut components = vec![
        Component::new(Name::Status),
        Component::new(Name::Method).of_request(),
        Component::new(Name::Path).of_request(),
        Component::new(Name::Query).of_request(),
        Component::field(LGSP_REQUEST_ID).of_request(),
    ];
    if body {
        components.push(Component::field(CONTENT_DIGEST));
    }
    components
}

/// What the platform's signature over a request to a provider covers.
pub fn forwarded_components(body: bool) -> Vec<Component<'static>> {
    let mut components = vec![
        Component::new(Name::Method),
        Component::new(Name::Path),
        Component::new(Name::Query),
        Component::field(LGSP_CONSUMER_ORGANISATION),
        Component::field(LGSP_CONSUMER_SYSTEM),
        Component::field(LGSP_PURPOSE),
        Component::field(LGSP_REQUEST_ID),
    ];
    if body {
        components.push(Component::field(CONTENT_DIGEST));
    }
    components
}
