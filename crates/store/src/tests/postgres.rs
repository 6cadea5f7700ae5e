//! What is PostgreSQL's own: the server, which may be elsewhere, refuse, restart and be shared.

use sqlx::postgres::{PgConnection, PgListener};
use sqlx::{Connection as _, Executor as _};
use testkit::TestDatabase;
use testkit::postgres::PostgresServer;
use wire::error_code::Retry;
use zeroize::Zeroizing;

use super::{INSERT, NOTES, ids, insert};
use crate::*;

struct Place {
    database: TestDatabase,
    server: PostgresServer,
}

impl Place {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(settings: &[&str]) -> Self {
        let server = PostgresServer::start_with(settings);
        Self { database: TestDatabase::on(&server.url()), server }
    }

    fn url(&self) -> &str {
        self.database.url()
    }

    async fn open(&self) -> Database {
        open(self.url()).await.unwrap()
    }
}

async fn open(url: &str) -> Result<Database, StoreError> {
    Database::open(&DatabaseConfig::new(url)).await
}

#[tokio::test]
async fn what_is_wrong_with_the_server_is_said_and_the_password_is_not() {
    let place = Place::new();
    let wrong = place.url().replace("test-password", "wrong-password");
    let nowhere = place.url().replace("lgsp_test", "no_such");
    let closed = "postgres://lgsp:wrong-password@127.0.0.1:1/lgsp".to_owned();
    for (url, expected) in [
        (&wrong, "does not accept this user"),
        (&nowhere, "no such database"),
        (&closed, "cannot be reached"),
    ] {
        let error = open(url).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("wrong-password") && !shown.contains("test-password"), "{shown}");
        let again = if url == &closed { Retry::SameRequest } else { Retry::No };
        assert_eq!(error.retry(), again, "{error}");
    }
}

#[tokio::test]
async fn the_password_may_stand_apart_from_the_address() {
    let place = Place::new();
    let url = place.url().replace(":test-password", "");
    let password = Some(Zeroizing::new("test-password".to_owned()));
    let config = DatabaseConfig { password, ..DatabaseConfig::new(url) };
    assert!(!format!("{config:?}").contains("password"));
    Database::open(&config).await.unwrap().migrate(&[NOTES]).await.unwrap();
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let place = Place::new();
    place.server.sql(
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0",
    );
    let url = place.server.url().replace("/postgres", "/latin");
    let error = open(&url.replace("latin:", "")).await.unwrap_err();
    assert!(error.to_string().contains("UTF8"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_two_processes_wait_for_each_other() {
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    one.migrate(&[NOTES]).await.unwrap();
    let held = one.begin_write().await.unwrap();
    let other = two.clone();
    let waiting = tokio::spawn(async move { insert(&other, "two").await });
    // It waits for the lock of writers, and for no other.
    let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    while place.database.sql(sql) != "1" {
        tokio::task::yield_now().await;
    }
    assert!(ids(&one).await.is_empty());
    drop(held);
    waiting.await.unwrap();
    assert_eq!(ids(&one).await, ["two"]);
}

#[tokio::test]
async fn processes_that_start_at_once_migrate_once() {
    let place = Place::new();
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = place.url().to_owned();
        starts.spawn(async move { open(&url).await.unwrap().migrate(&[NOTES]).await });
    }
    for started in starts.join_all().await {
        started.unwrap();
    }
    assert_eq!(place.database.sql("SELECT count(*) FROM schema_step"), "1");
}

#[tokio::test]
async fn a_server_that_went_away_is_found_again() {
    let mut place = Place::new();
    let database = place.open().await;
    database.migrate(&[NOTES]).await.unwrap();
    insert(&database, "before").await;
    let mut cut = database.begin_write().await.unwrap();
    place.server.kill();
    let values = ["cut".into(), 1.into(), Value::Null, Value::Null];
    let error = cut.execute(INSERT, &values).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert_eq!(error.retry(), Retry::SameRequest);
    drop(cut);
    let waiting = tokio::spawn({
        let database = database.clone();
        async move { insert(&database, "after").await }
    });
    place.server.restart();
    waiting.await.unwrap();
    assert_eq!(ids(&database).await, ["after", "before"]);
    place.server.stop();
    place.server.restart();
    assert_eq!(ids(&database).await, ["after", "before"]);
}

#[tokio::test]
async fn a_writer_that_hangs_is_cut_off_by_the_server_and_others_go_on() {
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    one.migrate(&[NOTES]).await.unwrap();
    let setting = "SELECT setting FROM pg_settings WHERE name = $1";
    let mut hanging = one.begin_write().await.unwrap();
    for (name, value) in [
        ("idle_in_transaction_session_timeout", "60000"),
        ("statement_timeout", "30000"),
        ("lock_timeout", "30000"),
        ("synchronous_commit", "on"),
    ] {
        let rows = hanging.fetch_all(setting, &[name.into()]).await.unwrap();
        assert_eq!(rows[0].text("setting").unwrap(), value, "{name}");
    }
    // A minute made short: what the server does when it is over is the same.
    let shorter = "SET idle_in_transaction_session_timeout = '1ms'";
    hanging.execute(shorter, &[]).await.unwrap();
    insert(&two, "two").await;
    assert!(hanging.commit().await.is_err());
    assert_eq!(ids(&one).await, ["two"]);
}

#[tokio::test]
async fn a_full_tablespace_and_a_user_without_rights_are_told_apart() {
    let place = Place::new();
    let database = place.open().await;
    database.migrate(&[NOTES]).await.unwrap();
    place.database.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE DELETE ON note
           FOR EACH STATEMENT EXECUTE FUNCTION full_disk();",
    );
    let mut write = database.begin_write().await.unwrap();
    let error = write.execute("DELETE FROM note", &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error}");
    drop(write);

    place.database.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'; GRANT SELECT ON note TO guest");
    let guest = open(&place.url().replace("lgsp:test-password", "guest:guest")).await.unwrap();
    let mut write = guest.begin_write().await.unwrap();
    let values = ["one".into(), 1.into(), Value::Null, Value::Null];
    let error = write.execute(INSERT, &values).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn a_notice_comes_with_the_commit_and_not_without() {
    let place = Place::new();
    let database = place.open().await;
    let mut aside = PgConnection::connect(place.url()).await.unwrap();
    // The server gives one listener the notices of all channels in the order of their commits.
    let mut heard = PgListener::connect(place.url()).await.unwrap();
    heard.listen_all(["news", "before", "after"]).await.unwrap();
    let mut dropped = database.begin_write().await.unwrap();
    dropped.notify("news").await.unwrap();
    drop(dropped);
    let mut write = database.begin_write().await.unwrap();
    write.notify("news").await.unwrap();
    aside.execute("NOTIFY before").await.unwrap();
    write.commit().await.unwrap();
    aside.execute("NOTIFY after").await.unwrap();
    for channel in ["before", "news", "after"] {
        assert_eq!(heard.recv().await.unwrap().channel(), channel);
    }
}

#[tokio::test]
async fn a_listener_whose_server_restarts_is_told_to_look_again_and_hears_on() {
    let mut place = Place::new();
    let database = place.open().await;
    let mut notices = database.notices("news").await.unwrap();
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let listening = tokio::spawn(async move {
        loop {
            notices.next().await;
            sender.send(()).unwrap();
        }
    });
    place.server.stop();
    place.server.restart();
    heard.recv().await.unwrap();
    let mut write = database.begin_write().await.unwrap();
    write.notify("news").await.unwrap();
    write.commit().await.unwrap();
    heard.recv().await.unwrap();
    listening.abort();
}
