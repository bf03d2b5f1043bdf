//! That whoever reads a plugin lets others have their turn, however much the plugin has to say. It knows nothing of what is
//! read.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// How many frames of an answer are read at once. Whoever reads them has up to some hundreds of messages in each.
const FRAMES: u64 = 32;

/// Counts what a task did since it last let others have their turn. The runtime's own counting sees reads from sockets, each of
/// which may hold thousands of frames, and does not see frames that wait in memory.
#[derive(Debug, Default)]
pub(super) struct Turn {
    done: u64,
}

impl Turn {
    pub(super) fn add(&mut self, work: u64) {
        self.done += work;
    }

    /// Nothing is there to be done.
    pub(super) fn end(&mut self) {
        self.done = 0;
    }

    /// Whether so much was done that it is the turn of others. Then the next one begins.
    pub(super) fn is_over(&mut self, most: u64) -> bool {
        let is_over = self.done >= most;
        if is_over {
            self.end();
        }
        is_over
    }
}

/// The body of a plugin's answer.
#[derive(Debug)]
pub struct Answer {
    body: Incoming,
    turn: Turn,
}

impl Answer {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, turn: Turn::default() }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.turn.is_over(FRAMES) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match frame.is_ready() {
            true => self.turn.add(1),
            false => self.turn.end(),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_over_after_so_much_work_and_begins_again() {
        let mut turn = Turn::default();
        turn.add(9);
        assert!(!turn.is_over(10));
        turn.add(1);
        assert!(turn.is_over(10));
        assert!(!turn.is_over(10));
    }

    #[test]
    fn a_turn_in_which_there_was_nothing_to_do_counts_anew() {
        let mut turn = Turn::default();
        turn.add(10);
        turn.end();
        assert!(!turn.is_over(10));
    }
}
