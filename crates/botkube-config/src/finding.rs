//! What is said to a person about a configuration: what is wrong, where, and what to do.
//! Must not know: which rules there are.

use std::fmt;
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// The configuration works, but perhaps not as its writer thinks.
    Warning,
}

/// Where a key or a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A file.
    File {
        /// The file, as it was named.
        file: PathBuf,
        /// Counted from 1.
        line: u32,
        /// In characters, counted from 1.
        column: u32,
    },
    /// A variable of the environment.
    Variable {
        /// Its name.
        name: String,
    },
    /// Nobody wrote it.
    Default,
}

/// One thing to tell. `Display` draws it with the line in question; serialised it is one flat object of `severity`, `path`,
/// `file`, `line`, `column`, `variable`, `message` and `help`, each `null` where there is none.
#[derive(Debug, Clone)]
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
    /// The line `origin` points into, with secrets masked; lines of more than 4096 bytes are left out.
    pub excerpt: Option<String>,
    /// The number in docs/compatibility.md where upstream takes the same configuration for something else.
    pub differs: Option<u16>,
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
        match self {
            Self::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Variable { name } => write!(f, "the variable {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        let place = match &self.origin {
            Some(Origin::File { line, column, .. }) => Some((line.to_string(), *column)),
            _ => None,
        };
        let number = place.as_ref().map_or("", |(line, _)| line);
        let gutter = number.len().max(1);
        if let Some(origin) = &self.origin {
            write!(f, "\n{:gutter$}--> {origin}", "")?;
            if let (Some(line), Some((_, column))) = (&self.excerpt, &place) {
                let (line, caret) = window(line, *column);
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

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut file, mut line, mut column, mut variable) = (None, None, None, None);
        match &self.origin {
            Some(Origin::File { file: path, line: l, column: c }) => {
                (file, line, column) = (Some(path.display().to_string()), Some(l), Some(c));
            }
            Some(Origin::Variable { name }) => variable = Some(name),
            Some(Origin::Default) | None => {}
        }
        let mut object = serializer.serialize_struct("Finding", 8)?;
        object.serialize_field("severity", &self.severity.to_string())?;
        object.serialize_field("path", &self.path)?;
        object.serialize_field("file", &file)?;
        object.serialize_field("line", &line)?;
        object.serialize_field("column", &column)?;
        object.serialize_field("variable", &variable)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("help", &self.help)?;
        object.end()
    }
}
