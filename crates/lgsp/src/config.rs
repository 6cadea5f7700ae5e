//! What an operator decides about one node: a TOML file, then `LGSP__SECTION__KEY` from the
//! environment, which wins.
//!
//! Read first: [`Config`], then [`keys`](mod@keys) (the one table of keys: what each means, what
//! is allowed, its default; `lgsp init` writes it out). `source` keeps where each value came from,
//! `value` turns text into types.
//!
//! **Invariant**: an unknown key or an impossible value stops the start, all of them told at once,
//! each with its line or variable; nothing is guessed. **Trust**: whoever can write this file
//! decides which files hold the keys and where the platform listens: keep it the operator's.

pub mod keys;
mod listener;
mod problem;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::keys::{Protection, TokenName, Zeroizing};
use store::DatabaseConfig;
use url::Url;
use wire::checkpoint::Origin;
use wire::note::CosignatureVerifier;

pub use listener::ListenerConfig;
pub use problem::ConfigProblems;
use source::Source;
use value::Reader;

/// How many witnesses are asked at most.
const MOST_WITNESSES: usize = 20;

/// One node's configuration, every value checked for form (not yet against the machine).
#[derive(Debug, Clone)]
pub struct Config {
    /// Where keys, database and log live.
    pub data: PathBuf,
    /// How the key files are encrypted.
    pub keys: KeysConfig,
    /// The security module in which the platform's signing keys are made; `None`: in files.
    pub pkcs11: Option<Pkcs11Config>,
    /// Which database, and how it is signed on to.
    pub database: DatabaseConfig,
    /// How this node learns what others that share the database did.
    pub follow: FollowConfig,
    /// The control listener: API, evidence, pages.
    pub control: ControlConfig,
    /// The gateway listener: synchronous calls.
    pub gateway: GatewayConfig,
    /// The operations listener: probes and metrics.
    pub operations: ListenerConfig,
    /// Where code lists are served to this node's gateway; `None`: they are not.
    pub code_lists: Option<SocketAddr>,
    /// The other nodes.
    pub cluster: ClusterConfig,
    /// The evidence log of this node.
    pub evidence: EvidenceConfig,
    /// What is written to standard error.
    pub log: LogConfig,
}

/// How the key files are encrypted at rest.
#[derive(Debug, Clone)]
pub struct KeysConfig {
    /// With what; `None`: not at all.
    pub protection: Option<Protection>,
    /// Where the passphrase stands, if in a file of its own.
    pub passphrase_file: Option<PathBuf>,
    /// The key file.
    pub key_file: Option<PathBuf>,
    /// Where the ring of secrets stands, if apart from this node's own keys.
    pub secrets_directory: Option<PathBuf>,
}

/// How a node follows those that share its database.
#[derive(Debug, Clone, Copy)]
pub struct FollowConfig {
    /// Whether it listens to notices of the database.
    pub listen: bool,
    /// How often it looks by itself.
    pub poll: Duration,
}

impl FollowConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.boolean("database.listen");
        let poll = reader.whole("database.poll_ms", 50..=60_000);
        Some(Self { listen: listen?, poll: Duration::from_millis(poll?) })
    }
}

/// A security module (PKCS#11).
#[derive(Debug, Clone)]
pub struct Pkcs11Config {
    /// Its library.
    pub module: PathBuf,
    /// Which token.
    pub token: TokenName,
    /// Where the PIN stands, if in a file of its own.
    pub pin_file: Option<PathBuf>,
    /// Labels of keys to be taken for log, directory and response in place of new ones.
    pub labels: [Option<String>; 3],
}

/// The control listener.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    /// Where and how it listens.
    pub listener: ListenerConfig,
    /// How others reach it; `None`: as it listens.
    pub public_url: Option<Url>,
}

/// The gateway listener.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where and how it listens.
    pub listener: ListenerConfig,
    /// Whether callers may speak HTTP/2 without TLS.
    pub h2_without_tls: bool,
    /// The URLs callers may sign for; empty: as it listens, which is then one address.
    pub public_urls: Vec<Url>,
    /// How many threads carry calls; 0: one per core.
    pub threads: usize,
    /// How long a provider may take to accept a connection.
    pub connect_timeout: Duration,
    /// Root certificates (PEM) that providers' may lead to, beside the system's.
    pub upstream_ca: Option<PathBuf>,
    /// Whether a service may stand on this machine's own loopback addresses.
    pub loopback_upstreams: bool,
    /// The longest request head, in bytes.
    pub max_head_bytes: usize,
    /// How many nonces of one key are remembered at once.
    pub nonces_per_key: usize,
    /// How long running calls may take to end when the node stops.
    pub drain: Duration,
}

/// What concerns the other nodes of one database.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Where they ask this one.
    pub listen: SocketAddr,
    /// How they reach it; `None`: as it listens, which is then one address.
    pub peer_address: Option<String>,
    /// How long another node may take to answer.
    pub patience: Duration,
}

/// The evidence log of this node.
#[derive(Debug, Clone)]
pub struct EvidenceConfig {
    /// The log's name for ever.
    pub origin: Origin,
    /// The longest time between news and the checkpoint that covers it.
    pub checkpoint_every: Duration,
    /// Who may read entry bundles.
    pub entries: EntriesAccess,
    /// Who cosigns checkpoints.
    pub witnesses: Vec<WitnessConfig>,
    /// How many of them make a checkpoint a cosigned one.
    pub witnesses_needed: usize,
}

/// A witness of another organisation.
#[derive(Debug, Clone)]
pub struct WitnessConfig {
    /// Before `/add-checkpoint`.
    pub url: Url,
    /// Its name and key.
    pub verifier: CosignatureVerifier,
}

/// Who may read entry bundles. Checkpoints and hash tiles are public always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntriesAccess {
    /// Those who hold an auditor's token.
    Auditor,
    /// Everyone: for demonstrations.
    Public,
}

/// What is written to standard error.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// How a line looks.
    pub format: LogFormat,
    /// A `tracing` filter, e.g. `info` or `info,gateway=debug`.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// The name of an evidence log, as `evidence.origin` allows it.
pub fn log_name(text: &str) -> Result<Origin, String> {
    value::log_name(text).ok_or_else(|| {
        let allowed = keys::find("evidence.origin").map_or("", |key| key.allowed);
        format!("allowed: {allowed}")
    })
}

impl Config {
    /// Reads the file, if one is named, and then `environment` (all variables; those that don't
    /// start with `LGSP__` are passed over). Relative paths are relative to the file's folder.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigProblems> {
        let source = Source::read(file, environment)?;
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        Self::from_source(source, base)
    }

    fn from_source(source: Source, base: &Path) -> Result<Self, ConfigProblems> {
        let mut reader = Reader::new(source);
        let data = base.join(reader.text("data.directory").unwrap_or_default());
        let config = Self::read(&mut reader, base, data);
        reader.finish()?;
        // `read` gives `None` only beside a problem, which `finish` has just returned.
        config.ok_or_else(ConfigProblems::none)
    }

    fn read(reader: &mut Reader, base: &Path, data: PathBuf) -> Option<Self> {
        // Every key is read before the first `?`, so that all problems are told at once.
        let keys = KeysConfig::read(reader, base);
        let pkcs11 = Pkcs11Config::read(reader, base);
        let database = read_database(reader, base, &data);
        let follow = FollowConfig::read(reader);
        let control = ControlConfig::read(reader, base);
        let gateway = GatewayConfig::read(reader, base);
        let operations = ListenerConfig::read(reader, "operations", base);
        let code_lists = reader.optional_socket("code_lists.listen");
        let cluster = ClusterConfig::read(reader);
        let evidence = EvidenceConfig::read(reader);
        let log = LogConfig::read(reader);
        Some(Self {
            keys: keys?,
            pkcs11,
            database: database?,
            follow: follow?,
            control: control?,
            gateway: gateway?,
            operations: operations?,
            code_lists,
            cluster: cluster?,
            evidence: evidence?,
            log: log?,
            data,
        })
    }
}

/// The password comes from a variable, from a file of its own, or stands in the URL; what is read
/// here is shown nowhere.
fn read_database(reader: &mut Reader, base: &Path, data: &Path) -> Option<DatabaseConfig> {
    let url = reader.optional_text("database.url").map(|url| below(base, &url));
    let password = reader.optional_text("database.password").map(Zeroizing::new);
    let file = reader.optional_text("database.password_file").map(|file| base.join(file));
    let from_file = file.and_then(|file| reader.secret_in("database.password_file", &file));
    let connections = reader.whole("database.connections", 2..=100);
    let default_url = || format!("sqlite:{}", data.join("platform.db").display());
    Some(DatabaseConfig {
        password: password.or(from_file),
        connections: u32::try_from(connections?).ok()?,
        ..DatabaseConfig::new(url.unwrap_or_else(default_url))
    })
}

/// A relative path in a `sqlite:` URL counts from the configuration file, as all paths do.
fn below(base: &Path, url: &str) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() && !path.starts_with('/') => {
            format!("sqlite:{}", base.join(path).display())
        }
        _ => url.to_owned(),
    }
}

impl KeysConfig {
    fn read(reader: &mut Reader, base: &Path) -> Option<Self> {
        let protection = reader.choice(
            "keys.protection",
            &[
                ("none", None),
                ("passphrase", Some(Protection::Passphrase)),
                ("key_file", Some(Protection::KeyFile)),
            ],
        );
        let mut path = |name| reader.optional_text(name).map(|path| base.join(path));
        let (passphrase_file, key_file) = (path("keys.passphrase_file"), path("keys.key_file"));
        let secrets_directory = path("keys.secrets_directory");
        Some(Self { protection: protection?, passphrase_file, key_file, secrets_directory })
    }
}

impl Pkcs11Config {
    /// `None` if there is none, or beside a problem, which `finish` returns.
    fn read(reader: &mut Reader, base: &Path) -> Option<Self> {
        let module = reader.optional_text("pkcs11.module").map(|path| base.join(path));
        let label = reader.optional_text("pkcs11.token").map(TokenName::Label);
        let slot = reader.optional_whole("pkcs11.slot").map(TokenName::Slot);
        let pin_file = reader.optional_text("pkcs11.pin_file").map(|path| base.join(path));
        let labels = ["pkcs11.log", "pkcs11.directory", "pkcs11.response"];
        let labels = labels.map(|name| reader.optional_text(name));
        let module = module?;
        let Some(token) = label.or(slot) else {
            reader.note_missing("pkcs11.token");
            return None;
        };
        Some(Self { module, token, pin_file, labels })
    }
}

impl ControlConfig {
    fn read(reader: &mut Reader, base: &Path) -> Option<Self> {
        let public_url = reader.optional_url("control.public_url");
        Some(Self { listener: ListenerConfig::read(reader, "control", base)?, public_url })
    }
}

impl GatewayConfig {
    fn read(reader: &mut Reader, base: &Path) -> Option<Self> {
        let listener = ListenerConfig::read(reader, "gateway", base);
        let h2_without_tls = reader.boolean("gateway.h2_without_tls");
        let public_urls = reader.urls("gateway.public_urls");
        if let (Some(ListenerConfig { listen, .. }), Some([])) = (&listener, public_urls.as_deref())
            && listen.ip().is_unspecified()
        {
            reader.note_nameless("gateway.listen", *listen);
        }
        let upstream_ca = reader.optional_text("gateway.upstream_ca").map(|path| base.join(path));
        let threads = reader.whole("gateway.threads", 0..=256);
        let connect = reader.whole("gateway.connect_timeout_ms", 10..=60_000);
        let loopback_upstreams = reader.boolean("gateway.loopback_upstreams");
        let max_head_bytes = reader.whole("gateway.max_head_bytes", 8_192..=1_048_576);
        let nonces_per_key = reader.whole("gateway.nonces_per_key", 1_000..=100_000_000);
        let drain = reader.whole("gateway.drain_s", 0..=3_600);
        Some(Self {
            listener: listener?,
            h2_without_tls: h2_without_tls?,
            upstream_ca,
            public_urls: public_urls?,
            threads: usize::try_from(threads?).ok()?,
            connect_timeout: Duration::from_millis(connect?),
            loopback_upstreams: loopback_upstreams?,
            max_head_bytes: usize::try_from(max_head_bytes?).ok()?,
            nonces_per_key: usize::try_from(nonces_per_key?).ok()?,
            drain: Duration::from_secs(drain?),
        })
    }
}

impl ClusterConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.socket("cluster.listen");
        let peer_address = reader.optional_text("cluster.peer_address");
        let patience = reader.whole("cluster.patience_ms", 10..=10_000);
        let is_named = peer_address.as_ref().is_none_or(|address| {
            address.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        });
        let is_nowhere = listen.is_some_and(|listen| listen.ip().is_unspecified());
        if !is_named || (is_nowhere && peer_address.is_none()) {
            reader.note_refused("cluster.peer_address");
        }
        Some(Self { listen: listen?, peer_address, patience: Duration::from_millis(patience?) })
    }
}

impl EvidenceConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let origin = reader.origin("evidence.origin");
        let every = reader.whole("evidence.checkpoint_every_ms", 10..=60_000);
        let entries = reader.choice(
            "evidence.entries",
            &[("auditor", EntriesAccess::Auditor), ("public", EntriesAccess::Public)],
        );
        let witnesses = WitnessConfig::read(reader);
        let needed = reader.whole("evidence.witnesses_needed", 1..=MOST_WITNESSES as u64);
        let needed = needed.and_then(|needed| usize::try_from(needed).ok());
        let are_enough = |all: &Vec<WitnessConfig>| all.is_empty() || needed <= Some(all.len());
        if !witnesses.as_ref().is_none_or(are_enough) {
            reader.note_refused("evidence.witnesses_needed");
        }
        Some(Self {
            origin: origin?,
            checkpoint_every: Duration::from_millis(every?),
            entries: entries?,
            witnesses: witnesses?,
            witnesses_needed: needed?,
        })
    }
}

impl WitnessConfig {
    fn read(reader: &mut Reader) -> Option<Vec<Self>> {
        let given = reader.list("evidence.witnesses")?;
        let read: Option<Vec<Self>> = given.iter().map(|one| Self::parse(one)).collect();
        let names = read.iter().flatten().map(|witness| witness.verifier.name());
        let are_distinct = names.collect::<BTreeSet<_>>().len() == given.len();
        if given.len() > MOST_WITNESSES || !are_distinct {
            reader.note_refused("evidence.witnesses");
            return None;
        }
        read
    }

    fn parse(text: &str) -> Option<Self> {
        let (url, verifier) = text.split_once(' ')?;
        let url: Url = url.parse().ok()?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_web.then_some(Self { url, verifier: verifier.trim().parse().ok()? })
    }
}

impl LogConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let format = reader.choice(
            "log.format",
            &[("auto", LogFormat::Auto), ("human", LogFormat::Human), ("json", LogFormat::Json)],
        );
        Some(Self { level: reader.log_filter("log.level")?, format: format? })
    }
}
