//! One version after the other, each signed, stored, recorded and then handed over.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use evidence::{Actor, Change, DirectoryHistory, Recorder};
use keys::{KeyError, PlatformSigner, SecretBox, Zeroizing};
use tokio::sync::{Mutex, watch};
use wire::checkpoint::Origin;
use wire::directory::{Directory, SignedDirectory};
use wire::id::KeyId;
use wire::note::{SignedNote, note_signature_line};

use super::Published;
use super::build::build;
use crate::refused::Refused;

/// How long to wait between attempts to publish what could not be published.
const RETRY_EVERY: Duration = Duration::from_millis(250);

/// What publishing needs.
pub struct PublisherParts {
    /// Where changes are begun and recorded.
    pub recorder: Recorder,
    /// Opens the HMAC secrets.
    pub secrets: SecretBox,
    /// Signs the heads.
    pub key: PlatformSigner,
    /// The directory's origin ([`Origin::directory`] of the log's).
    pub origin: Origin,
}

/// Publishes the directory. Cheap to clone; all clones take turns.
#[derive(Clone)]
pub struct Publisher(Arc<Inner>);

struct Inner {
    parts: PublisherParts,
    /// Held from reading the registry to handing over: two versions cannot overtake each other.
    turn: Mutex<()>,
    current: watch::Sender<Arc<Published>>,
    retrying: AtomicBool,
}

impl Publisher {
    /// Restores the version in force, or publishes one if the registry changed since (the process
    /// ended between a change and its publication) or there is none yet.
    pub async fn open(parts: PublisherParts) -> Result<Self, Refused> {
        let mut change = parts.recorder.change_by_platform(ACTION).await?;
        let Unsigned { directory, hmac_secrets } = read(&parts, &mut change).await?;
        let history = DirectoryHistory::new(parts.recorder.database().clone());
        // The last one only: a registry that went back to what was in force before is news too.
        let last = history.last().await?;
        let signed = match last.filter(|last| last.directory.root() == directory.root()) {
            // Signed by a key that may be retired by now; it was valid when the version was made.
            Some(last) => last,
            None => record(&parts, change, directory).await?,
        };
        let (current, _) = watch::channel(Arc::new(Published { signed, hmac_secrets }));
        Ok(Self(Arc::new(Inner {
            parts,
            turn: Mutex::new(()),
            current,
            retrying: AtomicBool::new(false),
        })))
    }

    /// The version in force, now and whenever it changes.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Published>> {
        self.0.current.subscribe()
    }

    /// Brings the registry as it stands into force, on account of `cause`. A registry that gives
    /// the version in force already publishes nothing.
    ///
    /// If it fails, the change that asked for it is recorded all the same; the publisher then goes
    /// on trying by itself.
    pub async fn publish(&self, cause: Option<&Actor>) -> Result<(), Refused> {
        let Err(error) = self.attempt(cause).await else {
            return Ok(());
        };
        tracing::error!(%error, "a change is recorded but the directory could not be published");
        self.keep_trying();
        Err(Refused::NotInForce(error.to_string()))
    }

    async fn attempt(&self, cause: Option<&Actor>) -> Result<(), Refused> {
        let parts = &self.0.parts;
        let _turn = self.0.turn.lock().await;
        let mut change = match cause {
            Some(actor) => parts.recorder.change(actor, ACTION).await?,
            None => parts.recorder.change_by_platform(ACTION).await?,
        };
        let Unsigned { directory, hmac_secrets } = read(parts, &mut change).await?;
        let in_force = self.0.current.borrow().signed.directory.root();
        if directory.root() == in_force {
            return Ok(());
        }
        let signed = record(parts, change, directory).await?;
        self.0.current.send_replace(Arc::new(Published { signed, hmac_secrets }));
        Ok(())
    }

    /// A task tries until it succeeds; it ends with the process, and the next start publishes.
    fn keep_trying(&self) {
        if self.0.retrying.swap(true, Ordering::SeqCst) {
            return;
        }
        let publisher = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(RETRY_EVERY).await;
                // Before the attempt, not after: whatever fails from here on may be too late for
                // it, and is given a task of its own.
                publisher.0.retrying.store(false, Ordering::SeqCst);
                let Err(error) = publisher.attempt(None).await else {
                    return;
                };
                tracing::warn!(%error, "the directory is not published yet");
                if publisher.0.retrying.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
        });
    }
}

const ACTION: &str = "directory.published";

/// The registry as it stands within `change`, not signed yet.
struct Unsigned {
    directory: Directory,
    hmac_secrets: HashMap<KeyId, Zeroizing<Vec<u8>>>,
}

async fn read(parts: &PublisherParts, change: &mut Change) -> Result<Unsigned, Refused> {
    let built = build(change, &parts.secrets).await?;
    let directory = Directory::new(built.records);
    let directory = directory.map_err(|error| Refused::NotWritable(error.to_string()))?;
    Ok(Unsigned { directory, hmac_secrets: built.hmac_secrets })
}

/// Signs the version, stores it and records it in one change. A crash before the commit leaves the
/// old version in force; after it, the next start finds this one in the history.
async fn record(
    parts: &PublisherParts,
    mut change: Change,
    directory: Directory,
) -> Result<SignedDirectory, Refused> {
    let signed = sign(parts, directory).map_err(|error| Refused::NotWritable(error.to_string()))?;
    change.concerns_directory(signed.directory.root());
    DirectoryHistory::store(&mut change, &signed).await?;
    let size = signed.directory.size().to_string();
    change.record(BTreeMap::from([("records".to_owned(), size)])).await?;
    Ok(signed)
}

fn sign(parts: &PublisherParts, directory: Directory) -> Result<SignedDirectory, KeyError> {
    let text = directory.head(&parts.origin);
    let signature = parts.key.sign(text.as_bytes())?;
    let line = note_signature_line(parts.origin.as_ref(), &parts.key.public_key(), &signature);
    Ok(SignedDirectory { head: SignedNote::assemble(&text, &[line]), directory })
}
