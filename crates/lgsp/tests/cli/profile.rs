//! A technical profile, from its preview to the date at which the gateway refuses: the whole
//! platform in this process, by a clock that moves only when the test says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::lgsp::ambient::SystemClock;
use ::lgsp::assembly::{Platform, Running};
use ::lgsp::config::Config;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{Call, Client, Signer};
use http::Method;
use http::header::{ACCEPT_LANGUAGE, HeaderValue};
use keys::{SigningKey, SystemRandomness};
use serde_json::{Value, json};
use testkit::TestClock;
use wire::ambient::{Clock, UtcMicros};

use crate::cell;
use crate::running::Demo;

const HOUR: Duration = Duration::from_hours(1);
/// When the algorithm ends: nodes of a shared database are believed by what they announced lately.
const SOON: Duration = Duration::from_secs(5);

/// The demo's city on a platform in this process.
struct City {
    running: Running,
    clock: Arc<TestClock>,
    manifest: Value,
}

impl City {
    /// Founds the city by the binary, stops that, and goes on with its data.
    async fn take_over(data: &Path) -> Self {
        let demo = Demo::start(data);
        let manifest = demo.manifest.clone();
        assert_eq!(demo.stop(), Some(0));
        let mut settings: Vec<_> = [
            ("LGSP__DATA__DIRECTORY", data.to_str().unwrap()),
            ("LGSP__CONTROL__LISTEN", "127.0.0.1:0"),
            ("LGSP__GATEWAY__LISTEN", "127.0.0.1:0"),
            ("LGSP__OPERATIONS__LISTEN", "127.0.0.1:0"),
            ("LGSP__GATEWAY__LOOPBACK_UPSTREAMS", "true"),
            ("LGSP__EVIDENCE__ORIGIN", ::lgsp::demo::ORIGIN),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let database = cell::database_words(data).pop();
        settings.extend(database.map(|url| ("LGSP__DATABASE__URL".to_owned(), url)));
        let config = Config::load(None, settings).unwrap();
        let clock = Arc::new(TestClock::at(SystemClock.now()));
        let running = Platform::start_by(config, clock.clone()).await.unwrap();
        Self { running, clock, manifest }
    }

    /// Sends a form to the control API in a role; it must be taken.
    async fn post(&self, role: &str, organisation: &str, path: &str, form: &Value) -> Value {
        let tokens = self.manifest["tokens"].as_array().unwrap();
        let fits = |token: &&Value| {
            token["role"] == role
                && (organisation.is_empty() || token["organisation"] == organisation)
        };
        let token = tokens.iter().find(fits).unwrap()["token"].as_str().unwrap();
        let url = format!("{}/api/v1/{path}", self.running.control_url());
        let request = reqwest::Client::new().post(url).bearer_auth(token).json(form);
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Previews and publishes, having looked at what it breaks.
    async fn publish(&self, mut proposal: Value) -> Value {
        let preview = self.post("state_manager", "", "profile-previews", &proposal).await;
        proposal["preview"] = preview["digest"].clone();
        proposal["reason"] = "Theo hướng dẫn kỹ thuật".into();
        self.post("state_manager", "", "profile-publications", &proposal).await;
        preview
    }

    /// What a call of the first service is told, signed with the consumer's key of `algorithm`.
    async fn told(&self, algorithm: &str) -> (u16, Value) {
        let credentials = self.manifest["credentials"].as_array().unwrap();
        let fits = |one: &&Value| one["alg"] == algorithm && one["may_call"] != json!([]);
        let credential = credentials.iter().find(fits).unwrap();
        let key = if let Some(pem) = credential["private_key_pem"].as_str() {
            SigningKey::from_pkcs8_pem(pem).unwrap()
        } else {
            let secret = credential["secret_base64"].as_str().unwrap();
            SigningKey::hmac_sha256(&STANDARD.decode(secret).unwrap()).unwrap()
        };
        let keyid = credential["keyid"].as_str().unwrap().parse().unwrap();
        let client = Client::new(
            Signer::new(keyid, key),
            self.running.trust(),
            self.clock.clone(),
            Arc::new(SystemRandomness),
        );
        let service = self.manifest["services"][0]["id"].as_str().unwrap();
        let url = format!("{}/{service}/units", self.running.gateway_url());
        let mut call = Call::new(Method::GET, url.parse().unwrap());
        call.headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        let mut body = Vec::new();
        let answer = client.unwrap().call(call, &mut body, None).await.unwrap();
        (answer.status.as_u16(), serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The version of the directory in force.
    async fn directory(&self) -> Value {
        let token = self.manifest["tokens"][0]["token"].as_str().unwrap();
        let url = format!("{}/api/v1/directory", self.running.control_url());
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

/// A provider whose every answer is the same.
async fn provider() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = axum::Router::new().fallback(|| async { axum::Json(json!({"units": []})) });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

fn rule(algorithm: &str, until: Option<UtcMicros>) -> Value {
    json!({"algorithm": algorithm, "method": "http_signature", "scope": {"until": until}})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_passes_until_its_date_and_is_refused_from_then_on_with_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::take_over(&folder.path().join("demo")).await;
    let service = city.manifest["services"][0]["id"].as_str().unwrap().to_owned();
    let owner = service.split('/').next().unwrap();
    let terms = json!({"upstream": provider().await});
    city.post("organisation_admin", owner, &format!("services/{service}/terms"), &terms).await;
    assert_eq!(city.told("hmac-sha256").await.0, 200, "before there is any profile");

    let end = city.clock.now().saturating_add(SOON);
    let profile = json!({"code": "thanh-pho", "title": "Hướng dẫn kỹ thuật", "basis": "Văn bản",
        "rules": [rule("hmac-sha256", Some(end)), rule("ed25519", None)]});
    let preview = city
        .publish(json!({"profile": profile, "assignment": {"profile": "thanh-pho"},
            "date": end.saturating_add(HOUR)}))
        .await;
    let consumers = preview["items"].as_array().unwrap();
    let is_told =
        consumers.iter().flat_map(|one| one["credentials"].as_array().unwrap()).any(|one| {
            one["algorithm"] == "hmac-sha256"
                && one["fate"]["turns"] == json!([{"from": end, "allowed": false}])
                && one["fate"]["refused_on_date"] == true
        });
    assert!(is_told, "{preview}");
    assert_eq!(city.told("hmac-sha256").await.0, 200, "the date has not come");
    let before = city.directory().await;
    city.clock.set(UtcMicros::from_micros(end.as_micros() - 1));
    assert_eq!(city.told("hmac-sha256").await.0, 200, "nor has it a moment before");

    city.clock.set(end);
    let (status, refusal) = city.told("hmac-sha256").await;
    assert_eq!((status, &refusal["code"]), (403, &"profile.not_allowed".into()));
    assert_eq!((&refusal["fault"], &refusal["retry"]), (&"caller".into(), &"no".into()));
    let next = "Sign with a credential of an algorithm that the profile allows.";
    assert_eq!(refusal["next_step"], next);
    assert_eq!(city.told("ed25519").await.0, 200);
    assert_eq!(city.directory().await, before, "no version was published for it");

    // Ended, the assignment holds nobody back.
    city.publish(json!({"end": {"number": 1}, "date": end.saturating_add(HOUR)})).await;
    assert_eq!(city.told("hmac-sha256").await.0, 200);
    city.running.shutdown().await;
}
