//! A registry with a real database, a real log and real keys in a folder of its own, and a few
//! organisations that do with it what people do.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use evidence::{Actor, Disk, Draft, Log, LogConfig, LogKeys, RealDisk, Recorder};
use http_body_util::BodyExt;
use keys::{DetailKeys, Ed25519Key, KeyDirectory, SecretBox, Zeroizing};
use serde_json::{Value, json};
use store::{Database, DatabaseConfig};
use tempfile::TempDir;
use testkit::{SeededRandomness, TestClock, TestDatabase};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use web::{Ambient, Authentication, Authenticator};
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::directory::{Directory, Record};
use wire::entry::{Entry, Kind};
use wire::error_code::ErrorCode;
use wire::id::KeyId;
use wire::problem::{Problem, Text};

use crate::directory::Published;
use crate::import::rehearsal::{CallJudge, RecordedCall};
use crate::{MIGRATIONS, Registry, RegistryParts};

pub(crate) const OPERATOR: &str = "operator:H24.02:t-operator";
pub(crate) const STATE_MANAGER: &str = "state_manager:H24.01:t-manager";
pub(crate) const PROVIDER: &str = "organisation_admin:H24.12:t-provider";
pub(crate) const CONSUMER: &str = "organisation_admin:H24.31:t-consumer";
pub(crate) const OTHER_ADMIN: &str = "organisation_admin:H24.40:t-other";
pub(crate) const OFFICER: &str = "officer:H24.12:t-officer";
pub(crate) const AUDITOR: &str = "auditor:H24.01:t-auditor";
pub(crate) const INCIDENT_HANDLER: &str = "incident_handler:H24.02:t-incident";

pub(crate) const PROVIDING_SYSTEM: &str = "H24.12/don-vi-hanh-chinh";
pub(crate) const CONSUMING_SYSTEM: &str = "H24.31/mot-cua";
pub(crate) const SERVICE: &str = "H24.12/don-vi-hanh-chinh/danh-muc/v1";

pub(crate) struct Platform {
    pub(crate) registry: Registry,
    pub(crate) openapi: OpenApi,
    pub(crate) public_openapi: OpenApi,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) log: Log,
    pub(crate) directory_key: Ed25519Key,
    app: Router,
    place: Place,
}

/// What outlives a process: its folder and its database.
struct Place {
    dir: TempDir,
    database: TestDatabase,
}

/// Judges a call by the records alone, as a reader of the directory would.
struct ByTheRecords;

impl CallJudge for ByTheRecords {
    fn judge(
        &self,
        directory: Arc<Directory>,
        _: HashMap<KeyId, Zeroizing<Vec<u8>>>,
        calls: &[RecordedCall],
        now: UtcMicros,
    ) -> Vec<Result<(), ErrorCode>> {
        let permits = |call: &RecordedCall| {
            directory.records().iter().any(|record| match record {
                Record::Connection(one) => {
                    one.consumer == call.consumer
                        && call.path.starts_with(&format!("/{}/", one.service))
                        && one.active
                        && (one.from..one.until).contains(&now)
                }
                _ => false,
            })
        };
        let judge = |call| if permits(call) { Ok(()) } else { Err(ErrorCode::ConnectionNone) };
        calls.iter().map(judge).collect()
    }
}

/// Takes a token that says by itself whose it is: `role:organisation:credential`.
struct Outspoken;

impl Authenticator for Outspoken {
    fn authenticate<'a>(&'a self, bearer: &'a str) -> Authentication<'a> {
        Box::pin(async move { actor(bearer).ok_or_else(nobody) })
    }
}

pub(crate) fn actor(token: &str) -> Option<Actor> {
    let mut parts = token.split(':');
    Some(Actor {
        role: parts.next()?.parse().ok()?,
        organisation: parts.next()?.parse().ok()?,
        credential: parts.next()?.to_owned(),
    })
}

fn nobody() -> Problem {
    Problem::new(ErrorCode::TokenInvalid, Text::new("Mã sai.", "A wrong token."))
}

impl Platform {
    /// An empty registry.
    pub(crate) async fn start() -> Self {
        Self::start_on(Arc::new(RealDisk)).await
    }

    /// An empty registry whose log is on `disk`.
    pub(crate) async fn start_on(disk: Arc<dyn Disk>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = TestDatabase::new(dir.path().join("registry.db"));
        Self::open(Place { dir, database }, disk, 1).await
    }

    /// On a database that an earlier program made and left.
    pub(crate) async fn start_on_database(made: impl AsyncFnOnce(Database)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = TestDatabase::new(dir.path().join("registry.db"));
        made(Database::open(&DatabaseConfig::new(database.url())).await.unwrap()).await;
        Self::open(Place { dir, database }, Arc::new(RealDisk), 1).await
    }

    /// Ends the process, so to speak, and starts it again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { registry, log, app, place, .. } = self;
        drop((registry, app));
        log.close().await;
        drop(log);
        Self::open(place, Arc::new(RealDisk), 2).await
    }

    async fn open(place: Place, disk: Arc<dyn Disk>, seed: u64) -> Self {
        let dir = &place.dir;
        let clock = Arc::new(TestClock::default());
        let randomness = Arc::new(SeededRandomness::new(seed));
        let folder = keys_in(dir.path());
        let key = |name: &str| kept_key(&folder, name, randomness.as_ref());
        let directory_key = key("directory.pem");
        let origin: Origin = "lgsp.test/log".parse().unwrap();
        let (log, _) = Log::open(
            LogConfig::new(dir.path().join("log"), origin.clone()),
            &LogKeys { signer: key("log.pem").into(), retired: Vec::new() },
            DetailKeys::new(folder.folder("detail").unwrap(), randomness.clone()),
            disk,
            clock.clone(),
            randomness.clone(),
        )
        .unwrap();
        let config = DatabaseConfig::new(place.database.url());
        let database = Database::open(&config).await.unwrap();
        database.migrate(&[evidence::MIGRATIONS, MIGRATIONS]).await.unwrap();
        let recorder = Recorder::open(database, log.clone(), clock.clone()).await.unwrap();
        let registry = Registry::open(RegistryParts {
            recorder,
            secrets: SecretBox::load_or_generate(&folder, randomness.clone()).unwrap(),
            directory_key: directory_key.clone().into(),
            directory_origin: origin.directory().unwrap(),
            allow_loopback: false,
            nodes_announced: Duration::from_mins(12),
            call_judge: Arc::new(ByTheRecords),
            public_urls: crate::PublicUrls {
                control: "https://lgsp.test".to_owned(),
                gateway: "https://cong.lgsp.test".to_owned(),
            },
            clock: clock.clone(),
            randomness: randomness.clone(),
        })
        .await
        .unwrap();
        let (routes, openapi) = registry.router();
        let ambient = Ambient { clock: clock.clone(), randomness };
        let routes = web::allow_repeats(routes, registry.repeats());
        let (public, public_openapi) = registry.public_router();
        let routes = web::require_sign_on(routes, Arc::new(Outspoken)).merge(public);
        let app = web::surface(routes, ambient);
        Self { registry, openapi, public_openapi, clock, log, directory_key, app, place }
    }

    /// Organisations, a system on each side, and a service.
    pub(crate) async fn with_service() -> Self {
        Self::start().await.and_service().await
    }

    /// The same on what is there already.
    pub(crate) async fn and_service(self) -> Self {
        let platform = self;
        for code in ["H24", "H24.01", "H24.02", "H24.12", "H24.31", "H24.40"] {
            let form = json!({"code": code, "name": format!("Cơ quan {code}")});
            platform.made(OPERATOR, "/api/v1/organisations", form).await;
        }
        for (token, organisation, code) in
            [(PROVIDER, "H24.12", "don-vi-hanh-chinh"), (CONSUMER, "H24.31", "mot-cua")]
        {
            let form = json!({"organisation": organisation, "code": code, "name": "Hệ thống"});
            platform.made(token, "/api/v1/systems", form).await;
        }
        let form =
            json!({"id": SERVICE, "title": "Danh mục", "upstream": "http://10.24.12.5:9000"});
        platform.made(PROVIDER, "/api/v1/services", form).await;
        platform
    }

    /// Sends a request and returns status and body. An empty token is sent by nobody.
    pub(crate) async fn ask(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let (status, _, body) = self.heard(token, method, path, body, &[]).await;
        (status, body)
    }

    /// The same with more headers, both ways.
    pub(crate) async fn heard(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> (u16, HeaderMap, Value) {
        let (bytes, more) = match body {
            Some(body) => {
                let json = [&[("content-type", "application/json")], more].concat();
                (body.to_string().into_bytes(), json)
            }
            None => (Vec::new(), more.to_vec()),
        };
        let (status, headers, body) = self.sent(token, method, path, bytes, &more).await;
        (status, headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// The same with bytes both ways.
    pub(crate) async fn sent(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> (u16, HeaderMap, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "accept-language") {
            request = request.header(header::ACCEPT_LANGUAGE, "en");
        }
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, headers, body.to_vec())
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(token, "POST", path, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(OPERATOR, "GET", path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Posts what must succeed.
    pub(crate) async fn made(&self, token: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(token, path, body).await;
        assert!((200..300).contains(&status), "{path}: {answer}");
        answer
    }

    /// Posts what must be refused, and returns status and code.
    pub(crate) async fn refused(&self, token: &str, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.post(token, path, body).await;
        (status, answer["code"].as_str().unwrap_or_else(|| panic!("{path}: {answer}")).to_owned())
    }

    /// Requests a connection and returns its path.
    pub(crate) async fn requested(&self) -> String {
        let form = connection_form();
        let connection = self.made(CONSUMER, "/api/v1/connections", form).await;
        format!("/api/v1/connections/{}", connection["id"].as_str().unwrap())
    }

    /// Requests a connection and takes it along the given steps of the straight way.
    pub(crate) async fn connection_after(&self, steps: &[&str]) -> String {
        let path = self.requested().await;
        for step in steps {
            self.step(&path, step).await;
        }
        path
    }

    /// Takes a step by whoever takes it on the straight way.
    pub(crate) async fn step(&self, path: &str, step: &str) -> Value {
        let token = match step {
            "submit" | "withdraw" => CONSUMER,
            "consent" => PROVIDER,
            "approve" => STATE_MANAGER,
            _ => OPERATOR,
        };
        if step == "approve" {
            self.meet_conditions(path).await;
        }
        let mut said = json!({"reason": "theo đề nghị"});
        match step {
            "suspend" => {
                said["measures"] = "Chặn lượt gọi".into();
                said["restored_when"] = "Đã khắc phục".into();
            }
            "end" => said["ground"] = "no_longer_needed".into(),
            _ => {}
        }
        self.made(token, &format!("{path}/{step}"), said).await
    }

    /// Makes a key for the consumer, has its level of security approved, and calls every operation
    /// in the sandbox, so to speak.
    pub(crate) async fn meet_conditions(&self, path: &str) {
        let unmet = self.get(&format!("{path}/conditions")).await;
        if unmet["conditions"][1]["met"] == false {
            let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
            self.made(CONSUMER, "/api/v1/credentials", form).await;
        }
        if unmet["conditions"][3]["met"] == false {
            let connection = self.get(path).await;
            let system = format!("/api/v1/systems/{}", connection["consumer"].as_str().unwrap());
            let level = json!({"security_level": 3, "level_decision": "12/QĐ-SKHCN"});
            self.made(OPERATOR, &format!("{system}/change"), level).await;
        }
        if unmet["conditions"][2]["met"] == false {
            let entries = self.test_calls(path, "sandbox", "200").await;
            self.made(OPERATOR, &format!("{path}/confirm_test"), json!({"entries": entries})).await;
        }
    }

    /// Entries as gateways write them, one for each operation; where they stand.
    pub(crate) async fn test_calls(
        &self,
        path: &str,
        environment: &str,
        outcome: &str,
    ) -> Vec<String> {
        let connection = self.get(path).await;
        let mut entries = Vec::new();
        for operation in connection["asked"]["operations"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let operation = format!("{} {}", text(&operation["method"]), text(&operation["path"]));
            let mut draft = Draft::new(Kind::Call, "call.completed");
            outcome.clone_into(&mut draft.outcome);
            draft.subject.insert("connection", text(&connection["id"]));
            draft.subject.insert("operation", operation);
            draft.subject.insert("environment", environment);
            let appended = self.log.append(draft).await.unwrap();
            entries.push(format!("{}/{}", self.log.origin(), appended.index));
        }
        entries
    }

    /// The entry of one production call, as gateways write it.
    pub(crate) async fn call(&self, path: &str, operation: &str, action: &str) {
        let mut draft = Draft::new(Kind::Call, action.to_owned());
        "200".clone_into(&mut draft.outcome);
        let id = path.rsplit('/').next().unwrap();
        draft.subject.insert("connection", id);
        draft.subject.insert("operation", operation);
        self.log.append(draft).await.unwrap();
    }

    /// The version of the directory in force.
    pub(crate) fn in_force(&self) -> Arc<Published> {
        self.registry.published().borrow().clone()
    }

    /// What stands in the directory under `key`, if anything.
    pub(crate) fn record(&self, key: &str) -> Option<Value> {
        let published = self.in_force();
        published.signed.directory.find(key).map(|record| serde_json::to_value(record).unwrap())
    }

    /// All entries of the log, oldest first.
    pub(crate) async fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for index in 0..self.log.size() {
            let entry = self.log.entry(index).await.unwrap().unwrap();
            entries.push(Entry::parse(&entry).unwrap());
        }
        entries
    }

    /// The actions of all entries, oldest first.
    pub(crate) async fn actions(&self) -> Vec<String> {
        self.entries().await.into_iter().map(|entry| entry.action).collect()
    }
}

pub(crate) fn connection_form() -> Value {
    json!({"consumer": CONSUMING_SYSTEM, "service": SERVICE, "asked": asked()})
}

pub(crate) fn asked() -> Value {
    json!({
        "purpose": "doi-soat-dia-ban",
        "usage": "Đối soát địa bàn của hồ sơ một cửa",
        "legal_basis": "QĐ 01/2025/QĐ-UBND",
        "operations": [{"method": "GET", "path": "/units"}],
        "data_items": [{"name": "Tên đơn vị hành chính", "number": 114}],
        "frequency": "hằng ngày",
        "quota": {"per_minute": 600, "burst": 60},
        "from": "2026-11-01T00:00:00Z",
        "until": "2027-11-01T00:00:00Z",
    })
}

fn keys_in(dir: &Path) -> KeyDirectory {
    let path = dir.join("keys");
    KeyDirectory::create(&path).or_else(|_| KeyDirectory::open(&path)).unwrap()
}

fn kept_key(folder: &KeyDirectory, name: &str, randomness: &SeededRandomness) -> Ed25519Key {
    if let Some(pem) = folder.find(name).unwrap() {
        return Ed25519Key::from_pkcs8_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    }
    let key = Ed25519Key::generate(randomness).unwrap();
    folder.create_new(name, key.to_pkcs8_pem().unwrap().as_bytes()).unwrap();
    key
}
