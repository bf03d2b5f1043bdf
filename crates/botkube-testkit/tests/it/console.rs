//! The console as a platform: people use its rooms as terminal and browser do.

use std::{fs, sync::Arc};

use async_trait::async_trait;
use botkube_console::{
    entry::{Doing, Entry, State},
    rooms::{Person, Rooms, Used},
    store::InMemory,
};
use botkube_core::{
    chat::Chat,
    conversation::Conversation,
    platform::{LiveState, Platform},
};
use botkube_testkit::{
    stage::{Press, Seen, Stage, Trouble},
    suite::{check, readable},
};

const CHANNEL: &str = "ops";

struct Console(Arc<Rooms>);

fn conversation() -> Conversation {
    Conversation { alias: CHANNEL.into(), id: CHANNEL.into(), interactive: true, ..Conversation::default() }
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: id.to_owned() }
}

#[async_trait]
impl Stage for Console {
    fn platform(&self) -> Arc<dyn Platform> {
        self.0.clone()
    }

    fn answered_by(&self, chat: Arc<Chat>) {
        self.0.answered_by(&chat);
    }

    fn conversation(&self) -> Conversation {
        conversation()
    }

    async fn say(&self, by: &str, event: &str, text: &str) -> Result<(), String> {
        let said = self.0.say(CHANNEL, &person(by), event, text);
        said.map(|_| ()).map_err(|refused| refused.to_string())
    }

    async fn press(&self, by: &str, event: &str, press: &Press) -> Result<(), String> {
        let Press { message, control, values, entered } = press.clone();
        let used = Used { entry: message, control, values, entered };
        let pressed = self.0.press(CHANNEL, &person(by), event, &used);
        pressed.map(|_| ()).map_err(|refused| refused.to_string())
    }

    async fn cancel(&self, by: &str, message: &str) -> Result<(), String> {
        let (entries, _) = self.0.watch(CHANNEL, by, 0).map_err(|refused| refused.to_string())?;
        let entry = entries.into_iter().find(|entry| entry.id == message).ok_or("there is no such message")?;
        let command = entry.live.as_ref().ok_or("it shows no command")?.command;
        self.0.cancel(CHANNEL, &person(by), command).map_err(|refused| refused.to_string())
    }

    async fn seen_by(&self, by: &str) -> Vec<Seen> {
        let (entries, _) = self.0.watch(CHANNEL, by, 0).unwrap();
        entries.iter().map(|entry| self.seen(by, entry)).collect()
    }

    /// Nothing is between the rooms and the people; it only forgets.
    async fn trouble(&self, _: Trouble) -> bool {
        false
    }
}

impl Console {
    fn seen(&self, by: &str, entry: &Entry) -> Seen {
        let message = entry.message.clone().unwrap_or_default();
        let texts = entry.text.iter().chain(&entry.header).cloned().chain(readable(&message));
        let file = entry.file.as_ref();
        let texts: Vec<String> = texts.chain(file.map(|file| file.name.clone())).collect();
        let content = file.map(|file| {
            let name = file.url.rsplit('/').next().unwrap();
            let (_, path) = self.0.file(by, name).unwrap();
            fs::read(path).unwrap()
        });
        Seen {
            id: entry.id.clone(),
            by: (!entry.by.bot).then(|| entry.by.id.clone()),
            text: texts.join("\n"),
            message: entry.message.clone(),
            live: entry.live.as_ref().map(doing),
            file: content,
            // The rooms tell watchers to open it, and keep it as a message of the person.
            is_form: message.kind == botkube_api::message::MessageType::Form && entry.only_for.is_some(),
        }
    }
}

fn doing(doing: &Doing) -> LiveState {
    match &doing.state {
        State::Running(progress) => LiveState::Running(progress.clone()),
        State::Ended { status, took_ms } => {
            LiveState::Ended { status: *status, took: std::time::Duration::from_millis(*took_ms) }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_console_keeps_every_rule() {
    let stage = async || Console(Rooms::new(vec![conversation()], Arc::new(InMemory::default())));
    check(stage).await.is_kept_but_for(&[
        "what_fails_is_said_to_fail_and_is_shown_when_tried_again",
        "what_was_shown_although_the_answer_was_lost_is_shown_once",
        "an_edit_whose_answer_was_lost_can_be_made_again",
        "it_says_for_how_long_it_wants_to_be_left_alone",
        "a_message_that_is_not_there_any_more_is_said_to_be_gone",
        "an_answer_is_shown_although_its_place_has_expired",
    ]);
}
