//! Second step: whose key signed this, just now, for the first time?
//!
//! The nonce is claimed as soon as the signature is verified, before anything else is decided: a
//! recorded request sent again can neither spend the caller's quota nor learn what the first
//! one was answered. Whatever fails here is a stranger's refusal, and folded.

use std::sync::Arc;

use evidence::SpentNonce;
use wire::directory::Environment;
use wire::error_code::ErrorCode;
use wire::header::{LGSP_PURPOSE, SIGNATURE, SIGNATURE_INPUT, SIGNATURE_TAG, carries_secret};
use wire::merkle::sha256;
use wire::signature::policy::{Carried, SignatureRefusal, check_request};
use wire::signature::{Algorithm, Name, find_tagged, signature_base, signature_bytes};

use super::receive::{Envelope, Received, Request};
use super::record::Refused;
use crate::cluster;
use crate::nonces::NonceRefusal;
use crate::refusal::Refusal;
use crate::request::RequestBody;
use crate::routes::{Connection, Credential, Routes, Service};
use crate::server::Worker;

/// A request whose caller is known.
#[derive(Debug)]
pub(super) struct Identified {
    pub(super) known: Box<Known>,
    pub(super) body: RequestBody,
    _sealed: (),
}

/// A call whose caller is known, and all that is known of it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) envelope: Envelope,
    pub(super) request: Request,
    pub(super) caller: Caller,
    /// The directory by which this call is decided from beginning to end.
    pub(super) routes: Arc<Routes>,
    pub(super) about: About,
}

/// Who signed, and with what.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) credential: Arc<Credential>,
    pub(super) nonce: SpentNonce,
    /// The label of the signature, for `"signature";req;key="…"`.
    pub(super) label: String,
    pub(super) base: String,
    /// The base holds the value of a field that may carry a secret.
    pub(super) signs_secret: bool,
    pub(super) signature: Vec<u8>,
}

/// What a call is about, as far as it is known: the subject of its entry.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) service: Option<Arc<Service>>,
    /// The service's former name, if it was called by one.
    pub(crate) called: Option<Arc<str>>,
    pub(crate) connection: Option<Arc<Connection>>,
    pub(crate) operation: Option<Arc<str>>,
    /// Where the call goes.
    pub(crate) environment: Environment,
}

impl Caller {
    /// The fields that the signature covers, by the lines of its base.
    pub(super) fn signed_fields(&self) -> impl Iterator<Item = &str> {
        self.base.lines().filter_map(|line| line.strip_prefix('"')?.split('"').next())
    }
}

impl Received {
    /// Verifies the signature tagged `lgsp` and spends its nonce.
    pub(super) async fn identify(self, worker: &Worker) -> Result<Identified, Box<Refused>> {
        let Self { envelope, request, body, .. } = self;
        let routes = worker.gate.routes.load_full();
        let caller = match verify(&envelope, &request, &routes) {
            Ok(caller) => caller,
            Err(refusal) => return Err(Refused::stranger(envelope, *refusal)),
        };
        let claimed = cluster::claim(worker, &caller.nonce, envelope.at).await;
        if claimed == Err(NonceRefusal::Replayed) {
            return Err(Refused::stranger(envelope, replayed()));
        }
        let environment = caller.credential.environment;
        let about = About { environment, ..About::default() };
        // Boxed, so that the steps hand on a pointer and not a thousand bytes.
        let known = Box::new(Known { envelope, request, caller, routes, about });
        match claimed {
            Ok(()) => Ok(Identified { known, body, _sealed: () }),
            Err(NonceRefusal::Full) => Err(Refused::known(known, share_full())),
            Err(NonceRefusal::Replayed | NonceRefusal::Undecided) => {
                Err(Refused::known(known, owner_unreachable()))
            }
        }
    }
}

fn verify(envelope: &Envelope, request: &Request, routes: &Routes) -> Result<Caller, Box<Refusal>> {
    if routes.root.is_none() {
        return Err(Box::new(no_directory()));
    }
    let signature_input = request.fields.joined(SIGNATURE_INPUT);
    let signature = request.fields.joined(SIGNATURE);
    let (Some(signature_input), Some(signature)) = (signature_input, signature) else {
        return Err(Box::new(missing()));
    };
    let input = find_tagged(&signature_input, SIGNATURE_TAG).map_err(malformed)?;
    let input = input.ok_or_else(|| Box::new(missing()))?;
    let carried = Carried { body: request.has_body(), purpose: request.fields.has(LGSP_PURPOSE) };
    let claims = check_request(&input, carried, envelope.at)
        .map_err(|refusal| Box::new(Refusal::from(refusal)))?;
    let signature = signature_bytes(&signature, input.label).map_err(malformed)?;
    let signature = signature.ok_or_else(|| Box::new(missing()))?;

    let credential = routes.credential(&claims.keyid).ok_or_else(|| {
        Box::new(if routes.is_revoked(&claims.keyid) { key_revoked() } else { key_unknown() })
    })?;
    let algorithm = credential.key.algorithm();
    if claims.algorithm.is_some_and(|claimed| claimed != algorithm) {
        return Err(Box::new(algorithm_mismatch(algorithm)));
    }
    let base = signature_base(&input, request).map_err(malformed)?;
    if !credential.key.verify(&base, &signature) {
        return Err(Box::new(invalid()));
    }
    if !credential.is_valid_at(envelope.at) {
        return Err(Box::new(key_not_valid()));
    }
    Ok(Caller {
        credential: Arc::clone(credential),
        nonce: SpentNonce {
            keyid: claims.keyid,
            fingerprint: fingerprint(&claims.nonce),
            expires: claims.expires,
        },
        label: input.label.to_owned(),
        signs_secret: input.components.iter().any(|signed| match &signed.name {
            Name::Field(name) => carries_secret(&**name),
            _ => false,
        }),
        // A base is ASCII: `signature_base` refuses everything else.
        base: String::from_utf8(base).map_err(|_| Box::new(invalid()))?,
        signature,
    })
}

/// 16 bytes stand for a nonce of any length; finding two that collide takes 2^64 tries, and
/// would harm only the key that signed both.
fn fingerprint(nonce: &str) -> [u8; 16] {
    let mut fingerprint = [0; 16];
    for (to, from) in fingerprint.iter_mut().zip(sha256(&[nonce.as_bytes()])) {
        *to = from;
    }
    fingerprint
}

fn malformed(error: wire::signature::SignatureError) -> Box<Refusal> {
    Box::new(Refusal::from(SignatureRefusal::from(error)))
}

fn missing() -> Refusal {
    Refusal::new(
        ErrorCode::SignatureMissing,
        "Yêu cầu không có chữ ký với tag=\"lgsp\".",
        "The request has no signature with tag=\"lgsp\".",
    )
}

fn key_unknown() -> Refusal {
    Refusal::new(
        ErrorCode::KeyUnknown,
        "Trên nền tảng không có khóa nào mang keyid này.",
        "The platform knows no key with this keyid.",
    )
}

/// Told on sight of the id: the secret of a revoked HMAC key is gone, so nobody can prove theirs.
fn key_revoked() -> Refusal {
    Refusal::new(ErrorCode::KeyRevoked, "Khóa này đã bị thu hồi.", "This key has been revoked.")
}

fn algorithm_mismatch(algorithm: Algorithm) -> Refusal {
    Refusal::new(
        ErrorCode::SignatureAlgorithmMismatch,
        format!("Khóa này ký bằng {algorithm}; tham số alg ghi khác."),
        format!("This key signs with {algorithm}; the parameter alg says otherwise."),
    )
}

fn invalid() -> Refusal {
    Refusal::new(
        ErrorCode::SignatureInvalid,
        "Chữ ký không khớp với yêu cầu nhận được.",
        "The signature does not fit the request that arrived.",
    )
}

fn key_not_valid() -> Refusal {
    Refusal::new(
        ErrorCode::KeyNotValid,
        "Khóa chưa đến hoặc đã qua thời hạn dùng.",
        "The key is not valid yet or not any more.",
    )
}

fn replayed() -> Refusal {
    Refusal::new(
        ErrorCode::NonceReplayed,
        "Chữ ký này đã được dùng một lần.",
        "This signature has served once already.",
    )
}

fn share_full() -> Refusal {
    Refusal::new(
        ErrorCode::NonceStoreFull,
        "Khóa này đã ký nhiều lượt gọi hơn mức nền tảng ghi nhớ được cùng lúc.",
        "This key has signed more calls than the platform remembers at once.",
    )
}

fn owner_unreachable() -> Refusal {
    Refusal::new(
        ErrorCode::PlatformNonceOwnerUnreachable,
        "Máy chủ quyết định chữ ký này đã được dùng hay chưa hiện không trả lời được.",
        "The node that decides whether this signature has served cannot say so at the moment.",
    )
}

fn no_directory() -> Refusal {
    Refusal::new(
        ErrorCode::PlatformNoDirectory,
        "Cổng chưa nhận được danh bạ nào.",
        "The gateway has not been given a directory yet.",
    )
}
