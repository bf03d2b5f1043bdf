//! The known word a person probably meant.
//! Must not know what the words name.

use strsim::damerau_levenshtein;

/// What to say behind a word that is none of the known ones: the one that was meant, if one is close enough to be a slip of
/// the pen, else all of them.
pub(crate) fn meant(word: &str, known: &[&str]) -> String {
    let known: Vec<&str> = known.iter().copied().filter(|known| !known.is_empty()).collect();
    let slips = (word.chars().count() / 3).max(1);
    let distance = |known: &&str| damerau_levenshtein(&word.to_lowercase(), &known.to_lowercase());
    let near =
        known.iter().copied().map(|known| (distance(&known), known)).min().filter(|(distance, _)| *distance <= slips);
    match near {
        Some((_, near)) => format!("; did you mean `{near}`?"),
        None => format!("; there is `{}`", known.join("`, `")),
    }
}
