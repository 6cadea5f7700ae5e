//! Writing `Signature-Input` and `Signature` (RFC 9421 §4): what a signer of ours sends.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::component::Escaped;
use super::{Component, Parameters, SignatureError};

/// The member of `Signature-Input`: `sig1=("@method" …);created=…;…`. The signer reads it back
/// with [`find_tagged`](super::find_tagged) and builds the base over these very bytes.
/// Fails only with [`SignatureError::ParameterMalformed`], for what no field can carry.
pub fn serialise_input(
    label: &str,
    components: &[Component<'_>],
    parameters: &Parameters<'_>,
) -> Result<String, SignatureError> {
    let mut text = format!("{label}=(");
    for (position, component) in components.iter().enumerate() {
        let separator = if position == 0 { "" } else { " " };
        // Writing into a string cannot fail, here and below.
        let _ = write!(text, "{separator}{component}");
    }
    text.push(')');
    for (name, value) in [("created", parameters.created), ("expires", parameters.expires)] {
        if let Some(seconds) = value {
            let _ = write!(text, ";{name}={seconds}");
        }
    }
    for (name, value) in [
        ("nonce", &parameters.nonce),
        ("keyid", &parameters.keyid),
        ("alg", &parameters.alg),
        ("tag", &parameters.tag),
    ] {
        let Some(value) = value else { continue };
        if !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(SignatureError::ParameterMalformed(name.to_owned()));
        }
        let _ = write!(text, ";{name}=\"{}\"", Escaped(value));
    }
    Ok(text)
}

/// The member of `Signature`: `sig1=:base64:`.
pub fn serialise_signature(label: &str, signature: &[u8]) -> String {
    format!("{label}=:{}:", STANDARD.encode(signature))
}
