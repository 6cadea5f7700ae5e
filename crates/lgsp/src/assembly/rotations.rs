//! Puts the rotations of this node's keys on record.

use evidence::Recorder;
use keys::{KeyValidity, PlatformKeys};
use registry::key_rotation::{self, KeyRotation};
use wire::checkpoint::Origin;

use super::problem::StartProblem;

/// Records every rotation in the history of the keys that has no entry yet: the one just made, and
/// one that a crash kept from its entry.
pub(super) async fn record(
    recorder: &Recorder,
    keys: &PlatformKeys,
    node: &Origin,
) -> Result<(), StartProblem> {
    for rotation in rotations(keys.history(), node) {
        let outcome = key_rotation::record(recorder, &rotation).await;
        let is_new = outcome.map_err(|error| StartProblem::Part {
            part: "the recorder",
            reason: error.to_string(),
        })?;
        if is_new {
            tracing::info!(retired = %rotation.retired, keyid = %rotation.keyid, "key rotated");
        }
    }
    Ok(())
}

/// The history is in the order of service, so that a retired key's successor is the next of its
/// purpose.
fn rotations<'a>(
    history: &'a [KeyValidity],
    node: &'a Origin,
) -> impl Iterator<Item = KeyRotation> + 'a {
    history.iter().enumerate().filter_map(move |(place, retired)| {
        let next = history.iter().skip(place + 1).find(|key| key.name == retired.name)?;
        Some(KeyRotation {
            node: node.clone(),
            purpose: retired.name.as_str(),
            retired: retired.keyid.clone(),
            keyid: next.keyid.clone(),
            at: retired.until?,
        })
    })
}
