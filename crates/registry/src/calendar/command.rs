//! Replacing what is known of a year.

use std::collections::BTreeMap;

use evidence::Actor;
use web::IfMatch;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};

use super::api::YearView;
use super::{WorkingYear, YearVersion, sql};
use crate::Registry;
use crate::authority::must_manage_the_state;
use crate::refused::{Noun, Refused};

/// Replaces a year. Deadlines that were set before stay as they were.
pub(crate) async fn replace(
    registry: &Registry,
    actor: &Actor,
    year: WorkingYear,
    seen: &IfMatch,
) -> Result<YearVersion, Refused> {
    must_manage_the_state(actor)?;
    let mut change = registry.recorder.change(actor, "calendar.replaced").await?;
    let last = sql::versions(&mut change, year.year).await?.pop();
    match last.clone() {
        Some(last) => seen.require(&YearView::from(last))?,
        None if *seen == IfMatch::Unsaid => {}
        None => return Err(unknown(&year.year.to_string())),
    }
    let version = last.map_or(1, |last| last.version.saturating_add(1));
    let new = YearVersion { version, since: Some(change.time()), year };
    sql::insert(&mut change, &new).await?;
    let canonical = canonical_of(&new.year);
    let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
    let subject = BTreeMap::from([
        ("year".to_owned(), new.year.year.to_string()),
        ("version".to_owned(), version.to_string()),
        ("days".to_owned(), ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string()),
    ]);
    change.record(subject).await?;
    Ok(new)
}

pub(crate) fn unknown(year: &str) -> Refused {
    Refused::Unknown { noun: Noun::WorkingYear, id: year.to_owned() }
}
