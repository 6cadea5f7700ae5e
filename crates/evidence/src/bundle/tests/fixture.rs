//! A directory, a call decided by it, and the keys by which both are believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use testkit::SeededRandomness;
use wire::ambient::{Clock, UtcMicros};
use wire::checkpoint::Origin;
use wire::commitment::{
    CommitmentLabel as Label, EntrySecret, commit_body, commit_bytes, commit_head,
};
use wire::directory::{Directory, OrganisationRecord, Record, SignedDirectory, SystemRecord};
use wire::entry::{ActorRef, Kind, Members};
use wire::id::RequestId;
use wire::merkle::{Hash, sha256};
use wire::note::{NoteVerifier, SignedNote, note_signature_line};
use wire::trust::{DirectoryKey, TrustFile, TrustedLog};

use crate::bundle::{Disclosure, Wanted, find, make};
use crate::history::DirectoryHistory;
use crate::log::{BodyDigest, Detail, Draft};
use crate::testing::{Opened, Place, origin};

pub(super) const BEARER: &str = "authorization: Bearer very-secret";

pub(super) fn trust(place: &Place) -> TrustFile {
    let from = UtcMicros::from_seconds(0);
    let vkey = NoteVerifier::new(directory_origin().as_ref(), place.signer.public_key()).unwrap();
    TrustFile {
        logs: vec![TrustedLog { origin: origin(), vkey: place.verifier(), from, until: None }],
        directory_keys: vec![DirectoryKey { vkey, from, until: None }],
        ..TrustFile::default()
    }
}

pub(super) fn directory_origin() -> Origin {
    origin().directory().unwrap()
}

/// A version in which the provider's organisation has this name.
pub(super) fn version(place: &Place, provider: &str) -> SignedDirectory {
    let organisation = |code: &str, name: &str| {
        Record::Organisation(OrganisationRecord { code: code.parse().unwrap(), name: name.into() })
    };
    let id = "H24.30/mot-cua".parse().unwrap();
    let records = vec![
        organisation("H24.12", provider),
        organisation("H24.30", "UBND phường"),
        organisation("H24.99", "người ngoài"),
        Record::System(SystemRecord {
            id,
            name: "Một cửa".into(),
            networks: Vec::new(),
            level: None,
        }),
    ];
    let directory = Directory::new(records).unwrap();
    let text = directory.head(&directory_origin());
    let signature = place.signer.sign(text.as_bytes());
    let name = directory_origin();
    let line = note_signature_line(name.as_ref(), &place.signer.public_key(), &signature);
    SignedDirectory { head: SignedNote::assemble(&text, &[line]), directory }
}

pub(super) async fn publish(open: &Opened, version: &SignedDirectory) {
    let mut change = open.recorder().await.change_by_platform("directory.published").await.unwrap();
    DirectoryHistory::store(&mut change, version).await.unwrap();
    change.concerns_directory(version.directory.root());
    change.record(BTreeMap::new()).await.unwrap();
}

pub(super) fn detail() -> Detail {
    Detail {
        secret: EntrySecret::new(&SeededRandomness::new(9)),
        request_head: ["GET /units", BEARER, "accept: */*"].into_iter().collect(),
        request_body: None,
        response_head: ["200", "content-type: application/json"].into_iter().collect(),
        response_body: Some(BodyDigest { sha256: sha256(&[b"{}"]), length: 2 }),
        signature_base: "\"@method\": GET".into(),
        signature: vec![1, 2, 3],
        response_signature_base: String::new(),
        response_signature: Vec::new(),
    }
}

pub(super) fn commitments(detail: &Detail) -> BTreeMap<Label, Hash> {
    let secret = &detail.secret;
    BTreeMap::from([
        (Label::RequestHead, commit_head(secret, Label::RequestHead, detail.request_head.iter())),
        (
            Label::ResponseHead,
            commit_head(secret, Label::ResponseHead, detail.response_head.iter()),
        ),
        (Label::ResponseBody, commit_body(secret, Label::ResponseBody, &sha256(&[b"{}"]))),
        (
            Label::SignatureBase,
            commit_bytes(secret, Label::SignatureBase, detail.signature_base.as_bytes()),
        ),
        (Label::Signature, commit_bytes(secret, Label::Signature, &detail.signature)),
    ])
}

/// An entry of a call, decided by the directory with this root.
pub(super) fn call(action: &str, request_id: RequestId, root: Hash) -> Draft {
    let detail = detail();
    Draft {
        actor: Some(Arc::new(Members::from(&ActorRef {
            organisation: Some("H24.30".parse().unwrap()),
            system: Some("mot-cua".parse().unwrap()),
            ..ActorRef::default()
        }))),
        subject: [("service", "H24.12/don-vi-hanh-chinh/danh-muc/v1")].into(),
        outcome: "200".to_owned(),
        directory: Some(root),
        commitments: commitments(&detail).into_iter().collect(),
        detail: Some(detail),
        request_id: Some(request_id),
        ..Draft::new(Kind::Call, action.to_owned())
    }
}

pub(super) fn new_call(place: &Place) -> RequestId {
    RequestId::new(place.clock.now(), &*place.randomness)
}

pub(super) async fn made(open: &Opened, wanted: Wanted, disclosure: Disclosure) -> Vec<u8> {
    let history = DirectoryHistory::new(open.database.clone());
    let entries = find(&open.log, wanted).await.unwrap();
    make(&open.log, &history, &entries, disclosure).await.unwrap()
}
