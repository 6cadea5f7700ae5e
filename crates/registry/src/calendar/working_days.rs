//! Counting working days. Pure: no clock, no database.

use std::collections::BTreeMap;

use wire::ambient::UtcMicros;

use super::day::{Day, Weekday};
use super::{WorkingYear, shipped};

/// The most working days that are counted at once: four years of them, so that counting ends.
pub const MAX_DAYS: u32 = 1_000;

/// The years that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingCalendar {
    years: BTreeMap<u16, WorkingYear>,
}

/// By when something is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The midnight in Việt Nam with which the last day ends.
    pub due: UtcMicros,
    /// Whether every year on the way to it is known and checked.
    pub verified: bool,
}

impl Default for WorkingCalendar {
    /// What is known from the start.
    fn default() -> Self {
        Self::new(shipped())
    }
}

impl WorkingCalendar {
    /// A calendar of these years; of two with the same number the later counts.
    pub fn new(years: impl IntoIterator<Item = WorkingYear>) -> Self {
        Self { years: years.into_iter().map(|year| (year.year, year)).collect() }
    }

    /// What is known of a year.
    pub fn year(&self, year: u16) -> Option<&WorkingYear> {
        self.years.get(&year)
    }

    /// Whether `day` is worked.
    pub fn is_working_day(&self, day: Day) -> bool {
        let Some(year) = self.years.get(&day.year()) else {
            return !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        };
        if year.weekend.contains(&day.weekday()) {
            year.worked.iter().any(|worked| worked.day == day)
        } else {
            !year.days_off.iter().any(|off| off.day == day)
        }
    }

    /// The end of the `days`-th working day after the day of `from`, which does not count itself
    /// (Bộ luật Dân sự 2015, Điều 147 and 148); with 0 days, the end of that very day. More than
    /// [`MAX_DAYS`] count as so many.
    pub fn add_working_days(&self, from: UtcMicros, days: u32) -> UtcMicros {
        self.deadline(from, days).due
    }

    /// The same, with whether the calendar is sure of it.
    pub fn deadline(&self, from: UtcMicros, days: u32) -> Deadline {
        let mut day = Day::of(from);
        let mut verified = true;
        let mut left = days.min(MAX_DAYS);
        while left > 0 {
            let Some(next) = day.next() else { break };
            day = next;
            verified &= self.is_sure_of(day);
            if self.is_working_day(day) {
                left -= 1;
            }
        }
        Deadline { due: day.end(), verified }
    }

    /// How many working days lie wholly between the day of `from` and the moment `until`.
    pub fn working_days_between(&self, from: UtcMicros, until: UtcMicros) -> u32 {
        let mut day = Day::of(from);
        let mut count = 0;
        while let Some(next) = day.next().filter(|next| next.end() <= until) {
            day = next;
            count += u32::from(self.is_working_day(day));
            if count >= MAX_DAYS {
                break;
            }
        }
        count
    }

    /// Whether it is certain that `day` is worked, or that it is not.
    fn is_sure_of(&self, day: Day) -> bool {
        let Some(year) = self.years.get(&day.year()) else {
            return false;
        };
        let special = year.days_off.iter().chain(&year.worked).find(|special| special.day == day);
        special.is_none_or(|special| special.verified)
    }
}
