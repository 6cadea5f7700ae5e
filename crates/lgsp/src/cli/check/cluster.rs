//! How other nodes reach this one, where several may share a database.

use std::net::{IpAddr, ToSocketAddrs};

use registry::node::Node;

use super::Finding;
use crate::assembly::core::look_at_nodes;
use crate::config::Config;

const SUBJECT: &str = "cluster";

/// Nothing on a database that cannot be shared.
pub(super) async fn at(config: &Config) -> Vec<Finding> {
    if !config.database.is_shared() {
        return Vec::new();
    }
    let origin = &config.evidence.origin;
    let nodes = look_at_nodes(config).await;
    let others: Vec<_> =
        nodes.into_iter().filter(|node| node.origin != *origin && node.until.is_none()).collect();
    findings(config, &others)
}

fn findings(config: &Config, others: &[Node]) -> Vec<Finding> {
    let cluster = &config.cluster;
    let mut findings = Vec::new();
    let reached = match &cluster.peer_address {
        Some(address) => address.clone(),
        None => cluster.listen.to_string(),
    };
    if cluster.listen.port() == 0 {
        findings.push(Finding::warning(
            SUBJECT,
            "cluster.listen takes another port at each start",
            "name a port: until the others have read of the new one, they refuse calls of the keys \
             that this node decides about",
        ));
    }
    let elsewhere = others.iter().find(|node| !is_of_this_machine(&node.peer_address));
    if let Some(other) = elsewhere
        && (cluster.listen.ip().is_loopback() || is_of_this_machine(&reached))
    {
        findings.push(Finding::warning(
            SUBJECT,
            format!(
                "{reached} is reached on this machine only, but the node {} is at {}",
                other.origin, other.peer_address
            ),
            "set cluster.listen to an address that the other nodes reach, and cluster.peer_address \
             if they reach it under another name",
        ));
    }
    findings.extend(cluster.peer_address.as_deref().and_then(unreachable));
    if findings.is_empty() {
        let seen = format!("the other nodes ({}) reach this one at {reached}", others.len());
        findings.push(Finding::ok(SUBJECT, seen));
    }
    findings
}

/// A name that means nothing here may mean something to the others, so that is a warning only.
fn unreachable(peer_address: &str) -> Option<Finding> {
    let seen = match peer_address.to_socket_addrs() {
        Err(error) => format!("{peer_address} (cluster.peer_address) is not found: {error}"),
        Ok(addresses) if addresses.clone().any(|address| address.ip().is_unspecified()) => {
            format!("{peer_address} (cluster.peer_address) is no address of one machine")
        }
        Ok(_) => return None,
    };
    let next = "set cluster.peer_address to the name or address at which the other nodes reach \
                cluster.listen";
    Some(Finding::warning(SUBJECT, seen, next))
}

fn is_of_this_machine(peer_address: &str) -> bool {
    let host = peer_address.rsplit_once(':').map_or(peer_address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
