//! A call's record as the gateway hands it to the log: an intent before the call is forwarded, and
//! a draft with commitments and detail when its outcome is known.
//!
//! The commitments are made once: they are the gateway's work, and measured with it.

use std::sync::Arc;

use evidence::{BodyDigest, Detail, Draft, Intent, SpentNonce, name_call};
use wire::ambient::{Clock, Randomness};
use wire::commitment::{CommitmentLabel, EntrySecret, commit_body, commit_bytes, commit_head};
use wire::entry::{ActorRef, Kind, Members};
use wire::id::RequestId;
use wire::merkle::Hash;

/// How long a signature lives that `lgsp call` makes, in seconds: so long its nonce is kept.
const LIFE_S: i64 = 60;

const SIGNATURE_BASE: &str = "\"@method\": GET
\"@target-uri\": https://lgsp.haiphong.example/H24.12/don-vi-hanh-chinh/danh-muc/v1/units?ward=31
\"content-digest\": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
\"lgsp-purpose\": doi-soat-dia-ban
\"@signature-params\": (\"@method\" \"@target-uri\" \"content-digest\" \"lgsp-purpose\");\
created=1795420800;expires=1795420860;nonce=\"6wq3sM1cHkB0c5Xl0kq3uA\";alg=\"ed25519\";\
keyid=\"mot-cua-2026-11\";tag=\"lgsp\"";

const REQUEST_HEAD: [&str; 9] = [
    "GET https://lgsp.haiphong.example/H24.12/don-vi-hanh-chinh/danh-muc/v1/units?ward=31",
    "host: lgsp.haiphong.example",
    "accept: application/json",
    "user-agent: mot-cua/4.2",
    "lgsp-purpose: doi-soat-dia-ban",
    "content-digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    "signature-input: sig1=(\"@method\" \"@target-uri\" \"content-digest\" \"lgsp-purpose\");\
     created=1795420800;expires=1795420860;nonce=\"6wq3sM1cHkB0c5Xl0kq3uA\";alg=\"ed25519\";\
     keyid=\"mot-cua-2026-11\";tag=\"lgsp\"",
    "signature: sig1=:mxDx9MKeSvK0s7pNfW3lGmbvMPyrTQyGkzZrN0uYHbW0L3gOd3MkZ1QmQ4m8sLkTQ2Zf1nCwq\
     7iCbyvHZlFwDw==:",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
];

const RESPONSE_HEAD: [&str; 5] = [
    "200",
    "content-type: application/json",
    "content-length: 1024",
    "cache-control: no-store",
    "date: Mon, 23 Nov 2026 08:00:00 GMT",
];

/// Everything about a call but its own ids.
pub(super) struct Call {
    actor: Arc<Members>,
    subject: Members,
    directory: Hash,
    before: Members,
    after: Members,
    detail: Detail,
}

impl Call {
    pub(super) fn new(randomness: &dyn Randomness) -> Self {
        use CommitmentLabel::{RequestHead, ResponseBody, ResponseHead, Signature, SignatureBase};

        let secret = EntrySecret::new(randomness);
        let [mut directory, mut body] = [[0; 32]; 2];
        let mut signature = vec![0; 64];
        for bytes in [directory.as_mut_slice(), &mut body, &mut signature] {
            randomness.fill(bytes);
        }
        let before = Members::from_iter([
            (RequestHead, commit_head(&secret, RequestHead, REQUEST_HEAD)),
            (Signature, commit_bytes(&secret, Signature, &signature)),
            (SignatureBase, commit_bytes(&secret, SignatureBase, SIGNATURE_BASE.as_bytes())),
        ]);
        let mut after = before.clone();
        after.commit(ResponseHead, &commit_head(&secret, ResponseHead, RESPONSE_HEAD));
        after.commit(ResponseBody, &commit_body(&secret, ResponseBody, &body));
        let subject = [
            ("service", "H24.12/don-vi-hanh-chinh/danh-muc/v1"),
            ("connection", "019aa6f2-3c00-7000-8000-000000000001"),
            ("purpose", "doi-soat-dia-ban"),
            ("operation", "GET /units"),
        ];
        Self {
            actor: Arc::new(Members::from(&ActorRef {
                organisation: Some("H24.30".parse().unwrap()),
                system: Some("mot-cua".parse().unwrap()),
                credential: Some("mot-cua-2026-11".to_owned()),
                role: None,
            })),
            subject: subject.into(),
            directory,
            before,
            after,
            detail: Detail {
                secret,
                request_head: REQUEST_HEAD.into_iter().collect(),
                request_body: None,
                response_head: RESPONSE_HEAD.into_iter().collect(),
                response_body: Some(BodyDigest { sha256: body, length: 1_024 }),
                signature_base: SIGNATURE_BASE.to_owned(),
                signature,
                response_signature_base: String::new(),
                response_signature: Vec::new(),
            },
        }
    }

    /// A call that begins now.
    pub(super) fn intent(&self, clock: &dyn Clock, randomness: &dyn Randomness) -> Intent {
        let now = clock.now();
        let mut fingerprint = [0; 16];
        randomness.fill(&mut fingerprint);
        let request_id = RequestId::new(now, randomness);
        let mut subject = self.subject.clone();
        name_call(&mut subject, request_id);
        Intent {
            request_id,
            nonce: SpentNonce {
                keyid: "mot-cua-2026-11".parse().unwrap(),
                fingerprint,
                expires: now.as_seconds() + LIFE_S,
            },
            actor: Some(self.actor.clone()),
            subject,
            directory: Some(self.directory),
            commitments: self.before.clone(),
        }
    }

    /// Its outcome.
    pub(super) fn draft(&self, intent: Intent) -> Draft {
        Draft {
            outcome: "200".to_owned(),
            actor: intent.actor,
            subject: intent.subject,
            directory: intent.directory,
            commitments: self.after.clone(),
            detail: Some(self.detail.clone()),
            request_id: Some(intent.request_id),
            resolves_intent: true,
            ..Draft::new(Kind::Call, "call.completed")
        }
    }
}
