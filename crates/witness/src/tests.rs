//! A log that grows, forks and is rewritten, before a witness that crashes.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use evidence::RealDisk;
use http_body_util::BodyExt;
use keys::Ed25519Key;
use proptest::prelude::*;
use testkit::faulty_disk::{FaultyDisk, Loss};
use testkit::{SeededRandomness, TestClock};
use tower::ServiceExt;
use wire::checkpoint::{Checkpoint, Origin};
use wire::merkle::{Leaves, leaf_hash, prove_consistency, root_of};
use wire::note::{NoteSignature, NoteVerifier, SignedNote, note_signature_line};
use wire::witness::{AddCheckpoint, SIZE_TYPE};

use super::*;

const FOLDER: &str = "/memory";

/// A log of numbered entries; another `history` is another log under the same name and key.
struct TestLog {
    origin: Origin,
    key: Ed25519Key,
}

impl TestLog {
    fn new() -> Self {
        let key = Ed25519Key::generate(&SeededRandomness::new(1)).unwrap();
        Self { origin: "log.example/1".parse().unwrap(), key }
    }

    fn known(&self) -> KnownLog {
        let key = NoteVerifier::new(self.origin.as_ref(), self.key.public_key()).unwrap();
        KnownLog { origin: self.origin.clone(), keys: vec![key] }
    }

    fn note(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.to_string();
        let signature = self.key.sign(text.as_bytes());
        let line = note_signature_line(self.origin.as_ref(), &self.key.public_key(), &signature);
        SignedNote::assemble(&text, &[line])
    }

    /// From `old` to `new` in one history of the log.
    fn grow(&self, history: u8, old: u64, new: u64) -> AddCheckpoint {
        let leaf = |number: u64| leaf_hash(&[&[history][..], &number.to_be_bytes()].concat());
        let leaves: Leaves = (0..new).map(leaf).collect();
        let root = root_of((0..new).map(leaf));
        let checkpoint = Checkpoint { origin: self.origin.clone(), size: new, root };
        let proof = prove_consistency(old, new, &leaves).unwrap();
        AddCheckpoint { old_size: old, proof, note: self.note(&checkpoint) }
    }
}

fn open(disk: &FaultyDisk, log: &TestLog) -> Result<Witness, WitnessError> {
    open_on(disk.process(), Path::new(FOLDER), log)
}

fn open_on(disk: Arc<dyn Disk>, folder: &Path, log: &TestLog) -> Result<Witness, WitnessError> {
    let key = Ed25519Key::generate(&SeededRandomness::new(9)).unwrap();
    let clock = Arc::new(TestClock::default());
    let parts = WitnessParts { name: "witness.example/1".to_owned(), key, disk, clock };
    Witness::open(parts, folder, vec![log.known()])
}

/// A witness that remembers the log as empty.
fn begin(log: &TestLog) -> (FaultyDisk, Witness) {
    let disk = FaultyDisk::new(3);
    remember(&*disk.process(), Path::new(FOLDER), &log.origin).unwrap();
    let witness = open(&disk, log).unwrap();
    (disk, witness)
}

fn size_seen(witness: &Witness) -> u64 {
    witness.seen().first().unwrap().1.checkpoint.size
}

#[test]
fn a_log_that_grows_is_cosigned_at_each_step() {
    let log = TestLog::new();
    let (_, witness) = begin(&log);
    for (old, new) in [(0, 0), (0, 1), (1, 7), (7, 7), (7, 300)] {
        let request = log.grow(0, old, new);
        let line = witness.cosign(&request).unwrap();
        let signature: NoteSignature = line.trim_end().parse().unwrap();
        let text = request.note.parse::<SignedNote>().unwrap().text;
        let time = witness.verifier().unwrap().verify(&text, &signature).unwrap();
        assert_eq!(time.as_seconds(), TestClock::default().now().as_seconds());
        assert_eq!(size_seen(&witness), new);
    }
}

#[test]
fn a_fork_is_refused_and_kept_as_what_convicts_its_log() {
    let log = TestLog::new();
    let (disk, witness) = begin(&log);
    witness.cosign(&log.grow(0, 0, 10)).unwrap();
    let same_size = log.grow(1, 10, 10);
    assert!(matches!(witness.cosign(&same_size), Err(Refusal::OtherRoot(10))));
    let longer = log.grow(1, 10, 20);
    let refused = witness.cosign(&longer);
    assert!(matches!(refused, Err(Refusal::NotGrown { size: 10, .. })), "{refused:?}");
    // A log restored from an older copy goes on from there.
    let restored = log.grow(0, 8, 9);
    assert!(matches!(witness.cosign(&restored), Err(Refusal::OtherSize(10))));
    assert_eq!(size_seen(&witness), 10);

    let kept = disk.paths("refused/");
    assert_eq!(kept.len(), 2, "{kept:?}");
    for path in kept {
        let text = String::from_utf8(disk.process().read(&path).unwrap()).unwrap();
        let before = log.grow(0, 0, 10).note;
        assert!(
            text.contains(&before)
                && (text.contains(&longer.note) || text.contains(&same_size.note))
        );
    }
    // The same again takes no more room.
    let _ = witness.cosign(&longer);
    assert_eq!(disk.paths("refused/").len(), 2);
    witness.cosign(&log.grow(0, 10, 20)).unwrap();
}

#[test]
fn what_was_refused_does_not_fill_the_disk_nor_take_the_room_of_what_convicts() {
    let log = TestLog::new();
    let (disk, witness) = begin(&log);
    witness.cosign(&log.grow(0, 0, 3)).unwrap();
    for history in 1..=150 {
        assert!(witness.cosign(&log.grow(history, 3, 5)).is_err());
    }
    assert_eq!(disk.paths("refused/").len(), 100);
    assert!(matches!(witness.cosign(&log.grow(1, 3, 3)), Err(Refusal::OtherRoot(3))));
    assert_eq!(disk.paths(".forked.").len(), 1);
}

/// A checkpoint is public, and anybody can put lines under it.
#[test]
fn one_checkpoint_is_kept_once_whatever_signatures_are_added() {
    let log = TestLog::new();
    let (disk, witness) = begin(&log);
    witness.cosign(&log.grow(0, 0, 3)).unwrap();
    for number in 0..5_u8 {
        let mut request = log.grow(1, 3, 5);
        request.note += &note_signature_line("nobody.example", &[number; 32], &[number; 64]);
        assert!(matches!(witness.cosign(&request), Err(Refusal::NotGrown { .. })));
    }
    assert_eq!(disk.paths("refused/").len(), 1);
}

#[test]
fn the_same_checkpoint_again_costs_no_write() {
    let log = TestLog::new();
    let (disk, witness) = begin(&log);
    witness.cosign(&log.grow(0, 0, 3)).unwrap();
    let calls = disk.calls();
    witness.cosign(&log.grow(0, 3, 3)).unwrap();
    assert_eq!(disk.calls(), calls);
}

#[test]
fn who_is_not_the_log_learns_nothing() {
    let log = TestLog::new();
    let (_, witness) = begin(&log);
    witness.cosign(&log.grow(0, 0, 10)).unwrap();
    let stranger = TestLog {
        key: Ed25519Key::generate(&SeededRandomness::new(2)).unwrap(),
        origin: log.origin.clone(),
    };
    assert!(matches!(witness.cosign(&stranger.grow(0, 0, 11)), Err(Refusal::NotSigned)));
    let unknown = TestLog { key: log.key.clone(), origin: "log.example/2".parse().unwrap() };
    assert!(matches!(witness.cosign(&unknown.grow(0, 0, 11)), Err(Refusal::UnknownLog)));
    let mut no_note = log.grow(0, 10, 11);
    no_note.note = "log.example/1\n".to_owned();
    assert!(matches!(witness.cosign(&no_note), Err(Refusal::NotANote(_))));
    let backwards = AddCheckpoint { old_size: 12, ..log.grow(0, 10, 11) };
    assert!(matches!(witness.cosign(&backwards), Err(Refusal::OldAboveNew)));
}

#[test]
fn a_witness_that_forgot_does_not_begin() {
    let log = TestLog::new();
    let disk = FaultyDisk::new(3);
    assert!(matches!(open(&disk, &log), Err(WitnessError::Forgotten(_))));
    remember(&*disk.process(), Path::new(FOLDER), &log.origin).unwrap();
    open(&disk, &log).unwrap().cosign(&log.grow(0, 0, 5)).unwrap();
    // It is not told to begin anew.
    let again = remember(&*disk.process(), Path::new(FOLDER), &log.origin).unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    let path = disk.paths("/memory/").remove(0);
    disk.damage(&path, |bytes| bytes.truncate(20));
    assert!(matches!(open(&disk, &log), Err(WitnessError::Damaged(_))));
    disk.lose(&path);
    assert!(matches!(open(&disk, &log), Err(WitnessError::Forgotten(_))));
}

#[test]
fn a_key_that_left_service_does_not_make_it_forget() {
    let log = TestLog::new();
    let (disk, witness) = begin(&log);
    witness.cosign(&log.grow(0, 0, 5)).unwrap();
    let newer = TestLog {
        key: Ed25519Key::generate(&SeededRandomness::new(2)).unwrap(),
        origin: log.origin.clone(),
    };
    let witness = open(&disk, &newer).unwrap();
    witness.cosign(&newer.grow(0, 5, 6)).unwrap();
    assert!(matches!(witness.cosign(&log.grow(0, 6, 7)), Err(Refusal::NotSigned)));
}

#[test]
fn of_two_requests_at_once_none_puts_the_memory_back() {
    let log = TestLog::new();
    let folder = tempfile::tempdir().unwrap();
    remember(&RealDisk, folder.path(), &log.origin).unwrap();
    let witness = open_on(Arc::new(RealDisk), folder.path(), &log).unwrap();
    std::thread::scope(|scope| {
        for new in 1..=16 {
            let (log, witness) = (&log, &witness);
            scope.spawn(move || witness.cosign(&log.grow(0, 0, new)));
        }
    });
    let seen = size_seen(&witness);
    drop(witness);
    assert_eq!(size_seen(&open_on(Arc::new(RealDisk), folder.path(), &log).unwrap()), seen);
}

proptest! {
    /// At every call of the disk, by seed: what was cosigned is remembered, and what is remembered
    /// continues it.
    #[test]
    fn no_crash_makes_it_forget_what_it_cosigned(
        steps in prop::collection::vec((1..6_u64, 0..24_u64, any::<bool>()), 1..12)
    ) {
        let log = TestLog::new();
        let (disk, mut witness) = begin(&log);
        let mut cosigned = 0;
        for (more, calls, power) in steps {
            disk.crash_after(calls);
            let from = size_seen(&witness);
            let size = from + more;
            if witness.cosign(&log.grow(0, from, size)).is_ok() {
                cosigned = size;
            }
            if disk.has_crashed() {
                disk.restart(if power { Loss::Power } else { Loss::Process });
                disk.heal();
                witness = open(&disk, &log).unwrap();
            } else {
                disk.heal();
            }
            let seen = size_seen(&witness);
            prop_assert!(seen >= cosigned, "{} of {}", seen, cosigned);
            // A fork from what was cosigned has no chance, whatever is remembered.
            let fork = log.grow(1, seen, seen + 1);
            prop_assert!(seen == 0 || witness.cosign(&fork).is_err());
        }
    }
}

#[tokio::test]
async fn the_answers_are_those_of_the_specification() {
    let log = TestLog::new();
    let (disk, witness) = begin(&log);
    let router = http::router(Arc::new(witness));
    let ask = async |body: String| {
        let request = Request::post("/add-checkpoint").body(Body::from(body)).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let content_type = answer.headers().get("content-type").cloned();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, content_type, String::from_utf8(body.to_vec()).unwrap())
    };
    let (status, _, line) = ask(log.grow(0, 0, 10).to_string()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(line.starts_with("\u{2014} witness.example/1 ") && line.ends_with('\n'), "{line}");

    let (status, content_type, size) = ask(log.grow(0, 4, 12).to_string()).await;
    assert_eq!((status, size.as_str()), (StatusCode::CONFLICT, "10\n"));
    assert_eq!(content_type.unwrap(), SIZE_TYPE);
    assert_eq!(ask(log.grow(1, 10, 10).to_string()).await.0, StatusCode::CONFLICT);
    assert_eq!(ask(log.grow(1, 10, 12).to_string()).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = log.grow(0, 10, 12).to_string().replace("log.example/1", "log.example/3");
    assert_eq!(ask(unknown).await.0, StatusCode::NOT_FOUND);
    let altered = log.grow(0, 10, 12).to_string().replace("\n12\n", "\n13\n");
    assert_eq!(ask(altered).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask("old ten\n\nnote\n".to_owned()).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask("x".repeat(65 << 10)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    disk.set_capacity(Some(0));
    assert_eq!(ask(log.grow(0, 10, 12).to_string()).await.0, StatusCode::SERVICE_UNAVAILABLE);
    disk.heal();
    assert_eq!(ask(log.grow(0, 10, 12).to_string()).await.0, StatusCode::OK);
}
