//! Everything that runs during the bench: the provider, and a server of each program.

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
use super::peer::nginx::{self, Listens};
use super::peer::{Calls, Peer};
use super::server::Server;

/// The programs, each by what it checks.
pub(crate) const PEERS: [&str; 2] = ["nginx", "lgsp-hmac"];

/// The servers of the platform, by what callers sign with.
const SIGNED: [(&str, Algorithm); 1] = [("lgsp-hmac", Algorithm::HmacSha256)];

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
            let folder = |name: &str| folder(place, name);
            let [plain, tls] = free_addresses();
            let listens = Listens { plain, tls, certificate: &certificate };
            let process = match *name {
                "nginx" => nginx::proxy(&folder(name), "", &listens, provider, ""),
                _ => continue,
            };
            for transport in &options.transports {
                let (address, tls) = match transport {
                    Transport::Plain => (plain, None),
                    Transport::Tls => (tls, Some(Tls::believing(&authority))),
                };
                let process = process.id();
                peers
                    .all
                    .push((*transport, Peer { name, process, address, tls, calls: Calls::Plain }));
            }
            peers.servers.push(process);
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
        provider: std::net::SocketAddr,
    ) {
        let signed: Vec<_> =
            SIGNED.into_iter().filter(|(name, _)| options.peers.contains(name)).collect();
        if signed.is_empty() {
            return;
        }
        for &transport in &options.transports {
            let tls = (transport == Transport::Tls).then(|| Arc::clone(authority));
            let folder = folder(place, &format!("lgsp-{}", transport.word()));
            let platform = Platform::found(runtime, &options.lgsp, folder, tls.clone(), provider);
            for (name, algorithm) in &signed {
                let callers = platform.callers(runtime, *algorithm);
                let calls = Calls::Signed { callers, base: platform.base() };
                let (process, address) = (platform.process(), platform.address());
                let tls = tls.as_deref().map(Tls::believing);
                self.all.push((transport, Peer { name, process, address, tls, calls }));
            }
            self.platforms.push(platform);
        }
    }
}
