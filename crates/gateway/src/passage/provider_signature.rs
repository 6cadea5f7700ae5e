//! The provider's own signature over its answer, where the service's terms demand one.
//!
//! It is checked when the head is here; the body is then held against the signed digest as it
//! comes. **Invariant**: of a service with `signed_answers = "required"` no answer is recorded as
//! given that its provider's key has not signed for this very call.

use std::borrow::Cow;

use http::StatusCode;
use wire::ambient::UtcMicros;
use wire::error_code::ErrorCode;
use wire::header::{SIGNATURE, SIGNATURE_INPUT, SIGNATURE_TAG, carries_secret};
use wire::id::KeyId;
use wire::signature::policy::{AnswerCarried, Unsigned, check_answer};
use wire::signature::{
    Algorithm, Message, Name, SignatureError, find_tagged, signature_base, signature_bytes,
};

use super::asked::Asked;
use super::open_call::OpenCall;
use crate::fields::Fields;
use crate::refusal::Refusal;

/// A signature that is right.
#[derive(Debug)]
pub(super) struct ProviderSignature {
    pub(super) keyid: KeyId,
    pub(super) base: String,
    pub(super) signature: Vec<u8>,
}

/// The head of an answer.
pub(super) struct AnswerHead<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a Fields,
    /// Whether a body may follow.
    pub(super) has_body: bool,
    pub(super) asked: &'a Asked,
}

impl ProviderSignature {
    /// Verifies the signature tagged `lgsp` with a key of the service's own system, in the
    /// environment that was asked.
    pub(super) fn verify(
        open: &OpenCall,
        head: &AnswerHead<'_>,
        now: UtcMicros,
    ) -> Result<Self, Box<Refusal>> {
        let (signature_input, signature) = (head.field(SIGNATURE_INPUT), head.field(SIGNATURE));
        let (Some(signature_input), Some(signature)) = (signature_input, signature) else {
            return Err(missing());
        };
        let input = find_tagged(&signature_input, SIGNATURE_TAG).map_err(|e| unreadable(&e))?;
        let input = input.ok_or_else(missing)?;
        let asked = open.known.envelope.at;
        let carried = AnswerCarried { body: head.has_body, asked, now };
        let claims = check_answer(&input, carried).map_err(|lacking| unsigned(&lacking))?;
        let signature = signature_bytes(&signature, input.label).map_err(|e| unreadable(&e))?;
        let signature = signature.ok_or_else(missing)?;

        let provider = open.permit.service.id.system_id();
        let credential = open.known.routes.credential(&claims.keyid);
        // A secret that the platform knows too would prove nothing to anyone else.
        let is_theirs = |found: &&std::sync::Arc<crate::routes::Credential>| {
            found.system == provider
                && found.environment == open.known.about.environment
                && found.key.algorithm() != Algorithm::HmacSha256
                && found.is_valid_at(now)
        };
        let credential = credential.filter(is_theirs).ok_or_else(key_not_theirs)?;
        let algorithm = credential.key.algorithm();
        if claims.algorithm.is_some_and(|claimed| claimed != algorithm) {
            return Err(invalid());
        }
        let base = signature_base(&input, head).map_err(|e| unreadable(&e))?;
        if !credential.key.verify(&base, &signature) {
            return Err(invalid());
        }
        // A base is ASCII: `signature_base` refuses everything else.
        let base = String::from_utf8(base).map_err(|_| invalid())?;
        Ok(Self { keyid: claims.keyid, base, signature })
    }

    /// Whether a bundle may show what was signed.
    pub(super) fn is_showable(&self) -> bool {
        let fields = self.base.lines();
        let mut fields = fields.filter_map(|line| line.strip_prefix('"')?.split('"').next());
        !fields.any(carries_secret)
    }
}

impl Message for AnswerHead<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        (*name == Name::Status).then(|| Cow::Borrowed(self.status.as_str()))
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.joined(name)
    }

    fn request(&self) -> Option<&dyn Message> {
        Some(self.asked)
    }
}

fn missing() -> Box<Refusal> {
    Box::new(Refusal::new(
        ErrorCode::ProviderAnswerUnsigned,
        "Câu trả lời của bên cung cấp không có chữ ký với tag=\"lgsp\".",
        "The provider's answer has no signature with tag=\"lgsp\".",
    ))
}

fn unsigned(lacking: &Unsigned) -> Box<Refusal> {
    let vi = match lacking {
        Unsigned::Component(component) => {
            format!("Chữ ký của bên cung cấp chưa bao gồm {component}.")
        }
        Unsigned::Parameter(name) => {
            format!("Chữ ký của bên cung cấp thiếu tham số {name} hoặc tham số sai dạng.")
        }
        Unsigned::Time => "Chữ ký của bên cung cấp không được lập vào lúc trả lời.".to_owned(),
    };
    let en = format!("Of the provider's answer: {lacking}.");
    Box::new(Refusal::new(ErrorCode::ProviderAnswerUnsigned, vi, en))
}

fn unreadable(error: &SignatureError) -> Box<Refusal> {
    let text = error.text();
    Box::new(Refusal::new(ErrorCode::ProviderAnswerSignatureInvalid, text.vi, text.en))
}

fn key_not_theirs() -> Box<Refusal> {
    Box::new(Refusal::new(
        ErrorCode::ProviderAnswerSignatureInvalid,
        "Khóa ký trả lời không phải khóa công khai còn hiệu lực của hệ thống cung cấp.",
        "The key that signed the answer is no valid public key of the provider's system.",
    ))
}

fn invalid() -> Box<Refusal> {
    Box::new(Refusal::new(
        ErrorCode::ProviderAnswerSignatureInvalid,
        "Chữ ký của bên cung cấp không khớp với câu trả lời.",
        "The provider's signature does not fit the answer.",
    ))
}
