//! What was typed, cleaned and cut into words; it knows no binding.

use botkube_api::words;
use botkube_config::model::Alias;
use serde::{Deserialize, Serialize};

/// A typed command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The text as it goes to a plugin: no mention, aliases expanded, otherwise as typed.
    pub text: String,
    /// Its words up to the first unquoted `|`, `;`, `&`, `<` or `>`.
    pub words: Vec<String>,
}

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot parse the command: {reason}\n\n{text}\n{:>width$}", "^", width = column)]
pub struct CommandError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
    /// Where, counted in characters from 1.
    pub column: usize,
}

impl Command {
    /// Cleans and cuts a text.
    ///
    /// # Errors
    ///
    /// When a quote or bracket is not closed; the error shows where.
    pub fn parse(text: &str, aliases: &[Alias]) -> Result<Self, CommandError> {
        let text = expand(without_mention(text.trim()), aliases);
        let error = |reason: String, offset: usize| CommandError {
            column: text.get(..offset).map_or(0, |before| before.chars().count()) + 1,
            text: text.clone(),
            reason,
        };
        let words = match words::split(&text) {
            Ok(words) => words,
            // `what's up` is no open quote.
            Err(problem) => match words::split(&without_apostrophes(&text)) {
                Ok(_) => words::split(&escaped_apostrophes(&text)).map_err(|e| error(e.to_string(), e.offset()))?,
                Err(_) => return Err(error(problem.to_string(), problem.offset())),
            },
        };
        Ok(Self { words: words.into_values(), text })
    }

    /// The first word, which names a plugin or a built-in command.
    #[must_use]
    pub fn name(&self) -> &str {
        self.words.first().map(String::as_str).unwrap_or_default()
    }

    /// Whether it asks for the help of what it names.
    #[must_use]
    pub fn is_help(&self) -> bool {
        self.words.get(1).is_some_and(|word| word == "help")
    }
}

/// Takes an optional `@botkube` off the front.
fn without_mention(text: &str) -> &str {
    const MENTION: &str = "@botkube";
    match text.split_at_checked(MENTION.len()) {
        Some((mention, rest)) if mention.eq_ignore_ascii_case(MENTION) => match rest.chars().next() {
            None => "",
            Some(c) if c.is_whitespace() => rest.trim_start(),
            Some(_) => text,
        },
        _ => text,
    }
}

/// Expands the alias that is the first word, or the longest of those that are the first words, once (`contract-host §2.3`).
fn expand(text: &str, aliases: &[Alias]) -> String {
    aliases
        .iter()
        .filter_map(|alias| {
            let rest = text.strip_prefix(alias.name.as_str())?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((alias, rest))
        })
        .max_by_key(|(alias, _)| alias.name.len())
        .map_or_else(|| text.to_owned(), |(alias, rest)| format!("{}{rest}", alias.command))
}

/// An apostrophe inside a word, as in `what's`.
fn apostrophes(text: &str) -> impl Iterator<Item = usize> {
    let inside = |before: Option<char>, after: Option<char>| {
        before.is_some_and(char::is_alphanumeric) && after.is_none_or(|c| c.is_alphanumeric() || c.is_whitespace())
    };
    text.match_indices('\'')
        .map(|(at, _)| at)
        .filter(move |at| inside(text[..*at].chars().next_back(), text[*at + 1..].chars().next()))
}

fn without_apostrophes(text: &str) -> String {
    replace_apostrophes(text, "")
}

fn escaped_apostrophes(text: &str) -> String {
    replace_apostrophes(text, "\\'")
}

fn replace_apostrophes(text: &str, with: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut from = 0;
    for at in apostrophes(text) {
        replaced.push_str(&text[from..at]);
        replaced.push_str(with);
        from = at + 1;
    }
    replaced.push_str(&text[from..]);
    replaced
}

#[cfg(test)]
mod tests {
    use botkube_config::finding::Origin;

    use super::*;

    fn alias(name: &str, command: &str) -> Alias {
        let origin = Origin { file: "c.yaml".into(), line: 1, column: 1 };
        Alias { name: name.into(), command: command.into(), display_name: None, origin }
    }

    #[track_caller]
    fn check(text: &str, expected: &str, words: &[&str]) {
        let aliases = [alias("k", "kubectl"), alias("k g", "kubectl get"), alias("hi", "echo hello")];
        let command = Command::parse(text, &aliases).unwrap();
        assert_eq!((command.text.as_str(), command.words), (expected, words.iter().map(ToString::to_string).collect()));
    }

    #[test]
    fn inner_spacing_and_quotes_reach_the_plugin_as_typed() {
        check("  echo  'a  b'  c ", "echo  'a  b'  c", &["echo", "a  b", "c"]);
    }

    #[test]
    fn a_mention_is_optional_and_ignores_case() {
        check("@Botkube echo hi", "echo hi", &["echo", "hi"]);
        check("@botkube", "", &[]);
        check("@botkubes echo", "@botkubes echo", &["@botkubes", "echo"]);
    }

    #[test]
    fn the_longest_alias_is_expanded_once_and_only_as_whole_words() {
        check("hi", "echo hello", &["echo", "hello"]);
        check("k g po", "kubectl get po", &["kubectl", "get", "po"]);
        check("k get po", "kubectl get po", &["kubectl", "get", "po"]);
        check("kx", "kx", &["kx"]);
    }

    #[test]
    fn an_apostrophe_inside_a_word_is_a_letter() {
        check("echo what's up", "echo what's up", &["echo", "what's", "up"]);
        check("echo the pods' names", "echo the pods' names", &["echo", "the", "pods'", "names"]);
    }

    #[test]
    fn an_open_quote_is_shown_where_it_opens() {
        let error = Command::parse("echo ä \"b", &[]).unwrap_err();
        assert_eq!(error.column, 8);
        assert!(error.to_string().ends_with("\n\necho ä \"b\n       ^"), "{error}");
    }

    #[test]
    fn an_open_single_quote_before_a_word_is_open_all_the_same() {
        assert!(Command::parse("echo 'b", &[]).is_err());
    }
}
