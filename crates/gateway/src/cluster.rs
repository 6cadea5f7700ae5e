//! Several nodes as one: which of them decides whether a nonce is fresh and how many calls a
//! connection has left, and how the others ask it.
//!
//! Read first: `node_list` (who decides about what, and why no two can both say yes), then `claim`
//! (a nonce's way) and `permits` (a quota's way); `message`, `line` and `listener` carry the
//! questions; `judge` answers them. `docs/decisions/0023` to `0025` say why it is so.
//!
//! ```text
//! call ─▶ claim ─▶ line ═══ TLS, both sides certified ═══▶ listener ─▶ judge ─▶ nonces, meters
//! ```
//! A gateway alone ([`Parts::cluster`](crate::Parts) is `None`) asks nobody and pays nothing.
//!
//! **Invariant**: what cannot be decided is refused, never let pass. **Trust**: a node in the list
//! is believed when it says that a nonce is fresh; the list comes from the platform's database.

mod claim;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod judge;
mod line;
mod listener;
mod message;
mod node_list;
mod permits;
mod rendezvous;
#[cfg(test)]
mod simulation;
mod tls;

use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use keys::PeerKey;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;

pub(crate) use claim::claim;
pub(crate) use line::Lines;
pub(crate) use listener::serve;
pub(crate) use message::Answer;
pub use node_list::{ANNOUNCED, KEPT, Node, NodeList, SERVES};
pub(crate) use permits::{Allowance, take as take_permit};

use crate::gate::Gate;
use node_list::{Members, Undecidable};

/// What a gateway needs to be one of several.
pub struct ClusterParts {
    /// This node's name in the list: the origin of its log.
    pub origin: Origin,
    /// Its key, whose certificate the list has.
    pub key: PeerKey,
    /// Where the other nodes ask this one.
    pub listener: TcpListener,
    /// The list of nodes; until there is one, calls are refused.
    pub nodes: Option<NodeList>,
    /// Set after a loss of power to the moment of the start: claims that this node had granted to
    /// others may be lost, so it grants none for signatures that can be as old.
    pub power_was_lost_before: Option<UtcMicros>,
    /// How long another node may take to answer.
    pub patience: Duration,
}

/// How far ahead of this node's clock a signature may expire: 330 s by the rules of signatures, and
/// room for clocks that differ.
const LONGEST_LIFE: Duration = Duration::from_secs(400);

/// This node among the others.
pub(crate) struct Cluster {
    origin: Origin,
    identity: tls::Identity,
    members: ArcSwapOption<Members>,
    /// Claims for signatures that expire before this may be lost.
    lost_until: Option<UtcMicros>,
    patience: Duration,
}

/// Puts lists of nodes into a running gateway.
#[derive(Debug, Clone)]
pub struct NodeSlot(pub(crate) Arc<Gate>);

/// Why a node can pass on no call, or soon none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotServing {
    /// The list may have been overtaken, or this node's clock is not the database's.
    #[error("the list of nodes is too old to decide by, or this node's clock is wrong")]
    ListStale,
    /// No node takes part.
    #[error("no node takes part, so nobody decides")]
    Nobody,
    /// The others will answer this node no more.
    #[error("this node has retired")]
    Retired,
}

impl NodeSlot {
    /// Why this node should be sent no calls now, if so.
    pub fn not_serving(&self) -> Option<NotServing> {
        let cluster = self.0.cluster.as_ref()?;
        cluster.must_serve(self.0.clock.now()).err()
    }

    /// Lets the next calls be decided by this list. One that is installed again in time keeps the
    /// node serving: see [`SERVES`].
    pub fn install(&self, list: &NodeList) {
        if let Some(cluster) = &self.0.cluster {
            cluster.install(list);
        }
    }
}

impl Cluster {
    /// Without its listener, which is for [`serve`].
    pub(crate) fn new(parts: ClusterParts) -> Result<(Self, TcpListener), rustls::Error> {
        let cluster = Self {
            origin: parts.origin,
            identity: tls::Identity::new(&parts.key)?,
            members: ArcSwapOption::empty(),
            lost_until: parts.power_was_lost_before.map(|start| start.saturating_add(LONGEST_LIFE)),
            patience: parts.patience,
        };
        if let Some(list) = &parts.nodes {
            cluster.install(list);
        }
        Ok((cluster, parts.listener))
    }

    fn install(&self, list: &NodeList) {
        let before = self.members.load();
        let members = Members::compile(list, before.as_deref(), &self.identity);
        self.members.store(Some(Arc::new(members)));
    }

    fn must_serve(&self, at: UtcMicros) -> Result<(), NotServing> {
        let members = self.members_at(at).map_err(|why| match why {
            Undecidable::Stale => NotServing::ListStale,
            Undecidable::Nobody => NotServing::Nobody,
        })?;
        // Whoever retired a while ago stands in the list no more.
        let own = members.nodes.iter().find(|member| member.node.origin == self.origin);
        if own.is_none_or(|own| own.node.until.is_some_and(|until| until <= at)) {
            return Err(NotServing::Retired);
        }
        members.somebody_takes_part(at).map_err(|_| NotServing::Nobody)
    }

    /// The list by which something may be decided at `at`.
    fn members_at(&self, at: UtcMicros) -> Result<Arc<Members>, Undecidable> {
        let members = self.members.load_full().ok_or(Undecidable::Stale)?;
        members.must_serve(at)?;
        Ok(members)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.origin)
    }
}
