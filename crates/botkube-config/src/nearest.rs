//! The known name a person probably meant.
//! Must not know: what the names name.

use strsim::damerau_levenshtein;

/// The candidate closest to `word`, if one is close enough to be a slip of the finger.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let slips = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, ["tools", "tools-prod", "kubectl"]), expected);
    }

    #[test]
    fn a_slip_finds_its_name() {
        check("tolls", Some("tools"));
        check("Kubectl", Some("kubectl"));
        check("tool-prod", Some("tools-prod"));
    }

    #[test]
    fn something_else_finds_nothing() {
        check("helm", None);
        check("", None);
    }
}
