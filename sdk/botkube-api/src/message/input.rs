//! Text inputs (contract-plugins §3.6).
//! Must not know how the typed text is quoted into a command; platforms do that.

use serde::{Deserialize, Serialize};

use super::choice::choice;
use crate::placeholder::addressed;

/// A labelled line for text. What is typed is appended to the command in quotes, with no blank between.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelInput {
    /// The command line the text is appended to, so it should end in a blank or `=`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// The label.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Shown while nothing is typed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub placeholder: String,
    /// When the command is sent.
    #[serde(skip_serializing_if = "DispatchedAction::is_empty")]
    pub dispatched_action: DispatchedAction,
}

choice! {
    /// When an input sends its command.
    DispatchedAction {
        /// Never by itself; the empty text.
        None,
        /// When the enter key is pressed.
        OnEnterPressed = "on_enter_pressed",
        /// With every character.
        OnCharacterEntered = "on_character_entered",
    }
}

impl LabelInput {
    /// An input labelled `text` for `command`, which is given without the bot's name and ends in a blank or `=`.
    pub fn new(text: impl Into<String>, command: impl AsRef<str>) -> Self {
        Self { text: text.into(), command: addressed(command), ..Self::default() }
    }

    /// Sets what is shown while nothing is typed.
    pub fn placeholder(mut self, placeholder: impl Into<String>) -> Self {
        self.placeholder = placeholder.into();
        self
    }

    /// Sends the command when the enter key is pressed.
    pub fn on_enter(mut self) -> Self {
        self.dispatched_action = DispatchedAction::OnEnterPressed;
        self
    }

    /// Sends the command with every character.
    pub fn on_character(mut self) -> Self {
        self.dispatched_action = DispatchedAction::OnCharacterEntered;
        self
    }
}
