//! Raw values with the place each was written at: first the file, then the environment over it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::keys;
use super::problem::{ConfigProblem, ConfigProblems, Place};

/// Prefix of the variables that set keys, and what stands between section and key in their names.
const VARIABLE_PREFIX: &str = "LGSP__";
const VARIABLE_SEPARATOR: &str = "__";

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    /// A TOML string.
    Text(String),
    /// A TOML integer, as digits.
    Integer(String),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array of strings.
    List(Vec<String>),
    /// The text of a variable, which has no type of its own.
    Variable(String),
    /// A value of a kind that no key takes.
    Other(String),
}

impl Raw {
    /// As it was written, for a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Variable(text) => format!("{text:?}"),
            Self::Integer(digits) => digits.clone(),
            Self::Boolean(value) => value.to_string(),
            Self::List(items) => format!("{items:?}"),
            Self::Other(kind) => kind.clone(),
        }
    }
}

/// All values that are set, by key.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) values: BTreeMap<&'static str, (Place, Raw)>,
    /// Where a missing key would be looked for.
    pub(super) home: Place,
    /// Unknown keys, told together with impossible values.
    pub(super) problems: Vec<ConfigProblem>,
}

impl Source {
    /// Reads file and environment. Fails at once only if the file can't be read as TOML.
    pub(super) fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigProblems> {
        let home = file.map_or(Place::Nowhere, |file| Place::File(file.to_owned()));
        let mut source = Self { values: BTreeMap::new(), home, problems: Vec::new() };
        if let Some(file) = file {
            let text =
                std::fs::read_to_string(file).map_err(|error| ConfigProblem::Unreadable {
                    place: Place::File(file.to_owned()),
                    reason: error.to_string(),
                })?;
            source.take_file(file, &text)?;
        }
        source.take_environment(environment);
        Ok(source)
    }

    fn take_file(&mut self, file: &Path, text: &str) -> Result<(), ConfigProblems> {
        let lines = Lines { file: file.to_owned(), text };
        let document = DeTable::parse(text).map_err(|error| ConfigProblem::NotToml {
            place: error.span().map_or(Place::File(file.to_owned()), |span| lines.place(&span)),
            reason: error.message().to_owned(),
        })?;
        for (section, value) in document.get_ref() {
            let section_name: &str = section.get_ref();
            let Some(keys_of) = value.get_ref().as_table() else {
                self.unknown(lines.place(&section.span()), section_name.to_owned());
                continue;
            };
            for (key, value) in keys_of {
                let name = format!("{section_name}.{}", key.get_ref());
                let place = lines.place(&key.span());
                self.take(place, &name, raw(value.get_ref()));
            }
        }
        Ok(())
    }

    fn take_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        let mut variables: Vec<(String, String)> = environment.into_iter().collect();
        variables.sort();
        for (variable, value) in variables {
            let Some(path) = variable.strip_prefix(VARIABLE_PREFIX) else {
                continue;
            };
            let name = path.replace(VARIABLE_SEPARATOR, ".").to_lowercase();
            self.take(Place::Variable(variable), &name, Raw::Variable(value));
        }
    }

    fn take(&mut self, place: Place, name: &str, value: Raw) {
        match keys::find(name) {
            Some(key) => {
                self.values.insert(key.name, (place, value));
            }
            None => self.unknown(place, name.to_owned()),
        }
    }

    fn unknown(&mut self, place: Place, name: String) {
        self.problems.push(ConfigProblem::UnknownKey { place, name });
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => {
            Raw::Integer(number.as_str().replace('_', ""))
        }
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            let texts: Option<Vec<String>> = texts.collect();
            texts.map_or_else(|| Raw::Other("a list of other things than text".into()), Raw::List)
        }
        other => Raw::Other(format!("a value of the kind {}", other.type_str())),
    }
}

/// Turns byte ranges of the file into line numbers.
struct Lines<'a> {
    file: PathBuf,
    text: &'a str,
}

impl Lines<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Place::Line(self.file.clone(), line)
    }
}
