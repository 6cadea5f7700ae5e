//! The demo as a child process, and what `demo.json` says of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use drill::caller::{Caller, now};
use drill::city::waive_conditions;
use drill::public_log::PublicLog;
use keys::SigningKey;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Process;
use wire::trust::TrustFile;

use crate::binary::lgsp;
use crate::cell;

const DAY: Duration = Duration::from_hours(24);

/// A running demo.
pub(crate) struct Demo {
    pub(crate) process: Process,
    pub(crate) manifest: Value,
    data: PathBuf,
}

impl Demo {
    /// Starts a demo with its data in `data`, on free ports.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_at(data, ["127.0.0.1:0", "127.0.0.1:0"], lgsp(&[]), cell::database_words(data))
    }

    /// Starts a demo through `command`, which stands before the words of the command line.
    pub(crate) fn start_through(data: &Path, command: Command) -> Self {
        Self::start_at(data, ["127.0.0.1:0", "127.0.0.1:0"], command, Vec::new())
    }

    /// Starts it again with the same data, where its callers signed for it.
    pub(crate) fn restart(&mut self) {
        let scheme = format!("{}://", cell::scheme());
        let address = |name: &str| self.text(name).trim_start_matches(&scheme).to_owned();
        let (portal, gateway) = (address("portal"), address("gateway"));
        let (data, database) = (self.data.clone(), cell::database_words(&self.data));
        *self = Self::start_at(&data, [&portal, &gateway], lgsp(&[]), database);
    }

    /// Starts one through `command` whose gateway listens at `gateway`, without TLS, whatever the
    /// public URLs say.
    pub(crate) fn start_behind_proxies(data: &Path, gateway: SocketAddr, command: Command) -> Self {
        Self::start_at(data, ["127.0.0.1:0", &gateway.to_string()], command, Vec::new())
    }

    fn start_at(
        data: &Path,
        [listen, gateway]: [&str; 2],
        mut command: Command,
        database: Vec<String>,
    ) -> Self {
        command.arg("demo").args(cell::demo_words()).args(database);
        command.args(["--listen", listen, "--gateway", gateway, "--data"]).arg(data);
        let mut process = Process::start_command(&mut command);
        process.wait_for_line(|line| line.contains("Ctrl-C"));
        let manifest = std::fs::read(data.join("demo.json")).unwrap();
        let manifest = serde_json::from_slice(&manifest).unwrap();
        Self { process, manifest, data: data.to_owned() }
    }

    /// Asks it to stop, and waits for that; returns its exit code.
    pub(crate) fn stop(self) -> Option<i32> {
        self.process.terminate();
        self.process.wait().0.code()
    }

    /// A client of its callers and readers.
    pub(crate) fn http(&self) -> reqwest::Client {
        cell::http(&self.data)
    }

    /// What a judge that is not ours believes: the path of a root certificate, or nothing.
    pub(crate) fn ca(&self) -> Option<PathBuf> {
        cell::ca(&self.data)
    }

    /// A text at the top of `demo.json`.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.manifest[name].as_str().unwrap()
    }

    /// The URL of a service, in the order of `demo.json`.
    pub(crate) fn service_url(&self, service: usize) -> &str {
        self.manifest["services"][service]["url"].as_str().unwrap()
    }

    /// Its evidence log, as anyone can read it.
    pub(crate) fn log(&self) -> PublicLog {
        let prefix = self.manifest["logs"][0]["url"].as_str().unwrap().to_owned();
        PublicLog::new(self.http(), prefix, self.trust()).with_ca(cell::ca(&self.data))
    }

    /// Its consumer, signing with Ed25519.
    pub(crate) fn caller(&self) -> Caller {
        let (keyid, key) = self.ed25519();
        Caller::new(&keyid, key, self.http())
    }

    pub(crate) fn trust(&self) -> TrustFile {
        serde_json::from_slice(&std::fs::read(self.text("trust")).unwrap()).unwrap()
    }

    /// The URL of a call that answers 200: the first example of the first service.
    pub(crate) fn units_url(&self) -> String {
        let path = self.manifest["services"][0]["examples"][0]["path"].as_str().unwrap();
        format!("{}{path}", self.service_url(0))
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

    /// The token of a role, in this organisation if it matters.
    pub(crate) fn token(&self, role: &str, organisation: Option<&str>) -> &str {
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
        // What is behind this service is no sandbox: the operator of this city waives its test.
        let state_manager = self.token("state_manager", None);
        waive_conditions(&self.http(), self.text("portal"), state_manager).await;
        for (token, step) in [
            (consumer_admin, "submit"),
            (provider_admin, "consent"),
            (self.token("operator", None), "test"),
            (self.token("operator", None), "waive_test"),
            (self.token("state_manager", None), "approve"),
            (self.token("operator", None), "activate"),
        ] {
            let said = json!({"reason": "diễn tập"});
            self.post(token, &format!("connections/{id}/{step}"), &said).await;
        }
        format!("{}/{service}", self.text("gateway"))
    }

    /// Sends a form to the control API; it must be taken.
    pub(crate) async fn post(&self, token: &str, path: &str, form: &Value) -> Value {
        let url = format!("{}/api/v1/{path}", self.text("portal"));
        let request = self.http().request(Method::POST, url).bearer_auth(token).json(form);
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }
}
