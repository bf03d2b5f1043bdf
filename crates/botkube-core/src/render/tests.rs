//! Messages as text: nothing of them is lost, lines are wrapped, and a terminal obeys none of it.

use botkube_api::message::{BulletList, ContextItem, OptionGroup, OptionItem, Select, TextField};
use proptest::prelude::*;

use super::*;

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
    check(&Message::new().section(section), at(12), "  one two\n    three");
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

/// Any word; the digits keep those of one message apart.
fn word() -> impl Strategy<Value = String> {
    "[a-zäß日<&*]{1,8}[0-9]{4}"
}

fn body() -> impl Strategy<Value = Body> {
    (word(), word()).prop_map(|(plaintext, code_block)| Body { plaintext, code_block })
}

fn option() -> impl Strategy<Value = OptionItem> {
    (word(), word()).prop_map(|(name, value)| OptionItem { name, value })
}

fn input() -> impl Strategy<Value = LabelInput> {
    (word(), word(), word()).prop_map(|(command, text, placeholder)| LabelInput {
        command,
        text,
        placeholder,
        ..LabelInput::default()
    })
}

fn button() -> impl Strategy<Value = Button> {
    (word(), word(), word(), any::<bool>()).prop_map(|(name, target, description, is_link)| {
        let (command, url) = if is_link { (String::new(), target) } else { (target, String::new()) };
        Button { name, command, url, description, ..Button::default() }
    })
}

fn multi_select() -> impl Strategy<Value = MultiSelect> {
    (word(), body(), word(), prop::collection::vec(option(), 1..3)).prop_map(|(name, description, command, options)| {
        MultiSelect { name, description, command, initial_options: options[..1].to_vec(), options }
    })
}

fn selects() -> impl Strategy<Value = Selects> {
    (word(), word(), word(), prop::collection::vec(option(), 0..3)).prop_map(|(name, command, group, options)| {
        let initial_option = options.first().cloned();
        let option_groups = vec![OptionGroup { name: group, options }];
        let items = vec![Select { name, command, option_groups, initial_option, ..Select::default() }];
        Selects { items, ..Selects::default() }
    })
}

fn section() -> impl Strategy<Value = Section> {
    let texts = (word(), word(), body(), word(), word(), word());
    let lists = (prop::collection::vec(button(), 0..3), prop::collection::vec(input(), 0..2));
    (texts, lists, multi_select(), selects()).prop_map(
        |((header, description, body, title, item, context), (buttons, plaintext_inputs), multi_select, selects)| {
            Section {
                header,
                description,
                body,
                buttons,
                plaintext_inputs,
                multi_select,
                selects,
                text_fields: vec![TextField { key: format!("key{item}"), value: format!("value{item}") }],
                bullet_lists: vec![BulletList { title, items: vec![item] }],
                context: vec![ContextItem { text: context }],
                ..Section::default()
            }
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    (body(), prop::collection::vec(section(), 0..3), prop::collection::vec(input(), 0..2)).prop_map(
        |(base_body, sections, plaintext_inputs)| Message {
            base_body,
            sections,
            plaintext_inputs,
            ..Message::default()
        },
    )
}

/// Every text in a message, found in its JSON so that no field can be forgotten here; keys of a fixed choice are no texts.
fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        serde_json::Value::Object(members) => {
            let of_people = members.iter().filter(|(key, _)| *key != "timestamp" && *key != "descriptionStyle");
            of_people.for_each(|(_, member)| texts(member, found));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn every_text_and_command_of_a_message_is_in_its_rendering(message in message(), width in prop::option::of(1_usize..100)) {
        let rendered = text(&message, TextStyle { width });
        let mut all = Vec::new();
        texts(&serde_json::from_slice(&message.to_json()).unwrap(), &mut all);
        for text in all {
            prop_assert!(rendered.contains(&text), "{:?} is not in {:?}", text, rendered);
        }
    }

    #[test]
    fn no_rendering_holds_a_control_character_but_tabs_and_line_ends(texts in prop::collection::vec(any::<String>(), 3)) {
        let section = Section::new().header(&*texts[0]).button(Button::command(&*texts[1], &*texts[2]));
        let rendered = text(&Message::code(&*texts[0]).section(section), at(30));
        prop_assert!(!rendered.contains(|c: char| c.is_control() && c != '\t' && c != '\n'), "{:?}", rendered);
    }
}
