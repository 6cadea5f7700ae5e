//! What a signature must cover, and for how long it may live, to count on this platform.
//!
//! **Invariant**: a [`RequestSignature`] is made only by [`check_request`]; it says that method,
//! target and (if there are any) body digest and purpose are covered, and that the signature is of
//! this moment. It says nothing yet about the key or about whether the signature is right.
//! **Trust**: what is not covered can be changed on the way without anyone noticing.

mod answer;

use crate::ambient::UtcMicros;
use crate::error_code::ErrorCode;
use crate::header::{CONTENT_DIGEST, LGSP_ENTRY, LGSP_PURPOSE, LGSP_REQUEST_ID, SIGNATURE};
use crate::id::KeyId;
use crate::problem::Text;

use super::{Algorithm, Component, Name, SignatureError, SignatureInput};

pub use answer::{AnswerCarried, AnswerSignature, Unsigned, check_answer, forwarded_components};

/// How long after `created` a signature may expire, in seconds.
pub const MAX_LIFE_S: i64 = 300;
/// How far a caller's clock may be off, in seconds.
pub const MAX_SKEW_S: i64 = 30;
/// The longest nonce, in bytes.
pub const MAX_NONCE: usize = 128;

/// What a request carries that its signature then has to cover.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carried {
    /// A body: Content-Length above 0, or Transfer-Encoding.
    pub body: bool,
    /// The field `Lgsp-Purpose`.
    pub purpose: bool,
}

/// The claims of a signature that covers all it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSignature {
    /// By which key.
    pub keyid: KeyId,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// Until when it holds, in seconds since 1970.
    pub expires: i64,
    /// What makes it unique for its key.
    pub nonce: String,
    /// By which algorithm, if it says so; the key's own is what counts.
    pub algorithm: Option<Algorithm>,
}

/// A signature that does not count, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRefusal {
    /// The code it is refused with.
    pub code: ErrorCode,
    /// The detail for whoever sent it.
    pub detail: Text,
}

impl From<SignatureError> for SignatureRefusal {
    fn from(error: SignatureError) -> Self {
        Self { code: error.code(), detail: error.text() }
    }
}

/// Checks parameters, coverage and time of a request's signature.
pub fn check_request(
    input: &SignatureInput<'_>,
    carried: Carried,
    now: UtcMicros,
) -> Result<RequestSignature, SignatureRefusal> {
    let parameters = &input.parameters;
    let created = parameters.created.ok_or_else(|| parameter_missing("created"))?;
    let expires = parameters.expires.ok_or_else(|| parameter_missing("expires"))?;
    let nonce = parameters.nonce.as_deref().ok_or_else(|| parameter_missing("nonce"))?;
    let keyid = parameters.keyid.as_deref().ok_or_else(|| parameter_missing("keyid"))?;
    check_coverage(input, carried)?;
    check_time(created, expires, now.as_seconds())?;
    if nonce.is_empty() || nonce.len() > MAX_NONCE {
        return Err(nonce_of_wrong_length(nonce.len()));
    }
    let algorithm = match parameters.alg.as_deref() {
        Some(name) => Some(name.parse().map_err(|_| algorithm_unknown(name))?),
        None => None,
    };
    // No key of another form is ever registered.
    let keyid = keyid.parse().map_err(|_| key_unknown())?;
    Ok(RequestSignature { keyid, created, expires, nonce: nonce.to_owned(), algorithm })
}

fn check_coverage(input: &SignatureInput<'_>, carried: Carried) -> Result<(), SignatureRefusal> {
    let covers = |name: &Name<'_>| {
        input.components.iter().any(|it| it.name == *name && !it.req && !it.tr && it.key.is_none())
    };
    let covers_field = |field| covers(&Component::field(field).name);
    let covers_target = covers(&Name::TargetUri)
        || (covers(&Name::Authority) && covers(&Name::Path) && covers(&Name::Query));
    for (needed, covered, name) in [
        (true, covers(&Name::Method), "@method"),
        (true, covers_target, "@target-uri"),
        (carried.body, covers_field(CONTENT_DIGEST), CONTENT_DIGEST),
        (carried.purpose, covers_field(LGSP_PURPOSE), LGSP_PURPOSE),
    ] {
        if needed && !covered {
            return Err(component_missing(name));
        }
    }
    Ok(())
}

fn check_time(created: i64, expires: i64, now: i64) -> Result<(), SignatureRefusal> {
    // Structured-field integers have at most 15 digits, so none of this can overflow.
    if expires < created {
        return Err(refusal(
            ErrorCode::SignatureMalformed,
            format!(
                "Thời điểm hết hạn (expires) sớm hơn thời điểm ký (created) {} giây.",
                created - expires
            ),
            format!("The parameter expires is {} seconds earlier than created.", created - expires),
        ));
    }
    if expires - created > MAX_LIFE_S {
        return Err(refusal(
            ErrorCode::SignatureTooLongLived,
            format!("Chữ ký có thời hạn {} giây.", expires - created),
            format!("The signature lives for {} seconds.", expires - created),
        ));
    }
    if created > now + MAX_SKEW_S {
        return Err(refusal(
            ErrorCode::SignatureFromTheFuture,
            format!("Thời điểm ký đi trước đồng hồ của nền tảng {} giây.", created - now),
            format!("It was made {} seconds ahead of the platform's clock.", created - now),
        ));
    }
    if now > expires + MAX_SKEW_S {
        return Err(refusal(
            ErrorCode::SignatureExpired,
            format!("Chữ ký đã hết hạn {} giây trước.", now - expires),
            format!("It expired {} seconds ago.", now - expires),
        ));
    }
    Ok(())
}

fn refusal(code: ErrorCode, vi: String, en: String) -> SignatureRefusal {
    SignatureRefusal { code, detail: Text::new(vi, en) }
}

fn parameter_missing(name: &str) -> SignatureRefusal {
    refusal(
        ErrorCode::SignatureParameterMissing,
        format!("Thiếu tham số {name}."),
        format!("The parameter {name} is missing."),
    )
}

/// A nonce is a structured-field string, so each of its characters is one byte.
fn nonce_of_wrong_length(length: usize) -> SignatureRefusal {
    refusal(
        ErrorCode::SignatureMalformed,
        format!(
            "Tham số nonce phải dài từ 1 đến {MAX_NONCE} ký tự; giá trị nhận được dài {length} ký tự."
        ),
        format!("The parameter nonce must have 1 to {MAX_NONCE} characters; it has {length}."),
    )
}

fn component_missing(name: &str) -> SignatureRefusal {
    refusal(
        ErrorCode::SignatureComponentMissing,
        format!("Chữ ký chưa bao gồm \"{name}\"."),
        format!("The signature does not cover \"{name}\"."),
    )
}

fn algorithm_unknown(name: &str) -> SignatureRefusal {
    refusal(
        ErrorCode::SignatureAlgorithmMismatch,
        format!("Không có khóa nào dùng thuật toán \"{name}\"."),
        format!("No key is registered for the algorithm \"{name}\"."),
    )
}

fn key_unknown() -> SignatureRefusal {
    refusal(
        ErrorCode::KeyUnknown,
        "keyid không phải là mã khóa của nền tảng.".to_owned(),
        "keyid has not the form of a key id of the platform.".to_owned(),
    )
}

/// Where a response states the digest of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestPlace {
    /// In its head.
    Head,
    /// In its trailers: it was not known before the body's end.
    Trailers,
    /// Nowhere: there is no body, or it is long and its caller takes no trailers.
    Nowhere,
}

/// What the platform's signature over a response covers, given the label of the caller's own.
pub fn response_components(request_label: &str, digest: DigestPlace) -> Vec<Component<'_>> {
    let mut components = vec![Component::new(Name::Status)];
    match digest {
        DigestPlace::Head => components.push(Component::field(CONTENT_DIGEST)),
        DigestPlace::Trailers => components.push(Component::field(CONTENT_DIGEST).of_trailers()),
        DigestPlace::Nowhere => {}
    }
    components.extend([
        Component::field(LGSP_ENTRY),
        Component::field(LGSP_REQUEST_ID),
        Component::new(Name::Method).of_request(),
        Component::new(Name::TargetUri).of_request(),
        Component::field(SIGNATURE).of_request().member(request_label),
    ]);
    components
}
