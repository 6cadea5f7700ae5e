//! What holds on every kind of database; `sqlite` and `postgres` hold what is one kind's own.

mod dialects;
mod postgres;
mod sqlite;

use testkit::TestDatabase;

use super::*;
use wire::ambient::UtcMicros;
use wire::error_code::Retry;

const NOTES: Migrations = Migrations {
    name: "notes",
    steps: &[(
        "notes",
        "CREATE TABLE note (
             id TEXT PRIMARY KEY, number BIGINT NOT NULL CHECK (number > 0), content BYTEA,
             answers TEXT REFERENCES note (id));
         CREATE INDEX note_number ON note (number);",
    )],
};
const INSERT: &str = "INSERT INTO note (id, number, content, answers) VALUES ($1, $2, $3, $4)";

/// A database of the kind that the environment names.
struct Place {
    database: TestDatabase,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: TestDatabase::new(folder.path().join("lgsp.db")), _folder: folder }
    }

    async fn open(&self) -> Result<Database, StoreError> {
        Database::open(&DatabaseConfig::new(self.database.url())).await
    }

    async fn with_notes(&self) -> Database {
        let database = self.open().await.unwrap();
        database.migrate(&[NOTES]).await.unwrap();
        database
    }
}

async fn insert(database: &Database, id: &str) {
    let mut write = database.begin_write().await.unwrap();
    let values = [id.into(), 1.into(), Value::Null, Value::Null];
    assert_eq!(write.execute(INSERT, &values).await.unwrap(), 1);
    write.commit().await.unwrap();
}

async fn ids(database: &Database) -> Vec<String> {
    let rows = database.fetch_all("SELECT id FROM note ORDER BY id", &[]);
    let rows = rows.await.unwrap();
    rows.iter().map(|row| row.text("id").unwrap()).collect()
}

#[tokio::test]
async fn what_is_committed_is_read_as_it_was_written_and_lasts() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut write = database.begin_write().await.unwrap();
    let time = UtcMicros::from_micros(1_764_000_000_000_001);
    let values = ["một".into(), time.into(), vec![0_u8, 255].into(), Value::Null];
    write.execute(INSERT, &values).await.unwrap();
    write.commit().await.unwrap();
    database.close().await;

    let database = place.with_notes().await;
    let sql = "SELECT id, number, content, answers FROM note WHERE number = $1";
    let row = database.fetch_optional(sql, &[time.into()]).await;
    let row = row.unwrap().unwrap();
    assert_eq!(row.text("id").unwrap(), "một");
    assert_eq!(row.time("number").unwrap(), time);
    assert_eq!(row.bytes("content").unwrap(), [0, 255]);
    assert_eq!(row.optional_text("answers").unwrap(), None);
}

/// Capitals before small letters, plain letters before those with marks: the order of the bytes,
/// which no dictionary has.
#[tokio::test]
async fn texts_sort_by_their_bytes_whatever_the_language_of_the_server() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut words = ["đất", "Đất", "dân", "ấp", "an", "Ân", "xã", "Xã", "a/b", "a.b", "a-b", "aB"];
    for word in words {
        insert(&database, word).await;
    }
    words.sort_unstable();
    assert_eq!(ids(&database).await, words);
    let sql = "SELECT id FROM note WHERE id > $1 ORDER BY id";
    let after = database.fetch_all(sql, &["xã".into()]).await.unwrap();
    let after: Vec<String> = after.iter().map(|row| row.text("id").unwrap()).collect();
    let expected: Vec<&str> = words.iter().copied().filter(|word| *word > "xã").collect();
    assert_eq!(after, expected);
}

#[tokio::test]
async fn a_text_with_a_nul_is_refused_before_it_is_written() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut write = database.begin_write().await.unwrap();
    let values = ["a\0b".into(), 1.into(), Value::Null, Value::Null];
    let error = write.execute(INSERT, &values).await.unwrap_err();
    assert!(matches!(error, StoreError::Misuse(_)), "{error}");
}

/// A statement is prepared once: what the first null did must not bind the later values.
#[tokio::test]
async fn a_statement_takes_nulls_and_values_in_any_order() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut write = database.begin_write().await.unwrap();
    let content = Value::from(vec![1_u8]);
    for (id, content, answers) in [
        ("a", Value::Null, Value::Null),
        ("b", content.clone(), "a".into()),
        ("c", Value::Null, "b".into()),
        ("d", content, Value::Null),
    ] {
        write.execute(INSERT, &[id.into(), 1.into(), content, answers]).await.unwrap();
    }
    write.commit().await.unwrap();
    let rows = database.fetch_all("SELECT content, answers FROM note ORDER BY id", &[]).await;
    let rows = rows.unwrap();
    let answers: Vec<_> = rows.iter().map(|row| row.optional_text("answers").unwrap()).collect();
    assert_eq!(answers, [None, Some("a".into()), Some("b".into()), None]);
    assert_eq!(rows[3].bytes("content").unwrap(), [1]);
}

#[tokio::test]
async fn a_database_without_tables_lacks_every_step() {
    let place = Place::new();
    let database = place.open().await.unwrap();
    assert_eq!(database.missing_steps(&[NOTES]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_column_that_is_absent_null_or_of_another_kind_is_an_error() {
    let place = Place::new();
    let database = place.with_notes().await;
    insert(&database, "one").await;
    let row = database.fetch_optional("SELECT id, content FROM note", &[]);
    let row = row.await.unwrap().unwrap();
    let misuse = row.text("number");
    assert!(matches!(misuse, Err(StoreError::Misuse(_))));
    assert!(matches!(row.integer("id"), Err(StoreError::Corrupt(_))));
    assert!(matches!(row.bytes("content"), Err(StoreError::Corrupt(_))));
    assert!(matches!(row.parsed::<u32>("id"), Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut write = database.begin_write().await.unwrap();
    let values = ["one".into(), 1.into(), Value::Null, Value::Null];
    write.execute(INSERT, &values).await.unwrap();
    let seen = write.fetch_all("SELECT id FROM note", &[]).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(ids(&database).await.is_empty(), "others see no half");
    drop(write);
    insert(&database, "two").await;
    assert_eq!(ids(&database).await, ["two"]);
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_can_only_be_dropped() {
    let place = Place::new();
    let database = place.with_notes().await;
    let values = |number: i64| ["one".into(), number.into(), Value::Null, Value::Null];
    let mut write = database.begin_write().await.unwrap();
    write.execute(INSERT, &values(1)).await.unwrap();
    assert!(write.execute(INSERT, &values(1)).await.is_err());
    let after = write.fetch_all("SELECT id FROM note", &[]).await;
    assert!(matches!(after, Err(StoreError::Misuse(_))));
    assert!(write.commit().await.is_err());
    assert!(ids(&database).await.is_empty());
    insert(&database, "two").await;
}

#[tokio::test]
async fn many_writers_wait_for_each_other_and_none_is_lost() {
    let place = Place::new();
    let database = place.with_notes().await;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..50 {
        let database = database.clone();
        writers.spawn(async move { insert(&database, &format!("{number:02}")).await });
    }
    writers.join_all().await;
    assert_eq!(ids(&database).await.len(), 50);
}

#[tokio::test]
async fn a_reading_connection_cannot_write() {
    let place = Place::new();
    let database = place.with_notes().await;
    let sql = "INSERT INTO note (id, number) VALUES ('x', 1) RETURNING id";
    assert!(database.fetch_all(sql, &[]).await.is_err());
    assert!(ids(&database).await.is_empty());
}

#[tokio::test]
async fn a_broken_rule_of_the_schema_says_which() {
    let place = Place::new();
    let database = place.with_notes().await;
    insert(&database, "one").await;
    for (id, number, answers, rule) in [
        ("one", Value::from(1), Value::Null, Constraint::Unique),
        ("two", Value::from(0), Value::Null, Constraint::Check),
        ("two", Value::Null, Value::Null, Constraint::NotNull),
        ("two", 1.into(), "none".into(), Constraint::ForeignKey),
    ] {
        let mut write = database.begin_write().await.unwrap();
        let values = [id.into(), number, Value::Null, answers];
        let error = write.execute(INSERT, &values).await.unwrap_err();
        assert_eq!(error.constraint(), Some(rule), "{error}");
        assert_eq!(error.retry(), Retry::No);
    }
}

#[tokio::test]
async fn a_wrong_number_of_values_is_refused() {
    let place = Place::new();
    let database = place.with_notes().await;
    let sql = "SELECT id FROM note WHERE id = $1";
    for values in [vec![], vec!["a".into(), "b".into()]] {
        let error = database.fetch_all(sql, &values).await.unwrap_err();
        assert!(matches!(error, StoreError::Misuse(_)), "{error}");
    }
}

#[tokio::test]
async fn an_address_of_no_known_kind_is_refused_without_its_password() {
    for url in ["", "lgsp.db", "sqlite:", "sqlite::memory:", "postgres://a@b/c?sslmod=require"] {
        let error = Database::open(&DatabaseConfig::new(url)).await.unwrap_err();
        assert!(matches!(error, StoreError::BadAddress(_)), "{url}: {error}");
    }
    for url in [
        "mysql://lgsp:secret@host/lgsp",
        "postgres://lgsp:secret@127.0.0.1:1/lgsp",
        "postgres://lgsp:secret@127.0.0.1:1/lgsp?x=secret",
        "postgres://lgsp:se?cret@127.0.0.1:1/lgsp",
        "postgres://lgsp:se/cret@127.0.0.1:1/lgsp",
        "postgres://lgsp@127.0.0.1:1/lgsp?password=secret@secret",
    ] {
        let config = DatabaseConfig::new(url);
        let error = Database::open(&config).await.unwrap_err();
        let shown = format!("{error} {error:?} {config:?} {}", config.shown());
        assert!(!shown.contains("cret"), "{shown}");
    }
}

#[tokio::test]
async fn a_schema_grows_by_its_missing_steps_only() {
    const LONGER: Migrations = Migrations {
        name: "notes",
        steps: &[NOTES.steps[0], ("title", "ALTER TABLE note ADD COLUMN title TEXT;")],
    };
    let place = Place::new();
    let database = place.with_notes().await;
    insert(&database, "one").await;
    database.migrate(&[NOTES]).await.unwrap();
    assert_eq!(database.missing_steps(&[LONGER]).await.unwrap(), 1);
    database.migrate(&[LONGER]).await.unwrap();
    assert_eq!(database.missing_steps(&[LONGER]).await.unwrap(), 0);
    let row = database.fetch_optional("SELECT title FROM note", &[]);
    let row = row.await.unwrap().unwrap();
    assert_eq!(row.optional_text("title").unwrap(), None);

    let error = database.migrate(&[NOTES]).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error}");
    assert!(error.to_string().contains("'title'"), "{error}");
    for refused in [database.migrate(&[]).await.err(), database.missing_steps(&[]).await.err()] {
        assert!(matches!(refused, Some(StoreError::NewerSchema { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_step_that_was_applied_in_another_form_is_refused() {
    const OTHER: Migrations =
        Migrations { name: "notes", steps: &[("notes", "CREATE TABLE note (id TEXT);")] };
    let place = Place::new();
    let database = place.with_notes().await;
    let error = database.migrate(&[OTHER]).await.unwrap_err();
    assert!(matches!(error, StoreError::ChangedStep { .. }), "{error}");
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_schema_as_it_was() {
    const BAD: Migrations = Migrations {
        name: "bad",
        steps: &[
            ("good", "CREATE TABLE good (id TEXT);"),
            ("bad", "CREATE TABLE bad (id TEXT); CREATE TABEL worse;"),
        ],
    };
    let place = Place::new();
    let database = place.with_notes().await;
    assert!(database.migrate(&[NOTES, BAD]).await.is_err());
    for table in ["good", "bad"] {
        let sql = format!("SELECT id FROM {table}");
        let absent = database.fetch_all(&sql, &[]).await;
        assert!(matches!(absent, Err(StoreError::Misuse(_))), "{table}: {absent:?}");
    }
    database.migrate(&[NOTES]).await.unwrap();
}

#[test]
fn debug_of_a_value_shows_its_kind_only() {
    let values = [Value::from("secret"), Value::from(b"secret"), 42.into()];
    let shown = format!("{values:?}");
    assert_eq!(shown, "[Text(6 bytes), Bytes(6), Integer]");
}
