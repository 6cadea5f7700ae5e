//! Envoy as a plain reverse proxy.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use testkit::IssuedFiles;

use super::Listens;
use crate::gateway::server::Server;

/// Where `cargo xtask bench` puts it, seen from the root of the workspace.
const BINARY: &str = "target/judges/envoy/bin/envoy";

/// The program.
pub(crate) fn binary() -> PathBuf {
    let binary = PathBuf::from(BINARY);
    assert!(binary.exists(), "{BINARY} is missing; `cargo xtask bench gateway` installs it");
    binary
}

/// Starts Envoy with one worker as a reverse proxy to `provider`.
pub(crate) fn proxy(folder: &Path, listens: &Listens<'_>, provider: SocketAddr) -> Server {
    let Listens { plain, tls, certificate } = listens;
    let config = json!({
        "static_resources": {
            "listeners": [listener(*plain, None), listener(*tls, Some(certificate))],
            "clusters": [{
                "name": "provider",
                "type": "STATIC",
                "load_assignment": {"cluster_name": "provider", "endpoints": [
                    {"lb_endpoints": [{"endpoint": {"address": address(provider)}}]},
                ]},
                "circuit_breakers": {"thresholds": [
                    {"max_connections": 8192, "max_pending_requests": 8192, "max_requests": 8192},
                ]},
            }],
        },
    });
    let file = folder.join("envoy.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = Command::new(binary());
    command.args(["--concurrency", "1", "--log-level", "error", "--disable-hot-restart", "-c"]);
    let mut server = Server::start(command.arg(&file));
    server.process().wait_for_listener(*plain);
    server
}

fn listener(at: SocketAddr, tls: Option<&IssuedFiles>) -> Value {
    let manager = json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "callers",
            "codec_type": "HTTP1",
            "generate_request_id": false,
            "route_config": {"virtual_hosts": [{
                "name": "all", "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "provider", "timeout": "60s"}}],
            }]},
            "http_filters": [{
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                    "dynamic_stats": false,
                    "suppress_envoy_headers": true,
                },
            }],
        },
    });
    let mut chain = json!({"filters": [manager]});
    if let Some(files) = tls {
        chain["transport_socket"] = json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_3"},
                    "tls_certificates": [{
                        "certificate_chain": {"filename": files.chain},
                        "private_key": {"filename": files.key},
                    }],
                },
            },
        });
    }
    json!({"address": address(at), "filter_chains": [chain]})
}

fn address(at: SocketAddr) -> Value {
    json!({"socket_address": {"address": at.ip().to_string(), "port_value": at.port()}})
}
