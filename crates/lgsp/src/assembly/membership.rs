//! One node among those that share a database: it makes itself known, and follows what the others
//! publish.
//!
//! A notice of the database says that there may be news; the node looks then, and every
//! `database.poll_ms` whether there was a notice or not, for a notice may be lost.
//!
//! **Invariant**: a node whose ring of secrets is not the others' does not start: it would seal
//! what they cannot open. **Trust**: see [`evidence::node_card`].

use std::sync::Arc;

use evidence::node_card::CHANNEL;
use evidence::{CardProblem, NodeCard, NodeCards};
use keys::SecretBox;
use registry::Registry;
use store::{Database, Notices};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use wire::checkpoint::Origin;
use wire::trust::TrustFile;

use super::core::Core;
use super::problem::StartProblem;
use crate::config::FollowConfig;

/// What the check of a ring is sealed for.
const RING: &[u8] = b"lgsp node ring";

/// What is known here of the other nodes, now and whenever it changes.
#[derive(Clone)]
pub(super) struct Membership {
    /// The public keys of all of them.
    pub(super) trust: watch::Receiver<Arc<TrustFile>>,
}

/// The other end of a [`Membership`].
pub(super) struct Keeper {
    trust: watch::Sender<Arc<TrustFile>>,
}

/// Says that the database may have news, to whoever reads something else from it.
pub(super) type News = Arc<Notify>;

/// Checks that this node fits the others, and registers it if it is new or its keys have changed.
pub(super) async fn join(
    core: &Core,
    origin: &Origin,
    trust: TrustFile,
) -> Result<(Membership, Keeper), StartProblem> {
    let read = async || NodeCards::read(&core.database).await.map_err(part);
    refuse_another_ring(&read().await?, &core.secrets)?;
    let ring_check = core.secrets.seal(RING, b"").map_err(part)?;
    let card = NodeCard { origin: origin.clone(), trust, ring_check };
    card.write(&core.recorder).await.map_err(|problem| match problem {
        CardProblem::OtherKeys(origin) => StartProblem::NameTaken(origin),
        other => part(other),
    })?;
    let (trust, told) = watch::channel(Arc::new(read().await?.trust()));
    Ok((Membership { trust: told }, Keeper { trust }))
}

/// Whether this ring is that of all nodes which are known, as [`join`] asks.
pub(super) fn refuse_another_ring(
    known: &NodeCards,
    secrets: &SecretBox,
) -> Result<(), StartProblem> {
    let other = known.0.iter().find(|card| secrets.open(RING, &card.ring_check).is_err());
    match other {
        Some(other) => Err(StartProblem::AnotherRing(other.origin.clone())),
        None => Ok(()),
    }
}

/// Follows the other nodes until it is aborted. A node that is alone has nobody to follow.
pub(super) fn follow(
    core: &Core,
    registry: Registry,
    keeper: Keeper,
    config: FollowConfig,
    news: News,
) -> JoinHandle<()> {
    let database = core.database.clone();
    tokio::spawn(async move {
        if !database.is_shared() {
            // Kept, so that whoever watches sees no end.
            let _keeper = keeper;
            std::future::pending::<()>().await;
            return;
        }
        let mut notices = None;
        loop {
            if notices.is_none() && config.listen {
                notices = listen(&database).await;
            }
            match &mut notices {
                // A notice says look now, a time-out says it all the same.
                Some(notices) => drop(tokio::time::timeout(config.poll, notices.next()).await),
                None => tokio::time::sleep(config.poll).await,
            }
            news.notify_one();
            if let Err(error) = registry.catch_up().await {
                tracing::warn!(%error, "the directory of the other nodes is not followed");
            }
            keeper.look(&database).await;
        }
    })
}

async fn listen(database: &Database) -> Option<Notices> {
    let listening = database.notices(CHANNEL).await;
    listening
        .inspect_err(|error| tracing::warn!(%error, "no notices from the database; polling"))
        .ok()
}

impl Keeper {
    async fn look(&self, database: &Database) {
        match NodeCards::read(database).await {
            Ok(cards) => drop(self.trust.send_replace(Arc::new(cards.trust()))),
            Err(error) => tracing::warn!(%error, "the keys of the other nodes cannot be read"),
        }
    }
}

fn part(error: impl std::fmt::Display) -> StartProblem {
    StartProblem::Part { part: "the list of nodes", reason: error.to_string() }
}
