//! What a program prints, as it comes: whole lines where there are any, both outputs in one. It keeps no more than a piece.

use std::{
    future::Future,
    io,
    pin::Pin,
    process::Stdio,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{io::AsyncReadExt, net::unix::pipe::Receiver, time};
use tokio_stream::Stream;

use super::{Output, Program, Run, RunError, not_started, without_color_codes};
use crate::{Part, Result};

/// How long the rest of a line may take until what there is of it is shown.
const PAUSE: Duration = Duration::from_millis(250);

/// The longest line that is waited for, and the most that is read at a time, in bytes.
const LONGEST_LINE: usize = 16 << 10;

/// The longest escape code of a colour that is waited for, in bytes.
const LONGEST_CODE: usize = 32;

/// Runs a program and gives what it prints. It starts when it is asked for the first piece.
pub(super) fn lines(run: Run) -> impl Stream<Item = Result<Part>> + Send {
    Lines(Some(Box::pin(begin(run))))
}

/// One piece after the other, each made by the future that the one before left behind.
struct Lines(Option<Next>);

type Next = Pin<Box<dyn Future<Output = Piece> + Send>>;

/// A piece and what comes after it; `None` at the end.
type Piece = Option<(Result<Part>, Option<Box<Running>>)>;

/// A program that prints.
struct Running {
    program: Program,
    pipe: Receiver,
    text: Text,
}

/// What was printed and is not shown yet.
struct Text {
    bytes: Vec<u8>,
    clear_color_codes: bool,
}

impl Stream for Lines {
    type Item = Result<Part>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.0 else { return Poll::Ready(None) };
        let piece = ready!(next.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(piece.map(|(part, running)| {
            self.0 = running.map(|running| Box::pin(running.next()) as Next);
            part
        }))
    }
}

async fn begin(run: Run) -> Piece {
    match start(run) {
        Ok(running) => Box::new(running).next().await,
        Err(error) => Some((Err(error.into()), None)),
    }
}

fn start(run: Run) -> Result<Running, RunError> {
    let clear_color_codes = run.clear_color_codes;
    let program = run.command.clone();
    let failed = |e: io::Error| not_started(program.as_ref(), &e);
    // One pipe for both outputs keeps their order.
    let (pipe, stdout) = io::pipe().map_err(failed)?;
    let stderr = stdout.try_clone().map_err(failed)?;
    let pipe = Receiver::from_owned_fd(pipe.into()).map_err(failed)?;
    let program = run.start(Stdio::from(stdout), Stdio::from(stderr))?;
    Ok(Running { program, pipe, text: Text { bytes: Vec::new(), clear_color_codes } })
}

impl Running {
    async fn next(mut self: Box<Self>) -> Piece {
        // The beginning of a line waits a moment for its end, once.
        let mut waited = false;
        loop {
            let long = self.text.bytes.len() >= LONGEST_LINE;
            if let Some(text) = self.text.lines().or_else(|| long.then(|| self.text.some()).flatten()) {
                return Some((Ok(Part::text(text)), Some(self)));
            }
            self.text.bytes.reserve(LONGEST_LINE);
            let is_begun = !self.text.bytes.is_empty();
            let read = self.pipe.read_buf(&mut self.text.bytes);
            let read = if is_begun && !waited { time::timeout(PAUSE, read).await } else { Ok(read.await) };
            match read {
                // A pipe that breaks has said what it had to say.
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(_)) => waited = false,
                Err(_) => match self.text.some() {
                    Some(text) => return Some((Ok(Part::text(text)), Some(self))),
                    None => waited = true,
                },
            }
        }
        if let Some(text) = self.text.upto(self.text.bytes.len()) {
            return Some((Ok(Part::text(text)), Some(self)));
        }
        match self.program.ended().await {
            Ok(status) if status.success() => None,
            // What it printed was shown.
            Ok(status) => Some((Err(RunError::Failed { output: Output::default(), status }.into()), None)),
            Err(error) => Some((Err(error.into()), None)),
        }
    }
}

impl Text {
    /// All whole lines.
    fn lines(&mut self) -> Option<String> {
        let end = self.bytes.iter().rposition(|byte| *byte == b'\n')?;
        self.upto(end + 1)
    }

    /// What there is, but for the beginning of a character or of a colour at its end.
    fn some(&mut self) -> Option<String> {
        let mut end = self.bytes.len() - beginning_of_a_character(&self.bytes);
        if self.clear_color_codes {
            end -= beginning_of_a_code(&self.bytes[..end]);
        }
        self.upto(end)
    }

    fn upto(&mut self, end: usize) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes[..end]);
        let text = if self.clear_color_codes { without_color_codes(&text) } else { text.into_owned() };
        self.bytes.drain(..end);
        Some(text).filter(|text| !text.is_empty())
    }
}

/// How many bytes at the end may become a character with those that follow.
fn beginning_of_a_character(bytes: &[u8]) -> usize {
    let Some(utf8) = bytes.utf8_chunks().last() else { return 0 };
    let broken = utf8.invalid();
    // One that can go on is not yet wrong.
    match std::str::from_utf8(broken) {
        Err(error) if error.error_len().is_none() => broken.len(),
        _ => 0,
    }
}

/// How many bytes at the end may become the escape code of a colour with those that follow.
fn beginning_of_a_code(bytes: &[u8]) -> usize {
    let last = &bytes[bytes.len().saturating_sub(LONGEST_CODE)..];
    let Some(code) = last.iter().rposition(|byte| *byte == 0x1b).map(|escape| &last[escape..]) else { return 0 };
    let may_go_on = match code {
        [_] => true,
        [_, b'[', parameters @ ..] => parameters.iter().all(|byte| byte.is_ascii_digit() || *byte == b';'),
        _ => false,
    };
    if may_go_on { code.len() } else { 0 }
}
