use super::*;
use crate::canonical::canonical_of;
use crate::testing::FixedRandomness;
use proptest::prelude::*;

fn completed_call() -> Entry {
    let time: UtcMicros = "2026-11-23T08:00:00.000001Z".parse().unwrap();
    Entry {
        id: EntryId::new(time, &FixedRandomness(7)),
        time,
        kind: Kind::Call,
        action: "call.completed".to_owned(),
        actor: Some(ActorRef {
            organisation: Some("H24.30".parse().unwrap()),
            system: Some("mot-cua".parse().unwrap()),
            credential: Some("mot-cua-hmac".to_owned()),
            role: None,
        }),
        subject: BTreeMap::from([
            ("service".to_owned(), "H24.12/don-vi-hanh-chinh/danh-muc/v1".to_owned()),
            ("request_id".to_owned(), "0193578c-0000-7000-8000-000000000000".to_owned()),
        ]),
        outcome: "200".to_owned(),
        directory: Some([1; 32]),
        commitments: BTreeMap::from([
            (CommitmentLabel::SignatureBase, [2; 32]),
            (CommitmentLabel::RequestHead, [3; 32]),
        ]),
        sequence: Some(42),
    }
}

#[test]
fn an_entry_is_canonical_json_of_version_1() {
    let bytes = completed_call().to_canonical().unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes.clone()).unwrap());
    assert_eq!(Entry::parse(&bytes), Ok(completed_call()));
}

#[test]
fn absent_members_are_left_out() {
    let entry = Entry {
        actor: None,
        subject: BTreeMap::new(),
        directory: None,
        commitments: BTreeMap::new(),
        sequence: None,
        ..completed_call()
    };
    let bytes = entry.to_canonical().unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes.clone()).unwrap());
    assert_eq!(Entry::parse(&bytes), Ok(entry));
}

#[test]
fn another_spelling_of_an_entry_is_refused() {
    let text = String::from_utf8(completed_call().to_canonical().unwrap()).unwrap();
    let refused = |text: &str| Entry::parse(text.as_bytes()).unwrap_err();
    let spelling = EntryError::NotCanonical(NotCanonical::OtherSpelling);
    assert_eq!(refused(&format!("{text} ")), spelling);
    assert_eq!(refused(&text.replace("\"v\":1", "\"v\":1,\"w\":1")), spelling);
    assert_eq!(refused(&text.replace("200", "\\u0032\\u0030\\u0030")), spelling);
    assert_eq!(refused(&text.replace(".000001Z", ".1Z")), spelling);
    assert_eq!(refused(&text.replace("\"v\":1", "\"v\":2")), EntryError::Version);
    for broken in ["", "{}", "[]", &text.replace("call.completed", "\u{0}"), &text[1..]] {
        let error = refused(broken);
        assert!(matches!(error, EntryError::NotCanonical(NotCanonical::Json(_))), "{error}");
    }
}

#[test]
fn another_time_in_its_place_is_the_entry_of_that_time() {
    let mut bytes = completed_call().to_canonical().unwrap();
    let time = UtcMicros::MAX;
    set_time(&mut bytes, time).unwrap();
    assert_eq!(Entry::parse(&bytes), Ok(Entry { time, ..completed_call() }));
    assert_eq!(set_time(&mut [0; 34], time), None);
}

#[test]
fn an_entry_beyond_its_limits_is_not_written() {
    let entry = Entry { action: "x".repeat(MAX_ENTRY_BYTES), ..completed_call() };
    assert!(matches!(entry.to_canonical(), Err(EntryError::TooLong(_))));
    let entry = Entry { sequence: Some(MAX_INTEGER + 1), ..completed_call() };
    assert_eq!(entry.to_canonical(), Err(EntryError::Sequence(MAX_INTEGER + 1)));
    for name in ["", "A", "é", "1a", "a b", "a\""] {
        let subject = BTreeMap::from([(name.to_owned(), String::new())]);
        let entry = Entry { subject, ..completed_call() };
        assert_eq!(entry.to_canonical(), Err(EntryError::SubjectName(name.to_owned())));
    }
    assert_eq!(
        Entry::parse(&vec![b' '; MAX_ENTRY_BYTES + 1]),
        Err(EntryError::TooLong(MAX_ENTRY_BYTES + 1))
    );
}

fn entries() -> impl Strategy<Value = Entry> {
    let label = prop::sample::select(CommitmentLabel::ALL.to_vec());
    let actor = (any::<bool>(), any::<bool>(), prop::option::of(any::<String>()), any::<bool>());
    let actor = actor.prop_map(|(organisation, system, credential, role)| ActorRef {
        organisation: organisation.then(|| "H24.30.001".parse().unwrap()),
        system: system.then(|| "mot-cua".parse().unwrap()),
        credential,
        role: role.then_some(Role::Operator),
    });
    (
        0..=UtcMicros::MAX.as_micros(),
        prop::sample::select(Kind::ALL.to_vec()),
        any::<(String, String)>(),
        prop::option::of(actor),
        prop::collection::btree_map("[a-z][a-z0-9_]{0,8}", any::<String>(), 0..5),
        prop::option::of(any::<Hash>()),
        prop::collection::btree_map(label, any::<Hash>(), 0..6),
        prop::option::of(0..=MAX_INTEGER),
    )
        .prop_map(|(time, kind, texts, actor, subject, directory, commitments, sequence)| {
            let time = UtcMicros::from_micros(time);
            let (action, outcome) = texts;
            let id = EntryId::new(time, &FixedRandomness(3));
            Entry {
                id,
                time,
                kind,
                action,
                actor,
                subject,
                outcome,
                directory,
                commitments,
                sequence,
            }
        })
}

proptest! {
    #[test]
    fn the_writer_writes_canonical_json_and_it_reads_back(entry in entries()) {
        let bytes = entry.to_canonical().unwrap();
        let versioned = Versioned { v: VERSION, entry };
        prop_assert_eq!(&canonical_of(&versioned).unwrap(), &bytes);
        prop_assert_eq!(Entry::parse(&bytes).unwrap(), versioned.entry);
    }

    #[test]
    fn no_changed_byte_reads_as_the_same_entry(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let entry = completed_call();
        let mut bytes = entry.to_canonical().unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert_ne!(Entry::parse(&bytes), Ok(entry));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::parse(&bytes);
    }
}
