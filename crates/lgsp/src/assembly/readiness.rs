//! What a node must have to serve: asked at every `/readyz`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use evidence::log::Log;
use gateway::NodeSlot;
use store::Database;

use super::operations::{Need, Readiness};

/// Looks at the real parts of a running node.
pub(super) struct PlatformReadiness {
    pub(super) database: Database,
    pub(super) log: Log,
    /// What the gateway knows of the nodes.
    pub(super) nodes: NodeSlot,
    /// Set when the node begins to stop, so that balancers send nobody here any more.
    pub(super) stopping: Arc<AtomicBool>,
}

impl Readiness for PlatformReadiness {
    async fn needs(&self) -> Vec<Need> {
        let database = self.database.fetch_optional("SELECT 1 AS one", &[]).await;
        let stopping = self.stopping.load(Ordering::Relaxed);
        vec![
            need("database", database.err()),
            need("log", self.log.health().err()),
            need("nodes", self.nodes.not_serving()),
            need("gateway", stopping.then_some("stopping")),
        ]
    }
}

fn need(name: &'static str, lacking: Option<impl ToString>) -> Need {
    Need { name, lacking: lacking.map(|reason| reason.to_string()) }
}
