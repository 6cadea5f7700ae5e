//! What may be made of a whole document: references let a short one say the same thing thousands
//! of times, so that its length alone bounds nothing.

/// The most parts that are looked at, each time that they are.
pub(super) const MAX_LOOKED_AT: usize = 500_000;
/// The most bytes that the names of fields take, of all operations together: 1 MiB.
pub(super) const MAX_NAMED: usize = 1 << 20;

/// What is left of both.
#[derive(Debug)]
pub(super) struct Budget {
    parts: usize,
    bytes: usize,
}

/// Nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent;

impl Budget {
    pub(super) fn of_a_document() -> Self {
        Self { parts: MAX_LOOKED_AT, bytes: MAX_NAMED }
    }

    /// Before so many parts are looked at.
    pub(super) fn look_at(&mut self, parts: usize) -> Result<(), Spent> {
        self.parts = self.parts.checked_sub(parts).ok_or(Spent)?;
        Ok(())
    }

    /// Before a name is kept, with the quotes and the comma that it is written with.
    pub(super) fn name(&mut self, name: &str) -> Result<(), Spent> {
        self.bytes = self.bytes.checked_sub(name.len().saturating_add(3)).ok_or(Spent)?;
        Ok(())
    }
}
