//! The control API, for commands that use it as a person would: over HTTP, with a token.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method};
use serde_json::Value;
use wire::problem::Language;

use super::language::{Tongue, spoken};
use crate::complaint::Complaint;
use crate::control_api::{Answer, Asked, ControlApi};

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
    api: ControlApi,
    token: String,
    pub(crate) language: Language,
}

/// What the API answered, to be told to whoever runs a command.
pub(crate) struct Heard(pub(crate) Answer);

impl ControlOptions {
    /// In which language to speak.
    pub(crate) fn language(&self) -> Language {
        spoken(self.lang)
    }

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
        let api = ControlApi::new(client, &self.url);
        Ok(Control { api, token: self.token()?, language: spoken(self.lang) })
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
        let asked =
            Asked { method, token: &self.token, path, body, headers, language: self.language };
        self.api.ask(asked).await.map(Heard).map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Complaint {
        let mut why = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(deeper) = cause {
            why = format!("{why}: {deeper}");
            cause = deeper.source();
        }
        Complaint::new(
            format_args!("{} does not answer: {why}", self.api.base()),
            "see that the platform runs, and that --url names its control listener",
        )
    }
}

impl Heard {
    /// The body, or what the refusal says.
    pub(crate) fn success(self) -> Result<Value, Complaint> {
        let Self(answer) = self;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let told = |member: &str| answer.told(member).unwrap_or_default();
        let (code, detail) = (told("code"), told("detail"));
        let next_step = answer.told("next_step").unwrap_or("look at the platform's log");
        Err(Complaint::new(format_args!("{} {code}: {detail}", answer.status.as_u16()), next_step))
    }
}
