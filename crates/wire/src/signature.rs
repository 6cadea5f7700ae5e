//! HTTP message signatures: RFC 9421, the part of it that this platform speaks.
//!
//! A signer writes down what it covers ([`serialise_input`]), signs the text that these words
//! make of the message ([`signature_base`]), and sends both. A verifier finds the signature by its
//! tag ([`find_tagged`]), builds the same text over the very bytes it received, and checks what is
//! covered and for how long ([`policy`]). Keys are not seen here.
//!
//! Read first: `signature/{component,parse,base}.rs`, then [`policy`].
//!
//! **Invariant**: nothing is written anew between the wire and the base: identifiers and
//! parameters enter it as the bytes that came, so a signer's own order and spelling hold.
//! **Trust**: a base that two messages share lets one stand for the other, so values with line
//! breaks, repeated components and what we cannot resolve are refused, never guessed.

mod base;
mod bytes;
mod component;
mod parse;
mod plain;
pub mod policy;
mod query;
mod serialise;
mod structured;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use base::{Message, signature_base};
pub use bytes::signature_bytes;
pub use component::{Component, Name};
pub use parse::{find_requested, find_tagged};
pub use serialise::{serialise_input, serialise_signature};

use crate::error_code::ErrorCode;
use crate::problem::Text;
use crate::text::{Malformed, serde_as_text};

/// A signature algorithm, by its registered name (RFC 9421 §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `hmac-sha256`: proves the caller to the platform only. All others prove it to anyone.
    HmacSha256,
    /// `rsa-pss-sha512`: RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    RsaPssSha512,
    /// `rsa-v1_5-sha256`: RSASSA-PKCS1-v1_5 with SHA-256.
    RsaV1_5Sha256,
    /// `ecdsa-p256-sha256`: the curve P-256 with SHA-256; the signature is `r ‖ s`, 64 bytes.
    EcdsaP256Sha256,
    /// `ecdsa-p384-sha384`: the curve P-384 with SHA-384; the signature is `r ‖ s`, 96 bytes.
    EcdsaP384Sha384,
    /// `ed25519`: signatures of RFC 8032.
    Ed25519,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 6] = [
        Self::HmacSha256,
        Self::RsaPssSha512,
        Self::RsaV1_5Sha256,
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::Ed25519,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::RsaV1_5Sha256 => "rsa-v1_5-sha256",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::Ed25519 => "ed25519",
        }
    }
}

const EXPECTED: &str = "an algorithm: hmac-sha256, rsa-pss-sha512, rsa-v1_5-sha256, \
    ecdsa-p256-sha256, ecdsa-p384-sha384 or ed25519";

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == text)
            .ok_or(Malformed { expected: EXPECTED })
    }
}

serde_as_text!(Algorithm);

/// One member of `Signature-Input`: what a signature covers and under which conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureInput<'a> {
    /// The name that ties it to its member of `Signature`.
    pub label: &'a str,
    /// What is covered, in the order of the base.
    pub components: Vec<Component<'a>>,
    /// Under which conditions.
    pub parameters: Parameters<'a>,
    /// The inner list with its parameters, exactly the bytes received.
    pub raw: &'a str,
}

/// The parameters of a signature (RFC 9421 §2.3). Others are let stand in the base unread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters<'a> {
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// Until when it holds, in seconds since 1970.
    pub expires: Option<i64>,
    /// What makes it unique.
    pub nonce: Option<Cow<'a, str>>,
    /// By which key.
    pub keyid: Option<Cow<'a, str>>,
    /// By which algorithm.
    pub alg: Option<Cow<'a, str>>,
    /// For which application.
    pub tag: Option<Cow<'a, str>>,
}

/// Why a signature cannot be read or its base not be built. The signer's fault; the same bytes
/// fail again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// `Signature-Input`, `Signature` or `Accept-Signature` is no structured dictionary.
    #[error("the signature field is not a structured field dictionary")]
    NotADictionary,
    /// The member is not a list of component identifiers.
    #[error("the signature input is not a list of component identifiers")]
    NotComponents,
    /// More than [`MAX_COMPONENTS`] are covered.
    #[error("the signature covers too many components")]
    TooManyComponents,
    /// A component is covered twice.
    #[error("the component {0} is covered twice")]
    ComponentRepeated(String),
    /// A component we cannot resolve.
    #[error("the component {0} is not supported")]
    ComponentUnsupported(String),
    /// A parameter of the wrong type, given twice, or not writable.
    #[error("the parameter {0} is malformed")]
    ParameterMalformed(String),
    /// Two signatures claim to be the one that counts.
    #[error("more than one signature has the tag or label")]
    Ambiguous,
    /// The member of `Signature` is no byte sequence.
    #[error("the signature is not a byte sequence")]
    NotBytes,
    /// A covered component is not in the message.
    #[error("the covered component {0} is not in the message")]
    ComponentAbsent(String),
}

/// More covered components than this are refused: comparing them all would be work for nothing.
pub const MAX_COMPONENTS: usize = 64;

impl SignatureError {
    /// The code it is refused with.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Ambiguous => ErrorCode::SignatureAmbiguous,
            // The message is not the one that was signed.
            Self::ComponentAbsent(_) => ErrorCode::SignatureInvalid,
            _ => ErrorCode::SignatureMalformed,
        }
    }

    /// The detail for whoever sent it.
    pub fn text(&self) -> Text {
        match self {
            Self::NotADictionary => Text::new(
                "Trường chữ ký không phải là từ điển theo RFC 9651.",
                "The signature field is not a dictionary as in RFC 9651.",
            ),
            Self::NotComponents => Text::new(
                "Signature-Input không phải là danh sách thành phần được ký.",
                "Signature-Input is not a list of covered components.",
            ),
            Self::TooManyComponents => Text::new(
                format!("Chữ ký bao gồm hơn {MAX_COMPONENTS} thành phần."),
                format!("The signature covers more than {MAX_COMPONENTS} components."),
            ),
            Self::ComponentRepeated(component) => Text::new(
                format!("Thành phần {component} được ký hai lần."),
                format!("The component {component} is covered twice."),
            ),
            Self::ComponentUnsupported(component) => Text::new(
                format!("Thành phần {component} không được hỗ trợ."),
                format!("The component {component} is not supported."),
            ),
            Self::ParameterMalformed(name) => Text::new(
                format!("Tham số {name} sai kiểu hoặc lặp lại."),
                format!("The parameter {name} has the wrong type or is repeated."),
            ),
            Self::Ambiguous => Text::new(
                "Có nhiều hơn một chữ ký mang cùng nhãn hoặc cùng tên.",
                "More than one signature has this tag or label.",
            ),
            Self::NotBytes => Text::new(
                "Trường Signature không có dãy byte cho nhãn này.",
                "Signature has no byte sequence under this label.",
            ),
            Self::ComponentAbsent(component) => Text::new(
                format!("Thành phần được ký {component} không có trong thông điệp."),
                format!("The covered component {component} is not in the message."),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
