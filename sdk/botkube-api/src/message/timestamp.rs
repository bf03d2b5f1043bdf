//! Points in time as Go writes them in JSON: RFC 3339 with an offset (contract-plugins §3.2).
//! Must not know the clock or a time zone's rules.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

const SECONDS_PER_DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z, in seconds since 1970.
const ZERO: i64 = -62_135_596_800;
/// The first and the last second that four digits of a year can say, in seconds since 1970.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

/// A point in time with the offset of its clock; the years 0000 to 9999, to the nanosecond.
///
/// The default is Go's zero time `0001-01-01T00:00:00Z`, which means "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// Since 1970 in UTC.
    seconds: i64,
    nanoseconds: u32,
    offset_minutes: i16,
}

/// The text is not a time such as `2024-11-05T10:00:00.12+01:00`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time; write it like 2024-11-05T10:00:00.12+01:00 or 2024-11-05T09:00:00Z (RFC 3339)")]
pub struct TimestampError {
    /// What was given.
    pub text: String,
}

impl Timestamp {
    /// Whether this is the zero time, at any offset, which means "none".
    pub fn is_zero(&self) -> bool {
        self.seconds == ZERO && self.nanoseconds == 0
    }

    /// The same point in time for the standard library; `None` for the zero time and where the system cannot say it.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        if self.is_zero() {
            return None;
        }
        let seconds = Duration::from_secs(self.seconds.unsigned_abs());
        let whole = match self.seconds < 0 {
            true => SystemTime::UNIX_EPOCH.checked_sub(seconds),
            false => SystemTime::UNIX_EPOCH.checked_add(seconds),
        };
        whole?.checked_add(Duration::from_nanos(self.nanoseconds.into()))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self { seconds: ZERO, nanoseconds: 0, offset_minutes: 0 }
    }
}

/// In UTC; what lies outside the years 0000 to 9999 is moved to their nearer end.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let (seconds, nanoseconds) = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(LAST), after.subsec_nanos()),
            Err(error) => {
                let before = error.duration();
                let seconds = i64::try_from(before.as_secs()).map_or(FIRST, |seconds| -seconds);
                match before.subsec_nanos() {
                    0 => (seconds, 0),
                    nanoseconds => (seconds.saturating_sub(1), 1_000_000_000 - nanoseconds),
                }
            }
        };
        Self { seconds: seconds.clamp(FIRST, LAST), nanoseconds, offset_minutes: 0 }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Accepts what Go accepts in JSON; fractions are cut off behind the nanosecond.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text).ok_or_else(|| TimestampError { text: text.to_owned() })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.seconds + i64::from(self.offset_minutes) * 60;
        let (year, month, day) = civil(local.div_euclid(SECONDS_PER_DAY));
        let second = local.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            let digits = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        match self.offset_minutes {
            0 => f.write_str("Z"),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An option, because `null` is the zero time although the empty text is an error.
        deserializer.deserialize_option(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl<'de> Visitor<'de> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as \"2024-11-05T09:00:00Z\"")
    }

    fn visit_none<E: Error>(self) -> Result<Timestamp, E> {
        Ok(Timestamp::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let year = number(date.get(..4)?, 9999)?;
    let month = number(date.strip_prefix(&date[..4])?.strip_prefix('-')?.get(..2)?, 12)?;
    let day = number(date.get(7..)?.strip_prefix('-')?, 31)?;
    let (clock, rest) = rest.strip_prefix('T')?.split_at_checked(8)?;
    let mut units = clock.split(':');
    let hour = number(units.next()?, 23)?;
    let minute = number(units.next()?, 59)?;
    let second = number(units.next()?, 59)?;
    if units.next().is_some() || month == 0 || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let (nanoseconds, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (fraction, zone) = rest.split_at(digits);
            let kept = &fraction[..digits.min(9)];
            (u32::try_from(number_of(kept)?).ok()? * 10u32.pow(9 - kept.len() as u32), zone)
        }
        None => (0, rest),
    };
    let offset_minutes = match (zone, zone.get(..1)) {
        ("Z", _) => 0,
        (_, Some(sign @ ("+" | "-"))) => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let offset = number(hours, 23)? * 60 + number(minutes, 59)?;
            if sign == "-" { -offset } else { offset }
        }
        _ => return None,
    };
    let local = days(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    let offset_minutes = i16::try_from(offset_minutes).ok()?;
    Some(Timestamp { seconds: local - i64::from(offset_minutes) * 60, nanoseconds, offset_minutes })
}

/// Two or four digits, at most `highest`.
fn number(digits: &str, highest: i64) -> Option<i64> {
    let length = if highest > 99 { 4 } else { 2 };
    number_of(digits).filter(|&value| digits.len() == length && value <= highest)
}

fn number_of(digits: &str) -> Option<i64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

// Both conversions count from 1 March of year 0, so that the leap day is the last day of its year: 146097 days are
// 400 years, and 719468 days lie between that day and 1970-01-01.

/// The days from 1970-01-01 to a date of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}
