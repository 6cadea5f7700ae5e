//! The real parts that tokens need: keys, database, log and recorder in a temporary folder; the
//! routes as the control listener serves them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use evidence::{Log, LogConfig, LogKeys, RealDisk, Recorder};
use http_body_util::BodyExt;
use keys::{DetailKeys, KeyDirectory, PlatformKeys};
use serde_json::Value as Json;
use store::{Database, DatabaseConfig};
use testkit::{SeededRandomness, TestClock, TestDatabase};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use web::{Ambient, Organisations, Registered, Today, require_sign_on, surface};
use wire::ambient::{Clock, Randomness};
use wire::entry::Entry;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use crate::{Identity, token};

pub(super) struct World {
    pub(super) clock: Arc<TestClock>,
    pub(super) identity: Identity,
    pub(super) log: Log,
    pub(super) description: OpenApi,
    routes: Router,
    _database: TestDatabase,
    _folder: tempfile::TempDir,
}

/// The organisation that nobody registered.
pub(super) const UNREGISTERED: &str = "H24.98";

/// The organisation that has another code now, and that code.
pub(super) const RECODED: &str = "H23.12";
pub(super) const TODAY: &str = "H24.80";

struct AllButOne;

impl Organisations for AllButOne {
    fn is_registered<'a>(&'a self, code: &'a OrganisationCode) -> Registered<'a> {
        Box::pin(async move { Ok(code.as_str() != UNREGISTERED) })
    }

    fn today<'a>(&'a self, code: &'a OrganisationCode) -> Today<'a> {
        let today = if code.as_str() == RECODED { TODAY.parse().unwrap() } else { code.clone() };
        Box::pin(async move { Ok(today) })
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) text: String,
    pub(super) body: Json,
}

impl Answer {
    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(11));
        let in_folder = |name: &str| folder.path().join(name);

        let place = TestDatabase::new(in_folder("lgsp.db"));
        let database = Database::open(&DatabaseConfig::new(place.url())).await.unwrap();
        let sets = [evidence::MIGRATIONS, crate::MIGRATIONS];
        database.migrate(&sets).await.unwrap();

        let folder_of_keys = KeyDirectory::create(in_folder("keys")).unwrap();
        let keys =
            PlatformKeys::load_or_generate(&folder_of_keys, clock.now(), randomness.as_ref());
        let detail = folder_of_keys.folder("detail").unwrap();
        let log_keys = LogKeys { signer: keys.unwrap().log, retired: Vec::new() };
        let (log, _) = Log::open(
            LogConfig::new(in_folder("log"), "lgsp.test".parse().unwrap()),
            &log_keys,
            DetailKeys::new(detail, Arc::clone(&randomness)),
            Arc::new(RealDisk),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&randomness),
        )
        .unwrap();
        let clock_of_all: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let recorder = Recorder::open(database, log.clone(), Arc::clone(&clock_of_all));
        let recorder = recorder.await.unwrap();
        let identity = Identity::new(recorder, Arc::new(AllButOne), Arc::clone(&randomness));
        let (routes, description) = identity.router();
        let routes = require_sign_on(routes, Arc::new(identity.clone()));
        let ambient = Ambient { clock: clock_of_all, randomness };
        Self {
            clock,
            identity,
            log,
            description,
            routes: surface(routes, ambient),
            _database: place,
            _folder: folder,
        }
    }

    /// A token made at set-up; its id is the second of its three parts.
    pub(super) async fn bootstrap(&self, role: Role, organisation: &str) -> String {
        let organisation = organisation.parse().unwrap();
        let identity = &self.identity;
        let made =
            token::bootstrap(&identity.recorder, identity.randomness.as_ref(), role, &organisation);
        made.await.unwrap().to_string()
    }

    pub(super) async fn send(&self, method: Method, path: &str, token: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_LANGUAGE, "en")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Json::Null);
        Answer { status, text, body }
    }

    pub(super) async fn make(&self, by: &str, role: &str, organisation: &str) -> Answer {
        let form = serde_json::json!(
            { "organisation": organisation, "role": role, "name": "Máy chủ" }
        );
        self.send(Method::POST, "/api/v1/tokens", by, &form.to_string()).await
    }

    pub(super) async fn revoke(&self, by: &str, id: &str) -> Answer {
        self.send(Method::POST, &format!("/api/v1/tokens/{id}/revoke"), by, "").await
    }

    pub(super) async fn list(&self, by: &str) -> Answer {
        self.send(Method::GET, "/api/v1/tokens", by, "").await
    }

    /// Every entry of the log, in order.
    pub(super) async fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        while let Some(bytes) = self.log.entry(entries.len() as u64).await.unwrap() {
            entries.push(Entry::parse(&bytes).unwrap());
        }
        entries
    }
}

pub(super) fn id_of(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}
