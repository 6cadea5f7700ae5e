//! The nodes of one platform, the city they serve and the provider behind it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::caller::Caller;
use crate::city::{City, OFFICES};
use crate::node::{Node, Plan, folder};
use crate::provider::{Manner, Provider};

/// How many keys the consumer signs with.
const KEYS: usize = 16;

pub(super) struct Fleet {
    pub(super) nodes: Vec<Node>,
    pub(super) city: City,
    pub(super) provider: Provider,
}

impl Fleet {
    /// One node with everything in its own folder.
    pub(super) async fn on_sqlite(lgsp: &Path, place: &Path) -> Self {
        let plan = Plan {
            lgsp: lgsp.to_owned(),
            folder: folder(place, "node"),
            origin: "lgsp.drill-1".to_owned(),
            settings: Vec::new(),
            authority: None,
        };
        Self::found(vec![Node::init(plan, &OFFICES)]).await
    }

    async fn found(mut nodes: Vec<Node>) -> Self {
        for node in &mut nodes {
            node.start().await;
        }
        let provider = Provider::start(Manner::Answers).await;
        let city = City::found(&nodes[0], &provider.url, KEYS).await;
        Self { nodes, city, provider }
    }

    /// The consumer's keys, each signing for calls at `node`.
    pub(super) fn callers(&self, node: usize) -> Vec<Caller> {
        self.city.callers(&self.nodes[node].http)
    }

    /// Starts a killed node; returns how long it took from there until every key passes at every
    /// node.
    pub(super) async fn start_again(&mut self, victim: usize) -> Duration {
        let begun = Instant::now();
        self.nodes[victim].start().await;
        for node in 0..self.nodes.len() {
            let url = self.city.url(&self.nodes[node], "/back");
            for caller in self.callers(node) {
                loop {
                    let answered = caller.send(&caller.sign(&url)).await;
                    if answered.is_some_and(|answered| answered.status == 200) {
                        break;
                    }
                    assert!(begun.elapsed() < Duration::from_mins(1), "a key never passes again");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        begun.elapsed()
    }
}
