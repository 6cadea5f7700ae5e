//! Adding a version of the regulation.

use std::collections::BTreeMap;

use evidence::Actor;
use wire::ambient::UtcMicros;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};

use super::{ConnectionRules, RulesVersion, sql};
use crate::Registry;
use crate::authority::must_manage_the_state;
use crate::refused::Refused;

/// Adds a version that is in force from `from` on.
pub(crate) async fn add(
    registry: &Registry,
    actor: &Actor,
    from: UtcMicros,
    rules: ConnectionRules,
) -> Result<RulesVersion, Refused> {
    must_manage_the_state(actor)?;
    let mut change = registry.recorder.change(actor, "regulation.added").await?;
    let last = sql::versions(&mut change).await?.pop();
    let version = last.map_or(1, |last| last.version.saturating_add(1));
    let new = RulesVersion { version, from: Some(from), rules };
    sql::insert(&mut change, &new).await?;
    let canonical = canonical_of(&new.rules);
    let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
    let subject = BTreeMap::from([
        ("version".to_owned(), version.to_string()),
        ("in_force_from".to_owned(), from.to_string()),
        ("rules".to_owned(), ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string()),
    ]);
    change.record(subject).await?;
    Ok(new)
}
