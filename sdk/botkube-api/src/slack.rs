//! What is chosen and typed in a Slack message when one of its controls is used (contract-plugins §4).
//! Must not know how the agent gets it from Slack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::go_json;
use crate::message::MessageError;

/// The state of all controls: block id to action id to what the control holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlackState {
    /// The blocks.
    pub values: BTreeMap<String, BTreeMap<String, BlockAction>>,
}

/// What one control holds. Which fields are filled depends on [`kind`](Self::kind).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "Slack's own names, explained in Slack's reference of block actions")]
pub struct BlockAction {
    pub action_id: String,
    pub block_id: String,
    /// Such as `static_select`, `external_select`, `multi_static_select`, `plain_text_input` or `button`.
    #[serde(rename = "type")]
    pub kind: String,
    pub text: TextObject,
    /// What is typed, or a button's value.
    pub value: String,
    #[serde(serialize_with = "null_when_empty")]
    pub files: Vec<Value>,
    pub action_ts: String,
    /// What is chosen in a select.
    pub selected_option: OptionObject,
    /// What is chosen in a multi-select.
    #[serde(serialize_with = "null_when_empty")]
    pub selected_options: Vec<OptionObject>,
    pub selected_user: String,
    #[serde(serialize_with = "null_when_empty")]
    pub selected_users: Vec<String>,
    pub selected_channel: String,
    #[serde(serialize_with = "null_when_empty")]
    pub selected_channels: Vec<String>,
    pub selected_conversation: String,
    #[serde(serialize_with = "null_when_empty")]
    pub selected_conversations: Vec<String>,
    pub selected_date: String,
    pub selected_time: String,
    /// Seconds since 1970.
    pub selected_date_time: i64,
    pub initial_option: OptionObject,
    pub initial_user: String,
    pub initial_channel: String,
    pub initial_conversation: String,
    pub initial_date: String,
    pub initial_time: String,
}

/// An option of a select.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionObject {
    /// What the person sees; absent when nothing is chosen.
    pub text: Option<TextObject>,
    /// What it stands for; empty when nothing is chosen.
    pub value: String,
    /// A second line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<TextObject>,
    /// A page to open.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// A text of Slack's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextObject {
    /// `plain_text` or `mrkdwn`; `type` in JSON.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    pub text: String,
    /// Whether `:name:` becomes an emoji.
    #[serde(skip_serializing_if = "is_absent_or_false")]
    pub emoji: Option<bool>,
    /// Whether links are left alone.
    #[serde(skip_serializing_if = "is_false")]
    pub verbatim: bool,
}

impl SlackState {
    /// What an action holds: the value of the chosen option, else the text typed; `None` when there is neither.
    /// Without a block, the first block that has something for the action counts.
    pub fn value(&self, block: Option<&str>, action: &str) -> Option<&str> {
        let blocks = self.values.iter().filter(|(id, _)| block.is_none_or(|block| block == *id));
        blocks.filter_map(|(_, actions)| actions.get(action)?.value()).next()
    }

    /// Takes the flag that names this cluster out of everything plugins know controls by (contract-plugins §4).
    pub fn remove_cluster(&mut self, cluster: &str) {
        let flag = crate::placeholder::cluster_flag(cluster);
        let clean = |text: &mut String| {
            if text.contains(&flag) {
                *text = text.replace(&flag, "");
            }
        };
        self.values = std::mem::take(&mut self.values)
            .into_iter()
            .map(|(mut block, actions)| {
                clean(&mut block);
                let actions = actions.into_iter().map(|(mut id, mut action)| {
                    clean(&mut id);
                    let BlockAction { action_id, block_id, value, selected_option, .. } = &mut action;
                    [action_id, block_id, value, &mut selected_option.value].into_iter().for_each(clean);
                    (id, action)
                });
                (block, actions.collect())
            })
            .collect();
    }

    /// Reads a state as leniently as [`Message::from_json`](crate::message::Message::from_json).
    ///
    /// # Errors
    /// When the bytes are not JSON or a value has another type than its key asks for.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        Ok(go_json::from_slice(json)?)
    }

    /// The state as compact JSON, as Go writes it.
    pub fn to_json(&self) -> Vec<u8> {
        go_json::to_vec(self).expect("texts, numbers and JSON values always encode")
    }
}

impl BlockAction {
    /// The value of the chosen option, else the text typed; `None` when there is neither.
    pub fn value(&self) -> Option<&str> {
        [&self.selected_option.value, &self.value].into_iter().map(String::as_str).find(|value| !value.is_empty())
    }
}

fn null_when_empty<T: Serialize, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    if list.is_empty() { serializer.serialize_none() } else { list.serialize(serializer) }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_absent_or_false(value: &Option<bool>) -> bool {
    !value.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> SlackState {
        let json = br#"{"values":{
            "b1":{"verbs":{"type":"static_select","selected_option":{"text":null,"value":"get"},"files":null,"new":1}},
            "b2":{"filter":{"value":"web"},"empty":{"selected_option":null}}}}"#;
        SlackState::from_json(json).unwrap()
    }

    #[test]
    fn a_chosen_option_or_else_the_typed_text_is_the_value() {
        assert_eq!(state().value(Some("b1"), "verbs"), Some("get"));
        assert_eq!(state().value(None, "filter"), Some("web"));
        assert_eq!(state().value(Some("b1"), "filter"), None);
        assert_eq!(state().value(None, "empty"), None);
    }

    #[test]
    fn a_state_survives_being_written_and_read() {
        assert_eq!(SlackState::from_json(&state().to_json()).unwrap(), state());
        assert_eq!(SlackState::from_json(br#"{"values":null}"#).unwrap(), SlackState::default());
    }

    #[test]
    fn an_empty_action_is_written_with_every_key() {
        let json = String::from_utf8(go_json::to_vec(&BlockAction::default()).unwrap()).unwrap();
        assert!(
            json.starts_with(r#"{"action_id":"","block_id":"","type":"","text":{"type":"","text":""},"value":"","#)
        );
        assert!(json.contains(r#""files":null,"action_ts":"","selected_option":{"text":null,"value":""},"#));
    }
}
