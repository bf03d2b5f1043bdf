//! The texts a configuration is made of, so that a place in one of them can be named and shown.
//! Must not know: YAML, or any key.

use std::path::{Path, PathBuf};

use crate::finding::{Finding, Origin, Severity};
use crate::mask;

/// The shortest text that is hidden wherever it stands; shorter ones are words that mean something elsewhere, too, and are
/// hidden behind their own keys only.
const SHORTEST_SECRET: usize = 8;
/// The longest line that is shown, in bytes; longer ones are no help to a person, and each finding would take its share.
const LONGEST_LINE: usize = 4096;

/// Every text read so far.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    entries: Vec<Source>,
    secrets: Vec<String>,
}

/// Names one entry of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceId(u32);

/// A place in one of the texts; small, since every key and every value carries one. Ordered as a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) source: SourceId,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Clone)]
enum Source {
    File { path: PathBuf, text: String, lines: Vec<Line> },
    Variable { name: String },
}

#[derive(Clone)]
struct Line {
    /// Where in the text it begins, in bytes.
    start: usize,
    /// Whether it is a part of a secret whose key stands above it.
    secret: bool,
}

impl Sources {
    pub(crate) fn add(&mut self, path: &Path, text: String) -> SourceId {
        let lines = lines(&text);
        self.push(Source::File { path: path.to_owned(), text, lines })
    }

    /// The place that a variable's value has.
    pub(crate) fn add_variable(&mut self, name: &str) -> Place {
        Place { source: self.push(Source::Variable { name: name.into() }), line: 1, column: 1 }
    }

    fn push(&mut self, source: Source) -> SourceId {
        self.entries.push(source);
        SourceId(count(self.entries.len() - 1))
    }

    pub(crate) fn text(&self, id: SourceId) -> &str {
        match self.get(id) {
            Source::File { text, .. } => text,
            Source::Variable { .. } => "",
        }
    }

    /// The folder of the file `id` is, if it is one.
    pub(crate) fn folder(&self, id: SourceId) -> Option<&Path> {
        match self.get(id) {
            Source::File { path, .. } => path.parent(),
            Source::Variable { .. } => None,
        }
    }

    pub(crate) fn origin(&self, place: Place) -> Origin {
        match self.get(place.source) {
            Source::File { path, .. } => Origin::File { file: path.clone(), line: place.line, column: place.column },
            Source::Variable { name } => Origin::Variable { name: name.clone() },
        }
    }

    /// The origin of what was written at `place`, or by nobody.
    pub(crate) fn written(&self, place: Option<Place>) -> Origin {
        place.map_or(Origin::Default, |place| self.origin(place))
    }

    /// Keeps the names only.
    pub(crate) fn forget_texts(&mut self) {
        self.secrets.clear();
        for source in &mut self.entries {
            if let Source::File { text, lines, .. } = source {
                *text = String::new();
                *lines = Vec::new();
            }
        }
    }

    /// Never shows `text` in a line again.
    pub(crate) fn hide(&mut self, text: &str) {
        let lines = text.lines().map(str::trim).filter(|line| line.chars().count() >= SHORTEST_SECRET);
        self.secrets.extend(lines.map(Into::into));
    }

    /// `text` without anything that is known or looks like a secret.
    pub(crate) fn harmless(&self, text: &str) -> String {
        self.without_secrets(mask::text(text))
    }

    /// `shown` without anything that is known to be a secret.
    pub(crate) fn without_secrets(&self, mut shown: String) -> String {
        for secret in &self.secrets {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), &"*".repeat(secret.chars().count()));
            }
        }
        shown
    }

    /// The line at `place` with secrets masked, if there is one and it is not too long to be shown.
    pub(crate) fn excerpt(&self, place: Place) -> Option<String> {
        let Source::File { text, lines, .. } = self.get(place.source) else { return None };
        let Line { start, secret } = lines.get(usize::try_from(place.line).ok()?.checked_sub(1)?)?;
        let line = text[*start..].lines().next()?;
        if line.len() > LONGEST_LINE {
            return None;
        }
        Some(match secret {
            true => line.chars().map(|c| if c.is_whitespace() { c } else { '*' }).collect(),
            false => self.without_secrets(mask::line(line)),
        })
    }

    fn get(&self, id: SourceId) -> &Source {
        &self.entries[id.0 as usize]
    }
}

/// Every line of `text`, gone through once.
fn lines(text: &str) -> Vec<Line> {
    // The lines that the next one may stand below: how far each is indented, and whether what is below it is secret.
    let mut above: Vec<(usize, bool)> = Vec::new();
    let mut start = 0;
    let line = |line: &str| {
        let begin = start;
        start += line.len();
        let indentation = line.len() - line.trim_start().len();
        let mut secret = false;
        if indentation < line.len() {
            above.truncate(above.partition_point(|(further, _)| *further < indentation));
            secret = above.last().is_some_and(|(_, secret)| *secret);
            above.push((indentation, secret || mask::opens_secret(line.trim_end())));
        }
        Line { start: begin, secret }
    };
    text.split_inclusive('\n').map(line).collect()
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
            differs: None,
        })
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => {
            // Some editors begin every file with a mark; it is no part of the text.
            let text = text.strip_prefix('\u{feff}').map_or(text.as_str(), |rest| rest).to_owned();
            Ok(sources.add(path, text))
        }
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
                differs: None,
            }))
        }
    }
}

/// Lines and columns beyond four thousand million are all the same to a reader.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of the last line of `text`.
    #[track_caller]
    fn check(text: &str, shown: Option<&str>) {
        let mut sources = Sources::default();
        let source = sources.add(Path::new("a.yaml"), text.into());
        let place = Place { source, line: count(text.lines().count()), column: 1 };
        assert_eq!(sources.excerpt(place).as_deref(), shown);
    }

    #[test]
    fn lines_below_a_secret_key_are_hidden() {
        check("token: |\n  a\n\n    b", Some("    *"));
        check("a:\n  token:\n    - b: c\n      d: e", Some("      ** *"));
        check("token:\n  a\nb:\n  c: d\r\n", Some("  c: d"));
    }

    #[test]
    fn lines_that_are_too_long_are_not_shown() {
        check(&"a".repeat(LONGEST_LINE), Some("a".repeat(LONGEST_LINE).as_str()));
        check(&"a".repeat(LONGEST_LINE + 1), None);
    }

    /// Were the time to grow with the square of the length, this would not end.
    #[test]
    fn every_line_of_a_large_file_can_be_shown() {
        let mut sources = Sources::default();
        let source = sources.add(Path::new("a.yaml"), " a: b\n".repeat(200_000));
        let place = |line| Place { source, line, column: 1 };
        assert!((1..=200_000).all(|line| sources.excerpt(place(line)).as_deref() == Some(" a: b")));
    }
}
