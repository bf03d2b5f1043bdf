//! Drop-downs of one and of many options (contract-plugins §3.5).
//! Must not know which platform can show them.

use serde::{Deserialize, Serialize};

use super::Body;
use super::choice::choice;
use crate::placeholder::addressed;

/// The single-choice drop-downs of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selects {
    /// The block under which Slack reports what is chosen.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The drop-downs, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Select>,
}

/// A drop-down of one option. Picking one sends `<command> <value>`.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Select {
    /// Where the options come from; `type` in JSON.
    #[serde(rename = "type", skip_serializing_if = "SelectType::is_empty")]
    pub kind: SelectType,
    /// The label.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The command line the value is appended to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// The options, in groups with a heading each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub option_groups: Vec<OptionGroup>,
    /// What is chosen at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_option: Option<OptionItem>,
}

choice! {
    /// Where a drop-down's options come from.
    SelectType {
        /// Not said, which means from the message; the empty text.
        Default,
        /// From the message.
        Static = "static",
        /// Asked for while the person types.
        External = "external",
    }
}

/// Options under one heading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OptionGroup {
    /// The heading.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The options, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionItem>,
}

/// One option.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OptionItem {
    /// What the person sees.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What the command gets.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// A drop-down of many options, shown only when it has some. Confirming sends `<command> <value>,<value>`.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiSelect {
    /// The label.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A text beside it.
    pub description: Body,
    /// The command line the values are appended to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// The options, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionItem>,
    /// What is chosen at first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub initial_options: Vec<OptionItem>,
}

impl Selects {
    /// Whether there is a drop-down to show.
    pub fn are_options_defined(&self) -> bool {
        !self.items.is_empty()
    }
}

impl Select {
    /// A drop-down whose options are in the message; `command` is given without the bot's name.
    pub fn new(name: impl Into<String>, command: impl AsRef<str>) -> Self {
        Self { kind: SelectType::Static, name: name.into(), command: addressed(command), ..Self::default() }
    }

    /// Asks for the options while the person types; those in the message are shown first.
    pub fn external(mut self) -> Self {
        self.kind = SelectType::External;
        self
    }

    /// Adds a group of options.
    pub fn group<O: Into<OptionItem>>(mut self, name: impl Into<String>, options: impl IntoIterator<Item = O>) -> Self {
        let options = options.into_iter().map(Into::into).collect();
        self.option_groups.push(OptionGroup { name: name.into(), options });
        self
    }

    /// Sets what is chosen at first.
    pub fn initial(mut self, option: impl Into<OptionItem>) -> Self {
        self.initial_option = Some(option.into());
        self
    }
}

impl OptionItem {
    /// An option shown as `name` that stands for `value`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// An option shown as what it stands for.
impl From<&str> for OptionItem {
    fn from(value: &str) -> Self {
        Self::new(value, value)
    }
}

/// An option shown as what it stands for.
impl From<String> for OptionItem {
    fn from(value: String) -> Self {
        Self::new(value.clone(), value)
    }
}

/// Name and value.
impl<N: Into<String>, V: Into<String>> From<(N, V)> for OptionItem {
    fn from((name, value): (N, V)) -> Self {
        Self::new(name, value)
    }
}

impl MultiSelect {
    /// A drop-down of many options; `command` is given without the bot's name.
    pub fn new(name: impl Into<String>, command: impl AsRef<str>) -> Self {
        Self { name: name.into(), command: addressed(command), ..Self::default() }
    }

    /// Sets the prose beside it.
    pub fn description_text(mut self, text: impl Into<String>) -> Self {
        self.description.plaintext = text.into();
        self
    }

    /// Sets the code block beside it.
    pub fn description_code(mut self, text: impl Into<String>) -> Self {
        self.description.code_block = text.into();
        self
    }

    /// Adds options.
    pub fn options<O: Into<OptionItem>>(mut self, options: impl IntoIterator<Item = O>) -> Self {
        self.options.extend(options.into_iter().map(Into::into));
        self
    }

    /// Adds options that are chosen at first.
    pub fn initial<O: Into<OptionItem>>(mut self, options: impl IntoIterator<Item = O>) -> Self {
        self.initial_options.extend(options.into_iter().map(Into::into));
        self
    }

    /// Whether there is anything to choose from.
    pub fn are_options_defined(&self) -> bool {
        !self.options.is_empty()
    }
}
