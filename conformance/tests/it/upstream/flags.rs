//! The agent's flags in a command. It must not know how either side finds them.

use proptest::{collection::vec, prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Rule, Verdict, check_random, check_vectors, ours, same, upstream};

const RULES: &[Rule] = &[APOSTROPHE, SHELL, BY_TEXT, EMPTY, UNSEEN, OURS];

/// A single quote too many is doubled.
const APOSTROPHE: Rule = "D-13";
/// Separators hide flags behind them; parentheses, a single backtick and a last backslash are errors.
const SHELL: Rule = "D-39";
/// A flag's text is also cut out of quotes, and behind `--`; `--all-clusters` leaves the blank before it.
const BY_TEXT: Rule = "D-40";
/// With a flag of an empty value, the blanks behind it go.
const EMPTY: Rule = "D-41";
/// A flag that begins the command, or stands behind a tab or a new line, counts and stays; a tab or a new line before its
/// value is an error.
const UNSEEN: Rule = "D-42";
/// `--bk-filter` and `--bk-cluster-name` are nothing special.
const OURS: Rule = "D-43";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Case {
    text: String,
}

fn compare(case: &Case) -> Verdict {
    let ours = ours::flags(&case.text);
    let theirs = upstream("flags", case);
    if ours == theirs || ours.is_err() && theirs.is_err() {
        return Ok(vec![]);
    }
    if ours.is_err() && case.text.matches('\'').count() % 2 == 1 {
        return Ok(vec![APOSTROPHE]);
    }
    let Disguised { text, rules } = Disguised::of(&case.text);
    match (ours, upstream("flags", &Case { text }).and_then(revealed)) {
        (Err(_), Err(_)) => Ok(rules),
        (ours, theirs) => same(ours, theirs, rules),
    }
}

/// A text in which whatever upstream stumbles over is something else that means nothing to it, and why.
#[derive(Default)]
struct Disguised {
    text: String,
    rules: Vec<Rule>,
}

/// What stands for characters: first the separators.
const MASKS: &[(char, char)] = &[
    ('|', '\u{e000}'),
    (';', '\u{e001}'),
    ('&', '\u{e002}'),
    ('<', '\u{e003}'),
    ('>', '\u{e004}'),
    ('(', '\u{e005}'),
    (')', '\u{e006}'),
    ('`', '\u{e007}'),
    ('\\', '\u{e008}'),
    ('\'', '\u{e009}'),
    ('-', '\u{e00a}'),
];
const HOST_FLAGS: &[&str] =
    &["--filter", "--cluster-name", "--all-clusters", "--bk-filter", "--bk-cluster-name", "--bk-cmd-header"];
/// Flags, how upstream is asked for them, and why.
const SPELLED: &[(&str, &str, Rule)] = &[
    ("--bk-filter", "--filter", OURS),
    ("--bk-cluster-name", "--cluster-name", OURS),
    ("--all-clusters", "--all-clusters=true", BY_TEXT),
];
const SEPARATORS: usize = 5;
/// What stands for nothing.
const NOTHING: char = '\u{e00f}';
/// A word before a flag that would begin the text.
const FIRST: &str = "\u{e010}";

impl Disguised {
    fn of(text: &str) -> Self {
        let mut made = Self::default();
        if begins_with_flag(text) {
            made.text = format!("{FIRST} ");
            made.rules.push(UNSEEN);
        }
        let (mut quote, mut ended) = (None, false);
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let (before, rest) = (&text[..at], &text[at..]);
            let after = &rest[c.len_utf8()..];
            at += c.len_utf8();
            let word_begins = before.is_empty() || before.ends_with(char::is_whitespace);
            match c {
                '-' if quote.is_some() || ended => made.mask(c, BY_TEXT),
                _ if quote == Some(c) => {
                    quote = None;
                    made.text.push(c);
                }
                '\\' if quote != Some('\'') => match after.chars().next() {
                    Some(escaped) => {
                        made.text.extend([c, escaped]);
                        at += escaped.len_utf8();
                    }
                    None => made.mask(c, SHELL),
                },
                _ if quote.is_some() => made.text.push(c),
                '\'' if is_apostrophe(before, after) => made.mask(c, APOSTROPHE),
                '\'' | '"' => {
                    quote = Some(c);
                    made.text.push(c);
                    if after.starts_with(c) {
                        made.text.push(NOTHING);
                        made.rules.push(EMPTY);
                    }
                }
                '`' | '$' if let Some(length) = span(rest) => {
                    made.text.push_str(&rest[..length]);
                    at += length - 1;
                }
                '|' | ';' | '&' | '<' | '>' | '(' | ')' | '`' => made.mask(c, SHELL),
                '\t' | '\n' | '\r' if !ended && (begins_with_flag(after) || ends_with_flag(before)) => {
                    made.text.push(' ');
                    made.rules.push(UNSEEN);
                }
                '-' if word_begins && is_word(rest, "--") => {
                    ended = true;
                    made.text.push_str("--");
                    at += 1;
                }
                '-' if word_begins => match SPELLED.iter().find(|(flag, ..)| is_word(rest, flag)) {
                    Some((flag, spelled, rule)) => {
                        made.text.push_str(spelled);
                        made.rules.push(rule);
                        at += flag.len() - 1;
                    }
                    None => made.text.push(c),
                },
                '=' if after.is_empty() || after.starts_with(char::is_whitespace) => {
                    made.text.extend([c, NOTHING]);
                    made.rules.push(EMPTY);
                }
                _ => made.text.push(c),
            }
        }
        made
    }

    fn mask(&mut self, c: char, rule: Rule) {
        let (_, mask) =
            MASKS.iter().find(|(masked, _)| *masked == c).expect("every character that is masked is listed");
        self.text.push(*mask);
        self.rules.push(rule);
    }
}

fn is_apostrophe(before: &str, after: &str) -> bool {
    before.ends_with(char::is_alphanumeric)
        && after.chars().next().is_none_or(|c| c.is_alphanumeric() || c.is_whitespace() || ",.?!:;)".contains(c))
}

fn begins_with_flag(text: &str) -> bool {
    HOST_FLAGS.iter().any(|flag| text.starts_with(flag))
}

/// Whether a text ends with a flag that waits for its value.
fn ends_with_flag(text: &str) -> bool {
    HOST_FLAGS.iter().any(|flag| *flag != "--all-clusters" && text.trim_end().ends_with(flag))
}

/// Whether a text begins with this flag and nothing longer. A value makes no difference to those that take one.
fn is_word(text: &str, flag: &str) -> bool {
    let next = text.strip_prefix(flag).map(|rest| rest.chars().next());
    let takes_value = flag.starts_with("--bk-");
    next.is_some_and(|next| next.is_none_or(|c| c.is_whitespace() || c == '=' && takes_value))
}

/// The length of a closed span of backticks or `$(…)` at the beginning of a text.
fn span(text: &str) -> Option<usize> {
    let (opening, end) = if text.starts_with('`') { (1, '`') } else { (text.starts_with("$(").then_some(2)?, ')') };
    text[opening..].find(end).map(|length| opening + length + 1)
}

/// An answer to a disguised text as one to the text. A separator is no value.
fn revealed(mut answer: Value) -> Result<Value, String> {
    let separators: Vec<char> = MASKS[..SEPARATORS].iter().map(|(_, mask)| *mask).collect();
    let words = answer["words"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut own = Vec::new();
    for word in words.filter(|word| *word != FIRST) {
        let before = word.split(&separators[..]).next().unwrap_or_default();
        if !before.is_empty() || word.is_empty() {
            own.push(plain(before));
        }
        if before.len() < word.len() {
            break;
        }
    }
    answer["words"] = own.into();
    for key in ["text", "filter", "cluster", "header"] {
        let text = answer[key].as_str().unwrap_or_default();
        if key != "text" && text.starts_with(&separators[..]) {
            return Err(format!("the flag for {key} has no value"));
        }
        answer[key] = plain(text.strip_prefix(FIRST).map_or(text, str::trim_start)).into();
    }
    Ok(answer)
}

fn plain(text: &str) -> String {
    let one = |c| MASKS.iter().find(|(_, mask)| *mask == c).map_or(c, |(masked, _)| *masked);
    text.chars().filter(|c| *c != NOTHING).map(one).collect()
}

#[test]
fn vectors_have_the_same_flags() {
    check_vectors("flags", RULES, compare);
}

#[test]
fn random_commands_have_the_same_flags() {
    let name = select(vec!["--filter", "--cluster-name", "--bk-cmd-header", "--bk-filter", "--bk-cluster-name"]);
    let value = select(vec!["=x", "=x.y", " x", "  x", " 'a b'", "=\"a b\"", "=c-1", " ä", "=\"\"", " ''", "="]);
    let flag = (name, value).prop_map(|(name, value)| format!("{name}{value}"));
    let word = select(vec![
        "kubectl",
        "get",
        "po",
        "-A",
        "-n",
        "default",
        "a=b",
        "--other",
        "--other=v",
        "''",
        "\"q w\"",
        "'q w'",
        "é",
        "it's",
        "what's",
        "(really)",
        "|",
        ";",
        "&&",
        ">",
        "`x y`",
        "$(x y)",
        "'--filter=x'",
        "\"--all-clusters\"",
        "--all-clusters",
        "--all-clusters=true",
        "--all-clusters=maybe",
        "--",
    ]);
    let part = prop_oneof![3 => word.prop_map(ToOwned::to_owned), 1 => flag];
    let blank = select(vec![" ", " ", " ", " ", "  ", "\t", "\n"]);
    let cases = vec((part, blank), 0..8).prop_map(|parts| {
        let text: String = parts.into_iter().map(|(part, blank)| part + blank).collect();
        // A command is trimmed before its flags are looked for.
        Case { text: text.trim().to_owned() }
    });
    check_random(cases, compare);
}
