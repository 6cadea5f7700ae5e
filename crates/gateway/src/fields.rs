//! The header lines of one message, in the order they came.
//!
//! A short list searched from the front: a call has about ten lines, and their order and number
//! matter (a second `Host` must be seen, commitments follow the order).

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};

/// Header lines; names in small letters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(HeaderName, HeaderValue)>);

/// A field that may stand once stands several times, or holds more than visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotSingle;

impl Fields {
    pub(crate) fn with_capacity(lines: usize) -> Self {
        Self(Vec::with_capacity(lines))
    }

    pub(crate) fn push(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Every line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The values of all lines of this name, which is in small letters.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter().filter(move |(line, _)| line.as_str() == name).map(|(_, value)| value)
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
            (Some(value), None) => {
                value.to_str().map(|text| Some(text.trim())).map_err(|_| NotSingle)
            }
            (Some(_), Some(_)) => Err(NotSingle),
        }
    }

    /// The field's value as RFC 9421 §2.1 joins it: each line trimmed, then `, ` between them.
    /// `None` if there is no such line or one is not ASCII.
    pub(crate) fn joined(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(self.all(name))
    }

    /// Whether a comma-separated field names `token`, in any case.
    pub(crate) fn names_token(&self, name: &str, token: &str) -> bool {
        self.all(name).any(|value| {
            value.to_str().is_ok_and(|list| {
                list.split(',').any(|item| item.trim().eq_ignore_ascii_case(token))
            })
        })
    }
}

/// Several lines of one name as RFC 9421 §2.1 and RFC 9110 §5.3 join them.
pub(crate) fn joined<'v>(
    mut values: impl Iterator<Item = &'v HeaderValue>,
) -> Option<Cow<'v, str>> {
    let mut joined = Cow::Borrowed(values.next()?.to_str().ok()?.trim());
    for value in values {
        let text = joined.to_mut();
        text.push_str(", ");
        text.push_str(value.to_str().ok()?.trim());
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&'static str, &'static str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.push(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        fields
    }

    #[test]
    fn several_lines_are_joined_trimmed() {
        let fields = fields(&[("a", " 1 "), ("b", "x"), ("a", "2")]);
        assert_eq!(fields.joined("a").as_deref(), Some("1, 2"));
        assert_eq!(fields.joined("c"), None);
    }

    #[test]
    fn a_second_line_is_not_single() {
        let fields = fields(&[("host", "a"), ("host", "a"), ("te", "Trailers, gzip")]);
        assert_eq!(fields.single("host"), Err(NotSingle));
        assert_eq!(fields.single("none"), Ok(None));
        assert!(fields.names_token("te", "trailers"));
    }
}
