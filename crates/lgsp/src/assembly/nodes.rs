//! This node among those that share its database: enters it in the list, and keeps the gateway's
//! copy of the list fresh.
//!
//! **Invariant**: on a database that others can share, a gateway never decides without a list, even
//! where it is the only node: another may have entered a moment ago.

use std::net::TcpListener;
use std::time::Duration;

use gateway::{ANNOUNCED, ClusterParts, KEPT, Node, NodeList, NodeSlot};
use registry::node::{Listed, NewNode, NodeRefused, command};
use store::Database;
use tokio::task::JoinHandle;

use super::core::Core;
use super::membership::News;
use super::problem::StartProblem;
use crate::config::Config;

/// How often the list is read.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Enters this node, and gives what its gateway needs to ask and to answer the others.
pub(super) async fn enter(
    config: &Config,
    core: &mut Core,
    listener: TcpListener,
) -> Result<ClusterParts, StartProblem> {
    let (key, power_was_lost_before) = (core.peer_key()?, core.begin_to_grant()?);
    let (origin, recorder) = (&config.evidence.origin, &core.recorder);
    let problem = |reason: String| StartProblem::Part { part: "the list of nodes", reason };
    let address = listener.local_addr().map_err(|error| problem(error.to_string()))?;
    let peer_address = config.cluster.peer_address.clone();
    let new = NewNode {
        origin: origin.clone(),
        peer_address: peer_address.unwrap_or_else(|| address.to_string()),
        peer_certificate: key.certificate().to_vec(),
    };
    let entered = command::enter(recorder, new, ANNOUNCED).await;
    let entered = entered.map_err(|refused| match refused {
        NodeRefused::Retired { origin, until } => StartProblem::Retired { origin, until },
        other => problem(other.to_string()),
    })?;
    if let Some(until) = entered.until {
        tracing::warn!(%until, "this node retires, and does not start again after that");
    }
    tracing::info!(address = %entered.peer_address, from = %entered.from, "among the nodes");
    let listed = command::list(recorder.database()).await;
    let listed = listed.map_err(|error| problem(error.to_string()))?;
    Ok(ClusterParts {
        origin: origin.clone(),
        key,
        listener,
        nodes: Some(node_list(listed)),
        power_was_lost_before,
        patience: config.cluster.patience,
    })
}

/// Reads the list each second, and as soon as there is news. While it cannot be read the gateway
/// goes by the last one, for as long as that may serve.
pub(super) fn keep_listed(database: Database, slot: NodeSlot, news: News) -> JoinHandle<()> {
    keep_read(database, READ_EVERY, news, move |listed| slot.install(&node_list(listed)))
}

fn keep_read(
    database: Database,
    every: Duration,
    news: News,
    install: impl Fn(Listed) + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = news.notified() => {}
            }
            match command::list(&database).await {
                Ok(listed) => install(listed),
                Err(error) => tracing::warn!(%error, "the list of nodes cannot be read"),
            }
        }
    })
}

fn node_list(listed: Listed) -> NodeList {
    let as_of = listed.as_of;
    let matters = |node: &registry::node::Node| {
        node.until.is_none_or(|until| as_of < until.saturating_add(KEPT))
    };
    let nodes = listed.nodes.into_iter().filter(matters).map(|node| Node {
        origin: node.origin,
        address: node.peer_address,
        certificate: node.peer_certificate,
        from: node.from,
        until: node.until,
    });
    NodeList { nodes: nodes.collect(), as_of }
}

#[cfg(test)]
mod tests {
    use store::DatabaseConfig;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn news_let_the_list_be_read_long_before_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("nodes.db").display());
        let database = Database::open(&DatabaseConfig::new(&url)).await.unwrap();
        database.migrate(&[evidence::MIGRATIONS, registry::MIGRATIONS]).await.unwrap();
        let (sender, mut read) = mpsc::unbounded_channel();
        let (news, once) = (News::default(), Duration::from_hours(24));
        let install = move |listed: Listed| sender.send(listed.as_of).unwrap();
        let reading = keep_read(database, once, News::clone(&news), install);
        let first = read.recv().await.unwrap();
        news.notify_one();
        assert!(read.recv().await.unwrap() >= first);
        reading.abort();
    }
}
