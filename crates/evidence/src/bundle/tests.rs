use std::collections::BTreeMap;

use testkit::SeededRandomness;
use wire::ambient::{Clock, UtcMicros};
use wire::bundle::{Revealed, verify};
use wire::checkpoint::Origin;
use wire::commitment::{CommitmentLabel as Label, EntrySecret, commit_body, commit_bytes, commit_head};
use wire::directory::{Directory, OrganisationRecord, Record, SignedDirectory, SystemRecord};
use wire::entry::{ActorRef, Kind};
use wire::merkle::sha256;
use wire::note::{NoteVerifier, SignedNote, note_signature_line};
use wire::trust::{DirectoryKey, TrustFile, TrustedLog};

use super::*;
use crate::log::{BodyDigest, Detail, Draft};
use crate::testing::{Opened, Place, origin};

const BEARER: &str = "authorization: Bearer very-secret";

fn trust(place: &Place) -> TrustFile {
    let from = UtcMicros::from_seconds(0);
    let vkey = NoteVerifier::new(directory_origin().as_ref(), place.signer.public_key()).unwrap();
    TrustFile {
        logs: vec![TrustedLog { origin: origin(), vkey: place.verifier(), from, until: None }],
        directory_keys: vec![DirectoryKey { vkey, from, until: None }],
        ..TrustFile::default()
    }
}

fn directory_origin() -> Origin {
    origin().directory().unwrap()
}

/// A version in which the provider's organisation has this name.
fn version(place: &Place, provider: &str) -> SignedDirectory {
    let organisation = |code: &str, name: &str| {
        Record::Organisation(OrganisationRecord { code: code.parse().unwrap(), name: name.into() })
    };
    let id = "H24.30/mot-cua".parse().unwrap();
    let records = vec![
        organisation("H24.12", provider),
        organisation("H24.30", "UBND phường"),
        organisation("H24.99", "người ngoài"),
        Record::System(SystemRecord { id, name: "Một cửa".into() }),
    ];
    let directory = Directory::new(records).unwrap();
    let text = directory.head(&directory_origin());
    let signature = place.signer.sign(text.as_bytes());
    let name = directory_origin();
    let line = note_signature_line(name.as_ref(), &place.signer.public_key(), &signature);
    SignedDirectory { head: SignedNote::assemble(&text, &[line]), directory }
}

async fn publish(open: &Opened, version: &SignedDirectory) {
    let mut change = open.recorder().await.change_by_platform("directory.published").await.unwrap();
    DirectoryHistory::store(&mut change, version).await.unwrap();
    change.concerns_directory(version.directory.root());
    change.record(BTreeMap::new()).await.unwrap();
}

fn detail() -> Detail {
    Detail {
        secret: EntrySecret::new(&SeededRandomness::new(9)),
        request_head: vec!["GET /units".into(), BEARER.into(), "accept: */*".into()],
        request_body: None,
        response_head: vec!["200".into(), "content-type: application/json".into()],
        response_body: Some(BodyDigest { sha256: sha256(&[b"{}"]), length: 2 }),
        signature_base: "\"@method\": GET".into(),
        signature: vec![1, 2, 3],
    }
}

fn commitments(detail: &Detail) -> BTreeMap<Label, Hash> {
    let secret = &detail.secret;
    BTreeMap::from([
        (Label::RequestHead, commit_head(secret, Label::RequestHead, &detail.request_head)),
        (Label::ResponseHead, commit_head(secret, Label::ResponseHead, &detail.response_head)),
        (Label::ResponseBody, commit_body(secret, Label::ResponseBody, &sha256(&[b"{}"]))),
        (
            Label::SignatureBase,
            commit_bytes(secret, Label::SignatureBase, detail.signature_base.as_bytes()),
        ),
        (Label::Signature, commit_bytes(secret, Label::Signature, &detail.signature)),
    ])
}

/// An entry of a call, decided by the directory with this root.
fn call(action: &str, request_id: RequestId, root: Hash) -> Draft {
    let detail = detail();
    Draft {
        actor: Some(ActorRef {
            organisation: Some("H24.30".parse().unwrap()),
            system: Some("mot-cua".parse().unwrap()),
            ..ActorRef::default()
        }),
        subject: BTreeMap::from([(
            "service".to_owned(),
            "H24.12/don-vi-hanh-chinh/danh-muc/v1".to_owned(),
        )]),
        outcome: "200".to_owned(),
        directory: Some(root),
        commitments: commitments(&detail),
        detail: Some(detail),
        request_id: Some(request_id),
        ..Draft::new(Kind::Call, action)
    }
}

fn new_call(place: &Place) -> RequestId {
    RequestId::new(place.clock.now(), &*place.randomness)
}

async fn made(open: &Opened, wanted: Wanted, disclosure: Disclosure) -> Vec<u8> {
    let history = DirectoryHistory::new(open.database.clone());
    let entries = find(&open.log, wanted).await.unwrap();
    make(&open.log, &history, &entries, disclosure).await.unwrap()
}

#[tokio::test]
async fn the_bundle_of_an_old_call_is_verified_by_wire_and_carries_the_directory_of_its_time() {
    let place = Place::new();
    let open = place.open().await;
    let (old, new) = (version(&place, "Sở Nội vụ"), version(&place, "Sở mới"));
    publish(&open, &old).await;
    let request_id = new_call(&place);
    open.log.append(call("call.completed", request_id, old.directory.root())).await.unwrap();
    publish(&open, &new).await;

    let bytes = made(&open, Wanted::Call(request_id), Disclosure::Open).await;
    let bundle = Bundle::open(&bytes).unwrap();
    verify(&bundle, &trust(&place)).unwrap();
    let [version] = &bundle.parts().directories[..] else { panic!("one version") };
    assert_eq!(version.root(), Some(old.directory.root()));
    let keys: Vec<String> =
        version.extract.records.iter().map(|proven| proven.record.key()).collect();
    assert_eq!(keys, ["organisation/H24.12", "organisation/H24.30", "system/H24.30/mot-cua"]);
}

#[tokio::test]
async fn a_bundle_with_any_byte_flipped_is_refused() {
    let place = Place::new();
    let open = place.open().await;
    let version = version(&place, "Sở Nội vụ");
    publish(&open, &version).await;
    let request_id = new_call(&place);
    open.log.append(call("call.completed", request_id, version.directory.root())).await.unwrap();
    let bytes = made(&open, Wanted::Call(request_id), Disclosure::Open).await;
    let trust = trust(&place);
    for at in (0..bytes.len()).step_by(7) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        let verdict = Bundle::open(&bytes).and_then(|bundle| verify(&bundle, &trust));
        assert!(verdict.is_err(), "flipped at {at}");
    }
}

#[tokio::test]
async fn everything_is_revealed_but_secrets_and_only_if_asked() {
    let place = Place::new();
    let open = place.open().await;
    let request_id = new_call(&place);
    open.log.append(call("call.completed", request_id, [1; 32])).await.unwrap();

    let bytes = made(&open, Wanted::Call(request_id), Disclosure::Open).await;
    assert!(!bytes.windows(BEARER.len()).any(|window| window == BEARER.as_bytes()));
    let bundle = Bundle::open(&bytes).unwrap();
    verify(&bundle, &trust(&place)).unwrap();
    let revealed = &bundle.parts().entries[0].revealed;
    let labels: Vec<Label> = revealed.keys().copied().collect();
    assert_eq!(labels, commitments(&detail()).into_keys().collect::<Vec<_>>());
    let Some(Revealed::Lines(lines)) = revealed.get(&Label::RequestHead) else { panic!("lines") };
    let lines: Vec<_> = lines.iter().map(|proof| (proof.index, proof.line.as_str())).collect();
    assert_eq!(lines, [(0, "GET /units"), (2, "accept: */*")]);

    let bytes = made(&open, Wanted::Call(request_id), Disclosure::Closed).await;
    let bundle = Bundle::open(&bytes).unwrap();
    verify(&bundle, &trust(&place)).unwrap();
    assert!(bundle.parts().entries[0].revealed.is_empty());
}

#[tokio::test]
async fn all_entries_of_a_long_call_are_in_its_bundle_and_one_by_its_index() {
    let place = Place::new();
    let open = place.open().await;
    let request_id = new_call(&place);
    open.log.append(call("call.opened", request_id, [1; 32])).await.unwrap();
    open.log.append(call("call.completed", new_call(&place), [1; 32])).await.unwrap();
    open.log.append(call("call.closed", request_id, [1; 32])).await.unwrap();
    let indices = |bytes: &[u8]| {
        let bundle = Bundle::open(bytes).unwrap();
        verify(&bundle, &trust(&place)).unwrap();
        bundle.parts().entries.iter().map(|part| part.index).collect::<Vec<_>>()
    };
    assert_eq!(indices(&made(&open, Wanted::Call(request_id), Disclosure::Open).await), [0, 2]);
    assert_eq!(indices(&made(&open, Wanted::Entry(1), Disclosure::Open).await), [1]);
    assert_eq!(find(&open.log, Wanted::Entry(3)).await.unwrap(), []);
    assert_eq!(find(&open.log, Wanted::Call(new_call(&place))).await.unwrap(), []);
}

#[tokio::test]
async fn a_detail_that_does_not_fit_its_commitment_is_left_out() {
    let place = Place::new();
    let open = place.open().await;
    let request_id = new_call(&place);
    let mut draft = call("call.completed", request_id, [1; 32]);
    draft.commitments.insert(Label::Signature, [0; 32]);
    open.log.append(draft).await.unwrap();
    let bytes = made(&open, Wanted::Call(request_id), Disclosure::Open).await;
    let bundle = Bundle::open(&bytes).unwrap();
    verify(&bundle, &trust(&place)).unwrap();
    assert!(!bundle.parts().entries[0].revealed.contains_key(&Label::Signature));
}

#[tokio::test]
async fn a_directory_version_that_was_altered_in_the_database_is_not_believed() {
    let place = Place::new();
    let open = place.open().await;
    let version = version(&place, "Sở Nội vụ");
    publish(&open, &version).await;
    let history = DirectoryHistory::new(open.database.clone());
    let root = version.directory.root();
    assert_eq!(history.find(&root).await.unwrap(), Some(version));
    assert_eq!(history.find(&[0; 32]).await.unwrap(), None);
    assert_eq!(history.list(5).await.unwrap(), [(root, place.clock.now())]);

    let mut change = open.recorder().await.change_by_platform("test.altered").await.unwrap();
    let sql = "UPDATE evidence_directory SET records = replace(records, 'Sở Nội vụ', 'Sở khác')";
    assert_eq!(change.execute(sql, &[]).await.unwrap(), 1);
    change.record(BTreeMap::new()).await.unwrap();
    assert!(matches!(history.find(&root).await, Err(HistoryError::Damaged { .. })));
}

#[test]
fn a_wanted_thing_is_a_request_id_or_an_index() {
    let id = "01935700-0000-7000-8000-000000000000";
    assert_eq!(id.parse(), Ok(Wanted::Call(id.parse().unwrap())));
    assert_eq!("17".parse(), Ok(Wanted::Entry(17)));
    for text in ["", "-1", "+1", "18446744073709551616", "x", "1 "] {
        assert_eq!(text.parse::<Wanted>(), Err(NotWanted));
    }
}
