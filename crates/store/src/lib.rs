//! `store` is the only opener of databases.
//!
//! One SQL text serves every kind of database: parameters `$1`, `$2` …; types TEXT, BIGINT and
//! BYTEA only; times as microseconds, UUIDs and JSON as TEXT. What really differs between SQLite
//! and PostgreSQL lives here, in the files below `sqlite` and `postgres` ([`Database`] dispatches
//! over them); a test lists them with what each is about.
//!
//! Read first: [`Database`] to open, migrate and read; [`WriteTransaction`] to write, which only
//! `evidence` may begin.
//!
//! **Invariant**: a committed transaction is durable; a transaction that was not committed leaves
//! nothing. A schema this program does not know is never touched.
//! **Trust**: whoever controls the database file controls who may call what, from the next
//! published directory on, but cannot rewrite the evidence of it; secrets in it are sealed.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests write without a record"))]

mod database;
mod error;
mod migrations;
mod notices;
mod postgres;
mod row;
mod sqlite;
mod statement;
mod transaction;
mod value;

#[cfg(test)]
mod tests;

pub use database::{Database, DatabaseConfig};
pub use error::{Constraint, StoreError};
pub use migrations::Migrations;
pub use notices::Notices;
pub use row::Row;
pub use transaction::WriteTransaction;
pub use value::Value;
