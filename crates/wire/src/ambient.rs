//! Time and randomness as parameters.
//!
//! Nothing below the binary reads the world's clock or its randomness by itself: both come in
//! through these two traits, so that a test can set the time and repeat the dice. Only traits
//! stand here; what reads the world lives in the binary and in `keys`.
//!
//! **Invariant**: a [`UtcMicros`] is a moment from 1970 to the end of 9999, so every one of them
//! has a written form of the same length, and sorting the text sorts the time.
//! **Trust**: whoever controls the clock can make old signatures look fresh; whoever controls the
//! randomness can guess salts and nonces.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, Time};

/// A source of the present moment.
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> UtcMicros;
}

/// A source of unpredictable bytes.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`. Infallible: the system's implementation ends the process if the operating
    /// system has no randomness to give, because nothing safe can be done without it.
    fn fill(&self, bytes: &mut [u8]);
}

/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 with always six digits of fraction: `2026-11-23T08:00:00.000001Z`.
/// Moments before 1970 or after 9999 do not exist here: arithmetic stops at the ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UtcMicros(i64);

/// A text that is no moment in the written form of [`UtcMicros`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UTC time like 2026-11-23T08:00:00.000001Z")]
pub struct NotATime;

const MICROS_PER_SECOND: i64 = 1_000_000;

impl UtcMicros {
    /// 1970-01-01T00:00:00.000000Z
    pub const MIN: Self = Self(0);
    /// 9999-12-31T23:59:59.999999Z
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The moment `micros` microseconds after 1970, held within [`Self::MIN`] and [`Self::MAX`].
    pub const fn from_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The moment `seconds` seconds after 1970, held within [`Self::MIN`] and [`Self::MAX`].
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// Whole milliseconds since 1970, rounded down.
    pub const fn as_millis(self) -> u64 {
        // Never negative, see `from_micros`.
        self.0.unsigned_abs() / 1_000
    }

    /// This moment plus `duration`, at most [`Self::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros_of(duration)))
    }

    /// This moment minus `duration`, at least [`Self::MIN`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros_of(duration)))
    }

    /// The day in UTC: `2026-11-23`.
    pub fn date(self) -> String {
        let spelling = self.spelling();
        let day = spelling.get(..10).unwrap_or_default();
        str::from_utf8(day).unwrap_or_default().to_owned()
    }
}

fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for UtcMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every entry carries a time, so it is spelt without the machinery of `write!`.
        let spelling = self.spelling();
        f.write_str(std::str::from_utf8(&spelling).unwrap_or_default())
    }
}

impl UtcMicros {
    /// Its written form.
    pub(crate) fn spelling(self) -> [u8; 27] {
        let moment = OffsetDateTime::from_unix_timestamp(self.as_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let year = moment.year().unsigned_abs();
        let micros = u32::try_from(self.0.rem_euclid(MICROS_PER_SECOND)).unwrap_or_default();
        let [y0, y1] = two_digits(year / 100);
        let [y2, y3] = two_digits(year % 100);
        let [m0, m1] = two_digits(u8::from(moment.month()).into());
        let [d0, d1] = two_digits(moment.day().into());
        let [h0, h1] = two_digits(moment.hour().into());
        let [n0, n1] = two_digits(moment.minute().into());
        let [s0, s1] = two_digits(moment.second().into());
        let [f0, f1] = two_digits(micros / 10_000);
        let [f2, f3] = two_digits(micros / 100 % 100);
        let [f4, f5] = two_digits(micros % 100);
        [
            y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1,
            b'.', f0, f1, f2, f3, f4, f5, b'Z',
        ]
    }
}

/// Of a number below 100.
fn two_digits(number: u32) -> [u8; 2] {
    [number / 10, number % 10].map(|digit| b'0' + u8::try_from(digit).unwrap_or_default())
}

impl fmt::Debug for UtcMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for UtcMicros {
    type Err = NotATime;

    /// Reads RFC 3339 in UTC (`Z`, capital letters) with no more than six digits of fraction.
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.strip_suffix('Z').ok_or(NotATime)?;
        let (date, time) = text.split_once('T').ok_or(NotATime)?;
        let (clock, fraction) = match time.split_once('.') {
            Some((clock, fraction)) => (clock, micros_of_fraction(fraction)?),
            None => (time, 0),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let small = |number: u16| u8::try_from(number).map_err(|_| NotATime);
        let month = Month::try_from(small(month)?).map_err(|_| NotATime)?;
        let date =
            Date::from_calendar_date(i32::from(year), month, small(day)?).map_err(|_| NotATime)?;
        let clock =
            Time::from_hms(small(hour)?, small(minute)?, small(second)?).map_err(|_| NotATime)?;
        let seconds = date.with_time(clock).assume_utc().unix_timestamp();
        // Years before 1970 parse, but no such moment exists here.
        if seconds < 0 {
            return Err(NotATime);
        }
        Ok(Self(seconds * MICROS_PER_SECOND + fraction))
    }
}

/// Three numbers of exactly the given widths, parted by `separator`.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Result<[u16; 3], NotATime> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (number, width) in found.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width).ok_or(NotATime)?;
        *number = digits(part)?.parse().map_err(|_| NotATime)?;
    }
    if parts.next().is_some() { Err(NotATime) } else { Ok(found) }
}

fn micros_of_fraction(text: &str) -> Result<i64, NotATime> {
    if text.is_empty() || text.len() > 6 {
        return Err(NotATime);
    }
    let value: i64 = digits(text)?.parse().map_err(|_| NotATime)?;
    let missing = u32::try_from(6 - text.len()).map_err(|_| NotATime)?;
    Ok(value * 10_i64.pow(missing))
}

fn digits(text: &str) -> Result<&str, NotATime> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { Ok(text) } else { Err(NotATime) }
}

impl From<UtcMicros> for String {
    fn from(moment: UtcMicros) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for UtcMicros {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moment_is_written_with_six_digits_of_fraction() {
        let moment = UtcMicros::from_micros(1_795_420_800_000_001);
        assert_eq!(moment.to_string(), "2026-11-23T08:00:00.000001Z");
        assert_eq!(moment.date(), "2026-11-23");
        assert_eq!(UtcMicros::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn a_shorter_fraction_is_read() {
        let read: UtcMicros = "2026-11-23T08:00:00.5Z".parse().unwrap();
        assert_eq!(read.to_string(), "2026-11-23T08:00:00.500000Z");
        assert_eq!("1970-01-01T00:00:00Z".parse(), Ok(UtcMicros::MIN));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T08:00:00",
            "2026-11-23T08:00:00+00:00",
            "2026-11-23t08:00:00z",
            "2026-02-29T08:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T08:00:60Z",
            "2026-11-23T08:00:00.Z",
            "2026-11-23T08:00:00.1234567Z",
            "1969-12-31T23:59:59Z",
            "2026-11-2३T08:00:00Z",
            "+026-11-23T08:00:00Z",
        ] {
            assert_eq!(text.parse::<UtcMicros>(), Err(NotATime), "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(UtcMicros::from_micros(-5), UtcMicros::MIN);
        assert_eq!(UtcMicros::MAX.saturating_add(Duration::MAX), UtcMicros::MAX);
        assert_eq!(UtcMicros::MIN.saturating_sub(Duration::from_secs(1)), UtcMicros::MIN);
    }

    proptest! {
        #[test]
        fn every_moment_reads_back_and_sorts_as_its_text(
            a in 0..=UtcMicros::MAX.0, b in 0..=UtcMicros::MAX.0
        ) {
            let (a, b) = (UtcMicros(a), UtcMicros(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = text.parse::<UtcMicros>();
        }
    }
}
