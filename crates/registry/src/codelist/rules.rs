//! What the entries of a version must keep together. Pure.

use std::collections::{BTreeMap, HashMap};

use wire::problem::Text;

use super::MAX_ENTRIES;
use super::entry::{Entry, Key};
use crate::calendar::Day;

/// The most mistakes that are told at once; nobody looks for more.
pub(super) const MAX_TOLD: usize = 20;

/// Entries by key, and so each once.
pub(crate) type Entries = BTreeMap<Key, Entry>;

/// A mistake of an upload: the place (a line, a member), and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) place: Text,
    pub(super) rule: Text,
}

/// An entry and where it stands in the upload.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) place: Text,
    pub(super) entry: Entry,
}

/// All entries, if they are a list; else their mistakes, as many as are told at once.
pub(super) fn check(given: Vec<Placed>) -> Result<Entries, Vec<Mistake>> {
    let whole = || Text::new("cả danh mục", "the whole list");
    if given.is_empty() || given.len() > MAX_ENTRIES {
        let rule = Text::new(
            format!("từ 1 đến {MAX_ENTRIES} mục."),
            format!("1 to {MAX_ENTRIES} entries."),
        );
        return Err(vec![Mistake { place: whole(), rule }]);
    }
    let mut mistakes = Vec::new();
    let mut entries = Entries::new();
    let mut places = HashMap::new();
    for Placed { place, entry } in given {
        if mistakes.len() == MAX_TOLD {
            break;
        }
        match entry.checked() {
            Ok(entry) => {
                let key = entry.key();
                if entries.insert(key.clone(), entry).is_some() {
                    mistakes.push(Mistake { place: place.clone(), rule: twice(&key.0) });
                }
                places.insert(key, place);
            }
            Err((member, rule)) => {
                mistakes.push(Mistake { place: within(&place, &member), rule });
            }
        }
    }
    if mistakes.is_empty() {
        let mut told = |key: &Key, member: &str, rule: Text| {
            let place = places.get(key).cloned().unwrap_or_else(whole);
            mistakes.push(Mistake { place: within(&place, member), rule });
            mistakes.len() < MAX_TOLD
        };
        check_together(&entries, &mut told);
    }
    if mistakes.is_empty() { Ok(entries) } else { Err(mistakes) }
}

/// Tells what does not fit together, as long as `told` wants to hear more.
fn check_together(entries: &Entries, told: &mut impl FnMut(&Key, &str, Text) -> bool) {
    for (key, entry) in entries {
        for (member, rule) in mistakes_of(entries, entry) {
            if !told(key, member, rule) {
                return;
            }
        }
    }
}

fn mistakes_of(entries: &Entries, entry: &Entry) -> Vec<(&'static str, Text)> {
    let mut found = Vec::new();
    let mut others = periods(entries, &entry.code);
    if others.any(|other| other.valid_from != entry.valid_from && other.overlaps(entry)) {
        found.push(("valid_from", overlapping(&entry.code)));
    }
    if periods(entries, &entry.code).nth(MAX_PERIODS).is_some() {
        found.push(("code", too_many_periods(&entry.code)));
    }
    if let Some(parent) = &entry.parent
        && !periods(entries, parent).any(|above| above.overlaps(entry))
    {
        found.push(("parent", not_there(parent)));
    }
    if is_below_itself(entries, entry) {
        found.push(("parent", circle()));
    }
    for successor in &entry.successors {
        if entry.valid_until.is_some_and(|end| valid_on(entries, successor, end).is_none()) {
            found.push(("successors", no_successor(successor)));
        }
    }
    found
}

/// All periods of a code, the oldest first.
pub(super) fn periods<'a>(entries: &'a Entries, code: &str) -> impl Iterator<Item = &'a Entry> {
    let code = code.to_owned();
    let from = (code.clone(), None);
    entries.range(from..).map(|(_, entry)| entry).take_while(move |entry| entry.code == code)
}

/// What a code means on a day.
pub(super) fn valid_on<'a>(entries: &'a Entries, code: &str, day: Day) -> Option<&'a Entry> {
    periods(entries, code).find(|entry| entry.is_valid_on(day))
}

/// Whether going up leads back to where it began.
fn is_below_itself(entries: &Entries, entry: &Entry) -> bool {
    let mut above = entry.parent.as_ref();
    // A way up that is longer than there are codes has a code twice; the other code on the circle is told.
    for _ in 0..MAX_DEPTH {
        let Some(parent) = above else { return false };
        if *parent == entry.code {
            return true;
        }
        let next = periods(entries, parent).find(|next| next.overlaps(entry));
        above = next.and_then(|next| next.parent.as_ref());
    }
    true
}

/// The most levels of a list.
const MAX_DEPTH: usize = 32;
/// The most periods of one code: each is compared with all the others.
const MAX_PERIODS: usize = 50;

fn within(place: &Text, member: &str) -> Text {
    Text::new(format!("{}, {member}", place.vi), format!("{}, {member}", place.en))
}

fn twice(code: &str) -> Text {
    Text::new(
        format!("mã chưa có ở dòng khác; «{code}» đã có cùng ngày bắt đầu."),
        format!("another code or day; `{code}` stands there twice from the same day."),
    )
}

fn overlapping(code: &str) -> Text {
    Text::new(
        format!("ngày mà «{code}» không có nghĩa khác; hai thời kỳ của mã chồng lên nhau."),
        format!("a day on which `{code}` means nothing else; two of its periods overlap."),
    )
}

fn too_many_periods(code: &str) -> Text {
    Text::new(
        format!("mã có tối đa {MAX_PERIODS} thời kỳ; «{code}» có nhiều hơn."),
        format!("a code with at most {MAX_PERIODS} periods; `{code}` has more."),
    )
}

fn not_there(code: &str) -> Text {
    Text::new(
        format!("mã có trong danh mục và có hiệu lực cùng thời kỳ; không có «{code}» như vậy."),
        format!("a code of this list that is valid in the same time; there is no such `{code}`."),
    )
}

fn circle() -> Text {
    Text::new(
        format!("mã cấp trên không vòng lại chính nó, tối đa {MAX_DEPTH} cấp."),
        format!("a code above it that does not lead back to it, at most {MAX_DEPTH} levels."),
    )
}

fn no_successor(code: &str) -> Text {
    Text::new(
        format!("mã có hiệu lực vào ngày mã này hết hiệu lực; «{code}» thì không."),
        format!("a code that is valid on the day on which this one ends; `{code}` is not."),
    )
}
