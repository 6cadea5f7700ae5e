//! With a real `SoftHSM`, in a process and a token folder of its own: a module is set up once per
//! process, by its environment.

use std::process::Command;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use wire::ambient::UtcMicros;

use super::*;
use crate::{
    CallerKey, KeyDirectory, KeyPlace, PlatformKey, PlatformKeys, PlatformSigner, SystemRandomness,
};

const CONFIG: &str = "SOFTHSM2_CONF";
const PIN: &str = "271828";
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];
const NOW: UtcMicros = UtcMicros::from_micros(1_000_000);
const LATER: UtcMicros = UtcMicros::from_micros(2_000_000);

fn module() -> &'static Path {
    let found = MODULES.iter().map(Path::new).find(|path| path.exists());
    found.expect("SoftHSM is needed: apt-get install softhsm2")
}

/// Runs `test` in a process of its own that has a token labelled `lgsp`.
fn with_a_token(name: &str, test: impl FnOnce()) {
    if std::env::var_os(CONFIG).is_some() {
        return test();
    }
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("softhsm2.conf");
    std::fs::create_dir(home.path().join("tokens")).unwrap();
    let settings = format!("directories.tokendir = {}/tokens\n", home.path().display());
    std::fs::write(&config, settings).unwrap();
    for label in ["lgsp", "other"] {
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "314159"])
            .env(CONFIG, &config)
            .output()
            .expect("SoftHSM is needed: apt-get install softhsm2");
        assert!(made.status.success(), "{made:?}");
    }
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("hsm::tests::{name}"), "--nocapture"])
        .env(CONFIG, &config)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("1 passed"), "the test ran there: {said}");
}

fn open(label: &str, pin: &str) -> Result<Hsm, KeyError> {
    let pin = Zeroizing::new(pin.as_bytes().to_vec());
    Hsm::open(module(), TokenName::Label(label.to_owned()), &pin)
}

fn folder() -> (tempfile::TempDir, KeyDirectory) {
    let temp = tempfile::tempdir().unwrap();
    let folder = KeyDirectory::create(temp.path().join("keys")).unwrap();
    (temp, folder)
}

fn in_hsm(hsm: &Hsm) -> KeyPlace {
    KeyPlace::Hsm(hsm.clone(), [None, None, None])
}

fn made_in(hsm: &Hsm) -> (tempfile::TempDir, KeyDirectory, PlatformKeys) {
    let (temp, folder) = folder();
    let made =
        PlatformKeys::load_or_generate_in(&folder, &in_hsm(hsm), NOW, &SystemRandomness).unwrap();
    (temp, folder, made)
}

fn log_of(keys: &PlatformKeys) -> HsmKey {
    let PlatformSigner::Hsm(log) = keys.log.clone() else { panic!("it stands in the token") };
    log
}

fn verifies(signer: &PlatformSigner) -> bool {
    let signature = signer.sign(b"a signature base").unwrap();
    CallerKey::ed25519(&signer.public_key()).unwrap().verify(b"a signature base", &signature)
}

#[test]
fn keys_made_in_a_token_sign_and_none_stands_in_a_file() {
    with_a_token("keys_made_in_a_token_sign_and_none_stands_in_a_file", || {
        let hsm = open("lgsp", PIN).unwrap();
        let (_temp, folder, made) = made_in(&hsm);
        let loaded = PlatformKeys::find(&folder, Some(&hsm)).unwrap().unwrap();
        for which in PlatformKey::ALL {
            assert!(verifies(made.key(which)) && verifies(loaded.key(which)));
            assert_eq!(made.key(which).public_key(), loaded.key(which).public_key());
        }
        assert_eq!(folder.names().unwrap(), ["platform.json"]);
        let without = PlatformKeys::find(&folder, None).unwrap_err().to_string();
        assert!(without.contains("no security module is set"), "{without}");
    });
}

#[test]
fn a_session_that_the_token_forgot_is_opened_anew() {
    with_a_token("a_session_that_the_token_forgot_is_opened_anew", || {
        let hsm = open("lgsp", PIN).unwrap();
        let key = HsmKey::generate(&hsm, "log", &SystemRandomness).unwrap();
        for _ in 0..3 {
            key.sign(b"before").unwrap();
            reset(&hsm);
            key.sign(b"after").unwrap();
        }
    });
}

#[test]
fn many_threads_sign_at_once() {
    with_a_token("many_threads_sign_at_once", || {
        let hsm = open("lgsp", PIN).unwrap();
        let key = HsmKey::generate(&hsm, "response", &SystemRandomness).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8_u8 {
                let key = &key;
                scope.spawn(move || {
                    (0..50_u8).for_each(|n| assert_eq!(key.sign(&[thread, n]).unwrap().len(), 64));
                });
            }
        });
        assert!(key.idle_sessions() <= 8);
    });
}

#[test]
fn a_wrong_pin_is_told_and_tried_once_only() {
    with_a_token("a_wrong_pin_is_told_and_tried_once_only", || {
        let error = open("lgsp", "000000").unwrap_err().to_string();
        assert!(error.contains("the token 'lgsp': the PIN is refused"), "{error}");
        assert!(!error.contains("000000"), "{error}");
        let hsm = open("lgsp", PIN).unwrap();
        let key = HsmKey::generate(&hsm, "log", &SystemRandomness).unwrap();
        hsm.0.is_refused.store(true, Ordering::Relaxed);
        reset(&hsm);
        let error = key.sign(b"again").unwrap_err().to_string();
        assert!(error.contains("not tried again"), "{error}");
    });
}

#[test]
fn a_token_a_key_or_a_module_that_is_not_there_is_told() {
    with_a_token("a_token_a_key_or_a_module_that_is_not_there_is_told", || {
        let error = open("absent", PIN).unwrap_err().to_string();
        assert!(error.contains("the token 'absent': it is not there; there is"), "{error}");
        assert!(error.contains("'lgsp' in slot"), "{error}");
        let pin = Zeroizing::new(PIN.as_bytes().to_vec());
        let nowhere = Path::new("/nowhere/module.so");
        let error = Hsm::open(nowhere, TokenName::Slot(0), &pin).unwrap_err().to_string();
        assert!(error.contains("/nowhere/module.so cannot be loaded"), "{error}");

        let hsm = open("lgsp", PIN).unwrap();
        let (_temp, folder, keys) = made_in(&hsm);
        destroy(&hsm, &log_of(&keys));
        let error = PlatformKeys::find(&folder, Some(&hsm)).unwrap_err().to_string();
        assert!(error.contains("is not in it"), "{error}");
        let named = KeyPlace::Hsm(hsm, [Some("absent".to_owned()), None, None]);
        let (_temp, other) = self::folder();
        let error = PlatformKeys::load_or_generate_in(&other, &named, NOW, &SystemRandomness);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("the Ed25519 key 'absent' is not in it"), "{error}");
    });
}

#[test]
fn a_key_that_is_not_the_one_the_index_names_is_refused() {
    with_a_token("a_key_that_is_not_the_one_the_index_names_is_refused", || {
        let hsm = open("lgsp", PIN).unwrap();
        let (_temp, folder, keys) = made_in(&hsm);
        let id = log_of(&keys).id().to_vec();
        destroy(&hsm, &log_of(&keys));
        hsm.generate(&hsm.session(true).unwrap(), &id, "another").unwrap();
        let error = PlatformKeys::find(&folder, Some(&hsm)).unwrap_err().to_string();
        assert!(error.contains("is another than the index names"), "{error}");
    });
}

#[test]
fn a_key_of_the_token_serves_one_purpose_only() {
    with_a_token("a_key_of_the_token_serves_one_purpose_only", || {
        let hsm = open("lgsp", PIN).unwrap();
        for (id, label) in [(b"1", "one"), (b"2", "two"), (b"3", "three")] {
            hsm.generate(&hsm.session(true).unwrap(), id, label).unwrap();
        }
        let labelled =
            |labels: [&str; 3]| KeyPlace::Hsm(hsm.clone(), labels.map(|one| Some(one.to_owned())));
        let (_temp, folder) = folder();
        let load = |labels| {
            let place = labelled(labels);
            PlatformKeys::load_or_generate_in(&folder, &place, NOW, &SystemRandomness)
        };
        let error = load(["one", "one", "two"]).unwrap_err().to_string();
        assert!(error.contains("a key of their own"), "{error}");
        let mut keys = load(["one", "two", "three"]).unwrap();
        // The label of the key that serves as the log's, by mistake.
        let mistaken = labelled(["one", "two", "one"]);
        let rotated = keys.rotate(PlatformKey::Response, &mistaken, LATER, &SystemRandomness);
        assert!(rotated.unwrap_err().to_string().contains("a key of their own"));
        assert!([b"1", b"2", b"3"].iter().all(|id| exists(&hsm, *id)));
        assert!(PlatformKey::ALL.into_iter().all(|which| verifies(keys.key(which))));
    });
}

#[test]
fn what_else_has_a_keys_id_in_the_token_is_neither_taken_for_it_nor_removed_with_it() {
    let name = "what_else_has_a_keys_id_in_the_token_is_neither_taken_for_it_nor_removed_with_it";
    with_a_token(name, || {
        let hsm = open("lgsp", PIN).unwrap();
        let key = HsmKey::generate(&hsm, "log", &SystemRandomness).unwrap();
        let session = hsm.session(true).unwrap();
        let shared = [Attribute::Token(true), Attribute::Id(key.id().to_vec())];
        let bits = [Attribute::ModulusBits(2048_u64.into())];
        let public = [&shared[..], &bits].concat();
        let mechanism = Mechanism::RsaPkcsKeyPairGen;
        session.generate_key_pair(&mechanism, &public, &shared).unwrap();
        let loaded = HsmKey::load(&hsm, key.id()).unwrap();
        assert_eq!(loaded.public_key(), key.public_key());
        destroy(&hsm, &key);
        assert!(!exists(&hsm, key.id()));
        assert_eq!(session.find_objects(&shared).unwrap().len(), 2, "the RSA pair");
    });
}

#[test]
fn rotation_moves_a_key_into_a_token_and_from_one_to_the_next() {
    with_a_token("rotation_moves_a_key_into_a_token_and_from_one_to_the_next", || {
        let hsm = open("lgsp", PIN).unwrap();
        let (_temp, folder) = folder();
        let mut keys = PlatformKeys::load_or_generate(&folder, NOW, &SystemRandomness).unwrap();
        for which in PlatformKey::ALL {
            keys.rotate(which, &in_hsm(&hsm), LATER, &SystemRandomness).unwrap();
        }
        assert_eq!(folder.names().unwrap(), ["platform.json"]);
        let first = log_of(&keys);
        keys.rotate(PlatformKey::Log, &in_hsm(&hsm), LATER, &SystemRandomness).unwrap();
        assert!(first.sign(b"by a key that was destroyed").is_err() || !exists(&hsm, first.id()));
        let loaded = PlatformKeys::find(&folder, Some(&hsm)).unwrap().unwrap();
        assert!(PlatformKey::ALL.into_iter().all(|which| verifies(loaded.key(which))));
        assert_eq!(loaded.history().len(), 7);
        let public: Vec<[u8; 32]> = loaded.history().iter().map(|key| key.public).collect();
        assert!(public.contains(&first.public_key()));
    });
}

#[test]
fn a_retired_key_left_in_the_token_is_destroyed_at_the_next_start_and_another_of_its_id_is_not() {
    let name = "a_retired_key_left_in_the_token_is_destroyed_at_the_next_start_and_another_of_its_id_is_not";
    with_a_token(name, || {
        let hsm = open("lgsp", PIN).unwrap();
        let (_temp, folder, mut keys) = made_in(&hsm);
        let first = log_of(&keys);
        let start = || {
            let place = in_hsm(&hsm);
            PlatformKeys::load_or_generate_in(&folder, &place, NOW, &SystemRandomness).unwrap();
        };
        // As after a crash between the index and the token: retired, and still there.
        keys.rotate(PlatformKey::Log, &KeyPlace::Files, LATER, &SystemRandomness).unwrap();
        assert!(exists(&hsm, first.id()));
        start();
        assert!(!exists(&hsm, first.id()));
        hsm.generate(&hsm.session(true).unwrap(), first.id(), "another").unwrap();
        start();
        assert!(exists(&hsm, first.id()));
    });
}

/// The module starts anew, as after a reset of the token: every session and the login are gone.
fn reset(hsm: &Hsm) {
    hsm.0.module.clone().finalize().unwrap();
    hsm.0.module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
}

fn destroy(hsm: &Hsm, key: &HsmKey) {
    HsmKey::destroy(hsm, key.id(), &key.public_key()).unwrap();
}

fn exists(hsm: &Hsm, id: &[u8]) -> bool {
    hsm.private(&hsm.session(false).unwrap(), id).is_ok()
}
