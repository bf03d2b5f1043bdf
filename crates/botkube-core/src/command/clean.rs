//! What chat platforms do to a text, undone (`contract-host §2.1, §2.2`); it knows no word of any command.

use std::borrow::Cow;

/// What stands before a text that is meant for the agent, where the platform has no mention of its own.
const MENTION: &str = "@botkube";

/// Takes an optional `@botkube` off the front.
pub(super) fn without_mention(text: &str) -> &str {
    match text.split_at_checked(MENTION.len()) {
        Some((mention, rest)) if mention.eq_ignore_ascii_case(MENTION) => match rest.chars().next() {
            None => "",
            Some(c) if c.is_whitespace() => rest.trim_start(),
            Some(_) => text,
        },
        _ => text,
    }
}

/// Slack's markup of links becomes what was typed, and quotes that a phone has bent are straight again.
pub(super) fn straightened(text: &str) -> Cow<'_, str> {
    let is_marked = |c: char| c == '<' || straight(c).is_some();
    let Some(mut next) = text.find(is_marked) else { return Cow::Borrowed(text) };
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (before, marked) = rest.split_at(next);
        clean.push_str(before);
        let Some(first) = marked.chars().next() else { return Cow::Owned(clean) };
        rest = match link(marked) {
            Some((shown, after)) => {
                clean.extend(shown.chars().map(|c| straight(c).unwrap_or(c)));
                after
            }
            None => {
                clean.push(straight(first).unwrap_or(first));
                &marked[first.len_utf8()..]
            }
        };
        next = rest.find(is_marked).unwrap_or(rest.len());
    }
}

/// The straight quote for a bent one.
fn straight(quote: char) -> Option<char> {
    match quote {
        '“' | '”' | '„' | '‟' => Some('"'),
        '‘' | '’' | '‚' | '‛' => Some('\''),
        _ => None,
    }
}

/// What Slack shows of the `<http…>` or `<http…|label>` a text begins with, and the text behind it.
fn link(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let begins_with = |scheme: &str| inside.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    let scheme = ["http://", "https://"].into_iter().find(|scheme| begins_with(scheme))?.len();
    // Never across another `<`, so that every byte is looked at twice at most.
    let end = inside.find(['<', '>', '\n']).filter(|end| inside[*end..].starts_with('>'))?;
    let (link, after) = (&inside[..end], &inside[end + 1..]);
    let (address, label) = link.split_once('|').map_or((link, None), |(address, label)| (address, Some(label)));
    let is_address = address.len() > scheme && !address.contains(char::is_whitespace);
    (is_address && label != Some("")).then(|| (label.unwrap_or(address), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(straightened(text), expected);
    }

    #[test]
    fn a_link_is_its_label_or_its_address() {
        check("get <https://a.b/c_d-e=f> x", "get https://a.b/c_d-e=f x");
        check("get <http://a.b|a.b>!", "get a.b!");
        check("<https://a><https://b|“b”>", "https://a\"b\"");
    }

    #[test]
    fn a_link_may_have_upper_case_a_port_and_a_query() {
        check("<HTTPS://Example.org:8080/A%20b?c=D&e=f#g>", "HTTPS://Example.org:8080/A%20b?c=D&e=f#g");
        check("<https://user@a.b/?q=1|A.b/?q=1>", "A.b/?q=1");
    }

    #[test]
    fn what_only_looks_like_a_link_stays() {
        for text in [
            "<mailto:a@b|a@b>",
            "<@U123> hi",
            "a <b",
            "<https://a b>",
            "<https://a",
            "<https://>",
            "<https://a|>",
            "<https://<x>",
            "cat <http",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn bent_quotes_are_straight() {
        check("“a b” „c“ ‘d e’ what’s", "\"a b\" \"c\" 'd e' what's");
    }
}
