use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;

fn folder() -> (tempfile::TempDir, KeyDirectory) {
    let temp = tempfile::tempdir().unwrap();
    let folder = KeyDirectory::create(temp.path().join("keys")).unwrap();
    (temp, folder)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_folder_and_its_files_are_the_owners_alone() {
    let (_temp, folder) = folder();
    folder.create_new("a.key", b"secret").unwrap();
    folder.replace("b.key", b"secret").unwrap();
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(&folder.path().join("a.key")), 0o600);
    assert_eq!(mode(&folder.path().join("b.key")), 0o600);
}

#[test]
fn a_file_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    let (_temp, folder) = folder();
    folder.create_new("a.key", b"secret").unwrap();
    let path = folder.path().join("a.key");
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let error = folder.load("a.key").unwrap_err().to_string();
    let path = path.display();
    assert_eq!(
        error,
        format!(
            "{path} has mode 0640, which lets others at secrets; it must be 0600. \
             Mend it with: chmod 0600 '{path}'"
        )
    );
}

#[test]
fn a_folder_that_others_may_enter_is_refused_with_the_command_that_mends_it() {
    let (_temp, folder) = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let error = KeyDirectory::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("mode 0755"), "{error}");
    assert!(error.contains("chmod 0700 '"), "{error}");
    assert!(KeyDirectory::create(folder.path()).is_err());
}

#[test]
fn what_a_crash_left_of_a_write_is_never_read_and_does_not_hinder_the_next() {
    let (_temp, folder) = folder();
    folder.replace("a.key", b"old").unwrap();
    fs::write(folder.path().join(".a.key.tmp"), b"ne").unwrap();
    assert_eq!(&**folder.load("a.key").unwrap(), b"old");
    folder.replace("a.key", b"new").unwrap();
    assert_eq!(&**folder.load("a.key").unwrap(), b"new");
    assert!(!folder.path().join(".a.key.tmp").exists());
}

#[test]
fn a_new_file_never_replaces_one_that_is_there() {
    let (_temp, folder) = folder();
    folder.create_new("a.key", b"old").unwrap();
    let refusal = folder.create_new("a.key", b"new").unwrap_err();
    assert!(matches!(refusal, KeyError::Exists { .. }));
    assert_eq!(&**folder.load("a.key").unwrap(), b"old");
}

#[test]
fn of_many_writers_of_one_new_file_exactly_one_wins_and_its_bytes_are_whole() {
    let (_temp, folder) = folder();
    let won: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8_u8)
            .map(|n| {
                let folder = &folder;
                scope.spawn(move || folder.create_new("a.key", &[n; 4096]).is_ok())
            })
            .collect();
        writers.into_iter().map(|writer| usize::from(writer.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
    let bytes = folder.load("a.key").unwrap();
    assert_eq!(bytes.len(), 4096);
    assert!(bytes.iter().all(|byte| *byte == bytes[0]));
}

#[test]
fn a_destroyed_file_is_gone_and_destroying_it_again_is_nothing() {
    let (_temp, folder) = folder();
    folder.create_new("a.key", b"secret").unwrap();
    folder.destroy("a.key").unwrap();
    folder.destroy("a.key").unwrap();
    assert!(folder.find("a.key").unwrap().is_none());
    assert!(matches!(folder.load("a.key"), Err(KeyError::Missing { .. })));
}

#[test]
fn a_name_cannot_leave_the_folder_or_hide_in_it() {
    let (_temp, folder) = folder();
    for name in ["", ".", "..", "../a", "/a", "a/b", ".lock", "A", "a\0"] {
        assert!(matches!(folder.find(name), Err(KeyError::BadName(_))), "{name}");
    }
}

#[test]
fn a_missing_folder_and_a_file_in_its_place_are_told_apart() {
    let (temp, folder) = folder();
    let missing = KeyDirectory::open(temp.path().join("no")).unwrap_err();
    assert!(matches!(missing, KeyError::Missing { .. }));
    folder.create_new("a.key", b"").unwrap();
    let file = KeyDirectory::open(folder.path().join("a.key")).unwrap_err();
    assert!(file.to_string().contains("no folder"));
}
