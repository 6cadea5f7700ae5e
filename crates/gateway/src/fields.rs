//! The header lines of one message, in the order they came.
//!
//! They stand in one text, each in its one spelling `name: value`: so a line that came is hashed,
//! kept, signed and sent on as it stands, whichever protocol brought it and whichever takes it on
//! ([decision 0029](../../../docs/decisions/0029-header-lines-stand-in-one-text.md)). A call has
//! about ten lines, so one is found by looking at all of them.
//!
//! **Invariant**: names are tokens in small letters; no value holds a control character but a tab,
//! so none can break out of its line. **Trust**: what is sent on is this text.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Header lines; names in small letters.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    /// `name: value` and a line end for each.
    text: Vec<u8>,
    places: Vec<Place>,
}

/// Where a line ends, its line end included, and how long its name is.
#[derive(Debug, Clone, Copy)]
struct Place {
    name_length: usize,
    end: usize,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'f> {
    /// `name: value`
    pub(crate) text: &'f [u8],
    name_length: usize,
}

/// A field that may stand once stands several times, or holds more than visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotSingle;

/// A value that would not stay in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotALine;

const SEPARATOR: &[u8] = b": ";
const LINE_END: &[u8] = b"\r\n";

impl Fields {
    /// None so far, with room for some.
    pub(crate) fn with_capacity(lines: usize, bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), places: Vec::with_capacity(lines) }
    }

    /// Adds a line behind the others. The name is a token, in any case.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) -> Result<(), NotALine> {
        // Looks at all of them, for several bytes are judged at once where none ends the search.
        let is_control = |byte: u8| matches!(byte, 0..=8 | 10..=31 | 127);
        if value.iter().fold(false, |found, byte| found | is_control(*byte)) {
            return Err(NotALine);
        }
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        self.text.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
        self.text.extend_from_slice(SEPARATOR);
        self.text.extend_from_slice(value);
        self.end_line(name.len());
        Ok(())
    }

    /// Adds a line of another message.
    pub(crate) fn push_line(&mut self, line: Line<'_>) {
        self.text.extend_from_slice(line.text);
        self.end_line(line.name_length);
    }

    /// Says something that only the platform says, so that no other line has its name
    /// ([`hygiene`](crate::hygiene)). Its values are made of digits, codes and base64: none is
    /// refused here.
    pub(crate) fn say(&mut self, name: &'static str, value: impl AsRef<[u8]>) {
        let _ = self.push(name, value.as_ref());
    }

    /// The same, in place of whatever had this name.
    pub(crate) fn say_instead(&mut self, name: &'static str, value: impl AsRef<[u8]>) {
        self.remove(name);
        self.say(name, value);
    }

    fn end_line(&mut self, name_length: usize) {
        self.text.extend_from_slice(LINE_END);
        self.places.push(Place { name_length, end: self.text.len() });
    }

    fn remove(&mut self, name: &str) {
        if !self.has(name) {
            return;
        }
        let mut others = Self::with_capacity(self.places.len(), self.text.len());
        self.lines().filter(|line| !line.is(name)).for_each(|line| others.push_line(line));
        *self = others;
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    /// All lines, each with its line end.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Every line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        self.places.iter().map(move |place| {
            let text = self.text.get(start..place.end - LINE_END.len()).unwrap_or_default();
            start = place.end;
            Line { text, name_length: place.name_length }
        })
    }

    /// The values of all lines of this name, which is in small letters.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.lines().filter(move |line| line.is(name)).map(Line::value)
    }

    /// Whether there is a line of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of the one line of this name.
    pub(crate) fn single(&self, name: &str) -> Result<Option<&str>, NotSingle> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => visible(value).map(Some).ok_or(NotSingle),
            (Some(_), Some(_)) => Err(NotSingle),
        }
    }

    /// The field's value as RFC 9421 §2.1 and RFC 9110 §5.3 join it: each line trimmed, then `, `
    /// between them. `None` if there is no such line or one is not ASCII.
    pub(crate) fn joined(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.all(name);
        let mut joined = Cow::Borrowed(visible(values.next()?)?);
        for value in values {
            let text = joined.to_mut();
            text.push_str(", ");
            text.push_str(visible(value)?);
        }
        Some(joined)
    }

    /// Whether a comma-separated field names `token`, in any case.
    pub(crate) fn names_token(&self, name: &str, token: &str) -> bool {
        self.all(name).any(|value| {
            visible(value).is_some_and(|list| {
                list.split(',').any(|item| item.trim().eq_ignore_ascii_case(token))
            })
        })
    }

    /// The same lines as the `http` crate has them, without those that `is_left_out` says.
    pub(crate) fn to_map(&self, is_left_out: impl Fn(&[u8]) -> bool) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.count());
        for line in self.lines().filter(|line| !is_left_out(line.name())) {
            let name = HeaderName::from_bytes(line.name());
            // Both were validated when they came in.
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line.value())) {
                map.append(name, value);
            }
        }
        map
    }
}

impl From<&HeaderMap> for Fields {
    fn from(map: &HeaderMap) -> Self {
        let bytes = map.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let mut fields = Self::with_capacity(map.len(), bytes);
        for (name, value) in map {
            // It was validated when it came in.
            let _ = fields.push(name.as_str(), value.as_bytes());
        }
        fields
    }
}

impl<'f> Line<'f> {
    /// The name, in small letters.
    pub(crate) fn name(self) -> &'f [u8] {
        self.text.get(..self.name_length).unwrap_or_default()
    }

    pub(crate) fn value(self) -> &'f [u8] {
        self.text.get(self.name_length + SEPARATOR.len()..).unwrap_or_default()
    }

    fn is(self, name: &str) -> bool {
        self.name_length == name.len() && self.text.starts_with(name.as_bytes())
    }
}

/// A value without white space at its ends, if it holds nothing but visible ASCII, blanks and tabs.
pub(crate) fn visible(value: &[u8]) -> Option<&str> {
    let is_visible = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    let are_visible = value.iter().fold(true, |all, byte| all & is_visible(*byte));
    if are_visible { std::str::from_utf8(value.trim_ascii()).ok() } else { None }
}

impl std::fmt::Debug for Fields {
    /// Says no value: they may be personal data or secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.lines().map(|line| String::from_utf8_lossy(line.name()));
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.push(name, value.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn lines_stand_as_they_are_sent() {
        let mut fields = fields(&[("Host", "a"), ("X", ""), ("x", "\u{e9}")]);
        assert_eq!(fields.as_bytes(), "host: a\r\nx: \r\nx: \u{e9}\r\n".as_bytes());
        assert_eq!(fields.all("x").collect::<Vec<_>>(), [&b""[..], "\u{e9}".as_bytes()]);
        fields.say_instead("x", "1");
        assert_eq!(fields.as_bytes(), b"host: a\r\nx: 1\r\n");
        let map = fields.to_map(|name| name == b"host");
        assert_eq!(Fields::from(&map).as_bytes(), b"x: 1\r\n");
    }

    #[test]
    fn no_value_leaves_its_line() {
        for value in ["a\r\nb: c", "a\nb", "a\rb", "\0", "\u{7f}"] {
            assert_eq!(Fields::default().push("a", value.as_bytes()), Err(NotALine), "{value:?}");
        }
    }

    #[test]
    fn several_lines_are_joined_trimmed() {
        let fields = fields(&[("a", " 1 "), ("b", "x"), ("a", "2"), ("c", "\u{e9}")]);
        assert_eq!(fields.joined("a").as_deref(), Some("1, 2"));
        assert_eq!(fields.joined("c"), None);
        assert_eq!(fields.joined("d"), None);
    }

    #[test]
    fn a_second_line_is_not_single() {
        let fields = fields(&[("host", "a"), ("host", "a"), ("te", "Trailers, gzip")]);
        assert_eq!(fields.single("host"), Err(NotSingle));
        assert_eq!(fields.single("none"), Ok(None));
        assert!(fields.names_token("te", "trailers"));
    }
}
