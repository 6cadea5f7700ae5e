//! Where the catalogue stands, and what time it is.

/// Has a row if the table of schema steps is there.
pub(crate) const HAS_STEPS: &str = "SELECT name FROM sqlite_master WHERE name = 'schema_step'";

/// This machine's time, in µs since 1970.
pub(crate) const NOW: &str = "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now";
