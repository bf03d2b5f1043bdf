//! One answer after the other as text on a stream: what comes is written as it comes. It knows no input and no prompt.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use botkube_api::message::Message;
use botkube_core::{
    render::{self, TextStyle},
    surface::Surface,
};
use unicode_width::UnicodeWidthStr;

use crate::terminal::{over, size, up};

/// Writes messages one below the other, as a person reads them: without upstream's header.
///
/// A message that changes is written when it comes, and once more at the end as it is then: who reads a pipe does not want a
/// hundred copies of a table. On a terminal it is written again in its place, while nothing came below it.
pub struct Screen<W> {
    out: W,
    outcome: io::Result<()>,
    is_terminal: bool,
    /// Whether a blank line is between messages.
    is_spaced: bool,
    /// Whether the last line has no end yet.
    is_open: bool,
    /// Whether what was written last is a message.
    is_message: bool,
    /// Whether anything of this answer was written.
    has_written: bool,
    /// How many messages of this answer came.
    messages: usize,
    /// Those that changed and are not written as they are now.
    changed: BTreeMap<usize, Message>,
    /// The rows of the last message, if nothing is below it.
    rows: usize,
}

impl<W: Write> Screen<W> {
    /// A pipe or a file, in which answers follow each other.
    pub fn pipe(out: W) -> Self {
        let (is_terminal, is_spaced, is_open, is_message, has_written) = <_>::default();
        let (messages, changed, rows) = <_>::default();
        Self { out, outcome: Ok(()), is_terminal, is_spaced, is_open, is_message, has_written, messages, changed, rows }
    }

    /// One answer alone, with a blank line between its messages.
    pub fn alone(out: W, is_terminal: bool) -> Self {
        Self { is_terminal, is_spaced: true, ..Self::pipe(out) }
    }

    /// Writes a line of the console's own.
    pub fn line(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// Writes what is left of the answer. The next one begins.
    pub fn finish(&mut self) {
        for message in std::mem::take(&mut self.changed).into_values() {
            self.message(&message, 0);
        }
        if self.is_open {
            self.write("\n");
        }
        (self.has_written, self.messages, self.rows) = (false, 0, 0);
    }

    /// Whether everything so far was written.
    pub fn is_written(&self) -> bool {
        self.outcome.is_ok()
    }

    /// Why something was not written.
    ///
    /// # Errors
    ///
    /// That is it.
    pub fn into_outcome(self) -> io::Result<()> {
        self.outcome
    }

    /// Writes a message, in place of what this many rows above hold.
    fn message(&mut self, message: &Message, rows: usize) {
        let size = self.is_terminal.then(size);
        let text = render::text(message, TextStyle { width: size.map(|size| size.columns) });
        let gap = match (self.is_open, self.is_spaced && self.has_written) {
            _ if rows > 0 => "",
            (true, true) => "\n\n",
            (true, false) | (false, true) => "\n",
            (false, false) => "",
        };
        let is_narrow = size.is_some_and(|size| text.split('\n').all(|line| line.width() < size.columns));
        self.write(&over(&up(rows), &format!("{gap}{text}\n"), is_narrow));
        self.is_open = false;
        self.is_message = true;
        if let Some(size) = size {
            let rows: usize = text.split('\n').map(|line| line.width().div_ceil(size.columns).max(1)).sum();
            // Of a taller one the beginning is out of reach.
            self.rows = if rows < size.rows { rows } else { 0 };
        }
    }

    fn write(&mut self, text: &str) {
        (self.rows, self.is_message) = (0, false);
        if let Some(last) = text.chars().next_back() {
            (self.is_open, self.has_written) = (last != '\n', true);
        }
        if self.outcome.is_ok() {
            self.outcome = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        }
    }
}

impl<W: Write> Surface for Screen<W> {
    fn show(&mut self, message: &Message, _: Option<&str>) {
        self.messages += 1;
        self.message(message, 0);
    }

    fn output(&mut self, text: &str, _: Option<&str>) {
        if self.is_spaced && self.is_message {
            self.write("\n");
        }
        self.write(&render::harmless(text));
    }

    fn update(&mut self, place: usize, message: &Message) {
        if self.rows > 0 && place + 1 == self.messages {
            self.message(message, self.rows);
        } else {
            self.changed.insert(place, message.clone());
        }
    }
}

#[cfg(test)]
mod tests;
