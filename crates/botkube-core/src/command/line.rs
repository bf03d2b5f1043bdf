//! A chat line as words with their places, read as leniently as people write; it knows no command and no flag.

use std::ops::Range;

/// The words of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// All of them, in order.
    pub(super) words: Vec<Word>,
    /// How many stand before the first unquoted `|`, `;`, `&`, `<` or `>`: those are the command's own.
    pub(super) own: usize,
}

/// One word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// What it says, without quotes and backslashes.
    pub(super) value: String,
    /// The bytes it was read from, quotes included.
    pub(super) span: Range<usize>,
}

/// A quote that is never closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    /// `'` or `"`.
    pub(super) quote: char,
    /// The byte it stands at.
    pub(super) offset: usize,
}

/// Reads a line in one pass.
///
/// Quoting is a small shell's, as for plugins (`botkube_api::words`), with what stops such a shell taken as text: a lone
/// parenthesis, backtick or `$(`, a last backslash, and an apostrophe, which is a `'` that follows a letter or digit and does
/// not begin something else. An unquoted separator ends a word and hides nothing behind it.
pub(super) fn read(line: &str) -> Result<Line, Unclosed> {
    let mut reader = Reader { line, at: 0, word: None, closed: Closed::default() };
    let mut read = Line::default();
    let mut own = None;
    while let Some(&byte) = line.as_bytes().get(reader.at) {
        match byte {
            blank if is_blank(blank) => read.words.extend(reader.end_of_word()),
            b'|' | b';' | b'&' | b'<' | b'>' => {
                read.words.extend(reader.end_of_word());
                own.get_or_insert(read.words.len());
            }
            b'"' => reader.double_quoted()?,
            b'\'' if !reader.is_apostrophe() => reader.single_quoted()?,
            b'\\' => reader.escaped(),
            b'`' => reader.group(1, b'`'),
            b'$' if line.as_bytes().get(reader.at + 1) == Some(&b'(') => reader.group(2, b')'),
            _ => reader.plain(),
        }
    }
    read.words.extend(reader.word.take());
    read.own = own.unwrap_or(read.words.len());
    Ok(read)
}

/// Whether a byte stands between words.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

struct Reader<'a> {
    line: &'a str,
    at: usize,
    word: Option<Word>,
    closed: Closed,
}

/// Ends that are known not to come any more, so that nobody looks for them again and again.
#[derive(Default)]
struct Closed {
    backtick: bool,
    parenthesis: bool,
}

impl Reader<'_> {
    /// Steps over a character that ends a word.
    fn end_of_word(&mut self) -> Option<Word> {
        self.at += 1;
        self.word.take()
    }

    fn double_quoted(&mut self) -> Result<(), Unclosed> {
        let bytes = self.line.as_bytes();
        let begin = self.at;
        self.take(begin..begin, begin + 1);
        loop {
            let from = self.at;
            let stop = bytes[from..].iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|found| from + found);
            let Some(stop) = stop else { return Err(Unclosed { quote: '"', offset: begin }) };
            self.take(from..stop, stop);
            if bytes[stop] == b'"' {
                self.take(stop..stop, stop + 1);
                return Ok(());
            }
            self.escaped();
        }
    }

    fn single_quoted(&mut self) -> Result<(), Unclosed> {
        let begin = self.at + 1;
        match self.line[begin..].find('\'') {
            Some(length) => self.take(begin..begin + length, begin + length + 1),
            None => return Err(Unclosed { quote: '\'', offset: self.at }),
        }
        Ok(())
    }

    /// A backslash and the character it stands before.
    fn escaped(&mut self) {
        let next = self.at + 1;
        match self.line[next..].chars().next() {
            Some(escaped) => self.take(next..next + escaped.len_utf8(), next + escaped.len_utf8()),
            None => self.take(self.at..next, next),
        }
    }

    /// What begins with `opening` bytes and ends with `end`, kept as it is; without the end, the opening alone.
    fn group(&mut self, opening: usize, end: u8) {
        let inside = self.at + opening;
        let known = if end == b'`' { &mut self.closed.backtick } else { &mut self.closed.parenthesis };
        let length = if *known { None } else { self.line.as_bytes()[inside..].iter().position(|byte| *byte == end) };
        *known = length.is_none();
        let to = length.map_or(inside, |length| inside + length + 1);
        self.take(self.at..to, to);
    }

    /// Characters that mean nothing; at least one.
    fn plain(&mut self) {
        let special = |byte: &u8| is_blank(*byte) || b"|;&<>\"'\\`$".contains(byte);
        let rest = &self.line.as_bytes()[self.at + 1..];
        let to = self.at + 1 + rest.iter().position(special).unwrap_or(rest.len());
        self.take(self.at..to, to);
    }

    fn is_apostrophe(&self) -> bool {
        let before = self.line[..self.at].chars().next_back();
        let after = self.line[self.at + 1..].chars().next();
        before.is_some_and(char::is_alphanumeric)
            && after.is_none_or(|c| c.is_alphanumeric() || c.is_whitespace() || ",.?!:)|;&<>".contains(c))
    }

    /// Adds these bytes to the word and goes on at `to`.
    fn take(&mut self, bytes: Range<usize>, to: usize) {
        let begin = self.at;
        let word = self.word.get_or_insert_with(|| Word { value: String::new(), span: begin..begin });
        word.value.push_str(&self.line[bytes]);
        word.span.end = to;
        self.at = to;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let read = read(line).unwrap();
        let words: Vec<&str> = read.words.iter().map(|word| word.value.as_str()).collect();
        assert_eq!(words, expected, "{line:?}");
    }

    #[test]
    fn quotes_and_backslashes_keep_blanks() {
        check(r#"a 'x y' "q w" e\ f"#, &["a", "x y", "q w", "e f"]);
        check(r#"a "x\"y" 'p\q' b"c d"e "" ''"#, &["a", "x\"y", r"p\q", "bc de", "", ""]);
    }

    #[test]
    fn backticks_and_dollar_parentheses_group_and_stay() {
        check("a `b c` $(d e) f", &["a", "`b c`", "$(d e)", "f"]);
    }

    #[test]
    fn what_would_stop_a_shell_is_text() {
        check("why (really) :) ?", &["why", "(really)", ":)", "?"]);
        check("a ` b $(c d\\", &["a", "`", "b", "$(c", "d\\"]);
        check("cost: $5 or $", &["cost:", "$5", "or", "$"]);
    }

    #[test]
    fn an_apostrophe_in_or_behind_a_word_is_a_letter() {
        check("what's up", &["what's", "up"]);
        check("the pods'|grep's", &["the", "pods'", "grep's"]);
        check("the pods' names, it's 'a b'", &["the", "pods'", "names,", "it's", "a b"]);
        check("-o=jsonpath='{a b}' x'{a b}'", &["-o=jsonpath={a b}", "x{a b}"]);
    }

    #[test]
    fn words_behind_a_separator_are_read_and_are_not_the_commands_own() {
        check("a b|c --x", &["a", "b", "c", "--x"]);
        assert_eq!(read("a b|c --x").unwrap().own, 2);
        assert_eq!(read("a b '|' c").unwrap().own, 4);
    }

    #[test]
    fn an_open_quote_is_found_where_it_opens() {
        assert_eq!(read("é \"x"), Err(Unclosed { quote: '"', offset: 3 }));
        assert_eq!(read("a 'x"), Err(Unclosed { quote: '\'', offset: 2 }));
    }

    #[test]
    fn a_word_knows_the_bytes_it_was_read_from() {
        let line = r#"é  x"y z"\" ''"#;
        let spans: Vec<_> = read(line).unwrap().words.into_iter().map(|word| &line[word.span]).collect();
        assert_eq!(spans, ["é", r#"x"y z"\""#, "''"]);
    }

    proptest! {
        #[test]
        fn every_line_has_an_outcome_and_words_in_order(line in "[a2 '\"`$()\\\\|>é-]{0,16}") {
            if let Ok(read) = read(&line) {
                let mut end = 0;
                for word in read.words {
                    prop_assert!(end <= word.span.start && word.span.start < word.span.end);
                    prop_assert!(line.get(word.span.clone()).is_some());
                    end = word.span.end;
                }
            }
        }

        #[test]
        fn a_line_that_plugins_can_read_has_the_same_words_here(line in "[ab2 \"`$\\\\é-]{0,16}") {
            let plugins = botkube_api::words::split(&line);
            if let (Ok(plugins), Ok(ours)) = (plugins, read(&line)) && !line.contains(['`', '$']) {
                let ours: Vec<String> = ours.words.into_iter().map(|word| word.value).collect();
                prop_assert_eq!(plugins.into_values(), ours);
            }
        }
    }
}
