//! Hiding secrets in what is shown: lines of files, texts, configurations of plugins. When in doubt, it hides.
//! Must not know: where a text comes from.

use crate::tree::{Entry, Value};

/// What stands in the place of a secret; upstream's own mark.
pub(crate) const MASK: &str = "*** REDACTED ***";

/// Keys that end in one of these hold secrets.
const SECRET_KEYS: [&str; 17] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "pass",
    "pwd",
    "key",
    "keydata",
    "dsn",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "headers",
    "webhookurl",
];
/// Words that end like secrets and are none.
const ORDINARY_WORDS: [&str; 6] = ["monkey", "donkey", "turkey", "hotkey", "bypass", "compass"];
/// What begins a private key, with its kind between the two.
const PRIVATE_KEY: [&str; 2] = ["-----begin ", "private key"];
/// The longest such kind.
const LONGEST_KIND: usize = 40;
/// Words that start with one of these are secrets.
const SECRET_WORDS: [&str; 14] = [
    "xoxb-",
    "xapp-",
    "xoxp-",
    "xoxa-",
    "xoxe-",
    "xoxs-",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "akia",
    "eyj",
    "sk-",
];
/// What follows one of these is a secret.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// Whether what is written below a key of this name, by whomever, is likely a secret.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let ends_with = |words: &[&str]| words.iter().any(|word| plain.ends_with(word));
    plain == "auth" || (ends_with(&SECRET_KEYS) && !ends_with(&ORDINARY_WORDS))
}

/// Whether `text` is or holds a private key.
pub(crate) fn is_private_key(text: &str) -> bool {
    text.to_ascii_lowercase().split_once(PRIVATE_KEY[0]).is_some_and(|(_, rest)| rest.contains(PRIVATE_KEY[1]))
}

/// Whether an entry of a plugin's configuration is likely a secret. The value beside a `name`, as variables are listed, is as secret as it would be below that name.
pub(crate) fn is_secret_entry(entry: &Entry, beside: &[Entry]) -> bool {
    let named = |other: &Entry| {
        other.key.eq_ignore_ascii_case("name") && matches!(&other.node.value, Value::Text(name) if is_secret_key(name))
    };
    // A plugin may be given a whole one; the agent's own `kubeconfig` is a path.
    let kubeconfig = entry.key.to_ascii_lowercase().ends_with("kubeconfig");
    kubeconfig || is_secret_key(&entry.key) || (entry.key.eq_ignore_ascii_case("value") && beside.iter().any(named))
}

/// `text` with what looks like a secret hidden: known tokens, and credentials inside addresses.
pub(crate) fn text(text: &str) -> String {
    let mut shown: Vec<char> = text.chars().collect();
    hide_words(&mut shown);
    shown.into_iter().collect()
}

/// `line` of a file with every secret it seems to hold replaced by as many stars, so that columns stay what they are.
pub(crate) fn line(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    let (mut before, mut flow) = (0, false);
    for colon in 0..shown.len() {
        flow |= matches!(shown[colon], '{' | '[');
        if shown[colon] != ':' {
            continue;
        }
        // No key reaches back over another colon, so that every character is looked at once.
        let key: String = shown[before..colon].iter().collect();
        before = colon + 1;
        let key = key.trim_end_matches([' ', '"', '\'']);
        let key = key.rsplit(['{', ',', '[', ' ', '"', '\'']).next().unwrap_or_default();
        if is_secret_key(key) {
            let end = end_of_value(&shown, colon + 1, flow);
            shown[colon + 1..end].iter_mut().filter(|c| **c != ' ').for_each(|c| *c = '*');
        }
    }
    hide_words(&mut shown);
    shown.into_iter().collect()
}

/// Whether `line` is a key whose value, a secret, is written on the lines below it.
pub(crate) fn opens_secret(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| {
        let value = value.trim_start();
        is_secret_key(key.trim_start_matches(['-', ' ']))
            && (value.is_empty() || value.starts_with(['|', '>', '#', '&', '"', '\'']))
    })
}

/// Where the value that starts at `from` ends: at its closing quote or bracket, in braces at the next comma, else with the
/// line.
fn end_of_value(line: &[char], from: usize, flow: bool) -> usize {
    let start = (from..line.len()).find(|&at| line[at] != ' ').unwrap_or(line.len());
    let close = match line.get(start) {
        Some(quote @ ('"' | '\'')) => {
            let mut at = start + 1;
            while at < line.len() && line[at] != *quote {
                at += if line[at] == '\\' && *quote == '"' { 2 } else { 1 };
            }
            // A doubled quote goes on.
            if *quote == '\'' && line.get(at + 1) == Some(quote) { line.len() } else { at + 1 }
        }
        Some('{' | '[') => line.len(),
        _ if flow => (start..line.len()).find(|&at| matches!(line[at], ',' | '}' | ']')).unwrap_or(line.len()),
        _ => line.len(),
    };
    close.min(line.len())
}

/// Looks at every character a fixed number of times: whatever is searched for is searched from where the last search ended.
fn hide_words(shown: &mut [char]) {
    let lower: Vec<char> = shown.iter().map(char::to_ascii_lowercase).collect();
    let at_word = |start: usize, word: &str| word.chars().eq(lower[start..].iter().copied().take(word.len()));
    let (mut word_end, mut query, mut query_end) = (0, 0, 0);
    for start in 0..lower.len() {
        let begins = start == 0 || !lower[start - 1].is_ascii_alphanumeric();
        // The prefix alone is no secret.
        let secret = |word: &&&str| {
            at_word(start, word) && lower.get(start + word.len()).is_some_and(char::is_ascii_alphanumeric)
        };
        if begins && start >= word_end && SECRET_WORDS.iter().any(|word| secret(&word)) {
            word_end = (start..lower.len())
                .find(|&at| !lower[at].is_ascii_alphanumeric() && !"-_.".contains(lower[at]))
                .unwrap_or(lower.len());
            shown[start..word_end].fill('*');
        }
        if begins && let Some(scheme) = SCHEMES.iter().find(|scheme| at_word(start, scheme)) {
            let rest = (start + scheme.len()..lower.len()).take_while(|&at| !lower[at].is_whitespace());
            rest.for_each(|at| shown[at] = '*');
        }
        if at_word(start, PRIVATE_KEY[0]) {
            let kind: String = lower[start..].iter().take(PRIVATE_KEY[0].len() + LONGEST_KIND).collect();
            if kind.contains(PRIVATE_KEY[1]) {
                shown[start..].iter_mut().filter(|c| !c.is_whitespace()).for_each(|c| *c = '*');
                return;
            }
        }
        if at_word(start, "://") {
            let authority = start + 3;
            let end = (authority..lower.len())
                .find(|&at| matches!(lower[at], '/' | '?' | '#' | '"' | '\'') || lower[at].is_whitespace())
                .unwrap_or(lower.len());
            if let Some(sign) = (authority..end).rev().find(|&at| lower[at] == '@') {
                shown[authority..sign].fill('*');
            }
            // What a query says may be a key as well; its names stay. One that was gone through hides what those in it would.
            if query < end {
                query =
                    (end..lower.len()).find(|&at| lower[at] == '?' || lower[at].is_whitespace()).unwrap_or(lower.len());
            }
            if query >= query_end && lower.get(query) == Some(&'?') {
                query_end = hide_query(&lower, shown, query + 1);
            }
        }
    }
}

/// Hides the values of the query that starts at `from`; where it ends.
fn hide_query(lower: &[char], shown: &mut [char], from: usize) -> usize {
    let mut hidden = false;
    for at in from..lower.len() {
        match lower[at] {
            c if c.is_whitespace() || matches!(c, '"' | '\'') => return at,
            '=' if !hidden => hidden = true,
            '&' => hidden = false,
            _ if hidden => shown[at] = '*',
            _ => {}
        }
    }
    lower.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, shown: &str) {
        assert_eq!(line(written), shown);
    }

    #[test]
    fn values_of_secret_keys_are_not_shown() {
        check("  botToken: 'abc'", "  botToken: *****");
        check("{\"password\": p w, url: x}", "{\"password\": * *, url: x}");
        check("{password: \"a,b\", url: x}", "{password: *****, url: x}");
        check("password: a, b}", "password: ** **");
        check("API_KEY: x", "API_KEY: *");
        check("client-key-data: x", "client-key-data: *");
        check("smtpPass: x", "smtpPass: *");
    }

    #[test]
    fn tokens_are_not_shown_wherever_they_stand() {
        check("- xoxb-1-a # why", "- ******** # why");
        check("x: Bearer abc", "x: Bearer ***");
        check("x: -----BEGIN EC PRIVATE KEY-----", "x: ********** ** ******* ********");
    }

    #[test]
    fn credentials_inside_addresses_are_not_shown() {
        check("url: https://me:pw@host/x", "url: https://*****@host/x");
        check("url: https://host/x?k=v&l=w # c", "url: https://host/x?k=*&l=* # c");
    }

    /// Were the time to grow with the square of the length, this would not end.
    #[test]
    fn long_lines_are_masked_as_well() {
        for piece in [":", "://a", "://a?", "sk-a", "{", "{token:,", "bearer ", "a:'", "?b=c&"] {
            let written = piece.repeat(200_000 / piece.len());
            assert_eq!(line(&written).chars().count(), written.len(), "{piece}");
        }
    }

    #[test]
    fn every_query_of_a_line_is_hidden() {
        check("a://b?c=d://e?f=g h://i/?j=k", "a://b?c=********* h://i/?j=*");
    }

    #[test]
    fn everything_else_is_shown() {
        check("tokens: [a]", "tokens: [a]");
        check("name: token", "name: token");
        check("monkey: x", "monkey: x");
        check("url: https://host/x@y", "url: https://host/x@y");
    }
}
