//! The demo as a child process, and what `demo.json` says of it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keys::SigningKey;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Process;
use wire::trust::TrustFile;

use crate::call::now;

const DAY: Duration = Duration::from_hours(24);

/// A running demo.
pub(crate) struct Demo {
    pub(crate) process: Process,
    pub(crate) manifest: Value,
    ports: [u16; 2],
    data: PathBuf,
}

impl Demo {
    /// Starts a demo with its data in `data`, on free ports.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, free_ports(), Command::new(env!("CARGO_BIN_EXE_lgsp")))
    }

    /// Starts a demo through `command`, which stands before the words of the command line.
    pub(crate) fn start_through(data: &Path, command: Command) -> Self {
        Self::start_with(data, free_ports(), command)
    }

    /// Starts it again at the same addresses with the same data.
    pub(crate) fn restart(&mut self) {
        let command = Command::new(env!("CARGO_BIN_EXE_lgsp"));
        *self = Self::start_with(&self.data.clone(), self.ports, command);
    }

    fn start_with(data: &Path, ports: [u16; 2], mut command: Command) -> Self {
        let [listen, gateway] = ports.map(|port| format!("127.0.0.1:{port}"));
        command.args(["demo", "--listen", &listen, "--gateway", &gateway, "--data"]).arg(data);
        let mut process = Process::start_command(&mut command);
        process.wait_for_line(|line| line.contains("Ctrl-C"));
        let manifest = std::fs::read(data.join("demo.json")).unwrap();
        let manifest = serde_json::from_slice(&manifest).unwrap();
        Self { process, manifest, ports, data: data.to_owned() }
    }

    /// Base URL of the log, without a slash at its end.
    pub(crate) fn log_url(&self) -> String {
        self.manifest["logs"][0]["url"].as_str().unwrap().to_owned()
    }

    pub(crate) fn trust(&self) -> TrustFile {
        let path = self.manifest["trust"].as_str().unwrap();
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// The URL of a call that answers 200: the first example of the first service.
    pub(crate) fn units_url(&self) -> String {
        let service = &self.manifest["services"][0];
        let path = service["examples"][0]["path"].as_str().unwrap();
        format!("{}{path}", service["url"].as_str().unwrap())
    }

    /// The consumer's credential for `alg`.
    pub(crate) fn credential(&self, alg: &str) -> &Value {
        let fits = |found: &&Value| {
            found["alg"] == alg && !found["may_call"].as_array().unwrap().is_empty()
        };
        self.manifest["credentials"].as_array().unwrap().iter().find(fits).unwrap()
    }

    /// Key id and key of the consumer's Ed25519 credential.
    pub(crate) fn ed25519(&self) -> (String, SigningKey) {
        let credential = self.credential("ed25519");
        let pem = credential["private_key_pem"].as_str().unwrap();
        let key = SigningKey::from_pkcs8_pem(pem).unwrap();
        (credential["keyid"].as_str().unwrap().to_owned(), key)
    }

    fn token(&self, role: &str, organisation: Option<&str>) -> &str {
        let fits = |found: &&Value| {
            found["role"] == role && organisation.is_none_or(|code| found["organisation"] == code)
        };
        let tokens = self.manifest["tokens"].as_array().unwrap();
        tokens.iter().find(fits).unwrap()["token"].as_str().unwrap()
    }

    /// Publishes one more service at `upstream` and connects the consumer to it; returns its URL.
    pub(crate) async fn connect_service(&self, code: &str, upstream: &str) -> String {
        let credential = self.credential("ed25519");
        let consumer = credential["organisation"].as_str().unwrap();
        let consumer_system = format!("{consumer}/{}", credential["system"].as_str().unwrap());
        let first = self.manifest["services"][0]["id"].as_str().unwrap();
        let mut parts = first.split('/');
        let provider = parts.next().unwrap();
        let service = format!("{provider}/{}/{code}/v1", parts.next().unwrap());
        let provider_admin = self.token("organisation_admin", Some(provider));
        let consumer_admin = self.token("organisation_admin", Some(consumer));

        let form = json!({"id": service, "title": "Dịch vụ thử", "upstream": upstream});
        self.post(provider_admin, "services", &form).await;
        let form = json!({
            "consumer": consumer_system, "service": service,
            "asked": {
                "purpose": "giai-quyet-thu-tuc", "usage": "Diễn tập", "legal_basis": "Thử nghiệm",
                "operations": [{"method": "GET", "path": "/**"}],
                "data_items": [{"name": "Không có"}], "frequency": "khi diễn tập",
                "quota": {"per_minute": 60_000, "burst": 60_000},
                "from": now(), "until": now().saturating_add(DAY),
            },
        });
        let made = self.post(consumer_admin, "connections", &form).await;
        let id = made["id"].as_str().unwrap();
        for (token, step) in [
            (consumer_admin, "submit"),
            (provider_admin, "consent"),
            (self.token("operator", None), "test"),
            (self.token("state_manager", None), "approve"),
            (self.token("operator", None), "activate"),
        ] {
            self.post(token, &format!("connections/{id}/{step}"), &json!({})).await;
        }
        format!("{}/{service}", self.manifest["gateway"].as_str().unwrap())
    }

    async fn post(&self, token: &str, path: &str, form: &Value) -> Value {
        let url = format!("{}/api/v1/{path}", self.manifest["portal"].as_str().unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(Method::POST, url).bearer_auth(token).json(form);
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// Two ports that were free a moment ago: a restarted platform must come back where its callers
/// signed for it.
fn free_ports() -> [u16; 2] {
    let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().port())
}
