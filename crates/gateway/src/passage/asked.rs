//! The request as its provider gets it, for signatures over it: the platform's, if the service's
//! terms ask for it, and the provider's over its answer (`;req`).

use std::borrow::Cow;

use http::Method;
use wire::error_code::ErrorCode;
use wire::header::{CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, SIGNATURE_TAG};
use wire::signature::policy::forwarded_components;
use wire::signature::{
    Message, Name, Parameters, find_tagged, serialise_input, serialise_signature, signature_base,
};

use super::open_call::OpenCall;
use crate::fields::Fields;
use crate::gate::Gate;
use crate::refusal::Refusal;
use crate::upstream::ProviderRequest;

/// How long the platform's signature over a request lives: it is checked at once.
const LIFE_S: i64 = 60;

/// What was asked of the provider.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    target: String,
    headers: Fields,
}

impl Asked {
    /// The request, as it stands.
    pub(super) fn of(request: &ProviderRequest) -> Self {
        let ProviderRequest { method, target, fields, .. } = request;
        Self { method: method.clone(), target: target.clone(), headers: fields.clone() }
    }

    fn split(&self) -> (&str, &str) {
        self.target.split_at(self.target.find('?').unwrap_or(self.target.len()))
    }
}

/// Signs the request with the platform's response key. Unsigned it must not leave: its provider
/// was promised a signature.
pub(super) fn sign(
    gate: &Gate,
    open: &OpenCall,
    request: &mut ProviderRequest,
) -> Result<(), Box<Refusal>> {
    let asked = Asked::of(request);
    let (input, base) = to_be_signed(gate, open, &asked).ok_or_else(cannot_sign)?;
    let signature = gate.response_key.key.sign(&base).map_err(|error| {
        tracing::error!(%error, "a request to a provider cannot be signed");
        cannot_sign()
    })?;
    request.fields.say(SIGNATURE_INPUT, input);
    request.fields.say(SIGNATURE, serialise_signature(SIGNATURE_TAG, &signature));
    Ok(())
}

/// `Signature-Input` and the base. `None` for what no header line can carry: codes and ids are
/// ASCII, so that does not happen.
fn to_be_signed(gate: &Gate, open: &OpenCall, asked: &Asked) -> Option<(String, Vec<u8>)> {
    let created = gate.clock.now().as_seconds();
    let parameters = Parameters {
        created: Some(created),
        expires: Some(created + LIFE_S),
        nonce: Some(open.known.envelope.id.to_string().into()),
        keyid: Some(Cow::Borrowed(&gate.response_key.keyid)),
        alg: None,
        tag: Some(Cow::Borrowed(SIGNATURE_TAG)),
    };
    let components = forwarded_components(asked.headers.has(CONTENT_DIGEST));
    let input = serialise_input(SIGNATURE_TAG, &components, &parameters).ok()?;
    let read_back = find_tagged(&input, SIGNATURE_TAG).ok()??;
    let base = signature_base(&read_back, asked).ok()?;
    Some((input, base))
}

fn cannot_sign() -> Box<Refusal> {
    Box::new(Refusal::new(
        ErrorCode::PlatformInternal,
        "Nền tảng không ký được yêu cầu mà dịch vụ đòi hỏi phải có chữ ký; yêu cầu chưa được gửi đi.",
        "The platform cannot sign the request as the service demands; it was not sent.",
    ))
}

impl Message for Asked {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        let (path, query) = self.split();
        match name {
            Name::Method => Some(self.method.as_str().into()),
            Name::RequestTarget => Some((&*self.target).into()),
            Name::Path => Some(path.into()),
            // An absent query is an empty one (RFC 9421 §2.2.7).
            Name::Query => Some(if query.is_empty() { "?".into() } else { query.into() }),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.joined(name)
    }
}
