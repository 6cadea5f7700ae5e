//! Two registries become one: what would change, what they disagree on, and what became of each row.
//!
//! Pure: the registry as it is and what comes in, in; a proposal, out. It is made anew from the same
//! document when it is carried out, within the transaction that does so.
//!
//! **Invariant**: every row that comes in has exactly one [`Fate`]; nothing gets lost unsaid.

mod compare;
mod completed;
mod hidden;
#[cfg(test)]
mod tests;
mod whole;
mod wording;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wire::ambient::UtcMicros;
use wire::problem::Text;

use self::compare::{Neighbours, differences};
pub(super) use self::completed::derived;
use self::completed::{alias, complete, first_event, referred_first};
use self::hidden::hidden;
use self::wording::{
    circle, collides, decided, hides, lacks_value, no_such_choice, not_as_the_key_says,
    refers_to_nothing, secret_elsewhere, without,
};
use super::conflict::{Choice, Conflict, ConflictKind, Resolution};
use super::document::{Document, DocumentProblem, Key, Row, problem};
use super::rename::{Renamed, Renames};
use super::shape::{Kind, TABLES, Table, table};
use super::value;

/// What would become of the registry.
#[derive(Debug, Default)]
pub(crate) struct Proposal {
    /// Rows to write, in an order that references allow.
    pub(crate) changes: Vec<RowChange>,
    /// All that the two disagree on.
    pub(crate) conflicts: Vec<Conflict>,
    /// What became of each row that came in.
    pub(crate) fates: Vec<(&'static str, Key, Fate)>,
    /// Codes of organisations and ids of systems that become aliases: old, new.
    pub(crate) aliases: BTreeMap<String, String>,
    /// What makes the document impossible.
    pub(crate) problems: Vec<DocumentProblem>,
    /// Decisions about conflicts that there are not, perhaps because of other decisions.
    pub(crate) unused: Vec<String>,
}

/// A row to write.
#[derive(Debug, Clone)]
pub(crate) struct RowChange {
    pub(crate) table: &'static Table,
    pub(crate) key: Key,
    /// What stands there now.
    pub(crate) before: Option<Row>,
    /// All columns.
    pub(crate) after: Row,
}

/// What becomes of a row that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is new.
    Added,
    /// It stands here already, word for word.
    Same,
    /// It takes the place of what is here.
    Taken,
    /// What is here stays.
    Kept,
    /// It is the same organisation as this one, whose code is its code now.
    Joined(String),
    /// It does not come in, for this reason.
    LeftOut(Text),
}

/// Under which terms a document comes in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// When it was proposed: what it does not date is of then.
    pub(crate) at: UtcMicros,
    /// The decision on which it rests.
    pub(crate) decision: &'a str,
}

/// What `theirs` would make of `ours`.
pub(crate) fn propose(
    ours: &Document,
    theirs: Document,
    resolutions: &[Resolution],
    terms: Terms<'_>,
) -> Proposal {
    let resolutions = Resolutions::of(resolutions);
    let (renamed, joined, problems) = resolutions.rename(theirs);
    let mut merging = Merging {
        ours,
        terms,
        neighbours: Neighbours::of(ours),
        left_out: BTreeSet::new(),
        wholes: BTreeMap::new(),
        joined,
        resolutions,
        renamed,
        proposal: Proposal { problems, ..Proposal::default() },
    };
    for table in TABLES {
        merging.table(table);
    }
    merging.finish()
}

struct Merging<'a> {
    ours: &'a Document,
    terms: Terms<'a>,
    neighbours: Neighbours,
    resolutions: Resolutions<'a>,
    renamed: Renamed,
    /// What does not come in: what refers to it cannot either.
    left_out: BTreeSet<(&'static str, Key)>,
    /// Organisations that are another one's double, and their parts.
    joined: Joined,
    /// What became of each organisation, system, service and connection, by its new key.
    wholes: BTreeMap<(&'static str, Key), Fate>,
    proposal: Proposal,
}

/// What was decided, by conflict.
struct Resolutions<'a> {
    all: BTreeMap<&'a str, &'a Choice>,
    used: BTreeSet<&'a str>,
}

impl<'a> Resolutions<'a> {
    fn of(all: &'a [Resolution]) -> Self {
        let all = all.iter().map(|one| (one.conflict.as_str(), &one.choice)).collect();
        Self { all, used: BTreeSet::new() }
    }

    fn of_conflict(&mut self, id: &str) -> Option<Choice> {
        let (id, choice) = self.all.get_key_value(id)?;
        self.used.insert(id);
        Some((*choice).clone())
    }

    /// Gives what comes in the names that were chosen for it. What is another one's double is taken
    /// out of the document; what lies below it is not.
    fn rename(&self, mut theirs: Document) -> (Renamed, Joined, Vec<DocumentProblem>) {
        let (mut renames, mut joined) = (Renames::default(), Vec::new());
        let mut problems = Vec::new();
        for (id, choice) in &self.all {
            let (Some(code), mut words) = (new_code(choice), id.split(' ').skip(1)) else {
                continue;
            };
            let (Some(noun), Some(key)) = (words.next(), words.next()) else {
                continue;
            };
            let (names, kind) = match noun {
                "organisation" => (&mut renames.organisations, Kind::Organisation),
                "system" => (&mut renames.systems, Kind::System),
                "service" => (&mut renames.services, Kind::Service),
                _ => continue,
            };
            if let Err(rule) = value::normal(kind, &code.into()) {
                problems.push(problem(*id, rule));
                continue;
            }
            names.insert(key.to_owned(), code.to_owned());
            if let (Choice::SameAs { .. }, "organisation") = (choice, noun) {
                joined.extend(take_out(&mut theirs, key, code));
            }
        }
        (renames.apply(&theirs), joined, problems)
    }
}

/// Rows that are doubles of rows here: noun, key, and whose.
type Joined = Vec<(&'static str, Key, String)>;

/// Takes the double of an organisation and its parts out of a document.
fn take_out(theirs: &mut Document, code: &str, one: &str) -> Joined {
    let mut out = Vec::new();
    for table in TABLES {
        let is_it = table.name == "organisation" || table.part_of() == Some("organisation");
        let Some(rows) = theirs.tables.get_mut(table.name).filter(|_| is_it) else {
            continue;
        };
        let of_it = |key: &&Key| key.0.first().is_some_and(|first| first == code);
        let keys: Vec<_> = rows.keys().filter(of_it).cloned().collect();
        for key in keys {
            rows.remove(&key);
            out.push((table.name, key, one.to_owned()));
        }
    }
    out
}

/// The code that a choice names.
fn new_code(choice: &Choice) -> Option<&str> {
    match choice {
        Choice::As { code } | Choice::SameAs { code } => Some(code),
        Choice::Keep | Choice::Take | Choice::Both => None,
    }
}

impl Merging<'_> {
    fn table(&mut self, table: &'static Table) {
        let rows = self.renamed.document.tables.remove(table.name).unwrap_or_default();
        let (rows, circles) = referred_first(table, rows);
        for key in circles {
            let key = self.called(table, &key);
            self.proposal.problems.push(problem(format!("{} {key}", table.name), circle()));
            self.proposal.fates.push((table.name, key, Fate::LeftOut(circle())));
        }
        for (key, row) in rows {
            let fate = self.row(table, &key, row);
            if matches!(fate, Fate::LeftOut(_)) {
                self.left_out.insert((table.name, key.clone()));
            }
            self.wholes.insert((table.name, key.clone()), fate.clone());
            self.proposal.fates.push((table.name, self.called(table, &key), fate));
        }
    }

    /// What a row was called when it came in.
    fn called(&self, table: &'static Table, key: &Key) -> Key {
        self.renamed.called.get(&(table.name, key.clone())).unwrap_or(key).clone()
    }

    fn row(&mut self, table: &'static Table, key: &Key, mut row: Row) -> Fate {
        if let Some((column, value)) = derived(table, key)
            && row.get(column).is_some_and(|told| *told != value)
        {
            let place = format!("{} {}.{column}", table.name, self.called(table, key));
            self.proposal.problems.push(problem(place, not_as_the_key_says()));
            return Fate::LeftOut(not_as_the_key_says());
        }
        let ours = self.ours.row(table.name, key);
        let is_the_same = ours.is_some_and(|ours| differences(table, ours, &row).is_empty());
        if let Some(reason) = whole::stays(self.ours, table, key).filter(|_| !is_the_same) {
            return Fate::LeftOut(reason);
        }
        if ours.is_none() {
            complete(table, key, &mut row, self.terms.at);
        }
        if let Some(reason) = self.missing_reference(table, key, &row) {
            return Fate::LeftOut(reason);
        }
        if let Some(profile) = whole::profile_of(table, &row)
            && !self.proposal.changes.iter().any(|it| whole::is_version_of(it, profile))
            && !is_the_same
        {
            let place = format!("{} {}.profile", table.name, self.called(table, key));
            let reason = refers_to_nothing("profile", profile);
            self.proposal.problems.push(problem(place, reason.clone()));
            return Fate::LeftOut(reason);
        }
        if let Some(whole) = table.part_of() {
            let of = Key(key.0.first().cloned().into_iter().collect());
            let whole = self.wholes.get(&(whole, of)).cloned();
            match ours {
                Some(ours) => return self.part(table, whole.as_ref(), key, ours, &row),
                None if whole == Some(Fate::Kept) => return Fate::Kept,
                None => {}
            }
        }
        match ours {
            Some(ours) => self.known(table, key, ours, row),
            None => self.unknown(table, key, row),
        }
    }

    /// A part of something that is here goes where the whole goes; nobody decides about it alone.
    fn part(
        &mut self,
        table: &'static Table,
        whole: Option<&Fate>,
        key: &Key,
        ours: &Row,
        theirs: &Row,
    ) -> Fate {
        if differences(table, ours, theirs).is_empty() {
            return Fate::Same;
        }
        match whole {
            Some(Fate::Taken) => {
                let mut after = ours.clone();
                after.extend(theirs.clone());
                self.change(table, key, Some(ours.clone()), after);
                Fate::Taken
            }
            _ => Fate::Kept,
        }
    }

    /// Both have a row of this key.
    fn known(&mut self, table: &'static Table, key: &Key, ours: &Row, theirs: Row) -> Fate {
        let differs = differences(table, ours, &theirs);
        if differs.is_empty() {
            return Fate::Same;
        }
        let conflict =
            Conflict { differs, ..self.conflict(ConflictKind::SameCode, table, key, None) };
        let choice = self.note(conflict);
        if table.name == "organisation" {
            self.neighbours.dispute(key);
        }
        let mut after = ours.clone();
        after.extend(theirs);
        match choice {
            Some(Choice::Take) => {
                self.change(table, key, Some(ours.clone()), after);
                Fate::Taken
            }
            _ => Fate::Kept,
        }
    }

    /// Only what comes in has a row of this key.
    fn unknown(&mut self, table: &'static Table, key: &Key, mut row: Row) -> Fate {
        let mut lacks = false;
        for column in table.columns {
            match (row.get(column.name), column.is_needed) {
                (None, true) => {
                    lacks = true;
                    let place =
                        format!("{} {}.{}", table.name, self.called(table, key), column.name);
                    self.proposal.problems.push(problem(place, lacks_value()));
                }
                (None, false) => {
                    row.insert(column.name, Value::Null);
                }
                (Some(_), _) => {}
            }
        }
        if lacks {
            return Fate::LeftOut(lacks_value());
        }
        if table.name == "credential" && row.get("public_key").is_none_or(Value::is_null) {
            return Fate::LeftOut(secret_elsewhere());
        }
        if let Some((kind, ours)) = self.neighbours.conflict(table, key, &row) {
            let choice = self.note(self.conflict(kind, table, key, Some(ours)));
            if let Some(Choice::Keep) = choice {
                return Fate::LeftOut(decided());
            }
        }
        self.neighbours.add(table, key);
        self.change(table, key, None, row);
        Fate::Added
    }

    /// Why a row that refers to something cannot come in.
    fn missing_reference(&mut self, table: &'static Table, key: &Key, row: &Row) -> Option<Text> {
        for column in table.columns {
            let (Some(referred), Some(value)) =
                (column.kind.refers_to(), row.get(column.name).and_then(Value::as_str))
            else {
                continue;
            };
            let other = Key(vec![value.to_owned()]);
            if referred == table.name && other == *key {
                continue;
            }
            if self.left_out.contains(&(referred, other.clone())) {
                return Some(without(referred, value));
            }
            let is_here = self.ours.row(referred, &other).is_some()
                || self.neighbours.is_added(referred, &other);
            if !is_here {
                let place = format!("{} {}.{}", table.name, self.called(table, key), column.name);
                self.proposal.problems.push(problem(place, refers_to_nothing(referred, value)));
                return Some(refers_to_nothing(referred, value));
            }
        }
        None
    }

    fn conflict(
        &self,
        kind: ConflictKind,
        table: &'static Table,
        key: &Key,
        ours: Option<String>,
    ) -> Conflict {
        let theirs = self.called(table, key).to_string();
        Conflict {
            id: format!("{} {} {theirs}", kind.as_str(), table.name),
            kind,
            noun: table.name.to_owned(),
            theirs,
            ours,
            differs: Vec::new(),
            choices: kind.choices(table.name).iter().map(|&choice| choice.to_owned()).collect(),
            chosen: None,
        }
    }

    /// Notes a conflict with what was decided about it, if that can be decided.
    fn note(&mut self, mut conflict: Conflict) -> Option<Choice> {
        let chosen = self.resolutions.of_conflict(&conflict.id);
        if let Some(choice) = &chosen
            && !conflict.choices.iter().any(|possible| possible == choice.name())
        {
            self.proposal.problems.push(problem(conflict.id.clone(), no_such_choice(&conflict)));
        }
        conflict.chosen.clone_from(&chosen);
        self.proposal.conflicts.push(conflict);
        chosen
    }

    fn change(&mut self, table: &'static Table, key: &Key, before: Option<Row>, after: Row) {
        self.proposal.changes.push(RowChange { table, key: key.clone(), before, after });
    }

    fn finish(mut self) -> Proposal {
        for (noun, key, code) in std::mem::take(&mut self.joined) {
            if noun == "organisation" {
                self.proposal.aliases.insert(key.to_string(), code.clone());
            }
            self.proposal.fates.push((noun, key, Fate::Joined(code)));
        }
        for (noun, key) in std::mem::take(&mut self.renamed.collided) {
            let place = format!("{noun} {key}");
            self.proposal.problems.push(problem(place, collides()));
            self.proposal.fates.push((noun, key, Fate::LeftOut(collides())));
        }
        self.lead_on();
        self.hide_nothing();
        self.note_renamed();
        self.begin_histories();
        self.proposal
    }

    /// An organisation whose history the document does not tell has one from now on.
    fn begin_histories(&mut self) {
        let Some(table) = table("organisation_event") else {
            return;
        };
        let changes = &self.proposal.changes;
        let told: BTreeSet<_> = changes
            .iter()
            .filter(|change| change.table.name == table.name)
            .filter_map(|change| change.key.0.first().cloned())
            .collect();
        let new = changes
            .iter()
            .filter(|change| change.table.name == "organisation" && change.before.is_none());
        let untold = new.filter(|change| !told.contains(&change.key.to_string()));
        let begun: Vec<_> = untold.map(|change| first_event(table, change)).collect();
        self.proposal.changes.extend(begun);
    }

    /// Old names lead to the new ones, unless something here bears them.
    fn lead_on(&mut self) {
        let mut aliases = std::mem::take(&mut self.proposal.aliases);
        for noun in ["organisation", "system"] {
            for ((_, new), old) in self.renamed.called.iter().filter(|((of, _), _)| *of == noun) {
                let (old, new) = (old.to_string(), new.to_string());
                let led = old.split_once('/').and_then(|(organisation, system)| {
                    Some(format!("{}/{system}", aliases.get(organisation)?))
                });
                // A system follows its organisation's alias.
                if led.as_ref() != Some(&new) {
                    aliases.insert(old, new);
                }
            }
        }
        let is_borne = |name: &str| {
            let key = Key(vec![name.to_owned()]);
            ["organisation", "system", "alias"].into_iter().any(|noun| {
                self.ours.row(noun, &key).is_some() || self.neighbours.is_added(noun, &key)
            })
        };
        aliases.retain(|old, _| !is_borne(old));
        if let Some(table) = table("alias") {
            let rows = aliases.iter().map(|(old, new)| alias(table, old, new, self.terms));
            self.proposal.changes.extend(rows.collect::<Vec<_>>());
        }
        self.proposal.aliases = aliases;
    }

    /// What is in force here afterwards must not be led away from, nor what leads on be borne.
    fn hide_nothing(&mut self) {
        for (noun, key) in hidden(self.ours, &self.proposal.changes) {
            let called = table(noun).map(|table| self.called(table, &key));
            let place = format!("{noun} {}", called.unwrap_or_else(|| key.clone()));
            self.proposal.problems.push(problem(place, hides(&key.to_string())));
        }
    }

    /// What was renamed is no conflict any more; it stays in the list with its decision.
    fn note_renamed(&mut self) {
        let came_in: BTreeSet<_> =
            self.proposal.fates.iter().map(|(noun, key, _)| format!("{noun} {key}")).collect();
        for (id, choice) in self.resolutions.all.clone() {
            if self.resolutions.used.contains(id) {
                continue;
            }
            let (kind, about) = id.split_once(' ').unwrap_or((id, ""));
            let kinds = [
                ConflictKind::SameCode,
                ConflictKind::SameName,
                ConflictKind::OverlappingTrees,
                ConflictKind::Recode,
            ];
            let kind = kinds.into_iter().find(|known| known.as_str() == kind);
            match kind.filter(|_| new_code(choice).is_some() && came_in.contains(about)) {
                Some(kind) => self.proposal.conflicts.push(Conflict {
                    id: id.to_owned(),
                    kind,
                    noun: about.split(' ').next().unwrap_or_default().to_owned(),
                    theirs: about.split(' ').nth(1).unwrap_or_default().to_owned(),
                    ours: None,
                    differs: Vec::new(),
                    choices: Vec::new(),
                    chosen: Some(choice.clone()),
                }),
                None => self.proposal.unused.push(id.to_owned()),
            }
        }
        self.proposal.conflicts.sort_by(|one, other| one.id.cmp(&other.id));
    }
}

impl Proposal {
    /// The rows that it brings belong to the change of this number.
    pub(crate) fn belong_to(&mut self, sequence: u64) {
        for change in self.changes.iter_mut().filter(|change| change.before.is_none()) {
            for column in change.table.columns.iter().filter(|it| it.kind == Kind::Record) {
                change.after.insert(column.name, sequence.into());
            }
        }
    }
}
