//! Buttons, and Go's button helpers as combinations of a few methods (contract-plugins §3.4, §3.11).
//! Must not know how a platform draws them.
//!
//! | Go helper (arguments in Go's order) | here |
//! | --- | --- |
//! | `ForCommandWithDescCmd(name, cmd)` | `Button::command(name, cmd).showing(cmd)` |
//! | `ForCommand(name, cmd, desc)` | `Button::command(name, cmd).showing(desc)` |
//! | `ForCommandWithBoldDesc(name, desc, cmd)` | `Button::command(name, cmd).bold(desc)` |
//! | `ForCommandWithItalicDesc(name, desc, cmd)` | `Button::command(name, cmd).italic(desc)` |
//! | `ForCommandWithoutDesc(name, cmd)` | `Button::command(name, cmd)` |
//! | `DescriptionURL(name, cmd, url)` | `Button::link(name, url).about(cmd)` |
//! | `ForURL(name, url)` | `Button::link(name, url)` |
//! | `ForURLWithBoldDesc(name, desc, url)` | `Button::link(name, url).bold(desc)` |
//! | `ForURLWithTextDesc(name, desc, url)` | `Button::link(name, url).text(desc)` |
//!
//! Go's last argument, the style, is `.primary()` or `.danger()`.

use serde::{Deserialize, Serialize};

use super::choice::choice;
use crate::placeholder::addressed;

/// A button that sends a command or opens a page. Buttons with a description get a row each, the others share one.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Button {
    /// A text beside the button.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How the description is set.
    pub description_style: DescriptionStyle,
    /// The label.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The command line it sends, beginning with [`BOT_NAME`](crate::placeholder::BOT_NAME).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// The page it opens.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Its colour.
    #[serde(skip_serializing_if = "ButtonStyle::is_empty")]
    pub style: ButtonStyle,
}

choice! {
    /// What a button's colour says.
    ButtonStyle {
        /// Nothing; the empty text.
        Default,
        /// The thing to do next.
        Primary = "primary",
        /// Something is lost by pressing it.
        Danger = "danger",
    }
}

choice! {
    /// How a button's description is set.
    DescriptionStyle {
        /// Not said, which platforms show as code; the empty text.
        Default,
        /// Bold.
        Bold = "bold",
        /// Italic.
        Italic = "italic",
        /// Plain.
        Text = "text",
        /// Fixed width.
        Code = "code",
    }
}

impl Button {
    /// A button that sends `command`, which is given without the bot's name.
    pub fn command(name: impl Into<String>, command: impl AsRef<str>) -> Self {
        Self { name: name.into(), command: addressed(command), ..Self::default() }
    }

    /// A button that opens `url`.
    pub fn link(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { name: name.into(), url: url.into(), ..Self::default() }
    }

    /// Describes the button by a command line, given without the bot's name, set as code.
    pub fn showing(self, command: impl AsRef<str>) -> Self {
        self.described(addressed(command), DescriptionStyle::Code)
    }

    /// Describes the button by a command line, given without the bot's name, leaving the style to the platform.
    pub fn about(self, command: impl AsRef<str>) -> Self {
        self.described(addressed(command), DescriptionStyle::Default)
    }

    /// Describes the button in bold.
    pub fn bold(self, description: impl Into<String>) -> Self {
        self.described(description, DescriptionStyle::Bold)
    }

    /// Describes the button in italics.
    pub fn italic(self, description: impl Into<String>) -> Self {
        self.described(description, DescriptionStyle::Italic)
    }

    /// Describes the button in plain text.
    pub fn text(self, description: impl Into<String>) -> Self {
        self.described(description, DescriptionStyle::Text)
    }

    /// Marks the button as the thing to do next.
    pub fn primary(mut self) -> Self {
        self.style = ButtonStyle::Primary;
        self
    }

    /// Marks the button as one that destroys something.
    pub fn danger(mut self) -> Self {
        self.style = ButtonStyle::Danger;
        self
    }

    fn described(mut self, description: impl Into<String>, style: DescriptionStyle) -> Self {
        self.description = description.into();
        self.description_style = style;
        self
    }
}
