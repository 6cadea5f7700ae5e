//! How the schema grows: each crate has a set of steps, which only ever gets longer.
//!
//! The table `schema_step` keeps the text of every step that was applied, not only a checksum of
//! it, so that what made a database can be read in it.
//!
//! **Invariant**: all missing steps of all sets are applied in one transaction, or none.

use crate::{Row, StoreError};

/// The steps of one crate's tables, in order. A released step is never changed.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The crate, e.g. `registry`.
    pub name: &'static str,
    /// Name and SQL of each step; several statements end with `;` each.
    pub steps: &'static [(&'static str, &'static str)],
}

pub(crate) const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_step (
    set_name TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    sql_text TEXT NOT NULL,
    PRIMARY KEY (set_name, position)
)";
pub(crate) const LIST: &str =
    "SELECT set_name, position, name, sql_text FROM schema_step ORDER BY set_name, position";
pub(crate) const INSERT: &str =
    "INSERT INTO schema_step (set_name, position, name, sql_text) VALUES ($1, $2, $3, $4)";

/// A step that is not applied yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) set: &'static str,
    pub(crate) position: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// What is missing, given the rows of [`LIST`]; refuses a database that is ahead of `sets` or
/// was made from others.
pub(crate) fn missing(sets: &[Migrations], applied: &[Row]) -> Result<Vec<Missing>, StoreError> {
    let mut missing = Vec::new();
    for set in sets {
        for (position, (name, sql)) in (0..).zip(set.steps) {
            missing.push(Missing { set: set.name, position, name, sql });
        }
    }
    for row in applied {
        let (set, position) = (row.text("set_name")?, row.integer("position")?);
        let step = row.text("name")?;
        let known = missing.iter().position(|known| known.set == set && known.position == position);
        let Some(known) = known else {
            return Err(StoreError::NewerSchema { set, step });
        };
        if missing.remove(known).sql != row.text("sql_text")? {
            return Err(StoreError::ChangedStep { set, step });
        }
    }
    Ok(missing)
}
