//! YAML with places, from the events of its parser, so that nothing is built before it is bounded.
//!
//! Aliases are refused: with them a short text becomes an endless document (a "YAML bomb"), and
//! OpenAPI has `$ref` for what they are for.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Number, Value};
use wire::problem::Text;

use super::mistake::{Mistake, Mistakes, Place, counted, cut, too_deep, too_many_parts};
use super::placed::{Held, Members, Placed};
use super::{MAX_DEPTH, MAX_PARTS};

/// A map or list that has begun and not ended.
struct Open {
    place: Place,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Placed>),
    Map { members: Members, name: Option<(String, Place)> },
}

pub(super) fn read(text: &str) -> Result<Placed, Mistakes> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    let mut parts = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            let place = Place {
                line: u32::try_from(mark.line()).unwrap_or(u32::MAX),
                column: counted(mark.col()),
            };
            refused(
                place,
                &Text::new(
                    format!("Không phải YAML hợp lệ ({}).", cut(error.info())),
                    format!("It is not well-formed YAML ({}).", cut(error.info())),
                ),
                "YAML 1.2.2",
            )
        })?;
        let place = place(span);
        parts += 1;
        if open.len() > MAX_DEPTH {
            return Err(too_deep(place));
        }
        if parts > MAX_PARTS {
            return Err(too_many_parts(place));
        }
        let done = match event {
            Event::Alias(_) => return Err(alias(place)),
            Event::DocumentStart(_) if root.is_some() => return Err(second(place)),
            Event::SequenceStart(_, tag) => {
                known_tag(tag.as_deref(), place)?;
                open.push(Open { place, kind: OpenKind::List(Vec::new()) });
                None
            }
            Event::MappingStart(_, tag) => {
                known_tag(tag.as_deref(), place)?;
                let kind = OpenKind::Map { members: Members::default(), name: None };
                open.push(Open { place, kind });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            Event::Scalar(text, style, _, tag) => {
                known_tag(tag.as_deref(), place)?;
                let is_text =
                    style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
                if let Some(Open { kind: OpenKind::Map { name: name @ None, .. }, .. }) =
                    open.last_mut()
                {
                    *name = Some((text.into_owned(), place));
                    None
                } else {
                    let value =
                        if is_text { Value::String(text.into_owned()) } else { plain(&text) };
                    Some(Placed { place, held: Held::Scalar(value) })
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => None,
        };
        if let Some(done) = done {
            match open.last_mut() {
                Some(around) => around.take(done)?,
                None => root = Some(done),
            }
        }
    }
    root.ok_or_else(|| {
        let what = Text::new("Tài liệu trống.", "The document is empty.");
        refused(Place { line: 1, column: 1 }, &what, "YAML 1.2.2")
    })
}

impl Open {
    fn take(&mut self, value: Placed) -> Result<(), Mistakes> {
        match &mut self.kind {
            OpenKind::List(items) => items.push(value),
            OpenKind::Map { members, name } => {
                let Some((name, place)) = name.take() else {
                    let what = Text::new(
                        "Tên thành phần phải là một dòng chữ.",
                        "The name of a member must be a text.",
                    );
                    return Err(refused(value.place, &what, "RFC 8259 §4"));
                };
                members.add(name, place, value)?;
            }
        }
        Ok(())
    }

    fn close(self) -> Placed {
        let held = match self.kind {
            OpenKind::List(items) => Held::List(items),
            OpenKind::Map { members, .. } => Held::Map(members),
        };
        Placed { place: self.place, held }
    }
}

/// The core schema of YAML 1.2.2 §10.3.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let number = || -> Option<Number> {
        if let Some(hexadecimal) = text.strip_prefix("0x") {
            return u64::from_str_radix(hexadecimal, 16).ok().map(Number::from);
        }
        if let Some(octal) = text.strip_prefix("0o") {
            return u64::from_str_radix(octal, 8).ok().map(Number::from);
        }
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = unsigned.parse::<i64>() {
            return Some(number.into());
        }
        let numeric = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        let looks = text.bytes().all(numeric) && text.bytes().any(|byte| byte.is_ascii_digit());
        looks.then(|| unsigned.parse().ok()).flatten().and_then(Number::from_f64)
    };
    number().map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn known_tag(tag: Option<&Tag>, place: Place) -> Result<(), Mistakes> {
    if tag.is_none_or(Tag::is_yaml_core_schema) {
        return Ok(());
    }
    let what = Text::new("Không nhận thẻ kiểu riêng.", "Tags of one's own are not taken.");
    Err(refused(place, &what, "YAML 1.2.2 §10.3"))
}

fn alias(place: Place) -> Mistakes {
    let what = Text::new(
        "Không nhận bí danh YAML («*tên»); đề nghị dùng «$ref».",
        "YAML aliases (`*name`) are not taken; use `$ref`.",
    );
    refused(place, &what, super::mistake::OUR_BOUNDS)
}

fn second(place: Place) -> Mistakes {
    let what = Text::new(
        "Tệp có hai tài liệu YAML; chỉ nhận một.",
        "The file holds two YAML documents; one is taken.",
    );
    refused(place, &what, super::mistake::OUR_BOUNDS)
}

fn refused(place: Place, what: &Text, rule: &str) -> Mistakes {
    Mistake::new(place, "", what.clone(), rule).into()
}

fn place(span: Span) -> Place {
    let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
    Place { line, column: counted(span.start.col()) }
}
