//! Who may ask, and what becomes of those who don't answer.

use std::time::Duration;

use keys::PeerKey;
use testkit::SeededRandomness;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Cluster, get, said};
use crate::caller::Ask;
use crate::policy::{ED25519, HMAC};

#[tokio::test]
async fn whoever_is_no_node_of_the_list_is_not_heard() {
    let mut cluster = Cluster::start(2).await;
    // Not TLS at all.
    let mut stream = TcpStream::connect(&cluster.list.nodes[0].address).await.unwrap();
    stream.write_all(&[0; 64]).await.unwrap();
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 16, "at most an alert: {answer:?}");
    // A node whose certificate is another than the list says, for those that it asks.
    let stranger = PeerKey::generate(&SeededRandomness::new(77)).unwrap();
    let mut other = cluster.list.clone();
    other.nodes[1].certificate = stranger.certificate().to_vec();
    cluster.nodes[0].gateway.nodes().install(&other);
    let mut refused = 0;
    for keyid in [HMAC, ED25519] {
        for node in [0, 1] {
            let request = Ask::get("/units").key(keyid).bytes(&cluster.nodes[0]);
            refused += usize::from(said(&cluster.send(node, &request).await) != "200");
        }
    }
    assert_eq!(refused, 2, "each key is refused where its decider is the other");
    cluster.install();
    assert_eq!(cluster.send(1, &get(&cluster)).await.status, 200);
}

#[tokio::test]
async fn a_node_that_left_is_answered_no_more() {
    let mut cluster = Cluster::start(2).await;
    for node in [0, 1] {
        assert_eq!(cluster.send(node, &get(&cluster)).await.status, 200);
    }
    // It left long ago: the other decides about everything.
    cluster.list.nodes[1].until = Some(cluster.now().saturating_sub(Duration::from_secs(500)));
    cluster.install();
    for keyid in [HMAC, ED25519] {
        let ask = || Ask::get("/units").key(keyid).bytes(&cluster.nodes[0]);
        assert_eq!(cluster.send(0, &ask()).await.status, 200);
        assert_eq!(said(&cluster.send(1, &ask()).await), "platform.nonce_owner_unreachable");
    }
}
