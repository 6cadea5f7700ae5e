//! One version after the other, each signed, stored, recorded and then handed over.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use evidence::{Actor, Change, DirectoryHistory, NodeCards, Recorder};
use keys::{KeyError, PlatformSigner, SecretBox, Zeroizing};
use tokio::sync::{Mutex, watch};
use wire::checkpoint::Origin;
use wire::directory::{Directory, SignedDirectory};
use wire::id::KeyId;
use wire::note::{NoteVerifier, SignedNote, note_signature_line};

use super::Published;
use super::build::{build, secrets};
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
        let last = history.newer_than(0).await?;
        let (sequence, signed) = match last {
            // Signed by a key that may be retired by now, or by another node.
            Some((sequence, last))
                if last.directory.root() == directory.root()
                    && believe(&parts, &last).await.is_ok() =>
            {
                (sequence, last)
            }
            _ => record(&parts, change, directory).await?,
        };
        let first = Published { sequence, signed, hmac_secrets };
        let (current, _) = watch::channel(Arc::new(first));
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
        // Nobody else publishes while the change is open: what was published last, by whichever
        // node, is what this one would overtake.
        let in_force = self.0.current.borrow().sequence;
        if let Some((sequence, signed)) = self.history().newer_than(in_force).await? {
            self.adopt(sequence, signed).await?;
        }
        if self.0.current.borrow().signed.directory.root() == directory.root() {
            return Ok(());
        }
        let (sequence, signed) = record(parts, change, directory).await?;
        self.0.current.send_replace(Arc::new(Published { sequence, signed, hmac_secrets }));
        Ok(())
    }

    /// Brings into force what another node has published since, if it has. A version never goes
    /// back to one that was published before it.
    pub async fn catch_up(&self) -> Result<(), Refused> {
        let _turn = self.0.turn.lock().await;
        let in_force = self.0.current.borrow().sequence;
        match self.history().newer_than(in_force).await? {
            Some((sequence, signed)) => self.adopt(sequence, signed).await,
            None => Ok(()),
        }
    }

    /// Believes a version that a node of this platform has signed, and takes the secrets that go
    /// beside it. A secret of a credential that was revoked meanwhile is gone already.
    async fn adopt(&self, sequence: u64, signed: SignedDirectory) -> Result<(), Refused> {
        let parts = &self.0.parts;
        believe(parts, &signed).await?;
        let (database, now) = (parts.recorder.database(), parts.recorder.now());
        let hmac_secrets = secrets(database, now, &parts.secrets).await?;
        self.0.current.send_replace(Arc::new(Published { sequence, signed, hmac_secrets }));
        Ok(())
    }

    fn history(&self) -> DirectoryHistory {
        DirectoryHistory::new(self.0.parts.recorder.database().clone())
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
                    tracing::info!("the directory is published now");
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

/// Refuses a version that no node of this platform has signed.
async fn believe(parts: &PublisherParts, signed: &SignedDirectory) -> Result<(), Refused> {
    let unbelieved =
        |error: String| Refused::NotWritable(format!("a version of the directory: {error}"));
    let nodes = NodeCards::read(parts.recorder.database()).await?;
    let mut keys: Vec<_> = nodes.trust().directory_keys.into_iter().map(|key| key.vkey).collect();
    let own = NoteVerifier::new(parts.origin.as_ref(), parts.key.public_key());
    keys.push(own.map_err(|error| unbelieved(error.to_string()))?);
    signed.verify(&keys).map_err(|error| unbelieved(error.to_string()))
}

/// Signs the version, stores it and records it in one change. A crash before the commit leaves the
/// old version in force; after it, the next start finds this one in the history.
async fn record(
    parts: &PublisherParts,
    mut change: Change,
    directory: Directory,
) -> Result<(u64, SignedDirectory), Refused> {
    let signed = sign(parts, directory).map_err(|error| Refused::NotWritable(error.to_string()))?;
    change.concerns_directory(signed.directory.root());
    DirectoryHistory::store(&mut change, &signed).await?;
    let size = signed.directory.size().to_string();
    let entry = change.record(BTreeMap::from([("records".to_owned(), size)])).await?;
    Ok((entry.sequence, signed))
}

fn sign(parts: &PublisherParts, directory: Directory) -> Result<SignedDirectory, KeyError> {
    let text = directory.head(&parts.origin);
    let signature = parts.key.sign(text.as_bytes())?;
    let line = note_signature_line(parts.origin.as_ref(), &parts.key.public_key(), &signature);
    Ok(SignedDirectory { head: SignedNote::assemble(&text, &[line]), directory })
}
