use super::*;
use crate::testing::TestKey;
use proptest::prelude::*;
use signed_note::{Note, StandardVerifier, VerifierList};

fn signed(text: &str, keys: &[&TestKey]) -> String {
    let lines: Vec<String> = keys.iter().map(|key| key.note_line(text)).collect();
    SignedNote::assemble(text, &lines)
}

#[test]
fn a_note_opens_with_the_key_that_signed_it() {
    let key = TestKey::new("log.example/a", 1);
    let note = signed("first\n\nsecond\n", &[&key]);
    assert_eq!(open(&note, &[key.verifier()]), Ok("first\n\nsecond\n"));
}

#[test]
fn an_independent_reader_opens_our_notes() {
    let key = TestKey::new("log.example/a", 1);
    let note = signed("first\nsecond\n", &[&key]);
    let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
    let parsed = Note::from_bytes(note.as_bytes()).unwrap();
    let known = VerifierList::new(vec![Box::new(verifier)]);
    let (fitting, strange) = parsed.verify(&known).unwrap();
    assert_eq!((fitting.len(), strange.len()), (1, 0));
    assert_eq!(parsed.text(), b"first\nsecond\n");
}

/// The example key and note of the Go package `golang.org/x/mod/sumdb/note`.
#[test]
fn a_published_note_opens() {
    let verifier: NoteVerifier =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let note = format!(
        "{text}\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    assert_eq!(open(&note, &[verifier]), Ok(text));
}

#[test]
fn a_stranger_s_signature_is_ignored_but_not_enough() {
    let (key, stranger) = (TestKey::new("log.example/a", 1), TestKey::new("witness", 2));
    let note = signed("text\n", &[&stranger, &key]);
    assert_eq!(open(&note, &[key.verifier()]), Ok("text\n"));
    let note = signed("text\n", &[&stranger]);
    assert_eq!(open(&note, &[key.verifier()]), Err(NoteError::NoKnownSignature));
    let namesake = TestKey::new("log.example/a", 3);
    let note = signed("text\n", &[&namesake]);
    assert_eq!(open(&note, &[key.verifier()]), Err(NoteError::NoKnownSignature));
}

#[test]
fn one_wrong_signature_of_a_known_key_spoils_the_note() {
    let (key, other) = (TestKey::new("log.example/a", 1), TestKey::new("log.example/b", 2));
    let lines = [key.note_line("text\n"), other.note_line("another text\n")];
    let note = SignedNote::assemble("text\n", &lines);
    assert_eq!(
        open(&note, &[key.verifier(), other.verifier()]),
        Err(NoteError::WrongSignature("log.example/b".to_owned()))
    );
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    let key = TestKey::new("log.example/a", 1);
    let note = signed("text of a note\n", &[&key]);
    for bit in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = String::from_utf8(bytes).map(|note| open(&note, &[key.verifier()]).is_ok());
        assert_ne!(opened, Ok(true), "bit {bit}");
    }
}

#[test]
fn what_is_no_note_is_refused() {
    for note in [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\n\u{2014} name AAAAAA==",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u{2014} name\n",
        "text\n\n\u{2014} name AAAAAA==\n",
        "text\n\n\u{2014} na+me AAAAAAA=\n",
        "text\n\n\u{2014}  AAAAAAA=\n",
        "te\rxt\n\n\u{2014} name AAAAAAA=\n",
    ] {
        assert!(note.parse::<SignedNote>().is_err(), "{note:?}");
    }
    let many = "\u{2014} name AAAAAAA=\n".repeat(MAX_SIGNATURES + 1);
    assert!(format!("text\n\n{many}").parse::<SignedNote>().is_err());
}

#[test]
fn a_verifier_key_must_fit_its_hash() {
    let vkey = TestKey::new("log.example/a", 1).verifier().to_string();
    assert_eq!(vkey.parse::<NoteVerifier>().unwrap().to_string(), vkey);
    let renamed = vkey.replace("log.example/a", "log.example/b");
    assert_eq!(renamed.parse::<NoteVerifier>(), Err(VerifierError::WrongHash));
    assert_eq!("a+00000000+Ag==".parse::<NoteVerifier>(), Err(VerifierError::UnknownAlgorithm));
    assert_eq!("a+00000000".parse::<NoteVerifier>(), Err(VerifierError::Malformed));
    assert!(NoteVerifier::new("a b", [0; 32]).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_prints_the_same(
        text in "(\\PC{0,20}\n){0,3}\n?(\u{2014} [a-z ]{1,6} [A-Za-z0-9+/=]{0,12}\n){0,3}"
    ) {
        if let Ok(note) = text.parse::<SignedNote>() {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn any_verifier_key_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = text.parse::<NoteVerifier>();
    }
}
