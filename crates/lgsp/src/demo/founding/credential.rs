//! The keys of the sample systems, made as real agencies make theirs.

use anyhow::Context as _;
use keys::{SigningKey, public_key_pem};
use serde_json::{Value, json};
use wire::signature::Algorithm;

use super::{Offices, text};
use crate::demo::city::{self, System};
use crate::demo::manifest::DemoCredential;

/// One credential per algorithm for the consumer, and one for the system without permission.
pub(super) async fn make_credentials(offices: &Offices) -> anyhow::Result<Vec<DemoCredential>> {
    let mut credentials = Vec::with_capacity(Algorithm::ALL.len() + 1);
    for algorithm in Algorithm::ALL {
        let system = &city::CONSUMER_SYSTEM;
        credentials.push(match algorithm {
            Algorithm::HmacSha256 => hmac_credential(offices, system).await?,
            _ => pair_credential(offices, system, algorithm).await?,
        });
    }
    credentials.push(hmac_credential(offices, &city::UNPERMITTED_SYSTEM).await?);
    Ok(credentials)
}

/// The platform makes the secret and shows it this once.
async fn hmac_credential(offices: &Offices, system: &System) -> anyhow::Result<DemoCredential> {
    let form = json!({"system": system.id(), "algorithm": "hmac-sha256"});
    let made = make_credential(offices, system, &form).await?;
    let secret_base64 = text(&made, "secret_base64")?;
    Ok(DemoCredential {
        secret_base64: Some(secret_base64),
        ..credential(system, "hmac-sha256", &made)?
    })
}

/// The agency makes the key pair and shows the platform the public half.
pub(in crate::demo) async fn pair_credential(
    offices: &Offices,
    system: &System,
    algorithm: Algorithm,
) -> anyhow::Result<DemoCredential> {
    let key = SigningKey::generate(algorithm)?;
    let public_key = key.public_key().context("a key pair has a public half")?;
    let public_key = public_key_pem(algorithm, &public_key);
    let form = json!({"system": system.id(), "algorithm": algorithm, "public_key": public_key});
    let made = make_credential(offices, system, &form).await?;
    Ok(DemoCredential {
        private_key_pem: Some(key.to_pkcs8_pem()?.to_string()),
        ..credential(system, algorithm.as_str(), &made)?
    })
}

/// The same for the sandbox; returns its id.
pub(super) async fn sandbox_credential(
    offices: &Offices,
    system: &System,
    key: &SigningKey,
) -> anyhow::Result<String> {
    let public_key = key.public_key().context("a key pair has a public half")?;
    let public_key = public_key_pem(Algorithm::Ed25519, &public_key);
    let form = json!({
        "system": system.id(), "algorithm": Algorithm::Ed25519, "public_key": public_key,
        "environment": "sandbox",
    });
    text(&make_credential(offices, system, &form).await?, "keyid")
}

async fn make_credential(
    offices: &Offices,
    system: &System,
    form: &Value,
) -> anyhow::Result<Value> {
    let administrator = offices.administrator(system.organisation)?;
    offices.api.must_post(administrator, "/api/v1/credentials", form).await
}

fn credential(system: &System, alg: &str, made: &Value) -> anyhow::Result<DemoCredential> {
    Ok(DemoCredential {
        keyid: text(made, "keyid")?,
        alg: alg.to_owned(),
        secret_base64: None,
        private_key_pem: None,
        organisation: system.organisation.to_owned(),
        system: system.code.clone().into_owned(),
        may_call: Vec::new(),
    })
}
