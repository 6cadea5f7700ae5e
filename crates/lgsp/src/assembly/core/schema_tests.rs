//! Both kinds of database get the same schema, by what their own catalogues say.

use store::{Database, DatabaseConfig};
use testkit::TestDatabase;
use testkit::postgres::PostgresServer;

use super::SCHEMA;

/// Tables with their columns: name, type, whether null is allowed, place in the primary key.
const SQLITE_COLUMNS: &str = "
    SELECT t.name || '.' || c.name || ' ' || c.type || ' ' ||
           CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'NOT NULL' ELSE 'NULL' END || ' ' || c.pk AS line
    FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
const POSTGRES_COLUMNS: &str = "
    SELECT t.relname || '.' || c.attname || ' ' ||
           CASE c.atttypid WHEN 'int8'::regtype THEN 'BIGINT' WHEN 'text'::regtype THEN 'TEXT'
                WHEN 'bytea'::regtype THEN 'BYTEA' ELSE '?' END || ' ' ||
           CASE WHEN c.attnotnull THEN 'NOT NULL' ELSE 'NULL' END || ' ' ||
           coalesce(array_position(k.conkey, c.attnum), 0) AS line
    FROM pg_class AS t JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0
    LEFT JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'p'
    WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace";

/// Foreign keys: from, to.
const SQLITE_REFERENCES: &str = "
    SELECT t.name || '.' || f.\"from\" || ' ' || f.\"table\" || '.' || f.\"to\" AS line
    FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'";
const POSTGRES_REFERENCES: &str = "
    SELECT k.conrelid::regclass || '.' || a.attname || ' ' || k.confrelid::regclass || '.' ||
           b.attname AS line
    FROM pg_constraint AS k
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace";

/// Indexes: table, columns in order, whether unique, whether of some rows only.
const SQLITE_INDEXES: &str = "
    SELECT t.name || ' ' || (SELECT group_concat(name, ',') FROM
               (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) ||
           ' ' || i.\"unique\" || ' ' || i.partial AS line
    FROM sqlite_master AS t JOIN pragma_index_list(t.name) AS i
    WHERE t.type = 'table' AND i.origin <> 'pk'";
const POSTGRES_INDEXES: &str = "
    SELECT i.indrelid::regclass || ' ' || (SELECT string_agg(a.attname, ',' ORDER BY k.place)
               FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
               JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number) ||
           ' ' || i.indisunique::int || ' ' || (i.indpred IS NOT NULL)::int AS line
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE t.relnamespace = current_schema()::regnamespace AND NOT i.indisprimary";

async fn migrated(url: &str) -> Database {
    let database = Database::open(&DatabaseConfig::new(url)).await.unwrap();
    database.migrate(SCHEMA).await.unwrap();
    database
}

async fn lines(database: &Database, sql: &str) -> Vec<String> {
    let rows = database.fetch_all(sql, &[]).await.unwrap();
    let mut lines: Vec<String> = rows.iter().map(|row| row.text("line").unwrap()).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn both_kinds_of_database_get_the_same_schema() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&format!("sqlite:{}/lgsp.db", folder.path().display())).await;
    let server = PostgresServer::start();
    let place = TestDatabase::on(&server.url());
    let postgres = migrated(place.url()).await;
    for (one, other) in [
        (SQLITE_COLUMNS, POSTGRES_COLUMNS),
        (SQLITE_REFERENCES, POSTGRES_REFERENCES),
        (SQLITE_INDEXES, POSTGRES_INDEXES),
    ] {
        let (one, other) = (lines(&sqlite, one).await, lines(&postgres, other).await);
        assert!(one.len() > 5, "the catalogue was read: {one:?}");
        assert_eq!(one, other);
    }
    // A column that sorts by the server's language would be another schema.
    let sql = "SELECT count(*) FROM pg_attribute AS c JOIN pg_class AS t ON t.oid = c.attrelid
               WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND c.attnum > 0
                 AND c.atttypid = 'text'::regtype AND c.attcollation <> '\"C\"'::regcollation";
    assert_eq!(place.sql(sql), "0");
}
