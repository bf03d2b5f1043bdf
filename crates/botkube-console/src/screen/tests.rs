//! What a pipe gets of answers as they come.

use super::*;

#[derive(Clone, Copy)]
enum Said<'a> {
    Show(&'a str),
    Output(&'a str),
    Update(usize, &'a str),
    End,
}

use Said::{End, Output, Show, Update};

#[track_caller]
fn check(mut screen: Screen<Vec<u8>>, said: &[Said<'_>], expected: &str) {
    for said in said {
        match said {
            Show(text) => screen.show(&Message::code(*text), None),
            Output(text) => screen.output(text, None),
            Update(place, text) => screen.update(*place, &Message::code(*text)),
            End => screen.finish(),
        }
    }
    assert_eq!(String::from_utf8(screen.out).unwrap().replace('\u{1b}', "␛").replace('\r', "␍"), expected);
}

fn pipe() -> Screen<Vec<u8>> {
    Screen::pipe(Vec::new())
}

#[test]
fn in_a_pipe_answers_follow_each_other() {
    check(pipe(), &[Show("a"), End, Show("b"), Show("c"), End], "a\nb\nc\n");
}

#[test]
fn output_is_written_as_it_comes_and_its_last_line_gets_an_end() {
    check(pipe(), &[Output("a"), Output("b\nc")], "ab\nc");
    check(pipe(), &[Output("ab\nc"), End, Show("d"), End], "ab\nc\nd\n");
    check(pipe(), &[Output("a"), Show("d"), End], "a\nd\n");
}

#[test]
fn in_a_pipe_a_message_that_changes_is_written_once_more_at_the_end() {
    check(pipe(), &[Show("0 %"), Update(0, "50 %"), Update(0, "100 %")], "0 %\n");
    check(pipe(), &[Show("0 %"), Update(0, "50 %"), Update(0, "100 %"), End, Show("next")], "0 %\n100 %\nnext\n");
}

#[test]
fn what_a_terminal_would_obey_is_made_visible() {
    check(pipe(), &[Output("\u{1b}[2J\u{7}"), End], "␛[2J␇\n");
}

#[test]
fn alone_an_answer_has_blank_lines_between_its_messages() {
    check(Screen::alone(Vec::new(), false), &[Show("a"), Show("b"), End], "a\n\nb\n");
    check(Screen::alone(Vec::new(), false), &[Show("a"), Output("b"), Show("c"), End], "a\n\nb\n\nc\n");
}

#[test]
fn on_a_terminal_a_message_changes_in_its_place_while_nothing_is_below_it() {
    let screen = Screen::alone(Vec::new(), true);
    check(
        screen,
        &[Show("a"), Show("1\n2"), Update(1, "3"), Update(1, "4"), End],
        "a\n\n1\n2\n␍␛[2A3␛[K\n␛[J␍␛[1A4␛[K\n␛[J",
    );
    let screen = Screen::alone(Vec::new(), true);
    check(screen, &[Show("1"), Show("a"), Update(0, "2"), End], "1\n\na\n\n2\n");
}
