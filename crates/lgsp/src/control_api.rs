//! The control API as its users use it: over HTTP, with a token. The demo and the commands that talk to
//! a running platform have no other way in.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use wire::problem::Language;

/// A caller of the control API.
#[derive(Debug, Clone)]
pub(crate) struct ControlApi {
    client: Client,
    base: String,
}

/// What is asked of it.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: Method,
    pub(crate) token: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a Value>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) language: Language,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl ControlApi {
    /// For the control listener at `base`.
    pub(crate) fn new(client: Client, base: &str) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned() }
    }

    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Asks; an answer of any status is an answer.
    pub(crate) async fn ask(&self, asked: Asked<'_>) -> reqwest::Result<Answer> {
        let Asked { method, token, path, body, headers, language } = asked;
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, url).bearer_auth(token);
        request = request.header("accept-language", language.tag());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok());
        let etag = etag.map(ToOwned::to_owned);
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, etag, body })
    }

    /// Sends JSON to a path of the API; an answer of any status is an answer.
    pub(crate) async fn post(
        &self,
        token: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let (method, language) = (Method::POST, Language::English);
        Ok(self
            .ask(Asked { method, token, path, body: Some(body), headers: &[], language })
            .await?)
    }

    /// Like [`post`](Self::post), but a refusal is an error that names its code.
    pub(crate) async fn must_post(
        &self,
        token: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        self.post(token, path, body).await?.success(&format!("POST {path}"))
    }

    /// Sends a document; a refusal is an error that names its code.
    pub(crate) async fn must_upload(
        &self,
        token: &str,
        path: &str,
        (media_type, document): (&str, Vec<u8>),
    ) -> anyhow::Result<()> {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(token);
        let response = request.header("content-type", media_type).body(document).send().await?;
        let (status, said) = (response.status(), response.text().await?);
        anyhow::ensure!(status.is_success(), "POST {path} was answered {status}: {said}");
        Ok(())
    }

    /// Reads bytes from the control listener, with a token.
    pub(crate) async fn must_download(&self, token: &str, path: &str) -> anyhow::Result<Vec<u8>> {
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
}

impl Answer {
    /// The code of a refusal.
    pub(crate) fn code(&self) -> &str {
        self.told("code").unwrap_or("(no code)")
    }

    /// A text of the body.
    pub(crate) fn told(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    fn success(self, what: &str) -> anyhow::Result<Value> {
        anyhow::ensure!(
            self.status.is_success(),
            "{what} was answered {}: {}",
            self.status.as_u16(),
            self.body
        );
        Ok(self.body)
    }
}
