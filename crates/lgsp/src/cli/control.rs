//! The control API, for commands that use it as a person would: over HTTP, with a token.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use wire::problem::Language;

use super::language::{Tongue, spoken};
use crate::complaint::Complaint;

/// Where the platform is, and who is asking.
#[derive(Debug, Args)]
pub(crate) struct ControlOptions {
    /// The platform's control listener.
    #[arg(long, value_name = "URL", env = "LGSP_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A file that holds the API token; without it, `LGSP_TOKEN` does.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Believe the root certificates in this PEM file instead of the system's.
    #[arg(long, value_name = "FILE", env = "LGSP_CA")]
    ca: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of what is said [default: that of the environment, else Vietnamese].
    #[arg(long, value_enum)]
    lang: Option<Tongue>,
}

/// A caller of the control API.
pub(crate) struct Control {
    client: Client,
    base: String,
    token: String,
    pub(crate) language: Language,
}

/// What the API answered.
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl ControlOptions {
    /// Reads the token and gets ready.
    pub(crate) fn control(&self) -> Result<Control, Complaint> {
        let mut builder = Client::builder().no_proxy().timeout(Duration::from_mins(10));
        if let Some(file) = &self.ca {
            let pem = fs::read(file).map_err(|error| {
                Complaint::usage(
                    format_args!("{}: {error}", file.display()),
                    "give --ca a PEM file",
                )
            })?;
            let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| {
                Complaint::usage(
                    format_args!("{}: {error}", file.display()),
                    "give --ca a PEM file",
                )
            })?;
            builder = builder.tls_certs_only(roots);
        }
        let client = builder
            .build()
            .map_err(|error| Complaint::new(error, "look at the certificates that --ca names"))?;
        let base = self.url.trim_end_matches('/').to_owned();
        Ok(Control { client, base, token: self.token()?, language: spoken(self.lang) })
    }

    fn token(&self) -> Result<String, Complaint> {
        let token = match &self.token_file {
            Some(file) => fs::read_to_string(file).map_err(|error| {
                Complaint::usage(
                    format_args!("{}: {error}", file.display()),
                    "give --token-file a file that holds an API token",
                )
            })?,
            None => std::env::var("LGSP_TOKEN").unwrap_or_default(),
        };
        let token = token.trim().to_owned();
        if token.is_empty() {
            return Err(Complaint::usage(
                "there is no API token",
                "put it into a file and give --token-file FILE, or into LGSP_TOKEN; an administrator \
                 makes one with POST /api/v1/tokens",
            ));
        }
        Ok(token)
    }
}

impl Control {
    /// Reads a path of the API.
    pub(crate) async fn get(&self, path: &str) -> Result<Heard, Complaint> {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Sends JSON to a path of the API; a refusal is a complaint.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Complaint> {
        self.send(Method::POST, path, Some(body), &[]).await?.success()
    }

    /// The same with more headers; a refusal is an answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Heard, Complaint> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        request = request.header("accept-language", self.language.tag());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok());
        let etag = etag.map(ToOwned::to_owned);
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Heard { status, etag, body })
    }

    fn unreachable(&self, error: &reqwest::Error) -> Complaint {
        let mut why = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(deeper) = cause {
            why = format!("{why}: {deeper}");
            cause = deeper.source();
        }
        Complaint::new(
            format_args!("{} does not answer: {why}", self.base),
            "see that the platform runs, and that --url names its control listener",
        )
    }
}

impl Heard {
    /// The body, or what the refusal says.
    pub(crate) fn success(self) -> Result<Value, Complaint> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let told = |member: &str| self.body.get(member).and_then(Value::as_str).unwrap_or_default();
        let (code, detail) = (told("code"), told("detail"));
        let next_step = told("next_step");
        let next_step = if next_step.is_empty() { "look at the platform's log" } else { next_step };
        Err(Complaint::new(format_args!("{} {code}: {detail}", self.status.as_u16()), next_step))
    }
}
