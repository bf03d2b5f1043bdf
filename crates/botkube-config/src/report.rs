//! Collects what is found, and draws it once everything is known that must not be shown.
//! Must not know: which rules there are.

use crate::finding::{Finding, Severity};
use crate::source::{Place, Sources};

/// Everything found so far.
#[derive(Default)]
pub(crate) struct Findings(Vec<Found>);

struct Found {
    severity: Severity,
    path: String,
    at: Option<Place>,
    message: String,
    help: String,
    differs: Option<u16>,
}

impl Findings {
    /// Something that keeps the configuration from being used.
    pub(crate) fn error(
        &mut self,
        path: &[impl AsRef<str>],
        at: Option<Place>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, path, at, message.into(), help.into(), None);
    }

    /// Something to think about.
    pub(crate) fn warning(
        &mut self,
        path: &[impl AsRef<str>],
        at: Option<Place>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, path, at, message.into(), help.into(), None);
    }

    /// Something that upstream takes for something else, in silence: the difference of this number.
    pub(crate) fn difference(
        &mut self,
        number: u16,
        path: &[impl AsRef<str>],
        at: Option<Place>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, path, at, message.into(), help.into(), Some(number));
    }

    fn push(
        &mut self,
        severity: Severity,
        path: &[impl AsRef<str>],
        at: Option<Place>,
        message: String,
        help: String,
        differs: Option<u16>,
    ) {
        self.0.push(Found { severity, path: dotted(path), at, message, help, differs });
    }

    /// Whether something is wrong at `path` or below, so that it need not be said again.
    pub(crate) fn has_error(&self, path: &[impl AsRef<str>]) -> bool {
        let path = dotted(path);
        self.0.iter().any(|found| {
            found.severity == Severity::Error
                && found.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// Everything found, in the order in which it is written.
    pub(crate) fn drawn(mut self, sources: &Sources) -> Vec<Finding> {
        self.0.sort_by_key(|found| found.at);
        let draw = |found: Found| Finding {
            severity: found.severity,
            path: found.path,
            origin: found.at.map(|at| sources.origin(at)),
            message: sources.harmless(&found.message),
            help: Some(sources.without_secrets(found.help)),
            excerpt: found.at.and_then(|at| sources.excerpt(at)),
            differs: found.differs,
        };
        self.0.into_iter().map(draw).collect()
    }
}

/// A path as people write it: keys with dots between them, places in a list in brackets.
pub(crate) fn dotted(path: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for key in path.iter().map(AsRef::as_ref).filter(|key| !key.is_empty()) {
        if !text.is_empty() && !key.starts_with('[') {
            text.push('.');
        }
        text.push_str(key);
    }
    text
}
