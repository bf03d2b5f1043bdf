//! Hiding secrets in what is shown: lines of files, texts, configurations of plugins. When in doubt, it hides.
//! Must not know: where a text comes from.

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
    "apikey",
    "integrationkey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "headers",
    "webhookurl",
];
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
    SECRET_KEYS.iter().any(|secret| plain.ends_with(secret)) || plain == "auth" || plain == "key"
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
    for colon in 0..shown.len() {
        if shown[colon] != ':' {
            continue;
        }
        let before: String = shown[..colon].iter().collect();
        let key = before.trim_end_matches([' ', '"', '\'']);
        let key = key.rsplit(['{', ',', '[', ' ', '"', '\'']).next().unwrap_or_default();
        if is_secret_key(key) {
            let end = end_of_value(&shown, colon + 1, before.contains(['{', '[']));
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

fn hide_words(shown: &mut [char]) {
    let lower: Vec<char> = shown.iter().map(char::to_ascii_lowercase).collect();
    let at_word = |start: usize, word: &str| word.chars().eq(lower[start..].iter().copied().take(word.len()));
    for start in 0..lower.len() {
        let begins = start == 0 || !lower[start - 1].is_ascii_alphanumeric();
        // The prefix alone is no secret.
        let secret = |word: &&&str| {
            at_word(start, word) && lower.get(start + word.len()).is_some_and(char::is_ascii_alphanumeric)
        };
        if begins && SECRET_WORDS.iter().any(|word| secret(&word)) {
            let word =
                (start..lower.len()).take_while(|&at| lower[at].is_ascii_alphanumeric() || "-_.".contains(lower[at]));
            word.for_each(|at| shown[at] = '*');
        }
        if begins && let Some(scheme) = SCHEMES.iter().find(|scheme| at_word(start, scheme)) {
            let rest = (start + scheme.len()..lower.len()).take_while(|&at| !lower[at].is_whitespace());
            rest.for_each(|at| shown[at] = '*');
        }
        if at_word(start, "://") {
            let authority = start + 3;
            let end = (authority..lower.len())
                .find(|&at| matches!(lower[at], '/' | '?' | '#' | '"' | '\'') || lower[at].is_whitespace())
                .unwrap_or(lower.len());
            if let Some(sign) = (authority..end).rev().find(|&at| lower[at] == '@') {
                (authority..sign).for_each(|at| shown[at] = '*');
            }
            // What a query says may be a key as well; its names stay.
            let query = (end..lower.len()).find(|&at| lower[at] == '?' || lower[at].is_whitespace());
            if let Some(query) = query.filter(|&at| lower[at] == '?') {
                let mut hidden = false;
                for at in query + 1..lower.len() {
                    match lower[at] {
                        c if c.is_whitespace() || matches!(c, '"' | '\'') => break,
                        '=' if !hidden => hidden = true,
                        '&' => hidden = false,
                        _ if hidden => shown[at] = '*',
                        _ => {}
                    }
                }
            }
        }
    }
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
    }

    #[test]
    fn tokens_are_not_shown_wherever_they_stand() {
        check("- xoxb-1-a # why", "- ******** # why");
        check("x: Bearer abc", "x: Bearer ***");
    }

    #[test]
    fn credentials_inside_addresses_are_not_shown() {
        check("url: https://me:pw@host/x", "url: https://*****@host/x");
        check("url: https://host/x?k=v&l=w # c", "url: https://host/x?k=*&l=* # c");
    }

    #[test]
    fn everything_else_is_shown() {
        check("tokens: [a]", "tokens: [a]");
        check("name: token", "name: token");
        check("url: https://host/x@y", "url: https://host/x@y");
    }
}
