//! The parts of an answer, of which exactly one is the last; it knows nobody who shows them.

use std::fmt;

use botkube_api::message::{Message, MessageType};
use futures_util::{FutureExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio_util::sync::CancellationToken;

use crate::running::CommandId;

/// How many parts wait for a reader at most; who makes more waits.
const WAITING: usize = 16;

/// An answer as it comes: numbered parts, the last of which is [`Content::End`]. It is made while somebody asks for its next
/// part; whoever drops it stops the command.
pub struct Answer {
    /// The command it is the answer to.
    pub id: CommandId,
    parts: mpsc::Receiver<Part>,
    /// What makes the parts, until it is done. Not a task of its own: a turn of the scheduler would cost more than all else
    /// between a typed line and its plugin.
    work: Option<BoxFuture<'static, ()>>,
}

/// One part of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its place, from 1.
    pub number: u32,
    /// What it holds.
    pub content: Content,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// A message to show, below those before it.
    Message {
        /// The message.
        message: Box<Message>,
        /// The line upstream puts above it: the command and the cluster.
        header: Option<String>,
    },
    /// A message that takes the place of an earlier one.
    Update {
        /// The number of the part that brought the earlier one.
        of: u32,
        /// The message.
        message: Box<Message>,
    },
    /// Output in fixed width, as it is: more of the output right before it, or else the beginning of a message of output.
    Text {
        /// The next of it; lines may be cut anywhere, characters are whole.
        text: String,
        /// As for messages; counts where the output begins.
        header: Option<String>,
    },
    /// How far the command is, in a few words, in place of what was said of that before.
    Progress(String),
    /// How the command ended. Nothing comes after it.
    End(Status),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It was answered.
    Succeeded,
    /// It ran and failed.
    Failed,
    /// It was not run.
    Refused,
    /// Somebody stopped it.
    Cancelled,
    /// It took too long.
    TimedOut,
}

/// Gives an answer its parts. Ending consumes it, so nothing can follow the end.
#[derive(Debug)]
pub(crate) struct Parts {
    sender: mpsc::Sender<Part>,
    /// Room for the end, which therefore never waits.
    end: OwnedPermit<Part>,
    number: u32,
}

impl Answer {
    /// An answer whose parts `work` makes.
    pub(crate) fn new<F: Future<Output = ()> + Send + 'static>(id: CommandId, work: impl FnOnce(Parts) -> F) -> Self {
        let (sender, parts) = mpsc::channel(WAITING + 1);
        let end = sender.clone().try_reserve_owned().expect("a new channel has room");
        let work = work(Parts { sender, end, number: 0 });
        Self { id, parts, work: Some(work.boxed()) }
    }

    /// The next part; `None` after the last. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Part> {
        if let Some(work) = &mut self.work {
            tokio::select! {
                biased;
                part = self.parts.recv() => return part,
                () = work => self.work = None,
            }
        }
        self.parts.recv().await
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Parts {
    /// Gives a message; `None` when `cancel` came before whoever listens had room for it.
    pub(crate) async fn message(
        &mut self,
        message: Message,
        header: Option<String>,
        cancel: &CancellationToken,
    ) -> Option<u32> {
        self.say(Content::Message { message: Box::new(message), header }, cancel).await
    }

    /// Gives a part that is not the end, and tells its number; `None` when `cancel` came before whoever listens had room for
    /// it.
    pub(crate) async fn say(&mut self, content: Content, cancel: &CancellationToken) -> Option<u32> {
        tokio::select! {
            // Room first: a command that was cancelled has something to say too.
            biased;
            permit = self.sender.reserve() => {
                let permit = permit.ok()?;
                self.number += 1;
                permit.send(Part { number: self.number, content });
                Some(self.number)
            }
            () = cancel.cancelled() => None,
        }
    }

    /// The one end. Whoever no longer listens does not need it.
    pub(crate) fn end(self, status: Status) {
        self.end.send(Part { number: self.number + 1, content: Content::End(status) });
    }
}

/// What a plugin's messages become, by upstream's rules in upstream's order (`contract-host §2.6`).
pub(crate) fn shown(mut messages: Vec<Message>) -> Vec<Message> {
    let asked_to_skip = !messages.is_empty();
    messages.retain(|message| message.kind != MessageType::Skip);
    if messages.is_empty() && asked_to_skip {
        return messages;
    }
    if messages.iter().all(Message::is_empty) {
        return vec![empty()];
    }
    messages
}

/// What stands for an answer that says nothing, in upstream's words, which people know.
pub(crate) fn empty() -> Message {
    Message::text(".... empty response _*<cricket sounds>*_ :cricket: :cricket: :cricket:")
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn an_answer_that_asks_to_be_skipped_shows_nothing() {
        let skip = Message::skip();
        assert_eq!(shown(vec![skip.clone(), skip]), []);
    }

    #[test]
    fn a_message_to_be_skipped_goes_and_the_others_stay() {
        assert_eq!(shown(vec![Message::skip(), Message::code("a")]), [Message::code("a")]);
    }

    #[test]
    fn an_empty_answer_is_said_to_be_empty() {
        assert!(shown(vec![Message::default()])[0].base_body.plaintext.contains("empty response"));
        assert!(shown(vec![])[0].base_body.plaintext.contains("empty response"));
    }

    #[test]
    fn everything_else_is_shown_as_it_is() {
        let messages = vec![Message::code("a"), Message::text("b")];
        assert_eq!(shown(messages.clone()), messages);
    }

    fn answer<F: Future<Output = ()> + Send + 'static>(work: impl FnOnce(Parts) -> F) -> Answer {
        Answer::new("c1".parse().unwrap(), work)
    }

    #[tokio::test]
    async fn parts_are_numbered_and_end_once() {
        let mut answer = answer(|mut parts| async move {
            assert!(parts.message(Message::code("a"), None, &CancellationToken::new()).await.is_some());
            parts.end(Status::Succeeded);
        });
        assert_eq!(answer.next().await.unwrap().number, 1);
        assert_eq!(answer.next().await, Some(Part { number: 2, content: Content::End(Status::Succeeded) }));
        assert_eq!(answer.next().await, None);
    }

    #[tokio::test]
    async fn more_parts_than_may_wait_all_come() {
        let mut answer = answer(|mut parts| async move {
            for _ in 0..2 * WAITING {
                assert!(parts.message(Message::code("a"), None, &CancellationToken::new()).await.is_some());
            }
            parts.end(Status::Succeeded);
        });
        let mut last = 0;
        while let Some(part) = answer.next().await {
            last = part.number;
        }
        assert_eq!(last, 2 * WAITING as u32 + 1);
    }

    #[tokio::test]
    async fn the_end_has_room_even_when_a_message_was_kept_waiting_until_cancelled() {
        let mut answer = answer(|mut parts| async move {
            let cancel = CancellationToken::new();
            for _ in 0..WAITING {
                assert!(parts.message(Message::code("a"), None, &cancel).await.is_some());
            }
            cancel.cancel();
            assert_eq!(parts.message(Message::code("b"), None, &cancel).await, None);
            parts.end(Status::Cancelled);
        });
        let mut last = None;
        while let Some(part) = answer.next().await {
            last = Some(part.content);
        }
        assert_eq!(last, Some(Content::End(Status::Cancelled)));
    }
}
