//! Signing a request (RFC 9421) so that the platform knows who asks.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use keys::SigningKey;
use wire::ambient::{Randomness, UtcMicros};
use wire::header::{CONTENT_DIGEST, LGSP_PURPOSE, SIGNATURE_TAG};
use wire::id::KeyId;
use wire::signature::{
    Component, Message, Name, Parameters, SignatureError, find_tagged, serialise_input,
    serialise_signature, signature_base,
};

use crate::error::ClientError;

/// The label under which a client of ours signs.
pub(crate) const LABEL: &str = "sig1";

/// How long a signature lives unless told otherwise, in seconds.
const LIFE_S: i64 = 60;

/// A key with its name, ready to sign.
#[derive(Debug, Clone)]
pub struct Signer {
    keyid: KeyId,
    key: SigningKey,
    life_s: i64,
}

/// A signature as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Value of `Signature-Input`.
    pub signature_input: String,
    /// Value of `Signature`.
    pub signature: String,
}

impl Signer {
    /// Signs with `key`, which the platform knows as `keyid`; signatures live for 60 seconds.
    pub fn new(keyid: KeyId, key: SigningKey) -> Self {
        Self { keyid, key, life_s: LIFE_S }
    }

    /// Lets signatures live for so many seconds; the platform refuses more than 300.
    #[must_use]
    pub fn with_life_s(mut self, life_s: u32) -> Self {
        self.life_s = life_s.into();
        self
    }

    /// Signs method and target, and the fields that say what is sent and why, as far as the
    /// request has them.
    pub fn sign(
        &self,
        request: &dyn Message,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<Signed, ClientError> {
        let mut components = vec![Component::new(Name::Method), Component::new(Name::TargetUri)];
        for name in [CONTENT_DIGEST, CONTENT_TYPE.as_str(), LGSP_PURPOSE] {
            if request.field(name).is_some() {
                components.push(Component::field(name));
            }
        }
        let created = now.as_seconds();
        let parameters = Parameters {
            created: Some(created),
            expires: Some(created + self.life_s),
            nonce: Some(nonce(randomness).into()),
            keyid: Some(self.keyid.as_str().into()),
            alg: Some(self.key.algorithm().as_str().into()),
            tag: Some(SIGNATURE_TAG.into()),
        };
        let signature_input = serialise_input(LABEL, &components, &parameters)?;
        // Read back, so that the base is built over the very bytes that are sent.
        let input =
            find_tagged(&signature_input, SIGNATURE_TAG)?.ok_or(SignatureError::NotComponents)?;
        let signature = self.key.sign(&signature_base(&input, request)?)?;
        Ok(Signed { signature: serialise_signature(LABEL, &signature), signature_input })
    }
}

/// 128 bits: no two signatures of a key ever share one.
fn nonce(randomness: &dyn Randomness) -> String {
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
