//! A platform under test with people at it: what its test has to offer so that it can be checked. It knows no check.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_core::{
    chat::Chat,
    control::{ControlId, Entered},
    conversation::Conversation,
    platform::{LiveState, Platform, Posted},
};

/// A person at the platform, by the id the platform knows.
pub const ADA: &str = "ada";
/// Another one.
pub const BOB: &str = "bob";

/// A platform that was just started, with one conversation in which [`ADA`] and [`BOB`] are. Each check gets its own.
///
/// Behind it stands whatever the platform talks to: a fake server for those that need one. People use that server here, not
/// the platform.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The platform.
    fn platform(&self) -> Arc<dyn Platform>;

    /// Says who answers. Called before anybody says anything.
    fn answered_by(&self, chat: Arc<Chat>);

    /// The conversation.
    fn conversation(&self) -> Conversation;

    /// A person says something, and the platform tells the agent. `event` names what happened: the same again is the platform
    /// telling it again. Returns when the agent has acknowledged it.
    ///
    /// # Errors
    ///
    /// What the person is told instead.
    async fn say(&self, person: &str, event: &str, text: &str) -> Result<(), String>;

    /// As for [`Stage::say`], a person uses a control of a message they see.
    ///
    /// # Errors
    ///
    /// What the person is told instead.
    async fn press(&self, person: &str, event: &str, press: &Press) -> Result<(), String>;

    /// A person uses what the platform itself offers to cancel the command of a message. Asked for only where it shows by
    /// itself how a command is doing.
    ///
    /// # Errors
    ///
    /// What the person is told instead.
    async fn cancel(&self, person: &str, message: &str) -> Result<(), String>;

    /// All that a person sees in the conversation, the oldest first, with forms that are open.
    async fn seen_by(&self, person: &str) -> Vec<Seen>;

    /// Makes trouble; `false` where this cannot happen.
    async fn trouble(&self, trouble: Trouble) -> bool;
}

/// Something a person sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What the platform calls it.
    pub id: String,
    /// Who said it; `None` for the agent.
    pub by: Option<String>,
    /// All that can be read of it, the labels of controls and options too, whatever stands between.
    pub text: String,
    /// Its controls, where it has some, with the ids that [`Press`] goes by.
    pub message: Option<Message>,
    /// How the platform shows the command to be doing, where it does.
    pub live: Option<LiveState>,
    /// The content of the file it is.
    pub file: Option<Vec<u8>>,
    /// Whether it is open as a form.
    pub is_form: bool,
}

/// A use of a control.
#[derive(Clone, Debug)]
pub struct Press {
    /// Which message, as in [`Seen::id`].
    pub message: String,
    /// Which of its controls.
    pub control: ControlId,
    /// What is chosen or typed in it.
    pub values: Vec<String>,
    /// What all controls hold.
    pub entered: Entered,
}

/// Trouble with what the platform talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The next operation fails and nothing is shown.
    Fails,
    /// The next operation is done, and the answer to it is lost.
    AnswerLost,
    /// It wants to be left alone for so long.
    Busy(Duration),
    /// This message is not there any more.
    Gone(Posted),
    /// What was said so far cannot be answered in its place any more.
    Expired,
}
