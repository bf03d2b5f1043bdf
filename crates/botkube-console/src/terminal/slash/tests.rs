//! What is typed for the terminal itself.

use botkube_api::message::{Button, LabelInput, Message, MultiSelect, Section, Select};
use botkube_core::control;

use super::*;

#[track_caller]
fn check(line: &str, expected: Option<Slash<'_>>) {
    assert_eq!(Slash::parse(line), expected, "{line:?}");
}

#[test]
fn a_line_that_does_not_begin_with_a_slash_is_for_the_agent() {
    check("help", None);
    check("echo /1", None);
}

#[test]
fn the_words_of_the_terminal_are_known() {
    check("/help", Some(Slash::Help));
    check(" /help ", Some(Slash::Help));
    check("/channel", Some(Slash::Channel(None)));
    check("/channel #ops", Some(Slash::Channel(Some("ops"))));
    check("/who", Some(Slash::Who));
    check("/logs", Some(Slash::Logs));
    check("/more", Some(Slash::More));
    check("/send", Some(Slash::Send));
    check("/quit", Some(Slash::Quit));
}

#[test]
fn a_number_uses_a_control_of_the_newest_message_or_of_a_named_one() {
    check("/1", Some(Slash::Use { entry: None, number: 1, text: "" }));
    check("/2 by  cpu ", Some(Slash::Use { entry: None, number: 2, text: "by  cpu" }));
    check("/17:12 x", Some(Slash::Use { entry: Some("17"), number: 12, text: "x" }));
}

#[track_caller]
fn check_unknown(line: &str, said: &str) {
    let Some(Slash::Unknown(text)) = Slash::parse(line) else { panic!("{line:?} is known") };
    assert!(text.contains(said), "{text}");
}

#[test]
fn another_word_is_answered_with_what_may_be_meant() {
    check_unknown("/chanel", "Did you mean `/channel`?");
    check_unknown("/xyzzy", "`/help`");
    check_unknown("/0", "`/1`");
    check_unknown("/17:", "`/17:1`");
    check_unknown("/1x", "`/1`");
}

/// What a text means for the controls of a message with one of each, by number.
#[track_caller]
fn check_values(number: usize, text: &str, expected: Result<Option<&[&str]>, &str>) {
    let section = Section::new()
        .button(Button::command("Go", "x go"))
        .multi_select(MultiSelect::new("Colours", "x paint").options(["red", "green", "blue"]))
        .select(Select::new("Order", "x by").group("", ["cpu", "2"]))
        .input(LabelInput::new("Name", "x name="));
    let message = Message::new().section(section);
    let controls = control::controls(&message);
    let values = values(&controls[number - 1].1, text);
    let owned = expected.map(|values| values.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()));
    match (values, owned) {
        (Err(reason), Err(said)) => assert!(reason.contains(said), "{reason}"),
        (values, owned) => assert_eq!(values, owned.map_err(ToOwned::to_owned)),
    }
}

#[test]
fn an_option_is_meant_by_its_value_its_number_or_its_name() {
    check_values(3, "cpu", Ok(Some(&["cpu"])));
    check_values(3, "CPU", Ok(Some(&["cpu"])));
    check_values(3, "1", Ok(Some(&["cpu"])));
    // It is a value, too, and that comes first.
    check_values(3, "2", Ok(Some(&["2"])));
    check_values(3, "3", Err("no option `3`"));
}

#[test]
fn several_options_are_separated_by_commas() {
    check_values(2, "red, 3", Ok(Some(&["red", "blue"])));
    check_values(2, ",", Ok(Some(&[])));
    check_values(2, "red,pink", Err("no option `pink`"));
}

#[test]
fn a_button_takes_nothing_and_an_input_any_text() {
    check_values(1, "", Ok(Some(&[])));
    check_values(1, "x", Err("takes nothing"));
    check_values(4, "a, b", Ok(Some(&["a, b"])));
}

#[test]
fn without_a_text_the_options_are_asked_for() {
    for number in 2..=4 {
        check_values(number, "", Ok(None));
    }
}
