//! A signed GET that can be sent as it was signed, again, or somewhere else: what an attacker on
//! the way could do with it.

use std::borrow::Cow;

use client::{Signed, Signer};
use reqwest::header::ACCEPT_LANGUAGE;
use reqwest::{Client, Url};
use serde_json::Value;
use wire::ambient::{Clock, Randomness};
use wire::header::{SIGNATURE, SIGNATURE_INPUT};
use wire::signature::{Message, Name};

/// The request as it was signed.
pub(super) struct SignedGet {
    url: Url,
    signed: Option<Signed>,
    language: &'static str,
    http: Client,
}

/// What was answered: the status, and the code of a refusal.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) problem: Value,
}

impl SignedGet {
    /// Signs a GET of `url`, which `http` will send.
    pub(super) fn sign(
        http: Client,
        signer: &Signer,
        url: &str,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
        language: &'static str,
    ) -> anyhow::Result<Self> {
        let mut request = Self { url: url.parse()?, signed: None, language, http };
        request.signed = Some(signer.sign(&request, clock.now(), randomness)?);
        Ok(request)
    }

    /// Sends it where it was signed for.
    pub(super) async fn send(&self) -> anyhow::Result<Outcome> {
        self.send_to(self.url.as_str()).await
    }

    /// Sends it somewhere else, with the signature it has.
    pub(super) async fn send_to(&self, url: &str) -> anyhow::Result<Outcome> {
        let mut request = self.http.get(url).header(ACCEPT_LANGUAGE, self.language);
        if let Some(signed) = &self.signed {
            request = request
                .header(SIGNATURE_INPUT, &signed.signature_input)
                .header(SIGNATURE, &signed.signature);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let problem: Value = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        let code = problem.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Outcome { status, code, problem })
    }
}

impl Message for SignedGet {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        match name {
            Name::Method => Some("GET".into()),
            Name::TargetUri => Some(self.url.as_str().into()),
            _ => None,
        }
    }

    fn field(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}
