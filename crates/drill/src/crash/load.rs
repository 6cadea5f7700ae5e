//! Callers at every node and an office that registers systems, until they are told to stop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use tokio::task::JoinHandle;

use super::fleet::Fleet;
use crate::caller::{Answered, Caller, SignedGet};
use crate::city::try_post;
use crate::public_log::PublicLog;

/// How many callers each node has.
const CALLERS: usize = 3;
/// How long a caller waits before it tries a node again that broke off.
const PAUSE: Duration = Duration::from_millis(5);
/// How often checkpoints are taken.
const LOOK: Duration = Duration::from_millis(200);

/// What was promised to callers, offices and readers.
#[derive(Default)]
pub(super) struct Promises {
    /// Calls that were answered 200.
    pub(super) answered: Vec<Answered>,
    /// The last answered call of each node, as it was sent.
    pub(super) last: Vec<Option<SignedGet>>,
    /// How many calls were refused because a node that had to be asked was down.
    pub(super) refused: usize,
    /// Systems whose registration was answered with a yes.
    pub(super) systems: BTreeSet<String>,
    /// Distinct checkpoints that each node showed.
    pub(super) checkpoints: Vec<Vec<String>>,
}

struct Shared {
    promises: Mutex<Promises>,
    answered: AtomicUsize,
    down: AtomicBool,
    stopping: AtomicBool,
}

pub(super) struct Load {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    pub(super) async fn start(fleet: &Fleet) -> Self {
        let nodes = fleet.nodes.len();
        let promises = Promises {
            last: vec![None; nodes],
            checkpoints: vec![Vec::new(); nodes],
            ..Promises::default()
        };
        let shared = Arc::new(Shared {
            promises: Mutex::new(promises),
            answered: AtomicUsize::new(0),
            down: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        });
        let mut tasks = Vec::new();
        for (number, node) in fleet.nodes.iter().enumerate() {
            for first in 0..CALLERS {
                let url = fleet.city.url(node, "/x");
                let keys = fleet.callers(number);
                tasks.push(tokio::spawn(call(Arc::clone(&shared), number, keys, url, first)));
            }
            let log = PublicLog::new(node.http.clone(), node.log_url(), node.trust().await);
            tasks.push(tokio::spawn(watch(Arc::clone(&shared), number, log)));
            let (http, control) = (node.http.clone(), node.control());
            let token = fleet.city.administrator.clone();
            tasks.push(tokio::spawn(register(Arc::clone(&shared), number, http, control, token)));
        }
        Self { shared, tasks }
    }

    /// Waits for so many more calls to be answered.
    pub(super) async fn until_answered(&self, more: usize) {
        let goal = self.shared.answered.load(Ordering::SeqCst) + more;
        while self.shared.answered.load(Ordering::SeqCst) < goal {
            assert!(!self.tasks.iter().any(JoinHandle::is_finished), "a promise was broken");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// From now on calls at the other nodes may be refused.
    pub(super) fn is_down(&self) {
        self.shared.down.store(true, Ordering::SeqCst);
    }

    /// From now on they may not.
    pub(super) fn is_up(&self) {
        self.shared.down.store(false, Ordering::SeqCst);
    }

    /// The last answered call of each node is refused by every node, byte for byte as it was.
    pub(super) async fn replays_are_refused(&self, fleet: &Fleet) {
        let last: Vec<_> = self.shared.promises.lock().last.iter().flatten().cloned().collect();
        for get in &last {
            let caller = &fleet.callers(0)[0];
            let refused = caller.send(get).await.unwrap();
            let (status, code) = (refused.status, refused.code.as_deref());
            assert_eq!((status, code), (401, Some("nonce.replayed")), "{}", get.url());
        }
    }

    /// Lets what is under way end; returns what was promised.
    pub(super) async fn stop(self) -> Promises {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut *self.shared.promises.lock())
    }
}

async fn call(shared: Arc<Shared>, node: usize, keys: Vec<Caller>, url: String, first: usize) {
    for caller in keys.iter().cycle().skip(first * keys.len() / CALLERS) {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let get = caller.sign(&url);
        // Asked before the call and after it: the node may have been killed meanwhile.
        let was_down = shared.down.load(Ordering::SeqCst);
        let answered = caller.send(&get).await;
        let may_refuse = was_down || shared.down.load(Ordering::SeqCst);
        match answered {
            Some(answered) if answered.status == 200 => {
                let mut promises = shared.promises.lock();
                promises.answered.push(answered);
                promises.last[node] = Some(get);
                shared.answered.fetch_add(1, Ordering::SeqCst);
            }
            Some(answered) if may_refuse && answered.status == 503 => {
                shared.promises.lock().refused += 1;
            }
            Some(answered) => panic!("node {node}: {answered:?}"),
            None => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn register(
    shared: Arc<Shared>,
    node: usize,
    http: reqwest::Client,
    control: String,
    token: String,
) {
    for number in 0.. {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let code = format!("he-thong-{node}-{number}");
        let form = json!({"organisation": "H24.14", "code": code, "name": "Hệ thống thử"});
        match try_post(&http, &control, &token, "systems", &form).await {
            Some(_) => drop(shared.promises.lock().systems.insert(format!("H24.14/{code}"))),
            None => tokio::time::sleep(PAUSE).await,
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn watch(shared: Arc<Shared>, node: usize, log: PublicLog) {
    while !shared.stopping.load(Ordering::SeqCst) {
        if let Some(note) = log.checkpoint().await {
            let shown = &mut shared.promises.lock().checkpoints[node];
            if shown.last() != Some(&note) {
                shown.push(note);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
