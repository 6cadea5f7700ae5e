//! Which nodes take part, and which of them decide about a key's nonces.
//!
//! Why no two decide apart: the deciders at `t` are the owners of the key at *every* moment of
//! the [`REMEMBERED`] time before `t`, and all must say yes. One signature is accepted for at most
//! 360 s by any two clocks (`created` − 30 s to `expires` + 30 s), so the times looked back on by
//! two uses overlap; the owner at a moment of the overlap is asked both times, and says yes once.
//! That needs both nodes to know the same owners for the same moments: a change of the list is
//! announced [`ANNOUNCED`] before it takes effect, so a list read at `as_of` is complete for all
//! moments before `as_of` + `ANNOUNCED`; and a node decides by it until `as_of` + [`SERVES`] only.
//! No clock is compared with another one in this.
//!
//! **Invariant**: a list that may have been overtaken decides nothing. **Trust**: whoever writes
//! the list against these rules (a change without announcement) can make a nonce serve twice while
//! old and new list are both in use; the fingerprint makes such nodes refuse each other.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ServerConfig};
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::merkle::sha256;

use super::rendezvous::{Subject, weight};
use super::tls;

/// How long before it takes effect a change of the list must stand in it. `from` of a node, unless
/// no other takes part, and `until` are at least so far after the moment they are written.
pub const ANNOUNCED: Duration = Duration::from_mins(12);
/// How long after it was read a list decides.
pub const SERVES: Duration = Duration::from_mins(10);
/// How long after its `until` a node must stay in the list.
pub const KEPT: Duration = Duration::from_mins(15);
/// At least as long as one signature may be accepted, by any clock.
pub(super) const REMEMBERED: Duration = Duration::from_secs(400);

/// One node of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name: the origin of its log.
    pub origin: Origin,
    /// Where other nodes ask it: host and port.
    pub address: String,
    /// The certificate it shows, in DER.
    pub certificate: Vec<u8>,
    /// From when on it decides.
    pub from: UtcMicros,
    /// Until when it decides; `None`: no end is planned.
    pub until: Option<UtcMicros>,
}

/// All nodes that are known, those that will take part and those that did within the last [`KEPT`]
/// included.
#[derive(Debug, Clone)]
pub struct NodeList {
    /// In any order.
    pub nodes: Vec<Node>,
    /// When it was read, by the clock of the database that holds it and by which changes are
    /// announced.
    pub as_of: UtcMicros,
}

/// Why nothing can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undecidable {
    /// There is no list, it may have been overtaken, or this node's clock is so far behind that
    /// those who decided then may have been left out of it.
    Stale,
    /// No node takes part.
    Nobody,
}

/// A fingerprint of everything that decides at a moment.
pub(super) type Fingerprint = [u8; 16];

/// The list, ready to decide by.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) nodes: Vec<Arc<Member>>,
    serves_from: UtcMicros,
    serves_until: UtcMicros,
    /// Oldest first; each lasts until the next.
    epochs: Vec<Epoch>,
    /// How the other nodes are received; `None` while there is none.
    pub(super) acceptor: Option<Arc<ServerConfig>>,
}

/// A node, and how to reach it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) node: Node,
    /// `None`: its certificate is none, so it cannot be asked.
    pub(super) connector: Option<Arc<ClientConfig>>,
}

/// A stretch of time over which the deciders stay the same.
#[derive(Debug)]
struct Epoch {
    begins: UtcMicros,
    fingerprint: Fingerprint,
    /// Who took part together at some moment of [`REMEMBERED`]: first those who do now.
    groups: Vec<Vec<usize>>,
}

impl Members {
    pub(super) fn compile(
        list: &NodeList,
        before: Option<&Self>,
        identity: &tls::Identity,
    ) -> Self {
        let mut nodes = list.nodes.clone();
        nodes.sort_unstable_by(|one, other| one.origin.as_ref().cmp(other.origin.as_ref()));
        nodes.dedup_by(|one, other| one.origin == other.origin);
        let others =
            |nodes: &[Node]| nodes.iter().map(|node| node.certificate.clone()).collect::<Vec<_>>();
        let is_as_before = before.is_some_and(|before| {
            before
                .nodes
                .iter()
                .map(|member| &member.node.certificate)
                .eq(nodes.iter().map(|node| &node.certificate))
        });
        let acceptor = match before {
            Some(before) if is_as_before => before.acceptor.clone(),
            _ => identity.acceptor(&others(&nodes)),
        };
        let epochs = epochs(&nodes);
        let member = |node: Node| {
            let known = before.and_then(|before| {
                before.nodes.iter().find(|member| member.node.certificate == node.certificate)
            });
            match known {
                Some(known) if known.node == node => Arc::clone(known),
                Some(known) => Arc::new(Member { node, connector: known.connector.clone() }),
                None => {
                    let connector = identity.connector(&node.certificate);
                    Arc::new(Member { node, connector })
                }
            }
        };
        Self {
            nodes: nodes.into_iter().map(member).collect(),
            serves_from: list.as_of.saturating_sub(KEPT.saturating_sub(REMEMBERED)),
            serves_until: list.as_of.saturating_add(SERVES),
            epochs,
            acceptor,
        }
    }

    /// Whether the list is known to be complete up to `at`, and as far back as is looked from then.
    pub(super) fn must_serve(&self, at: UtcMicros) -> Result<(), Undecidable> {
        let serves = self.serves_from..=self.serves_until;
        if serves.contains(&at) { Ok(()) } else { Err(Undecidable::Stale) }
    }

    /// Whether anybody decides at `at`.
    pub(super) fn somebody_takes_part(&self, at: UtcMicros) -> Result<(), Undecidable> {
        self.epoch(at).map(|_| ()).ok_or(Undecidable::Nobody)
    }

    /// What stands for all that decides at `at`.
    pub(super) fn fingerprint(&self, at: UtcMicros) -> Option<Fingerprint> {
        self.epoch(at).map(|epoch| epoch.fingerprint)
    }

    /// All that must say yes to a nonce of this key at `at`: at least one.
    pub(super) fn deciders(
        &self,
        subject: Subject<'_>,
        at: UtcMicros,
    ) -> Result<Vec<Arc<Member>>, Undecidable> {
        let epoch = self.epoch(at).ok_or(Undecidable::Nobody)?;
        let mut deciders: Vec<Arc<Member>> = Vec::with_capacity(1);
        for group in &epoch.groups {
            let owner = self.greatest(group, subject).ok_or(Undecidable::Nobody)?;
            if !deciders.iter().any(|member| member.node.origin == owner.node.origin) {
                deciders.push(owner);
            }
        }
        Ok(deciders)
    }

    /// The one that keeps a meter at `at`, and how many nodes take part.
    pub(super) fn owner(
        &self,
        subject: Subject<'_>,
        at: UtcMicros,
    ) -> Result<(Arc<Member>, usize), Undecidable> {
        let epoch = self.epoch(at).ok_or(Undecidable::Nobody)?;
        let group = epoch.groups.first().ok_or(Undecidable::Nobody)?;
        let owner = self.greatest(group, subject).ok_or(Undecidable::Nobody)?;
        Ok((owner, group.len()))
    }

    /// The node that shows this certificate.
    pub(super) fn by_certificate(&self, certificate: &[u8]) -> Option<&Arc<Member>> {
        self.nodes.iter().find(|member| member.node.certificate == certificate)
    }

    fn epoch(&self, at: UtcMicros) -> Option<&Epoch> {
        let after = self.epochs.partition_point(|epoch| epoch.begins <= at);
        self.epochs.get(after.checked_sub(1)?).filter(|epoch| !epoch.groups.is_empty())
    }

    fn greatest(&self, group: &[usize], subject: Subject<'_>) -> Option<Arc<Member>> {
        let members = group.iter().filter_map(|at| self.nodes.get(*at));
        let weigh = |member: &&Arc<Member>| weight(member.node.origin.as_ref(), subject);
        members.max_by_key(weigh).cloned()
    }
}

impl Node {
    fn takes_part(&self, at: UtcMicros) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

fn epochs(nodes: &[Node]) -> Vec<Epoch> {
    let mut changes: Vec<UtcMicros> =
        nodes.iter().flat_map(|node| [Some(node.from), node.until]).flatten().collect();
    changes.sort_unstable();
    changes.dedup();
    let lapses = changes.iter().map(|change| change.saturating_add(REMEMBERED));
    let mut begins: Vec<UtcMicros> = changes.iter().copied().chain(lapses).collect();
    begins.sort_unstable();
    begins.dedup();
    begins.into_iter().map(|begins| Epoch::beginning(begins, nodes, &changes)).collect()
}

impl Epoch {
    fn beginning(begins: UtcMicros, nodes: &[Node], changes: &[UtcMicros]) -> Self {
        let looked_back = begins.saturating_sub(REMEMBERED);
        let within = changes.iter().copied().filter(|at| looked_back < *at && *at <= begins);
        let moments = within.rev().chain([looked_back]);
        let taking_part = |at: UtcMicros| -> Vec<usize> {
            let all = nodes.iter().enumerate();
            all.filter(|(_, node)| node.takes_part(at)).map(|(index, _)| index).collect()
        };
        let mut groups = vec![taking_part(begins)];
        for group in moments.map(taking_part) {
            // While nobody took part, nobody said yes.
            if !group.is_empty() && !groups.contains(&group) {
                groups.push(group);
            }
        }
        if groups.first().is_none_or(Vec::is_empty) {
            groups.clear();
        }
        Self { begins, fingerprint: fingerprint(begins, nodes), groups }
    }
}

/// An end that lies ahead is left out: not all nodes have heard of it yet, and it decides nothing.
fn fingerprint(at: UtcMicros, nodes: &[Node]) -> Fingerprint {
    let looked_back = at.saturating_sub(REMEMBERED);
    let mut text = b"lgsp nodes/1\0".to_vec();
    for node in nodes {
        let until = node.until.filter(|until| *until <= at);
        if node.from > at || until.is_some_and(|until| until <= looked_back) {
            continue;
        }
        let origin = node.origin.as_ref().as_bytes();
        text.extend_from_slice(&u16::try_from(origin.len()).unwrap_or(u16::MAX).to_be_bytes());
        text.extend_from_slice(origin);
        text.extend_from_slice(&node.from.as_micros().to_be_bytes());
        text.extend_from_slice(&until.unwrap_or(UtcMicros::MAX).as_micros().to_be_bytes());
    }
    let mut fingerprint = Fingerprint::default();
    for (to, from) in fingerprint.iter_mut().zip(sha256(&[&text])) {
        *to = from;
    }
    fingerprint
}
