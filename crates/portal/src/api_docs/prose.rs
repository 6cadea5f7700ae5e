//! The sentences of an OpenAPI document, with what stands between backticks set as code, and
//! Markdown tables as tables.

/// A text in which `x` means code.
#[derive(Debug, Default)]
pub(super) struct Prose(String);

/// A part of a text that is code, or is not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) is_code: bool,
}

/// A paragraph, or a table under its head.
pub(super) enum Block {
    Paragraph(Prose),
    Table { head: Vec<Prose>, rows: Vec<Vec<Prose>> },
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

    /// The paragraphs and tables in their order, as blank lines part them.
    pub(super) fn blocks(&self) -> Vec<Block> {
        self.0.split("\n\n").filter(|text| !text.is_empty()).map(block).collect()
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

fn block(text: &str) -> Block {
    let mut lines = text.lines();
    match (lines.next().and_then(cells), lines.next().and_then(cells)) {
        (Some(head), Some(_rule)) => Block::Table { head, rows: lines.filter_map(cells).collect() },
        _ => Block::Paragraph(text.into()),
    }
}

/// The cells of a table's row, which has a bar at either end.
fn cells(line: &str) -> Option<Vec<Prose>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().into()).collect())
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
    fn a_markdown_table_is_a_table_between_paragraphs() {
        let prose =
            Prose::from("Before.\n\n| step | who |\n|---|---|\n| `end` | |\n\nAfter | all.");
        let blocks = prose.blocks();
        let [Block::Paragraph(before), Block::Table { head, rows }, Block::Paragraph(after)] =
            blocks.as_slice()
        else {
            panic!("a paragraph, a table and a paragraph")
        };
        assert_eq!((before.0.as_str(), after.0.as_str()), ("Before.", "After | all."));
        assert_eq!((head.len(), rows.len()), (2, 1));
        assert_eq!((rows[0][0].0.as_str(), rows[0][1].0.as_str()), ("`end`", ""));
    }

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
