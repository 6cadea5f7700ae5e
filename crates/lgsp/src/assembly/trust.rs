//! The trust file of this node: every key it signs or ever signed with, and when.

use keys::{KeyValidity, PlatformKey as Purpose, PlatformKeys};
use wire::checkpoint::Origin;
use wire::note::NoteVerifier;
use wire::signature::Algorithm;
use wire::trust::{DirectoryKey, PlatformKey, TrustFile, TrustedLog};

use super::problem::StartProblem;

/// Lists the keys in the order in which they came into service. Retired ones stay in it, so that
/// old evidence can be checked.
pub(super) fn file(keys: &PlatformKeys, origin: &Origin) -> Result<TrustFile, StartProblem> {
    let mut trust = TrustFile::default();
    for key in keys.history() {
        let (from, until) = (key.from, key.until);
        match key.name {
            Purpose::Log => {
                let vkey = verifier(origin, key)?;
                trust.logs.push(TrustedLog { origin: origin.clone(), vkey, from, until });
            }
            Purpose::Directory => {
                let vkey = verifier(&directory_origin(origin)?, key)?;
                trust.directory_keys.push(DirectoryKey { vkey, from, until });
            }
            Purpose::Response => trust.platform_keys.push(PlatformKey {
                keyid: key.keyid.to_string(),
                alg: Algorithm::Ed25519.as_str().to_owned(),
                public_key_pem: key.public_key_pem(),
                from,
                until,
            }),
        }
    }
    Ok(trust)
}

/// The name under which heads of the directory are signed.
pub(super) fn directory_origin(origin: &Origin) -> Result<Origin, StartProblem> {
    origin.directory().map_err(unusable)
}

fn verifier(origin: &Origin, key: &KeyValidity) -> Result<NoteVerifier, StartProblem> {
    NoteVerifier::new(origin.as_ref(), key.public).map_err(unusable)
}

fn unusable(error: impl std::fmt::Display) -> StartProblem {
    StartProblem::Part { part: "the trust file", reason: error.to_string() }
}
