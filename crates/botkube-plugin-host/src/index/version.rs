//! Which of two versions is higher, as contract-plugins §6.7 and its appendix A.6 have it.
//! Must not know: what has a version.

use std::cmp::Ordering;

/// What is compared of a version: numbers, and after them perhaps what makes it a pre-release. What follows a `+` makes no
/// difference.
#[derive(Clone, Debug)]
pub(super) struct Version<'a> {
    numbers: Vec<u64>,
    pre_release: Option<&'a str>,
}

impl<'a> Version<'a> {
    /// `None` for a text that is no version, such as `dev`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        // `1.0.0beta` needs no dash in upstream's library, `1.0.0.beta` is no version there.
        let pre_release = rest.strip_prefix('-').unwrap_or(rest);
        let is_words = |text: &str| {
            text.split('.').all(|word| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '~'))
            })
        };
        if [(!rest.is_empty()).then_some(pre_release), build].into_iter().flatten().any(|text| !is_words(text)) {
            return None;
        }
        let numbers = numbers.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { numbers, pre_release: Some(pre_release).filter(|text| !text.is_empty()) })
    }

    pub(super) fn is_release(&self) -> bool {
        self.pre_release.is_none()
    }

    /// Whether these are the first numbers of `other`; never so for a pre-release.
    pub(super) fn is_prefix_of(&self, other: &Self) -> bool {
        self.is_release() && other.numbers.starts_with(&self.numbers)
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        let number = |version: &Self, at: usize| version.numbers.get(at).copied().unwrap_or(0);
        let numbers = (0..length).map(|at| number(self, at).cmp(&number(other, at))).find(|order| order.is_ne());
        numbers.unwrap_or_else(|| match (self.pre_release, other.pre_release) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(this), Some(other)) => pre_release(this, other),
        })
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version<'_> {}

/// Word by word: numbers by value and below words; of two that begin alike the longer is higher.
fn pre_release(one: &str, two: &str) -> Ordering {
    let mut words = (one.split('.'), two.split('.'));
    loop {
        let order = match (words.0.next(), words.1.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(two)) => match (digits(one), digits(two)) {
                (Some(one), Some(two)) => one.len().cmp(&two.len()).then(one.cmp(two)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => one.cmp(two),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The digits of a number without leading zeros, so that their count comes before their order.
fn digits(word: &str) -> Option<&str> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(best_first: &[&str]) {
        let versions: Vec<Version<'_>> = best_first.iter().map(|text| Version::parse(text).unwrap()).collect();
        for (at, one) in versions.iter().enumerate() {
            for (other, two) in versions.iter().enumerate() {
                assert_eq!(one.cmp(two), other.cmp(&at), "{} and {}", best_first[at], best_first[other]);
            }
        }
    }

    #[test]
    fn numbers_count_by_value_and_a_v_makes_no_difference() {
        check(&["v1.5.0", "v1.0.0", "0.1.0"]);
        check(&["1.10", "1.2.0.1", "1.2"]);
    }

    #[test]
    fn a_pre_release_stands_below_its_release() {
        check(&["1.0.0", "1.0.0-rc.1", "1.0.0-beta"]);
        check(&["v1.14.0", "v1.14.0-rc.1", "v1.9.0-rc.2"]);
        check(&["1.0", "1.0-rc.10", "1.0-rc.9", "1.0-rc", "1.0-1"]);
    }

    #[test]
    fn what_is_not_written_is_zero_and_builds_do_not_count() {
        for (one, two) in [("1", "1.0.0"), ("1.0+a", "v1+b"), ("1.0-01", "1.0-1")] {
            assert_eq!(Version::parse(one), Version::parse(two), "{one} and {two}");
        }
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in
            ["dev", "", "v", "1.", ".1", "1..2", "1.x", "1-", "1+", "1-a..b", "1-ä", "vv1", "99999999999999999999"]
        {
            assert!(Version::parse(text).is_none(), "{text}");
        }
    }
}
