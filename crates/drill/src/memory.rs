//! How much memory the platform holds, at rest and under what is huge, many or slow.
//!
//! Each scene begins with the peak reset and ends with it read: what a scene adds is its peak above
//! the idle process. Figures are resident memory as the kernel counts it.

mod bulk;
pub mod footprint;
mod line;
mod scenes;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use testkit::authority::Authority;

use self::bulk::BulkProvider;
use self::footprint::Footprint;
use crate::city::{City, OFFICES};
use crate::node::{Node, Plan, folder};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// The most that a node may hold at rest.
const IDLE: u64 = 100 * MIB;
/// The most that a huge body may add.
const BODY: u64 = 64 * MIB;
/// How soon a node is ready.
const READY: Duration = Duration::from_secs(2);
/// How many connections idle.
const CONNECTIONS: usize = 10_000;
/// What each of them may cost, with what the system's allocator rounds up.
const CONNECTION: u64 = 16 << 10;
/// And what it may cost with its TLS session.
const TLS_CONNECTION: u64 = 32 << 10;
/// How many callers ask for something huge and never read it.
const DEAF: usize = 64;
/// What each of them may cost.
const DEAF_CALLER: u64 = MIB;

/// Plays all scenes, first over plain HTTP/1.1, then over TLS with HTTP/2 where it is spoken.
pub async fn run(lgsp: &Path) {
    footprint::allow_many_files();
    println!("HTTP/1.1");
    play(lgsp, None, CONNECTION).await;
    println!("TLS; HTTP/2 for bodies, HTTP/1.1 for idle connections");
    play(lgsp, Some(Arc::new(Authority::new("drill"))), TLS_CONNECTION).await;
}

/// Plays all scenes against a node of their own.
async fn play(lgsp: &Path, authority: Option<Arc<Authority>>, connection: u64) {
    let place = tempfile::tempdir().unwrap();
    let plan = Plan {
        lgsp: lgsp.to_owned(),
        folder: folder(place.path(), "node"),
        origin: "lgsp.drill-1".to_owned(),
        settings: Vec::new(),
        authority,
    };
    let mut node = Node::init(plan, &OFFICES);
    let ready = node.start().await;
    println!("ready after {ready:?}");
    assert!(ready <= READY, "the bar is {READY:?}");

    let provider = BulkProvider::start().await;
    let city = City::found(&node, &provider.url, 1).await;
    let scene = scenes::Scene::new(&node, &city).await;
    scene.small_calls(1_000).await;
    let footprint = Footprint::of(node.id());
    let idle = footprint.now();
    println!("idle: {}", mib(idle));
    assert!(idle <= IDLE, "the bar is {}", mib(IDLE));

    let judge = |name: &str, most: u64| {
        let added = footprint.take_peak().saturating_sub(idle);
        println!("{name}: {} above idle", mib(added));
        assert!(added <= most, "{name}: the bar is {}", mib(most));
    };
    footprint.take_peak();
    scene.download(GIB).await;
    judge("an answer of 1 GiB", BODY);
    scene.upload(GIB).await;
    judge("a request of 1 GiB", BODY);
    let deaf = scene.never_read(DEAF, GIB).await;
    scene.small_calls(1_000).await;
    judge(&format!("{DEAF} callers that never read 1 GiB"), DEAF as u64 * DEAF_CALLER);
    scene.are_cut_off(deaf).await;
    let lines = scene.idle_connections(CONNECTIONS).await;
    scene.small_calls(1_000).await;
    judge(&format!("{CONNECTIONS} idle connections"), CONNECTIONS as u64 * connection);
    scene.still_serve(lines).await;
}

fn mib(bytes: u64) -> String {
    format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
}
