//! Who signs a call, and whom the answer is checked against.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use client::{LogReader, Signer};
use keys::SigningKey;
use url::Url;
use wire::id::KeyId;
use wire::signature::Algorithm;
use wire::trust::TrustFile;

use crate::cli::verify::read_trust;
use crate::complaint::Complaint;
use crate::demo::certificates;
use crate::demo::manifest::{DemoCredential, Manifest};

/// The options that say it.
#[derive(Debug, Args)]
pub(super) struct IdentityOptions {
    /// Take key, trust file, log and root certificate from a demo's folder; --keyid chooses among its keys.
    #[arg(long, value_name = "DIR")]
    demo: Option<PathBuf>,
    /// The key to sign with: a file with a private key in PEM (PKCS#8; SEC 1 and PKCS#1 too), or
    /// with a shared secret in base64 (hmac-sha256).
    #[arg(long, value_name = "FILE", env = "LGSP_KEY", requires = "keyid")]
    key: Option<PathBuf>,
    /// What the platform calls the key.
    #[arg(long, value_name = "ID", env = "LGSP_KEYID")]
    keyid: Option<KeyId>,
    /// The key's algorithm as it was registered; needed for RSA keys, which serve two.
    #[arg(long, value_name = "NAME", env = "LGSP_ALG", requires = "key")]
    alg: Option<Algorithm>,
    /// The trust file, to check the platform's signature and log with.
    #[arg(long, value_name = "FILE", env = "LGSP_TRUST")]
    trust: Option<PathBuf>,
    /// Where the evidence log is read: http://…/evidence/logs/<log>.
    #[arg(long, value_name = "URL", env = "LGSP_LOG")]
    log: Option<Url>,
    /// An auditor's token, where entries of the log are not public.
    #[arg(long, value_name = "TOKEN", env = "LGSP_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// Who signs, and whom to believe.
pub(super) struct Identity {
    /// Signs the call.
    pub(super) signer: Signer,
    /// The keys to believe; none if no trust file was given.
    pub(super) trust: TrustFile,
    /// Who vouches for the platform's certificates, beside the system's roots.
    pub(super) ca: Option<PathBuf>,
    /// The log, if it is known where it is read.
    pub(super) log: Option<LogReader>,
}

impl IdentityOptions {
    /// Reads the files. `url` chooses among a demo's credentials.
    pub(super) fn load(&self, url: &Url) -> Result<Identity, Complaint> {
        let mut identity = match (&self.demo, &self.key, &self.keyid) {
            (Some(folder), _, keyid) => of_demo(folder, keyid.as_ref(), url)?,
            (None, Some(key), Some(keyid)) => Identity {
                signer: Signer::new(keyid.clone(), read_key(key, self.alg)?),
                trust: TrustFile::default(),
                ca: None,
                log: None,
            },
            _ => {
                return Err(Complaint::usage(
                    "a call has to be signed, and no key was given",
                    "give --key FILE with --keyid ID, or --demo DIR for a running demo",
                ));
            }
        };
        if let Some(trust) = &self.trust {
            identity.trust = read_trust(trust)?;
        }
        if let Some(log) = &self.log {
            identity.log = Some(reader(log)?);
        }
        if let Some(token) = &self.token {
            identity.log = identity.log.map(|log| log.with_token(token.clone()));
        }
        Ok(identity)
    }
}

fn of_demo(folder: &Path, keyid: Option<&KeyId>, url: &Url) -> Result<Identity, Complaint> {
    let no_demo = |why: &dyn std::fmt::Display| {
        Complaint::usage(
            format_args!("{} is not the folder of a demo: {why}", folder.display()),
            "start one with `lgsp demo --data DIR`, and name the same folder",
        )
    };
    let manifest = Manifest::find(folder).map_err(|error| no_demo(&error))?;
    let manifest = manifest.ok_or_else(|| no_demo(&"it has no demo.json"))?;
    let credential = choose(&manifest, keyid, url)
        .ok_or_else(|| no_demo(&"demo.json has no such credential"))?;
    let log = manifest.logs.first().and_then(|log| Url::parse(&log.url).ok());
    Ok(Identity {
        signer: signer_of(credential).map_err(|why| no_demo(&why))?,
        // Not the paths that stand in demo.json: they are seen from where the demo was started.
        trust: read_trust(&folder.join("trust.json"))?,
        ca: manifest.ca.is_some().then(|| folder.join(certificates::CA)),
        log: log.as_ref().map(reader).transpose()?,
    })
}

/// The named credential; else the first that may call this URL; else the first.
fn choose<'m>(
    manifest: &'m Manifest,
    keyid: Option<&KeyId>,
    url: &Url,
) -> Option<&'m DemoCredential> {
    let mut credentials = manifest.credentials.iter();
    if let Some(keyid) = keyid {
        return credentials.find(|credential| credential.keyid == keyid.as_str());
    }
    let service = manifest.services.iter().find(|service| url.as_str().starts_with(&service.url));
    let may_call = |credential: &&DemoCredential| {
        service.is_some_and(|service| credential.may_call.contains(&service.id))
    };
    credentials.find(may_call).or_else(|| manifest.credentials.first())
}

fn signer_of(credential: &DemoCredential) -> Result<Signer, String> {
    let keyid = credential.keyid.parse().map_err(|error| format!("its key id is {error}"))?;
    let algorithm = credential.alg.parse().map_err(|_| format!("{} is unknown", credential.alg))?;
    let key = match (&credential.secret_base64, &credential.private_key_pem) {
        (Some(secret), _) => key_of(secret, Some(algorithm)),
        (None, Some(pem)) => key_of(pem, Some(algorithm)),
        (None, None) => Err(format!("the credential {keyid} has no key")),
    };
    Ok(Signer::new(keyid, key?))
}

fn read_key(path: &Path, algorithm: Option<Algorithm>) -> Result<SigningKey, Complaint> {
    let text = fs::read_to_string(path).map_err(|error| {
        let next = "name the file of your system's key; only its owner should be able to read it";
        Complaint::usage(format_args!("{} cannot be read: {error}", path.display()), next)
    })?;
    key_of(&text, algorithm).map_err(|why| {
        let next = "give a private key in PEM or a shared secret in base64, and for an RSA key \
                    --alg rsa-pss-sha512 or --alg rsa-v1_5-sha256";
        Complaint::usage(format_args!("{} cannot sign a call: {why}", path.display()), next)
    })
}

/// A private key in PEM, or a shared secret in base64; of this algorithm, if it is said.
fn key_of(text: &str, algorithm: Option<Algorithm>) -> Result<SigningKey, String> {
    if text.contains("-----BEGIN") {
        return SigningKey::from_pem(text, algorithm).map_err(|error| error.to_string());
    }
    if let Some(other) = algorithm.filter(|said| *said != Algorithm::HmacSha256) {
        return Err(format!("{other} needs a private key in PEM"));
    }
    let secret = STANDARD.decode(text.trim()).map_err(|_| "neither PEM nor base64".to_owned())?;
    SigningKey::hmac_sha256(&secret).map_err(|error| error.to_string())
}

fn reader(url: &Url) -> Result<LogReader, Complaint> {
    LogReader::new(url).map_err(|error| Complaint::usage(error, "check the address of the log"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let credential = |keyid: &str, may_call: &[&str]| {
            json!({"keyid": keyid, "alg": "hmac-sha256", "secret_base64": STANDARD.encode([7; 32]),
                   "organisation": "H24.30", "system": "mot-cua", "may_call": may_call})
        };
        serde_json::from_value(json!({
            "portal": "http://127.0.0.1:1", "gateway": "http://127.0.0.1:2",
            "operations": "http://127.0.0.1:3", "trust": "trust.json", "logs": [], "people": [],
            "tokens": [], "mock_systems": "http://127.0.0.1:4",
            "services": [{"id": "H24/a/b/v1", "url": "http://127.0.0.1:2/H24/a/b/v1", "examples": []}],
            "credentials": [credential("stranger", &[]), credential("caller", &["H24/a/b/v1"])],
        }))
        .unwrap()
    }

    #[test]
    fn a_demo_signs_with_the_named_key_or_with_one_that_may_call() {
        let manifest = manifest();
        let chosen = |keyid: Option<&str>, url: &str| {
            let keyid = keyid.map(|keyid| keyid.parse().unwrap());
            let credential = choose(&manifest, keyid.as_ref(), &url.parse().unwrap());
            credential.map(|credential| credential.keyid.clone())
        };
        let url = "http://127.0.0.1:2/H24/a/b/v1/units";
        assert_eq!(chosen(None, url).as_deref(), Some("caller"));
        assert_eq!(chosen(Some("stranger"), url).as_deref(), Some("stranger"));
        assert_eq!(chosen(Some("nobody"), url), None);
        assert_eq!(chosen(None, "http://127.0.0.1:2/other").as_deref(), Some("stranger"));
    }

    #[test]
    fn a_key_file_holds_pem_or_base64() {
        let secret = format!("{}\n", STANDARD.encode([7; 32]));
        assert!(key_of(&secret, None).is_ok());
        assert!(key_of(&secret, Some(Algorithm::HmacSha256)).is_ok());
        assert!(key_of(&secret, Some(Algorithm::Ed25519)).is_err());
        for text in ["", "c2hvcnQ=", "not base64!", "-----BEGIN PRIVATE KEY-----"] {
            assert!(key_of(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn an_rsa_key_takes_the_algorithm_that_is_said() {
        let key = SigningKey::generate(Algorithm::RsaPssSha512).unwrap().to_pkcs8_pem().unwrap();
        assert!(key_of(&key, None).unwrap_err().contains("say which"));
        let said = Some(Algorithm::RsaV1_5Sha256);
        assert_eq!(key_of(&key, said).unwrap().algorithm(), Algorithm::RsaV1_5Sha256);
    }
}
