//! The texts a configuration is made of, so that a place in one of them can be named and shown.
//! Must not know: YAML, or any key.

use std::path::{Path, PathBuf};

use crate::finding::{Finding, Origin, Severity};
use crate::mask;

/// The shortest text that is hidden wherever it stands; shorter ones are words that mean something elsewhere, too, and are
/// hidden behind their own keys only.
const SHORTEST_SECRET: usize = 8;

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
    File { path: PathBuf, text: String },
    Variable { name: String },
}

impl Sources {
    pub(crate) fn add(&mut self, path: &Path, text: String) -> SourceId {
        self.push(Source::File { path: path.to_owned(), text })
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
            if let Source::File { text, .. } = source {
                *text = String::new();
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

    /// The line at `place` with secrets masked, if there is one.
    pub(crate) fn excerpt(&self, place: Place) -> Option<String> {
        let index = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let lines: Vec<&str> = self.text(place.source).lines().take(index + 1).collect();
        let line = lines.get(index)?;
        let indentation = |line: &str| line.len() - line.trim_start().len();
        let mut below = indentation(line);
        for above in lines[..index].iter().rev().filter(|line| !line.trim().is_empty()) {
            if indentation(above) < below {
                below = indentation(above);
                if mask::opens_secret(above) {
                    return Some(line.chars().map(|c| if c.is_whitespace() { c } else { '*' }).collect());
                }
            }
        }
        Some(self.without_secrets(mask::line(line)))
    }

    fn get(&self, id: SourceId) -> &Source {
        &self.entries[id.0 as usize]
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
            differs: false,
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
                differs: false,
            }))
        }
    }
}

/// Lines and columns beyond four thousand million are all the same to a reader.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
