//! What is wrong with a document, where, and by which rule.

use web::Refusal;
use wire::error_code::ErrorCode;
use wire::problem::Text;

/// The most mistakes that are told at once.
pub(super) const MAX_TOLD: usize = 5;

/// The most mistakes that are looked for: a document can repeat one by reference without end.
pub(super) const MAX_MISTAKES: usize = 100;

/// A place in a document; line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// Which part of the document it concerns: a JSON pointer, or the name of an element.
    pub part: String,
    /// What is wrong, in whole sentences.
    pub what: Text,
    /// Where the rule stands.
    pub rule: String,
}

/// Why a document is not taken: one mistake or more, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Place {
    /// The place of the byte `offset` of `text`.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let lines = before.bytes().filter(|byte| *byte == b'\n').count();
        let columns = before.get(line_start..).unwrap_or_default().chars().count();
        Self { line: counted(lines), column: counted(columns) }
    }
}

/// From counting from 0 to counting from 1.
pub(super) fn counted(from_zero: usize) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX).saturating_add(1)
}

impl Mistake {
    pub(super) fn new(
        place: Place,
        part: impl Into<String>,
        what: Text,
        rule: impl Into<String>,
    ) -> Self {
        Self { place, part: part.into(), what, rule: rule.into() }
    }

    fn said(&self) -> (String, String) {
        let Self { place: Place { line, column }, part, what, rule } = self;
        let part = cut(part);
        (
            format!("Dòng {line}, cột {column} («{part}»): {} Quy tắc: {rule}.", what.vi),
            format!("Line {line}, column {column} (`{part}`): {} Rule: {rule}.", what.en),
        )
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

/// `mistakes` in their order, or `Ok` if there are none.
pub(super) fn none_of(mut mistakes: Vec<Mistake>) -> Result<(), Mistakes> {
    if mistakes.is_empty() {
        return Ok(());
    }
    mistakes.sort_by_key(|mistake| mistake.place);
    Err(Mistakes(mistakes))
}

/// Keeps a mistake unless there are enough of them.
pub(super) fn note(mistakes: &mut Vec<Mistake>, mistake: Mistake) {
    if mistakes.len() < MAX_MISTAKES {
        mistakes.push(mistake);
    }
}

pub(super) fn not_utf8(document: &[u8], error: &std::str::Utf8Error) -> Mistakes {
    let valid = document.get(..error.valid_up_to()).unwrap_or_default();
    let valid = String::from_utf8_lossy(valid);
    let what = Text::new("Tài liệu không phải UTF-8.", "The document is not UTF-8.");
    Mistake::new(Place::of(&valid, valid.len()), "", what, "RFC 3629 §3").into()
}

pub(super) fn too_deep(place: Place) -> Mistakes {
    let most = super::MAX_DEPTH;
    let what = Text::new(
        format!("Tài liệu lồng nhau quá {most} cấp."),
        format!("Its parts stand more than {most} levels deep."),
    );
    Mistake::new(place, "", what, OUR_BOUNDS).into()
}

pub(super) fn too_many_parts(place: Place) -> Mistakes {
    let most = super::MAX_PARTS;
    let what = Text::new(
        format!("Tài liệu có quá {most} phần tử."),
        format!("It has more than {most} parts."),
    );
    Mistake::new(place, "", what, OUR_BOUNDS).into()
}

pub(super) const OUR_BOUNDS: &str = "docs/limits.md";

impl From<Mistakes> for Refusal {
    fn from(Mistakes(mistakes): Mistakes) -> Self {
        let told = mistakes.iter().take(MAX_TOLD).map(Mistake::said);
        let (mut vi, mut en): (Vec<_>, Vec<_>) = told.unzip();
        if let Some(more) = mistakes.len().checked_sub(MAX_TOLD).filter(|more| *more > 0) {
            vi.push(format!("Còn ít nhất {more} lỗi khác."));
            en.push(format!("There are {more} more at least."));
        }
        let detail = Text::new(vi.join(" "), en.join(" "));
        Self::new(ErrorCode::ServiceDescriptionInvalid, detail)
    }
}

/// What a stranger wrote, short enough to be shown.
pub(super) fn cut(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let shown: String =
        text.chars().filter(|character| !character.is_control()).take(MAX_CHARS + 1).collect();
    match shown.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}
