//! JSON with places. `serde_json` judges the whole text first, so that what is read here is known
//! to be JSON; here are only places, bounds and names that stand twice.

use serde::de::IgnoredAny;
use serde_json::Value;
use wire::problem::Text;

use super::mistake::{Mistake, Mistakes, Place, counted, too_deep, too_many_parts};
use super::placed::{Held, Members, Placed};
use super::{MAX_DEPTH, MAX_PARTS};

pub(super) fn read(text: &str) -> Result<Placed, Mistakes> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
        let place = Place { line, column: counted(error.column().saturating_sub(1)) };
        not_json(place, &error.to_string())
    })?;
    let mut reader = Reader { rest: text, line: 0, column: 0, parts: 0 };
    reader.value(0)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
    parts: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Placed, Mistakes> {
        self.skip_space();
        let place = self.place();
        self.parts += 1;
        if depth > MAX_DEPTH {
            return Err(too_deep(place));
        }
        if self.parts > MAX_PARTS {
            return Err(too_many_parts(place));
        }
        let held = match self.rest.bytes().next() {
            Some(b'{') => Held::Map(self.members(depth)?),
            Some(b'[') => Held::List(self.items(depth)?),
            _ => Held::Scalar(self.scalar()?),
        };
        Ok(Placed { place, held })
    }

    fn members(&mut self, depth: usize) -> Result<Members, Mistakes> {
        let mut members = Members::default();
        self.take(1);
        while !self.ends_with(b'}') {
            let place = self.place();
            let name = match self.scalar()? {
                Value::String(name) => name,
                other => return Err(not_json(place, &other.to_string())),
            };
            self.skip_space();
            self.take(1);
            let value = self.value(depth + 1)?;
            members.add(name, place, value)?;
        }
        Ok(members)
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Placed>, Mistakes> {
        let mut items = Vec::new();
        self.take(1);
        while !self.ends_with(b']') {
            items.push(self.value(depth + 1)?);
        }
        Ok(items)
    }

    /// Whether the map or list ends here; takes its end, or the comma before what comes next.
    fn ends_with(&mut self, end: u8) -> bool {
        self.skip_space();
        if self.rest.starts_with(',') {
            self.take(1);
            self.skip_space();
        }
        let ends = self.rest.bytes().next().is_none_or(|byte| byte == end);
        if ends {
            self.take(1);
        }
        ends
    }

    fn scalar(&mut self) -> Result<Value, Mistakes> {
        let place = self.place();
        let length = match self.rest.strip_prefix('"') {
            Some(inner) => 2 + length_of_string(inner),
            None => {
                self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(self.rest.len())
            }
        };
        let token = self.take(length);
        serde_json::from_str(token).map_err(|error| not_json(place, &error.to_string()))
    }

    fn skip_space(&mut self) {
        let space = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.take(space);
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        match taken.rsplit_once('\n') {
            Some((lines, last)) => {
                self.line += 1 + lines.bytes().filter(|byte| *byte == b'\n').count();
                self.column = last.chars().count();
            }
            None => self.column += taken.chars().count(),
        }
        taken
    }

    fn place(&self) -> Place {
        Place { line: counted(self.line), column: counted(self.column) }
    }
}

/// How many bytes come before the quote that ends a string.
fn length_of_string(inner: &str) -> usize {
    let mut escaped = false;
    inner
        .bytes()
        .position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })
        .unwrap_or(inner.len())
}

fn not_json(place: Place, why: &str) -> Mistakes {
    let what = Text::new(
        format!("Không phải JSON hợp lệ ({why})."),
        format!("It is not well-formed JSON ({why})."),
    );
    Mistake::new(place, "", what, "RFC 8259").into()
}
