//! Working days (ngày làm việc): which days count towards the deadlines of the regulation.
//!
//! Read first: [`WorkingCalendar`] in `calendar/working_days.rs` (pure arithmetic), then
//! [`WorkingYear`] (what is known of one year). The years of `shipped.json` are there from the
//! start; the state manager replaces a year when the government announces its days off and the
//! working days it moves. What was there before stays readable, and a deadline that was set stays.
//!
//! **Invariant**: every year has working days, so counting ends; a year without data has only its
//! weekends off, and says that it is not verified. **Trust**: who can replace a year can move
//! every deadline that is set from then on; each replacement stands in the log.

pub(crate) mod api;
pub(crate) mod command;
pub mod day;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;
pub mod working_days;
mod year_form;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;

pub use self::day::{Day, Weekday};
pub use self::working_days::{Deadline, WorkingCalendar};

/// What is known of the days of one year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkingYear {
    /// The year.
    #[schema(example = 2027)]
    pub year: u16,
    /// The days of each week that are not worked.
    pub weekend: Vec<Weekday>,
    /// On which documents this rests.
    #[schema(example = "Thông báo của Bộ Nội vụ về lịch nghỉ lễ, Tết năm 2027")]
    pub source: String,
    /// Days of the working week that are not worked: public holidays and days that were moved.
    pub days_off: Vec<SpecialDay>,
    /// Days of the weekend that are worked in place of others.
    pub worked: Vec<SpecialDay>,
}

/// One day that is not what its weekday says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecialDay {
    /// Which day.
    #[schema(value_type = String, format = Date, example = "2027-09-02")]
    pub day: Day,
    /// Why.
    #[schema(example = "Quốc khánh")]
    pub name: String,
    /// Whether it was checked against the document that says so.
    #[schema(example = true)]
    pub verified: bool,
}

/// A version of a year's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearVersion {
    /// 0 is the one that was shipped; the highest is in force.
    pub version: u32,
    /// Since when; `None` for what was shipped.
    pub since: Option<UtcMicros>,
    /// What it says.
    pub year: WorkingYear,
}

impl WorkingYear {
    /// Whether every day that is named was checked.
    pub fn is_verified(&self) -> bool {
        self.days_off.iter().chain(&self.worked).all(|day| day.verified)
    }
}

/// The years that are known from the start.
pub(crate) fn shipped() -> Vec<WorkingYear> {
    // A test reads the file; if it did not parse, weekends would be all that is known.
    serde_json::from_str(include_str!("calendar/shipped.json")).unwrap_or_default()
}
