//! An answer, and what can be said of it from its own bytes.

use std::fmt;
use std::str::FromStr;

use http::{HeaderMap, StatusCode};
use keys::{CallerKey, ed25519_public_key};
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::digest::ContentDigest;
use wire::header::{
    CONTENT_DIGEST, LGSP_ENTRY, LGSP_REQUEST_ID, SIGNATURE, SIGNATURE_INPUT, SIGNATURE_TAG,
};
use wire::id::RequestId;
use wire::problem::Text;
use wire::signature::policy::{DigestPlace, response_components};
use wire::signature::{Algorithm, SignatureInput, find_tagged, signature_base, signature_bytes};
use wire::text::Malformed;
use wire::trust::{PlatformKey, TrustFile};

use crate::finding::{Finding, Subject};
use crate::outgoing::{Incoming, Outgoing, joined};
use crate::signer::LABEL;

/// The head of an answer whose body has been written out, and what was found about it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header lines.
    pub headers: HeaderMap,
    /// Bytes of the body.
    pub length: u64,
    /// The call's id at the platform.
    pub request_id: Option<RequestId>,
    /// Where the call's entry stands.
    pub entry: Option<EntryPlace>,
    /// The body against its digest, then the platform's signature.
    pub findings: Vec<Finding>,
}

/// Where an entry stands: `<log origin>/<index>`, as in `Lgsp-Entry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPlace {
    /// In which log.
    pub origin: Origin,
    /// At which position, from 0.
    pub index: u64,
}

impl fmt::Display for EntryPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.origin, self.index)
    }
}

impl FromStr for EntryPlace {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed { expected: "the place of an entry: <log origin>/<index>" };
        let (origin, index) = text.rsplit_once('/').ok_or(malformed)?;
        let number: u64 = index.parse().map_err(|_| malformed)?;
        // One spelling: no sign, no leading zeros.
        if number.to_string() != index {
            return Err(malformed);
        }
        Ok(Self { origin: origin.parse().map_err(|_| malformed)?, index: number })
    }
}

/// What came, before it is judged.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: HeaderMap,
    pub(crate) length: u64,
    pub(crate) digest: ContentDigest,
}

/// Judges an answer by its own bytes.
pub(crate) fn check(request: &Outgoing, received: Received, trust: &TrustFile) -> Answer {
    let findings = vec![check_digest(&received), check_signature(request, &received, trust)];
    let Received { status, headers, length, .. } = received;
    Answer {
        status,
        length,
        request_id: read(&headers, LGSP_REQUEST_ID),
        entry: read(&headers, LGSP_ENTRY),
        headers,
        findings,
    }
}

fn read<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    joined(headers, name)?.parse().ok()
}

fn check_digest(received: &Received) -> Finding {
    let field = joined(&received.headers, CONTENT_DIGEST)
        .or_else(|| joined(&received.trailers, CONTENT_DIGEST));
    let Some(field) = field else {
        return Finding::not_checked(
            Subject::Digest,
            Text::new("Trả lời không kèm Content-Digest.", "The answer carries no Content-Digest."),
        );
    };
    match ContentDigest::parse(&field) {
        Ok(said) if said == received.digest => Finding::proved(
            Subject::Digest,
            Text::new(
                format!("Nội dung ({} byte) khớp với Content-Digest.", received.length),
                format!("The body ({} bytes) matches its Content-Digest.", received.length),
            ),
        ),
        Ok(said) if said.algorithm() == received.digest.algorithm() => Finding::wrong(
            Subject::Digest,
            Text::new(
                "Nội dung khác với Content-Digest: đã bị thay đổi trên đường truyền.",
                "The body differs from its Content-Digest: it was changed on the way.",
            ),
        ),
        Ok(said) => Finding::not_checked(
            Subject::Digest,
            Text::new(
                format!("Content-Digest ở cuối dùng {}.", said.algorithm().as_str()),
                format!("The trailing Content-Digest uses {}.", said.algorithm().as_str()),
            ),
        ),
        Err(error) => Finding::wrong(
            Subject::Digest,
            Text::new("Không đọc được Content-Digest.", error.to_string()),
        ),
    }
}

fn check_signature(request: &Outgoing, received: &Received, trust: &TrustFile) -> Finding {
    if trust.platform_keys.is_empty() {
        return Finding::not_checked(
            Subject::Signature,
            Text::new(
                "Không có khóa công khai của nền tảng để kiểm tra chữ ký.",
                "There is no public key of the platform to check a signature with.",
            ),
        );
    }
    match verified_signature(request, received, trust) {
        Ok(Some(Signed { keyid, covers_body: true })) => Finding::proved(
            Subject::Signature,
            Text::new(
                format!("Nền tảng đã ký trả lời này cho đúng yêu cầu này (khóa {keyid})."),
                format!("The platform signed this answer to this request (key {keyid})."),
            ),
        ),
        Ok(Some(Signed { keyid, covers_body: false })) => Finding::not_checked(
            Subject::Signature,
            Text::new(
                format!(
                    "Nền tảng đã ký phần đầu của trả lời này cho đúng yêu cầu này (khóa {keyid}), \
                     nhưng chữ ký không bao gồm nội dung."
                ),
                format!(
                    "The platform signed the head of this answer to this request (key {keyid}), \
                     but the signature leaves the body out."
                ),
            ),
        ),
        Ok(None) => Finding::not_checked(
            Subject::Signature,
            Text::new("Nền tảng không ký trả lời này.", "The platform did not sign this answer."),
        ),
        Err(why) => Finding::wrong(Subject::Signature, why),
    }
}

/// A signature that is right.
struct Signed {
    /// By which key.
    keyid: String,
    /// Whether it is over all there is: a digest of the body, or the head of no body.
    covers_body: bool,
}

/// The platform's signature over the answer; none if there is none. That of a long answer stands
/// in its trailers.
fn verified_signature(
    request: &Outgoing,
    received: &Received,
    trust: &TrustFile,
) -> Result<Option<Signed>, Text> {
    let (head, end) = (&received.headers, &received.trailers);
    let fields = if head.contains_key(SIGNATURE_INPUT) { head } else { end };
    let Some(field) = joined(fields, SIGNATURE_INPUT) else {
        return Ok(None);
    };
    let Some(input) = find_tagged(&field, SIGNATURE_TAG).map_err(|error| error.text())? else {
        return Ok(None);
    };
    let field = joined(fields, SIGNATURE).unwrap_or_default();
    let Some(signature) = signature_bytes(&field, input.label).map_err(|error| error.text())?
    else {
        return Err(Text::new("Thiếu trường Signature.", "The Signature field is missing."));
    };
    let covers = |place| {
        let needed = response_components(LABEL, place);
        needed.iter().all(|component| input.components.contains(component))
    };
    if !covers(DigestPlace::Nowhere) {
        return Err(Text::new(
            "Chữ ký của nền tảng không bao gồm đủ yêu cầu và trả lời.",
            "The platform's signature does not cover the whole of request and answer.",
        ));
    }
    let key = platform_key(&input, trust)?;
    let message =
        Incoming { status: received.status.as_str(), headers: head, trailers: end, request };
    let base = signature_base(&input, &message).map_err(|error| error.text())?;
    let verifier = ed25519_public_key(&key.public_key_pem).and_then(|key| CallerKey::ed25519(&key));
    if verifier.is_ok_and(|verifier| verifier.verify(&base, &signature)) {
        let has_digest = covers(DigestPlace::Head) || covers(DigestPlace::Trailers);
        Ok(Some(Signed {
            keyid: key.keyid.clone(),
            covers_body: has_digest || received.length == 0,
        }))
    } else {
        Err(Text::new(
            "Chữ ký của nền tảng không khớp với yêu cầu và trả lời.",
            "The platform's signature does not fit the request and the answer.",
        ))
    }
}

/// The trusted key by which the answer claims to be signed, if it was in use then.
fn platform_key<'t>(
    input: &SignatureInput<'_>,
    trust: &'t TrustFile,
) -> Result<&'t PlatformKey, Text> {
    let parameters = &input.parameters;
    let created = parameters.created.map(UtcMicros::from_seconds);
    let in_use = |key: &PlatformKey| {
        // `created` has whole seconds, `from` has not.
        created.is_some_and(|at| {
            at.as_seconds() >= key.from.as_seconds() && key.until.is_none_or(|until| at < until)
        })
    };
    trust
        .platform_keys
        .iter()
        .filter(|key| key.alg == Algorithm::Ed25519.as_str())
        .find(|key| parameters.keyid.as_deref() == Some(key.keyid.as_str()) && in_use(key))
        .ok_or_else(|| {
            Text::new(
                "Trả lời được ký bằng khóa không nằm trong tệp tin cậy tại thời điểm ký.",
                "The answer is signed by a key that the trust file does not list for that time.",
            )
        })
}
