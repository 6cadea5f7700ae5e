use std::sync::Arc;
use std::time::Duration;

use keys::{CallerKey, Ed25519Key, SystemRandomness};
use proptest::prelude::*;
use wire::trust::TrustFile;

use super::platform::{Flaw, ORIGIN, Platform, SIZE, Standing, log_files, start};
use crate::{EntryPlace, LogReader, ProvedEntry, State, UnprovedEntry};

async fn platform() -> Platform {
    let caller = CallerKey::hmac_sha256(&[7; 32]).unwrap();
    start(Flaw::None, caller, &Arc::new(Standing)).await
}

fn reader(platform: &Platform) -> LogReader {
    LogReader::new(&platform.url.join("/log").unwrap()).unwrap()
}

fn place(index: u64) -> EntryPlace {
    EntryPlace { origin: ORIGIN.parse().unwrap(), index }
}

async fn prove(platform: &Platform, index: u64) -> Result<ProvedEntry, UnprovedEntry> {
    reader(platform).prove(&place(index), &platform.trust, Duration::ZERO).await
}

#[tokio::test]
async fn a_calls_entry_is_proved_from_checkpoint_and_tiles() {
    let platform = platform().await;
    let proved = prove(&platform, SIZE - 2).await.unwrap();
    assert_eq!(proved.size, SIZE);
    assert_eq!(proved.finding(platform.request_id).state, State::Proved);
    for index in [0, 255, 256, SIZE - 1] {
        let proved = prove(&platform, index).await.unwrap();
        assert_eq!(proved.finding(platform.request_id).state, State::Wrong, "{index}");
    }
}

#[tokio::test]
async fn a_partial_tile_that_is_gone_is_read_from_the_full_one() {
    let platform = platform().await;
    for path in ["tile/0/001.p/44", "tile/entries/001.p/44"] {
        let mut files = platform.files.lock();
        let bytes = files.remove(path).unwrap();
        files.insert(path.trim_end_matches(".p/44").to_owned(), bytes);
    }
    assert!(prove(&platform, SIZE - 2).await.is_ok());
}

#[tokio::test]
async fn an_entry_past_the_checkpoint_is_pending() {
    let platform = platform().await;
    let unproved = prove(&platform, SIZE).await.unwrap_err();
    assert!(matches!(unproved, UnprovedEntry::Pending(SIZE)), "{unproved:?}");
    assert_eq!(unproved.finding().state, State::NotChecked);
}

#[tokio::test]
async fn a_changed_file_of_the_log_proves_nothing() {
    for (path, index) in [
        ("checkpoint", SIZE - 2),
        ("tile/1/000.p/1", SIZE - 2),
        ("tile/0/001.p/44", SIZE - 2),
        ("tile/entries/001.p/44", SIZE - 1),
    ] {
        let platform = platform().await;
        {
            let mut files = platform.files.lock();
            let file = files.get_mut(path).unwrap();
            // The last byte of a note is its newline; the one before belongs to the signature.
            let at = file.len() - 2;
            file[at] = if file[at] == b'A' { b'B' } else { b'A' };
        }
        let unproved = prove(&platform, index).await.unwrap_err();
        assert!(matches!(unproved, UnprovedEntry::NotProved(_)), "{path}: {unproved:?}");
        assert_eq!(unproved.finding().state, State::Wrong);
    }
}

#[tokio::test]
async fn a_checkpoint_by_an_unknown_key_proves_nothing() {
    let platform = platform().await;
    let stranger = Ed25519Key::generate(&SystemRandomness).unwrap();
    let now = wire::ambient::UtcMicros::from_seconds(1_795_420_800);
    *platform.files.lock() = log_files(&stranger, platform.request_id, now);
    let unproved = prove(&platform, SIZE - 2).await.unwrap_err();
    assert_eq!(unproved.finding().state, State::Wrong);
    *platform.files.lock() = log_files(&platform.log_key, platform.request_id, now);
    assert!(prove(&platform, SIZE - 2).await.is_ok());
    let reader = reader(&platform);
    let nobody = reader.prove(&place(0), &TrustFile::default(), Duration::ZERO).await;
    assert!(matches!(nobody, Err(UnprovedEntry::NotProved(_))));
    let other = EntryPlace { origin: "other.example/log".parse().unwrap(), index: 0 };
    let other = reader.prove(&other, &platform.trust, Duration::ZERO).await;
    assert!(matches!(other, Err(UnprovedEntry::NotProved(_))));
}

#[tokio::test]
async fn a_missing_file_is_said_to_be_missing() {
    let platform = platform().await;
    platform.files.lock().remove("tile/0/000");
    let unproved = prove(&platform, 3).await.unwrap_err();
    assert!(matches!(&unproved, UnprovedEntry::Absent(path) if path == "tile/0/000"));
    assert_eq!(unproved.finding().state, State::NotChecked);
}

proptest! {
    #[test]
    fn any_text_is_no_place_or_prints_as_it_was_read(text in "\\PC*|[a-z./]{1,9}/[0-9]{1,21}") {
        if let Ok(place) = text.parse::<EntryPlace>() {
            prop_assert_eq!(place.to_string(), text);
        }
    }
}
