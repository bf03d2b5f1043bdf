//! The platform in memory, with all capabilities, with none, and with some at random; and platforms that break a rule.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botkube_core::{
    chat::Chat,
    conversation::Conversation,
    platform::{Anchor, Attachment, Audience, Capabilities, Platform, PlatformError, Post, Posted},
    testing,
};
use botkube_testkit::{
    fake::Fake,
    stage::{Press, Seen, Stage, Trouble},
    suite::{Outcome, check},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

#[tokio::test(start_paused = true)]
async fn a_platform_that_can_do_everything_keeps_every_rule() {
    check(async || Fake::new(Capabilities::everything())).await.is_kept_but_for(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_platform_of_text_alone_keeps_what_it_is_asked() {
    check(async || Fake::new(Capabilities::text_only())).await.is_kept_but_for(&[
        "a_used_control_is_what_upstream_makes_of_it",
        "an_event_of_a_used_control_that_is_told_twice_is_run_once",
        "an_answer_may_take_the_place_of_the_message_whose_control_was_used",
        "a_form_opens_for_the_person_who_asked",
        "an_edit_takes_the_place_of_its_message",
        "an_edit_can_be_made_again",
        "how_a_command_is_doing_is_shown",
        "a_file_is_shown_with_its_name_and_all_of_it",
        "a_file_is_shown_once",
        "what_is_for_one_person_is_seen_by_that_person_alone",
        "an_edit_whose_answer_was_lost_can_be_made_again",
        "a_message_that_is_not_there_any_more_is_said_to_be_gone",
    ]);
}

#[tokio::test(start_paused = true)]
async fn a_platform_with_any_capabilities_keeps_what_it_is_asked() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..30 {
        let mut capabilities = testing::capabilities().new_tree(&mut runner).unwrap().current();
        // A platform on which a line below a header has no room is none.
        let Capabilities { text, code, message, .. } = &mut capabilities;
        (*text, *code, *message) = ((*text).max(200), (*code).max(200), (*message).max(400));
        let report = check(async || Fake::new(capabilities.clone())).await;
        let broken = report.outcomes().iter().any(|(_, outcome)| matches!(outcome, Outcome::Broken(_)));
        assert!(!broken, "{capabilities:#?}\n{report}");
    }
}

/// A rule that is not kept.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    ForgetsKeys,
    AddsEdits,
    ShowsSecrets,
    LosesSmallPrint,
    ForgetsTheCommand,
    HidesThatItIsBusy,
    HidesThatItIsGone,
    TakesAnyConversation,
    TellsAnotherPerson,
    TellsItAsNew,
    AnswersFirst,
}

/// A platform that keeps every rule but one, with its people.
#[derive(Clone)]
struct Flawed {
    flaw: Flaw,
    fake: Fake,
    known: Arc<dyn Platform>,
    count: Arc<AtomicU64>,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        let fake = Fake::new(Capabilities::everything());
        Self { flaw, known: fake.platform(), fake, count: Arc::default() }
    }

    fn changed(&self, post: &Post) -> Post {
        let mut post = post.clone();
        match self.flaw {
            Flaw::ForgetsKeys => post.key += &self.number(),
            Flaw::ShowsSecrets => post.audience = Audience::Everyone,
            Flaw::LosesSmallPrint => post.message.sections.iter_mut().for_each(|section| section.context.clear()),
            Flaw::ForgetsTheCommand => post.live = None,
            _ => {}
        }
        post
    }

    fn place(&self, conversation: &Conversation) -> Conversation {
        match self.flaw {
            Flaw::TakesAnyConversation => self.fake.conversation(),
            _ => conversation.clone(),
        }
    }

    fn error(&self, error: PlatformError) -> PlatformError {
        match (self.flaw, error) {
            (Flaw::HidesThatItIsBusy, PlatformError::Wait(_)) => PlatformError::Failed("busy".into()),
            (Flaw::HidesThatItIsGone, PlatformError::Gone) => PlatformError::Failed("404".into()),
            (_, error) => error,
        }
    }

    fn number(&self) -> String {
        self.count.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

#[async_trait]
impl Platform for Flawed {
    fn capabilities(&self) -> &Capabilities {
        self.known.capabilities()
    }

    async fn post(&self, conversation: &Conversation, post: &Post) -> Result<Posted, PlatformError> {
        let posted = self.known.post(&self.place(conversation), &self.changed(post)).await;
        posted.map_err(|error| self.error(error))
    }

    async fn edit(&self, conversation: &Conversation, posted: &Posted, post: &Post) -> Result<(), PlatformError> {
        let mut post = self.changed(post);
        if self.flaw == Flaw::AddsEdits {
            post.key += &self.number();
            return self.post(conversation, &post).await.map(|_| ());
        }
        self.known.edit(conversation, posted, &post).await.map_err(|error| self.error(error))
    }

    async fn attach(&self, conversation: &Conversation, attachment: &Attachment) -> Result<Posted, PlatformError> {
        self.known.attach(conversation, attachment).await
    }

    async fn open_form(&self, conversation: &Conversation, anchor: &Anchor, form: &Post) -> Result<(), PlatformError> {
        self.known.open_form(conversation, anchor, form).await
    }
}

#[async_trait]
impl Stage for Flawed {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::new(self.clone())
    }

    fn answered_by(&self, chat: Arc<Chat>) {
        self.fake.answered_by(chat);
    }

    fn conversation(&self) -> Conversation {
        self.fake.conversation()
    }

    async fn say(&self, person: &str, event: &str, text: &str) -> Result<(), String> {
        match self.flaw {
            Flaw::TellsAnotherPerson => self.fake.say("somebody", event, text).await,
            Flaw::TellsItAsNew => self.fake.say(person, &self.number(), text).await,
            Flaw::AnswersFirst => {
                let before = self.seen_by(person).await.len();
                self.fake.say(person, event, text).await?;
                while self
                    .seen_by(person)
                    .await
                    .iter()
                    .skip(before)
                    .all(|seen| seen.text.is_empty() || seen.by.is_some())
                {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok(())
            }
            _ => self.fake.say(person, event, text).await,
        }
    }

    async fn press(&self, person: &str, event: &str, press: &Press) -> Result<(), String> {
        self.fake.press(person, event, press).await
    }

    async fn cancel(&self, person: &str, message: &str) -> Result<(), String> {
        self.fake.cancel(person, message).await
    }

    async fn seen_by(&self, person: &str) -> Vec<Seen> {
        self.fake.seen_by(person).await
    }

    async fn trouble(&self, trouble: Trouble) -> bool {
        self.fake.trouble(trouble).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_breaks_a_rule_is_found_out() {
    for (flaw, rule) in [
        (Flaw::ForgetsKeys, "a_key_is_shown_once"),
        (Flaw::ForgetsKeys, "what_was_shown_although_the_answer_was_lost_is_shown_once"),
        (Flaw::AddsEdits, "an_edit_takes_the_place_of_its_message"),
        (Flaw::ShowsSecrets, "what_is_for_one_person_is_seen_by_that_person_alone"),
        (Flaw::LosesSmallPrint, "everything_in_a_message_can_be_read"),
        (Flaw::ForgetsTheCommand, "how_a_command_is_doing_is_shown"),
        (Flaw::ForgetsTheCommand, "a_command_can_be_cancelled_where_it_is_shown"),
        (Flaw::HidesThatItIsBusy, "it_says_for_how_long_it_wants_to_be_left_alone"),
        (Flaw::HidesThatItIsGone, "a_message_that_is_not_there_any_more_is_said_to_be_gone"),
        (Flaw::TakesAnyConversation, "an_unknown_conversation_is_an_error"),
        (Flaw::TellsAnotherPerson, "what_is_said_reaches_the_plugin_as_it_was_said"),
        (Flaw::TellsItAsNew, "an_event_that_is_told_twice_is_run_once"),
        (Flaw::AnswersFirst, "it_is_acknowledged_before_it_is_answered"),
    ] {
        let report = check(async || Flawed::new(flaw)).await;
        let (_, outcome) = report.outcomes().iter().find(|(name, _)| *name == rule).unwrap();
        assert!(matches!(outcome, Outcome::Broken(_)), "{flaw:?} {rule}: {outcome:?}");
    }
}
