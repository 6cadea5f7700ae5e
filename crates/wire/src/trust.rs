//! The trust file: the public keys by which everything of this platform is checked.
//!
//! It stands at `/.well-known/lgsp-trust.json`; whoever checks offline keeps a copy that came by
//! a way they trust. Old keys stay in it with the end of their time, so that old evidence can be
//! checked. Members that this version does not know are ignored: the file only ever grows.
//!
//! **Invariant**: a key counts only for what it is listed under, and within its time.
//! **Trust**: whoever can change a reader's trust file can make any bundle convincing to them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ambient::UtcMicros;
use crate::checkpoint::Origin;
use crate::note::NoteVerifier;
use crate::text::serde_as_text;

serde_as_text!(NoteVerifier);

/// The version of the file that is read and written here.
pub const VERSION: u64 = 1;

/// Whom to believe, as JSON. What later versions fill is kept as it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrustFile {
    /// 1.
    pub v: u64,
    /// Keys that sign checkpoints.
    #[serde(default)]
    pub logs: Vec<TrustedLog>,
    /// Keys of witnesses.
    #[serde(default)]
    pub witnesses: Vec<Value>,
    /// Keys that sign answers.
    #[serde(default)]
    pub platform_keys: Vec<PlatformKey>,
    /// Keys that sign heads of the directory.
    #[serde(default)]
    pub directory_keys: Vec<DirectoryKey>,
    /// Certificates of the bundles' seals.
    #[serde(default)]
    pub seals: Vec<Value>,
    /// Certificates of timestamp authorities.
    #[serde(default)]
    pub tsas: Vec<Value>,
}

/// A key of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedLog {
    /// Which log.
    pub origin: Origin,
    /// Its verifier key, named as the origin.
    pub vkey: NoteVerifier,
    /// In use from.
    pub from: UtcMicros,
    /// In use until (exclusive); absent while it is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
}

/// A key that signs answers (RFC 9421).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformKey {
    /// What it is called in signatures.
    pub keyid: String,
    /// The registered name of its algorithm. A text, because newer files may name newer ones.
    pub alg: String,
    /// The public key as PEM (`SubjectPublicKeyInfo`).
    pub public_key_pem: String,
    /// In use from.
    pub from: UtcMicros,
    /// In use until (exclusive); absent while it is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
}

/// A key that signs heads of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryKey {
    /// Its verifier key, named as the directory's origin.
    pub vkey: NoteVerifier,
    /// In use from.
    pub from: UtcMicros,
    /// In use until (exclusive); absent while it is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
}

/// Why bytes are no trust file. Fault of whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not JSON of this shape.
    #[error("not a trust file: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("a trust file of version {0}; this program reads version {VERSION}")]
    Version(u64),
}

impl Default for TrustFile {
    /// Trusts nobody.
    fn default() -> Self {
        Self {
            v: VERSION,
            logs: Vec::new(),
            witnesses: Vec::new(),
            platform_keys: Vec::new(),
            directory_keys: Vec::new(),
            seals: Vec::new(),
            tsas: Vec::new(),
        }
    }
}

impl TrustFile {
    /// Reads the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let file: Self = serde_json::from_slice(bytes)?;
        if file.v == VERSION { Ok(file) } else { Err(TrustError::Version(file.v)) }
    }

    /// The file, indented for people, with a final newline.
    pub fn to_json(&self) -> Result<Vec<u8>, TrustError> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The keys that may sign a checkpoint of `origin` over an entry of `time`.
    ///
    /// A checkpoint is signed after its entries, so a newer key may stand over older entries; a
    /// key that had left service before the entry may not.
    pub fn log_keys(&self, origin: &Origin, time: UtcMicros) -> Vec<NoteVerifier> {
        let fits = |log: &&TrustedLog| {
            let is_named_so = log.vkey.name() == origin.as_ref();
            log.origin == *origin && is_named_so && log.until.is_none_or(|until| time < until)
        };
        self.logs.iter().filter(fits).map(|log| log.vkey.clone()).collect()
    }

    /// The keys that may sign the head of a directory by which something was decided at `time`.
    ///
    /// A head is signed before what is decided by it, so an older key may stand over it; a key
    /// that came into service later may not.
    pub fn directory_keys(&self, time: UtcMicros) -> Vec<NoteVerifier> {
        let fits = self.directory_keys.iter().filter(|key| key.from <= time);
        fits.map(|key| key.vkey.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestKey;

    const FROM: UtcMicros = UtcMicros::from_seconds(1_000);
    const UNTIL: UtcMicros = UtcMicros::from_seconds(2_000);

    fn file() -> TrustFile {
        let log = TestKey::new("log.example/a", 1).verifier();
        let directory = TestKey::new("log.example/a/directory", 2).verifier();
        TrustFile {
            logs: vec![TrustedLog {
                origin: "log.example/a".parse().unwrap(),
                vkey: log,
                from: FROM,
                until: Some(UNTIL),
            }],
            directory_keys: vec![DirectoryKey { vkey: directory, from: FROM, until: Some(UNTIL) }],
            platform_keys: vec![PlatformKey {
                keyid: "platform-1".to_owned(),
                alg: "ed25519".to_owned(),
                public_key_pem: "-----BEGIN PUBLIC KEY-----\n".to_owned(),
                from: FROM,
                until: None,
            }],
            ..TrustFile::default()
        }
    }

    #[test]
    fn a_trust_file_reads_back() {
        let bytes = file().to_json().unwrap();
        insta::assert_snapshot!(String::from_utf8(bytes.clone()).unwrap());
        assert_eq!(TrustFile::parse(&bytes).unwrap(), file());
    }

    #[test]
    fn members_of_later_versions_are_ignored_but_another_version_is_not() {
        let file = TrustFile::parse(br#"{"v":1,"logs":[],"novelties":[1]}"#).unwrap();
        assert_eq!(file, TrustFile::default());
        assert!(matches!(TrustFile::parse(br#"{"v":2}"#), Err(TrustError::Version(2))));
        assert!(matches!(TrustFile::parse(br#"{"logs":[]}"#), Err(TrustError::Json(_))));
    }

    #[test]
    fn a_log_s_key_counts_for_its_log_until_it_left_service() {
        let (file, origin) = (file(), "log.example/a".parse().unwrap());
        let before = UtcMicros::from_seconds(1);
        assert_eq!(file.log_keys(&origin, before).len(), 1);
        assert_eq!(file.log_keys(&origin, FROM).len(), 1);
        assert_eq!(file.log_keys(&origin, UNTIL).len(), 0);
        assert_eq!(file.log_keys(&"log.example/b".parse().unwrap(), FROM).len(), 0);
    }

    #[test]
    fn a_directory_key_counts_from_when_it_came_into_service() {
        assert_eq!(file().directory_keys(UtcMicros::from_seconds(999)).len(), 0);
        assert_eq!(file().directory_keys(FROM).len(), 1);
    }
}
