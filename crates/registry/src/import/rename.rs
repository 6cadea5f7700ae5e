//! New codes for what comes in, and everything that names the old ones.
//!
//! An organisation's new code is the new beginning of all codes and ids below it, for the tree of
//! QĐ 20/2020/QĐ-TTg is strict: its parent is the prefix.

use std::collections::BTreeMap;

use serde_json::Value;

use super::agreed;
use super::document::{Document, Key, Row, key_of};
use super::merge::derived;
use super::shape::{Kind, TABLES, Table};

/// Old codes and ids, and what takes their place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Renames {
    /// Of organisations: with all that lies below them.
    pub(crate) organisations: BTreeMap<String, String>,
    /// Of systems: with their services.
    pub(crate) systems: BTreeMap<String, String>,
    /// Of services.
    pub(crate) services: BTreeMap<String, String>,
}

/// What comes in under its new names, and what each row was called.
#[derive(Debug, Default)]
pub(crate) struct Renamed {
    pub(crate) document: Document,
    /// The key that a row came in with, where it has another now.
    pub(crate) called: BTreeMap<(&'static str, Key), Key>,
    /// Rows that came to have the key of another row: by noun and old key.
    pub(crate) collided: Vec<(&'static str, Key)>,
}

impl Renames {
    /// `document` under its new names.
    pub(crate) fn apply(&self, document: &Document) -> Renamed {
        let mut renamed = Renamed::default();
        for table in TABLES {
            let Some(rows) = document.tables.get(table.name) else {
                continue;
            };
            for (old, row) in rows {
                let mut row = self.row(table, row);
                let key = key_of(table, &row);
                if renamed.document.row(table.name, &key).is_some() {
                    renamed.collided.push((table.name, old.clone()));
                    continue;
                }
                if key != *old {
                    if let Some((column, value)) = derived(table, &key) {
                        row.insert(column, value);
                    }
                    renamed.called.insert((table.name, key), old.clone());
                }
                renamed.document.put(table, row);
            }
        }
        agreed::follow(&mut renamed.document, document);
        renamed
    }

    fn row(&self, table: &Table, row: &Row) -> Row {
        let renamed = row.iter().map(|(name, value)| {
            let kind = table.column(name).map_or(Kind::Text, |column| column.kind);
            let value = match (kind, value.as_str()) {
                (Kind::Organisation, Some(code)) => Value::String(self.organisation(code)),
                (Kind::Organisations, Some(codes)) => {
                    let codes: Vec<_> =
                        codes.split_whitespace().map(|code| self.organisation(code)).collect();
                    Value::String(codes.join(" "))
                }
                (Kind::System | Kind::Successor, Some(id)) => Value::String(self.system(id)),
                (Kind::Service, Some(id)) => Value::String(self.service(id)),
                _ => value.clone(),
            };
            (*name, value)
        });
        renamed.collect()
    }

    /// The longest renamed code that `code` is or lies below decides.
    pub(crate) fn organisation(&self, code: &str) -> String {
        let mut above = code;
        loop {
            if let Some(new) = self.organisations.get(above) {
                return format!("{new}{}", code.get(above.len()..).unwrap_or_default());
            }
            match above.rsplit_once('.') {
                Some((next, _)) => above = next,
                None => return code.to_owned(),
            }
        }
    }

    fn system(&self, id: &str) -> String {
        if let Some(new) = self.systems.get(id) {
            return new.clone();
        }
        match id.split_once('/') {
            Some((organisation, rest)) => format!("{}/{rest}", self.organisation(organisation)),
            // The code of an organisation, as what an alias leads to.
            None => self.organisation(id),
        }
    }

    fn service(&self, id: &str) -> String {
        if let Some(new) = self.services.get(id) {
            return new.clone();
        }
        let mut parts = id.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(organisation), Some(system), Some(rest)) => {
                format!("{}/{rest}", self.system(&format!("{organisation}/{system}")))
            }
            _ => id.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renames() -> Renames {
        Renames {
            organisations: [("H23", "H24.30"), ("H23.12", "H24.12")]
                .map(|(old, new)| (old.to_owned(), new.to_owned()))
                .into(),
            systems: [("H23.05/mot-cua".to_owned(), "H24.30.05/mot-cua-cu".to_owned())].into(),
            services: BTreeMap::new(),
        }
    }

    #[test]
    fn what_lies_below_follows_and_the_nearest_decides() {
        let renames = renames();
        for (old, new) in [
            ("H23", "H24.30"),
            ("H23.05", "H24.30.05"),
            ("H23.12", "H24.12"),
            ("H23.12.01", "H24.12.01"),
            ("H231", "H231"),
            ("H25.12", "H25.12"),
        ] {
            assert_eq!(renames.organisation(old), new);
        }
        assert_eq!(renames.system("H23.05/mot-cua"), "H24.30.05/mot-cua-cu");
        assert_eq!(renames.system("H23.05/ho-tich"), "H24.30.05/ho-tich");
        assert_eq!(renames.service("H23.05/mot-cua/tra-cuu/v1"), "H24.30.05/mot-cua-cu/tra-cuu/v1");
        assert_eq!(renames.service("H25/a/b/v1"), "H25/a/b/v1");
    }
}
