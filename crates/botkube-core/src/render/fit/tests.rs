//! Posts on platforms of every kind: nothing is lost, no limit is passed, and what can be shown as it is stays as it is.

use std::time::{Duration, SystemTime};

use botkube_api::message::{Button, LabelInput, MultiSelect, Section, Select};
use proptest::prelude::*;

use super::*;
use crate::{
    answer::Status,
    platform::{Live, LiveState},
    testing,
};

fn post(message: Message) -> Post {
    Post { key: "k".into(), message, header: None, live: None, audience: Audience::Everyone, anchor: None }
}

fn running() -> Live {
    let state = LiveState::Running("3 of 7".into());
    Live { command: "c5".parse().unwrap(), since: SystemTime::UNIX_EPOCH, state }
}

/// What a person reads, message by message and then the file.
fn read(fitted: &[Fitted]) -> Vec<String> {
    let one = |fitted: &Fitted| match fitted {
        Fitted::Post(post) => {
            let header = post.header.as_ref().map(|header| format!("# {header}\n")).unwrap_or_default();
            header + &text(&post.message, TextStyle::default())
        }
        Fitted::File { name, content } => format!("{name}: {content}"),
    };
    fitted.iter().map(one).collect()
}

fn posts(fitted: &[Fitted]) -> Vec<&Post> {
    fitted.iter().filter_map(|fitted| if let Fitted::Post(post) = fitted { Some(&**post) } else { None }).collect()
}

#[track_caller]
fn check(message: Message, capabilities: &Capabilities, expected: &[&str]) {
    assert_eq!(read(&fit(post(message), capabilities)), expected);
}

fn everything() -> Capabilities {
    Capabilities::everything()
}

#[test]
fn without_controls_they_become_lines_with_what_to_type() {
    let section = Section::new()
        .header("Pods")
        .button(Button::command("Again", "kubectl get pods"))
        .select(Select::new("Pod", "kubectl logs").group("All", ["web"]))
        .input(LabelInput::new("Filter", "kubectl get pods --filter="));
    let said = "  [Again] @Bk kubectl get pods\n  [Pod] @Bk kubectl logs VALUE\n    All\n      @Bk kubectl logs web\n  \
                [Filter] @Bk kubectl get pods --filter=\"TEXT\"";
    let text_only = Capabilities { bot_name: "@Bk".into(), ..Capabilities::text_only() };
    check(Message::new().section(section.clone()), &text_only, &[&format!("Pods\n{said}")]);
    let sections = Capabilities { sections: 50, ..text_only };
    let fitted = fit(post(Message::new().section(section)), &sections);
    let lists = &posts(&fitted)[0].message.sections[0].bullet_lists;
    assert_eq!(lists[0].items, ["[Again] @Bk kubectl get pods"]);
    assert_eq!(lists[1].title, "[Pod] @Bk kubectl logs VALUE");
    assert_eq!((lists[2].title.as_str(), lists[2].items[0].as_str()), ("All", "@Bk kubectl logs web"));
}

#[test]
fn the_bots_name_is_put_in() {
    let message = Message::text("{{BotName}} help").section(Section::new().button(Button::command("Go", "go")));
    let fitted = fit(post(message), &Capabilities { bot_name: "@Bk".into(), ..everything() });
    let message = &posts(&fitted)[0].message;
    assert_eq!(message.base_body.plaintext, "@Bk help");
    assert_eq!(message.sections[0].buttons[0].command, "@Bk go");
}

#[test]
fn of_a_select_with_too_many_options_the_others_are_put_into_words() {
    let select = Select::new("Pod", "logs").group("", ["a", "b", "c"]).initial("c");
    let fitted =
        fit(post(Message::new().section(Section::new().select(select))), &Capabilities { options: 2, ..everything() });
    let section = &posts(&fitted)[0].message.sections[0];
    assert_eq!(section.bullet_lists[0].title, "[Pod] logs VALUE");
    assert_eq!(section.bullet_lists[0].items, ["logs c (chosen)"]);
    assert_eq!(section.selects.items[0].option_groups[0].options.len(), 2);
    assert_eq!(section.selects.items[0].initial_option, None);
}

#[test]
fn of_a_multi_select_with_too_long_options_those_are_put_into_words() {
    let select = MultiSelect::new("Sources", "edit").options([("a", "a"), ("long label", "b")]).initial(["a"]);
    let message = Message::new().section(Section::new().multi_select(select));
    let fitted = fit(post(message), &Capabilities { label: 7, ..everything() });
    let section = &posts(&fitted)[0].message.sections[0];
    assert_eq!(section.bullet_lists[0].items, ["long label: b"]);
    assert_eq!((section.multi_select.options.len(), section.multi_select.initial_options.len()), (1, 1));
}

#[test]
fn more_buttons_than_a_section_may_have_go_on_in_the_next() {
    let buttons = ["a", "b", "c"].map(|name| Button::command(name, name));
    let section = Section { header: "h".into(), buttons: buttons.to_vec(), ..Section::default() };
    let fitted = fit(post(Message::new().section(section)), &Capabilities { buttons: 2, ..everything() });
    let sections = &posts(&fitted)[0].message.sections;
    assert_eq!(sections.iter().map(|section| section.buttons.len()).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn code_goes_on_in_the_next_message_at_a_line_end_and_is_code_there_too() {
    let fitted = fit(post(Message::code("one\ntwo\nthree")), &Capabilities { message: 8, ..everything() });
    let code: Vec<_> = posts(&fitted).iter().map(|post| post.message.base_body.code_block.as_str()).collect();
    assert_eq!(code, ["one\ntwo", "three"]);
    assert_eq!(posts(&fitted).iter().map(|post| post.key.as_str()).collect::<Vec<_>>(), ["k", "k.2"]);
}

#[test]
fn code_that_is_too_long_for_a_block_goes_on_in_the_next_block() {
    let capabilities = Capabilities { code: 8, ..everything() };
    let fitted = fit(post(Message::code("one\ntwo\nthree")), &capabilities);
    let message = &posts(&fitted)[0].message;
    assert_eq!(message.base_body.code_block, "one\ntwo");
    assert_eq!(message.sections[0].body.code_block, "three");
}

#[test]
fn where_all_is_one_text_prose_behind_code_is_a_message_of_its_own() {
    let message = Message::code("code").section(Section::new().header("Head").body_text("text"));
    check(message, &Capabilities::text_only(), &["code", "Head\ntext"]);
}

#[test]
fn where_all_is_one_text_how_a_command_is_doing_stands_above_its_code_if_that_makes_it_one_message() {
    let post = Post { live: Some(running()), ..post(Message::code("code")) };
    let state = "  [Cancel] cancel c5\nrunning since 00:00:00 UTC: 3 of 7";
    assert_eq!(read(&fit(post.clone(), &Capabilities::text_only())), [format!("{state}\ncode")]);
    let narrow = Capabilities { message: 56, ..Capabilities::text_only() };
    assert_eq!(read(&fit(post, &narrow)), ["code", state]);
}

#[test]
fn an_item_that_has_room_in_the_next_message_is_not_cut() {
    let message = Message::new().section(Section::new().bullets("Title", ["one two", "three four"]));
    check(message, &Capabilities { message: 16, ..everything() }, &["Title\n  • one two", "  • three four"]);
}

#[test]
fn a_header_that_is_too_long_becomes_a_text() {
    let post = Post { header: Some("`a b c d`".into()), ..post(Message::text("x")) };
    let fitted = fit(post, &Capabilities { text: 5, ..everything() });
    assert_eq!(read(&fitted), ["`a b\n\nc d`\n\nx"]);
}

#[test]
fn a_header_stands_above_the_first_message_alone() {
    let post = Post { header: Some("h".into()), ..post(Message::code("one\ntwo\nthree")) };
    assert_eq!(read(&fit(post, &Capabilities { message: 10, ..everything() })), ["# h\none\ntwo", "three"]);
}

#[test]
fn what_is_too_long_for_messages_is_a_file_and_the_last_message_keeps_the_controls() {
    let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    let code = lines.join("\n");
    let message = Message::code(&code).input(LabelInput::new("Filter", "get --filter="));
    let capabilities = Capabilities { message: 200, messages: 2, ..everything() };
    let fitted = fit(Post { live: Some(running()), ..post(message) }, &capabilities);
    let [Fitted::Post(first), Fitted::Post(last), Fitted::File { name, content }] = &fitted[..] else {
        panic!("{fitted:?}")
    };
    assert!(first.message.base_body.code_block.starts_with("line 0\n") && first.live.is_none());
    assert!(last.message.base_body.code_block.starts_with("line ") && last.live.is_some());
    assert!(text(&last.message, TextStyle::default()).contains("See `output.txt` for all of it."));
    assert_eq!(last.message.plaintext_inputs[0].text, "Filter");
    assert_eq!(name, "output.txt");
    assert!(content.starts_with(&code) && content.contains("[Filter] get --filter=\"TEXT\""));
}

#[test]
fn without_files_it_goes_on_in_messages_however_many() {
    let capabilities = Capabilities { message: 10, messages: 1, files: false, ..everything() };
    assert_eq!(fit(post(Message::code("123456789\n".repeat(20))), &capabilities).len(), 20);
}

#[test]
fn only_the_last_message_says_how_the_command_is_doing() {
    let long = Post { live: Some(running()), ..post(Message::code("one\ntwo")) };
    let fitted = fit(long.clone(), &Capabilities { message: 4, ..everything() });
    assert_eq!(posts(&fitted).iter().map(|post| post.live.is_some()).collect::<Vec<_>>(), [false, true]);
    let in_words = Capabilities { live: false, ..everything() };
    let fitted = fit(long, &in_words);
    assert_eq!(posts(&fitted)[0].live, None);
    let section = &posts(&fitted)[0].message.sections[0];
    assert_eq!(section.buttons[0].command, "cancel c5");
    assert_eq!(section.context[0].text, "running since 00:00:00 UTC: 3 of 7");
}

#[test]
fn a_command_that_said_nothing_is_shown_to_run_and_to_have_ended() {
    let silent = |state| Post { live: Some(Live { state, ..running() }), ..post(Message::new()) };
    let read = |state| read(&fit(silent(state), &Capabilities::text_only()));
    assert_eq!(read(LiveState::Running(String::new())), ["  [Cancel] cancel c5\nrunning since 00:00:00 UTC"]);
    let took = Duration::from_millis(500);
    assert_eq!(read(LiveState::Ended { status: Status::Succeeded, took }), ["done in 0.5s"]);
}

#[test]
fn what_cannot_be_for_one_person_is_for_everybody() {
    let secret = Post { audience: Audience::Person("ada".into()), ..post(Message::text("s")) };
    let audience = |ephemeral| {
        let fitted = fit(secret.clone(), &Capabilities { ephemeral, ..everything() });
        posts(&fitted)[0].audience.clone()
    };
    assert_eq!(audience(true), secret.audience);
    assert_eq!(audience(false), Audience::Everyone);
}

#[test]
fn a_message_that_is_not_one_section_any_more_does_not_say_so() {
    let message = Message::new()
        .of_type(MessageType::NonInteractiveEventSingleSection)
        .section(Section::new().field("a", "b").field("c", "d"));
    let kind = |fields| {
        let fitted = fit(post(message.clone()), &Capabilities { fields, ..everything() });
        posts(&fitted)[0].message.kind.clone()
    };
    assert_eq!(kind(2), MessageType::NonInteractiveEventSingleSection);
    assert_eq!(kind(1), MessageType::Default);
}

fn live() -> impl Strategy<Value = Option<Live>> {
    let ended = LiveState::Ended { status: Status::Failed, took: Duration::from_secs(3) };
    prop_oneof![Just(None), Just(Some(running())), Just(Some(Live { state: ended, ..running() }))]
}

proptest! {
    #[test]
    fn every_text_and_command_is_somewhere_on_every_platform(
        message in testing::message(),
        capabilities in testing::capabilities(),
        live in live(),
    ) {
        let fitted = fit(Post { live, header: Some("`header`".into()), ..post(message.clone()) }, &capabilities);
        let read = testing::words(&read(&fitted).concat());
        for text in testing::texts(&message).into_iter().chain(testing::commands(&message)) {
            prop_assert!(read.contains(&testing::words(&text)), "{:?} is not in {:?}", text, read);
        }
        prop_assert!(read.contains("`header`"));
    }

    #[test]
    fn no_limit_is_passed(
        message in testing::message(),
        capabilities in testing::capabilities(),
        live in live(),
        header in prop_oneof![Just(None), Just(Some("`a header` on `a cluster`".to_owned()))],
    ) {
        let audience = Audience::Person("ada".into());
        let fitted = fit(Post { live, header, audience, ..post(message) }, &capabilities);
        let posts = posts(&fitted);
        for post in &posts {
            prop_assert_eq!(testing::passed(post, &capabilities), None);
        }
        prop_assert!(!posts.is_empty());
        prop_assert!(!capabilities.files || posts.len() <= capabilities.messages);
        let says_so = posts.last().is_some_and(|post| text(&post.message, TextStyle::default()).contains("output.txt"));
        prop_assert!(fitted.len() == posts.len() || says_so || capabilities.text < 31, "{:?}", posts.last());
        let keys: Vec<_> = (1..=posts.len()).map(|at| if at == 1 { "k".to_owned() } else { format!("k.{at}") }).collect();
        prop_assert_eq!(posts.iter().map(|post| post.key.clone()).collect::<Vec<_>>(), keys);
    }

    #[test]
    fn a_message_within_the_limits_stays_as_it_is(message in testing::message(), capabilities in testing::capabilities()) {
        let fitted = fit(post(message.clone()), &everything());
        prop_assert_eq!(&fitted, &vec![Fitted::Post(Box::new(post(message.clone())))]);
        for fitted in fit(post(message), &Capabilities { files: false, ..capabilities.clone() }) {
            let Fitted::Post(post) = fitted else { panic!() };
            if testing::passed(&post, &capabilities).is_none() && capabilities.sections > 0 {
                let again = fit(*post.clone(), &Capabilities { files: false, ..capabilities.clone() });
                prop_assert_eq!(again.len(), 1);
            }
        }
    }
}
