//! Lines from a pipe: each is a message, and the answers come in the same order.

use std::io::Write;

use botkube_core::render::TextStyle;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio_util::sync::CancellationToken;

use crate::{Console, Ended, screen::Screen};

/// The longest line that is taken, in bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Console {
    /// Answers the lines of `input` on `output`, one after the other, until the input ends or `stop`. A line that cannot be
    /// a message is answered with the reason; the next one is read all the same.
    pub async fn piped(
        &self,
        mut input: impl AsyncBufRead + Unpin,
        output: impl Write,
        stop: &CancellationToken,
    ) -> Ended {
        let mut screen = Screen::new(output, TextStyle::default());
        let mut number = 0_u64;
        let mut line = Vec::new();
        while screen.is_open() {
            line.clear();
            // One more for the line's end.
            let mut bounded = (&mut input).take(LONGEST_LINE as u64 + 1);
            let read = tokio::select! {
                read = bounded.read_until(b'\n', &mut line) => read,
                () = stop.cancelled() => return Ended::Told,
            };
            match read {
                Ok(0) => return Ended::Input,
                Ok(_) => number += 1,
                Err(error) => {
                    screen.line(&format!("The input cannot be read: {error}"));
                    return Ended::Input;
                }
            }
            if line.len() > LONGEST_LINE && line.last() != Some(&b'\n') {
                screen.line(&format!("Line {number} is longer than {LONGEST_LINE} bytes; nothing of it was run."));
                tokio::select! {
                    () = skip_line(&mut input) => continue,
                    () = stop.cancelled() => return Ended::Told,
                }
            }
            match std::str::from_utf8(&line) {
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) => {
                    self.say(text, &mut screen, stop.child_token()).await;
                }
                Err(error) => screen.line(&format!(
                    "Line {number} is not UTF-8 at byte {}; nothing of it was run.",
                    error.valid_up_to() + 1
                )),
            }
        }
        Ended::Output
    }
}

/// Reads to the end of a line and keeps nothing of it.
async fn skip_line(input: &mut (impl AsyncBufRead + Unpin)) {
    while let Ok(chunk) = input.fill_buf().await {
        let (used, done) = match chunk.iter().position(|b| *b == b'\n') {
            Some(end) => (end + 1, true),
            None => (chunk.len(), chunk.is_empty()),
        };
        input.consume(used);
        if done {
            return;
        }
    }
}
