//! The nodes of one platform, the city they serve and the provider behind it.

use std::path::Path;
use std::time::{Duration, Instant};

use testkit::TestDatabase;
use testkit::postgres::PostgresServer;

use crate::caller::Caller;
use crate::city::{City, OFFICES};
use crate::node::{Node, Plan, folder, free_addresses};
use crate::provider::{Manner, Provider};

/// Longer than it takes a node to read the list of nodes again.
const LISTS_ARE_READ: Duration = Duration::from_secs(3);
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

    /// Two nodes that share a database, each with its own data and evidence log.
    pub(super) async fn on_postgres(
        lgsp: &Path,
        place: &Path,
        server: &PostgresServer,
    ) -> (Self, TestDatabase) {
        let database = TestDatabase::on(&server.url());
        let peers: [_; 2] = free_addresses();
        let plan = |number: usize| Plan {
            lgsp: lgsp.to_owned(),
            folder: folder(place, &format!("node-{number}")),
            origin: format!("lgsp.drill-{number}"),
            settings: vec![
                ("LGSP__DATABASE__URL".to_owned(), database.url().to_owned()),
                ("LGSP__CLUSTER__LISTEN".to_owned(), peers[number].to_string()),
            ],
            authority: None,
        };
        let first = Node::init(plan(0), &OFFICES);
        let second = Node::join(plan(1), &first);
        let fleet = Self::found(vec![first, second]).await;
        // A node decides about keys twelve minutes after it was announced. No call has been made
        // yet that could be made twice, so the drill does in the database what time would do.
        database.sql("UPDATE node SET decides_from = (SELECT min(decides_from) FROM node)");
        tokio::time::sleep(LISTS_ARE_READ).await;
        (fleet, database)
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
