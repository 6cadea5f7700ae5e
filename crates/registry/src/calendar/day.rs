//! Days of Việt Nam: the clock of `Asia/Ho_Chi_Minh` is seven hours ahead of UTC all year.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;
use web::field::Field;
use wire::ambient::UtcMicros;
use wire::problem::Text;

/// How far `Asia/Ho_Chi_Minh` is ahead of UTC; it has had no summer time since 1975.
const AHEAD_SECONDS: i64 = 7 * 3_600;

/// A day of the calendar in Việt Nam; written `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Day(Date);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "saturday")]
pub enum Weekday {
    /// Thứ Hai.
    Monday,
    /// Thứ Ba.
    Tuesday,
    /// Thứ Tư.
    Wednesday,
    /// Thứ Năm.
    Thursday,
    /// Thứ Sáu.
    Friday,
    /// Thứ Bảy.
    Saturday,
    /// Chủ nhật.
    Sunday,
}

/// A text that names no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day like 2026-11-23")]
pub struct NotADay;

impl Day {
    /// The day in Việt Nam at this moment.
    pub fn of(moment: UtcMicros) -> Self {
        let local = moment.as_seconds().saturating_add(AHEAD_SECONDS);
        let local = OffsetDateTime::from_unix_timestamp(local);
        Self(local.map_or(Date::MAX, OffsetDateTime::date))
    }

    /// When the day is over: the midnight with which the next one begins.
    pub fn end(self) -> UtcMicros {
        let Some(next) = self.0.next_day() else { return UtcMicros::MAX };
        let midnight = next.midnight().assume_utc().unix_timestamp();
        UtcMicros::from_seconds(midnight.saturating_sub(AHEAD_SECONDS))
    }

    /// The day after it; `None` at the end of the year 9999.
    pub fn next(self) -> Option<Self> {
        self.0.next_day().map(Self)
    }

    /// Its year.
    pub fn year(self) -> u16 {
        u16::try_from(self.0.year()).unwrap_or(0)
    }

    /// Its day of the week.
    pub fn weekday(self) -> Weekday {
        match self.0.weekday() {
            time::Weekday::Monday => Weekday::Monday,
            time::Weekday::Tuesday => Weekday::Tuesday,
            time::Weekday::Wednesday => Weekday::Wednesday,
            time::Weekday::Thursday => Weekday::Thursday,
            time::Weekday::Friday => Weekday::Friday,
            time::Weekday::Saturday => Weekday::Saturday,
            time::Weekday::Sunday => Weekday::Sunday,
        }
    }

    /// As Vietnamese offices write it: `23/11/2026`.
    pub fn in_words(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        format!("{day:02}/{:02}/{year}", u8::from(month))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let day = Date::parse(text, &Iso8601::DATE).map(Self).map_err(|_| NotADay)?;
        // One spelling for each day; others, like week dates, are none.
        if day.to_string() == text { Ok(day) } else { Err(NotADay) }
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = NotADay;

    fn try_from(text: String) -> Result<Self, NotADay> {
        text.parse()
    }
}

impl Field for Day {
    fn rule() -> Text {
        Text::new("một ngày (ví dụ 2026-11-23).", "a day (example: 2026-11-23).")
    }
}
