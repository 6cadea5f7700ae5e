//! The log's key stands in a token, and the token stops signing while the log runs.

use keys::{Hsm, KeyDirectory, KeyPlace, PlatformKey, PlatformKeys, TokenName, Zeroizing};
use signed_note::{Note, StandardVerifier, VerifierList};
use testkit::SoftHsm;
use wire::ambient::Clock;
use wire::note::NoteVerifier;

use crate::world::{ORIGIN, World, note};

fn place() -> KeyPlace {
    let token = TokenName::Label(SoftHsm::LABEL.to_owned());
    let pin = Zeroizing::new(SoftHsm::PIN.as_bytes().to_vec());
    KeyPlace::Hsm(Hsm::open(SoftHsm::library(), token, &pin).unwrap(), [None, None, None])
}

/// The stranger's verdict on a checkpoint.
fn is_signed(checkpoint: &str, public_key: [u8; 32]) -> bool {
    let vkey = NoteVerifier::new(ORIGIN, public_key).unwrap().to_string();
    let note = Note::from_bytes(checkpoint.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&vkey).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).is_ok()
}

#[tokio::test]
async fn what_a_token_does_not_sign_is_not_published_and_is_kept_until_a_key_signs_it() {
    let name =
        "token::what_a_token_does_not_sign_is_not_published_and_is_kept_until_a_key_signs_it";
    if !SoftHsm::run_test_in_a_process_of_its_own(name) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = KeyDirectory::create(folder.path().join("keys")).unwrap();
    let mut world = World::new(1);
    let (place, now) = (place(), world.clock.now());
    let mut keys = PlatformKeys::load_or_generate_in(&folder, &place, now, &*world.random).unwrap();
    let first = keys.log.public_key();
    world.keys.signer = keys.log.clone();
    let log = world.open();
    let signed = log.append(note("signed")).await.unwrap();
    let published = log.published_past(signed.index).await.unwrap();
    assert!(is_signed(&published.note, first));

    // The token loses the key that the log signs with.
    keys.rotate(PlatformKey::Log, &place, now, &*world.random).unwrap();
    let unsigned = log.append(note("not signed")).await.unwrap();
    assert_eq!(log.size(), 2, "what is durable is acknowledged all the same");
    log.close().await;
    assert!(log.published_past(unsigned.index).await.is_err());
    assert_eq!(log.checkpoint(), published, "nothing unsigned was shown");
    let on_disk = world.disk.process().read("/log/checkpoint".as_ref()).unwrap();
    assert_eq!(on_disk, published.note.as_bytes());

    world.keys.retired.push(first);
    world.keys.signer = keys.log.clone();
    let log = world.open();
    let checkpoint = log.checkpoint();
    assert_eq!(checkpoint.size, 2);
    assert!(is_signed(&checkpoint.note, keys.log.public_key()));
    log.close().await;
}
