//! Signed calls: a GET that can be sent twice, byte for byte, and the signature of a long body.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use client::{EntryPlace, Signed, Signer};
use keys::{SigningKey, SystemRandomness};
use serde_json::Value;
use wire::ambient::UtcMicros;
use wire::header::CONTENT_DIGEST;
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

/// What a signature is made over.
struct Outline<'a> {
    method: &'a str,
    url: &'a str,
    content_digest: Option<&'a str>,
}

impl Message for Outline<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        match name {
            Name::Method => Some(self.method.into()),
            Name::TargetUri => Some(self.url.into()),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.content_digest.filter(|_| name == CONTENT_DIGEST).map(Into::into)
    }
}

impl SignedGet {
    /// Where it goes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is signed with.
    pub fn signed(&self) -> &Signed {
        &self.signed
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
        let outline = Outline { method: "GET", url, content_digest: None };
        let signed = self.signer.sign(&outline, now(), &SystemRandomness).unwrap();
        SignedGet { url: url.to_owned(), signed }
    }

    /// Signs a POST of a body with this `Content-Digest`, now.
    pub fn sign_post(&self, url: &str, content_digest: &str) -> Signed {
        let outline = Outline { method: "POST", url, content_digest: Some(content_digest) };
        self.signer.sign(&outline, now(), &SystemRandomness).unwrap()
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
