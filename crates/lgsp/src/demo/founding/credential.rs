//! The keys of the sample systems, made as real agencies make theirs.

use base64::Engine as _;
use keys::{Ed25519Key, SystemRandomness};
use serde_json::{Value, json};

use super::{Offices, text};
use crate::demo::city::{self, System};
use crate::demo::manifest::DemoCredential;

/// One credential per algorithm for the consumer, and one for the system without permission.
pub(super) async fn make_credentials(offices: &Offices) -> anyhow::Result<Vec<DemoCredential>> {
    Ok(vec![
        hmac_credential(offices, &city::CONSUMER_SYSTEM).await?,
        ed25519_credential(offices, &city::CONSUMER_SYSTEM).await?,
        hmac_credential(offices, &city::UNPERMITTED_SYSTEM).await?,
    ])
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
pub(in crate::demo) async fn ed25519_credential(
    offices: &Offices,
    system: &System,
) -> anyhow::Result<DemoCredential> {
    let key = Ed25519Key::generate(&SystemRandomness)?;
    let public_key = base64::engine::general_purpose::STANDARD.encode(key.public_key());
    let form = json!({"system": system.id(), "algorithm": "ed25519", "public_key": public_key});
    let made = make_credential(offices, system, &form).await?;
    Ok(DemoCredential {
        private_key_pem: Some(key.to_pkcs8_pem()?.to_string()),
        ..credential(system, "ed25519", &made)?
    })
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
