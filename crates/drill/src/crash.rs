//! `kill -9` again and again amid load: nothing acknowledged is lost, nothing is there twice, and
//! service is back soon.
//!
//! Calls come with many keys to all nodes at once, and changes of the registry beside them. Each
//! round kills one node, lets the others go on, and starts it again.

mod fleet;
mod load;
mod verdict;

use std::path::Path;
use std::time::Duration;

use testkit::SeededRandomness;
use testkit::postgres::PostgresServer;

use self::fleet::Fleet;
use self::load::Load;

/// How soon after its start a node carries calls again.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// How many calls the others must carry while a node is down.
const CALLS_WHILE_DOWN: usize = 50;

/// Plays `rounds` rounds against one process on SQLite.
pub async fn one_process(lgsp: &Path, rounds: u64) {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Fleet::on_sqlite(lgsp, folder.path()).await;
    play("one process on SQLite", fleet, rounds).await;
}

/// Plays `rounds` rounds against two processes that share a PostgreSQL database.
pub async fn two_processes(lgsp: &Path, rounds: u64) {
    let server = PostgresServer::start();
    let folder = tempfile::tempdir().unwrap();
    let (fleet, _database) = Fleet::on_postgres(lgsp, folder.path(), &server).await;
    play("two processes on PostgreSQL", fleet, rounds).await;
}

async fn play(name: &str, mut fleet: Fleet, rounds: u64) {
    println!("{name}: {rounds} rounds");
    let load = Load::start(&fleet).await;
    let mut back = Vec::new();
    for round in 0..rounds {
        let dice = SeededRandomness::new(round);
        let victim = usize::try_from(round).unwrap() % fleet.nodes.len();
        load.until_answered(200 + usize::try_from(dice.below(800)).unwrap()).await;
        load.is_down();
        fleet.nodes[victim].kill();
        let others = fleet.nodes.len() > 1;
        if others {
            load.until_answered(CALLS_WHILE_DOWN).await;
        }
        let took = fleet.start_again(victim).await;
        load.is_up();
        println!("  round {round:2}: node {victim} carried calls again after {took:?}");
        back.push(took);
        load.replays_are_refused(&fleet).await;
    }
    let promises = load.stop().await;
    verdict::judge(&mut fleet, promises).await;
    back.sort_unstable();
    let (median, slowest) = (back[back.len() / 2], *back.last().unwrap());
    println!("{name}: service back after {median:?} (median), {slowest:?} at most");
    assert!(slowest <= BACK_WITHIN, "the bar is {BACK_WITHIN:?}");
}
