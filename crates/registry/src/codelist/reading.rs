//! What readers ask of code lists, as types.

use serde::Deserialize;
use utoipa::IntoParams;
use web::{PageRequest, Refusal, field};
use wire::id::ServiceCode;
use wire::problem::Text;

use super::entry::{Entry, code_rule, is_code};
use super::sql::{self, Wanted, day_text};
use super::{CodeList, Version, command};
use crate::Registry;
use crate::calendar::Day;
use crate::catalogue::words;
use crate::refused::{Noun, Refused};

/// The longest question, in characters, and the most words of it.
const QUESTION_CHARS: usize = 200;
const MAX_WORDS: usize = 8;

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EntriesQuery {
    /// Words of the name in Vietnamese, with diacritics or without, whole or their beginnings. At
    /// most 200 characters and 8 words.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only those directly below this code.
    parent: Option<String>,
    /// Only those valid on this day; today when left out.
    #[param(format = Date)]
    as_of: Option<String>,
    /// `true`: of all days, past and future.
    all: Option<bool>,
    /// As this version says; the one in force today when left out.
    #[param(minimum = 1)]
    version: Option<u32>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Which period of a code, as which version says.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EntryQuery {
    /// What it means on this day; today when left out, or the last that it meant.
    #[param(format = Date)]
    pub(super) as_of: Option<String>,
    /// As this version says; the one in force today when left out.
    #[param(minimum = 1)]
    pub(super) version: Option<u32>,
}

/// Up to which day to follow a code, and what it meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SuccessionQuery {
    /// The day on which the code was written down: codes are given again, so an old one may mean
    /// something else today. When left out: what it means on `as_of`, or the last that it meant.
    #[param(format = Date)]
    pub(super) meant_on: Option<String>,
    /// Up to which day its successors are followed; today when left out.
    #[param(format = Date)]
    pub(super) as_of: Option<String>,
    /// As this version says; the one in force today when left out.
    #[param(minimum = 1)]
    pub(super) version: Option<u32>,
}

/// What a reader has already.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// The version that the reader has; 0 when left out: none.
    pub(super) since: Option<u32>,
    /// The version to get to; the one in force today when left out. To be said again with each
    /// further page, so that a version that comes into force meanwhile disturbs nothing.
    #[param(minimum = 1)]
    pub(super) to: Option<u32>,
    /// `next` of the page before.
    pub(super) after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
}

impl EntriesQuery {
    pub(super) fn read(self, today: Day) -> Result<(Wanted, Option<u32>, PageRequest), Refusal> {
        let question = self.q.unwrap_or_default();
        let words: Vec<_> = words::of(&question).take(MAX_WORDS + 1).collect();
        if question.chars().count() > QUESTION_CHARS || words.len() > MAX_WORDS {
            let rule = Text::new(
                format!("tối đa {QUESTION_CHARS} ký tự và {MAX_WORDS} từ."),
                format!("at most {QUESTION_CHARS} characters and {MAX_WORDS} words."),
            );
            return Err(field::invalid("q", &rule));
        }
        let as_of: Option<Day> = field::parse_optional("as_of", self.as_of.as_deref())?;
        let all = self.all.unwrap_or_default();
        let wanted = Wanted {
            on: as_of.or(Some(today)).filter(|_| !all),
            parent: self.parent.map(|parent| code("parent", parent)).transpose()?,
            words: words.into_iter().map(|word| (word.written, word.bare)).collect(),
            ..Wanted::default()
        };
        Ok((wanted, self.version, PageRequest::new(self.after, self.limit)?))
    }
}

/// A code of an entry, in a path or a query.
pub(super) fn code(name: &str, text: String) -> Result<String, Refusal> {
    if is_code(&text) { Ok(text) } else { Err(field::invalid(name, &code_rule())) }
}

/// The list, and its version in force today.
pub(super) async fn list(
    registry: &Registry,
    code: &str,
) -> Result<(CodeList, Option<Version>), Refusal> {
    let code: ServiceCode = field::parse("code", code)?;
    let found = sql::find(&registry.database, &code).await.map_err(Refused::from)?;
    let list = found.ok_or_else(|| command::unknown(&code))?;
    let in_force = sql::version_on(&registry.database, &code, today(registry)).await;
    Ok((list, in_force.map_err(Refused::from)?))
}

/// The version asked for; the one in force today if none is.
pub(super) async fn version(
    registry: &Registry,
    list: &str,
    asked: Option<u32>,
) -> Result<(ServiceCode, u32), Refusal> {
    let (list, in_force) = self::list(registry, list).await?;
    let found = match asked {
        None => in_force,
        Some(number) => {
            let found = sql::version(&registry.database, &list.code, number).await;
            found.map_err(Refused::from)?
        }
    };
    let number = asked.map(|number| format!(" {number}")).unwrap_or_default();
    let unknown =
        || Refused::Unknown { noun: Noun::CodeListVersion, id: format!("{}{number}", list.code) };
    let version = found.ok_or_else(unknown)?.number;
    Ok((list.code, version))
}

/// The day in Việt Nam.
pub(super) fn today(registry: &Registry) -> Day {
    Day::of(registry.clock.now())
}

/// The cursor of an entry: its code and day, neither of which holds a space.
pub(super) fn cursor(entry: &Entry) -> String {
    format!("{} {}", entry.code, day_text(entry.valid_from))
}

/// What a cursor says; nothing of an empty one.
pub(super) fn read_cursor(text: &str) -> Result<(&str, &str), Refusal> {
    match text.split_once(' ') {
        Some(parts) => Ok(parts),
        None if text.is_empty() => Ok(("", "")),
        None => Err(web::page::not_a_cursor()),
    }
}
