//! What is checked of a platform, one check for each line of `docs/platform-spec.md` that says MUST. It knows no platform.

mod people;
mod shown;
mod trouble;

use std::{fmt, sync::Arc, time::Duration};

use botkube_api::message::Message;
use botkube_core::{
    conversation::Conversation,
    platform::{Audience, Capabilities, Live, LiveState, Platform, Post, Posted},
    render::{Fitted, fit},
};
use tokio::time;

use crate::{
    agent::{Agent, DEADLINE, Reply},
    stage::{ADA, Seen, Stage},
};

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The platform does it.
    Kept,
    /// The platform does not claim to be able to, or it cannot happen there.
    NotAsked(&'static str),
    /// It does not, and what it did instead.
    Broken(String),
}

/// What came of all checks.
#[derive(Debug)]
pub struct Report(Vec<(&'static str, Outcome)>);

/// Why a check ends early.
enum Stop {
    NotAsked(&'static str),
    Broken(String),
}

type Check = Result<(), Stop>;

macro_rules! checks {
    ($($module:ident { $($name:ident,)* })*) => {
        /// The names of all checks, in the order of the document.
        pub const NAMES: &[&str] = &[$($(stringify!($name),)*)*];

        async fn one(name: &str, stage: &dyn Stage) -> Check {
            match name {
                $($(stringify!($name) => $module::$name(stage).await,)*)*
                _ => Err(Stop::Broken(format!("there is no check {name:?}"))),
            }
        }
    };
}

checks! {
    people {
        what_is_said_reaches_the_plugin_as_it_was_said,
        it_is_acknowledged_before_it_is_answered,
        an_event_that_is_told_twice_is_run_once,
        a_used_control_is_what_upstream_makes_of_it,
        an_event_of_a_used_control_that_is_told_twice_is_run_once,
        a_command_can_be_cancelled_where_it_is_shown,
        an_answer_may_take_the_place_of_the_message_whose_control_was_used,
        a_form_opens_for_the_person_who_asked,
    }
    shown {
        everything_in_a_message_can_be_read,
        code_is_shown_as_it_is,
        messages_stand_in_the_order_they_came,
        a_key_is_shown_once,
        what_is_within_the_limits_is_taken,
        an_edit_takes_the_place_of_its_message,
        an_edit_can_be_made_again,
        how_a_command_is_doing_is_shown,
        a_file_is_shown_with_its_name_and_all_of_it,
        a_file_is_shown_once,
        what_is_for_one_person_is_seen_by_that_person_alone,
        an_unknown_conversation_is_an_error,
    }
    trouble {
        what_fails_is_said_to_fail_and_is_shown_when_tried_again,
        what_was_shown_although_the_answer_was_lost_is_shown_once,
        an_edit_whose_answer_was_lost_can_be_made_again,
        it_says_for_how_long_it_wants_to_be_left_alone,
        a_message_that_is_not_there_any_more_is_said_to_be_gone,
        an_answer_is_shown_although_its_place_has_expired,
        when_the_agent_stops_every_command_is_shown_to_have_ended,
    }
}

/// Checks a platform, with a stage of its own for each check. A check that takes too long is broken.
pub async fn check<S: Stage>(stage: impl AsyncFn() -> S) -> Report {
    let mut outcomes = Vec::new();
    for name in NAMES {
        let stage = stage().await;
        let checked = time::timeout(6 * DEADLINE, one(name, &stage)).await;
        outcomes.push((
            *name,
            match checked {
                Ok(Ok(())) => Outcome::Kept,
                Ok(Err(Stop::NotAsked(why))) => Outcome::NotAsked(why),
                Ok(Err(Stop::Broken(how))) => Outcome::Broken(how),
                Err(_) => Outcome::Broken(format!("it takes longer than {:?}", 6 * DEADLINE)),
            },
        ));
    }
    Report(outcomes)
}

impl Report {
    /// What came of each check.
    #[must_use]
    pub fn outcomes(&self) -> &[(&'static str, Outcome)] {
        &self.0
    }

    /// Fails a test unless everything is kept, apart from what `may_be_missing`, which must be exactly what was not asked.
    ///
    /// # Panics
    ///
    /// With all that is broken.
    #[track_caller]
    pub fn is_kept_but_for(&self, may_be_missing: &[&str]) {
        let is_broken = |outcome: &Outcome| matches!(outcome, Outcome::Broken(_));
        let missing: Vec<_> =
            self.0.iter().filter(|(_, it)| matches!(it, Outcome::NotAsked(_))).map(|(name, _)| *name).collect();
        assert!(!self.0.iter().any(|(_, outcome)| is_broken(outcome)), "{self}");
        assert_eq!(missing, may_be_missing, "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.0 {
            match outcome {
                Outcome::Kept => writeln!(f, "kept       {name}")?,
                Outcome::NotAsked(why) => writeln!(f, "not asked  {name}: {why}")?,
                Outcome::Broken(how) => writeln!(f, "BROKEN     {name}: {how}")?,
            }
        }
        Ok(())
    }
}

/// The texts of a message that people read, the labels of controls and options too, in the order of the text.
#[must_use]
pub fn readable(message: &Message) -> Vec<String> {
    let mut texts = vec![&message.base_body.plaintext, &message.base_body.code_block];
    for section in &message.sections {
        texts.extend([&section.header, &section.description, &section.body.plaintext, &section.body.code_block]);
        section.text_fields.iter().for_each(|field| texts.extend([&field.key, &field.value]));
        section.bullet_lists.iter().for_each(|list| texts.extend(std::iter::once(&list.title).chain(&list.items)));
        section.buttons.iter().for_each(|button| texts.extend([&button.name, &button.description]));
        let multi = &section.multi_select;
        if multi.are_options_defined() {
            texts.extend([&multi.description.plaintext, &multi.description.code_block, &multi.name]);
            texts.extend(multi.options.iter().map(|option| &option.name));
        }
        for select in &section.selects.items {
            texts.push(&select.name);
            for group in &select.option_groups {
                texts.extend(std::iter::once(&group.name).chain(group.options.iter().map(|option| &option.name)));
            }
        }
        section.plaintext_inputs.iter().for_each(|input| texts.extend([&input.text, &input.placeholder]));
        texts.extend(section.context.iter().map(|item| &item.text));
    }
    message.plaintext_inputs.iter().for_each(|input| texts.extend([&input.text, &input.placeholder]));
    texts.into_iter().filter(|text| !text.is_empty()).cloned().collect()
}

/// A platform and the agent it talks to, while a check runs.
struct Run<'a> {
    stage: &'a dyn Stage,
    platform: Arc<dyn Platform>,
    conversation: Conversation,
    agent: Agent,
}

impl<'a> Run<'a> {
    fn new(stage: &'a dyn Stage, replies: Vec<Reply>) -> Self {
        let platform = stage.platform();
        let agent = Agent::new(platform.clone(), replies);
        stage.answered_by(agent.chat.clone());
        Self { stage, platform, conversation: stage.conversation(), agent }
    }

    fn capabilities(&self) -> &Capabilities {
        self.platform.capabilities()
    }

    async fn post(&self, post: &Post) -> Result<Posted, Stop> {
        let posted = self.platform.post(&self.conversation, post).await;
        self.rest().await;
        posted.map_err(|error| Stop::Broken(format!("a message is not shown: {error}")))
    }

    async fn edit(&self, posted: &Posted, post: &Post) -> Check {
        let edited = self.platform.edit(&self.conversation, posted, post).await;
        self.rest().await;
        edited.map_err(|error| Stop::Broken(format!("a message is not changed: {error}")))
    }

    /// Shows a message as the agent would, in as many messages as it takes.
    async fn show(&self, key: &str, message: Message) -> Check {
        let whole = Capabilities { files: false, ..self.capabilities().clone() };
        for fitted in fit(post(key, message), &whole) {
            if let Fitted::Post(post) = fitted {
                self.post(&post).await?;
            }
        }
        Ok(())
    }

    /// Leaves the platform alone as long as it wants to.
    async fn rest(&self) {
        time::sleep(self.capabilities().pace).await;
    }

    /// Waits until what a person sees is as it should be.
    async fn until(&self, person: &str, what: &str, is_so: impl Fn(&[Seen]) -> bool) -> Result<Vec<Seen>, Stop> {
        self.so(what, async || {
            let seen = self.stage.seen_by(person).await;
            if is_so(&seen) { Ok(seen) } else { Err(format!("{person} sees {}", told(&seen))) }
        })
        .await
    }

    /// Waits until the plugin was asked so often.
    async fn asked(&self, times: usize) -> Check {
        let asked = async || {
            let calls = self.agent.calls();
            if calls.len() == times { Ok(()) } else { Err(format!("it was asked {calls:?}")) }
        };
        self.so(&format!("the plugin is asked {times} times"), asked).await
    }

    async fn so<T>(&self, what: &str, is_so: impl AsyncFn() -> Result<T, String>) -> Result<T, Stop> {
        let until = time::Instant::now() + DEADLINE;
        loop {
            match is_so().await {
                Ok(found) => return Ok(found),
                Err(instead) if time::Instant::now() > until => {
                    return Err(Stop::Broken(format!("not within {DEADLINE:?}: {what}; {instead}")));
                }
                Err(_) => time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// Ada says it, once.
    async fn say(&self, text: &str) -> Check {
        self.say_as("event-1", text).await
    }

    async fn say_as(&self, event: &str, text: &str) -> Check {
        let said = self.stage.say(ADA, event, text).await;
        said.map_err(|told| Stop::Broken(format!("what is said is not taken: {told}")))
    }
}

fn needs(is_claimed: bool, what: &'static str) -> Check {
    if is_claimed { Ok(()) } else { Err(Stop::NotAsked(what)) }
}

fn must(is_so: bool, otherwise: impl FnOnce() -> String) -> Check {
    if is_so { Ok(()) } else { Err(Stop::Broken(otherwise())) }
}

fn post(key: &str, message: Message) -> Post {
    Post { key: key.to_owned(), message, header: None, live: None, audience: Audience::Everyone, anchor: None }
}

fn live(state: LiveState) -> Option<Live> {
    // The first command of an agent.
    let command = "c1".parse().ok()?;
    Some(Live { command, since: std::time::SystemTime::now(), state })
}

/// What is seen, for an error.
fn told(seen: &[Seen]) -> String {
    let one = |Seen { id, by, text, live, is_form, .. }: &Seen| {
        let text: String = text.chars().take(200).collect();
        let by = by.as_deref().unwrap_or("the agent");
        let form = if *is_form { " as a form" } else { "" };
        format!("{id} by {by}{form}: {text:?} {live:?}")
    };
    seen.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// What the agent shows that contains a text.
fn with<'s>(seen: &'s [Seen], text: &str) -> Vec<&'s Seen> {
    seen.iter().filter(|seen| seen.by.is_none() && seen.text.contains(text)).collect()
}
