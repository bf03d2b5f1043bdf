//! Messages as text: nothing of them is lost, lines are wrapped, and a terminal obeys none of it.

use botkube_api::message::{Body, BulletList, Button, LabelInput, MultiSelect, Section, Select};
use proptest::prelude::*;

use super::*;
use crate::{control, testing};

fn at(width: usize) -> TextStyle {
    TextStyle { width: Some(width) }
}

#[track_caller]
fn check(message: &Message, style: TextStyle, expected: &str) {
    assert_eq!(text(message, style), expected);
}

#[test]
fn prose_and_code_stand_below_each_other() {
    let body = Body { plaintext: "Two pods:".into(), code_block: "a 1/1\nb 0/1\n".into() };
    check(&Message { base_body: body, ..Message::default() }, TextStyle::default(), "Two pods:\na 1/1\nb 0/1");
}

#[test]
fn nothing_is_nothing() {
    check(&Message::default(), TextStyle::default(), "");
}

#[test]
fn a_button_is_its_label_and_the_command_to_type() {
    let section = Section::new().header("Pods").button(Button::command("Again", "kubectl get pods"));
    check(&Message::new().section(section), TextStyle::default(), "Pods\n  [Again] kubectl get pods");
}

#[test]
fn a_link_is_its_label_and_its_address() {
    let button = Button { name: "Docs".into(), url: "https://example.org".into(), ..Button::default() };
    check(&Message::new().section(Section::new().button(button)), TextStyle::default(), "  [Docs] https://example.org");
}

#[test]
fn a_button_with_a_command_and_a_page_shows_both_and_what_it_is_about() {
    let button = Button { url: "https://example.org".into(), ..Button::command("Go", "go").bold("Everything") };
    check(
        &Message::new().section(Section::new().button(button)),
        TextStyle::default(),
        "  [Go] go - https://example.org - Everything",
    );
}

#[test]
fn each_option_of_a_select_is_a_command_to_type() {
    let select =
        Select::new("Pod", "kubectl logs").group("", ["web"]).group("Others", [("Database", "db")]).initial("web");
    check(
        &Message::new().section(Section::new().select(select)),
        TextStyle::default(),
        "  [Pod] kubectl logs VALUE\n    kubectl logs web (chosen)\n    Others\n      Database: kubectl logs db",
    );
}

#[test]
fn what_is_chosen_at_first_is_shown_even_when_it_is_no_option() {
    let select = Select::new("Pod", "kubectl logs").external().initial(("Web", "web"));
    check(
        &Message::new().section(Section::new().select(select)),
        TextStyle::default(),
        "  [Pod] kubectl logs VALUE\n    Web: kubectl logs web (chosen)",
    );
}

#[test]
fn a_multi_select_is_its_command_and_the_values_to_put_together() {
    let select = MultiSelect::new("Sources", "edit SourceBindings")
        .description_text("Of this channel")
        .options([("Errors", "k8s-err"), ("all", "all")])
        .initial(["all"]);
    check(
        &Message::new().section(Section::new().multi_select(select)),
        TextStyle::default(),
        "Of this channel\n  [Sources] edit SourceBindings VALUE,VALUE\n    Errors: k8s-err\n    all (chosen)",
    );
}

#[test]
fn an_input_is_its_command_with_room_for_a_text() {
    let input = LabelInput::new("Filter", "kubectl get pods --filter=").placeholder("A pattern");
    check(
        &Message::new().input(input).input(LabelInput::new("", "echo ")),
        TextStyle::default(),
        "  [Filter] kubectl get pods --filter=\"TEXT\" - A pattern\n  echo \"TEXT\"",
    );
}

#[test]
fn lists_have_dots_and_fields_colons() {
    let section = Section::new().field("Kind", "Pod").bullets("Warnings", ["no limits\nset", "old"]).context("now");
    check(
        &Message::new().section(section),
        TextStyle::default(),
        "  Kind: Pod\nWarnings\n  • no limits\n    set\n  • old\nnow",
    );
}

#[test]
fn controls_are_numbered_in_the_order_of_the_text() {
    let section = Section::new()
        .input(LabelInput::new("fourth", "d "))
        .select(Select::new("third", "c"))
        .multi_select(MultiSelect::new("second", "b").options(["x"]))
        .button(Button::command("first", "a"));
    let message = Message::new().input(LabelInput::new("fifth", "e ")).section(section);
    let rendered = text(&message, TextStyle::default());
    let controls = control::controls(&message);
    let places: Vec<_> = controls.iter().map(|(_, control)| rendered.find(&format!("[{}]", control.name()))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{rendered}");
}

#[test]
fn sections_are_set_off_by_a_blank_line() {
    let message =
        Message::text("first").section(Section::new().header("second")).section(Section::new().header("third"));
    check(&message, TextStyle::default(), "first\n\nsecond\n\nthird");
}

#[test]
fn prose_is_wrapped_at_blanks() {
    check(&Message::text("one two three four five"), at(10), "one two\nthree four\nfive");
}

#[test]
fn what_follows_a_wrap_of_an_item_is_indented() {
    let list = BulletList { title: String::new(), items: vec!["one two three".into()] };
    let section = Section { bullet_lists: vec![list], ..Section::default() };
    check(&Message::new().section(section), at(14), "  • one two\n    three");
}

#[test]
fn blanks_in_a_row_stay_several() {
    let section = Section::new().button(Button::command("Say", "echo 'a   b' c"));
    check(&Message::new().section(section), at(40), "  [Say] echo 'a   b' c");
}

#[test]
fn wide_characters_count_twice() {
    check(&Message::text("日本 日本 日本 ab"), at(10), "日本 日本\n日本 ab");
}

#[test]
fn code_is_never_wrapped() {
    check(&Message::code("one two three four five"), at(10), "one two three four five");
}

#[test]
fn a_word_longer_than_the_line_is_not_cut() {
    check(
        &Message::text("see https://example.org/a/long/path now"),
        at(10),
        "see\nhttps://example.org/a/long/path\nnow",
    );
}

#[test]
fn a_terminal_of_one_column_still_gets_everything() {
    check(&Message::text("one two"), at(1), "one two");
}

#[test]
fn control_characters_are_made_visible() {
    check(&Message::code("a\x1b[31mb\x07\rc\u{9b}d\x7f"), TextStyle::default(), "a␛[31mb␇␍c�d�");
    check(&Message::text("a\x1b]0;title\x07"), at(40), "a␛]0;title␇");
}

#[test]
fn tabs_and_line_ends_are_left_alone() {
    check(&Message::code("a\tb\nc"), TextStyle::default(), "a\tb\nc");
}

#[test]
fn text_that_looks_right_to_left_cannot_turn_a_line_round() {
    check(&Message::code("a\u{202e}b\u{2066}c"), TextStyle::default(), "a�b�c");
}

proptest! {
    #[test]
    fn every_text_and_command_of_a_message_is_in_its_rendering(
        message in testing::message(),
        width in prop::option::of(1_usize..100),
    ) {
        let rendered = testing::words(&text(&message, TextStyle { width }));
        for text in testing::texts(&message) {
            prop_assert!(rendered.contains(&testing::words(&text)), "{:?} is not in {:?}", text, rendered);
        }
    }

    #[test]
    fn what_every_control_stands_for_can_be_read_off_where_lines_are_not_wrapped(message in testing::message()) {
        let rendered = text(&message, TextStyle::default());
        for command in testing::commands(&message) {
            prop_assert!(rendered.contains(&command), "{:?} is not in {:?}", command, rendered);
        }
    }

    #[test]
    fn no_rendering_holds_a_control_character_but_tabs_and_line_ends(texts in prop::collection::vec(any::<String>(), 3)) {
        let section = Section::new().header(&*texts[0]).button(Button::command(&*texts[1], &*texts[2]));
        let rendered = text(&Message::code(&*texts[0]).section(section), at(30));
        prop_assert!(!rendered.contains(|c: char| c.is_control() && c != '\t' && c != '\n'), "{:?}", rendered);
    }
}
