//! How a schema step is written for PostgreSQL, where the catalogue stands, and what time it is.
//!
//! A text column is given the collation `"C"`: comparison by bytes, which for UTF-8 is the order
//! of code points. SQLite does the same by default, and so pages and lists have the same order on
//! both, Vietnamese included, whatever locale the database was made with. How people sort is a
//! matter of the pages that show a list, not of the database.

/// Has a row if the table of schema steps is there.
pub(crate) const HAS_STEPS: &str = "SELECT tablename FROM pg_catalog.pg_tables
     WHERE schemaname = current_schema() AND tablename = 'schema_step'";

/// The server's time, which all that share the database go by, in µs since 1970.
pub(crate) const NOW: &str =
    "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now";

/// The step with every TEXT column compared by its bytes.
pub(super) fn with_byte_order(sql: &str) -> String {
    let mut written = String::with_capacity(sql.len() + 256);
    let mut word = String::new();
    for c in sql.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        push(&mut written, &mut word);
        written.push(c);
    }
    push(&mut written, &mut word);
    written
}

fn push(written: &mut String, word: &mut String) {
    written.push_str(word);
    if word == "TEXT" {
        written.push_str(" COLLATE \"C\"");
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::with_byte_order;

    #[test]
    fn every_text_column_gets_the_collation_and_nothing_else_does() {
        let sql = "CREATE TABLE a (TEXTS BIGINT, b TEXT PRIMARY KEY, c TEXT)";
        let written = "CREATE TABLE a (TEXTS BIGINT, b TEXT COLLATE \"C\" PRIMARY KEY, \
                       c TEXT COLLATE \"C\")";
        assert_eq!(with_byte_order(sql), written);
    }
}
