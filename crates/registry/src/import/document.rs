//! A registry as a document: rows by noun, each value in its one written form.
//!
//! ```json
//! {"lgsp_registry": 1, "organisation": [{"code": "H24", "name": "…", "registered_at": "…"}], …}
//! ```
//! A member that a row lacks is not known; `null` says that there is none. What the shape does not
//! name is a problem, with the place where it stands.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use wire::problem::Text;

use super::shape::{TABLES, Table, table};
use super::{value, word};

/// The member that says that a document is one.
pub(crate) const MARK: &str = "lgsp_registry";
/// The version of the format.
pub(crate) const VERSION: u64 = 1;
/// Problems that are told at once.
const MOST_PROBLEMS: usize = 100;

/// A row: values by column, in their written form. A column that is not there is not known.
pub(crate) type Row = BTreeMap<&'static str, Value>;

/// Rows of one noun by key.
pub(crate) type Rows = BTreeMap<Key, Row>;

/// The key of a row: the values of its key columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) Vec<String>);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("#"))
    }
}

/// A registry, or part of one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) tables: BTreeMap<&'static str, Rows>,
}

/// Something in a document that cannot be, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentProblem {
    /// `organisation[3].code`.
    pub(crate) place: String,
    pub(crate) rule: Text,
}

impl Document {
    /// The rows of a noun.
    pub(crate) fn rows(&self, name: &str) -> impl Iterator<Item = (&Key, &Row)> {
        self.tables.get(name).into_iter().flatten()
    }

    /// How many rows it has.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.tables.values().map(BTreeMap::len).sum()
    }

    /// One row.
    pub(crate) fn row(&self, name: &str, key: &Key) -> Option<&Row> {
        self.tables.get(name)?.get(key)
    }

    /// Puts a row in; gives back the one that stood there.
    pub(crate) fn put(&mut self, table: &'static Table, row: Row) -> Option<Row> {
        let key = key_of(table, &row);
        self.tables.entry(table.name).or_default().insert(key, row)
    }

    /// Reads a document. All problems are told, up to a bound.
    pub(crate) fn read(json: &Value) -> Result<Self, Vec<DocumentProblem>> {
        let mut reader = Reader::default();
        let Some(members) = json.as_object() else {
            return Err(vec![problem("", not_a_document())]);
        };
        if members.get(MARK).and_then(Value::as_u64) != Some(VERSION) {
            return Err(vec![problem(MARK, not_a_document())]);
        }
        for (name, rows) in members.iter().filter(|(name, _)| *name != MARK) {
            match (table(name), rows.as_array()) {
                (Some(table), Some(rows)) => reader.table(table, rows),
                (None, _) => reader.complain(name.clone(), unknown_noun()),
                (Some(_), None) => reader.complain(name.clone(), not_a_list()),
            }
        }
        if reader.problems.is_empty() { Ok(reader.document) } else { Err(reader.problems) }
    }

    /// Writes the document.
    pub(crate) fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert(MARK.to_owned(), VERSION.into());
        for table in TABLES {
            let rows = self.rows(table.name).map(|(_, row)| row_to_json(row)).collect();
            members.insert(table.name.to_owned(), Value::Array(rows));
        }
        Value::Object(members)
    }
}

/// A row as a JSON object.
pub(crate) fn row_to_json(row: &Row) -> Value {
    let members = row.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(members.collect())
}

/// The key of a row that has all its key columns.
pub(crate) fn key_of(table: &Table, row: &Row) -> Key {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let columns = table.key_columns().iter();
    Key(columns.map(|column| row.get(column.name).map(text).unwrap_or_default()).collect())
}

#[derive(Default)]
struct Reader {
    document: Document,
    problems: Vec<DocumentProblem>,
}

impl Reader {
    fn complain(&mut self, place: String, rule: Text) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(DocumentProblem { place, rule });
        }
    }

    fn table(&mut self, table: &'static Table, rows: &[Value]) {
        for (number, row) in rows.iter().enumerate() {
            let place = format!("{}[{number}]", table.name);
            let before = self.problems.len();
            let Some(row) = self.row(table, &place, row) else {
                continue;
            };
            if self.problems.len() == before && self.document.put(table, row).is_some() {
                self.complain(place, twice());
            }
        }
    }

    fn row(&mut self, table: &'static Table, place: &str, row: &Value) -> Option<Row> {
        let Some(members) = row.as_object() else {
            self.complain(place.to_owned(), not_a_row());
            return None;
        };
        let mut read = Row::new();
        for (name, value) in members {
            let place = format!("{place}.{name}");
            let Some(column) = table.column(name) else {
                self.complain(place, unknown_column(table));
                continue;
            };
            if value.is_null() {
                if column.is_needed {
                    self.complain(place, needed());
                } else {
                    read.insert(column.name, Value::Null);
                }
                continue;
            }
            match value::normal(column.kind, value) {
                Ok(Value::String(text)) if !word::may_stand(table.name, column.name, &text) => {
                    self.complain(place, word::unknown(&text));
                }
                Ok(value) => {
                    read.insert(column.name, value);
                }
                Err(rule) => self.complain(place, rule),
            }
        }
        for column in table.key_columns() {
            if !members.contains_key(column.name) {
                self.complain(format!("{place}.{}", column.name), needed());
            }
        }
        Some(read)
    }
}

/// A problem at a place.
pub(crate) fn problem(place: impl Into<String>, rule: Text) -> DocumentProblem {
    DocumentProblem { place: place.into(), rule }
}

fn not_a_document() -> Text {
    Text::new(
        "Tài liệu phải là một đối tượng JSON có \"lgsp_registry\": 1.",
        "The document must be a JSON object with \"lgsp_registry\": 1.",
    )
}

fn unknown_noun() -> Text {
    let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
    let names = names.join(", ");
    Text::new(
        format!("Không có loại đối tượng này; các loại là: {names}."),
        format!("There is no such noun; there are: {names}."),
    )
}

fn not_a_list() -> Text {
    Text::new("Phải là một danh sách.", "It must be a list.")
}

fn not_a_row() -> Text {
    Text::new("Phải là một đối tượng JSON.", "It must be a JSON object.")
}

fn twice() -> Text {
    Text::new("Đối tượng này đã có trong cùng tài liệu.", "The document names this one twice.")
}

fn needed() -> Text {
    Text::new("Phải có giá trị.", "It must have a value.")
}

fn unknown_column(table: &Table) -> Text {
    let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let names = names.join(", ");
    Text::new(
        format!("Không có trường này; các trường là: {names}."),
        format!("There is no such field; there are: {names}."),
    )
}
