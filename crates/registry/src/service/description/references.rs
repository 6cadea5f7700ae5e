//! `$ref`: followed within the document, never out of it.

use wire::problem::Text;

use super::mistake::{MAX_MISTAKES, Mistake, cut};
use super::placed::{Placed, below};

/// How many references are followed one after another.
const MAX_HOPS: usize = 16;

/// The longest reference, in bytes: each is read as often as it is followed.
const MAX_REFERENCE: usize = 1_000;

/// Members whose values are data: a `$ref` in them means nothing.
const DATA: [&str; 6] = ["example", "default", "enum", "const", "examples", "value"];
/// Members whose members have names of the author's choice.
const NAMES: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];

/// References out of the document, and those that lead nowhere.
pub(super) fn mistakes(document: &Placed) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    search(document, document, &mut String::new(), false, &mut mistakes);
    mistakes
}

/// What `part` stands for: itself, or what its reference leads to.
pub(super) fn followed<'a>(document: &'a Placed, part: &'a Placed) -> &'a Placed {
    let mut part = part;
    for _ in 0..MAX_HOPS {
        let target = part.text_of("$ref").and_then(|reference| target(document, reference));
        match target {
            Some(next) => part = next,
            None => return part,
        }
    }
    part
}

/// What a reference within the document leads to.
pub(super) fn target<'a>(document: &'a Placed, reference: &str) -> Option<&'a Placed> {
    let pointer = reference.strip_prefix('#').filter(|_| reference.len() <= MAX_REFERENCE)?;
    let pointer = percent_decoded(pointer);
    document.find(&pointer).map(|(_, found)| found)
}

fn search(
    document: &Placed,
    part: &Placed,
    pointer: &mut String,
    are_names: bool,
    mistakes: &mut Vec<Mistake>,
) {
    // Each tells its whole path, which many may share.
    if mistakes.len() >= MAX_MISTAKES {
        return;
    }
    for (index, item) in part.items().iter().enumerate() {
        search_below(document, item, &index.to_string(), pointer, false, mistakes);
    }
    for member in part.members() {
        if !are_names && DATA.contains(&&*member.name) {
            continue;
        }
        if let Some(reference) = member.value.text().filter(|_| !are_names && member.name == "$ref")
        {
            if let Some((what, rule)) = judge(document, reference) {
                let part = below(pointer, "$ref");
                mistakes.push(Mistake::new(member.value.place, part, what, rule));
            }
            continue;
        }
        let names_below = !are_names && NAMES.contains(&&*member.name);
        search_below(document, &member.value, &member.name, pointer, names_below, mistakes);
    }
}

fn search_below(
    document: &Placed,
    part: &Placed,
    name: &str,
    pointer: &mut String,
    are_names: bool,
    mistakes: &mut Vec<Mistake>,
) {
    let length = pointer.len();
    // Only what is shown of it counts, and a long name must not be carried down everywhere.
    pointer.push_str(&below("", &cut(name)));
    search(document, part, pointer, are_names, mistakes);
    pointer.truncate(length);
}

fn judge(document: &Placed, reference: &str) -> Option<(Text, &'static str)> {
    if !reference.starts_with('#') {
        let reference = cut(reference);
        return Some((
            Text::new(
                format!(
                    "Tham chiếu ra ngoài tài liệu («{reference}»); nền tảng không bao giờ tải tài \
                     liệu khác, đề nghị đưa phần đó vào cùng tài liệu."
                ),
                format!(
                    "A reference out of the document (`{reference}`); the platform never fetches \
                     another, so put that part into this one."
                ),
            ),
            super::mistake::OUR_BOUNDS,
        ));
    }
    if reference.len() > MAX_REFERENCE {
        let what = Text::new(
            format!("Tham chiếu dài quá {MAX_REFERENCE} byte."),
            format!("The reference is longer than {MAX_REFERENCE} bytes."),
        );
        return Some((what, super::mistake::OUR_BOUNDS));
    }
    if target(document, reference).is_some() {
        return None;
    }
    let reference = cut(reference);
    let what = Text::new(
        format!("Tham chiếu «{reference}» không dẫn đến đâu trong tài liệu."),
        format!("The reference `{reference}` leads nowhere in the document."),
    );
    Some((what, "RFC 6901; OpenAPI 3.0.3 §4.7.23, 3.1.1 §4.8.23"))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits = (byte == b'%').then(|| {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let value = digit(ahead.next())? * 16 + digit(ahead.next())?;
            u8::try_from(value).ok()
        });
        if let Some(decoded) = digits.flatten() {
            bytes.push(decoded);
            rest = ahead;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
