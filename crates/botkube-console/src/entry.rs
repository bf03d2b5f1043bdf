//! One line of a channel of the console, as it is kept and as a browser gets it. It knows no channel.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use botkube_api::message::Message;
use botkube_core::{
    answer::Status,
    control::{ControlId, Entered},
    conversation::Origin,
    platform::{Live, LiveState},
    running::CommandId,
};
use serde::{Deserialize, Serialize};

/// One line of a channel: what a person said, or a message of the agent's. What is not there is left out of the JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its place in the channel, a number.
    pub id: String,
    /// Grows with every change in the channel.
    pub revision: u64,
    /// When it came, in milliseconds since 1970.
    pub at: u64,
    /// Who said it.
    pub by: By,
    /// Names it for ever, in the words of whoever said it; of no use to whoever reads it.
    #[serde(skip)]
    pub key: String,
    /// What a person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<Origin>,
    /// The control that was used to say it. It is not kept.
    #[serde(skip)]
    pub used: Option<Used>,
    /// The line upstream puts above an answer: the command and the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A message of the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// How the command is doing whose answer ends here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Doing>,
    /// A file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// The one person who sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_for: Option<String>,
    /// The entry it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// A control that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The entry whose message it belongs to.
    pub entry: String,
    /// Which of its controls.
    pub control: ControlId,
    /// What was chosen or typed.
    pub values: Vec<String>,
    /// What all of the entry's controls hold.
    pub entered: Entered,
}

/// Who said something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The person's id; empty for the agent.
    pub id: String,
    /// The name people know.
    pub name: String,
    /// Whether it is the agent.
    pub bot: bool,
}

/// How a command is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doing {
    /// The command.
    pub command: CommandId,
    /// When it came, in milliseconds since 1970.
    pub since: u64,
    /// Where it is.
    pub state: State,
}

/// Where a command is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It runs, and says how far it is; it may say nothing.
    Running(String),
    /// It ended.
    #[serde(rename_all = "camelCase")]
    Ended {
        /// How.
        status: Status,
        /// After how many milliseconds.
        took_ms: u64,
    },
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What to call it.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Where the browser gets it; its last part is what the store calls it.
    pub url: String,
}

impl By {
    /// The agent.
    pub(crate) fn agent() -> Self {
        Self { id: String::new(), name: "Botkube".into(), bot: true }
    }
}

impl File {
    /// What the store calls it.
    #[must_use]
    pub fn stored_as(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }
}

impl Entry {
    /// Whether this person sees it.
    #[must_use]
    pub fn is_for(&self, person: &str) -> bool {
        self.only_for.as_ref().is_none_or(|only| only == person)
    }

    /// Whether its command runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(&self.live, Some(Doing { state: State::Running(_), .. }))
    }

    /// What `self` has that `before` did not, if that is more of the same output and nothing else.
    pub(crate) fn growth<'a>(&'a self, before: &Self) -> Option<&'a str> {
        let (now, then) = (self.message.as_ref()?, before.message.as_ref()?);
        let more = now.base_body.code_block.strip_prefix(&then.base_body.code_block)?;
        let mut same = before.clone();
        same.revision = self.revision;
        same.message.as_mut()?.base_body.code_block.push_str(more);
        (same == *self && !then.base_body.code_block.is_empty()).then_some(more)
    }
}

impl From<&Live> for Doing {
    fn from(live: &Live) -> Self {
        let state = match &live.state {
            LiveState::Running(progress) => State::Running(progress.clone()),
            LiveState::Ended { status, took } => State::Ended { status: *status, took_ms: milliseconds(*took) },
        };
        Self { command: live.command, since: since_1970(live.since), state }
    }
}

/// A time in milliseconds since 1970.
pub(crate) fn since_1970(time: SystemTime) -> u64 {
    milliseconds(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
