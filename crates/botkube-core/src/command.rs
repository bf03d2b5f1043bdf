//! What was typed, cleaned, and cut into words and flags; it knows no binding.
//!
//! Reading order: [`Command::parse`] · `clean` what platforms did to the text · `line` its words · `flags` the agent's own
//! among them.

mod clean;
mod flags;
mod line;

use std::fmt;

use botkube_config::model::Alias;
use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;

pub use flags::Flags;

/// The longest text that is taken for a command, in bytes.
pub const LONGEST: usize = 256 * 1024;
/// How much of a line is shown on each side of what is wrong with it, in characters.
const AROUND: usize = 40;

/// A typed command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The text as people see it: no mention, cleaned, alias expanded, the agent's flags included.
    pub shown: String,
    /// The text as it goes to a plugin: `shown` without the agent's flags, otherwise byte for byte.
    pub text: String,
    /// The words of `text` up to the first unquoted `|`, `;`, `&`, `<` or `>`.
    pub words: Vec<String>,
    /// The agent's flags.
    pub flags: Flags,
    /// Whether a `--` stands in it, behind which nothing is a flag of the agent's.
    pub flags_ended: bool,
}

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Something in it is wrong.
    #[error("cannot parse the command: {reason}\n\n{place}")]
    Malformed {
        /// What is wrong, and what to do.
        reason: String,
        /// Where.
        place: Place,
    },
    /// It is longer than [`LONGEST`].
    #[error(
        "the command has {size} bytes and may have {LONGEST}; nothing of it was run. Shorten it, or put the long part where \
         the plugin can read it"
    )]
    TooLong {
        /// Its size in bytes.
        size: usize,
    },
}

/// A place in a text. `Display` draws it: what stands around it, and a caret below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    before: String,
    after: String,
}

impl Command {
    /// Makes a command of a text. `host_flags` says of a command's first word whether `--filter`, `--cluster-name` and
    /// `--all-clusters` behind it are the agent's, as upstream has it, or belong to what the word names.
    ///
    /// # Errors
    ///
    /// When a quote is not closed, a flag of the agent's is not written as it must be, or the text is too long.
    pub fn parse(text: &str, aliases: &[Alias], host_flags: impl FnOnce(&str) -> bool) -> Result<Self, CommandError> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(CommandError::TooLong { size: text.len() });
        }
        let clean = clean::straightened(clean::without_mention(text));
        let shown = expanded(clean.trim(), aliases);
        let malformed = |reason, offset| CommandError::Malformed { reason, place: Place::new(&shown, offset) };
        let line = line::read(&shown).map_err(|line::Unclosed { quote, offset }| {
            malformed(format!("the {quote} is never closed; add another, or write \\{quote}"), offset)
        })?;
        let split = flags::split(&shown, line, host_flags).map_err(|wrong| malformed(wrong.reason, wrong.offset))?;
        Ok(Self { text: split.text, words: split.words, flags: split.flags, flags_ended: split.ended, shown })
    }

    /// The first word, which names a plugin or a built-in command.
    #[must_use]
    pub fn name(&self) -> &str {
        self.words.first().map(String::as_str).unwrap_or_default()
    }

    /// Whether it asks for the help of what it names: with more words it is a command of the plugin's own.
    #[must_use]
    pub fn is_help(&self) -> bool {
        self.words.len() == 2 && self.words[1] == "help"
    }

    /// What lines of its answer must contain, if it says so.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.flags.filter.as_deref().filter(|value| !value.is_empty())
    }

    /// Whether it asks for another cluster than this one.
    #[must_use]
    pub fn is_for_another(&self, cluster: &str) -> bool {
        self.flags.cluster_name.as_ref().is_some_and(|asked| !asked.is_empty() && asked != cluster)
    }
}

impl Place {
    fn new(text: &str, offset: usize) -> Self {
        let (before, after) = text.split_at_checked(offset).unwrap_or((text, ""));
        let line = before.matches('\n').count() + 1;
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        let column = before.chars().count() + 1;
        // Two characters more than are shown, so that what is left out is more than the mark for it.
        let begin = before.char_indices().rev().nth(AROUND + 1).map(|_| before.char_indices().rev().nth(AROUND - 1));
        let end = after.char_indices().nth(AROUND + 1).map(|_| after.char_indices().nth(AROUND));
        let visible = |text: &str| text.replace(|c: char| c.is_control(), " ");
        Self {
            line,
            column,
            before: match begin.flatten() {
                Some((at, _)) => format!("…{}", visible(&before[at..])),
                None => visible(before),
            },
            after: match end.flatten() {
                Some((at, _)) => format!("{}…", visible(&after[..at])),
                None => visible(after),
            },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}\n{:>width$}", self.before, self.after, "^", width = self.before.width() + 1)
    }
}

/// Expands the alias that is the first word, or the longest of those that are the first words, once (`contract-host §2.3`).
fn expanded(text: &str, aliases: &[Alias]) -> String {
    aliases
        .iter()
        .filter_map(|alias| {
            let rest = text.strip_prefix(alias.name.as_str())?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((alias, rest))
        })
        .max_by_key(|(alias, _)| alias.name.len())
        .map_or_else(|| text.to_owned(), |(alias, rest)| format!("{}{rest}", alias.command))
}

#[cfg(test)]
mod tests;
