//! What is SQLite's own: the file.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::{INSERT, NOTES, ids, insert};
use crate::*;
use wire::error_code::Retry;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("lgsp.db")
    }

    async fn open(&self) -> Result<Database, StoreError> {
        let url = format!("sqlite:{}", self.file().display());
        Database::open(&DatabaseConfig::new(url)).await
    }

    async fn with_notes(&self) -> Database {
        let database = self.open().await.unwrap();
        database.migrate(&[NOTES]).await.unwrap();
        database
    }
}

#[tokio::test]
async fn the_file_is_the_owners_alone_and_so_are_its_companions() {
    let place = Place::new();
    let database = place.with_notes().await;
    insert(&database, "one").await;
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn the_durable_settings_are_in_force() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut write = database.begin_write().await.unwrap();
    for (pragma, column, value) in [
        ("PRAGMA synchronous", "synchronous", Value::from(2)),
        ("PRAGMA foreign_keys", "foreign_keys", 1.into()),
    ] {
        let rows = write.fetch_all(pragma, &[]).await.unwrap();
        assert_eq!(Value::from(rows[0].integer(column).unwrap()), value);
    }
    let rows = write.fetch_all("PRAGMA journal_mode", &[]).await.unwrap();
    assert_eq!(rows[0].text("journal_mode").unwrap(), "wal");
}

#[tokio::test]
async fn a_file_that_cannot_serve_is_refused_with_what_to_do() {
    let place = Place::new();
    let file = place.file();
    let mode = |mode| fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();

    fs::write(&file, b"just some text").unwrap();
    mode(0o644);
    let error = place.open().await.unwrap_err().to_string();
    assert!(error.contains("mode 0644"), "{error}");
    assert!(error.contains("chmod 0600 '"), "{error}");

    mode(0o400);
    let error = place.open().await.unwrap_err();
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");

    mode(0o600);
    let error = place.open().await.unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"just some text");

    fs::write(&file, b"SQLite format 3\0 and then something else").unwrap();
    let error = place.open().await.unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let error = place.open().await.unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");

    let url = format!("sqlite:{}/no/lgsp.db", place.folder.path().display());
    let error = Database::open(&DatabaseConfig::new(url)).await.unwrap_err();
    assert!(error.to_string().contains("mkdir -p"), "{error}");
}

#[tokio::test]
async fn a_full_database_says_so_and_goes_on_when_there_is_room() {
    let place = Place::new();
    let database = place.with_notes().await;
    let big = || ["big".into(), 1.into(), vec![7_u8; 1 << 20].into(), Value::Null];
    let mut write = database.begin_write().await.unwrap();
    // SQLite takes no fewer pages than there are: the next one needed is one too many.
    write.execute("PRAGMA max_page_count = 1", &[]).await.unwrap();
    let error = write.execute(INSERT, &big()).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error}");
    assert_eq!(error.retry(), Retry::AfterSeconds(30));
    drop(write);

    // The limit was that connection's own, and went with it.
    let mut write = database.begin_write().await.unwrap();
    write.execute(INSERT, &big()).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(ids(&database).await, ["big"]);
}
