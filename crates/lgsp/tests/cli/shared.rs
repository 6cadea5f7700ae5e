//! Two real nodes on one PostgreSQL database: a demo, and a second node that joins it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use store::{Database, DatabaseConfig};
use tempfile::TempDir;
use testkit::TestDatabase;
use testkit::postgres::PostgresServer;
use testkit::process::Process;

use crate::binary::{Said, lgsp, run};
use crate::cell;
use crate::running::Demo;

struct Place {
    one: Demo,
    two: Option<Process>,
    two_at: Addresses,
    database: TestDatabase,
    server: PostgresServer,
    folder: TempDir,
}

#[derive(Default)]
struct Addresses {
    control: String,
    gateway: String,
    operations: String,
}

impl Place {
    /// `follow` stands in the second node's section `[database]`.
    fn new(follow: &str) -> Self {
        let server = PostgresServer::start();
        let database = TestDatabase::on(&server.url());
        let folder = tempfile::tempdir().unwrap();
        let mut command = lgsp(&[]);
        command.env("LGSP__DATABASE__URL", database.url());
        let one = Demo::start_through(&folder.path().join("demo"), command);
        private_folder(&folder.path().join("two"));
        let two_at = Addresses::default();
        let mut place = Self { one, two: None, two_at, database, server, folder };
        let ring = folder_with_ring(&place);
        let ring = format!("secrets_directory = {:?}", ring.display().to_string());
        place.configure("lgsp.test/2", &ring, follow);
        place.start();
        place
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("two.toml")
    }

    /// In TLS the second node shows the certificate of the first: both are on this machine.
    fn configure(&self, origin: &str, keys: &str, follow: &str) {
        let sealed = if cell::is_tls() {
            "tls_certificates = [\"demo/tls/listener.pem\"]\n\
             tls_keys = [\"demo/tls/listener.key\"]\n"
        } else {
            ""
        };
        let text = format!(
            "[data]\ndirectory = \"two\"\n[database]\nurl = \"{}\"\n{follow}\n[keys]\n{keys}\n\
             [control]\nlisten = \"127.0.0.1:0\"\n{sealed}[gateway]\nlisten = \"127.0.0.1:0\"\n\
             {sealed}loopback_upstreams = true\n[operations]\nlisten = \"127.0.0.1:0\"\n\
             [evidence]\norigin = \"{origin}\"\n[log]\nformat = \"json\"\n",
            self.database.url(),
        );
        fs::write(self.config(), text).unwrap();
    }

    fn start(&mut self) {
        let config = self.config();
        let mut command = lgsp(&["serve", "--config", config.to_str().unwrap()]);
        let mut process = Process::start_command(&mut command);
        let line = process.wait_for_line(|line| line.contains("\"listening\""));
        let line: Value = serde_json::from_str(&line).unwrap();
        let at = |scheme: &str, name: &str| format!("{scheme}://{}", line[name].as_str().unwrap());
        self.two_at = Addresses {
            control: at(cell::scheme(), "control"),
            gateway: at(cell::scheme(), "gateway"),
            operations: at("http", "operations"),
        };
        self.two = Some(process);
    }

    fn serve_in_vain(&self) -> Said {
        run(&["serve", "--config", self.config().to_str().unwrap()])
    }

    fn check(&self) -> Said {
        run(&["check", "--config", self.config().to_str().unwrap()])
    }

    /// The URL of a service of the demo at the second node.
    fn at_two(&self, url: &str) -> String {
        url.replace(self.one.text("gateway"), &self.two_at.gateway)
    }

    /// Calls through the second node until it answers with this status; returns the request's id.
    async fn until_two_answers(&self, url: &str, status: u16) -> String {
        let (caller, url) = (self.one.caller(), self.at_two(url));
        loop {
            if let Some(answered) = caller.send(&caller.sign(&url)).await
                && answered.status == status
            {
                return answered.request_id;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Which changes stand in which log; each waits until its node has marked it.
    fn settle(&self) -> Vec<String> {
        let waiting = "SELECT count(*) FROM evidence_outbox WHERE entry_index IS NULL";
        while self.database.sql(waiting) != "0" {}
        let wrong = "SELECT count(*) FROM evidence_outbox WHERE entry_origin <> origin";
        assert_eq!(self.database.sql(wrong), "0");
        let places = "SELECT entry_origin || '/' || entry_index FROM evidence_outbox ORDER BY 1";
        self.database.sql(places).lines().map(str::to_owned).collect()
    }

    async fn revoke_the_callers_key(&self) {
        let credential = self.one.credential("ed25519");
        let organisation = credential["organisation"].as_str();
        let token = self.one.token("organisation_admin", organisation);
        let keyid = credential["keyid"].as_str().unwrap();
        self.one.post(token, &format!("credentials/{keyid}/revoke"), &json!({})).await;
    }
}

fn private_folder(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

/// What an operator carries from the first node to the second.
fn folder_with_ring(place: &Place) -> PathBuf {
    let ring = place.folder.path().join("ring");
    private_folder(&ring);
    let file = ring.join("secret-ring.key");
    fs::copy(place.folder.path().join("demo/keys/secret-ring.key"), &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    ring
}

async fn get(http: &reqwest::Client, url: &str, token: &str) -> Vec<u8> {
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_decides_the_other_does_and_proves() {
    let mut place = Place::new("");
    let units = place.one.units_url();
    let request_id = place.until_two_answers(&units, 200).await;

    // The version was published by the first node; the call is in the second node's log.
    let auditor = place.one.token("auditor", None);
    let url = format!("{}/evidence/v1/bundles/{request_id}", place.two_at.control);
    let bundle = place.folder.path().join("call.asice");
    let http = place.one.http();
    let mut answer = http.get(&url).bearer_auth(auditor).send().await.unwrap();
    while answer.status() != 200 {
        answer = http.get(&url).bearer_auth(auditor).send().await.unwrap();
    }
    fs::write(&bundle, answer.bytes().await.unwrap()).unwrap();
    for control in [place.one.text("portal"), place.two_at.control.as_str()] {
        let trust = get(&http, &format!("{control}/.well-known/lgsp-trust.json"), auditor).await;
        let file = place.folder.path().join("trust.json");
        fs::write(&file, trust).unwrap();
        let words = ["verify", bundle.to_str().unwrap(), "--trust", file.to_str().unwrap()];
        let said = run(&words);
        assert_eq!(said.code, Some(0), "{control}: {said:?}");
    }

    // What is activated at the first node works at the second.
    let upstream = place.one.text("mock_systems").to_owned();
    let url = place.one.connect_service("thu", &upstream).await;
    let new_units = place.at_two(&format!("{url}/units"));
    let caller = place.one.caller();
    while caller.send(&caller.sign(&new_units)).await.is_none_or(|answered| answered.status == 403)
    {
    }

    // The second is killed and comes back; the database goes away under both.
    place.two.as_mut().unwrap().kill();
    place.start();
    place.until_two_answers(&units, 200).await;
    place.server.kill();
    place.server.restart();
    place.revoke_the_callers_key().await;
    place.until_two_answers(&units, 401).await;

    let places = place.settle();
    let mut once = places.clone();
    once.dedup();
    assert_eq!(places, once, "an entry stands for one change");
    assert!(places.iter().any(|place| place.starts_with("lgsp.test/2/")), "{places:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_notices_a_node_finds_the_news_by_looking() {
    let place = Place::new("listen = false\npoll_ms = 50");
    let units = place.one.units_url();
    place.until_two_answers(&units, 200).await;
    place.revoke_the_callers_key().await;
    place.until_two_answers(&units, 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_notices_a_node_finds_the_news_long_before_it_looks() {
    let place = Place::new("poll_ms = 60000");
    let units = place.one.units_url();
    place.until_two_answers(&units, 200).await;
    // The second node listens when the server says so.
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
    while place.database.sql(listening).parse::<u32>().unwrap() < 2 {}
    place.revoke_the_callers_key().await;
    place.until_two_answers(&units, 401).await;
}

/// What bound holds for the others stands in docs/limits.md.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_given_up_at_one_node_is_refused_there_at_once_and_at_the_other_when_it_hears() {
    let place = Place::new("poll_ms = 60000");
    let units = place.one.units_url();
    place.until_two_answers(&units, 200).await;
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
    while place.database.sql(listening).parse::<u32>().unwrap() < 2 {}
    let credential = place.one.credential("ed25519");
    let text = |name: &str| credential[name].as_str().unwrap();
    let system = format!("{}/{}", text("organisation"), text("system"));
    let token = place.one.token("organisation_admin", credential["organisation"].as_str());
    let url = format!("{}/api/v1/systems/{system}/compromise", place.two_at.control);
    let form = json!({"reason": "Diễn tập lộ khóa"});
    let answer = place.one.http().post(url).bearer_auth(token).json(&form).send().await.unwrap();
    assert_eq!(answer.status(), 200);

    let (caller, at_two) = (place.one.caller(), place.at_two(&units));
    let answered = caller.send(&caller.sign(&at_two)).await.unwrap();
    assert_eq!(answered.status, 401, "the node that answered refuses the very next call");
    while caller.send(&caller.sign(&units)).await.is_none_or(|answered| answered.status != 401) {
        tokio::task::yield_now().await;
    }
    // Who has heard does not forget.
    for url in [&units, &at_two].repeat(10) {
        assert_eq!(caller.send(&caller.sign(url)).await.unwrap().status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_ring_or_a_name_that_is_taken_does_not_start() {
    let mut place = Place::new("");
    place.two.take().unwrap().kill();
    private_folder(&place.folder.path().join("other-ring"));
    place.configure("lgsp.test/2", "secrets_directory = \"other-ring\"", "");
    let said = place.serve_in_vain();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("secret-ring.key"), "{}", said.err);
    assert!(!said.err.contains("test-password"), "{}", said.err);
    let said = place.check();
    assert_eq!(said.code, Some(1), "{said:?}");
    let another = "this node's ring of secrets (secret-ring.key) is not that of the node lgsp.";
    assert!(said.out.contains(another), "{}", said.out);

    // `serve` has just made the ring that was not there; `check` makes none.
    let file = place.folder.path().join("other-ring/secret-ring.key");
    fs::remove_file(&file).unwrap();
    let said = place.check();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("holds no ring of secrets"), "{}", said.out);
    assert!(!file.exists());
    place.configure("lgsp.test/2", "secrets_directory = \"nowhere\"", "");
    for told in [place.check().out, place.serve_in_vain().err] {
        assert!(told.contains("nowhere (keys.secrets_directory)"), "{told}");
        assert!(told.contains("correct keys.secrets_directory"), "{told}");
    }

    fs::remove_dir_all(place.folder.path().join("two")).unwrap();
    private_folder(&place.folder.path().join("two"));
    place.configure("lgsp.test/2", "secrets_directory = \"ring\"", "");
    let said = place.check();
    assert!(said.out.contains("; it is that of all nodes in the database (2)"), "{said:?}");
    let said = place.serve_in_vain();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("lgsp.test/2") && said.err.contains("other keys"), "{}", said.err);
}

/// 2020: long over by any clock.
const LONG_AGO: &str = "1577836800000000";

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_retired_is_not_ready_and_does_not_start_again() {
    let mut place = Place::new("");
    let operator = place.one.token("operator", None);
    let nodes = format!("{}/api/v1/nodes", place.one.text("portal"));
    let listed: Value =
        serde_json::from_slice(&get(&place.one.http(), &nodes, operator).await).unwrap();
    let two = &listed["items"].as_array().unwrap()[1];
    assert_eq!((&two["origin"], &two["this_node"]), (&json!("lgsp.test/2"), &json!(false)));

    // Whoever listens is told at once.
    place.settle();
    let database = Database::open(&DatabaseConfig::new(place.database.url())).await.unwrap();
    let mut notices = database.notices("lgsp_news").await.unwrap();
    let path = "nodes/lgsp.test%2F2/retire";
    let retired = place.one.post(operator, path, &json!({})).await;
    assert!(retired["decides_until"].as_str() > two["decides_from"].as_str(), "{retired}");
    notices.next().await;
    database.close().await;

    // Twelve minutes go by.
    let over = format!("UPDATE node SET decides_until = {LONG_AGO} WHERE origin = 'lgsp.test/2'");
    place.database.sql(&over);
    let readyz = format!("{}/readyz", place.two_at.operations);
    let lacking = loop {
        let answer = reqwest::get(&readyz).await.unwrap();
        if answer.status() == 503 {
            break answer.text().await.unwrap();
        }
    };
    assert!(lacking.contains("nodes: this node has retired"), "{lacking}");

    place.two.take().unwrap().kill();
    // A change of its own waits for it: the start writes it, and then ends.
    place.database.sql(
        "INSERT INTO evidence_outbox (sequence, time_us, action, content, origin, log_size_before)
         SELECT last + 1, 1, 'node.tested', '{\"kind\":\"change\",\"subject\":{\"a\":\"b\"}}',
                'lgsp.test/2', 0 FROM evidence_sequence;
         UPDATE evidence_sequence SET last = last + 1",
    );
    let said = place.serve_in_vain();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("lgsp.test/2") && said.err.contains("has retired"), "{}", said.err);
    place.settle();
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_a_node_that_others_cannot_reach() {
    let place = Place::new("");
    let config = place.config();
    let words = ["check", "--json", "--config", config.to_str().unwrap()];
    let seen = || {
        let said = run(&words);
        let report: Value = serde_json::from_str(&said.out).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        assert_eq!(said.code, Some(0), "{}", said.out);
        findings.into_iter().filter(|finding| finding["subject"] == "cluster").collect::<Vec<_>>()
    };
    let about = |findings: &[Value], part: &str| {
        findings.iter().any(|finding| {
            finding["warning"] == true && finding["seen"].as_str().unwrap().contains(part)
        })
    };
    let findings = seen();
    assert!(about(&findings, "another port at each start"), "{findings:?}");
    assert!(!about(&findings, "on this machine only"), "{findings:?}");

    let moved = "UPDATE node SET peer_address = '10.24.0.11:7443' WHERE origin = 'lgsp.demo/1'";
    place.database.sql(moved);
    let findings = seen();
    let text = serde_json::to_string(&findings).unwrap();
    assert!(about(&findings, "on this machine only"), "{text}");
}
