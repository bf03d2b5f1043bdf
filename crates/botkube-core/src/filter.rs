//! What `--filter` leaves of an answer, and the answers that are kept to be filtered again (`contract-host §2.8`); it knows
//! no plugin.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use botkube_api::message::{Body, LabelInput, Message, MessageType};
use tokio::time::Instant;

use crate::{command::Command, conversation::Conversation};

/// From how many lines on a filter input is offered.
const MANY_LINES: usize = 16;
/// How many answers are kept, how many bytes of them, and for how long. The oldest go first.
const ENTRIES: usize = 64;
const BYTES: usize = 32 << 20;
/// The largest answer that is kept, in bytes.
pub(crate) const MOST_KEPT: usize = BYTES / 4;
/// How long an answer is kept.
pub(crate) const AGE: Duration = Duration::from_secs(15 * 60);

/// Answers that can be filtered again without running anything.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    conversation: Conversation,
    /// The command as the plugin got it.
    text: String,
    messages: Arc<[Message]>,
    bytes: usize,
    since: Instant,
}

/// Leaves the lines of every body that contain `value`, byte for byte. Messages of which nothing is left go; `true` when
/// something stayed.
pub(crate) fn apply(messages: &mut Vec<Message>, value: &str) -> bool {
    let filter = |body: &mut Body| {
        for text in [&mut body.code_block, &mut body.plaintext] {
            *text = lines(text, value);
        }
    };
    messages.retain_mut(|message| {
        filter(&mut message.base_body);
        message.sections.iter_mut().for_each(|section| filter(&mut section.body));
        !message.is_empty()
    });
    !messages.is_empty()
}

fn lines(text: &str, value: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(value)).collect();
    lines.join("\n")
}

/// Whether a message is nothing but a command's output.
pub(crate) fn is_output(message: &Message) -> bool {
    message.kind == MessageType::BaseBodyWithFilter && message.sections.is_empty()
}

/// Whether a message is long output that everybody sees, so that it is worth an input for a filter.
pub(crate) fn is_long(message: &Message) -> bool {
    let Body { code_block, plaintext } = &message.base_body;
    let ends = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    message.kind == MessageType::BaseBodyWithFilter
        && !message.only_visible_for_you
        && ends(code_block) + ends(plaintext) + 1 >= MANY_LINES
}

/// The input that filters the kept answer to a command.
pub(crate) fn input(command: &Command) -> LabelInput {
    LabelInput::new("Filter output", format!("{} --bk-filter=", command.text))
        .placeholder("Show only lines that contain this")
        .on_enter()
}

impl Kept {
    /// Keeps the whole answer to a command in place of an earlier one; `false` when it is too large.
    pub(crate) fn keep(&self, conversation: &Conversation, command: &Command, messages: Arc<[Message]>) -> bool {
        let bytes: usize = messages.iter().map(|message| message.to_json().len()).sum();
        if bytes > MOST_KEPT {
            return false;
        }
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.since.elapsed() < AGE && !entry.is_of(conversation, command));
        while entries.len() >= ENTRIES || entries.iter().map(|entry| entry.bytes).sum::<usize>() + bytes > BYTES {
            entries.pop_front();
        }
        let (conversation, text) = (conversation.clone(), command.text.clone());
        entries.push_back(Entry { conversation, text, messages, bytes, since: Instant::now() });
        true
    }

    /// The kept answer to a command, if it still is.
    pub(crate) fn find(&self, conversation: &Conversation, command: &Command) -> Option<Arc<[Message]>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.iter().find(|entry| entry.is_of(conversation, command) && entry.since.elapsed() < AGE);
        entry.map(|entry| entry.messages.clone())
    }
}

impl Entry {
    fn is_of(&self, conversation: &Conversation, command: &Command) -> bool {
        self.text == command.text && self.conversation.is_same(conversation)
    }
}

#[cfg(test)]
mod tests {
    use botkube_api::message::{Button, Section};
    use tokio::time;

    use super::*;

    fn command(text: &str) -> Command {
        Command::parse(text, &[], |_| true).unwrap()
    }

    fn conversation(name: &str) -> Conversation {
        Conversation { display_name: name.into(), ..Conversation::default() }
    }

    #[track_caller]
    fn check(text: &str, value: &str, expected: &str) {
        assert_eq!(lines(text, value), expected);
    }

    #[test]
    fn lines_that_contain_the_value_stay() {
        check("web 1\ndb\nweb 2\n", "web", "web 1\nweb 2");
        check("Web\r\nweb\r\n", "web", "web");
        check("a", "b", "");
    }

    #[test]
    fn a_line_of_a_megabyte_is_a_line() {
        let long = format!("{} web\nweb\ndb", "x".repeat(1 << 20));
        assert_eq!(lines(&long, "web").lines().count(), 2);
    }

    #[test]
    fn every_body_of_every_message_is_filtered_and_what_is_empty_goes() {
        let section = Section::new().body_text("web\ndb").button(Button::command("b", "b"));
        let mut messages = vec![Message::code("db"), Message::text("web\ndb"), Message::new().section(section.clone())];
        assert!(apply(&mut messages, "web"));
        assert_eq!(messages, [Message::text("web"), Message::new().section(section.body_text("web"))]);
        assert!(!apply(&mut vec![Message::code("db")], "web"));
    }

    #[test]
    fn sixteen_lines_that_everybody_sees_are_long() {
        let of = |lines: usize| Message::code(vec!["x"; lines].join("\n"));
        assert!(is_long(&of(16).with_filter()) && !is_long(&of(15).with_filter()));
        assert!(!is_long(&of(16)) && !is_long(&of(16).with_filter().only_visible_for_you()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_its_command_and_conversation_until_it_is_old() {
        let kept = Kept::default();
        assert!(kept.keep(&conversation("ops"), &command("get po"), [Message::code("a")].into()));
        assert!(kept.keep(&conversation("ops"), &command("get po"), [Message::code("b")].into()));
        let found = kept.find(&conversation("ops"), &command("get po --filter x")).unwrap();
        assert_eq!(*found, [Message::code("b")]);
        assert!(kept.find(&conversation("dev"), &command("get po")).is_none());
        assert!(kept.find(&conversation("ops"), &command("get no")).is_none());
        time::advance(AGE).await;
        assert!(kept.find(&conversation("ops"), &command("get po")).is_none());
    }

    #[tokio::test]
    async fn so_many_answers_are_kept_and_no_more() {
        let kept = Kept::default();
        for n in 0..=ENTRIES {
            kept.keep(&conversation("ops"), &command(&format!("get {n}")), [Message::code("a")].into());
        }
        assert!(kept.find(&conversation("ops"), &command("get 0")).is_none());
        assert!(kept.find(&conversation("ops"), &command("get 1")).is_some());
    }

    #[tokio::test]
    async fn so_many_bytes_are_kept_and_no_more() {
        let kept = Kept::default();
        let of = |bytes: usize| -> Arc<[Message]> { [Message::code("x".repeat(bytes))].into() };
        assert!(!kept.keep(&conversation("ops"), &command("get"), of(BYTES / 4)));
        for n in 0..5 {
            assert!(kept.keep(&conversation("ops"), &command(&format!("get {n}")), of(BYTES / 4 - 100)));
        }
        assert!(kept.find(&conversation("ops"), &command("get 0")).is_none());
        assert!(kept.find(&conversation("ops"), &command("get 4")).is_some());
    }
}
