//! The word splitting and flag stripping of the original, case by case (contract-plugins A.3, A.4).
//! Must not know how the splitter works.

use super::*;

fn check(line: &str, expected: &[&str]) {
    assert_eq!(split(line).map(Words::into_values), Ok(expected.iter().map(|&word| word.into()).collect()), "{line:?}");
}

fn check_error(line: &str, expected: WordsError) {
    assert!(expected.to_string().starts_with("invalid command line string"), "users match on this text");
    assert_eq!(split(line), Err(expected), "{line:?}");
}

#[test]
fn blanks_separate_words() {
    check("", &[]);
    check("  a\tb\r\nc ", &["a", "b", "c"]);
}

#[test]
fn quotes_and_backslashes_keep_blanks() {
    check(r#"a 'x y' "q w" e\ f"#, &["a", "x y", "q w", "e f"]);
    check(r#"a "x\"y" 'p\q'"#, &["a", "x\"y", r"p\q"]);
    check(r#"a "x\ny""#, &["a", "xny"]);
    check(r#"a=b"c d"e"#, &["a=bc de"]);
}

#[test]
fn empty_quotes_are_a_word() {
    check(r#"a ""  b"#, &["a", "", "b"]);
    check("''", &[""]);
}

#[test]
fn backticks_and_dollar_parentheses_group_and_stay() {
    check("a `b c` d", &["a", "`b c`", "d"]);
    check("a $(b c) d", &["a", "$(b c)", "d"]);
    check("a $(b;c) `d|e`", &["a", "$(b;c)", "`d|e`"]);
    check(r#"a "(b)" c"#, &["a", "(b)", "c"]);
}

#[test]
fn nothing_is_expanded() {
    check("$HOME ~ *", &["$HOME", "~", "*"]);
}

#[test]
fn an_unquoted_separator_ends_the_line() {
    check("kubectl get po | grep x", &["kubectl", "get", "po"]);
    for line in ["a && b", "a;b", "a>b", "a 2>err b", "a <b"] {
        check(line, &["a"]);
    }
    check("a '|' b", &["a", "|", "b"]);
    assert_eq!(split("a | b").unwrap().stopped_at, Some(2));
    assert_eq!(split("a 2>err").unwrap().stopped_at, Some(3));
    assert_eq!(split("a b").unwrap().stopped_at, None);
}

#[test]
fn what_has_no_partner_is_named_with_its_place() {
    check_error("a (b) c", WordsError::LoneParenthesis { parenthesis: '(', offset: 2 });
    check_error("a ) b", WordsError::LoneParenthesis { parenthesis: ')', offset: 2 });
    check_error("a $(b (c))", WordsError::LoneParenthesis { parenthesis: '(', offset: 6 });
    check_error("a $(b", WordsError::UnclosedParenthesis { offset: 3 });
    check_error("é \"x", WordsError::UnclosedQuote { quote: '"', offset: 3 });
    check_error("it's", WordsError::UnclosedQuote { quote: '\'', offset: 2 });
    check_error("a `b", WordsError::UnclosedQuote { quote: '`', offset: 2 });
    check_error("a\\", WordsError::TrailingBackslash { offset: 1 });
}

#[test]
fn a_word_knows_the_bytes_it_was_read_from() {
    let line = r#"é  x"y z"\" ''"#;
    let spans: Vec<_> = split(line).unwrap().words.into_iter().map(|word| line[word.span].to_owned()).collect();
    assert_eq!(spans, ["é", r#"x"y z"\""#, "''"]);
}

#[test]
fn the_version_flag_and_its_value_are_removed_once() {
    let check = |line: &str, expected: &str| {
        let words = strip_version_flag(line.split(' ').map(str::to_owned).collect());
        assert_eq!(words.join(" "), expected, "{line:?}");
    };
    check("test --version 1.2.3", "test");
    check("test --version=1.2.3", "test");
    check("test --version=1.2.3 x", "test x");
    check("test --version", "test");
    check("history --version --all", "history");
    check("x --version-foo y z", "x z");
    check("x --version 1 --version 2", "x --version 2");
    check("x -version 1", "x -version 1");
}

proptest::proptest! {
    #[test]
    fn a_quoted_text_is_one_word_again(text: String) {
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        proptest::prop_assert_eq!(split(&quoted).map(Words::into_values), Ok(vec![text]));
    }

    #[test]
    fn every_line_has_an_outcome_and_spans_inside_it(line in "[a2 '\"`$()\\\\|>é]{0,12}") {
        if let Ok(words) = split(&line) {
            for word in words.words {
                proptest::prop_assert!(line.get(word.span).is_some());
            }
        }
    }
}
