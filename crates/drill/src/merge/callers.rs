//! Callers of both provinces, who call on whatever happens; a call that fails ends the drill.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::task::JoinHandle;

use super::registries::Generated;
use crate::caller::Caller;
use crate::node::Node;

const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct Callers {
    passed: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    /// Where the callers of a province call.
    gateways: Vec<(&'static str, Arc<RwLock<String>>)>,
    tasks: Vec<JoinHandle<()>>,
}

impl Callers {
    pub(super) fn start(node: &Node, registry: &Generated) -> Self {
        let mut callers = Self {
            passed: Arc::default(),
            stopping: Arc::default(),
            gateways: Vec::new(),
            tasks: Vec::new(),
        };
        callers.add(node, registry);
        callers
    }

    /// The callers of one more province, at its own gateway.
    pub(super) fn add(&mut self, node: &Node, registry: &Generated) {
        let gateway = Arc::new(RwLock::new(node.gateway()));
        self.gateways.push((registry.root, Arc::clone(&gateway)));
        for one in &registry.callers {
            let caller = Caller::new(&one.keyid, one.key.clone(), node.http.clone());
            let (passed, stopping) = (Arc::clone(&self.passed), Arc::clone(&self.stopping));
            let (gateway, path) = (Arc::clone(&gateway), one.path.clone());
            self.tasks.push(tokio::spawn(async move {
                while !stopping.load(Ordering::SeqCst) {
                    let url = format!("{}{path}", gateway.read());
                    let answered = caller.send(&caller.sign(&url)).await;
                    let answered = answered.unwrap_or_else(|| panic!("{url} broke off"));
                    assert_eq!(answered.status, 200, "{url}: {:?}", answered.code);
                    passed.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(PAUSE).await;
                }
            }));
        }
    }

    /// The callers of a province call at another gateway from now on.
    pub(super) fn move_to(&self, node: &Node, registry: &Generated) {
        for (root, gateway) in &self.gateways {
            if *root == registry.root {
                *gateway.write() = node.gateway();
            }
        }
    }

    /// Waits until so many more calls have passed.
    pub(super) async fn until_passed(&self, more: usize) {
        let goal = self.passed.load(Ordering::SeqCst) + more;
        while self.passed.load(Ordering::SeqCst) < goal {
            assert!(!self.tasks.iter().any(JoinHandle::is_finished), "a call failed");
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn stop(self) {
        self.stopping.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("a call failed");
        }
        println!("{} calls, none failed", self.passed.load(Ordering::SeqCst));
    }
}
