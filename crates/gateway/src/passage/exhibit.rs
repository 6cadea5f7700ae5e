//! What an entry says of a call: who called and what it was about, in the open, and commitments to
//! its lines and digests, with the secret that salts them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use evidence::{BodyDigest, Detail, Draft};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::ambient::Randomness;
use wire::bundle::{CALLED, PROVIDER_CREDENTIAL};
use wire::commitment::{CommitmentLabel, EntrySecret, commit_body, commit_bytes, commit_head};
use wire::entry::{ActorRef, Kind};
use wire::error_code::ErrorCode;
use wire::header::carries_secret;
use wire::id::KeyId;
use wire::merkle::Hash;

use super::identify::{About, Known};
use super::provider_signature::ProviderSignature;

/// Commitments of one entry, and what opens them.
#[derive(Debug)]
pub(super) struct Exhibit {
    commitments: BTreeMap<CommitmentLabel, Hash>,
    detail: Detail,
    /// The key by which the provider signed its answer.
    provider_credential: Option<KeyId>,
}

impl Exhibit {
    /// Commits to nothing yet.
    pub(super) fn empty(randomness: &dyn Randomness) -> Self {
        let detail = Detail {
            secret: EntrySecret::new(randomness),
            request_head: Vec::new(),
            request_body: None,
            response_head: Vec::new(),
            response_body: None,
            signature_base: String::new(),
            signature: Vec::new(),
            response_signature_base: String::new(),
            response_signature: Vec::new(),
        };
        Self { commitments: BTreeMap::new(), detail, provider_credential: None }
    }

    /// Commits to the request's head as it came and to the caller's signature.
    pub(super) fn of_request(known: &Known, randomness: &dyn Randomness) -> Self {
        let mut exhibit = Self::empty(randomness);
        let request = &known.request;
        let mut lines = Vec::with_capacity(request.fields.count() + 1);
        lines.push([request.method.as_str(), " ", request.target.uri()].concat());
        lines.extend(request.fields.lines().filter_map(line));
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

    pub(super) fn add_response_head(&mut self, status: StatusCode, headers: &HeaderMap) {
        let mut lines = Vec::with_capacity(headers.len() + 1);
        lines.push(status.as_str().to_owned());
        lines.extend(headers.iter().filter_map(line));
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
    pub(super) fn commitments(&self) -> &BTreeMap<CommitmentLabel, Hash> {
        &self.commitments
    }

    /// Puts commitments and their opening into an entry's draft.
    pub(super) fn put_into(self, draft: &mut Draft) {
        if let Some(keyid) = self.provider_credential {
            draft.subject.insert(PROVIDER_CREDENTIAL.to_owned(), keyid.to_string());
        }
        draft.commitments = self.commitments;
        draft.detail = Some(self.detail);
    }

    fn head(&mut self, label: CommitmentLabel, lines: &[String]) {
        let hash = commit_head(&self.detail.secret, label, lines);
        self.commitments.insert(label, hash);
    }

    fn body(&mut self, label: CommitmentLabel, body: &BodyDigest) {
        let hash = commit_body(&self.detail.secret, label, &body.sha256);
        self.commitments.insert(label, hash);
    }

    fn bytes(&mut self, label: CommitmentLabel, bytes: &[u8]) {
        let hash = commit_bytes(&self.detail.secret, label, bytes);
        self.commitments.insert(label, hash);
    }
}

/// A header line as records hold it; none of one that may carry a secret.
fn line((name, value): (&HeaderName, &HeaderValue)) -> Option<String> {
    let name = name.as_str();
    if carries_secret(name) {
        return None;
    }
    // Nearly always ASCII, for which this check is the quick one.
    let value = match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value.as_bytes()),
    };
    Some([name, ": ", &value].concat())
}

/// The entry of a call that was refused before anything was forwarded.
pub(super) fn refused_draft(known: &Known, code: ErrorCode, randomness: &dyn Randomness) -> Draft {
    let mut draft = Draft::new(Kind::Call, "call.refused");
    code.as_str().clone_into(&mut draft.outcome);
    draft.actor = Some(actor(known));
    draft.subject = subject(&known.about);
    draft.directory = known.routes.root;
    draft.request_id = Some(known.envelope.id);
    draft.nonce = Some(known.caller.nonce.clone());
    Exhibit::of_request(known, randomness).put_into(&mut draft);
    draft
}

/// The caller, as entries name it.
pub(super) fn actor(known: &Known) -> ActorRef {
    let credential = &known.caller.credential;
    ActorRef {
        organisation: Some(credential.system.organisation.clone()),
        system: Some(credential.system.system.clone()),
        credential: Some(credential.keyid.as_str().to_owned()),
        role: None,
    }
}

/// What the call is about, as entries name it; the log adds the request id.
pub(super) fn subject(about: &About) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::new();
    let mut put = |name: &str, value: &str| subject.insert(name.to_owned(), value.to_owned());
    if let Some(service) = &about.service {
        put("service", &service.name);
    }
    if let Some(called) = &about.called {
        put(CALLED, called);
    }
    if let Some(connection) = &about.connection {
        put("connection", &connection.id.spelling());
        put("purpose", connection.purpose.as_str());
    }
    if about.environment.is_sandbox() {
        put("environment", &about.environment.to_string());
    }
    if let Some(operation) = &about.operation {
        put("operation", operation);
    }
    subject
}
