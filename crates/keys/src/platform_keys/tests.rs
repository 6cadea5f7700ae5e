use super::*;
use crate::SystemRandomness;

const DAY_ONE: UtcMicros = UtcMicros::from_micros(1_000_000);
const DAY_TWO: UtcMicros = UtcMicros::from_micros(2_000_000);

fn folder() -> (tempfile::TempDir, KeyDirectory) {
    let temp = tempfile::tempdir().unwrap();
    let folder = KeyDirectory::create(temp.path().join("keys")).unwrap();
    (temp, folder)
}

fn load_all(folder: &KeyDirectory) -> Result<PlatformKeys, KeyError> {
    PlatformKeys::load_or_generate(folder, DAY_ONE, &SystemRandomness)
}

#[test]
fn keys_are_made_once_and_loaded_ever_after() {
    let (_temp, folder) = folder();
    let made = load_all(&folder).unwrap();
    let loaded = load_all(&folder).unwrap();
    for which in PlatformKey::ALL {
        assert_eq!(made.key(which).public_key(), loaded.key(which).public_key());
    }
    assert_eq!(made.history(), loaded.history());
    assert_eq!(made.history().len(), 3);
}

#[test]
fn keys_that_are_looked_for_are_not_made() {
    let (_temp, folder) = folder();
    assert!(PlatformKeys::find(&folder, None).unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let made = load_all(&folder).unwrap();
    let found = PlatformKeys::find(&folder, None).unwrap().unwrap();
    assert_eq!(made.history(), found.history());
}

#[test]
fn a_rotated_key_is_replaced_and_its_public_part_kept_with_its_validity() {
    let (_temp, folder) = folder();
    let mut keys = load_all(&folder).unwrap();
    let old = keys.validity(PlatformKey::Log).unwrap().clone();
    keys.rotate(PlatformKey::Log, &KeyPlace::Files, DAY_TWO, &SystemRandomness).unwrap();

    let loaded = load_all(&folder).unwrap();
    let new = loaded.validity(PlatformKey::Log).unwrap();
    assert_ne!(new.keyid, old.keyid);
    assert_eq!((new.from, new.until), (DAY_TWO, None));
    assert_eq!(loaded.log.public_key(), new.public);
    let retired = KeyValidity { until: Some(DAY_TWO), ..old.clone() };
    assert_eq!(loaded.history().first(), Some(&retired));
    assert!(folder.find(&file(&old.keyid)).unwrap().is_none());
}

#[test]
fn a_private_key_left_by_a_crash_in_a_rotation_is_destroyed_at_the_next_start() {
    let (_temp, folder) = folder();
    let mut keys = load_all(&folder).unwrap();
    let old = keys.validity(PlatformKey::Response).unwrap().keyid.clone();
    let left = folder.load(&file(&old)).unwrap();
    keys.rotate(PlatformKey::Response, &KeyPlace::Files, DAY_TWO, &SystemRandomness).unwrap();
    folder.create_new(&file(&old), &left).unwrap();
    load_all(&folder).unwrap();
    assert!(folder.find(&file(&old)).unwrap().is_none());
}

#[test]
fn a_missing_key_is_an_error_and_never_made_anew() {
    let (_temp, folder) = folder();
    let keys = load_all(&folder).unwrap();
    let name = file(&keys.validity(PlatformKey::Log).unwrap().keyid);
    folder.destroy(&name).unwrap();
    let error = load_all(&folder).unwrap_err();
    assert!(matches!(error, KeyError::Missing { .. }));
    assert!(error.to_string().contains(&name), "{error}");
}

#[test]
fn a_lost_key_signs_nothing_and_can_be_rotated() {
    let (_temp, folder) = folder();
    let keys = load_all(&folder).unwrap();
    let old = keys.validity(PlatformKey::Log).unwrap().clone();
    folder.destroy(&file(&old.keyid)).unwrap();
    let files = KeyPlace::Files;
    let keys = PlatformKeys::load_even_if_lost(&folder, &files, DAY_TWO, &SystemRandomness);
    let mut keys = keys.unwrap();
    assert_eq!(keys.log.public_key(), old.public);
    assert!(keys.log.lost().unwrap().contains("is missing"));
    assert!(matches!(keys.log.sign(b"a checkpoint"), Err(KeyError::Lost(_))));
    assert!(keys.directory.lost().is_none());

    keys.rotate(PlatformKey::Log, &files, DAY_TWO, &SystemRandomness).unwrap();
    let loaded = load_all(&folder).unwrap();
    assert_ne!(loaded.log.public_key(), old.public);
    let retired = KeyValidity { until: Some(DAY_TWO), ..old };
    assert_eq!(loaded.history().first(), Some(&retired));
}

#[test]
fn a_cut_swapped_or_zeroed_key_file_is_refused() {
    let (_temp, folder) = folder();
    let keys = load_all(&folder).unwrap();
    let name = |which| file(&keys.validity(which).unwrap().keyid);
    let log = name(PlatformKey::Log);
    let whole = folder.load(&log).unwrap();
    let other = folder.load(&name(PlatformKey::Directory)).unwrap();
    let cuts = (0..whole.len() - 1).map(|length| whole[..length].to_vec());
    for content in cuts.chain([other.to_vec(), vec![0; whole.len()]]) {
        folder.replace(&log, &content).unwrap();
        let error = load_all(&folder).unwrap_err();
        assert!(matches!(error, KeyError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_cut_index_is_refused_and_no_key_is_made() {
    let (_temp, folder) = folder();
    load_all(&folder).unwrap();
    let whole = folder.load("platform.json").unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 3] {
        folder.replace("platform.json", &whole[..length]).unwrap();
        let error = load_all(&folder).unwrap_err();
        assert!(matches!(error, KeyError::Damaged { .. }), "{error}");
    }
}

#[test]
fn debug_shows_no_private_part() {
    let (_temp, folder) = folder();
    let keys = load_all(&folder).unwrap();
    let shown = format!("{keys:#?}");
    for which in PlatformKey::ALL {
        let PlatformSigner::File(key) = keys.key(which) else { panic!("it stands in a file") };
        let pem = key.to_pkcs8_pem().unwrap();
        assert!(!shown.contains(pem.lines().nth(1).unwrap()));
    }
}
