//! The sentences of an OpenAPI document, with what stands between backticks set as code.

/// A text in which `x` means code.
#[derive(Debug, Default)]
pub(super) struct Prose(String);

/// A part of a text that is code, or is not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) is_code: bool,
}

impl From<&str> for Prose {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Prose {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts in their order. A backtick without its partner stands as it is.
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.0.as_str();
        while let Some((before, code, after)) = next_code(rest) {
            pieces.push(Piece { text: before, is_code: false });
            pieces.push(Piece { text: code, is_code: true });
            rest = after;
        }
        pieces.push(Piece { text: rest, is_code: false });
        pieces.retain(|piece| !piece.text.is_empty());
        pieces
    }
}

fn next_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    Some((before, code, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let shown = |text: &str| {
            let prose = Prose::from(text);
            let mark = |piece: &Piece| if piece.is_code { "[]" } else { "" };
            let pieces = prose.pieces();
            pieces.iter().map(|piece| format!("{}{}", mark(piece), piece.text)).collect::<Vec<_>>()
        };
        assert_eq!(shown("`a` or `b<c>`."), ["[]a", " or ", "[]b<c>", "."]);
        assert_eq!(shown("plain"), ["plain"]);
        assert_eq!(shown("one ` alone"), ["one ` alone"]);
        assert!(shown("").is_empty());
    }
}
