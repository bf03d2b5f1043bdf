//! Lines from a pipe: each is a message, and the answers come in the same order.

use std::{
    io::{self, Write},
    thread,
};

use botkube_core::{answer::Status, conversation::Incoming, surface};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{Console, Ended, screen::Screen};

/// The longest line that is taken, in bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Console {
    /// Answers the lines of `input` on `output`, one after the other, until the input ends, or `stop`, or `left` while a line
    /// is answered, which says that nobody reads the output. A line that cannot be a message is answered with the reason; the
    /// next one is read all the same.
    pub async fn piped(
        &self,
        mut input: impl AsyncBufRead + Unpin,
        output: impl Write,
        left: impl Future<Output = ()>,
        stop: &CancellationToken,
    ) -> Ended {
        tokio::pin!(left);
        let mut screen = Screen::pipe(output);
        let mut number = 0_u64;
        let mut line = Vec::new();
        while screen.is_written() {
            line.clear();
            // One more for the line's end.
            let mut bounded = (&mut input).take(LONGEST_LINE as u64 + 1);
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => return Ended::Told,
                read = bounded.read_until(b'\n', &mut line) => read,
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
                    biased;
                    () = stop.cancelled() => return Ended::Told,
                    () = skip_line(&mut input) => continue,
                }
            }
            match std::str::from_utf8(&line) {
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) => {
                    let said = self.say(text, &mut screen, stop.child_token());
                    tokio::select! {
                        _ = said => screen.finish(),
                        () = &mut left => return Ended::Output,
                    }
                }
                Err(error) => screen.line(&format!(
                    "Line {number} is not UTF-8 at byte {}; nothing of it was run.",
                    error.valid_up_to() + 1
                )),
            }
        }
        Ended::Output
    }

    /// Has one text answered.
    async fn say(&self, text: &str, screen: &mut Screen<impl Write>, cancel: CancellationToken) -> Status {
        let incoming = Incoming::typed(text, self.actor.clone(), (self.conversation)());
        surface::deliver(self.dispatcher.submit(incoming, cancel), screen).await
    }
}

/// Comes back when nobody reads standard output any more, which a pipe says only to those who write or ask.
pub async fn reader_left() {
    let (sender, left) = oneshot::channel();
    // A thread, since there is nothing to wait for but this; it goes with the process.
    let asked = thread::Builder::new().name("reader".into()).spawn(move || {
        let out = io::stdout();
        // Nothing is asked for: errors are told always.
        let mut asked = [PollFd::new(&out, PollFlags::empty())];
        while let Ok(_) | Err(rustix::io::Errno::INTR) = poll(&mut asked, None) {
            if asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
                let _ = sender.send(());
                return;
            }
        }
    });
    match asked {
        Ok(_) if left.await.is_ok() => {}
        // Whether anybody reads shows with the next write.
        _ => std::future::pending().await,
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
