//! Private keys that came where public ones belong: known by their form, so that they are refused
//! as what they are before anything else looks at them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{Decode, Reader, SliceReader, Tag, Tagged};
use zeroize::Zeroizing;

/// Whether a text is or holds a private key: any PEM block of one (PKCS#8, PKCS#1, SEC 1, OpenSSH,
/// encrypted or not), its DER in base64 (PKCS#12 too), a JWK (RFC 7517) with a private part, a file
/// of `PuTTY`.
pub fn holds_private_key(text: &str) -> bool {
    let text = text.trim();
    text.contains("PRIVATE KEY")
        || text.starts_with("PuTTY-User-Key-File")
        || is_private_jwk(text)
        || bodies(text).iter().any(|der| is_private_der(der))
}

/// The bytes of each PEM block, whatever its label says, or those that the whole text spells.
fn bodies(text: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut bodies = vec![Zeroizing::new(String::with_capacity(text.len()))];
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----") {
            bodies.push(Zeroizing::new(String::with_capacity(text.len())));
        } else if let Some(body) = bodies.last_mut() {
            body.extend(line.split_ascii_whitespace());
        }
        if bodies.len() > MAX_BLOCKS {
            break;
        }
    }
    bodies
        .iter()
        .filter_map(|body| STANDARD.decode(body.as_bytes()).ok())
        .map(Zeroizing::new)
        .collect()
}

/// As many lines of dashes are looked behind: more come from nobody who mistook a file.
const MAX_BLOCKS: usize = 16;

fn is_private_jwk(text: &str) -> bool {
    if !text.starts_with('{') || !text.contains("\"kty\"") {
        return false;
    }
    // `d` of RSA, EC and OKP keys, `k` of a symmetric one.
    text.contains("\"d\"") || text.contains("\"k\"")
}

/// By the outline alone: `SEQUENCE` with these first members. No certificate, request or public key
/// begins so.
fn is_private_der(der: &[u8]) -> bool {
    matches!(
        outline(der).as_slice(),
        // PKCS#8 (RFC 5208).
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..]
            // SEC 1 (RFC 5915).
            | [Tag::Integer, Tag::OctetString, ..]
            // PKCS#1 (RFC 8017 §A.1.2), DSA; a public RSA key has two numbers.
            | [Tag::Integer, Tag::Integer, Tag::Integer, Tag::Integer, ..]
            // Encrypted PKCS#8: an algorithm and the rest.
            | [Tag::Sequence, Tag::OctetString]
            // PKCS#12: a version and an authenticated safe.
            | [Tag::Integer, Tag::Sequence]
            | [Tag::Integer, Tag::Sequence, Tag::Sequence]
    )
}

/// The tags within the outermost sequence, at most the first eight.
fn outline(der: &[u8]) -> Vec<Tag> {
    let mut tags = Vec::new();
    let Ok(mut reader) = SliceReader::new(der) else { return tags };
    let _ = reader.sequence(|members| {
        while tags.len() < 8 && !members.is_finished() {
            tags.push(AnyRef::decode(members)?.tag());
        }
        // What follows is of no interest.
        members.read_slice(members.remaining_len()).map(drop)
    });
    tags
}
