mod fixture;

use std::collections::BTreeMap;

use wire::ambient::Clock;
use wire::bundle::{Revealed, verify};
use wire::commitment::CommitmentLabel as Label;
use wire::directory::SignedDirectory;

use self::fixture::{BEARER, call, commitments, detail, made, new_call, publish, trust, version};
use super::*;
use crate::testing::Place;

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
    draft.commitments.commit(Label::Signature, &[0; 32]);
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
    let now = place.clock.now();
    assert_eq!(history.find_at(&root, now).await.unwrap(), Some(version));
    assert_eq!(history.find_at(&[0; 32], now).await.unwrap(), None);

    let mut change = open.recorder().await.change_by_platform("test.altered").await.unwrap();
    let sql = "UPDATE evidence_directory SET records = replace(records, 'Sở Nội vụ', 'Sở khác')";
    assert_eq!(change.execute(sql, &[]).await.unwrap(), 1);
    change.record(BTreeMap::new()).await.unwrap();
    let found = history.find_at(&root, now).await;
    assert!(matches!(found, Err(HistoryError::Damaged { .. })));
    assert!(matches!(history.last().await, Err(HistoryError::Damaged { .. })));
}

#[tokio::test]
async fn a_version_signed_by_two_keys_is_shown_with_the_signature_of_the_call_s_time() {
    let place = Place::new();
    let open = place.open().await;
    let first = version(&place, "Sở Nội vụ");
    publish(&open, &first).await;
    let between = place.clock.now();
    place.clock.advance(Duration::from_mins(1));
    let second = SignedDirectory {
        head: first.head.replace("evidence.test/log/directory ", "another.key "),
        directory: first.directory.clone(),
    };
    publish(&open, &second).await;
    let history = DirectoryHistory::new(open.database.clone());
    let root = first.directory.root();
    assert_eq!(history.last().await.unwrap(), Some(second.clone()));
    assert_eq!(history.find_at(&root, place.clock.now()).await.unwrap(), Some(second));
    assert_eq!(history.find_at(&root, between).await.unwrap(), Some(first.clone()));
    let too_early = between.saturating_sub(Duration::from_secs(1));
    assert_eq!(history.find_at(&root, too_early).await.unwrap(), Some(first));
}

#[tokio::test]
async fn going_back_to_an_old_version_makes_it_the_last_again() {
    let place = Place::new();
    let open = place.open().await;
    let history = DirectoryHistory::new(open.database.clone());
    assert_eq!(history.last().await.unwrap(), None);
    let (first, second) = (version(&place, "Sở Nội vụ"), version(&place, "Sở khác"));
    for published in [&first, &second, &first] {
        // All at one time: their order is that of their changes, not of the clock.
        publish(&open, published).await;
        assert_eq!(history.last().await.unwrap().as_ref(), Some(published));
    }
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
