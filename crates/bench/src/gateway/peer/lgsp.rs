//! The platform as it is released: a node of `lgsp serve` with a city registered through its API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use drill::caller::Caller;
use drill::city::{City, OFFICES};
use drill::node::{Node, Plan};
use testkit::Authority;
use tokio::runtime::Runtime;
use wire::signature::Algorithm;

/// One thread carries calls, as one worker of each peer does.
const THREADS: &str = "1";
/// Keys that share the calls of an algorithm. A key may have 500,000 nonces within their time.
const KEYS: usize = 16;

/// A node in force.
pub(crate) struct Platform {
    node: Node,
    city: City,
}

impl Platform {
    /// Starts a node in `folder` whose one service is at `provider`.
    pub(crate) fn found(
        runtime: &Runtime,
        lgsp: &Path,
        folder: PathBuf,
        authority: Option<Arc<Authority>>,
        provider: SocketAddr,
    ) -> Self {
        let plan = Plan {
            lgsp: lgsp.to_owned(),
            folder,
            origin: "lgsp.bench".to_owned(),
            settings: vec![("LGSP__GATEWAY__THREADS".to_owned(), THREADS.to_owned())],
            authority,
        };
        let mut node = Node::init(plan, &OFFICES);
        runtime.block_on(async {
            node.start().await;
            let city = City::found(&node, &format!("http://{provider}"), 1).await;
            Self { node, city }
        })
    }

    /// New callers that sign with this algorithm.
    pub(crate) fn callers(&self, runtime: &Runtime, algorithm: Algorithm) -> Vec<Caller> {
        runtime.block_on(async {
            let mut callers = Vec::new();
            for _ in 0..KEYS {
                callers.push(self.city.new_caller(&self.node, algorithm).await);
            }
            callers
        })
    }

    /// What calls of the service begin with.
    pub(crate) fn base(&self) -> String {
        self.city.url(&self.node, "")
    }

    /// Where it takes calls.
    pub(crate) fn address(&self) -> SocketAddr {
        self.node.gateway_address()
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.node.id()
    }
}
