//! The public catalogue (danh mục dịch vụ): which services are published, found by words in
//! Vietnamese, written with diacritics or without.
//!
//! Read first: `words.rs` (how a text becomes words), `index.rs` (how words lead to services and
//! in which order). The index is in memory and made anew when what it shows has changed: all
//! published services are few thousand rows, and no two databases search text alike.
//!
//! **Invariant**: nothing but published services of systems in force, and nothing of them that is inner: no address,
//! no terms. **Trust**: anyone may ask, signed on or not; what a question costs is bounded.

pub(crate) mod api;
pub(crate) mod dcat;
mod index;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use store::StoreError;
use wire::directory::Record;
use wire::id::SystemId;
use wire::merkle::Hash;
use wire::organisation_code::OrganisationCode;

use self::index::Index;
use crate::Registry;
use crate::service;

/// The index as it was made last.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<Option<(Made, Arc<Index>)>>);

/// Of which state of the registry an index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    /// Names of organisations and systems in force stand in the directory.
    root: Hash,
    services: i64,
    changed_at: i64,
}

/// The index of what is published now.
async fn index(registry: &Registry) -> Result<Arc<Index>, StoreError> {
    let directory = registry.publisher.subscribe().borrow().signed.clone();
    let (services, changed_at) = service::sql::latest(&registry.database).await?;
    let made = Made { root: directory.directory.root(), services, changed_at };
    let shelf = &registry.catalogue.0;
    {
        let last = shelf.lock();
        if let Some((_, index)) = last.as_ref().filter(|(of, _)| *of == made) {
            return Ok(Arc::clone(index));
        }
    }
    let names: HashMap<OrganisationCode, String> = directory
        .directory
        .records()
        .iter()
        .filter_map(|record| match record {
            Record::Organisation(record) => Some((record.code.clone(), record.name.clone())),
            _ => None,
        })
        .collect();
    let open: HashSet<SystemId> = directory
        .directory
        .records()
        .iter()
        .filter_map(|record| match record {
            Record::System(record) => Some(record.id.clone()),
            _ => None,
        })
        .collect();
    let mut services = service::sql::all(&registry.database).await?;
    services.retain(|service| open.contains(&service.id.system_id()));
    let index = Arc::new(Index::of(services, &names));
    *shelf.lock() = Some((made, Arc::clone(&index)));
    Ok(index)
}
