//! The door through which fuzz targets reach what this crate keeps to itself: the readers of the
//! write-ahead file. Only there with the feature `fuzzing`, which nothing that is shipped names.

/// A segment of the write-ahead or intent file as it is read at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSegment {
    /// The frames that stand one after the other from the beginning.
    pub frames: Vec<ReadFrame>,
    /// Where they end.
    pub valid: usize,
    /// Whether bytes that were known to be durable no longer check.
    pub is_damaged: bool,
}

/// A frame that checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFrame {
    /// Where it begins.
    pub at: usize,
    /// What it holds.
    pub payload: Vec<u8>,
    /// The frame written again, its record too if it was understood.
    pub again: Vec<u8>,
    /// Whether its payload is a record of its kind.
    pub is_understood: bool,
}

/// Reads a segment.
pub fn segment(bytes: &[u8]) -> ReadSegment {
    crate::log::fuzzing::segment(bytes)
}

/// Reads a record of one of the four kinds and writes it again.
pub fn record(kind: u8, payload: &[u8]) -> Option<Vec<u8>> {
    crate::log::fuzzing::record(kind, payload)
}
