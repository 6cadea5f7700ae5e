//! The control API as its users use it: over HTTP, with a token. The demo has no other way in.

use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;

use super::certificates;

/// A caller of the control API.
#[derive(Debug, Clone)]
pub(super) struct ControlApi {
    client: Client,
    base: String,
}

/// What the API answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl ControlApi {
    /// For the control listener at `base` (no trailing slash), for whom `ca` vouches in TLS.
    pub(super) fn new(base: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        let client = certificates::client(ca)?.timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, base: base.to_owned() })
    }

    /// Sends JSON to a path of the API; an answer of any status is an answer.
    pub(super) async fn post(
        &self,
        token: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        self.send(Method::POST, token, path, Some(body)).await
    }

    /// Like [`post`](Self::post), but a refusal is an error that names its code.
    pub(super) async fn must_post(
        &self,
        token: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        self.post(token, path, body).await?.success(&format!("POST {path}"))
    }

    /// Reads bytes from the control listener, with a token.
    pub(super) async fn must_download(&self, token: &str, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(token);
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        anyhow::ensure!(
            status.is_success(),
            "GET {path} was answered {status}: {}",
            String::from_utf8_lossy(&bytes)
        );
        Ok(bytes.to_vec())
    }

    async fn send(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, url).bearer_auth(token);
        request = request.header("accept-language", "en");
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The code of a refusal.
    pub(super) fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or("(no code)")
    }

    fn success(self, what: &str) -> anyhow::Result<Value> {
        anyhow::ensure!(
            (200..300).contains(&self.status),
            "{what} was answered {}: {}",
            self.status,
            self.body
        );
        Ok(self.body)
    }
}
