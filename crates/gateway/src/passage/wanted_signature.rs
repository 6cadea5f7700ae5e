//! The platform's signature over an answer, for callers that ask for it (RFC 9421 §5).
//!
//! Covers what the answer is, where it is recorded, and the request that it answers. The digest of
//! a long answer is known only at its end: for callers that take trailers the signature stands in
//! the trailers too, over the digest there; for others it stands in the head and leaves the body
//! out, for nothing in the head says anything about it.

use std::borrow::Cow;

use http::StatusCode;
use wire::header::{ACCEPT_SIGNATURE, CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, SIGNATURE_TAG};
use wire::signature::policy::{DigestPlace, response_components};
use wire::signature::{
    Message, Name, Parameters, find_requested, find_tagged, serialise_input, serialise_signature,
    signature_base,
};

use super::receive::Request;
use crate::fields::Fields;
use crate::gate::Gate;
use crate::metrics;

/// A signature that the caller asked for, and the request that it will name.
pub(super) struct WantedSignature {
    label: String,
    nonce: Option<String>,
    request: Request,
    /// Under which label the caller signed.
    request_label: String,
}

impl WantedSignature {
    /// What the request asks for. A wish that cannot be read is passed over, as RFC 9421 §5.2
    /// allows.
    pub(super) fn of(request: Request, request_label: String) -> Option<Self> {
        let wish = request.fields.joined(ACCEPT_SIGNATURE)?;
        let wish = find_requested(&wish, SIGNATURE_TAG).ok()??;
        let label = wish.label.to_owned();
        let nonce = wish.parameters.nonce.as_deref().map(str::to_owned);
        Some(Self { label, nonce, request, request_label })
    }

    /// The lines `Signature-Input` and `Signature` over an answer with this head and, at its end,
    /// these trailers.
    pub(super) fn sign(
        &self,
        gate: &Gate,
        status: StatusCode,
        headers: &Fields,
        trailers: Option<&Fields>,
    ) -> Option<[(&'static str, String); 2]> {
        let place = match trailers {
            Some(_) => DigestPlace::Trailers,
            None if headers.has(CONTENT_DIGEST) => DigestPlace::Head,
            None => DigestPlace::Nowhere,
        };
        let parameters = Parameters {
            created: Some(gate.clock.now().as_seconds()),
            expires: None,
            nonce: self.nonce.as_deref().map(Cow::Borrowed),
            keyid: Some(Cow::Borrowed(&gate.response_key.keyid)),
            alg: None,
            tag: Some(Cow::Borrowed(SIGNATURE_TAG)),
        };
        let components = response_components(&self.request_label, place);
        let input = serialise_input(&self.label, &components, &parameters).ok()?;
        let answer = SignedAnswer { status, headers, trailers, request: &self.request };
        let read_back = find_tagged(&input, SIGNATURE_TAG).ok()??;
        let base = signature_base(&read_back, &answer).ok()?;
        let signature = match gate.response_key.key.sign(&base) {
            Ok(signature) => serialise_signature(&self.label, &signature),
            Err(error) => {
                // The call is recorded as it ended, and its answer is true without a signature: it
                // leaves, and a caller who insists on one sees that there is none.
                metrics::count_unsigned();
                tracing::error!(%error, "an answer leaves unsigned");
                return None;
            }
        };
        Some([(SIGNATURE_INPUT, input), (SIGNATURE, signature)])
    }
}

/// The answer as RFC 9421 sees it.
struct SignedAnswer<'a> {
    status: StatusCode,
    headers: &'a Fields,
    trailers: Option<&'a Fields>,
    request: &'a Request,
}

impl Message for SignedAnswer<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        (*name == Name::Status).then(|| Cow::Borrowed(self.status.as_str()))
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.joined(name)
    }

    fn trailer(&self, name: &str) -> Option<Cow<'_, str>> {
        self.trailers?.joined(name)
    }

    fn request(&self) -> Option<&dyn Message> {
        Some(self.request)
    }
}
