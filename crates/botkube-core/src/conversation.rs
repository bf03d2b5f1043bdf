//! Who says something and where; it knows no platform.

use serde::{Deserialize, Serialize};

/// Something a person said to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The text, with or without a mention of the agent before it.
    pub text: String,
    /// Who said it.
    pub actor: Actor,
    /// Where.
    pub conversation: Conversation,
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
    /// Whether buttons and selects are shown here.
    pub interactive: bool,
}

impl Conversation {
    /// What `ChannelName` subjects are made of: the name people know, else the id (`contract-plugins §7.3`).
    #[must_use]
    pub fn channel(&self) -> &str {
        if self.display_name.is_empty() { &self.id } else { &self.display_name }
    }
}
