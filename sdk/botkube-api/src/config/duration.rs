//! Lengths of time in configurations, written as Go writes them: `1m30s`.
//! Must not know what a length is used for.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Go keeps a length of time in a signed 64-bit number of nanoseconds.
const LONGEST: u128 = i64::MAX as u128;

/// Go's units, in nanoseconds; the two spellings of micro are U+00B5 and U+03BC.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A length of time: a text such as `1m30s`, or a number of nanoseconds. Written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

/// The text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a length of time; write it like 1m30s, with the units h, m, s, ms, us, ns and no minus sign")]
pub struct DurationError {
    /// What was given.
    pub text: String,
}

impl Deref for Duration {
    type Target = std::time::Duration;

    fn deref(&self) -> &std::time::Duration {
        &self.0
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self(duration)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        parse(text).map(Self).ok_or_else(|| DurationError { text: text.to_owned() })
    }
}

/// As Go prints it: `1m0s`, `1.5s`, `100ms`, `0s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos();
        let small = [("ns", 1), ("µs", 1_000), ("ms", 1_000_000)];
        if nanoseconds == 0 {
            return f.write_str("0s");
        }
        if nanoseconds < 1_000_000_000 {
            let fitting = small.into_iter().rev().find(|(_, unit)| nanoseconds >= *unit);
            let (name, unit) = fitting.expect("one nanosecond is the smallest length that is not zero");
            return write!(f, "{}{name}", decimal(nanoseconds, unit));
        }
        let (minutes, rest) = (nanoseconds / 60_000_000_000, nanoseconds % 60_000_000_000);
        if minutes >= 60 {
            write!(f, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(f, "{}m", minutes % 60)?;
        }
        write!(f, "{}s", decimal(rest, 1_000_000_000))
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A length of time such as 1m30s, or a number of nanoseconds.",
            "type": ["string", "integer"],
            "pattern": r"^\+?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$",
            "minimum": 0
        })
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as 1m30s, or a number of nanoseconds that is not negative")
    }

    fn visit_unit<E: Error>(self) -> Result<Duration, E> {
        Ok(Duration::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, nanoseconds: u64) -> Result<Duration, E> {
        Ok(Duration(std::time::Duration::from_nanos(nanoseconds)))
    }

    fn visit_i64<E: Error>(self, nanoseconds: i64) -> Result<Duration, E> {
        let unexpected = || E::invalid_value(serde::de::Unexpected::Signed(nanoseconds), &self);
        u64::try_from(nanoseconds).map_err(|_| unexpected()).and_then(|nanoseconds| self.visit_u64(nanoseconds))
    }

    fn visit_f64<E: Error>(self, nanoseconds: f64) -> Result<Duration, E> {
        // Go cuts the fraction of a nanosecond off.
        self.visit_i64(nanoseconds as i64)
    }
}

fn parse(text: &str) -> Option<std::time::Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(std::time::Duration::ZERO);
    }
    let mut total: u128 = 0;
    loop {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, behind) = rest.split_at(number);
        let unit = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (name, behind) = behind.split_at(unit);
        let (_, unit) = UNITS.into_iter().find(|(known, _)| *known == name)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || whole.len() > 19 || fraction.contains('.') {
            return None;
        }
        let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        // More digits than these cannot change a nanosecond of the largest unit.
        let fraction = &fraction[..fraction.len().min(18)];
        let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        total += whole * unit + part * unit / 10u128.pow(fraction.len() as u32);
        rest = behind;
        if total > LONGEST {
            return None;
        }
        if rest.is_empty() {
            return Some(std::time::Duration::from_nanos(u64::try_from(total).ok()?));
        }
    }
}

/// `value / unit` without trailing zeros; the units are powers of ten.
fn decimal(value: u128, unit: u128) -> String {
    let (whole, part) = (value / unit, value % unit);
    if part == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    format!("{whole}.{}", format!("{part:0width$}").trim_end_matches('0'))
}
