//! The test in the sandbox, as agencies make it: every operation is called with a sandbox key, and
//! the operator confirms by the entries of those calls.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use client::{Call, Client, Content, Signer};
use keys::{SigningKey, SystemRandomness};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use wire::id::Role;
use wire::signature::Algorithm;
use wire::trust::TrustFile;

use super::credential::sandbox_credential;
use super::{Offices, examples};
use crate::ambient::SystemClock;
use crate::assembly::Running;
use crate::demo::Plan;
use crate::demo::city::{self, Service, System};

/// The state manager lets the operator waive tests.
pub(super) async fn waive(offices: &Offices) -> anyhow::Result<()> {
    const RULES: &str = "/api/v1/connection-rules";
    let state_manager = offices.token(Role::StateManager, city::STATE_MANAGER)?;
    let listed = offices.api.must_download(state_manager, RULES).await?;
    let listed: Value = serde_json::from_slice(&listed)?;
    let mut rules = listed.pointer("/items/0/rules").context("there are no rules")?.clone();
    let rules = rules.as_object_mut().context("the rules are no object")?;
    rules.insert("test_waived_by".to_owned(), serde_json::json!(["operator"]));
    let rules = Value::Object(rules.clone());
    offices.api.must_post(state_manager, RULES, &rules).await?;
    Ok(())
}

/// A system's sandbox key, and where its calls go.
pub(in crate::demo) struct Trial {
    keyid: String,
    key: SigningKey,
    gateway: String,
    trust: TrustFile,
    ca: Option<PathBuf>,
}

impl Trial {
    /// Makes a sandbox key for `system`.
    pub(in crate::demo) async fn prepare(
        plan: &Plan,
        running: &Running,
        offices: &Offices,
        system: &System,
    ) -> anyhow::Result<Self> {
        let key = SigningKey::generate(Algorithm::Ed25519)?;
        let keyid = sandbox_credential(offices, system, &key).await?;
        let (gateway, trust, ca) = (running.gateway_url(), running.trust(), plan.ca());
        Ok(Self { keyid, key, gateway, trust, ca })
    }

    /// Whether the gateway answers at its public URL.
    pub(in crate::demo) async fn can_be_made(&self) -> bool {
        let Ok(url) = self.gateway.parse::<url::Url>() else {
            return false;
        };
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) => tokio::net::TcpStream::connect((host, port)).await.is_ok(),
            _ => false,
        }
    }

    /// Calls every example of `service`; returns where the entries stand.
    pub(in crate::demo) async fn call_all(&self, service: &Service) -> anyhow::Result<Vec<String>> {
        let mut entries = Vec::new();
        for example in examples(service) {
            let url = format!("{}/{}{}", self.gateway, service.id(), example.path);
            let mut call = Call::new(example.method.parse()?, url.parse()?);
            if let Some(body) = &example.body {
                call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                call.content = Content::Bytes(body.to_string().into());
            }
            let mut said = Vec::new();
            let answer = self.client()?.call(call, &mut said, None).await?;
            anyhow::ensure!(
                answer.status == 200,
                "{} {} was answered {}: {}",
                example.method,
                example.path,
                answer.status,
                String::from_utf8_lossy(&said)
            );
            entries.push(answer.entry.context("the answer has no Lgsp-Entry")?.to_string());
        }
        Ok(entries)
    }

    fn client(&self) -> anyhow::Result<Client> {
        let signer = Signer::new(self.keyid.parse()?, self.key.clone());
        let (clock, randomness) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
        let client = Client::new(signer, self.trust.clone(), clock, randomness)?;
        match &self.ca {
            Some(ca) => Ok(client.with_ca(ca)?),
            None => Ok(client),
        }
    }
}
