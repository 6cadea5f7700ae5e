//! What haproxy and nginx with Lua are asked to check: one HMAC-SHA256 over method, path, date and
//! nonce, in a field. Less than the platform checks: no body, no replay, no permission, no record.

use std::io::Write as _;

use keys::SigningKey;
use wire::ambient::Randomness as _;

/// The fields of nonce and HMAC; the date stands in `Date`.
pub(crate) const FIELDS: [&str; 2] = ["x-nonce", "x-signature"];

/// Any will do: nobody checks how old it is.
const DATE: &str = "Wed, 25 Nov 2026 08:00:00 GMT";

/// A shared secret.
#[derive(Clone)]
pub(crate) struct OneHmac {
    secret: [u8; 32],
    key: SigningKey,
}

impl OneHmac {
    /// A new one.
    pub(crate) fn new() -> Self {
        let mut secret = [0; 32];
        keys::SystemRandomness.fill(&mut secret);
        Self { secret, key: SigningKey::hmac_sha256(&secret).unwrap() }
    }

    pub(crate) fn secret_base64(&self) -> String {
        base64(&self.secret)
    }

    /// The fields of a request, with a new nonce.
    pub(crate) fn sign(&self, method: &str, path: &str) -> Vec<(&'static str, String)> {
        let mut nonce = [0; 16];
        keys::SystemRandomness.fill(&mut nonce);
        let nonce = base64(&nonce);
        let mut base = Vec::new();
        write!(base, "{method}|{path}|{DATE}|{nonce}").unwrap();
        let signature = base64(&self.key.sign(&base).unwrap());
        vec![("date", DATE.to_owned()), (FIELDS[0], nonce), (FIELDS[1], signature)]
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
