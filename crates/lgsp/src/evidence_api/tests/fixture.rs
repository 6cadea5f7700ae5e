//! One call in a log, and everybody who may want to read it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use evidence::{
    Actor, BodyDigest, Detail, DirectoryHistory, Draft, HeadLines, Log, LogConfig, LogKeys,
    RealDisk, Recorder,
};
use keys::{DetailKeys, Ed25519Key, KeyDirectory};
use serde_json::Value;
use store::{Database, DatabaseConfig};
use tempfile::TempDir;
use testkit::{SeededRandomness, TestClock, TestDatabase};
use tower::ServiceExt;
use web::{Ambient, Authentication, Authenticator, Organisations, Registered, Today};
use wire::ambient::{Clock, Randomness, UtcMicros};
use wire::checkpoint::Origin;
use wire::commitment::{CommitmentLabel as Label, EntrySecret, commit_body, commit_head};
use wire::entry::{ActorRef, Entry, Kind, Members};
use wire::error_code::ErrorCode;
use wire::id::{RequestId, Role};
use wire::merkle::sha256;
use wire::note::NoteVerifier;
use wire::organisation_code::OrganisationCode;
use wire::problem::{Problem, Text};
use wire::tile::{TileKind, TilePath};
use wire::trust::{TrustFile, TrustedLog};

use super::super::{BUNDLE, CALL, CHECKPOINT, ENTRIES, EvidenceApi, HASHES, TRUST, router};

/// What a caller must never find again.
pub(super) const BEARER: &str = "Bearer very-secret";

/// Somebody who asks; the token of this test says who it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader(Option<&'static str>);

/// In the order of the columns of the table of rights.
pub(super) const READERS: [Reader; 11] = [
    Reader(None),
    Reader(Some("forged")),
    Reader(Some("state_manager@H24.01")),
    Reader(Some("operator@H24.02")),
    Reader(Some("organisation_admin@H24.30")),
    Reader(Some("organisation_admin@H24.12")),
    Reader(Some("organisation_admin@H24.99")),
    Reader(Some("officer@H24.30")),
    Reader(Some("officer@H24.99")),
    Reader(Some("auditor@H24.03")),
    Reader(Some("incident_handler@H24.04")),
];

pub(super) const OPERATOR: Reader = READERS[3];
pub(super) const AUDITOR: Reader = READERS[9];

impl Reader {
    pub(super) fn organisation(self) -> Option<String> {
        Some(self.0?.split_once('@')?.1.to_owned())
    }
}

/// Believes tokens of the form `role@organisation`.
struct Credulous;

impl Authenticator for Credulous {
    fn authenticate<'a>(&'a self, bearer: &'a str) -> Authentication<'a> {
        let actor = bearer.split_once('@').map(|(role, organisation)| Actor {
            organisation: organisation.parse().unwrap(),
            role: role.parse::<Role>().unwrap(),
            credential: "token-1".to_owned(),
        });
        let refusal = || Problem::new(ErrorCode::TokenInvalid, Text::new("sai", "wrong"));
        Box::pin(async move { actor.ok_or_else(refusal) })
    }
}

/// The consumer got another code after the call.
pub(super) const RECODED: Reader = Reader(Some("organisation_admin@H24.77"));

struct OneRecoded;

impl Organisations for OneRecoded {
    fn is_registered<'a>(&'a self, _: &'a OrganisationCode) -> Registered<'a> {
        Box::pin(async { Ok(true) })
    }

    fn today<'a>(&'a self, code: &'a OrganisationCode) -> Today<'a> {
        let today = if code.as_str() == "H24.30" { "H24.77" } else { code.as_str() };
        Box::pin(async move { Ok(today.parse().unwrap()) })
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: HeaderName) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The surface over a log with one call from H24.30 to a service of H24.12.
pub(super) struct Fixture {
    routes: Router,
    log: Log,
    request_id: RequestId,
    trust: TrustFile,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Fixture {
    pub(super) async fn new(entries_public: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(4));
        let origin: Origin = "evidence.test/log".parse().unwrap();
        let signer = Ed25519Key::generate(&*randomness).unwrap();
        let trust = trust(&origin, &signer);

        let place = TestDatabase::new(folder.path().join("lgsp.db"));
        let database = Database::open(&DatabaseConfig::new(place.url())).await.unwrap();
        database.migrate(&[evidence::MIGRATIONS]).await.unwrap();
        let keys = KeyDirectory::create(folder.path().join("keys")).unwrap();
        let (log, _) = Log::open(
            LogConfig::new(folder.path().join("log"), origin),
            &LogKeys { signer: signer.into(), retired: Vec::new() },
            DetailKeys::new(keys, Arc::clone(&randomness)),
            Arc::new(RealDisk),
            Arc::clone(&clock),
            Arc::clone(&randomness),
        )
        .unwrap();
        let request_id = RequestId::new(clock.now(), &*randomness);
        let appended = log.append(call(request_id, &*randomness)).await.unwrap();
        log.published_past(appended.index).await.unwrap();

        let recorder = Recorder::open(database.clone(), log.clone(), Arc::clone(&clock)).await;
        let api = EvidenceApi {
            recorder: recorder.unwrap(),
            history: DirectoryHistory::new(database),
            organisations: Arc::new(OneRecoded),
            log_name: "log".into(),
            entries_public,
            trust: tokio::sync::watch::channel(Arc::new(trust.clone())).1,
            cosigned: tokio::sync::watch::channel(None).1,
        };
        let routes = web::surface(router(api, Arc::new(Credulous)), Ambient { clock, randomness });
        Self { routes, log, request_id, trust, _database: place, _folder: folder }
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn request_id(&self) -> RequestId {
        self.request_id
    }

    pub(super) fn trust(&self) -> TrustFile {
        self.trust.clone()
    }

    /// A path on this route that exists.
    pub(super) fn path(&self, route: &str) -> String {
        let size = self.log.checkpoint().size;
        let tile = |kind| TilePath::in_log(kind, 0, size).unwrap();
        match route {
            TRUST => TRUST.to_owned(),
            CHECKPOINT => "/evidence/logs/log/checkpoint".to_owned(),
            HASHES => format!("/evidence/logs/log/{}", tile(TileKind::Hashes(0))),
            ENTRIES => format!("/evidence/logs/log/{}", tile(TileKind::Entries)),
            CALL => format!("/evidence/v1/calls/{}", self.request_id),
            BUNDLE => format!("/evidence/v1/bundles/{}", self.request_id),
            other => panic!("no such route: {other}"),
        }
    }

    pub(super) async fn get(&self, path: &str, reader: &Reader) -> Answer {
        let mut request = Request::get(path).header(header::ACCEPT_LANGUAGE, "en");
        if let Some(token) = reader.0 {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(super) async fn entries_after(&self, index: u64) -> Vec<Entry> {
        let mut entries = Vec::new();
        for index in index..self.log.size() {
            let bytes = self.log.entry(index).await.unwrap().unwrap();
            entries.push(Entry::parse(&bytes).unwrap());
        }
        entries
    }
}

fn trust(origin: &Origin, signer: &Ed25519Key) -> TrustFile {
    let vkey = NoteVerifier::new(origin.as_ref(), signer.public_key()).unwrap();
    let from = UtcMicros::from_seconds(0);
    let log = TrustedLog { origin: origin.clone(), vkey, from, until: None };
    TrustFile { logs: vec![log], ..TrustFile::default() }
}

fn call(request_id: RequestId, randomness: &dyn Randomness) -> Draft {
    let secret = EntrySecret::new(randomness);
    let head = vec!["GET /units".to_owned(), format!("authorization: {BEARER}")];
    let body = sha256(&[b"{}"]);
    Draft {
        actor: Some(Arc::new(Members::from(&ActorRef {
            organisation: Some("H24.30".parse().unwrap()),
            system: Some("mot-cua".parse().unwrap()),
            ..ActorRef::default()
        }))),
        subject: [("service", "H24.12/don-vi-hanh-chinh/danh-muc/v1")].into(),
        outcome: "200".to_owned(),
        commitments: Members::from_iter([
            (Label::RequestHead, commit_head(&secret, Label::RequestHead, &head)),
            (Label::ResponseBody, commit_body(&secret, Label::ResponseBody, &body)),
        ]),
        detail: Some(Detail {
            secret,
            request_head: head.iter().collect(),
            request_body: None,
            response_head: HeadLines::default(),
            response_body: Some(BodyDigest { sha256: body, length: 2 }),
            signature_base: String::new(),
            signature: Vec::new(),
            response_signature_base: String::new(),
            response_signature: Vec::new(),
        }),
        request_id: Some(request_id),
        ..Draft::new(Kind::Call, "call.completed")
    }
}
