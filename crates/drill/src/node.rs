//! One node as an operator has it: made by `lgsp init`, run by `lgsp serve`, killed by a drill.

use std::fs::Permissions;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::Process;
use testkit::authority::Authority;
use wire::trust::TrustFile;

/// After this long a start counts as failed. The bar itself is judged by the drill.
const HUNG: Duration = Duration::from_mins(1);

/// What a node is made from.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The binary under test.
    pub lgsp: PathBuf,
    /// Where its configuration and data go; must exist.
    pub folder: PathBuf,
    /// The name of its evidence log.
    pub origin: String,
    /// Keys of the configuration beyond addresses and origin, by their environment names.
    pub settings: Vec<(String, String)>,
    /// Who says that its listeners are its own; absent: plain HTTP.
    pub authority: Option<Arc<Authority>>,
}

/// A node, running or not.
#[derive(Debug)]
pub struct Node {
    plan: Plan,
    control: SocketAddr,
    gateway: SocketAddr,
    operations: SocketAddr,
    /// Role and token of the first actors.
    tokens: Vec<(String, String)>,
    process: Option<Process>,
    /// A client of those who ask this node.
    pub http: reqwest::Client,
}

impl Node {
    /// Makes a node that does not run yet.
    pub fn init(plan: Plan, more: &[&str]) -> Self {
        let mut node = Self::new(plan);
        let (config, origin) = (node.config(), node.plan.origin.clone());
        let mut init = node.command(&["init", "--json", "--data", "data", "--origin", &origin]);
        init.arg("--config").arg(config).args(more);
        let output = init.stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "lgsp init of {origin} failed");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |token: &Value, name: &str| token[name].as_str().unwrap().to_owned();
        let tokens = made["tokens"].as_array().into_iter().flatten();
        node.tokens = tokens.map(|one| (text(one, "role"), text(one, "token"))).collect();
        node
    }

    /// Makes a node that shares the database of `first`: with a copy of the ring that opens the
    /// secrets in it.
    pub fn join(mut plan: Plan, first: &Self) -> Self {
        let ring = private_folder(&plan.folder, "ring");
        let file = ring.join("secret-ring.key");
        std::fs::copy(first.data().join("keys/secret-ring.key"), &file).unwrap();
        let directory = ("LGSP__KEYS__SECRETS_DIRECTORY".to_owned(), ring.display().to_string());
        plan.settings.push(directory);
        private_folder(&plan.folder, "data");
        let mut node = Self::new(plan);
        let text = format!("[evidence]\norigin = {:?}\n", node.plan.origin);
        std::fs::write(node.config(), text).unwrap();
        node.tokens.clone_from(&first.tokens);
        node
    }

    /// On free ports of loopback, which stay its own.
    fn new(mut plan: Plan) -> Self {
        let [control, gateway, operations] = free_addresses();
        if let Some(authority) = &plan.authority {
            plan.settings.extend(certificates(authority, &plan.folder));
        }
        let http = client(plan.authority.as_deref());
        Self { plan, control, gateway, operations, tokens: Vec::new(), process: None, http }
    }

    /// A client with connections of its own.
    pub fn new_client(&self) -> reqwest::Client {
        client(self.authority())
    }

    /// Starts it and waits until it says that it is ready; returns how long that took.
    pub async fn start(&mut self) -> Duration {
        let config = self.config();
        let mut serve = self.command(&["serve", "--config"]);
        serve.arg(config);
        let begun = Instant::now();
        self.process = Some(Process::start_command(&mut serve));
        let url = format!("{}/readyz", self.base(self.operations));
        loop {
            let answer = self.http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < HUNG, "{} does not get ready", self.plan.origin);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> u32 {
        self.process.as_ref().map(Process::id).unwrap()
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.plan.folder.join("lgsp.toml")
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.plan.folder.join("data")
    }

    /// The name of its evidence log.
    pub fn origin(&self) -> &str {
        &self.plan.origin
    }

    /// Base URL of calls, without a slash at its end.
    pub fn gateway(&self) -> String {
        self.base(self.gateway)
    }

    /// Where calls go.
    pub fn gateway_address(&self) -> SocketAddr {
        self.gateway
    }

    /// Base URL of the API, without a slash at its end.
    pub fn control(&self) -> String {
        self.base(self.control)
    }

    fn base(&self, address: SocketAddr) -> String {
        let scheme = if self.plan.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// The root that its certificates hang on, if it listens in TLS.
    pub fn authority(&self) -> Option<&Authority> {
        self.plan.authority.as_deref()
    }

    /// The prefix of its log's files.
    pub fn log_url(&self) -> String {
        format!("{}/evidence/logs/{}", self.control(), self.plan.origin)
    }

    /// The token that `init` made for a role.
    pub fn token(&self, role: &str) -> &str {
        let found = self.tokens.iter().find(|(of, _)| of == role);
        &found.unwrap_or_else(|| panic!("init made no token of {role}")).1
    }

    /// The keys it tells everyone to believe.
    pub async fn trust(&self) -> TrustFile {
        let url = format!("{}/.well-known/lgsp-trust.json", self.control());
        let answer = self.http.get(url).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.plan.lgsp);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LGSP_") {
                command.env_remove(name);
            }
        }
        command.args(words).env("NO_COLOR", "1");
        for (section, address) in
            [("CONTROL", self.control), ("GATEWAY", self.gateway), ("OPERATIONS", self.operations)]
        {
            command.env(format!("LGSP__{section}__LISTEN"), address.to_string());
        }
        // The log goes to standard error; nobody reads all of it.
        command.env("LGSP__LOG__LEVEL", "warn").env("LGSP__EVIDENCE__ENTRIES", "public");
        command.env("LGSP__GATEWAY__LOOPBACK_UPSTREAMS", "true");
        command.envs(self.plan.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A client that believes this authority alone.
fn client(authority: Option<&Authority>) -> reqwest::Client {
    let mut client = reqwest::Client::builder().no_proxy();
    if let Some(authority) = authority {
        let root = reqwest::Certificate::from_pem(authority.pem.as_bytes()).unwrap();
        client = client.tls_certs_only([root]);
    }
    client.build().unwrap()
}

/// One certificate for all listeners, and the settings that name it.
fn certificates(authority: &Authority, folder: &Path) -> Vec<(String, String)> {
    let files = authority.issue(&["127.0.0.1"]).write(folder, "listener");
    let list = |path: &Path| path.display().to_string();
    let of = |section: &str| {
        [
            (format!("LGSP__{section}__TLS_CERTIFICATES"), list(&files.chain)),
            (format!("LGSP__{section}__TLS_KEYS"), list(&files.key)),
        ]
    };
    ["CONTROL", "GATEWAY", "OPERATIONS"].into_iter().flat_map(of).collect()
}

/// Ports that were free a moment ago, all different.
pub fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let sockets = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap())
}

/// A folder of that name in `parent`, made.
pub fn folder(parent: &Path, name: &str) -> PathBuf {
    let folder = parent.join(name);
    std::fs::create_dir(&folder).unwrap();
    folder
}

/// A folder of that name in `parent`, made for its owner alone.
fn private_folder(parent: &Path, name: &str) -> PathBuf {
    let folder = folder(parent, name);
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    folder
}
