//! What an entry says of a call: who called and what it was about, in the open, and commitments to
//! its lines and digests, with the secret that salts them.

use std::sync::Arc;

use evidence::{BodyDigest, Detail, Draft, HeadLines, name_call};
use http::StatusCode;
use wire::ambient::Randomness;
use wire::bundle::{CALLED, PROVIDER_CREDENTIAL};
use wire::commitment::{CommitmentLabel, EntrySecret, commit_body, commit_bytes, commit_head};
use wire::entry::{Kind, Members};
use wire::error_code::ErrorCode;
use wire::header::carries_secret;
use wire::id::KeyId;

use super::identify::{About, Known};
use super::provider_signature::ProviderSignature;
use crate::fields::{Fields, Line};

/// Commitments of one entry, and what opens them.
#[derive(Debug)]
pub(super) struct Exhibit {
    commitments: Members,
    detail: Detail,
    /// The key by which the provider signed its answer.
    provider_credential: Option<KeyId>,
}

impl Exhibit {
    /// Commits to nothing yet.
    pub(super) fn empty(randomness: &dyn Randomness) -> Self {
        let detail = Detail {
            secret: EntrySecret::new(randomness),
            request_head: HeadLines::default(),
            request_body: None,
            response_head: HeadLines::default(),
            response_body: None,
            signature_base: String::new(),
            signature: Vec::new(),
            response_signature_base: String::new(),
            response_signature: Vec::new(),
        };
        Self { commitments: Members::with_capacity(8, 512), detail, provider_credential: None }
    }

    /// Commits to the request's head as it came and to the caller's signature.
    pub(super) fn of_request(known: &Known, randomness: &dyn Randomness) -> Self {
        let mut exhibit = Self::empty(randomness);
        let request = &known.request;
        let fields = &request.fields;
        let bytes = fields.as_bytes().len() + 4 * fields.count() + request.target.uri().len();
        let mut lines = HeadLines::with_capacity(bytes + 32);
        lines.push(&[request.method.as_str().as_bytes(), b" ", request.target.uri().as_bytes()]);
        fields.lines().for_each(|line| push_line(&mut lines, line));
        exhibit.head(CommitmentLabel::RequestHead, &lines);
        exhibit.detail.request_head = lines;
        let caller = &known.caller;
        exhibit.bytes(CommitmentLabel::SignatureBase, caller.base.as_bytes());
        exhibit.bytes(CommitmentLabel::Signature, &caller.signature);
        // A caller may sign its password; then the base stays committed to, and is not kept.
        if !caller.signs_secret {
            exhibit.detail.signature_base.clone_from(&caller.base);
        }
        exhibit.detail.signature.clone_from(&caller.signature);
        exhibit
    }

    pub(super) fn add_request_body(&mut self, body: BodyDigest) {
        self.body(CommitmentLabel::RequestBody, &body);
        self.detail.request_body = Some(body);
    }

    pub(super) fn add_response_head(&mut self, status: StatusCode, headers: &Fields) {
        let bytes = headers.as_bytes().len() + 4 * headers.count();
        let mut lines = HeadLines::with_capacity(bytes + 16);
        lines.push(&[status.as_str().as_bytes()]);
        headers.lines().for_each(|line| push_line(&mut lines, line));
        self.head(CommitmentLabel::ResponseHead, &lines);
        self.detail.response_head = lines;
    }

    pub(super) fn add_response_body(&mut self, body: BodyDigest) {
        self.body(CommitmentLabel::ResponseBody, &body);
        self.detail.response_body = Some(body);
    }

    /// Commits to what the provider signed.
    pub(super) fn add_provider_signature(&mut self, signature: ProviderSignature) {
        let is_showable = signature.is_showable();
        let ProviderSignature { keyid, base, signature } = signature;
        self.bytes(CommitmentLabel::ResponseSignatureBase, base.as_bytes());
        self.bytes(CommitmentLabel::ResponseSignature, &signature);
        if is_showable {
            self.detail.response_signature_base = base;
        }
        self.detail.response_signature = signature;
        self.provider_credential = Some(keyid);
    }

    /// The commitments so far.
    pub(super) fn commitments(&self) -> &Members {
        &self.commitments
    }

    /// Puts commitments and their opening into an entry's draft.
    pub(super) fn put_into(self, draft: &mut Draft) {
        if let Some(keyid) = self.provider_credential {
            draft.subject.insert(PROVIDER_CREDENTIAL, keyid.as_str());
        }
        draft.commitments = self.commitments;
        draft.detail = Some(self.detail);
    }

    fn head(&mut self, label: CommitmentLabel, lines: &HeadLines) {
        let hash = commit_head(&self.detail.secret, label, lines.bytes());
        self.commitments.commit(label, &hash);
    }

    fn body(&mut self, label: CommitmentLabel, body: &BodyDigest) {
        let hash = commit_body(&self.detail.secret, label, &body.sha256);
        self.commitments.commit(label, &hash);
    }

    fn bytes(&mut self, label: CommitmentLabel, bytes: &[u8]) {
        let hash = commit_bytes(&self.detail.secret, label, bytes);
        self.commitments.commit(label, &hash);
    }
}

/// A header line as records hold it; none of one that may carry a secret.
fn push_line(lines: &mut HeadLines, line: Line<'_>) {
    if !carries_secret(line.name()) {
        lines.push(&[line.text]);
    }
}

/// The entry of a call that was refused before anything was forwarded.
pub(super) fn refused_draft(known: &Known, code: ErrorCode, randomness: &dyn Randomness) -> Draft {
    let mut draft = Draft::new(Kind::Call, "call.refused");
    code.as_str().clone_into(&mut draft.outcome);
    draft.actor = Some(actor(known));
    draft.subject = subject(known);
    draft.directory = known.routes.root;
    draft.request_id = Some(known.envelope.id);
    draft.nonce = Some(known.caller.nonce.clone());
    Exhibit::of_request(known, randomness).put_into(&mut draft);
    draft
}

/// The caller, as entries name it.
pub(super) fn actor(known: &Known) -> Arc<Members> {
    Arc::clone(&known.caller.credential.actor)
}

/// What the call is about, as entries name it.
pub(super) fn subject(known: &Known) -> Members {
    let About { service, called, connection, operation, environment } = &known.about;
    let mut subject = Members::with_capacity(8, 384);
    // In the order of the names, which costs least.
    if let Some(called) = called {
        subject.insert(CALLED, called);
    }
    if let Some(connection) = connection {
        subject.insert("connection", &*connection.id.spelling());
    }
    if environment.is_sandbox() {
        subject.insert("environment", environment.to_string());
    }
    if let Some(operation) = operation {
        subject.insert("operation", operation);
    }
    if let Some(connection) = connection {
        subject.insert("purpose", connection.purpose.as_str());
    }
    name_call(&mut subject, known.envelope.id);
    if let Some(service) = service {
        subject.insert("service", &service.name);
    }
    subject
}
