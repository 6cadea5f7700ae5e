//! Several gateways over real sockets: a nonce serves once among all of them, whatever happens to
//! one, and a quota holds.

mod nonces;
mod peers;
mod quotas;

use std::net::TcpListener;
use std::time::Duration;

use gateway::{ClusterParts, GatewayConfig, Node, NodeList};
use keys::{PeerKey, SystemRandomness};
use testkit::TestClock;
use wire::ambient::{Clock, UtcMicros};

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::line::Answer;
use crate::provider::Provider;

/// Two or three gateways before one provider.
struct Cluster {
    provider: Provider,
    nodes: Vec<City>,
    list: NodeList,
    keys: Vec<PeerKey>,
    config: GatewayConfig,
}

/// How long a node waits for another: only where the test wants it to wait in vain.
const PATIENCE: Duration = Duration::from_secs(20);

impl Cluster {
    /// Starts `count` nodes that have all taken part for an hour.
    async fn start(count: usize) -> Self {
        Self::start_with(count, |_| {}).await
    }

    async fn start_with(count: usize, change: impl Fn(&mut Setting)) -> Self {
        let provider = Provider::friendly().await;
        let now = TestClock::default().now();
        let keys: Vec<_> =
            (0..count).map(|_| PeerKey::generate(&SystemRandomness).unwrap()).collect();
        let listeners: Vec<_> = (0..count).map(|_| listener("127.0.0.1:0")).collect();
        let node = |(number, listener): (usize, &TcpListener)| Node {
            origin: origin(number).parse().unwrap(),
            address: listener.local_addr().unwrap().to_string(),
            certificate: keys[number].certificate().to_vec(),
            from: now.saturating_sub(Duration::from_hours(1)),
            until: None,
        };
        let nodes = listeners.iter().enumerate().map(node).collect();
        let list = NodeList { nodes, as_of: now };
        let mut cities = Vec::new();
        let mut config = GatewayConfig::default();
        for (number, listener) in listeners.into_iter().enumerate() {
            let mut setting = Setting::new(provider.address);
            setting.config.public_urls = vec!["http://gateway.example".parse().unwrap()];
            change(&mut setting);
            config = setting.config.clone();
            setting.cluster = Some(parts(number, &keys[number], listener, Some(list.clone())));
            cities.push(setting.start().await);
        }
        Self { provider, nodes: cities, list, keys, config }
    }

    /// Ends a node as by kill -9.
    async fn stop(&mut self, number: usize) {
        let node = self.nodes.remove(number);
        node.disk.crash();
        node.gateway.drain(Duration::ZERO).await;
    }

    /// Ends a node as by kill -9 and starts it again, with what its log remembers.
    async fn kill_and_restart(&mut self, number: usize) {
        let node = self.nodes.remove(number);
        let address = self.list.nodes[number].address.clone();
        // The address is free as soon as the old node has ended: whoever binds it then waits.
        let list = Some(self.list.clone());
        let key = self.keys[number].clone();
        let cluster = move || parts(number, &key, listener(&address), list);
        let node = node.kill_and_restart(self.config.clone(), cluster).await;
        self.nodes.insert(number, node);
    }

    /// Gives every node the list as it is now, read at this moment.
    fn install(&mut self) {
        self.list.as_of = self.now();
        for node in &self.nodes {
            node.gateway.nodes().install(&self.list);
        }
    }

    fn now(&self) -> UtcMicros {
        self.nodes[0].clock.now()
    }

    fn advance(&self, by: Duration) {
        for node in &self.nodes {
            node.clock.advance(by);
        }
    }

    /// Sends the same bytes to a node.
    async fn send(&self, number: usize, request: &[u8]) -> Answer {
        self.nodes[number].line().await.ask(request).await
    }
}

fn parts(
    number: usize,
    key: &PeerKey,
    listener: TcpListener,
    nodes: Option<NodeList>,
) -> ClusterParts {
    ClusterParts {
        origin: origin(number).parse().unwrap(),
        key: key.clone(),
        listener,
        nodes,
        power_was_lost_before: None,
        patience: PATIENCE,
    }
}

fn origin(number: usize) -> String {
    format!("node.example/{number}")
}

fn listener(address: &str) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// What an answer says in short: `200`, or its code.
fn said(answer: &Answer) -> String {
    if answer.status == 200 { "200".to_owned() } else { answer.code() }
}

fn get(cluster: &Cluster) -> Vec<u8> {
    Ask::get("/units").bytes(&cluster.nodes[0])
}
