//! hclog's JSON lines, in which plugins log on standard error: reading them without trusting any, and writing them from
//! `tracing`. It knows nothing of processes.

#[cfg(feature = "plugin")]
mod layer;

use std::fmt;

use serde_json::{Map, Value};

#[cfg(feature = "plugin")]
pub use layer::Layer;
#[cfg(feature = "plugin")]
pub(crate) use layer::line;

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Finest.
    Trace,
    /// For the author.
    Debug,
    /// Normal operation.
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

/// One line of a plugin's standard error, understood as far as it can be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The line's level; for a line that is no log entry, what its prefix says, else [`Level::Debug`].
    pub level: Level,
    /// The message; for a line that is no log entry, the line.
    pub message: String,
    /// When the plugin says it happened, as it wrote it.
    pub timestamp: Option<String>,
    /// Everything else the entry carries, `@module` and `@caller` included.
    pub fields: Map<String, Value>,
}

impl Level {
    /// Reads a level as hclog does, in any letter case and with blanks around it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error]
            .into_iter()
            .find(|level| text.trim().eq_ignore_ascii_case(level.as_str()))
    }

    /// The level's name in an entry.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Entry {
    /// Understands a line. Never fails: what is no log entry becomes one whose message is the line.
    ///
    /// `contract-plugins §1.12`; upstream's host dies of `{"@message": 5}` (B45a), this one shows it.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        Self::parse_json(line).unwrap_or_else(|| Self::raw(line))
    }

    fn parse_json(line: &str) -> Option<Self> {
        if !line.starts_with('{') {
            return None;
        }
        let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let mut text = |key: &str| match fields.remove(key) {
            Some(Value::String(text)) => Some(Some(text)),
            None => Some(None),
            Some(_) => None,
        };
        let message = text("@message")?.unwrap_or_default();
        let timestamp = text("@timestamp")?;
        let level = Level::parse(&text("@level")??)?;
        Some(Self { level, message, timestamp, fields })
    }

    fn raw(line: &str) -> Self {
        let level = [
            ("[TRACE]", Level::Trace),
            ("[DEBUG]", Level::Debug),
            ("[INFO]", Level::Info),
            ("[WARN]", Level::Warn),
            ("[ERROR]", Level::Error),
        ]
        .into_iter()
        .find_map(|(prefix, level)| line.starts_with(prefix).then_some(level));
        Self { level: level.unwrap_or(Level::Debug), message: line.to_owned(), timestamp: None, fields: Map::new() }
    }

    /// Whether this line begins the report of a crash, so that it and what follows matter to whoever runs the host: a Go
    /// panic or fatal error, or a Rust panic.
    #[must_use]
    pub fn begins_crash_report(&self) -> bool {
        self.timestamp.is_none()
            && (self.message.starts_with("panic: ")
                || self.message.starts_with("fatal error: ")
                || (self.message.starts_with("thread '") && self.message.contains("panicked at")))
    }
}

/// The message, then every field as `key=value`: one line for a log.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (key, value) in &self.fields {
            match value {
                Value::String(text) => write!(f, " {key}={text:?}")?,
                other => write!(f, " {key}={other}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, level: Level, message: &str, fields: &str) {
        let entry = Entry::parse(line);
        let expected: Map<String, Value> = serde_json::from_str(fields).unwrap();
        assert_eq!((entry.level, entry.message.as_str(), entry.fields), (level, message, expected), "{line}");
    }

    #[test]
    fn an_entry_gives_level_message_and_every_other_key() {
        check(
            r#"{"@level":"info","@message":"up","@timestamp":"2024-11-05T10:00:00.000001Z","@module":"m","n":1}"#,
            Level::Info,
            "up",
            r#"{"@module":"m","n":1}"#,
        );
    }

    #[test]
    fn an_entry_is_shown_with_its_fields() {
        let entry = Entry::parse(r#"{"@level":"info","@message":"up","pods":3,"why":"a b"}"#);
        assert_eq!(entry.to_string(), r#"up pods=3 why="a b""#);
    }

    #[test]
    fn levels_ignore_case_and_blanks() {
        check(r#"{"@level":" WARN ","@message":"m"}"#, Level::Warn, "m", "{}");
    }

    #[test]
    fn an_entry_without_a_known_level_is_shown_as_it_is() {
        for line in [r#"{"@message":"m"}"#, r#"{"@level":"off","@message":"m"}"#, r#"{"@level":"loud"}"#] {
            check(line, Level::Debug, line, "{}");
        }
    }

    #[test]
    fn values_of_the_wrong_type_are_shown_as_they_are() {
        for line in [
            r#"{"@message": 5}"#,
            r#"{"@level": 5, "@message": "m"}"#,
            r#"{"@level":"info","@timestamp":[]}"#,
            r#"{"@level":null}"#,
            "{}",
            "{",
        ] {
            check(line, Level::Debug, line, "{}");
        }
    }

    #[test]
    fn a_plain_line_has_the_level_of_its_prefix_and_keeps_it() {
        check("[ERROR] no disk", Level::Error, "[ERROR] no disk", "{}");
        check("no disk", Level::Debug, "no disk", "{}");
    }

    #[test]
    fn crashes_of_go_and_rust_are_recognised() {
        for line in [
            "panic: nil map",
            "fatal error: all goroutines are asleep",
            "thread 'main' (7) panicked at src/main.rs:1:1:",
        ] {
            assert!(Entry::parse(line).begins_crash_report(), "{line}");
        }
        assert!(!Entry::parse("don't panic: ").begins_crash_report());
    }
}
