//! The parts of an answer, of which exactly one is the last; it knows nobody who shows them.

use botkube_api::message::{Message, MessageType};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::running::CommandId;

/// How many parts wait for a reader at most; who makes more waits.
const WAITING: usize = 16;

/// An answer as it comes: numbered parts, the last of which is [`Content::End`].
#[derive(Debug)]
pub struct Answer {
    /// The command it is the answer to.
    pub id: CommandId,
    parts: mpsc::Receiver<Part>,
    /// Whoever stops listening stops the command.
    _cancel: DropGuard,
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
    /// A message to show.
    Message {
        /// The message.
        message: Box<Message>,
        /// The line upstream puts above it: the command and the cluster.
        header: Option<String>,
    },
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
    pub(crate) fn channel(id: CommandId, cancel: DropGuard) -> (Parts, Self) {
        let (sender, parts) = mpsc::channel(WAITING + 1);
        let end = sender.clone().try_reserve_owned().expect("a new channel has room");
        (Parts { sender, end, number: 0 }, Self { id, parts, _cancel: cancel })
    }

    /// The next part; `None` after the last.
    pub async fn next(&mut self) -> Option<Part> {
        self.parts.recv().await
    }
}

impl Parts {
    /// Gives a message; `false` when `cancel` came before whoever listens had room for it.
    pub(crate) async fn message(
        &mut self,
        message: Message,
        header: Option<String>,
        cancel: &CancellationToken,
    ) -> bool {
        let content = Content::Message { message: Box::new(message), header };
        tokio::select! {
            // Room first: a command that was cancelled has something to say too.
            biased;
            permit = self.sender.reserve() => match permit {
                Ok(permit) => {
                    self.number += 1;
                    permit.send(Part { number: self.number, content });
                    true
                }
                Err(_) => false,
            },
            () = cancel.cancelled() => false,
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

    fn answer() -> (Parts, Answer, CancellationToken) {
        let cancel = CancellationToken::new();
        let (parts, answer) = Answer::channel("c1".parse().unwrap(), cancel.clone().drop_guard());
        (parts, answer, cancel)
    }

    #[tokio::test]
    async fn parts_are_numbered_and_end_once() {
        let (mut parts, mut answer, cancel) = answer();
        assert!(parts.message(Message::code("a"), None, &cancel).await);
        parts.end(Status::Succeeded);
        assert_eq!(answer.next().await.unwrap().number, 1);
        assert_eq!(answer.next().await, Some(Part { number: 2, content: Content::End(Status::Succeeded) }));
        assert_eq!(answer.next().await, None);
    }

    #[tokio::test]
    async fn the_end_has_room_even_when_nobody_reads_and_a_message_waits_no_longer_than_until_cancelled() {
        let (mut parts, mut answer, cancel) = answer();
        for _ in 0..WAITING {
            assert!(parts.message(Message::code("a"), None, &cancel).await);
        }
        cancel.cancel();
        assert!(!parts.message(Message::code("b"), None, &cancel).await);
        parts.end(Status::Cancelled);
        let mut last = None;
        while let Some(part) = answer.next().await {
            last = Some(part.content);
        }
        assert_eq!(last, Some(Content::End(Status::Cancelled)));
    }
}
