//! The platform as it is released: a node of `lgsp serve` with a city registered through its API.

mod crowd;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use drill::caller::Caller;
use drill::city::{City, OFFICES};
use drill::node::{Node, Plan};
use serde_json::Value;
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
    /// Makes a node in `folder` whose one service is at `provider`.
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

    /// Lets its directory have so many connections, and sees that it has.
    pub(crate) fn grow(&mut self, runtime: &Runtime, connections: usize) {
        if connections < 2 {
            return;
        }
        self.node.kill();
        let crowd = crowd::gather(&self.node.data().join("platform.db"), connections);
        assert_eq!(crowd.connections, u64::try_from(connections).unwrap());
        let took = runtime.block_on(self.node.start());
        let records = runtime.block_on(self.directory_size());
        assert_eq!(records, crowd.records, "the directory is not what the registry holds");
        eprintln!("lgsp: {connections} connections, {records} records, ready after {took:.1?}");
    }

    /// How many records the directory in force has.
    async fn directory_size(&self) -> u64 {
        let url = format!("{}/api/v1/directory", self.node.control());
        let request = self.node.http.get(url).bearer_auth(self.node.token("operator"));
        let answer = request.send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["size"].as_u64().unwrap()
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
