//! A real log before real witnesses, some of them out of order.

use std::collections::HashMap;
use std::path::Path;

use evidence::{Disk, Draft};
use keys::Ed25519Key;
use testkit::crash::World;
use testkit::{FaultyDisk, SeededRandomness, TestClock};
use wire::checkpoint::Checkpoint;
use wire::entry::Kind;
use wire::note::{NoteVerifier, SignedNote, open};

use super::*;
use crate::{KnownLog, Witness, WitnessParts, judgement::Refusal, remember};

const FOLDER: &str = "/memory";

/// Witnesses in this process, by name; who is not here is not reached.
#[derive(Clone, Default)]
struct Here(HashMap<String, Arc<Witness>>);

impl Reach for Here {
    async fn ask(&self, witness: &CosignatureVerifier, body: String) -> Result<Answer, String> {
        let witness = self.0.get(witness.name()).ok_or("no such host")?;
        let (status, body) = match witness.cosign(&body.parse().unwrap()) {
            Ok(line) => (200, line),
            Err(Refusal::OtherSize(size) | Refusal::OtherRoot(size)) => (409, format!("{size}\n")),
            Err(Refusal::NotGrown { .. }) => (422, String::new()),
            Err(Refusal::UnknownLog) => (404, String::new()),
            Err(_) => (403, String::new()),
        };
        Ok(Answer { status, body })
    }
}

fn witness(name: &str, seed: u64, world: &World) -> Arc<Witness> {
    let disk = FaultyDisk::new(seed);
    let origin = world.config.origin.clone();
    remember(&*disk.process(), Path::new(FOLDER), &origin).unwrap();
    let key = NoteVerifier::new(origin.as_ref(), world.keys.signer.public_key()).unwrap();
    let parts = WitnessParts {
        name: name.to_owned(),
        key: Ed25519Key::generate(&SeededRandomness::new(seed)).unwrap(),
        disk: disk.process() as Arc<dyn Disk>,
        clock: Arc::new(TestClock::default()),
    };
    Arc::new(
        Witness::open(parts, Path::new(FOLDER), vec![KnownLog { origin, keys: vec![key] }])
            .unwrap(),
    )
}

/// Three witnesses of the log, of whom two are needed; those `reached` answer.
fn three(world: &World, log: &Log, reached: &[&str]) -> (Asking<Here>, Here) {
    let names = ["witness.example/1", "witness.example/2", "witness.example/3"];
    let all: Vec<_> =
        names.iter().zip(11..).map(|(name, seed)| witness(name, seed, world)).collect();
    let verifiers = all.iter().map(|witness| witness.verifier().unwrap()).collect();
    let by_name = names.iter().map(|name| (*name).to_owned()).zip(all);
    let here = Here(by_name.filter(|(name, _)| reached.contains(&name.as_str())).collect());
    (asking(log, verifiers, &here), here)
}

fn asking(log: &Log, verifiers: Vec<CosignatureVerifier>, here: &Here) -> Asking<Here> {
    Asking::new(log.clone(), verifiers, 2, here.clone(), Arc::new(TestClock::default()))
}

/// Appends entries until the log has `size`, and waits for their checkpoint.
async fn grow(log: &Log, size: u64, text: &str) -> Arc<Published> {
    while log.size() < size {
        let subject = [("text".to_owned(), text.to_owned())].into();
        let note =
            Draft { subject, outcome: "ok".to_owned(), ..Draft::new(Kind::Log, "log.noted") };
        log.append(note).await.unwrap();
    }
    log.published_past(size - 1).await.unwrap()
}

fn standing<R: Reach>(asking: &Asking<R>, number: usize) -> Standing {
    asking.standings().remove(number).1
}

#[tokio::test]
async fn two_of_three_make_a_cosigned_checkpoint() {
    let world = World::new(1);
    let log = world.open();
    let (asking, here) = three(&world, &log, &["witness.example/1", "witness.example/3"]);
    for size in [4, 9, 300] {
        let published = grow(&log, size, "a").await;
        assert!(!asking.round(&published).await);
        let cosigned = asking.cosigned().borrow().clone().unwrap();
        assert_eq!((cosigned.size, cosigned.witnesses.len()), (published.size, 2));
        let note: SignedNote = cosigned.note.parse().unwrap();
        for witness in here.0.values() {
            let verifier = witness.verifier().unwrap();
            assert!(note.signatures.iter().any(|line| verifier.verify(&note.text, line).is_some()));
        }
        let log_key =
            NoteVerifier::new(log.origin().as_ref(), world.keys.signer.public_key()).unwrap();
        let text = open(&cosigned.note, &[log_key]).unwrap();
        assert_eq!(text.parse::<Checkpoint>().unwrap().size, published.size);
    }
    assert!(matches!(standing(&asking, 0), Standing::Agrees { .. }));
    assert!(matches!(standing(&asking, 1), Standing::Silent { why, .. } if why == "no such host"));
}

#[tokio::test]
async fn one_of_three_makes_none() {
    let world = World::new(1);
    let log = world.open();
    let (asking, _) = three(&world, &log, &["witness.example/2"]);
    assert!(!asking.round(&*grow(&log, 4, "a").await).await);
    assert_eq!(*asking.cosigned().borrow(), None);
}

#[tokio::test]
async fn after_a_start_it_learns_what_a_witness_knows() {
    let world = World::new(1);
    let log = world.open();
    let names = ["witness.example/1", "witness.example/2", "witness.example/3"];
    let (asking, here) = three(&world, &log, &names);
    assert!(asking.round(&*grow(&log, 7, "a").await).await);
    let verifiers = here.0.values().map(|witness| witness.verifier().unwrap()).collect();
    let asking = self::asking(&log, verifiers, &here);
    let published = grow(&log, 12, "a").await;
    assert!(asking.round(&published).await);
    assert_eq!(asking.cosigned().borrow().clone().unwrap().size, published.size);
}

/// The operator puts the log back from an older copy and goes on: every witness says so.
#[tokio::test]
async fn a_log_that_was_put_back_is_refused_and_the_alarm_says_why() {
    let world = World::new(1);
    let log = world.open();
    let names = ["witness.example/1", "witness.example/2", "witness.example/3"];
    let (asking, here) = three(&world, &log, &names);
    assert!(asking.round(&*grow(&log, 20, "what happened").await).await);

    // Of the same key and name, with the same beginning.
    let copy = World::new(1);
    let put_back = copy.open();
    let verifiers = here.0.values().map(|witness| witness.verifier().unwrap()).collect();
    let asking = self::asking(&put_back, verifiers, &here);
    assert!(!asking.round(&*grow(&put_back, 10, "what happened").await).await);
    for number in 0..3 {
        let Standing::Refuses { alarm: Alarm::RolledBack { seen, here }, .. } =
            standing(&asking, number)
        else {
            panic!("{:?}", standing(&asking, number));
        };
        assert!(seen >= 20 && here < seen);
    }
    // It grows past what they saw, with another story.
    assert!(!asking.round(&*grow(&put_back, 30, "what is said to have happened").await).await);
    let Standing::Refuses { alarm, since } = standing(&asking, 0) else { panic!("it agrees") };
    assert!(matches!(alarm, Alarm::Rewritten { seen } if seen >= 20), "{alarm}");
    assert!(alarm.to_string().contains("rewritten"), "{alarm}");
    assert_eq!(*asking.cosigned().borrow(), None);
    // A silence takes nothing back.
    asking.witnesses[0].note(Verdict::Silent("timeout".to_owned()), 30, since);
    assert!(matches!(standing(&asking, 0), Standing::Refuses { .. }));
}

#[tokio::test]
async fn answers_of_no_sense_are_silence() {
    let world = World::new(1);
    let log = world.open();
    let published = grow(&log, 5, "a").await;
    let key = Ed25519Key::generate(&SeededRandomness::new(4)).unwrap();
    let verifier = CosignatureVerifier::new("witness.example/1", key.public_key()).unwrap();
    let judge = |status, body: &str| {
        Answer { status, body: body.to_owned() }.judge(&verifier, 3, &published)
    };
    for (status, body) in [
        (200, ""),
        (200, "ok\n"),
        (200, "\u{2014} witness.example/1 AAAA\n"),
        (409, ""),
        (409, "four\n"),
        (409, "4"),
        (500, ""),
        (302, ""),
    ] {
        assert!(matches!(judge(status, body), Verdict::Silent(_)), "{status} {body}");
    }
    assert_eq!(judge(409, "3\n"), Verdict::Refused(Alarm::Forked { size: 3 }));
    assert_eq!(judge(409, "4\n"), Verdict::Knows(4));
    assert_eq!(judge(409, "2\n"), Verdict::Refused(Alarm::Forgot { had: 3, has: 2 }));
    assert_eq!(judge(404, ""), Verdict::Refused(Alarm::Stranger(404)));
}
