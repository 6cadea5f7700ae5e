use super::*;
use crate::canonical::from_canonical;
use crate::signature::Algorithm;
use crate::testing::{TestKey, sample_records};
use proptest::prelude::*;

const HEAD_NAME: &str = "lgsp.example/log/directory";

fn directory() -> Directory {
    Directory::new(sample_records()).unwrap()
}

fn signed(name: &str, key: &TestKey) -> SignedDirectory {
    let directory = directory();
    let text = directory.head(&name.parse().unwrap());
    let head = crate::note::SignedNote::assemble(&text, &[key.note_line(&text)]);
    SignedDirectory { head, directory }
}

#[test]
fn records_stand_in_the_order_of_their_keys() {
    let keys: Vec<String> = directory().records().iter().map(Record::key).collect();
    insta::assert_snapshot!(keys.join("\n"));
    for key in &keys {
        assert_eq!(directory().find(key).map(Record::key).as_ref(), Some(key));
    }
    assert_eq!(directory().find("system/H24.30"), None);
}

#[test]
fn each_record_has_one_spelling() {
    let lines: Vec<String> = sample_records()
        .iter()
        .map(|record| {
            let bytes = canonical_of(record).unwrap();
            assert_eq!(&from_canonical::<Record>(&bytes).unwrap(), record);
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_revoked_credential_says_since_when() {
    let mut records = sample_records();
    let revoked = records.iter_mut().find_map(|record| match record {
        Record::Credential(credential) => Some(credential),
        _ => None,
    });
    revoked.unwrap().revoked_at = Some("2026-06-01T00:00:00Z".parse().unwrap());
    let directory = Directory::new(records).unwrap();
    let record = directory.find("credential/mot-cua-hmac").unwrap();
    let bytes = canonical_of(record).unwrap();
    assert_eq!(&from_canonical::<Record>(&bytes).unwrap(), record);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(r#""revoked_at":"2026-06-01T00:00:00.000000Z""#), "{text}");
    assert_ne!(directory.root(), self::directory().root());
}

#[test]
fn the_root_does_not_depend_on_the_order_and_changes_with_any_record() {
    let mut records = sample_records();
    records.reverse();
    let root = directory().root();
    assert_eq!(Directory::new(records.clone()).unwrap().root(), root);
    records.pop();
    assert_ne!(Directory::new(records.clone()).unwrap().root(), root);
    assert_eq!(Directory::new(Vec::new()).unwrap().root(), crate::merkle::EMPTY_ROOT);
}

#[test]
fn records_that_contradict_are_refused() {
    let mut records = sample_records();
    records.push(records[0].clone());
    let error = Directory::new(records).unwrap_err();
    assert_eq!(error, DirectoryError::Duplicate(sample_records()[0].key()));
    for algorithm in [Algorithm::HmacSha256, Algorithm::Ed25519] {
        let mut records = sample_records();
        for record in &mut records {
            if let Record::Credential(credential) = record {
                credential.algorithm = algorithm;
            }
        }
        assert!(matches!(Directory::new(records), Err(DirectoryError::PublicKey(_))));
    }
    let mut records = sample_records();
    for record in &mut records {
        if let Record::Service(service) = record {
            service.max_body_bytes = 1 << 53;
        }
    }
    assert!(matches!(Directory::new(records), Err(DirectoryError::NotCanonical(_))));
}

#[test]
fn a_head_stands_for_one_directory_and_one_name() {
    let key = TestKey::new(HEAD_NAME, 2);
    let version = signed(HEAD_NAME, &key);
    assert_eq!(version.verify(&[key.verifier()]), Ok(()));
    let stranger = TestKey::new(HEAD_NAME, 3);
    assert_eq!(
        version.verify(&[stranger.verifier()]),
        Err(HeadError::Note(NoteError::NoKnownSignature))
    );
    let renamed = signed("lgsp.example/other/directory", &key);
    assert_eq!(renamed.verify(&[key.verifier()]), Err(HeadError::Other));
    let emptied = SignedDirectory { directory: Directory::new(Vec::new()).unwrap(), ..version };
    assert_eq!(emptied.verify(&[key.verifier()]), Err(HeadError::Other));
}

#[test]
fn an_extract_has_the_records_asked_for_that_exist() {
    let extract = directory().extract(["organisation/H24.30", "none", "organisation/H24.30"]);
    assert_eq!(extract.records.len(), 1);
    assert!(extract.find("organisation/H24.30").is_some());
    assert!(extract.find("organisation/H24.12").is_none());
    assert_eq!(extract.verify(&directory().root()), Ok(()));
    let bytes = canonical_of(&extract).unwrap();
    assert_eq!(from_canonical::<DirectoryExtract>(&bytes).unwrap(), extract);
}

#[test]
fn an_altered_extract_is_refused() {
    let directory = directory();
    let keys: Vec<String> = directory.records().iter().map(Record::key).collect();
    let extract = directory.extract(keys.iter().map(String::as_str));
    assert_eq!(extract.records.len(), keys.len());
    assert_eq!(extract.verify(&directory.root()), Ok(()));
    let not_there = |extract: &DirectoryExtract| {
        matches!(extract.verify(&directory.root()), Err(ExtractError::NotThere { .. }))
    };
    assert!(matches!(extract.verify(&[0; 32]), Err(ExtractError::NotThere { .. })));
    let mut altered = extract.clone();
    altered.size += 8;
    assert!(not_there(&altered));
    let mut altered = extract.clone();
    for proven in &mut altered.records {
        if let Record::Connection(connection) = &mut proven.record {
            connection.legal_basis.push('!');
        }
    }
    assert!(not_there(&altered));
    let mut altered = extract;
    altered.records.swap(0, 1);
    assert_eq!(altered.verify(&directory.root()), Err(ExtractError::Order));
}

proptest! {
    #[test]
    fn any_bytes_are_a_record_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = from_canonical::<Record>(&bytes);
    }
}
