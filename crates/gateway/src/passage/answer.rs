//! Last step: what the platform says of the call, beside the answer itself. Then it leaves.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::ambient::UtcMicros;
use wire::header::{
    ACCEPT_SIGNATURE, CONTENT_DIGEST, LGSP_ENTRY, LGSP_REQUEST_ID, SIGNATURE, SIGNATURE_INPUT,
    SIGNATURE_TAG,
};
use wire::signature::policy::response_components;
use wire::signature::{
    Message, Name, Parameters, find_requested, find_tagged, serialise_input, serialise_signature,
    signature_base,
};

use super::long::LongAnswer;
use super::receive::Request;
use super::record::{Recorded, RecordedBody};
use crate::fields::joined;
use crate::gate::Gate;
use crate::metrics;

/// An answer that may leave.
pub(crate) struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: AnswerBody,
}

/// The body of an answer.
pub(crate) enum AnswerBody {
    /// None by the rules of HTTP; `length` is what a `HEAD` is told.
    None {
        length: Option<u64>,
    },
    Whole(Bytes),
    Long(Box<LongAnswer>),
}

impl Recorded {
    /// Adds request id, entry, digest and, if it was asked for, the platform's signature.
    pub(super) fn answer(mut self, gate: &Gate) -> Answered {
        self.put_digest();
        let mut put = |name, value: &str| {
            // Ids and origins are ASCII, so this is never refused.
            if let Ok(value) = HeaderValue::from_str(value) {
                self.headers.insert(HeaderName::from_static(name), value);
            }
        };
        put(LGSP_REQUEST_ID, &self.envelope.id.to_string());
        if let Some(index) = self.entry {
            put(LGSP_ENTRY, &format!("{}/{index}", gate.log.origin()));
        }
        if !self.headers.contains_key("date") {
            self.headers.insert("date", gate.date_line(self.envelope.at));
        }
        if let (Some((request, label)), Some(_)) = (&self.asked, self.entry) {
            sign(gate, request, label, self.envelope.at, self.status, &mut self.headers);
        }
        metrics::count(&self.envelope, self.status, &self.summary);
        let body = match self.body {
            RecordedBody::None { length } => AnswerBody::None { length },
            RecordedBody::Whole { bytes, .. } => AnswerBody::Whole(bytes),
            RecordedBody::Long(long) => AnswerBody::Long(long),
        };
        Answered { status: self.status, headers: self.headers, body }
    }
}

impl Answered {
    /// Whether the caller is told that it took too long: then its connection ends
    /// (RFC 9110 §15.5.9), for the rest of its request may still come.
    pub(crate) fn gives_up_on_caller(&self) -> bool {
        self.status == StatusCode::REQUEST_TIMEOUT
    }

    pub(crate) fn into_parts(self) -> (StatusCode, HeaderMap, AnswerBody) {
        (self.status, self.headers, self.body)
    }
}

/// Signs the answer if the caller sent `Accept-Signature` and there is a digest to sign. A wish
/// that cannot be read is passed over, as RFC 9421 §5.2 allows.
fn sign(
    gate: &Gate,
    request: &Request,
    request_label: &str,
    now: UtcMicros,
    status: StatusCode,
    headers: &mut HeaderMap,
) {
    let Some(wish) = request.fields.joined(ACCEPT_SIGNATURE) else {
        return;
    };
    let Ok(Some(wish)) = find_requested(&wish, SIGNATURE_TAG) else {
        return;
    };
    if !headers.contains_key(CONTENT_DIGEST) {
        return;
    }
    let parameters = Parameters {
        created: Some(now.as_seconds()),
        expires: None,
        nonce: wish.parameters.nonce,
        keyid: Some(Cow::Borrowed(&gate.response_key.keyid)),
        alg: None,
        tag: Some(Cow::Borrowed(SIGNATURE_TAG)),
    };
    let components = response_components(request_label);
    let Ok(input) = serialise_input(wish.label, &components, &parameters) else {
        return;
    };
    let answer = SignedAnswer { status, headers, request };
    let base = match find_tagged(&input, SIGNATURE_TAG) {
        Ok(Some(read_back)) => signature_base(&read_back, &answer),
        Ok(None) | Err(_) => return,
    };
    let Ok(base) = base else { return };
    let signature = serialise_signature(wish.label, &gate.response_key.key.sign(&base));
    for (name, value) in [(SIGNATURE_INPUT, input), (SIGNATURE, signature)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The answer as RFC 9421 sees it.
struct SignedAnswer<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    request: &'a Request,
}

impl Message for SignedAnswer<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        (*name == Name::Status).then(|| Cow::Borrowed(self.status.as_str()))
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(self.headers.get_all(name).iter())
    }

    fn request(&self) -> Option<&dyn Message> {
        Some(self.request)
    }
}
