//! A signed GET that can be sent twice, byte for byte.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use client::{EntryPlace, Signed, Signer};
use keys::{SigningKey, SystemRandomness};
use serde_json::Value;
use wire::ambient::UtcMicros;
use wire::signature::{Message, Name};

/// Signs GETs for one system and sends them.
#[derive(Clone)]
pub struct Caller {
    signer: Arc<Signer>,
    http: reqwest::Client,
}

/// What is sent, again and again if need be.
#[derive(Clone, Debug)]
pub struct SignedGet {
    url: String,
    signed: Signed,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The code of a refusal.
    pub code: Option<String>,
    /// `Lgsp-Request-Id`.
    pub request_id: String,
    /// `Lgsp-Entry`.
    pub entry: Option<EntryPlace>,
}

struct Get<'a>(&'a str);

impl Message for Get<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        match name {
            Name::Method => Some("GET".into()),
            Name::TargetUri => Some(self.0.into()),
            _ => None,
        }
    }

    fn field(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl Caller {
    /// Signs with this key, each call valid for five minutes.
    pub fn new(keyid: &str, key: SigningKey, http: reqwest::Client) -> Self {
        let signer = Signer::new(keyid.parse().unwrap(), key).with_life_s(300);
        Self { signer: Arc::new(signer), http }
    }

    /// Signs a GET of this URL, now.
    pub fn sign(&self, url: &str) -> SignedGet {
        let signed = self.signer.sign(&Get(url), now(), &SystemRandomness).unwrap();
        SignedGet { url: url.to_owned(), signed }
    }

    /// Sends a call; `None` if the connection broke before the whole answer was there.
    pub async fn send(&self, get: &SignedGet) -> Option<Answered> {
        let request = self
            .http
            .get(&get.url)
            .header("signature-input", &get.signed.signature_input)
            .header("signature", &get.signed.signature);
        let answer = request.send().await.ok()?;
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (request_id, entry) = (header("lgsp-request-id")?, header("lgsp-entry"));
        let status = answer.status().as_u16();
        let body = answer.bytes().await.ok()?;
        let code = serde_json::from_slice::<Value>(&body).ok();
        let code = code.and_then(|body| body["code"].as_str().map(ToOwned::to_owned));
        Some(Answered { status, code, request_id, entry: entry.map(|at| at.parse().unwrap()) })
    }
}

#[expect(clippy::disallowed_methods, reason = "the platform under test lives by the real clock")]
/// The machine's time.
pub fn now() -> UtcMicros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UtcMicros::from_micros(i64::try_from(since.as_micros()).unwrap())
}
