//! Messages as text on a stream; it knows no input.

use std::io::{self, Write};

use botkube_api::message::Message;
use botkube_core::{
    render::{self, TextStyle},
    surface::Surface,
};

/// Writes messages one below the other, as a person reads them: without upstream's header.
pub(crate) struct Screen<W> {
    out: W,
    style: TextStyle,
    outcome: io::Result<()>,
}

impl<W: Write> Screen<W> {
    pub(crate) fn new(out: W, style: TextStyle) -> Self {
        Self { out, style, outcome: Ok(()) }
    }

    /// Writes a line of the console's own.
    pub(crate) fn line(&mut self, text: &str) {
        if self.outcome.is_ok() {
            self.outcome = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        }
    }

    /// Whether everything so far was written.
    pub(crate) fn is_open(&self) -> bool {
        self.outcome.is_ok()
    }
}

impl<W: Write> Surface for Screen<W> {
    fn show(&mut self, message: &Message, _: Option<&str>) {
        self.line(&render::text(message, self.style));
    }

    fn output(&mut self, text: &str, _: Option<&str>) {
        if self.outcome.is_ok() {
            self.outcome = write!(self.out, "{}", render::harmless(text)).and_then(|()| self.out.flush());
        }
    }
}
