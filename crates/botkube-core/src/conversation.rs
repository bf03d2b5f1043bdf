//! Who says something and where; it knows no platform.

use botkube_api::slack::SlackState;
use serde::{Deserialize, Serialize};

/// Something a person said to the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// The text, with or without a mention of the agent before it.
    pub text: String,
    /// Who said it.
    pub actor: Actor,
    /// Where.
    pub conversation: Conversation,
    /// How.
    pub origin: Origin,
    /// What the controls of the message held of which one was used; empty when none was (`contract-plugins §4`).
    #[serde(default)]
    pub controls: SlackState,
}

/// How a text came to be said; serialised in upstream's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// A person typed it.
    #[default]
    Typed,
    /// A person used a button.
    ButtonClick,
    /// A person chose one option.
    SelectValueChange,
    /// A person chose several options.
    MultiSelectValueChange,
    /// A person typed into an input of a message.
    PlainTextInput,
    /// An event ran it.
    Automation,
    /// The platform does not say.
    #[serde(other)]
    Unknown,
}

/// Who says something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The platform's id of the person.
    pub id: String,
    /// The name people know.
    pub display_name: String,
    /// What mentions the person in a message; empty where there are no mentions.
    pub mention: String,
    /// How sure we are.
    pub certainty: Certainty,
}

impl Actor {
    /// What to call the person in a text: the name, else the id.
    #[must_use]
    pub fn called(&self) -> &str {
        [&self.display_name, &self.id].into_iter().find(|name| !name.is_empty()).map_or("somebody", String::as_str)
    }
}

/// How sure we are that an actor is who it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Certainty {
    /// The platform has verified it.
    Verified,
    /// It says so itself.
    #[default]
    SelfDeclared,
    /// It is no person.
    Automation,
}

/// A place messages come from and go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The channel's key in the configuration.
    pub alias: String,
    /// The platform's id.
    pub id: String,
    /// The name people know.
    pub display_name: String,
    /// The executor groups bound here, in the order of the binding, which is the order of configurations.
    pub executors: Vec<String>,
    /// The source groups bound here.
    pub sources: Vec<String>,
    /// Whether buttons and selects are shown here.
    pub interactive: bool,
    /// Whether notifications of events are switched off here.
    #[serde(default)]
    pub muted: bool,
    /// Whether the configuration does not know this place, so that nothing may be run from it.
    pub unknown: bool,
}

impl Incoming {
    /// What a person typed.
    #[must_use]
    pub fn typed(text: impl Into<String>, actor: Actor, conversation: Conversation) -> Self {
        let controls = SlackState::default();
        Self { text: text.into(), actor, conversation, origin: Origin::Typed, controls }
    }
}

impl Origin {
    /// Whether the text is what some author put behind a control, and not what a person typed.
    #[must_use]
    pub fn is_prepared(self) -> bool {
        !matches!(self, Self::Typed | Self::Unknown)
    }
}

impl Conversation {
    /// What `ChannelName` subjects are made of: the name people know, else the id (`contract-plugins §7.3`).
    #[must_use]
    pub fn channel(&self) -> &str {
        if self.display_name.is_empty() { &self.id } else { &self.display_name }
    }

    /// What people call the place: [`channel`](Self::channel), or the key where it has neither name nor id.
    #[must_use]
    pub fn called(&self) -> &str {
        if self.channel().is_empty() { &self.alias } else { self.channel() }
    }

    /// Tells this place from all others of the agent's, for queues.
    pub(crate) fn lane(&self) -> String {
        [&*self.alias, &*self.id, &*self.display_name].join("\u{1f}")
    }

    /// Whether both are the same place.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.alias, &self.id, &self.display_name) == (&other.alias, &other.id, &other.display_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_in_upstreams_words_and_another_word_is_unknown() {
        let words = [
            (Origin::Typed, "typed"),
            (Origin::ButtonClick, "buttonClick"),
            (Origin::SelectValueChange, "selectValueChange"),
            (Origin::MultiSelectValueChange, "multiSelectValueChange"),
            (Origin::PlainTextInput, "plainTextInput"),
            (Origin::Automation, "automation"),
            (Origin::Unknown, "unknown"),
        ];
        for (origin, word) in words {
            assert_eq!(serde_json::to_value(origin).unwrap(), word);
            assert_eq!(serde_json::from_value::<Origin>(word.into()).unwrap(), origin);
        }
        assert_eq!(serde_json::from_str::<Origin>("\"shouted\"").unwrap(), Origin::Unknown);
    }
}
