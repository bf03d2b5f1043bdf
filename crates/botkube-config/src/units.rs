//! Durations and sizes as people write them.
//! Must not know: which key they are written under.

use std::time::Duration;

const NANOSECONDS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const BYTES: [(&str, u64); 18] = [
    ("", 1),
    ("B", 1),
    ("k", 1_000),
    ("K", 1_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("M", 1_000_000),
    ("MB", 1_000_000),
    ("G", 1_000_000_000),
    ("GB", 1_000_000_000),
    ("Ki", 1 << 10),
    ("KiB", 1 << 10),
    ("Mi", 1 << 20),
    ("MiB", 1 << 20),
    ("Gi", 1 << 30),
    ("GiB", 1 << 30),
    ("Ti", 1 << 40),
    ("TiB", 1 << 40),
];

/// Go's text form of a duration, such as `1h30m` or `1.5s`; neither negative nor without a unit.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (_, nanoseconds) = NANOSECONDS.into_iter().find(|(unit, _)| *unit == &after[..end])?;
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        // Beyond nanoseconds nothing counts; eighteen digits are more than an hour has of them.
        let fraction = &fraction[..fraction.len().min(18)];
        let part = number(whole)?.checked_mul(nanoseconds)?
            + number(fraction)? * nanoseconds / 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        total = total.checked_add(part)?;
        rest = &after[end..];
    }
    // Go counts in a signed 64-bit number of nanoseconds, about 292 years.
    i64::try_from(total)
        .ok()
        .filter(|_| !text.is_empty())
        .and_then(|total| u64::try_from(total).ok())
        .map(Duration::from_nanos)
}

/// A number of bytes, such as `1000`, `64Mi` or `10MB`.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (count, unit) = digits(text.trim());
    let (_, factor) = BYTES.into_iter().find(|(name, _)| *name == unit.trim_start())?;
    count.parse::<u64>().ok()?.checked_mul(factor)
}

/// `duration` in the fewest words that mean it, such as `1h30m`.
pub(crate) fn go_duration(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    for (unit, nanoseconds) in
        [("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("ns", 1)]
    {
        let count = rest / nanoseconds;
        rest %= nanoseconds;
        if count > 0 {
            text += &format!("{count}{unit}");
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// `bytes` with the largest unit that divides it, such as `64Mi`.
pub(crate) fn binary_size(bytes: u64) -> String {
    let units = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    match units.into_iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor)) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// No digits are a zero, as in `.5s`.
fn number(digits: &str) -> Option<u128> {
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests;
