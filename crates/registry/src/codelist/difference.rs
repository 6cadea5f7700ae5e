//! What one version of a list changes of another. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::entry::Entry;
use super::rules::Entries;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is other than it was.
    Changed,
    /// It is there no more.
    Removed,
}

/// A difference of two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CodeListChange)]
pub(crate) struct EntryChange {
    /// What became of it.
    pub(crate) kind: ChangeKind,
    /// In which version that came, or came last.
    #[schema(example = 2)]
    pub(crate) version: u32,
    /// As it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Entry>,
    /// As it is after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Entry>,
}

impl EntryChange {
    /// The change from one state to the other, at least one of which is.
    pub(crate) fn of(before: Option<Entry>, after: Option<Entry>, version: u32) -> Self {
        let kind = match (&before, &after) {
            (None, _) => ChangeKind::Added,
            (Some(_), Some(_)) => ChangeKind::Changed,
            (Some(_), None) => ChangeKind::Removed,
        };
        Self { kind, version, before, after }
    }

    /// Which entry it is about.
    pub(crate) fn about(&self) -> Option<&Entry> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// What `after`, which is to be version `number`, changes of `before`, in the order of the keys.
pub(crate) fn difference(before: &Entries, after: &Entries, number: u32) -> Vec<EntryChange> {
    let gone = before.iter().filter(|(key, _)| !after.contains_key(key));
    let gone = gone.map(|(key, entry)| (key, EntryChange::of(Some(entry.clone()), None, number)));
    let here = after.iter().filter_map(|(key, entry)| {
        let earlier = before.get(key);
        (earlier != Some(entry))
            .then(|| (key, EntryChange::of(earlier.cloned(), Some(entry.clone()), number)))
    });
    let mut all: Vec<_> = gone.chain(here).collect();
    all.sort_by_key(|(key, _)| *key);
    all.into_iter().map(|(_, change)| change).collect()
}

/// How many of a kind there are.
pub(crate) fn count(changes: &[EntryChange], kind: ChangeKind) -> u32 {
    let found = changes.iter().filter(|change| change.kind == kind).count();
    u32::try_from(found).unwrap_or(u32::MAX)
}
