//! A platform in memory with whatever capabilities, which refuses what passes its limits and fails on request. The suite is
//! checked against it; tests of the agent can talk to it.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_core::{
    chat::{Accepted, Chat, Said},
    control::{Pressed, press},
    conversation::{Actor, Certainty, Conversation, Incoming},
    platform::{Anchor, Attachment, Audience, Capabilities, Platform, PlatformError, Post, Posted},
    testing::passed,
};
use tokio::time::Instant;

use crate::{
    stage::{Press, Seen, Stage, Trouble},
    suite::readable,
};

/// The platform, and the stage with the people at it. Clones are the same platform.
#[derive(Clone)]
pub struct Fake(Arc<Inner>);

struct Inner {
    capabilities: Capabilities,
    chat: OnceLock<Arc<Chat>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: Vec<Line>,
    /// What was shown under which key.
    keys: HashMap<String, Posted>,
    last: u64,
    trouble: Option<Trouble>,
    busy_until: Option<Instant>,
    /// The people who can be answered in their place, by anchor.
    anchors: HashMap<String, String>,
}

#[derive(Clone)]
struct Line {
    seen: Seen,
    audience: Audience,
    /// The command it shows to be doing something.
    command: Option<botkube_core::running::CommandId>,
}

impl Fake {
    /// A platform with these capabilities.
    #[must_use]
    pub fn new(capabilities: Capabilities) -> Self {
        Self(Arc::new(Inner { capabilities, chat: OnceLock::new(), state: Mutex::default() }))
    }

    fn submit(&self, person: &str, event: &str, incoming: Incoming, original: Option<Posted>) -> Result<(), String> {
        let chat = self.0.chat.get().ok_or("nobody answers")?;
        let text = incoming.text.clone();
        let id = self.0.state().anchor(person);
        let anchor = Anchor { id, original, expires: None };
        match chat.say(Said { incoming, key: event.to_owned(), anchor: Some(anchor) }) {
            Accepted::Running(_) => {
                let seen = Seen { by: Some(person.to_owned()), text, ..nothing() };
                self.0.state().add(seen, Audience::Everyone);
                Ok(())
            }
            Accepted::Before => Ok(()),
            Accepted::Full => Err("too much at once; nothing was run".to_owned()),
        }
    }

    fn incoming(&self, person: &str, text: &str) -> Incoming {
        let actor = Actor {
            id: person.to_owned(),
            display_name: person.to_owned(),
            mention: String::new(),
            certainty: Certainty::Verified,
        };
        Incoming::typed(text, actor, self.conversation())
    }
}

#[async_trait]
impl Stage for Fake {
    fn platform(&self) -> Arc<dyn Platform> {
        self.0.clone()
    }

    fn answered_by(&self, chat: Arc<Chat>) {
        // Only the first counts.
        let _ = self.0.chat.set(chat);
    }

    fn conversation(&self) -> Conversation {
        Conversation { alias: "ops".into(), interactive: self.0.capabilities.buttons > 0, ..Conversation::default() }
    }

    async fn say(&self, person: &str, event: &str, text: &str) -> Result<(), String> {
        self.submit(person, event, self.incoming(person, text), None)
    }

    async fn press(&self, person: &str, event: &str, used: &Press) -> Result<(), String> {
        let message = {
            let state = self.0.state();
            let line = state.lines.iter().find(|line| line.seen.id == used.message && line.is_for(person));
            line.and_then(|line| line.seen.message.clone()).ok_or("the message is not there any more")?
        };
        let Pressed { text, origin, controls } = press(&message, &used.control, &used.values, &used.entered)
            .map_err(|error| error.to_string())?
            .without_mention(&self.0.capabilities.bot_name);
        let incoming = Incoming { origin, controls, ..self.incoming(person, &text) };
        self.submit(person, event, incoming, Some(Posted(used.message.clone())))
    }

    async fn cancel(&self, person: &str, message: &str) -> Result<(), String> {
        let command = {
            let state = self.0.state();
            let line = state.lines.iter().find(|line| line.seen.id == message && line.is_for(person));
            line.and_then(|line| line.command).ok_or("no command runs there")?
        };
        let chat = self.0.chat.get().ok_or("nobody answers")?;
        let incoming = self.incoming(person, "");
        let is_cancelled = chat.cancel(command, &incoming.actor, &incoming.conversation);
        is_cancelled.then_some(()).ok_or_else(|| "it does not run any more".to_owned())
    }

    async fn seen_by(&self, person: &str) -> Vec<Seen> {
        let state = self.0.state();
        state.lines.iter().filter(|line| line.is_for(person)).map(|line| line.seen.clone()).collect()
    }

    async fn trouble(&self, trouble: Trouble) -> bool {
        let mut state = self.0.state();
        match trouble {
            Trouble::Gone(posted) => state.lines.retain(|line| line.seen.id != posted.0),
            Trouble::Busy(pause) => state.busy_until = Some(Instant::now() + pause),
            Trouble::Expired => state.anchors.clear(),
            trouble => state.trouble = Some(trouble),
        }
        true
    }
}

#[async_trait]
impl Platform for Inner {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn post(&self, conversation: &Conversation, post: &Post) -> Result<Posted, PlatformError> {
        self.takes(conversation, post)?;
        self.show(&post.key, |state| {
            let command = post.live.as_ref().map(|live| live.command);
            let posted = state.add(seen(post), post.audience.clone());
            if let Some(line) = state.lines.last_mut() {
                line.command = command;
            }
            posted
        })
    }

    async fn edit(&self, conversation: &Conversation, posted: &Posted, post: &Post) -> Result<(), PlatformError> {
        self.takes(conversation, post)?;
        let mut state = self.state();
        let is_answer_lost = state.meets_trouble()?;
        let line = state.lines.iter_mut().find(|line| line.seen.id == posted.0).ok_or(PlatformError::Gone)?;
        line.seen = Seen { id: posted.0.clone(), ..seen(post) };
        line.command = post.live.as_ref().map(|live| live.command);
        if is_answer_lost { Err(lost()) } else { Ok(()) }
    }

    async fn attach(&self, conversation: &Conversation, attachment: &Attachment) -> Result<Posted, PlatformError> {
        self.knows(conversation)?;
        let content = fs::read(&attachment.path).map_err(|error| PlatformError::Failed(error.to_string()))?;
        self.show(&attachment.key, |state| {
            let seen = Seen { text: attachment.name.clone(), file: Some(content), ..nothing() };
            state.add(seen, attachment.audience.clone())
        })
    }

    async fn open_form(&self, conversation: &Conversation, anchor: &Anchor, form: &Post) -> Result<(), PlatformError> {
        self.takes(conversation, form)?;
        let person = self.state().anchors.get(&anchor.id).cloned();
        let person = Audience::Person(person.ok_or_else(|| PlatformError::Failed("it is too late".to_owned()))?);
        self.show(&form.key, |state| state.add(Seen { is_form: true, ..seen(form) }, person))?;
        Ok(())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn takes(&self, conversation: &Conversation, post: &Post) -> Result<(), PlatformError> {
        self.knows(conversation)?;
        passed(post, &self.capabilities).map_or(Ok(()), |limit| Err(PlatformError::Refused(limit)))
    }

    fn knows(&self, conversation: &Conversation) -> Result<(), PlatformError> {
        let alias = &conversation.alias;
        let is_known = alias == "ops";
        is_known.then_some(()).ok_or_else(|| PlatformError::Refused(format!("there is no conversation {alias:?}")))
    }

    fn show(&self, key: &str, add: impl FnOnce(&mut State) -> Posted) -> Result<Posted, PlatformError> {
        let mut state = self.state();
        let is_answer_lost = state.meets_trouble()?;
        if let Some(posted) = state.keys.get(key) {
            return Ok(posted.clone());
        }
        let posted = add(&mut state);
        state.keys.insert(key.to_owned(), posted.clone());
        if is_answer_lost { Err(lost()) } else { Ok(posted) }
    }
}

impl State {
    fn add(&mut self, seen: Seen, audience: Audience) -> Posted {
        self.last += 1;
        let id = self.last.to_string();
        self.lines.push(Line { seen: Seen { id: id.clone(), ..seen }, audience, command: None });
        Posted(id)
    }

    fn anchor(&mut self, person: &str) -> String {
        self.last += 1;
        let id = format!("anchor-{}", self.last);
        self.anchors.insert(id.clone(), person.to_owned());
        id
    }

    /// Fails where it should; `true` when the answer is to be lost.
    fn meets_trouble(&mut self) -> Result<bool, PlatformError> {
        let left = self.busy_until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if left > Duration::ZERO {
            return Err(PlatformError::Wait(left));
        }
        match self.trouble.take() {
            Some(Trouble::Fails) => Err(PlatformError::Failed("it was told to fail".to_owned())),
            Some(Trouble::AnswerLost) => Ok(true),
            _ => Ok(false),
        }
    }
}

impl Line {
    fn is_for(&self, person: &str) -> bool {
        match &self.audience {
            Audience::Everyone => true,
            Audience::Person(id) => id == person,
        }
    }
}

fn lost() -> PlatformError {
    PlatformError::Failed("its answer was lost".to_owned())
}

fn nothing() -> Seen {
    Seen { id: String::new(), by: None, text: String::new(), message: None, live: None, file: None, is_form: false }
}

fn seen(post: &Post) -> Seen {
    let text: Vec<String> = post.header.iter().cloned().chain(readable(&post.message)).collect();
    let message: Option<Message> = Some(post.message.clone());
    Seen { text: text.join("\n"), message, live: post.live.as_ref().map(|live| live.state.clone()), ..nothing() }
}
