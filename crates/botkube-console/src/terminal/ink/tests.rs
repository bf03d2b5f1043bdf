//! Lines as text: width, colours, and what a terminal must not obey.

use super::*;

/// The text as a terminal without colours shows it, and as one with them.
fn both(lines: &[Line]) -> (String, String) {
    let paint = |colours| lines.iter().map(|line| line.paint(colours)).collect::<Vec<_>>().join("\n");
    (paint(false), paint(true).replace('\u{1b}', "␛"))
}

#[track_caller]
fn check_code(text: &str, plain: &str, coloured: &str) {
    assert_eq!(both(&code(text)), (plain.to_owned(), coloured.to_owned()));
}

#[track_caller]
fn check_prose(text: &str, plain: &str, coloured: &str) {
    assert_eq!(both(&prose(text, PLAIN, false)).0, plain);
    assert_eq!(both(&prose(text, PLAIN, true)).1, coloured);
}

#[test]
fn output_keeps_its_colours_to_the_end_of_their_line() {
    check_code("\u{1b}[31mred\nplain", "red\nplain", "␛[38;5;1mred␛[0m\nplain");
    check_code(
        "\u{1b}[1;38;5;208mwarm\u{1b}[22m, still",
        "warm, still",
        "␛[1m␛[38;5;208mwarm␛[0m␛[38;5;208m, still␛[0m",
    );
    check_code("\u{1b}[38;2;1;2;3mx\u{1b}[0my", "xy", "␛[38;2;1;2;3mx␛[0my");
}

#[test]
fn what_a_terminal_would_obey_is_shown_instead() {
    for text in [
        "\u{1b}[2J",
        "\u{1b}[10A",
        "\u{1b}]0;title\u{7}",
        "\u{1b}[?25l",
        "\u{9b}2J",
        "a\rb",
        "\u{7}",
        "\u{202e}x",
        "\u{1b}",
    ] {
        let (plain, coloured) = both(&code(text));
        assert_eq!(plain, coloured, "{text:?}");
        assert!(
            !plain.chars().any(|c| c.is_control() || c == '\u{202e}') && !plain.is_empty(),
            "{text:?} is {plain:?}"
        );
    }
}

#[test]
fn an_escape_that_hides_text_or_makes_it_blink_does_neither() {
    check_code("\u{1b}[8mhidden\u{1b}[5m blinking", "hidden blinking", "hidden blinking");
}

#[test]
fn a_tab_leads_to_the_next_stop_also_behind_wide_characters() {
    check_code("a\tb\n四\tb", "a       b\n四      b", "a       b\n四      b");
}

#[test]
fn a_carriage_return_at_the_end_of_a_line_is_its_end() {
    check_code("a\r\nb\r\n", "a\nb", "a\nb");
}

#[test]
fn marks_become_styles_where_there_are_some_and_stay_elsewhere() {
    check_prose("a *bold* word", "a *bold* word", "a ␛[1mbold␛[0m word");
    check_prose("a **bold** word", "a **bold** word", "a ␛[1mbold␛[0m word");
    check_prose("_so_ it is", "_so_ it is", "␛[3mso␛[0m it is");
    check_prose("_*both*_", "_*both*_", "␛[1m␛[3mboth␛[0m");
    check_prose("run `get po`", "run `get po`", "run ␛[36mget po␛[0m");
}

#[test]
fn a_mark_within_a_word_or_without_an_end_is_text() {
    for text in [
        "some_file_name",
        "2*3*4",
        "* item",
        "a * b * c",
        "*open",
        "`open",
        "__init__x",
        "<tag>",
        "[x](y)",
        "a < b > c",
    ] {
        check_prose(text, text, text);
    }
}

#[test]
fn a_link_is_its_text_with_the_address_behind_it() {
    let coloured = "see ␛[4mthe page␛[0m (https://x.io/a) now";
    check_prose("see <https://x.io/a|the page> now", "see the page (https://x.io/a) now", coloured);
    check_prose("see [the page](https://x.io/a) now", "see the page (https://x.io/a) now", coloured);
    check_prose("<https://x.io>", "https://x.io", "␛[4mhttps://x.io␛[0m");
}

#[test]
fn a_text_full_of_open_marks_is_read_in_good_time() {
    let text = "*x <y [z".repeat(8_000);
    let began = std::time::SystemTime::now();
    assert_eq!(both(&prose(&text, PLAIN, true)).0, text);
    assert!(began.elapsed().unwrap().as_secs() < 20);
}

#[track_caller]
fn check_wrapped(text: &str, width: usize, indent: usize, expected: &str) {
    let lines = Line::of(PLAIN, text).wrapped(width, indent);
    assert_eq!(both(&lines).0, expected);
}

#[test]
fn lines_are_broken_at_blanks_and_go_on_indented() {
    check_wrapped("one two three four five six", 14, 2, "one two three\n  four five\n  six");
    check_wrapped("short", 14, 2, "short");
}

#[test]
fn a_word_longer_than_a_line_stays_whole() {
    check_wrapped("see https://example.com/a/long/path now", 12, 0, "see\nhttps://example.com/a/long/path\nnow");
}

#[test]
fn width_counts_columns_and_not_characters() {
    check_wrapped("四四四 四四四 四四四", 14, 0, "四四四 四四四\n四四四");
    assert_eq!(Line::of(PLAIN, "👩‍🚀 é").width(), 4);
}

#[test]
fn a_cropped_line_says_so_and_cuts_no_character() {
    let crop = |text: &str, width| Line::of(PLAIN, text).cropped(width).paint(false);
    assert_eq!(crop("hello", 5), "hello");
    assert_eq!(crop("hello!", 5), "hell…");
    assert_eq!(crop("四四四", 4), "四…");
    assert_eq!(crop("👩‍🚀👩‍🚀👩‍🚀", 5), "👩‍🚀👩‍🚀…");
}
