//! A gateway, its log and its directory; one consumer with two keys, one stranger, one provider.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use evidence::{Log, LogConfig, LogKeys, SpentNonce};
use gateway::{
    ClusterParts, DirectorySnapshot, GatewayConfig, Parts, ResponseKey, Running, StartError,
};
use keys::{DetailKeys, Ed25519Key, KeyDirectory, SystemRandomness};
use tempfile::TempDir;
use testkit::faulty_disk::Loss;
use testkit::{FaultyDisk, SeededRandomness, TestClock};
use wire::ambient::{Clock, Randomness};
use wire::entry::Entry;
use wire::id::RequestId;

use crate::caller::Ask;
use crate::cell;
use crate::line::{Answer, Line};
use crate::policy::Policy;

pub struct City {
    pub clock: Arc<TestClock>,
    pub log: Log,
    pub disk: FaultyDisk,
    pub policy: Policy,
    pub gateway: Running,
    pub response_key: Ed25519Key,
    pub public: String,
    randomness: Arc<SeededRandomness>,
    signer: Ed25519Key,
    folder: TempDir,
}

/// What differs from the usual.
pub struct Setting {
    pub policy: Policy,
    pub config: GatewayConfig,
    /// For one of several gateways.
    pub cluster: Option<ClusterParts>,
}

/// What a gateway starts with, beside what it always has.
#[derive(Default)]
pub struct Start {
    pub spent_nonces: Vec<SpentNonce>,
    pub directory: Option<DirectorySnapshot>,
    pub cluster: Option<ClusterParts>,
}

impl Setting {
    pub fn new(provider: SocketAddr) -> Self {
        let mut config = GatewayConfig { threads: 1, ..GatewayConfig::default() };
        config.upstream.allow_loopback = true;
        let policy = Policy::new(&format!("http://{provider}"));
        Self { policy, config, cluster: None }
    }

    pub async fn start(self) -> City {
        let folder = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(1);
        let clock = Arc::new(TestClock::default());
        let randomness = Arc::new(SeededRandomness::new(1));
        let signer = Ed25519Key::generate(&SystemRandomness).unwrap();
        let response_key = Ed25519Key::generate(&SystemRandomness).unwrap();
        let (log, _) = open_log(&disk, &folder, &signer, &clock, &randomness).await;
        let mut config = self.config;
        cell::seal(&mut config);
        let (public_urls, is_tls) = (config.public_urls.clone(), config.acceptor.is_tls());
        let directory = Some(self.policy.snapshot());
        let with = Start { directory, cluster: self.cluster, ..Start::default() };
        let gateway = start(config, &log, &clock, &randomness, &response_key, with).unwrap();
        let public = public_url(&public_urls, is_tls, &gateway);
        let policy = self.policy;
        City { clock, log, disk, policy, gateway, response_key, public, randomness, signer, folder }
    }
}

/// A city with the usual setting before this provider.
pub async fn city(provider: SocketAddr) -> City {
    Setting::new(provider).start().await
}

pub fn start(
    mut config: GatewayConfig,
    log: &Log,
    clock: &Arc<TestClock>,
    randomness: &Arc<SeededRandomness>,
    response_key: &Ed25519Key,
    with: Start,
) -> Result<Running, StartError> {
    let parts = Parts {
        log: log.clone(),
        clock: clock.clone(),
        randomness: randomness.clone(),
        spent_nonces: with.spent_nonces,
        response_key: ResponseKey {
            keyid: "platform".to_owned(),
            key: response_key.clone().into(),
        },
        directory: with.directory,
        cluster: with.cluster,
    };
    cell::seal(&mut config);
    gateway::start(config, parts)
}

fn public_url(configured: &[url::Url], is_tls: bool, gateway: &Running) -> String {
    let first = configured.first().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let scheme = if is_tls { "https" } else { "http" };
    first.unwrap_or_else(|| format!("{scheme}://{}", gateway.local_addr()))
}

async fn open_log(
    disk: &FaultyDisk,
    folder: &TempDir,
    signer: &Ed25519Key,
    clock: &Arc<TestClock>,
    randomness: &Arc<SeededRandomness>,
) -> (Log, Vec<SpentNonce>) {
    let (disk, folder) = (disk.process(), folder.path().join("keys"));
    let keys = LogKeys { signer: signer.clone().into(), retired: Vec::new() };
    let clock: Arc<dyn Clock> = clock.clone();
    let randomness: Arc<dyn Randomness> = randomness.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let details = DetailKeys::new(KeyDirectory::create(folder).unwrap(), randomness.clone());
        let config = LogConfig::new("/log", "gateway.test/log".parse().unwrap());
        Log::open(config, &keys, details, disk, clock, randomness).unwrap()
    });
    let (log, recovered) = opening.await.unwrap();
    (log, recovered.spent_nonces)
}

impl City {
    pub fn address(&self) -> SocketAddr {
        self.gateway.local_addr()
    }

    /// What callers write into `Host`.
    pub fn host(&self) -> &str {
        self.public.split_once("://").unwrap().1
    }

    /// A second gateway over the same log, without a directory.
    pub fn start_another(&self, config: GatewayConfig) -> Result<Running, StartError> {
        let (clock, randomness) = (&self.clock, &self.randomness);
        start(config, &self.log, clock, randomness, &self.response_key, Start::default())
    }

    /// One call over a connection of its own.
    pub async fn ask(&self, ask: &Ask) -> Answer {
        self.line().await.ask(&ask.bytes(self)).await
    }

    pub async fn line(&self) -> Line {
        Line::connect(self.address()).await
    }

    pub fn install(&self, policy: &Policy) {
        self.gateway.install(&policy.snapshot());
    }

    /// The entries of a call, in order.
    pub async fn entries(&self, request_id: &str) -> Vec<Entry> {
        let id: RequestId = request_id.parse().unwrap();
        let found = self.log.find_call(id).await.unwrap();
        found.iter().map(|found| Entry::parse(&found.bytes).unwrap()).collect()
    }

    /// The entry that an answer names.
    pub async fn entry_of(&self, answer: &Answer) -> Entry {
        let (origin, index) = answer.header("lgsp-entry").unwrap().rsplit_once('/').unwrap();
        assert_eq!(origin, "gateway.test/log");
        self.entry(index.parse().unwrap()).await
    }

    pub async fn entry(&self, index: u64) -> Entry {
        Entry::parse(&self.log.entry(index).await.unwrap().unwrap()).unwrap()
    }

    /// Waits until the log has an entry after the first `size`, and gives it.
    pub async fn entry_after(&self, size: u64) -> Entry {
        self.log.published_past(size).await.unwrap();
        self.entry(size).await
    }

    /// Ends gateway and log, and starts both again over what they left.
    pub async fn restart(self, config: GatewayConfig) -> Self {
        self.again(config, false, || None).await
    }

    /// Ends as by kill -9: nothing is written any more.
    pub async fn kill_and_restart(
        self,
        config: GatewayConfig,
        cluster: impl FnOnce() -> ClusterParts,
    ) -> Self {
        self.again(config, true, || Some(cluster())).await
    }

    /// The same of a gateway that is alone.
    pub async fn kill_and_restart_alone(self, config: GatewayConfig) -> Self {
        self.again(config, true, || None).await
    }

    async fn again(
        self,
        mut config: GatewayConfig,
        is_killed: bool,
        cluster: impl FnOnce() -> Option<ClusterParts>,
    ) -> Self {
        let Self {
            clock,
            log,
            disk,
            policy,
            gateway,
            response_key,
            randomness,
            signer,
            folder,
            ..
        } = self;
        if is_killed {
            disk.crash();
        }
        gateway.drain(Duration::from_secs(10)).await;
        log.close().await;
        drop(log);
        if is_killed {
            disk.restart(Loss::Process);
        }
        let (log, spent) = open_log(&disk, &folder, &signer, &clock, &randomness).await;
        let directory = Some(policy.snapshot());
        let with = Start { spent_nonces: spent, directory, cluster: cluster() };
        cell::seal(&mut config);
        let (public_urls, is_tls) = (config.public_urls.clone(), config.acceptor.is_tls());
        let gateway = start(config, &log, &clock, &randomness, &response_key, with).unwrap();
        let public = public_url(&public_urls, is_tls, &gateway);
        Self { clock, log, disk, policy, gateway, response_key, public, randomness, signer, folder }
    }
}
