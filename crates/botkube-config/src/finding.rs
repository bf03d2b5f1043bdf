//! What is said to a person about a configuration: what is wrong, where, and what to do.
//! Must not know: which rules there are.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// The configuration works, but perhaps not as its writer thinks.
    Warning,
}

/// Where a key or a value is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Origin {
    /// The file, as it was named.
    #[serde(serialize_with = "readable")]
    pub file: PathBuf,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
}

/// One thing to tell. `Display` draws it with the line in question; serialised it is the same without the line.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The key it is about, such as `executors.tools.botkube/echo`; empty when it is about a whole file.
    pub path: String,
    /// Where that is written, if anywhere.
    pub origin: Option<Origin>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it, possibly a piece of YAML on lines of its own.
    pub help: Option<String>,
    /// The line `origin` points into, with secrets masked.
    #[serde(skip)]
    pub excerpt: Option<String>,
}

/// Draws findings one below the other.
pub(crate) struct Report<'a>(pub(crate) &'a [Finding]);

/// The most characters of a line that are drawn.
const WIDTH: usize = 120;

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        let number = self.origin.as_ref().map(|origin| origin.line.to_string()).unwrap_or_default();
        let gutter = number.len().max(1);
        if let Some(origin) = &self.origin {
            write!(f, "\n{:gutter$}--> {origin}", "")?;
            if let Some(line) = &self.excerpt {
                let (line, caret) = window(line, origin.column);
                write!(f, "\n{:gutter$} |\n{number:>gutter$} | {line}\n{:gutter$} | {caret}", "", "")?;
            }
        }
        if !self.path.is_empty() {
            write!(f, "\n{:gutter$} = key: {}", "", self.path)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{:gutter$} = help: ", "")?;
            let mut lines = help.lines();
            f.write_str(lines.next().unwrap_or_default())?;
            for line in lines {
                write!(f, "\n{:gutter$}         {line}", "")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

/// The part of `line` around `column` (from 1) that fits, and a caret below that column.
fn window(line: &str, column: u32) -> (String, String) {
    let column = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1).min(line.chars().count());
    let start = if line.chars().count() <= WIDTH { 0 } else { column.saturating_sub(WIDTH / 2) };
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    let lead = shown.chars().count();
    // One column per character, whatever it is, so that the caret stands below the right one.
    shown.extend(line.chars().skip(start).take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }));
    if line.chars().count() > start + WIDTH {
        shown.push('…');
    }
    let mut caret = " ".repeat(lead + column - start);
    caret.push('^');
    (shown.trim_end().into(), caret)
}

fn readable<S: Serializer>(file: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&file.display())
}
