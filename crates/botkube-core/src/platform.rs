//! The port of chat platforms: what one can show, how it is asked to, and what real ones force on an agent. It knows none of
//! them. What each must do is in `docs/platform-spec.md`, which a suite in `botkube-testkit` checks.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use botkube_api::message::Message;
use serde::{Deserialize, Serialize};

use crate::{answer::Status, conversation::Conversation, running::CommandId};

/// Shows messages in its conversations.
///
/// `Delivery` asks for one operation after the other in a conversation, never two at a time, with [`Capabilities::pace`]
/// between them, and only for what the capabilities allow.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// What it can show, and how much of it.
    fn capabilities(&self) -> &Capabilities;

    /// Shows a message below all others.
    ///
    /// # Errors
    ///
    /// Why it is not shown.
    async fn post(&self, conversation: &Conversation, post: &Post) -> Result<Posted, PlatformError>;

    /// Shows a message in the place of another. Asked for only with [`Capabilities::edits`].
    ///
    /// # Errors
    ///
    /// Why the other still stands; [`PlatformError::Gone`] when there is none any more.
    async fn edit(&self, conversation: &Conversation, posted: &Posted, post: &Post) -> Result<(), PlatformError>;

    /// Shows a file below all messages. Asked for only with [`Capabilities::files`].
    ///
    /// # Errors
    ///
    /// Why it is not shown.
    async fn attach(&self, conversation: &Conversation, attachment: &Attachment) -> Result<Posted, PlatformError>;

    /// Opens a message as a form for the person who just used a control. Asked for only with [`Capabilities::forms`], and only
    /// while the anchor has not expired.
    ///
    /// # Errors
    ///
    /// Why it is not open; the form is posted then.
    async fn open_form(&self, conversation: &Conversation, anchor: &Anchor, form: &Post) -> Result<(), PlatformError>;
}

/// What a platform can show, and how much of it; texts are counted in characters. What it cannot, `render::fit` puts into
/// words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// What takes the place of the bot's name in texts and commands; empty where the agent needs no mention.
    pub bot_name: String,
    /// Whether a message that stands can be changed.
    pub edits: bool,
    /// Whether a message can be seen by one person alone.
    pub ephemeral: bool,
    /// Whether messages can hang below another.
    pub threads: bool,
    /// Whether it takes files.
    pub files: bool,
    /// Whether a message can open as a form.
    pub forms: bool,
    /// Whether it shows by itself how a command is doing, with a way to cancel it; otherwise that is part of the message.
    pub live: bool,
    /// Buttons with a command, and how many a section may have; 0 for none.
    pub buttons: usize,
    /// Selects, and how many a section may have; 0 for none.
    pub selects: usize,
    /// Whether several options can be chosen in a select.
    pub multi_selects: bool,
    /// How many options a select may have.
    pub options: usize,
    /// Inputs, and how many a message may have; 0 for none.
    pub inputs: usize,
    /// How many characters the label of a control may have.
    pub label: usize,
    /// How many characters what a control stands for may have.
    pub value: usize,
    /// How many sections a message may have; 0 for none, so that all of it is one text.
    pub sections: usize,
    /// How many fields a section may have; 0 for none.
    pub fields: usize,
    /// How many characters one text may have.
    pub text: usize,
    /// How many characters one block of code may have.
    pub code: usize,
    /// How many characters all texts of a message may have.
    pub message: usize,
    /// How many messages one answer may go on in before the rest becomes a file.
    pub messages: usize,
    /// The least time between two operations in one conversation.
    pub pace: Duration,
    /// The least time between two changes of a message while its command runs; the end of the command is shown at once.
    pub edits_every: Duration,
}

/// A message as it is to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// Names this message for ever. Whoever does not know whether it was shown asks again with the same key, and it is shown
    /// once.
    pub key: String,
    /// The message, within the platform's capabilities.
    pub message: Message,
    /// The line upstream puts above it: the command and the cluster.
    pub header: Option<String>,
    /// How the command is doing whose answer it ends; only where [`Capabilities::live`].
    pub live: Option<Live>,
    /// Who sees it.
    pub audience: Audience,
    /// What it answers.
    pub anchor: Option<Anchor>,
}

/// Who sees a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Audience {
    /// Everybody in the conversation.
    #[default]
    Everyone,
    /// The person with this id; only where [`Capabilities::ephemeral`].
    Person(String),
}

/// How a command is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    /// The command.
    pub command: CommandId,
    /// When it came.
    pub since: SystemTime,
    /// Where it is.
    pub state: LiveState,
}

/// Where a command is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LiveState {
    /// It runs, and says how far it is; it may say nothing.
    Running(String),
    /// It ended.
    Ended {
        /// How.
        status: Status,
        /// After how long.
        took: Duration,
    },
}

/// A message that stands; made by the platform, and opaque to everybody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Posted(pub String);

/// Where on a platform an answer belongs: what a person said, or the message whose control was used. Made by the platform,
/// and of no use to it after its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    /// Opaque to everybody else.
    pub id: String,
    /// The message whose control was used; an answer may take its place.
    pub original: Option<Posted>,
    /// When it is of no use any more; an answer is posted in the conversation then.
    pub expires: Option<SystemTime>,
}

/// A file to show. It is there while the call lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// As for messages.
    pub key: String,
    /// What to call it.
    pub name: String,
    /// Where its content is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
    /// Who sees it.
    pub audience: Audience,
    /// What it answers.
    pub anchor: Option<Anchor>,
}

/// Why a platform did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// It wants to be left alone for so long.
    #[error("the platform asks to wait for {0:?}")]
    Wait(Duration),
    /// The message is not there any more.
    #[error("the message is not there any more")]
    Gone,
    /// It may go better the next time.
    #[error("{0}")]
    Failed(String),
    /// It will never take this.
    #[error("the platform refuses the message: {0}")]
    Refused(String),
}

impl Capabilities {
    /// A platform that shows text of any length and nothing else.
    #[must_use]
    pub fn text_only() -> Self {
        Self {
            edits: false,
            ephemeral: false,
            threads: false,
            files: false,
            forms: false,
            live: false,
            buttons: 0,
            selects: 0,
            multi_selects: false,
            options: 0,
            inputs: 0,
            sections: 0,
            fields: 0,
            ..Self::everything()
        }
    }

    /// A platform that can show everything, of any length, at once.
    #[must_use]
    pub fn everything() -> Self {
        let most = usize::MAX;
        Self {
            bot_name: String::new(),
            edits: true,
            ephemeral: true,
            threads: true,
            files: true,
            forms: true,
            live: true,
            buttons: most,
            selects: most,
            multi_selects: true,
            options: most,
            inputs: most,
            label: most,
            value: most,
            sections: most,
            fields: most,
            text: most,
            code: most,
            message: most,
            messages: most,
            pace: Duration::ZERO,
            edits_every: Duration::ZERO,
        }
    }
}

impl Anchor {
    /// Whether it is of use at this time.
    #[must_use]
    pub fn is_valid(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}
