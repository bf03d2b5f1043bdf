//! The texts a configuration is made of, so that a place in one of them can be named and shown.
//! Must not know: YAML, or any key but those whose values are never shown.

use std::path::{Path, PathBuf};

use crate::finding::{Finding, Origin, Severity};

/// Every text read so far. Files today; a variable would be one more kind of entry.
#[derive(Default)]
pub(crate) struct Sources(Vec<Source>);

/// Names one entry of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceId(usize);

/// A place in one of the texts; small, since every key and every value carries one. Ordered as a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) source: SourceId,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

struct Source {
    path: PathBuf,
    text: String,
}

/// Keys that end in one of these hold secrets.
const SECRET_KEYS: [&str; 7] =
    ["token", "password", "secret", "apikey", "integrationkey", "secretkey", "authorization"];
/// Words that start with one of these are secrets.
const SECRET_WORDS: [&str; 4] = ["xoxb-", "xapp-", "xoxp-", "xoxa-"];

impl Sources {
    pub(crate) fn add(&mut self, path: &Path, text: String) -> SourceId {
        self.0.push(Source { path: path.to_owned(), text });
        SourceId(self.0.len() - 1)
    }

    pub(crate) fn text(&self, id: SourceId) -> &str {
        &self.0[id.0].text
    }

    pub(crate) fn origin(&self, place: Place) -> Origin {
        Origin { file: self.0[place.source.0].path.clone(), line: place.line, column: place.column }
    }

    /// The line at `place` with secrets masked, if there is one.
    pub(crate) fn excerpt(&self, place: Place) -> Option<String> {
        let index = usize::try_from(place.line).ok()?.checked_sub(1)?;
        self.text(place.source).lines().nth(index).map(mask)
    }
}

/// Reads one file.
pub(crate) fn read(sources: &mut Sources, path: &Path) -> Result<SourceId, Box<Finding>> {
    let bytes = std::fs::read(path).map_err(|error| {
        Box::new(Finding {
            severity: Severity::Error,
            path: String::new(),
            origin: None,
            message: format!("cannot read the configuration file {}: {error}", path.display()),
            help: Some("name a file that exists and that this user may read".into()),
            excerpt: None,
        })
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(path, text)),
        Err(error) => {
            let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let last = good.rsplit('\n').next().unwrap_or_default();
            let place = Place {
                source: sources.add(path, text),
                line: count(good.matches('\n').count() + 1),
                column: count(last.chars().count() + 1),
            };
            Err(Box::new(Finding {
                severity: Severity::Error,
                path: String::new(),
                origin: Some(sources.origin(place)),
                message: "the file is not UTF-8 text".into(),
                help: Some("save the file as UTF-8".into()),
                excerpt: sources.excerpt(place),
            }))
        }
    }
}

/// `line` with every secret it seems to hold replaced by as many stars, so that columns stay what they are.
pub(crate) fn mask(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    let lower: Vec<char> = shown.iter().map(char::to_ascii_lowercase).collect();
    for colon in (0..lower.len()).filter(|&at| lower[at] == ':') {
        let key: String = lower[..colon].iter().collect();
        let key = key.trim_end_matches([' ', '"', '\'']);
        if SECRET_KEYS.iter().any(|secret| key.ends_with(secret)) {
            let value = (colon + 1..lower.len()).take_while(|&at| !matches!(lower[at], ',' | '}'));
            value.filter(|&at| lower[at] != ' ').for_each(|at| shown[at] = '*');
        }
    }
    for start in 0..lower.len() {
        if SECRET_WORDS.iter().any(|word| word.chars().eq(lower[start..].iter().copied().take(word.len()))) {
            let word = (start..lower.len()).take_while(|&at| lower[at].is_ascii_alphanumeric() || lower[at] == '-');
            word.for_each(|at| shown[at] = '*');
        }
    }
    shown.into_iter().collect()
}

/// Lines and columns beyond four thousand million are all the same to a reader.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, shown: &str) {
        assert_eq!(mask(line), shown);
    }

    #[test]
    fn values_of_secret_keys_are_not_shown() {
        check("  botToken: 'abc'", "  botToken: *****");
        check("{\"password\": p w, url: x}", "{\"password\": * *, url: x}");
    }

    #[test]
    fn tokens_of_slack_are_not_shown_wherever_they_stand() {
        check("- xoxb-1-a # why", "- ******** # why");
    }

    #[test]
    fn everything_else_is_shown() {
        check("tokens: [a]", "tokens: [a]");
        check("name: token", "name: token");
    }
}
