//! Where the catalogue stands.

/// Has a row if the table of schema steps is there.
pub(crate) const HAS_STEPS: &str = "SELECT name FROM sqlite_master WHERE name = 'schema_step'";
