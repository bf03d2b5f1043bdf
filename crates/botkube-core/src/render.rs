//! A message as text: everything an author wrote, and for every control the command it stands for. Pure; it knows no
//! terminal and no platform.

use std::fmt::Write;

use botkube_api::message::{Body, Button, LabelInput, Message, MultiSelect, Section, Selects, Timestamp};
use unicode_width::UnicodeWidthStr;

use crate::platform::{Capabilities, Post};

/// A piece of what a post becomes on a platform.
#[derive(Clone, Debug, PartialEq)]
pub enum Fitted {
    /// A message.
    Post(Box<Post>),
    /// What is too long for messages.
    File {
        /// What to call it.
        name: String,
        /// All of it.
        content: String,
    },
}

/// A post as a platform can show it.
#[must_use]
pub fn fit(post: Post, _: &Capabilities) -> Vec<Fitted> {
    vec![Fitted::Post(Box::new(post))]
}

/// Where text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextStyle {
    /// The width lines are wrapped to, in columns; `None` for none. Code is never wrapped: it would no longer be code.
    pub width: Option<usize>,
}

/// The message as a person would read it, without a line end at its end.
///
/// The name of the agent is left out of commands: where text is read, the agent needs no mention.
#[must_use]
pub fn text(message: &Message, style: TextStyle) -> String {
    let mut message = message.clone();
    message.replace_bot_name("", None);
    let mut out = Text { out: String::new(), style };
    out.body(&message.base_body);
    for section in &message.sections {
        out.section(section);
    }
    out.inputs(&message.plaintext_inputs);
    if message.timestamp != Timestamp::default() {
        out.paragraph(&message.timestamp.to_string());
    }
    let end = out.out.trim_end().len();
    out.out.truncate(end);
    out.out
}

struct Text {
    out: String,
    style: TextStyle,
}

impl Text {
    fn section(&mut self, section: &Section) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.paragraph(&section.header);
        self.paragraph(&section.description);
        self.body(&section.body);
        for field in &section.text_fields {
            self.item(&format!("{}: {}", field.key, field.value));
        }
        for list in &section.bullet_lists {
            self.paragraph(&list.title);
            list.items.iter().for_each(|item| self.item(item));
        }
        section.buttons.iter().for_each(|button| self.button(button));
        self.multi_select(&section.multi_select);
        self.selects(&section.selects);
        self.inputs(&section.plaintext_inputs);
        for item in &section.context {
            self.paragraph(&item.text);
        }
    }

    fn body(&mut self, body: &Body) {
        self.paragraph(&body.plaintext);
        self.lines(&body.code_block);
    }

    fn button(&mut self, button: &Button) {
        let target = if button.url.is_empty() { &button.command } else { &button.url };
        let mut line = format!("[{}] {target}", button.name);
        if !button.description.is_empty() && button.description != *target {
            let _ = write!(line, " - {}", button.description);
        }
        self.item(&line);
    }

    fn multi_select(&mut self, select: &MultiSelect) {
        if select.options.is_empty() && select.name.is_empty() {
            return;
        }
        self.body(&select.description);
        self.item(&format!("[{}] {} VALUE,VALUE", select.name, select.command));
        for option in &select.options {
            let chosen = if select.initial_options.contains(option) { " (chosen)" } else { "" };
            self.item(&format!("  {}: {}{chosen}", option.name, option.value));
        }
    }

    fn selects(&mut self, selects: &Selects) {
        for select in &selects.items {
            self.item(&format!("[{}] {} VALUE", select.name, select.command));
            for group in &select.option_groups {
                if !group.name.is_empty() {
                    self.item(&format!("  {}", group.name));
                }
                for option in &group.options {
                    let chosen = if select.initial_option.as_ref() == Some(option) { " (chosen)" } else { "" };
                    self.item(&format!("    {}: {}{chosen}", option.name, option.value));
                }
            }
        }
    }

    fn inputs(&mut self, inputs: &[LabelInput]) {
        for input in inputs {
            self.item(&format!("[{}] {}\"{}\"", input.text, input.command, input.placeholder));
        }
    }

    fn item(&mut self, text: &str) {
        self.wrapped(&format!("  {text}"), 4);
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.wrapped(text, 0);
        }
    }

    /// Text as it is, apart from what a terminal would obey.
    fn lines(&mut self, text: &str) {
        for line in text.trim_end_matches('\n').split('\n').filter(|_| !text.is_empty()) {
            self.out.push_str(&harmless(line));
            self.out.push('\n');
        }
    }

    fn wrapped(&mut self, text: &str, indent: usize) {
        let Some(width) = self.style.width.map(|w| w.max(indent + 10)) else { return self.lines(text) };
        for line in text.trim_end_matches('\n').split('\n') {
            let line = harmless(line);
            let start = line.len() - line.trim_start().len();
            let mut current = line[..start].to_owned();
            let mut fresh = true;
            // At single blanks, so that several in a row stay several: the line may be a command to type.
            for word in line[start..].split(' ') {
                if !fresh && current.width() + 1 + word.width() > width {
                    self.out.push_str(&current);
                    self.out.push('\n');
                    current = " ".repeat(indent);
                    fresh = true;
                }
                if !fresh {
                    current.push(' ');
                }
                current.push_str(word);
                fresh = false;
            }
            self.out.push_str(&current);
            self.out.push('\n');
        }
    }
}

/// Makes control characters visible: nothing an author or user writes may move a terminal's cursor, change its title, or
/// turn the order of letters round.
#[must_use]
pub fn harmless(text: &str) -> String {
    if !text.contains(|c: char| (c.is_control() && !matches!(c, '\t' | '\n')) || turns_round(c)) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match c {
            '\t' | '\n' => c,
            '\r' => '␍',
            '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
            '\x7f'..='\u{9f}' => '�',
            c if turns_round(c) => '�',
            c => c,
        })
        .collect()
}

/// Whether a character sets the direction of what follows, so that a command would not read as it runs.
fn turns_round(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
