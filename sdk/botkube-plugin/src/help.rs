//! A help message made from what a plugin says of itself.

use crate::{
    About,
    message::{Button, Message, Section},
};

/// A section with the description and a button for each example, as plugins of the Go SDK write by hand.
pub(crate) fn from(about: &About) -> Message {
    let mut section = Section::new().header(format!("Run `{}` commands", about.name)).description(&about.description);
    for example in &about.examples {
        section = section.button(Button::command(&example.label, &example.command));
    }
    if !about.documentation_url.is_empty() {
        section = section.button(Button::link("Documentation", &about.documentation_url));
    }
    Message::new().section(section)
}
