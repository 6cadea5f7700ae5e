//! Cutting structured fields (RFC 9651) without rewriting them.
//!
//! `sfv` says whether a field is well formed; these helpers then take out pieces as the bytes
//! they were. **Invariant**: they are used only on text that `sfv` accepted, where separators
//! outside quotes are really separators. The display strings of RFC 9651 have quotes by other rules;
//! RFC 9421 knows only RFC 8941, so [`parser`] refuses them.

use sfv::{Parser, Version};

/// Judges whether `field` is well formed.
pub(super) fn parser(field: &str) -> Parser<'_> {
    Parser::new(field).with_version(Version::Rfc8941)
}

/// The pieces of `text` between separators that stand outside quoted strings.
pub(super) fn split_outside_quotes(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        match separator_outside_quotes(current, separator)
            .and_then(|at| current.split_at_checked(at))
        {
            Some((piece, tail)) => {
                rest = tail.get(1..);
                Some(piece)
            }
            None => rest.take(),
        }
    })
}

fn separator_outside_quotes(text: &str, separator: u8) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|byte| {
        if escaped {
            escaped = false;
        } else if quoted {
            match byte {
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if byte == b'"' {
            quoted = true;
        } else {
            return byte == separator;
        }
        false
    })
}

/// The members of a dictionary: key, and value with parameters as the bytes that came.
/// A member without `=` (true) has what follows its key: nothing, or its parameters.
pub(super) fn dictionary_members(field: &str) -> impl Iterator<Item = (&str, &str)> {
    split_outside_quotes(field, b',').map(|member| {
        let member = member.trim_matches([' ', '\t']);
        let end = member.bytes().position(|b| b == b'=' || b == b';').unwrap_or(member.len());
        let (key, rest) = member.split_at_checked(end).unwrap_or((member, ""));
        (key, rest.strip_prefix('=').unwrap_or(rest))
    })
}

/// The component identifiers of an inner list, as the bytes that came.
pub(super) fn inner_list_items(raw: &str) -> impl Iterator<Item = &str> {
    let inside = raw.strip_prefix('(').unwrap_or_default();
    let inside = split_outside_quotes(inside, b')').next().unwrap_or_default();
    split_outside_quotes(inside, b' ').filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_that_follow_other_rules_are_no_structured_field() {
        let field = r#"a=%"", lgsp=("@method");tag="lgsp", b="""#;
        let read = parser(field).parse_dictionary_with_visitor(sfv::visitor::Ignored);
        assert!(read.is_err());
    }

    #[test]
    fn separators_inside_quotes_do_not_separate() {
        let field = r#"a=("x, y" "z\"),");t="q=1", b;c="=" , d=?0"#;
        let members: Vec<_> = dictionary_members(field).collect();
        assert_eq!(
            members,
            [("a", r#"("x, y" "z\"),");t="q=1""#), ("b", r#";c="=""#), ("d", "?0")]
        );
        let items: Vec<_> = inner_list_items(members[0].1).collect();
        assert_eq!(items, [r#""x, y""#, r#""z\"),""#]);
        assert_eq!(inner_list_items("();created=1").count(), 0);
        assert_eq!(
            inner_list_items(r#"( "a"  "b";req )"#).collect::<Vec<_>>(),
            [r#""a""#, r#""b";req"#]
        );
    }
}
