//! Entering, listing and retiring nodes.

use std::collections::BTreeMap;
use std::time::Duration;

use evidence::node_card::CHANNEL;
use evidence::{Actor, Change, RecordError, Recorder};
use store::{Database, StoreError};
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;

use super::{Node, sql};
use crate::authority::must_operate;
use crate::refused::Refused;

/// A node as it enters itself.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// The origin of its log.
    pub origin: Origin,
    /// Where other nodes ask it: host and port.
    pub peer_address: String,
    /// The certificate it shows them, in DER.
    pub peer_certificate: Vec<u8>,
}

/// All nodes, and up to when the list is known to be complete.
#[derive(Debug, Clone)]
pub struct Listed {
    /// In the order of their names.
    pub nodes: Vec<Node>,
    /// When it was read, by the clock of the database.
    pub as_of: UtcMicros,
}

/// Why a node was not entered or retired.
#[derive(Debug, thiserror::Error)]
pub enum NodeRefused {
    /// It retires or has retired: its name is used up. Operator's fault.
    #[error("the node {origin} is retired: it decides until {until} and not again")]
    Retired {
        /// Its name.
        origin: Origin,
        /// Until when it decides.
        until: UtcMicros,
    },
    /// No node has that name. Caller's fault.
    #[error("there is no node {0}")]
    Unknown(Origin),
    /// Without it nobody would decide. Caller's fault.
    #[error("{0} is the only node that does not retire: let another one enter first")]
    Last(Origin),
    /// The database cannot be read. Platform's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change cannot be recorded. Platform's fault.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Enters a node, or notes that it is to be reached otherwise. It decides from `announced` on, and
/// at once if there is no other. Entering it again as it is changes nothing.
///
/// A crash before the commit leaves no node, after it one that takes part although it is not up:
/// its keys are refused until it starts.
pub async fn enter(
    recorder: &Recorder,
    new: NewNode,
    announced: Duration,
) -> Result<Node, NodeRefused> {
    let known = sql::all(recorder.database()).await?;
    if let Some(found) = known.into_iter().find(|node| is_as_entered(node, &new)) {
        return Ok(found);
    }
    let mut change = recorder.change_by_platform("node.entered").await?;
    // From here on, others that enter at the same time wait.
    change.sequence().await?;
    let now = recorder.database().now().await?;
    let nodes = sql::all(&mut change).await?;
    let Some(found) = nodes.iter().find(|node| node.origin == new.origin) else {
        let from = if nodes.is_empty() { now } else { now.saturating_add(announced) };
        let node = Node {
            origin: new.origin,
            peer_address: new.peer_address,
            peer_certificate: new.peer_certificate,
            entered_at: now,
            from,
            until: None,
        };
        sql::insert(&mut change, &node).await?;
        record(change, &node).await?;
        return Ok(node);
    };
    if let Some(until) = found.until.filter(|until| *until <= now) {
        return Err(NodeRefused::Retired { origin: new.origin, until });
    }
    let node = Node {
        peer_address: new.peer_address,
        peer_certificate: new.peer_certificate,
        ..found.clone()
    };
    sql::reach(&mut change, &node).await?;
    record(change, &node).await?;
    Ok(node)
}

/// Lets a node decide until `announced` from now, and never again. For the operator. A node may be
/// told to retire itself: it goes on asking the others, so it can be stopped without a call refused.
///
/// A crash before the commit leaves a node that stays, after it one that retires.
pub async fn retire(
    recorder: &Recorder,
    actor: &Actor,
    origin: &Origin,
    announced: Duration,
) -> Result<Node, Refused> {
    must_operate(actor)?;
    Ok(plan_end(recorder, actor, origin, announced).await?)
}

async fn plan_end(
    recorder: &Recorder,
    actor: &Actor,
    origin: &Origin,
    announced: Duration,
) -> Result<Node, NodeRefused> {
    let mut change = recorder.change(actor, "node.retired").await?;
    change.sequence().await?;
    let nodes = sql::all(&mut change).await?;
    let found = nodes.iter().find(|node| node.origin == *origin);
    let found = found.ok_or_else(|| NodeRefused::Unknown(origin.clone()))?;
    if let Some(until) = found.until {
        return Err(NodeRefused::Retired { origin: origin.clone(), until });
    }
    let stays = |node: &&Node| node.until.is_none() && node.origin != *origin;
    let until = recorder.database().now().await?.saturating_add(announced).max(found.from);
    // One that begins later than this one ends would leave a time without any.
    if !nodes.iter().filter(stays).any(|node| node.from <= until) {
        return Err(NodeRefused::Last(origin.clone()));
    }
    sql::retire(&mut change, origin, until).await?;
    let node = Node { until: Some(until), ..found.clone() };
    record(change, &node).await?;
    Ok(node)
}

/// All nodes. The time is taken before the rows are read, so that the list is not older than it
/// says.
pub async fn list(database: &Database) -> Result<Listed, StoreError> {
    let as_of = database.now().await?;
    let nodes = sql::all(database).await?;
    Ok(Listed { nodes, as_of })
}

fn is_as_entered(node: &Node, new: &NewNode) -> bool {
    node.origin == new.origin
        && node.until.is_none()
        && node.peer_address == new.peer_address
        && node.peer_certificate == new.peer_certificate
}

async fn record(mut change: Change, node: &Node) -> Result<(), RecordError> {
    let mut subject = BTreeMap::from([
        ("node".to_owned(), node.origin.to_string()),
        ("peer_address".to_owned(), node.peer_address.clone()),
        ("decides_from".to_owned(), node.from.to_string()),
    ]);
    if let Some(until) = node.until {
        subject.insert("decides_until".to_owned(), until.to_string());
    }
    change.notify(CHANNEL).await?;
    change.record(subject).await?;
    Ok(())
}
