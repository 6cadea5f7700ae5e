//! Bundles that somebody changed, from an accident on the disk to a forger who makes everything
//! fit that can be made to fit without a key.

use super::super::*;
use super::sample::{Sample, TrustFile, answer_base};
use crate::container::{File, write};

fn accepted(bytes: &[u8], trust: &TrustFile) -> Result<Verdict, BundleRefusal> {
    verify(&Bundle::open(bytes)?, trust)
}

fn pack(files: &[File]) -> Vec<u8> {
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    write(&files).unwrap()
}

/// Makes the manifest fit the files, as a forger would.
fn with_manifest(files: &[File]) -> Vec<File> {
    let mut files = files.to_vec();
    let manifest = manifest::write(&files[2..]);
    files[1].1 = manifest.into_bytes();
    files
}

#[test]
fn every_single_changed_byte_is_refused_with_a_reason() {
    let trust = Sample::trust();
    let signed = Sample::signed_answer("don-vi-ed25519", &answer_base("don-vi-ed25519"));
    // Of the longer one every fifth, to spare the reader's time.
    for (sample, step) in [(Sample::ed25519_call(), 1), (signed, 5)] {
        refuses_every_change(&sample, step, &trust);
    }
}

fn refuses_every_change(sample: &Sample, step: usize, trust: &TrustFile) {
    let bytes = Bundle::assemble(sample.parts()).unwrap();
    assert!(accepted(&bytes, trust).is_ok());
    let mut changed = bytes.clone();
    for at in (0..bytes.len()).step_by(step) {
        for flip in [1 << (at % 8), 0xff] {
            changed[at] = bytes[at] ^ flip;
            let refusal = accepted(&changed, trust).expect_err(&format!("byte {at}"));
            assert!(!refusal.file.is_empty() && !refusal.reason.vi.is_empty());
        }
        changed[at] = bytes[at];
    }
}

#[test]
fn a_changed_file_is_refused_though_container_and_manifest_fit() {
    let sample = Sample::ed25519_call();
    let trust = Sample::trust();
    let files = container::read(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    for (number, (name, content)) in files.iter().enumerate() {
        // Every byte of the small files; of the long ones every fifth, to spare the reader's time.
        let step = if content.len() < 2_000 { 1 } else { 5 };
        for at in (0..content.len()).step_by(step) {
            let mut files = files.clone();
            files[number].1[at] ^= 1 << (at % 8);
            assert!(accepted(&pack(&files), &trust).is_err(), "{name}, byte {at}");
            if number >= 2 {
                let files = with_manifest(&files);
                assert!(
                    accepted(&pack(&files), &trust).is_err(),
                    "{name}, byte {at}, manifest too"
                );
            }
        }
    }
}

#[test]
fn files_that_are_missing_added_or_moved_are_refused() {
    let sample = Sample::hmac_call();
    let files = container::read(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    for number in 0..files.len() {
        let mut fewer = files.clone();
        fewer.remove(number);
        assert!(Bundle::open(&pack(&fewer)).is_err(), "without {}", files[number].0);
        for position in 0..=files.len() {
            let mut more = files.clone();
            more.insert(position, ("more.txt".to_owned(), Vec::new()));
            assert_eq!(Bundle::open(&pack(&more)).unwrap_err().file, "more.txt");
        }
        let mut moved = files.clone();
        moved.swap(number, (number + 1) % files.len());
        assert!(Bundle::open(&pack(&moved)).is_err());
    }
}

#[test]
fn another_summary_is_refused_though_everything_else_fits() {
    let sample = Sample::hmac_call();
    let mut files = container::read(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    let summary = files.iter_mut().find(|(name, _)| name == SUMMARY).unwrap();
    let text = String::from_utf8(summary.1.clone()).unwrap();
    summary.1 = text.replace("HTTP 200 (thành công)", "HTTP 403").into_bytes();
    let refusal = Bundle::open(&pack(&with_manifest(&files))).unwrap_err();
    assert_eq!(refusal.file, SUMMARY);
}

#[test]
fn an_entry_of_another_log_is_refused_though_everything_else_fits() {
    let (sample, other) = (Sample::hmac_call(), Sample::ed25519_call());
    let mut parts = sample.parts();
    parts.entries[0].bytes = other.parts().entries[0].bytes.clone();
    let bytes = Bundle::assemble(parts).unwrap();
    assert_eq!(accepted(&bytes, &Sample::trust()).unwrap_err().file, "proof.json");
}

#[test]
fn a_checkpoint_signed_by_another_key_is_refused() {
    let sample = Sample::hmac_call();
    let mut parts = sample.parts();
    let (text, _) = parts.checkpoint.rsplit_once("\n\n").unwrap();
    let text = format!("{text}\n");
    let stranger = crate::testing::TestKey::new(super::sample::LOG, 77);
    parts.checkpoint = SignedNote::assemble(&text, &[stranger.note_line(&text)]);
    let bytes = Bundle::assemble(parts).unwrap();
    assert_eq!(accepted(&bytes, &Sample::trust()).unwrap_err().file, "checkpoint");
}

#[test]
fn a_directory_that_the_entry_does_not_name_is_refused() {
    let sample = Sample::hmac_call();
    let mut parts = sample.parts();
    parts.directories.push(parts.directories[0].clone());
    let bytes = Bundle::assemble(parts).unwrap();
    assert_eq!(accepted(&bytes, &Sample::trust()).unwrap_err().file, "directory.json");
    let mut parts = Sample::stranger_refused().parts();
    parts.directories = sample.parts().directories;
    let bytes = Bundle::assemble(parts).unwrap();
    assert_eq!(accepted(&bytes, &Sample::trust()).unwrap_err().file, "directory.json");
}

mod any_input {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Bundle::open(&bytes);
        }

        #[test]
        fn any_files_are_opened_or_refused(
            contents in prop::collection::vec("\\PC{0,40}", 8)
        ) {
            let names = [
                MIMETYPE, MANIFEST, "entries/0.json", PROOF, CHECKPOINT, REVEALED, DIRECTORY, SUMMARY,
            ];
            let files: Vec<File> = names
                .iter()
                .zip(contents)
                .map(|(name, content)| ((*name).to_owned(), content.into_bytes()))
                .collect();
            prop_assert!(Bundle::open(&pack(&files)).is_err());
        }
    }
}
