//! `DIR/demo.json`: everything a visitor, a test or a bench needs to know about a running demo.
//!
//! The shape is a contract (additions only). **Trust**: the file holds secrets of sample agencies,
//! so it belongs to its owner alone; none of them opens anything but this demo.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Base URL of the control listener: portal, API, evidence.
    pub portal: String,
    /// Base URL of the gateway.
    pub gateway: String,
    /// Base URL of the operations listener.
    pub operations: String,
    /// Path of the trust file.
    pub trust: PathBuf,
    /// Path of the root that the listeners' certificate hangs on; absent: they speak plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ca: Option<PathBuf>,
    /// The evidence logs.
    pub logs: Vec<DemoLog>,
    /// People who can sign in; none yet.
    pub people: Vec<serde_json::Value>,
    /// API tokens.
    pub tokens: Vec<DemoToken>,
    /// The services that can be called, the city's administrative units first.
    pub services: Vec<DemoService>,
    /// What callers sign with.
    pub credentials: Vec<DemoCredential>,
    /// Base URL of the sample systems behind the platform.
    pub mock_systems: String,
    /// Where the platform serves its code lists to the gateway; absent in demos founded before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code_lists: Option<String>,
}

/// An evidence log and where to read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoLog {
    /// As it stands in checkpoints.
    pub origin: String,
    /// Prefix for any tlog-tiles client.
    pub url: String,
    /// Signed-note verifier key.
    pub vkey: String,
}

/// An API token in clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoToken {
    /// For `Authorization: Bearer …`.
    pub token: String,
    /// What it may do.
    pub role: String,
    /// On whose behalf.
    pub organisation: String,
}

/// A service and how to call it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoService {
    /// `<organisation>/<system>/<service>/v<major>`.
    pub id: String,
    /// Base URL at the gateway.
    pub url: String,
    /// Calls that work.
    pub examples: Vec<DemoExample>,
}

/// A call that works.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoExample {
    /// HTTP method.
    pub method: String,
    /// Path under the service's URL.
    pub path: String,
    /// JSON to send, for methods that take a body.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<serde_json::Value>,
}

/// What a system signs its calls with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoCredential {
    /// Names the key in every signature.
    pub keyid: String,
    /// Registered name of the algorithm.
    pub alg: String,
    /// The secret of `hmac-sha256`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret_base64: Option<String>,
    /// The private key of every other algorithm, PKCS#8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub private_key_pem: Option<String>,
    /// Whose system.
    pub organisation: String,
    /// The system's code.
    pub system: String,
    /// The services it may call.
    pub may_call: Vec<String>,
}

impl Manifest {
    /// Reads the manifest of an earlier run; `None` if there is none.
    pub fn find(directory: &Path) -> anyhow::Result<Option<Self>> {
        match std::fs::read(directory.join("demo.json")) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the file whole: readers see the old one or the new one, and so does a crash.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        replace(&directory.join("demo.json"), &serde_json::to_vec_pretty(self)?)
    }
}

/// Writes a file beside `path` and puts it in its place.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(std::fs::rename(&beside, path)?)
}
