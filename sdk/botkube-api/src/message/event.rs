//! What a source plugin sends (contract-plugins §3.9): a message, and the raw object it tells about.
//! Must not know what a raw object contains.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Message, MessageError};
use crate::go_json;

/// One event of a source. Its JSON keys are capitalised and all written.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Event {
    /// What people see.
    pub message: Message,
    /// What sinks and action templates see.
    pub raw_object: Value,
    /// Labels for statistics.
    pub analytics_labels: Option<Map<String, Value>>,
}

impl Event {
    /// An event that tells `message`.
    pub fn new(message: Message) -> Self {
        Self { message, ..Self::default() }
    }

    /// Sets what sinks and action templates see.
    ///
    /// # Errors
    /// When `object` does not encode as JSON.
    pub fn with_raw_object(mut self, object: impl Serialize) -> Result<Self, serde_json::Error> {
        self.raw_object = serde_json::to_value(object)?;
        Ok(self)
    }

    /// Adds a label for statistics.
    pub fn with_analytics_label(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.analytics_labels.get_or_insert_default().insert(name.into(), value.into());
        self
    }

    /// The event as compact JSON, written like [`Message::to_json`].
    pub fn to_json(&self) -> Vec<u8> {
        go_json::to_vec(self).expect("a message and JSON values always encode")
    }

    /// Reads an event as leniently as [`Message::from_json`]; the raw object and the labels are taken as they are.
    ///
    /// # Errors
    /// As for [`Message::from_json`].
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        Ok(go_json::from_slice(json)?)
    }
}
