//! A message as text: everything an author wrote, and for every control the command it stands for; and a message within
//! what a platform can show. Pure; it knows no terminal and no platform.
//!
//! Reading order: `words` what stands in for a control · `part` a message taken apart · `cut` a text cut in two · `page` parts
//! put together to messages · `fit` all of that · `live` how a command is doing, in words.

mod cut;
mod fit;
mod live;
mod page;
mod part;
mod words;

use botkube_api::message::Message;
use unicode_width::UnicodeWidthStr;

pub use self::fit::{Fitted, fit};
use self::words::Line;

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
    let mut out = String::new();
    for line in words::lines(&message) {
        match line {
            Line::Gap => out.push('\n'),
            Line::Code(text) => lines(&mut out, text),
            Line::Prose { indent, text } => prose(&mut out, indent, &text, style),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Text as it is, apart from what a terminal would obey.
fn lines(out: &mut String, text: &str) {
    for line in text.trim_end_matches('\n').split('\n') {
        out.push_str(&harmless(line));
        out.push('\n');
    }
}

/// Lines wrapped at blanks; what belongs to the first is indented deeper than it.
fn prose(out: &mut String, indent: usize, text: &str, style: TextStyle) {
    let hang = if indent == 0 { 0 } else { indent + 2 };
    let width = style.width.map_or(usize::MAX, |width| width.max(hang + 10));
    for (number, line) in text.trim_end_matches('\n').split('\n').enumerate() {
        let line = harmless(line);
        let start = line.len() - line.trim_start().len();
        let mut current = " ".repeat(if number == 0 { indent } else { hang }) + &line[..start];
        let mut fresh = true;
        // At single blanks, so that several in a row stay several: the line may be a command to type.
        for word in line[start..].split(' ') {
            if !fresh && current.width() + 1 + word.width() > width {
                out.push_str(&current);
                out.push('\n');
                current = " ".repeat(hang);
                fresh = true;
            }
            if !fresh {
                current.push(' ');
            }
            current.push_str(word);
            fresh = false;
        }
        out.push_str(&current);
        out.push('\n');
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
