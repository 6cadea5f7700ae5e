//! What somebody who can write to the disk, but lacks the secret, can do: nothing but destroy.

use super::*;

fn on(place: &Place, name: &str) -> PathBuf {
    place.folder.path().join(name)
}

/// The private key of one kind.
fn pem(place: &Place, kind: &str) -> String {
    let fits = |name: &&String| name.starts_with(&format!("platform-{kind}-"));
    place.plain.keys().find(fits).unwrap().clone()
}

#[test]
fn swapped_files_are_refused() {
    let place = Place::protected(&secret(1));
    let (log, directory) = (pem(&place, "log"), pem(&place, "directory"));
    std::fs::copy(on(&place, &log), on(&place, &directory)).unwrap();
    let error = place.unlock(&secret(1)).unwrap().load(&directory).unwrap_err();
    assert!(error.to_string().contains("another file under this name"), "{error}");

    // The same name in another folder is another file.
    std::fs::copy(on(&place, &log), on(&place, &format!("detail/{log}"))).unwrap();
    let detail = place.unlock(&secret(1)).unwrap().folder("detail").unwrap();
    assert!(matches!(detail.load(&log), Err(KeyError::Damaged { .. })));
}

#[test]
fn a_sealed_file_with_any_byte_altered_or_cut_is_refused() {
    let place = Place::protected(&secret(1));
    let open = place.unlock(&secret(1)).unwrap();
    let ring = on(&place, "secret-ring.key");
    let whole = std::fs::read(&ring).unwrap();
    for position in 0..whole.len() {
        let mut altered = whole.clone();
        altered[position] ^= 1;
        std::fs::write(&ring, &altered).unwrap();
        assert!(matches!(open.load("secret-ring.key"), Err(KeyError::Damaged { .. })));
        std::fs::write(&ring, &whole[..position]).unwrap();
        assert!(matches!(open.load("secret-ring.key"), Err(KeyError::Damaged { .. })));
    }
}

#[test]
fn a_plain_key_planted_in_a_protected_folder_is_refused() {
    let place = Place::protected(&secret(1));
    let log = pem(&place, "log");
    std::fs::write(on(&place, &log), &place.plain[&log]).unwrap();
    let error = place.unlock(&secret(1)).unwrap().load(&log).unwrap_err();
    assert!(error.to_string().contains("is not encrypted, while its folder is"), "{error}");
}

#[test]
fn a_file_sealed_for_another_folder_is_refused() {
    let (one, other) = (Place::protected(&secret(1)), Place::protected(&secret(1)));
    std::fs::copy(on(&one, "secret-ring.key"), on(&other, "secret-ring.key")).unwrap();
    let error = other.unlock(&secret(1)).unwrap().load("secret-ring.key").unwrap_err();
    assert!(error.to_string().contains("for another key folder"), "{error}");
}

#[test]
fn a_lock_with_any_byte_altered_or_cut_opens_nothing() {
    let place = Place::protected(&secret(1));
    let lock = on(&place, FILE);
    let whole = std::fs::read(&lock).unwrap();
    for position in 0..whole.len() - 2 {
        let mut altered = whole.clone();
        altered[position] ^= 1;
        std::fs::write(&lock, &altered).unwrap();
        // Between the members stands white space, of which it matters not which.
        let same = serde_json::from_slice::<serde_json::Value>(&altered).ok()
            == serde_json::from_slice(&whole).ok();
        assert_eq!(place.unlock(&secret(1)).is_ok(), same, "byte {position}");
        std::fs::write(&lock, &whole[..position]).unwrap();
        assert!(matches!(place.unlock(&secret(1)), Err(KeyError::Damaged { .. })));
    }
}

/// The lock with `from` in place of `to`, and the hash made to fit.
fn forge(place: &Place, from: &str, to: &str) {
    let text = std::fs::read_to_string(on(place, FILE)).unwrap();
    assert!(text.contains(from), "{text}");
    let mut file: LockFile = serde_json::from_str(&text.replace(from, to)).unwrap();
    file.make_hash_fit();
    std::fs::write(on(place, FILE), serde_json::to_vec(&file).unwrap()).unwrap();
}

#[test]
fn nobody_without_the_secret_makes_a_folder_take_plain_files() {
    let place = Place::protected(&secret(1));
    forge(&place, "\"settled\": true", "\"settled\": false");
    assert!(matches!(place.unlock(&secret(1)), Err(KeyError::WrongSecret { .. })));
}

#[test]
fn a_lock_that_makes_guessing_cheap_or_starting_impossible_is_refused() {
    for (from, to) in [
        ("\"memory_kib\": 19456", "\"memory_kib\": 8"),
        ("\"memory_kib\": 19456", "\"memory_kib\": 4000000000"),
        ("\"passes\": 2", "\"passes\": 1"),
        ("\"lanes\": 1", "\"lanes\": 1000"),
    ] {
        let place = Place::protected(&passphrase("correct horse battery"));
        forge(&place, from, to);
        let error = place.unlock(&passphrase("correct horse battery")).unwrap_err();
        assert!(matches!(error, KeyError::Damaged { .. }), "{to}: {error}");
    }
}
