//! What people send about a year, and the rules it must keep.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::problem::Text;

use super::day::{Day, Weekday};
use super::{SpecialDay, WorkingYear};

const SOURCE_CHARS: usize = 1_000;
const NAME_CHARS: usize = 250;
/// Of each kind, in a year.
const MAX_SPECIAL_DAYS: usize = 60;
/// Fewer than four days of work a week are nobody's rule, and counting must end.
const MAX_WEEKEND: usize = 3;

/// The days of a year, to replace what is known of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct YearForm {
    /// The days of each week that are not worked: 1 to 3.
    #[schema(example = json!(["saturday", "sunday"]))]
    weekend: Vec<Weekday>,
    /// On which documents this rests.
    #[schema(example = "Thông báo của Bộ Nội vụ về lịch nghỉ lễ, Tết năm 2027")]
    source: String,
    /// Days of the working week that are not worked: at most 60.
    days_off: Vec<SpecialDayForm>,
    /// Days of the weekend that are worked in place of others: at most 60.
    #[serde(default)]
    #[schema(example = json!([{"day": "2027-09-04", "name": "Làm bù", "verified": true}]))]
    worked: Vec<SpecialDayForm>,
}

/// One day that is not what its weekday says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecialDayForm {
    /// Which day of the year.
    #[schema(format = Date, example = "2027-09-02")]
    day: String,
    /// Why.
    #[schema(example = "Quốc khánh")]
    name: String,
    /// Whether it was checked against the document that says so.
    #[schema(example = true)]
    verified: bool,
}

impl YearForm {
    pub(super) fn read(self, year: u16) -> Result<WorkingYear, Refusal> {
        let weekend = weekend(self.weekend)?;
        let off = |day: Day| !weekend.contains(&day.weekday());
        let rule = Text::new(
            "một ngày của năm này, không phải ngày nghỉ hằng tuần, ghi một lần (ví dụ 2027-09-02).",
            "a day of this year that is not of the weekend, named once (example: 2027-09-02).",
        );
        let days_off = special_days("days_off", self.days_off, year, off, &rule)?;
        let worked = |day: Day| weekend.contains(&day.weekday());
        let rule = Text::new(
            "một ngày nghỉ hằng tuần của năm này, ghi một lần (ví dụ 2026-08-22).",
            "a day of the weekend of this year, named once (example: 2026-08-22).",
        );
        let worked = special_days("worked", self.worked, year, worked, &rule)?;
        let source = field::sentence("source", &self.source, SOURCE_CHARS)?;
        Ok(WorkingYear { year, weekend, source, days_off, worked })
    }
}

fn weekend(given: Vec<Weekday>) -> Result<Vec<Weekday>, Refusal> {
    let distinct =
        given.iter().enumerate().all(|(at, day)| !given.iter().take(at).any(|d| d == day));
    if (1..=MAX_WEEKEND).contains(&given.len()) && distinct {
        return Ok(given);
    }
    let rule = Text::new(
        format!("danh sách từ 1 đến {MAX_WEEKEND} ngày trong tuần, mỗi ngày một lần."),
        format!("a list of 1 to {MAX_WEEKEND} days of the week, each once."),
    );
    Err(field::invalid("weekend", &rule))
}

fn special_days(
    name: &str,
    given: Vec<SpecialDayForm>,
    year: u16,
    fits: impl Fn(Day) -> bool,
    rule: &Text,
) -> Result<Vec<SpecialDay>, Refusal> {
    if given.len() > MAX_SPECIAL_DAYS {
        let rule = Text::new(
            format!("danh sách không quá {MAX_SPECIAL_DAYS} ngày."),
            format!("a list of at most {MAX_SPECIAL_DAYS} days."),
        );
        return Err(field::invalid(name, &rule));
    }
    let mut seen = BTreeSet::new();
    let mut days = Vec::with_capacity(given.len());
    for (place, form) in given.into_iter().enumerate() {
        let day = form.day.parse::<Day>().ok();
        let day = day.filter(|day| day.year() == year && fits(*day) && seen.insert(*day));
        let day = day.ok_or_else(|| field::invalid(&format!("{name}[{place}].day"), rule))?;
        let reason = field::sentence(&format!("{name}[{place}].name"), &form.name, NAME_CHARS)?;
        days.push(SpecialDay { day, name: reason, verified: form.verified });
    }
    days.sort_by_key(|special| special.day);
    Ok(days)
}
