//! Sections: the parts of a message that have a header and controls of their own (contract-plugins §3.3, §3.6).
//! Must not know how a platform lays them out.

use serde::{Deserialize, Serialize};

use super::choice::choice;
use super::{Body, Button, LabelInput, MultiSelect, Select, Selects};

/// A part of a message.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Section {
    /// How the section is set off from the one before.
    pub style: SectionStyle,
    /// The heading.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub header: String,
    /// A line below the heading.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The text.
    pub body: Body,
    /// The buttons, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// A drop-down of many options; shown when it has some.
    pub multi_select: MultiSelect,
    /// The drop-downs of one option.
    pub selects: Selects,
    /// The text inputs, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plaintext_inputs: Vec<LabelInput>,
    /// Short facts, side by side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub text_fields: Vec<TextField>,
    /// Lists with a title each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bullet_lists: Vec<BulletList>,
    /// Small print at the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ContextItem>,
}

/// How a section is set off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SectionStyle {
    /// The line before the section.
    #[serde(skip_serializing_if = "Divider::is_empty")]
    pub divider: Divider,
}

choice! {
    /// The line before a section.
    Divider {
        /// A line, unless the section is the first; the empty text.
        Default,
        /// No line.
        None = "none",
    }
}

/// A short fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TextField {
    /// What it is called.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// A list with a title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BulletList {
    /// The title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The items, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
}

/// A piece of small print.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContextItem {
    /// The text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Section {
    /// An empty section.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves out the line before the section.
    pub fn without_divider(mut self) -> Self {
        self.style.divider = Divider::None;
        self
    }

    /// Sets the heading.
    pub fn header(mut self, header: impl Into<String>) -> Self {
        self.header = header.into();
        self
    }

    /// Sets the line below the heading.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the prose.
    pub fn body_text(mut self, text: impl Into<String>) -> Self {
        self.body.plaintext = text.into();
        self
    }

    /// Sets the code block.
    pub fn body_code(mut self, text: impl Into<String>) -> Self {
        self.body.code_block = text.into();
        self
    }

    /// Adds a button.
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// Sets the drop-down of many options.
    pub fn multi_select(mut self, multi_select: MultiSelect) -> Self {
        self.multi_select = multi_select;
        self
    }

    /// Adds a drop-down of one option.
    pub fn select(mut self, select: Select) -> Self {
        self.selects.items.push(select);
        self
    }

    /// Names the block under which Slack reports what is chosen in the drop-downs.
    pub fn select_id(mut self, id: impl Into<String>) -> Self {
        self.selects.id = id.into();
        self
    }

    /// Adds a text input.
    pub fn input(mut self, input: LabelInput) -> Self {
        self.plaintext_inputs.push(input);
        self
    }

    /// Adds a short fact.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.text_fields.push(TextField { key: key.into(), value: value.into() });
        self
    }

    /// Adds a list.
    pub fn bullets<I: Into<String>>(mut self, title: impl Into<String>, items: impl IntoIterator<Item = I>) -> Self {
        let items = items.into_iter().map(Into::into).collect();
        self.bullet_lists.push(BulletList { title: title.into(), items });
        self
    }

    /// Adds a piece of small print.
    pub fn context(mut self, text: impl Into<String>) -> Self {
        self.context.push(ContextItem { text: text.into() });
        self
    }
}
