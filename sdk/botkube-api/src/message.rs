//! The message model (contract-plugins §3): what a plugin answers, and what a platform renders.
//! Knows no platform and no command.
//!
//! Every type is its JSON object: same keys, same order, same values left out. [`Message::to_json`] writes the bytes
//! that Go's encoder writes; [`Message::from_json`] accepts whatever Go's decoder accepts. Fields are public; the
//! methods named after them are the short way to build a message.

mod button;
mod choice;
mod event;
mod input;
mod section;
mod select;
mod timestamp;

use serde::{Deserialize, Serialize};

pub use button::{Button, ButtonStyle, DescriptionStyle};
pub use event::Event;
pub use input::{DispatchedAction, LabelInput};
pub use section::{BulletList, ContextItem, Divider, Section, SectionStyle, TextField};
pub use select::{MultiSelect, OptionGroup, OptionItem, Select, SelectType, Selects};
pub use timestamp::{Timestamp, TimestampError};

use crate::go_json;
use choice::choice;

/// One message to people (contract-plugins §3.2).
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    /// How the message is treated; `type` in JSON.
    #[serde(rename = "type", skip_serializing_if = "MessageType::is_empty")]
    pub kind: MessageType,
    /// The text of the message itself.
    pub base_body: Body,
    /// When what the message tells happened.
    pub timestamp: Timestamp,
    /// Parts with a header each, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
    /// Inputs below all sections.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plaintext_inputs: Vec<LabelInput>,
    /// Only the person who asked sees the message.
    #[serde(skip_serializing_if = "is_false")]
    pub only_visible_for_you: bool,
    /// The message takes the place of the one whose button or select was used.
    #[serde(skip_serializing_if = "is_false")]
    pub replace_original: bool,
    /// Send to this user instead of the channel.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_handle: String,
    /// Send into this thread.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parent_activity_id: String,
}

/// A text, as code, as prose or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Body {
    /// Shown in a fixed-width block, line breaks kept.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code_block: String,
    /// Shown as prose, with the platform's markup.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plaintext: String,
}

choice! {
    /// How a message is treated (contract-plugins §3.8).
    MessageType {
        /// As it is; the empty text.
        Default,
        /// Microsoft Teams: the text first, the buttons in a message of their own.
        BasicCardWithButtonsInSeparateMessage = "basicCardWithButtonsInSeparateMessage",
        /// Output of a command, which `--filter` may cut down; everything but the base body is dropped.
        BaseBodyWithFilter = "baseBodyWithFilter",
        /// An event of exactly one section, without controls.
        NonInteractiveEventSingleSection = "nonInteractiveEventSingleSection",
        /// Opens as a form where the platform has forms.
        Form = "form",
        /// Goes into the thread of the message that asked.
        Thread = "threadMessage",
        /// Nothing is sent.
        Skip = "skipMessage",
    }
}

/// Why bytes are not a message, an event or a Slack state: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the JSON{}: {problem}", self.place())]
pub struct MessageError {
    /// The path of the value that does not fit, such as `sections[0].header`; empty for the document itself.
    pub path: String,
    /// Line and column, both counted from 1, where reading stopped or where what nobody knows begins; `None` where they are
    /// not known.
    pub position: Option<(usize, usize)>,
    /// What was found there, and what belongs there instead.
    pub problem: String,
}

impl Message {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message of one code block.
    pub fn code(text: impl Into<String>) -> Self {
        Self { base_body: Body { code_block: text.into(), ..Body::default() }, ..Self::default() }
    }

    /// A message of prose.
    pub fn text(text: impl Into<String>) -> Self {
        Self { base_body: Body { plaintext: text.into(), ..Body::default() }, ..Self::default() }
    }

    /// A message that is never sent: the plugin has nothing to say.
    pub fn skip() -> Self {
        Self { kind: MessageType::Skip, ..Self::default() }
    }

    /// Lets `--filter` cut the base body down line by line; sections and inputs are dropped then.
    pub fn with_filter(self) -> Self {
        self.of_type(MessageType::BaseBodyWithFilter)
    }

    /// Sets how the message is treated.
    pub fn of_type(mut self, kind: MessageType) -> Self {
        self.kind = kind;
        self
    }

    /// Sets when it happened.
    pub fn at(mut self, timestamp: impl Into<Timestamp>) -> Self {
        self.timestamp = timestamp.into();
        self
    }

    /// Adds a section.
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// Adds an input below all sections.
    pub fn input(mut self, input: LabelInput) -> Self {
        self.plaintext_inputs.push(input);
        self
    }

    /// Shows the message only to the person who asked.
    pub fn only_visible_for_you(mut self) -> Self {
        self.only_visible_for_you = true;
        self
    }

    /// Puts the message in the place of the one whose button or select was used.
    pub fn replace_original(mut self) -> Self {
        self.replace_original = true;
        self
    }

    /// Sends the message to a user instead of the channel.
    pub fn to_user(mut self, handle: impl Into<String>) -> Self {
        self.user_handle = handle.into();
        self
    }

    /// Sends the message into a thread.
    pub fn in_thread(mut self, parent_activity_id: impl Into<String>) -> Self {
        self.parent_activity_id = parent_activity_id.into();
        self
    }

    /// Whether there is nothing to show: no base body, no sections, no inputs below them, no timestamp
    /// (contract-plugins §2.3). The type and the other switches do not count.
    pub fn is_empty(&self) -> bool {
        self.base_body == Body::default()
            && self.sections.is_empty()
            && self.plaintext_inputs.is_empty()
            && self.timestamp.is_zero()
    }

    /// The message as compact JSON, byte for byte what a Go plugin sends.
    pub fn to_json(&self) -> Vec<u8> {
        go_json::to_vec(self).expect("texts, booleans and lists of them always encode")
    }

    /// Reads a message as leniently as Go does (contract-plugins §3.1): unknown keys are skipped, keys match in any
    /// case, `null` is the zero value, the last of two equal keys wins, what is not UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    /// When the bytes are not JSON (no bytes are not) or a value has another type than its key asks for.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        Ok(go_json::from_slice(json)?)
    }

    /// Reads a message as an author writes it: what [`from_json`](Self::from_json) forgives is an error, so that a slip of
    /// the pen does not go unseen. `null` is the zero value here too.
    ///
    /// # Errors
    /// Also for unknown keys and unknown texts where only some are known, with the nearest that is, for keys in another case
    /// or given twice, and for what is not UTF-8.
    pub fn from_json_strict(json: &[u8]) -> Result<Self, MessageError> {
        Ok(go_json::from_slice_strict(json)?)
    }
}

impl MessageError {
    fn place(&self) -> String {
        let position = self.position.map(|(line, column)| format!("line {line}, column {column}"));
        match (self.path.is_empty(), position) {
            (true, None) => String::new(),
            (true, Some(position)) => format!(" at {position}"),
            (false, None) => format!(" at {}", self.path),
            (false, Some(position)) => format!(" at {} ({position})", self.path),
        }
    }
}

impl From<go_json::Failure> for MessageError {
    fn from(failure: go_json::Failure) -> Self {
        Self { path: failure.path, position: failure.position, problem: failure.problem }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
