use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wire::ambient::UtcMicros;

use super::*;
use crate::{DetailKeys, PlatformKeys, SecretBox, SystemRandomness, Zeroizing};

mod crashes;
mod damage;

/// A key folder as a node has it: signing keys, the ring, a detail key, a mark.
struct Place {
    temp: tempfile::TempDir,
    folder: KeyDirectory,
    /// What each file held when it was made.
    plain: BTreeMap<String, Vec<u8>>,
}

fn randomness() -> Arc<dyn Randomness> {
    Arc::new(SystemRandomness)
}

/// A key file's secret: derived from in no time, so that a test can do it a thousand times.
fn secret(number: u8) -> KeySecret {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("secret");
    std::fs::write(&path, [number; 32]).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    KeySecret::key_file(&path).unwrap()
}

fn passphrase(text: &str) -> KeySecret {
    KeySecret::new_passphrase(Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

fn fill(folder: &KeyDirectory) {
    PlatformKeys::load_or_generate(folder, UtcMicros::from_seconds(1), &SystemRandomness).unwrap();
    SecretBox::load_or_generate(folder, randomness()).unwrap();
    let detail = DetailKeys::new(folder.folder("detail").unwrap(), randomness());
    detail.seal("call", "2026-11-23", b"", b"").unwrap();
    detail.destroy("call", "2026-11-22").unwrap();
}

fn contents(folder: &KeyDirectory) -> BTreeMap<String, Vec<u8>> {
    let files = folder.every_file().unwrap().into_iter();
    files.map(|(at, name)| (at.sealed_name(&name), at.load(&name).unwrap().to_vec())).collect()
}

/// A folder in memory, if the system has one: a test that ends a process at each of a hundred
/// steps would else wait for ten thousand writes to be durable.
fn temp_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

impl Place {
    fn plain() -> Self {
        let temp = temp_dir();
        let folder = KeyDirectory::create(temp.path().join("keys")).unwrap();
        fill(&folder);
        let plain = contents(&folder);
        assert_eq!(plain.len(), 7);
        Self { temp, folder, plain }
    }

    fn protected(secret: &KeySecret) -> Self {
        let place = Self::plain();
        place.folder.protect(secret, Cost::LEAST, &randomness()).unwrap();
        place
    }

    fn unlock(&self, secret: &KeySecret) -> Result<KeyDirectory, KeyError> {
        self.folder.unlock(secret, randomness())
    }

    /// Every file below, the hidden ones too, as it stands on the disk.
    fn on_disk(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for folder in [self.folder.path().to_owned(), self.folder.path().join("detail")] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    files.insert(path.clone(), std::fs::read(path).unwrap());
                }
            }
        }
        files
    }

    /// Nothing is left aside or half-written.
    fn assert_nothing_hidden(&self) {
        let hidden = self.on_disk().into_keys().filter(|path| name(path).starts_with('.'));
        assert!(hidden.map(|path| name(&path)).all(|name| name == ".lock"));
    }

    /// Whether any secret that was in the files can be read from the disk.
    fn shows_a_secret(&self) -> bool {
        let secrets: Vec<&[u8]> = self.plain.values().flat_map(|file| secret_lines(file)).collect();
        assert_eq!(secrets.len(), 5, "three signing keys, a ring, a detail key");
        let on_disk = self.on_disk();
        on_disk.values().any(|file| {
            secrets.iter().any(|secret| file.windows(secret.len()).any(|part| part == *secret))
        })
    }
}

/// The lines of a plain key file that hold secrets.
fn secret_lines(file: &[u8]) -> Vec<&[u8]> {
    let lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').collect();
    match lines.first() {
        Some(first) if first.starts_with(b"-----BEGIN PRIVATE") => vec![lines[1]],
        Some(first) if *first == b"lgsp keys 1" => vec![lines[1].split_at(17).1],
        _ => Vec::new(),
    }
}

#[test]
fn a_protected_folder_shows_no_secret_and_opens_as_it_was() {
    let place = Place::plain();
    assert!(place.shows_a_secret(), "the search finds what is plain");
    let secret = passphrase("correct horse battery");
    place.folder.protect(&secret, Cost::LEAST, &randomness()).unwrap();
    assert!(!place.shows_a_secret());
    place.assert_nothing_hidden();
    assert_eq!(contents(&place.unlock(&secret).unwrap()), place.plain);
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn what_is_made_in_an_unlocked_folder_is_sealed_too() {
    let temp = tempfile::tempdir().unwrap();
    let folder = KeyDirectory::create(temp.path().join("keys")).unwrap();
    folder.protect(&secret(1), Cost::LEAST, &randomness()).unwrap();
    let open = folder.unlock(&secret(1), randomness()).unwrap();
    fill(&open);
    let place = Place { plain: contents(&open), temp, folder };
    assert!(!place.shows_a_secret());
    fill(&place.unlock(&secret(1)).unwrap());
    assert_eq!(contents(&place.unlock(&secret(1)).unwrap()), place.plain);
    assert!(place.temp.path().exists());
}

#[test]
fn a_wrong_secret_is_told_as_wrong_and_not_as_damage() {
    let place = Place::protected(&passphrase("correct horse battery"));
    let error = place.unlock(&passphrase("incorrect horse battery")).unwrap_err();
    let path = place.folder.path().display();
    assert_eq!(
        error.to_string(),
        format!(
            "the passphrase does not open the keys in {path}: they were encrypted with another passphrase"
        )
    );
    let error = place.unlock(&secret(1)).unwrap_err().to_string();
    assert!(error.contains("the key file does not open"), "{error}");
    assert!(error.contains("encrypted with a passphrase"), "{error}");
    let error = Place::protected(&secret(1)).unlock(&secret(2)).unwrap_err().to_string();
    assert!(error.contains("encrypted with another key file"), "{error}");
}

#[test]
fn a_protected_folder_read_as_a_plain_one_is_told_as_locked() {
    let place = Place::protected(&secret(1));
    let now = UtcMicros::from_seconds(2);
    let opened = PlatformKeys::load_or_generate(&place.folder, now, &SystemRandomness);
    assert!(matches!(opened, Err(KeyError::Locked { .. })));
    let ring = SecretBox::load_or_generate(&place.folder, randomness());
    assert!(matches!(ring, Err(KeyError::Locked { .. })));
    let plain = Place::plain();
    assert!(matches!(plain.unlock(&secret(1)), Err(KeyError::NotProtected { .. })));
}

#[test]
fn a_changed_secret_opens_and_the_one_before_does_not() {
    let (first, second) = (passphrase("correct horse battery"), secret(2));
    let place = Place::protected(&first);
    place.folder.change_secret(&first, &second, Cost::LEAST, &SystemRandomness).unwrap();
    assert!(matches!(place.unlock(&first), Err(KeyError::WrongSecret { .. })));
    assert_eq!(contents(&place.unlock(&second).unwrap()), place.plain);
    assert_eq!(place.folder.protection().unwrap(), Some(Protection::KeyFile));
    let wrong = place.folder.change_secret(&first, &secret(3), Cost::LEAST, &SystemRandomness);
    assert!(matches!(wrong, Err(KeyError::WrongSecret { .. })));
}

#[test]
fn an_unprotected_folder_is_as_it_was_before() {
    let place = Place::protected(&secret(1));
    place.folder.unprotect(&secret(1), Cost::LEAST, &randomness()).unwrap();
    assert_eq!(contents(&place.folder), place.plain);
    assert_eq!(place.folder.protection().unwrap(), None);
}

#[test]
fn a_passphrase_that_is_guessed_or_mistyped_easily_is_not_set() {
    for (text, reason) in [
        ("thirteen char", "14 characters"),
        ("mật khẩu của thành phố", "without marks"),
        ("a\tb and more than enough", "without marks"),
    ] {
        let text = Zeroizing::new(text.as_bytes().to_vec());
        let error = KeySecret::new_passphrase(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    passphrase("fourteen chars");
}

#[test]
fn a_key_file_is_made_once_and_read_only_if_it_is_its_owners_and_long_enough() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("lgsp.secret");
    assert!(matches!(KeySecret::key_file(&path), Err(KeyError::NoSecretFile { .. })));
    let made = KeySecret::make_key_file(&path, &SystemRandomness).unwrap();
    assert_eq!(KeySecret::key_file(&path).unwrap().bytes(), made.bytes());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(KeySecret::make_key_file(&path, &SystemRandomness).is_err());

    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    assert!(matches!(KeySecret::key_file(&path), Err(KeyError::Permissions { .. })));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&path, [7; 31]).unwrap();
    assert!(matches!(KeySecret::key_file(&path), Err(KeyError::UnfitSecret(_))));
}

#[test]
fn debug_shows_neither_secret_nor_data_key() {
    let place = Place::protected(&secret(7));
    let open = place.unlock(&secret(7)).unwrap();
    let shown = format!("{open:?} {:?} {:?}", secret(7), passphrase("correct horse battery"));
    assert!(shown.contains("Seal("), "{shown}");
    assert!(shown.contains("KeySecret(key_file, …)"), "{shown}");
    assert!(!shown.contains("horse") && !shown.contains("7, 7"), "{shown}");
}
