//! The publisher: one thread that turns durable entries into a signed tree.
//!
//! At least each second when there is news: archive, sign, make the checkpoint durable, show it.
//!
//! **Invariant**: a checkpoint is durable before anybody sees it, and everything it promises is
//! durable before it is. One tree per size: what is signed is what the write-ahead file holds,
//! durable, in that order.
//! **Trust**: holds the log's key. Whoever controls it can sign a false tree; witnesses and
//! everyone who kept a checkpoint would see it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use keys::PlatformSigner;
use wire::checkpoint::{Checkpoint, Origin};
use wire::merkle::Hash;
use wire::note::{SignedNote, note_signature_line};

use super::archive::{Archive, Pieces, Tree};
use super::batch::Batch;
use super::shared::Shared;
use super::wal;
use crate::disk::{Disk, replace};

/// A checkpoint that is out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The signed note, exactly as it stands in the file `checkpoint`.
    pub note: String,
    /// How many entries it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// What signs trees and makes them durable.
pub(super) struct Press {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) archive: Archive,
    pub(super) origin: Origin,
    pub(super) signer: PlatformSigner,
    pub(super) tree: Tree,
    pub(super) pieces: Pieces,
}

impl Press {
    /// Publishes the tree with these batches added. After an error everything is as before.
    pub(super) fn publish(&mut self, batches: &[Arc<Batch>]) -> io::Result<Published> {
        let tree = self.archive.append(&self.tree, batches, &mut self.pieces)?;
        // What cannot be signed is not published: the next try begins here again.
        let published = self.sign(&tree)?;
        // A crash in here leaves the old checkpoint, or the new one that nobody saw, each whole with all
        // that it promises. After the old one, the next opening publishes the same entries at the same
        // size, from the write-ahead file.
        replace(&*self.disk, &self.dir, "checkpoint", published.note.as_bytes())?;
        self.tree = tree;
        Ok(published)
    }

    fn sign(&self, tree: &Tree) -> io::Result<Published> {
        let (size, root) = (tree.size(), tree.root());
        let text = Checkpoint { origin: self.origin.clone(), size, root }.to_string();
        let signature = self.signer.sign(text.as_bytes()).map_err(io::Error::other)?;
        let line = note_signature_line(self.origin.as_ref(), &self.signer.public_key(), &signature);
        Ok(Published { note: SignedNote::assemble(&text, &[line]), size, root })
    }
}

pub(super) struct Publisher {
    pub(super) shared: Arc<Shared>,
    pub(super) press: Press,
    pub(super) wal_dir: PathBuf,
    /// Segments of the write-ahead file that got their last entry, oldest first.
    pub(super) ended: Vec<(u64, u64)>,
    /// Kept to the end, so that nobody opens the log while this thread lives.
    pub(super) _lock: Box<dyn Send + Sync>,
}

impl Publisher {
    /// Works until the log is closed and everything is published, or cannot be.
    pub(super) fn run(mut self) {
        let period = self.shared.config.checkpoint_every;
        let mut was_failing = false;
        loop {
            let news = self.shared.handover.wait(period);
            self.ended.extend(news.ended);
            let done = self.publish(news.batches).and_then(|()| self.tidy());
            match &done {
                Ok(()) if was_failing => tracing::info!("the log publishes again"),
                Err(error) if !was_failing => {
                    tracing::error!(%error, "the log cannot publish; it tries again");
                }
                _ => {}
            }
            was_failing = done.is_err();
            if news.closed {
                return;
            }
            if was_failing {
                self.shared.handover.pause(self.shared.config.retry_after);
            }
        }
    }

    fn publish(&mut self, batches: Vec<Arc<Batch>>) -> io::Result<()> {
        if batches.is_empty() {
            return Ok(());
        }
        let published = self.press.publish(&batches)?;
        metrics::counter!("lgsp_log_published_total").absolute(published.size);
        self.shared.published.send_replace(Arc::new(published));
        // Readers find these entries in the archive from here on.
        self.shared.handover.forget(batches);
        Ok(())
    }

    /// Removes what is of no more use: segments of the write-ahead file whose entries are all
    /// published, then old intents.
    ///
    /// The marks beside the intents are synced first: from then on they alone say which calls are
    /// settled and which nonces came with these entries. Segments go oldest first, and each
    /// removal lasts before the next, so that a loss of power never leaves a hole in the chain.
    fn tidy(&mut self) -> io::Result<()> {
        let size = self.press.tree.size();
        let count = self.ended.iter().take_while(|(_, end)| *end <= size).count();
        if count > 0 {
            self.shared.sync_intents(None)?;
        }
        for (serial, _) in self.ended.iter().take(count) {
            match self.press.disk.remove(&wal::path(&self.wal_dir, *serial)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.press.disk.sync_dir(&self.wal_dir)?,
            }
        }
        self.ended.drain(..count);
        let tended = self.shared.intents.tend(self.shared.clock.now());
        tended.inspect_err(|_| self.shared.queue.poke())
    }
}

impl Drop for Publisher {
    /// However this thread ends, nobody waits for a checkpoint any longer.
    fn drop(&mut self) {
        self.shared.ended.send_replace(true);
    }
}
