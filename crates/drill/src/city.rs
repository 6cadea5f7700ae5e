//! The least city a call needs: a provider, a consumer with keys, and one connection, registered
//! through the API of a running node by those whose part each step is.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keys::{Ed25519Key, SigningKey, SystemRandomness, public_key_pem};
use serde_json::{Value, json};
use wire::signature::Algorithm;

use crate::caller::{Caller, now};
use crate::node::Node;

/// The words of `lgsp init` that say who the first actors are.
pub const OFFICES: [&str; 6] =
    ["--operator", "H24.15.1", "--state-manager", "H24.15", "--auditor", "H24.18"];
const PROVIDER: &str = "H24.12";
const CONSUMER: &str = "H24.14";
const SERVICE: &str = "H24.12/dien-tap/dich-vu/v1";
const DAY: Duration = Duration::from_hours(24);
/// The most a service may take, in bytes.
const BIGGEST_BODY: u64 = 4 << 30;

/// Who may call what.
pub struct City {
    /// The token of the consumer's administrator.
    pub administrator: String,
    keys: Vec<(String, SigningKey)>,
}

impl City {
    /// Registers everything at `node`, with `keys` Ed25519 credentials for the one consumer system
    /// and the provider at `upstream`.
    pub async fn found(node: &Node, upstream: &str, keys: usize) -> Self {
        let operator = node.token("operator");
        for (code, name) in [("H24", "Thành phố"), (PROVIDER, "Cung cấp"), (CONSUMER, "Khai thác")]
        {
            post(node, operator, "organisations", &json!({"code": code, "name": name})).await;
        }
        let provider = administrator(node, PROVIDER).await;
        let consumer = administrator(node, CONSUMER).await;
        for (token, organisation, code) in
            [(&provider, PROVIDER, "dien-tap"), (&consumer, CONSUMER, "mot-cua")]
        {
            let form = json!({"organisation": organisation, "code": code, "name": code});
            post(node, token, "systems", &form).await;
        }
        let form = json!({
            "id": SERVICE, "title": "Diễn tập", "upstream": upstream,
            "timeout_ms": 60_000, "max_body_bytes": BIGGEST_BODY,
        });
        post(node, &provider, "services", &form).await;
        let state_manager = node.token("state_manager");
        waive_conditions(&node.http, &node.control(), state_manager).await;
        connect(node, &consumer, &provider).await;
        let mut city = Self { administrator: consumer, keys: Vec::new() };
        for _ in 0..keys {
            city.add_key(node).await;
        }
        city
    }

    async fn add_key(&mut self, node: &Node) {
        let key = Ed25519Key::generate(&SystemRandomness).unwrap();
        let form = json!({
            "system": format!("{CONSUMER}/mot-cua"), "algorithm": "ed25519",
            "public_key": key.public_key_pem(),
        });
        let made = post(node, &self.administrator, "credentials", &form).await;
        self.keys.push((made["keyid"].as_str().unwrap().to_owned(), SigningKey::from(key)));
    }

    /// A caller with a new credential of the consumer, a shared secret or a key pair.
    pub async fn new_caller(&self, node: &Node, algorithm: Algorithm) -> Caller {
        let pair =
            (algorithm != Algorithm::HmacSha256).then(|| SigningKey::generate(algorithm).unwrap());
        let mut form = json!({
            "system": format!("{CONSUMER}/mot-cua"), "algorithm": algorithm.as_str(),
        });
        if let Some(pair) = &pair {
            let public = pair.public_key().unwrap();
            form["public_key"] = public_key_pem(algorithm, &public).into();
        }
        let made = post(node, &self.administrator, "credentials", &form).await;
        let shared = || {
            let secret = STANDARD.decode(made["secret_base64"].as_str().unwrap()).unwrap();
            SigningKey::hmac_sha256(&secret).unwrap()
        };
        let key = pair.unwrap_or_else(shared);
        Caller::new(made["keyid"].as_str().unwrap(), key, node.http.clone())
    }

    /// A caller for each key of the consumer.
    pub fn callers(&self, http: &reqwest::Client) -> Vec<Caller> {
        let caller =
            |(keyid, key): &(String, SigningKey)| Caller::new(keyid, key.clone(), http.clone());
        self.keys.iter().map(caller).collect()
    }

    /// The URL of a path of the service at a node's gateway.
    pub fn url(&self, node: &Node, path: &str) -> String {
        format!("{}/{SERVICE}{path}", node.gateway())
    }
}

/// Lets the rules demand nothing before approval and the operator waive tests, with a token of the
/// state manager: who tries the platform does not try its offices.
pub async fn waive_conditions(http: &reqwest::Client, control: &str, token: &str) {
    let rules = try_get(http, control, token, "connection-rules").await.unwrap();
    let mut rules = rules["items"][0]["rules"].clone();
    rules["conditions"] = json!([]);
    rules["test_waived_by"] = json!(["operator"]);
    try_post(http, control, token, "connection-rules", &rules).await.unwrap();
}

/// From the request to the day on which calls may pass.
async fn connect(node: &Node, consumer: &str, provider: &str) {
    let form = json!({
        "consumer": format!("{CONSUMER}/mot-cua"), "service": SERVICE,
        "asked": {
            "purpose": "giai-quyet-thu-tuc", "usage": "Diễn tập", "legal_basis": "Thử nghiệm",
            "operations": [{"method": "GET", "path": "/**"}, {"method": "POST", "path": "/**"}],
            "data_items": [{"name": "Không có"}], "frequency": "khi diễn tập",
            "quota": {"per_minute": 1_000_000, "burst": 1_000_000},
            "from": now(), "until": now().saturating_add(DAY),
        },
    });
    let made = post(node, consumer, "connections", &form).await;
    let id = made["id"].as_str().unwrap();
    for (token, step) in [
        (consumer, "submit"),
        (provider, "consent"),
        (node.token("operator"), "test"),
        (node.token("operator"), "waive_test"),
        (node.token("state_manager"), "approve"),
        (node.token("operator"), "activate"),
    ] {
        let said = json!({"reason": "diễn tập"});
        post(node, token, &format!("connections/{id}/{step}"), &said).await;
    }
}

async fn administrator(node: &Node, organisation: &str) -> String {
    let form =
        json!({"organisation": organisation, "role": "organisation_admin", "name": "Diễn tập"});
    let made = post(node, node.token("operator"), "tokens", &form).await;
    made["token"].as_str().unwrap().to_owned()
}

/// Sends a form that must be taken.
pub async fn post(node: &Node, token: &str, path: &str, form: &Value) -> Value {
    let answer = try_post(&node.http, &node.control(), token, path, form).await;
    answer.unwrap_or_else(|| panic!("{path}: the node broke off"))
}

/// Sends a form to the control API at `control`; `None` if the node broke off before its whole
/// answer was there. What it answers must be a yes.
pub async fn try_post(
    http: &reqwest::Client,
    control: &str,
    token: &str,
    path: &str,
    form: &Value,
) -> Option<Value> {
    let url = format!("{control}/api/v1/{path}");
    said_yes(path, http.post(url).bearer_auth(token).json(form)).await
}

/// Reads a path of the control API at `control`; `None` if the node broke off.
pub async fn try_get(
    http: &reqwest::Client,
    control: &str,
    token: &str,
    path: &str,
) -> Option<Value> {
    let url = format!("{control}/api/v1/{path}");
    said_yes(path, http.get(url).bearer_auth(token)).await
}

async fn said_yes(path: &str, request: reqwest::RequestBuilder) -> Option<Value> {
    let answer = request.send().await.ok()?;
    let status = answer.status();
    let body = answer.text().await.ok()?;
    assert!(status.is_success(), "{path}: {status} {body}");
    serde_json::from_str(&body).ok()
}
