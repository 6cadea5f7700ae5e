//! Everything that runs during the bench: the provider, and a server of each program.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use drill::node::{folder, free_addresses};
use testkit::Authority;
use tokio::runtime::Runtime;
use wire::signature::Algorithm;

use super::cpu;
use super::generator::Tls;
use super::options::{Options, Transport};
use super::peer::lgsp::Platform;
use super::peer::one_hmac::OneHmac;
use super::peer::{Calls, Listens, Peer, envoy, haproxy, nginx};
use super::server::Server;

/// The servers, each a program with what it checks.
pub(crate) const PEERS: [&str; 8] = [
    NGINX,
    "haproxy-hmac",
    "nginx-lua-hmac",
    "envoy",
    "lgsp-hmac",
    "lgsp-ed25519",
    "lgsp-p256",
    "lgsp-rsa",
];

/// What all others are compared with.
pub(crate) const NGINX: &str = "nginx";

/// The servers of the platform, by what callers sign with.
const SIGNED: [(&str, Algorithm); 4] = [
    ("lgsp-hmac", Algorithm::HmacSha256),
    ("lgsp-ed25519", Algorithm::Ed25519),
    ("lgsp-p256", Algorithm::EcdsaP256Sha256),
    ("lgsp-rsa", Algorithm::RsaPssSha512),
];

/// All that was started.
pub(crate) struct Peers {
    /// The servers under measurement.
    pub(crate) all: Vec<(Transport, Peer)>,
    servers: Vec<Server>,
    platforms: Vec<Platform>,
}

impl Peers {
    /// Starts what the options name, in `place`.
    pub(crate) fn start(options: &Options, place: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let authority = Arc::new(Authority::new("bench"));
        let [provider] = free_addresses();
        let process = nginx::provider(&folder(place, "provider"), provider);
        cpu::pin(process.id(), cpu::AROUND);
        let mut peers = Self { all: Vec::new(), servers: vec![process], platforms: Vec::new() };
        let certificate = authority.issue(&["127.0.0.1"]).write(place, "server");
        for name in &options.peers {
            let [plain, tls] = free_addresses();
            let listens = Listens { plain, tls, certificate: &certificate };
            let Some((server, calls)) = start_peer(name, place, &listens, provider) else {
                continue;
            };
            for transport in &options.transports {
                let (address, tls) = match transport {
                    Transport::Plain => (plain, None),
                    Transport::Tls => (tls, Some(Tls::believing(&authority))),
                };
                let calls = calls.clone();
                peers
                    .all
                    .push((*transport, Peer { name, process: server.id(), address, tls, calls }));
            }
            peers.servers.push(server);
        }
        peers.start_platforms(options, place, &runtime, &authority, provider);
        peers
    }

    fn start_platforms(
        &mut self,
        options: &Options,
        place: &Path,
        runtime: &Runtime,
        authority: &Arc<Authority>,
        provider: SocketAddr,
    ) {
        let signed: Vec<_> =
            SIGNED.into_iter().filter(|(name, _)| options.peers.contains(name)).collect();
        if signed.is_empty() {
            return;
        }
        for &transport in &options.transports {
            let tls = (transport == Transport::Tls).then(|| Arc::clone(authority));
            let folder = folder(place, &format!("lgsp-{}", transport.word()));
            let mut platform =
                Platform::found(runtime, &options.lgsp, folder, tls.clone(), provider);
            let keys: Vec<_> =
                signed.iter().map(|(_, algorithm)| platform.callers(runtime, *algorithm)).collect();
            platform.grow(runtime, options.connections);
            for ((name, _), callers) in signed.iter().zip(keys) {
                let calls = Calls::Signed { callers, base: platform.base() };
                let (process, address) = (platform.process(), platform.address());
                let tls = tls.as_deref().map(Tls::believing);
                self.all.push((transport, Peer { name, process, address, tls, calls }));
            }
            self.platforms.push(platform);
        }
    }
}

/// Starts another program than the platform; none if it is no other.
fn start_peer(
    name: &str,
    place: &Path,
    listens: &Listens<'_>,
    provider: SocketAddr,
) -> Option<(Server, Calls)> {
    let folder = || folder(place, name);
    let key = OneHmac::new();
    Some(match name {
        NGINX => (nginx::proxy(&folder(), listens, provider), Calls::Plain),
        "envoy" => (envoy::proxy(&folder(), listens, provider), Calls::Plain),
        "haproxy-hmac" => (haproxy::proxy(&folder(), listens, provider, &key), Calls::OneHmac(key)),
        "nginx-lua-hmac" => {
            (nginx::lua_proxy(&folder(), listens, provider, &key), Calls::OneHmac(key))
        }
        _ => return None,
    })
}
