//! Bytes on their way into the archive's files, gathered so that each file is written in few steps.
//!
//! The room they gather in outlives a publication: fresh memory for all of them each time would cost
//! the system more than their hashes do.
//!
//! **Invariant**: after [`Pieces::finish`] all that was put since [`Pieces::begin`] lasts.

use std::io;

use super::{Archive, Stream};
use crate::disk::DiskFile;

/// So much is written at once: little enough that it is still in the processor's cache.
const FULL: usize = 128 * 1024;

/// The files that a publication writes to, and room that the next one finds.
#[derive(Default)]
pub(in crate::log) struct Pieces {
    open: Vec<Piece>,
    rooms: Vec<Vec<u8>>,
}

/// What goes into one file.
struct Piece {
    stream: Stream,
    file: u64,
    handle: Box<dyn DiskFile>,
    /// It is written from its beginning on, so its name may be new.
    is_begun: bool,
    /// Where in the file `gathered` belongs.
    offset: u64,
    gathered: Vec<u8>,
}

impl Pieces {
    /// Forgets what a publication that failed has left.
    pub(super) fn begin(&mut self) {
        self.rooms.extend(self.open.drain(..).map(|piece| piece.gathered));
    }

    /// Puts bytes into a file of the stream: behind those that were put there before or, if they
    /// are its first ones of this publication, at `offset`.
    pub(super) fn put(
        &mut self,
        archive: &Archive,
        (stream, file, offset): (Stream, u64, u64),
        bytes: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let is_there = |piece: &&mut Piece| (piece.stream, piece.file) == (stream, file);
        if let Some(piece) = self.open.iter_mut().find(is_there) {
            bytes(&mut piece.gathered);
            return if piece.gathered.len() < FULL { Ok(()) } else { piece.write() };
        }
        let handle = archive.disk.open(&archive.path(stream, file))?;
        let mut gathered = self.rooms.pop().unwrap_or_default();
        gathered.clear();
        bytes(&mut gathered);
        self.open.push(Piece { stream, file, handle, is_begun: offset == 0, offset, gathered });
        Ok(())
    }

    /// Makes all of it last.
    pub(super) fn finish(&mut self, archive: &Archive) -> io::Result<()> {
        for piece in &mut self.open {
            piece.write()?;
            piece.handle.sync()?;
        }
        for piece in self.open.iter().filter(|piece| piece.is_begun) {
            archive.disk.sync_dir(&archive.dir(piece.stream))?;
        }
        self.begin();
        Ok(())
    }
}

impl Piece {
    fn write(&mut self) -> io::Result<()> {
        self.handle.write_at(self.offset, &self.gathered)?;
        self.offset += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }
}
