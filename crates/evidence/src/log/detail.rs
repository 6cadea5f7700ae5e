//! Sealing and opening details.
//!
//! ```text
//! u8 length, class, 10 bytes of day ("2026-11-23"), what DetailKeys made of the rest
//! ```
//! The entry's id is bound into the seal, so a detail cannot be put beside another entry.
//!
//! **Invariant**: a detail stands nowhere unsealed, not in the write-ahead file either.
//! **Trust**: whoever has the day's key reads the day's details; nobody can alter one unseen.

use keys::{DetailKeys, KeyError};
use wire::commitment::EntrySecret;
use wire::id::EntryId;

use super::codec::{Cursor, put_sized};
use super::draft::{BodyDigest, Detail};
use super::head_lines::HeadLines;

/// The class of what is kept of calls.
pub(super) const CALL: &str = "call";

/// Longer details are refused: heads and signature of a call are a few KiB.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// Seals a detail with the key of `day`.
pub(super) fn seal(
    keys: &DetailKeys,
    day: &str,
    entry: &EntryId,
    detail: &Detail,
) -> Result<Vec<u8>, KeyError> {
    let head = 1 + CALL.len() + day.len();
    // Room for all of it: if the record grew, a copy of what is not sealed yet would stay behind.
    let mut record = Vec::with_capacity(head + keys::NONCE_LEN + length_of(detail) + keys::TAG_LEN);
    record.push(u8::try_from(CALL.len()).unwrap_or(u8::MAX)); // four
    record.extend_from_slice(CALL.as_bytes());
    record.extend_from_slice(day.as_bytes());
    record.extend_from_slice(&[0; keys::NONCE_LEN]);
    put(&mut record, detail);
    keys.seal_in_place(CALL, day, entry.as_bytes(), &mut record, head)?;
    Ok(record)
}

/// Opens what [`seal`] made; `None` if it was not made so.
pub(super) fn open(
    keys: &DetailKeys,
    entry: &EntryId,
    record: &[u8],
) -> Option<Result<Detail, KeyError>> {
    let mut cursor = Cursor(record);
    let length = usize::from(cursor.u8()?);
    let class = std::str::from_utf8(cursor.take(length)?).ok()?;
    let day = std::str::from_utf8(cursor.take(10)?).ok()?;
    match keys.open(class, day, entry.as_bytes(), cursor.0) {
        Ok(plain) => decode(&plain).map(Ok),
        Err(error) => Some(Err(error)),
    }
}

/// The version of a detail's form without a provider's signature, and of the one with it.
const PLAIN: u8 = 1;
const SIGNED_ANSWER: u8 = 2;

/// At least as many bytes as [`put`] writes.
fn length_of(detail: &Detail) -> usize {
    let heads = detail.request_head.put_length() + detail.response_head.put_length();
    let signatures = [
        detail.signature_base.len(),
        detail.signature.len(),
        detail.response_signature_base.len(),
        detail.response_signature.len(),
    ];
    // Version, secret, two bodies, four lengths.
    heads + signatures.iter().sum::<usize>() + 1 + 32 + 2 * (1 + 32 + 8) + 4 * 4
}

fn put(out: &mut Vec<u8>, detail: &Detail) {
    let is_answer_signed = !detail.response_signature.is_empty();
    out.push(if is_answer_signed { SIGNED_ANSWER } else { PLAIN });
    out.extend_from_slice(detail.secret.as_bytes());
    detail.request_head.put(out);
    detail.response_head.put(out);
    for body in [&detail.request_body, &detail.response_body] {
        out.push(u8::from(body.is_some()));
        if let Some(body) = body {
            out.extend_from_slice(&body.sha256);
            out.extend_from_slice(&body.length.to_le_bytes());
        }
    }
    put_sized(out, detail.signature_base.as_bytes());
    put_sized(out, &detail.signature);
    if is_answer_signed {
        put_sized(out, detail.response_signature_base.as_bytes());
        put_sized(out, &detail.response_signature);
    }
}

fn decode(plain: &[u8]) -> Option<Detail> {
    let mut cursor = Cursor(plain);
    let version = cursor.u8().filter(|version| [PLAIN, SIGNED_ANSWER].contains(version))?;
    let secret = EntrySecret::from_bytes(cursor.array()?);
    let (request_head, response_head) =
        (HeadLines::read(&mut cursor)?, HeadLines::read(&mut cursor)?);
    let request_body = body(&mut cursor).ok()?;
    let response_body = body(&mut cursor).ok()?;
    let signature_base = cursor.text()?.to_owned();
    let signature = cursor.sized()?.to_owned();
    let (response_signature_base, response_signature) = match version {
        SIGNED_ANSWER => (cursor.text()?.to_owned(), cursor.sized()?.to_owned()),
        _ => (String::new(), Vec::new()),
    };
    let detail = Detail {
        secret,
        request_head,
        request_body,
        response_head,
        response_body,
        signature_base,
        signature,
        response_signature_base,
        response_signature,
    };
    cursor.0.is_empty().then_some(detail)
}

/// A record that ends too early.
struct Cut;

fn body(cursor: &mut Cursor<'_>) -> Result<Option<BodyDigest>, Cut> {
    if cursor.u8().ok_or(Cut)? == 0 {
        return Ok(None);
    }
    let sha256 = cursor.array().ok_or(Cut)?;
    let length = cursor.u64().ok_or(Cut)?;
    Ok(Some(BodyDigest { sha256, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_reads_back_and_a_cut_one_does_not() {
        let detail = Detail {
            secret: EntrySecret::from_bytes([7; 32]),
            request_head: ["GET /units", ""].into_iter().collect(),
            request_body: None,
            response_head: HeadLines::default(),
            response_body: Some(BodyDigest { sha256: [9; 32], length: 1 << 40 }),
            signature_base: "\"@method\": GET".to_owned(),
            signature: vec![0, 255],
            response_signature_base: String::new(),
            response_signature: Vec::new(),
        };
        let signed = Detail {
            response_signature_base: "\"@status\": 200".to_owned(),
            response_signature: vec![1; 512],
            ..detail.clone()
        };
        for (version, detail) in [(1, detail), (2, signed)] {
            let mut bytes = Vec::new();
            put(&mut bytes, &detail);
            assert!(bytes.len() <= length_of(&detail), "it would grow while it is not sealed");
            assert_eq!(bytes[0], version);
            assert!(decode(&bytes) == Some(detail));
            for length in 0..bytes.len() {
                assert!(decode(&bytes[..length]).is_none());
            }
        }
    }
}
