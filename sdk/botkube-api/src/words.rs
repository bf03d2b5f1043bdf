//! How a command line becomes words (contract-plugins §5.4): a small shell's quoting, and none of its expansions.
//! Must not know any command.

use std::ops::Range;

/// The words of a command line, and where reading it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The words, in order.
    pub words: Vec<Word>,
    /// The byte offset of the unquoted `;`, `&`, `|`, `<` or `>` behind which everything was dropped.
    pub stopped_at: Option<usize>,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it says, without quotes and backslashes.
    pub value: String,
    /// The bytes of the line it was read from, quotes included.
    pub span: Range<usize>,
}

/// Why a line has no words. Every text begins with upstream's `invalid command line string`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A quote that never ends.
    #[error(
        "invalid command line string: the {quote} at byte {offset} is never closed; add another or write \\{quote}"
    )]
    UnclosedQuote {
        /// `'`, `"` or a backtick.
        quote: char,
        /// The byte offset of the quote in the line.
        offset: usize,
    },
    /// A `$(` that never ends.
    #[error(
        "invalid command line string: the parenthesis at byte {offset} is never closed; add a ) or put it in quotes"
    )]
    UnclosedParenthesis {
        /// The byte offset of the parenthesis in the line.
        offset: usize,
    },
    /// A parenthesis that opens or closes nothing.
    #[error("invalid command line string: the {parenthesis} at byte {offset} stands alone; put it in quotes")]
    LoneParenthesis {
        /// `(` or `)`.
        parenthesis: char,
        /// The byte offset of the parenthesis in the line.
        offset: usize,
    },
    /// A backslash at the end.
    #[error("invalid command line string: the \\ at byte {offset} escapes nothing; remove it or write \\\\")]
    TrailingBackslash {
        /// The byte offset of the backslash in the line.
        offset: usize,
    },
}

/// Splits a command line into words.
///
/// Blanks separate; `'…'` is literal, `"…"` takes backslash escapes (the next character, whatever it is), a backslash
/// elsewhere escapes too; backticks and `$(…)` group but stay in the word, and
/// within backticks quotes still work. An unquoted `;`, `&`, `|`, `<` or `>` ends
/// the line, and takes a word that begins with a digit and touches a `>` along.
///
/// # Errors
/// When a quote or a parenthesis has no partner, or a backslash nothing to escape.
pub fn split(line: &str) -> Result<Words, WordsError> {
    let mut words = Words::default();
    let mut word: Option<Word> = None;
    // At most two: quotes may stand inside backticks.
    let mut groups: Vec<Group> = Vec::new();
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        let quote = groups.last().map(|group| group.quote);
        match (character, quote) {
            ('\\', Some('\'')) => {}
            ('\\', _) => {
                let Some((_, escaped)) = characters.next() else {
                    return Err(WordsError::TrailingBackslash { offset: at });
                };
                let end = at + 1 + escaped.len_utf8();
                extend(&mut word, at, end).push(escaped);
                continue;
            }
            (' ' | '\t' | '\r' | '\n', None) => {
                words.words.extend(word.take());
                continue;
            }
            ('"' | '\'', None | Some('`')) => {
                groups.push(Group { quote: character, offset: at });
                extend(&mut word, at, at + 1);
                continue;
            }
            ('"' | '\'', Some(quote)) if quote == character => {
                groups.pop();
                extend(&mut word, at, at + 1);
                continue;
            }
            ('`', None) | ('(', None) if character == '`' || ends_with_dollar(&word) => {
                groups.push(Group { quote: character, offset: at });
            }
            ('`', Some('`')) | (')', Some('(')) => drop(groups.pop()),
            ('(' | ')', None) | ('(', Some('(')) => {
                return Err(WordsError::LoneParenthesis { parenthesis: character, offset: at });
            }
            (';' | '&' | '|' | '<' | '>', None) => {
                let begins_with_digit = |word: &Word| word.value.starts_with(|c: char| c.is_ascii_digit());
                words.words.extend(word.take().filter(|word| character != '>' || !begins_with_digit(word)));
                words.stopped_at = Some(at);
                break;
            }
            _ => {}
        }
        extend(&mut word, at, at + character.len_utf8()).push(character);
    }
    match groups.pop() {
        Some(Group { quote: '(', offset }) => return Err(WordsError::UnclosedParenthesis { offset }),
        Some(Group { quote, offset }) => return Err(WordsError::UnclosedQuote { quote, offset }),
        None => words.words.extend(word),
    }
    Ok(words)
}

/// Removes the first argument that begins with `--version`; without a `=` in it the next argument goes too, whatever
/// it is (contract-plugins §5.4, A.4).
// Upstream: `--version` picks the version of the plugin, so plugins never see it.
pub fn strip_version_flag(mut words: Vec<String>) -> Vec<String> {
    if let Some(flag) = words.iter().position(|word| word.starts_with("--version")) {
        let removed = if words[flag].contains('=') { 1 } else { 2 };
        words.drain(flag..words.len().min(flag + removed));
    }
    words
}

/// What blanks do not end: the character that opened it, and where.
struct Group {
    quote: char,
    offset: usize,
}

impl WordsError {
    /// The byte offset in the line of what has no partner.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self {
            Self::UnclosedQuote { offset, .. }
            | Self::UnclosedParenthesis { offset }
            | Self::LoneParenthesis { offset, .. }
            | Self::TrailingBackslash { offset } => *offset,
        }
    }
}

impl Words {
    /// What the words say.
    pub fn into_values(self) -> Vec<String> {
        self.words.into_iter().map(|word| word.value).collect()
    }
}

fn extend(word: &mut Option<Word>, from: usize, to: usize) -> &mut String {
    let word = word.get_or_insert_with(|| Word { value: String::new(), span: from..to });
    word.span.end = to;
    &mut word.value
}

fn ends_with_dollar(word: &Option<Word>) -> bool {
    word.as_ref().is_some_and(|word| word.value.ends_with('$'))
}

#[cfg(test)]
mod tests;
