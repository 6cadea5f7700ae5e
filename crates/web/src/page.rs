//! Lists, a page at a time: `?after=<cursor>&limit=<n>`.
//!
//! The cursor is the key of the last item seen, so a page stays right while items come and go.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::problem::Text;

use crate::input::field;
use crate::refusal::Refusal;

/// Items on a page when nobody says how many.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most items a page holds.
pub const MAX_LIMIT: u32 = 200;
/// The longest cursor, in bytes: far beyond any key.
const MAX_CURSOR_BYTES: usize = 500;

/// The query string of a list without filters.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before; left out for the first page.
    pub after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Which page is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The key after which the page begins; empty for the first page (it sorts before every key).
    pub after: String,
    /// Items on the page, within 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order of their keys.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl PageRequest {
    /// The page that a query string asks for.
    pub fn new(after: Option<String>, limit: Option<u32>) -> Result<Self, Refusal> {
        let limit = field::within("limit", limit.unwrap_or(DEFAULT_LIMIT), 1..=MAX_LIMIT)?;
        let after = after.unwrap_or_default();
        // A cursor is compared, never read; but some databases take no NUL in a text.
        if after.len() > MAX_CURSOR_BYTES || after.chars().any(char::is_control) {
            return Err(not_a_cursor());
        }
        Ok(Self { after, limit })
    }

    /// Rows to ask the database for: one more than fit, to learn whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page made of `items`, of which there may be one too many.
    pub fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(key);
        Page { items, next }
    }
}

/// The refusal of a cursor that no page gave.
pub fn not_a_cursor() -> Refusal {
    let rule = Text::new("«next» của trang trước.", "`next` of the page before.");
    field::invalid("after", &rule)
}

impl TryFrom<PageQuery> for PageRequest {
    type Error = Refusal;

    fn try_from(query: PageQuery) -> Result<Self, Refusal> {
        Self::new(query.after, query.limit)
    }
}

impl<T> Page<T> {
    /// The same page with every item turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}
