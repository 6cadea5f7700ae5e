//! A nonce serves once among all nodes.

use std::time::Duration;

use gateway::{ANNOUNCED, NotServing};

use super::{Cluster, PATIENCE, get, said};
use crate::caller::Ask;
use crate::policy::{ED25519, HMAC, LONELY};

/// Which node decides about a key: the one that goes on alone when all others are gone. Asked of
/// the product itself by what it answers.
async fn decider(keyid: &str) -> usize {
    let mut cluster = Cluster::start(2).await;
    cluster.stop(1).await;
    let ask = Ask::get("/units").key(keyid);
    let answer = cluster.nodes[0].ask(&ask).await;
    usize::from(answer.status == 503)
}

#[tokio::test]
async fn of_one_signature_sent_to_all_nodes_at_once_exactly_one_passes() {
    let cluster = Cluster::start(3).await;
    for round in 0..40 {
        let keyid = if round % 2 == 0 { HMAC } else { ED25519 };
        let request = Ask::get("/units").key(keyid).bytes(&cluster.nodes[0]);
        let (one, two, three, four) = tokio::join!(
            cluster.send(0, &request),
            cluster.send(1, &request),
            cluster.send(2, &request),
            cluster.send(round % 3, &request),
        );
        let mut all = [one, two, three, four].map(|answer| said(&answer));
        all.sort();
        assert_eq!(all, ["200", "nonce.replayed", "nonce.replayed", "nonce.replayed"]);
    }
    assert_eq!(cluster.provider.seen().len(), 40);
}

#[tokio::test]
async fn calls_signed_each_for_itself_pass_on_every_node() {
    let cluster = Cluster::start(3).await;
    for number in 0..30 {
        let answer = cluster.send(number % 3, &get(&cluster)).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn while_the_decider_is_down_its_keys_are_refused_and_those_of_others_pass() {
    let (of_hmac, of_ed25519) = (decider(HMAC).await, decider(ED25519).await);
    let mut cluster = Cluster::start(2).await;
    cluster.stop(1).await;
    for (keyid, decider) in [(HMAC, of_hmac), (ED25519, of_ed25519)] {
        let answer = cluster.nodes[0].ask(&Ask::get("/units").key(keyid)).await;
        if decider == 0 {
            assert_eq!(answer.status, 200, "{keyid}");
            continue;
        }
        assert_eq!(answer.status, 503, "{keyid}");
        assert_eq!(answer.code(), "platform.nonce_owner_unreachable");
        let problem = answer.json();
        assert_eq!(
            (problem["fault"].as_str(), problem["retry"].as_str()),
            (Some("platform"), Some("same_request"))
        );
        // Recorded like any other refusal of somebody who is known.
        let entry = cluster.nodes[0].entry_of(&answer).await;
        assert_eq!(entry.outcome, "platform.nonce_owner_unreachable");
        assert_eq!(entry.actor.unwrap().credential.as_deref(), Some(keyid));
    }
    // The two keys are not both the survivor's or this test shows little; see the next line.
    assert_ne!((of_hmac, of_ed25519), (0, 0));
}

#[tokio::test]
async fn a_decider_that_was_killed_still_knows_what_it_had_granted() {
    let mut cluster = Cluster::start(2).await;
    let keys = [HMAC, ED25519];
    let sent = keys.map(|keyid| Ask::get("/units").key(keyid).bytes(&cluster.nodes[0]));
    for request in &sent {
        assert_eq!(cluster.send(0, request).await.status, 200);
    }
    for killed in [0, 1] {
        cluster.kill_and_restart(killed).await;
        for (request, node) in sent.iter().flat_map(|request| [(request, 0), (request, 1)]) {
            assert_eq!(said(&cluster.send(node, request).await), "nonce.replayed");
        }
        for keyid in keys {
            let fresh = Ask::get("/units").key(keyid);
            for node in &cluster.nodes {
                assert_eq!(node.ask(&fresh.clone().with(|ask| ask.nonce = None)).await.status, 401);
            }
            let answer = cluster.nodes[1 - killed].ask(&Ask::get("/units").key(keyid)).await;
            assert_eq!(answer.status, 200, "service is back");
        }
    }
}

#[tokio::test]
async fn after_a_loss_of_power_a_decider_refuses_what_it_may_have_forgotten() {
    let mut cluster = Cluster::start(2).await;
    let now = cluster.now();
    // Both say that they lost power just now, so it does not matter which one decides.
    let mut parts = Vec::new();
    for number in 0..2 {
        let address = cluster.list.nodes[number].address.clone();
        parts.push((cluster.keys[number].clone(), address));
    }
    for (number, (key, address)) in parts.into_iter().enumerate() {
        let (list, config) = (Some(cluster.list.clone()), cluster.config.clone());
        let node = cluster.nodes.remove(number);
        let again = move || {
            let mut parts = super::parts(number, &key, super::listener(&address), list);
            parts.power_was_lost_before = Some(now);
            parts
        };
        cluster.nodes.insert(number, node.kill_and_restart(config, again).await);
    }
    for node in [0, 1] {
        let answer = cluster.send(node, &get(&cluster)).await;
        assert_eq!(said(&answer), "platform.nonce_owner_unreachable");
    }
    // A signature that cannot be from before is served.
    cluster.advance(Duration::from_secs(345));
    cluster.install();
    for node in [0, 1] {
        assert_eq!(cluster.send(node, &get(&cluster)).await.status, 200);
    }
}

#[tokio::test]
async fn a_list_that_may_have_been_overtaken_decides_nothing() {
    let mut cluster = Cluster::start(2).await;
    cluster.advance(Duration::from_mins(10));
    for node in [0, 1] {
        assert_eq!(cluster.send(node, &get(&cluster)).await.status, 200);
    }
    cluster.advance(Duration::from_micros(1));
    for node in [0, 1] {
        let answer = cluster.send(node, &get(&cluster)).await;
        assert_eq!(said(&answer), "platform.nonce_owner_unreachable");
        let standing = cluster.nodes[node].gateway.nodes().not_serving();
        assert_eq!(standing, Some(NotServing::ListStale));
    }
    cluster.install();
    assert_eq!(cluster.send(0, &get(&cluster)).await.status, 200);
    assert_eq!(cluster.nodes[0].gateway.nodes().not_serving(), None);
}

#[tokio::test]
async fn a_node_that_has_retired_says_so_and_the_others_serve_on() {
    let mut cluster = Cluster::start(2).await;
    let until = cluster.now().saturating_add(ANNOUNCED);
    cluster.list.nodes[1].until = Some(until);
    cluster.install();
    assert_eq!(cluster.nodes[1].gateway.nodes().not_serving(), None);
    cluster.advance(ANNOUNCED);
    cluster.install();
    assert_eq!(cluster.nodes[1].gateway.nodes().not_serving(), Some(NotServing::Retired));
    cluster.list.nodes.pop();
    cluster.install();
    assert_eq!(cluster.nodes[1].gateway.nodes().not_serving(), Some(NotServing::Retired));
    assert_eq!(cluster.nodes[0].gateway.nodes().not_serving(), None);
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_the_time_that_its_list_reaches_back_to_decides_nothing() {
    let mut cluster = Cluster::start(2).await;
    // Of nodes that left 15 minutes before it was read nothing is in the list, and 400 seconds are
    // looked back on.
    cluster.list.as_of = cluster.now().saturating_add(Duration::from_secs(500));
    for (later, expected) in [(0, "200"), (1, "platform.nonce_owner_unreachable")] {
        cluster.list.as_of = cluster.list.as_of.saturating_add(Duration::from_micros(later));
        for node in &cluster.nodes {
            node.gateway.nodes().install(&cluster.list);
        }
        for node in [0, 1] {
            assert_eq!(said(&cluster.send(node, &get(&cluster)).await), expected);
        }
    }
}

#[tokio::test]
async fn nodes_whose_lists_differ_refuse_each_other() {
    let mut cluster = Cluster::start(2).await;
    // Somebody has changed what was, without announcing it.
    let mut other = cluster.list.clone();
    other.nodes[1].from = other.nodes[1].from.saturating_add(Duration::from_secs(1));
    cluster.nodes[0].gateway.nodes().install(&other);
    let mut refused = 0;
    for keyid in [HMAC, ED25519] {
        for node in [0, 1] {
            let request = Ask::get("/units").key(keyid).bytes(&cluster.nodes[0]);
            let said = said(&cluster.send(node, &request).await);
            assert!(["200", "platform.nonce_owner_unreachable"].contains(&said.as_str()), "{said}");
            refused += usize::from(said != "200");
        }
    }
    assert_eq!(refused, 2, "each key is refused where its decider is the other");
    cluster.install();
    assert_eq!(cluster.send(0, &get(&cluster)).await.status, 200);
}

#[tokio::test]
async fn a_node_that_joins_asks_at_once_and_decides_when_it_was_announced() {
    let mut cluster = Cluster::start(3).await;
    // The third has just been entered.
    cluster.list.nodes[2].from = cluster.now().saturating_add(ANNOUNCED);
    cluster.install();
    let old = get(&cluster);
    for node in [2, 0, 1] {
        let expected = if node == 2 { "200" } else { "nonce.replayed" };
        assert_eq!(said(&cluster.send(node, &old).await), expected);
    }
    // From before to after the change, replays are known everywhere.
    cluster.advance(ANNOUNCED.saturating_sub(Duration::from_secs(10)));
    cluster.install();
    let across: Vec<_> = (0..6)
        .map(|number| {
            let keyid = [HMAC, ED25519, LONELY][number % 3];
            Ask::get("/units").key(keyid).with(|ask| ask.life = 300).bytes(&cluster.nodes[0])
        })
        .collect();
    for (number, request) in across.iter().enumerate() {
        let answer = said(&cluster.send(number % 2, request).await);
        assert!(["200", "connection.none"].contains(&answer.as_str()), "{answer}");
    }
    for _ in 0..6 {
        cluster.advance(Duration::from_secs(50));
        cluster.install();
        for (number, request) in across.iter().enumerate() {
            for node in [2, 1 - number % 2] {
                assert_eq!(said(&cluster.send(node, request).await), "nonce.replayed");
            }
        }
    }
}

#[tokio::test]
async fn a_node_that_is_the_only_one_asks_nobody() {
    let mut cluster = Cluster::start(1).await;
    let request = get(&cluster);
    assert_eq!(cluster.send(0, &request).await.status, 200);
    assert_eq!(said(&cluster.send(0, &request).await), "nonce.replayed");
    // Without any list it does not know that it is the only one.
    cluster.list.nodes.clear();
    cluster.install();
    let answer = cluster.send(0, &get(&cluster)).await;
    assert_eq!(said(&answer), "platform.nonce_owner_unreachable");
    assert!(PATIENCE > Duration::from_secs(1), "nobody was waited for");
}
