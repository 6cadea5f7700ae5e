//! A quota among several nodes: never more than it says while all can talk (but for permits of the
//! last second), at most twice when they cannot.

use std::time::Duration;

use testkit::SeededRandomness;
use wire::directory::Quota;

use super::{Cluster, get, said};

async fn cluster(count: usize, per_minute: u32, burst: u32) -> Cluster {
    Cluster::start_with(count, |setting| {
        setting.policy.connections[0].quota = Quota { per_minute, burst };
    })
    .await
}

/// Asks node after node by a seed; how many passed.
async fn passed(cluster: &Cluster, dice: &SeededRandomness, calls: usize) -> usize {
    let mut passed = 0;
    for _ in 0..calls {
        let node = usize::try_from(dice.below(cluster.nodes.len() as u64)).unwrap();
        let answer = cluster.send(node, &get(cluster)).await;
        match said(&answer).as_str() {
            "200" => passed += 1,
            "quota.exceeded" => {
                assert!(answer.header("retry-after").is_some());
                assert!(answer.header("ratelimit").unwrap().contains(";r=0;"));
            }
            other => panic!("{other}"),
        }
    }
    passed
}

#[tokio::test]
async fn while_all_can_talk_a_burst_is_one_burst_for_all_nodes() {
    for seed in 0..4 {
        let (cluster, dice) = (cluster(3, 60, 20).await, SeededRandomness::new(seed));
        let first = passed(&cluster, &dice, 60).await;
        // What one node has borrowed and not used is lost to the others: at most a quarter each.
        assert!((10..=20).contains(&first), "seed {seed}: {first} of 20");
    }
}

#[tokio::test]
async fn while_all_can_talk_the_rate_is_one_rate_for_all_nodes() {
    for seed in 0..3 {
        let (cluster, dice) = (cluster(2, 120, 8).await, SeededRandomness::new(seed));
        let (mut total, mut elapsed_ms) = (0, 0);
        while elapsed_ms < 20_000 {
            total += passed(&cluster, &dice, 4).await;
            let step = 100 + dice.below(900);
            cluster.advance(Duration::from_millis(step));
            elapsed_ms += step;
            // burst + rate × (w + 1 s)
            let bound = 8 + 2 * (elapsed_ms / 1000 + 1);
            assert!(total as u64 <= bound, "seed {seed}: {total} passed, {bound} may");
        }
        assert!(total > 20, "seed {seed}: only {total} passed");
    }
}

#[tokio::test]
async fn a_node_that_cannot_ask_goes_by_its_share() {
    // The nonces' decider must stay within reach: only a directory that lacks the connection keeps
    // the owner from lending.
    let cluster = cluster(2, 60, 20).await;
    let mut without = cluster.nodes[0].policy.clone();
    without.connections.clear();
    let mut totals = Vec::new();
    for blind in [0, 1] {
        cluster.nodes[blind].install(&without);
        let mut passed = 0;
        for _ in 0..60 {
            let answer = cluster.send(1 - blind, &get(&cluster)).await;
            passed += usize::from(answer.status == 200);
        }
        totals.push(passed);
        cluster.nodes[blind].install(&cluster.nodes[blind].policy);
    }
    totals.sort_unstable();
    // One of the two is the owner and has the whole burst, the other had half of it for itself.
    assert_eq!(totals, [10, 20]);
}

#[tokio::test]
async fn what_is_left_is_told_as_of_the_last_loan() {
    let cluster = cluster(2, 60, 40).await;
    for number in 0..20 {
        let answer = cluster.send(number % 2, &get(&cluster)).await;
        assert_eq!(answer.header("ratelimit-policy"), Some("\"connection\";q=60;w=60"));
        let line = answer.header("ratelimit").unwrap();
        let left = line.split(";r=").nth(1).unwrap().split(';').next().unwrap();
        let left: usize = left.parse().unwrap();
        // What is borrowed elsewhere, at most a quarter of the burst, may be counted or not.
        assert!((29 - number..=49 - number).contains(&left) && left < 40, "{number}: {left}");
    }
}
