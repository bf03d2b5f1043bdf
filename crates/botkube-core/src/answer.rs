//! The parts of an answer, of which exactly one is the last; it knows nobody who shows them.

use botkube_api::message::{Message, MessageType};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

/// How many parts wait for a reader at most; who makes more waits.
const WAITING: usize = 16;

/// An answer as it comes: numbered parts, the last of which is [`Content::End`].
#[derive(Debug)]
pub struct Answer {
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
    number: u32,
}

impl Answer {
    pub(crate) fn channel(cancel: DropGuard) -> (Parts, Self) {
        let (sender, parts) = mpsc::channel(WAITING);
        (Parts { sender, number: 0 }, Self { parts, _cancel: cancel })
    }

    /// The next part; `None` after the last.
    pub async fn next(&mut self) -> Option<Part> {
        self.parts.recv().await
    }
}

impl Parts {
    pub(crate) async fn message(&mut self, message: Message, header: Option<String>) {
        self.send(Content::Message { message: Box::new(message), header }).await;
    }

    /// The one end. Whoever no longer listens does not need it.
    pub(crate) async fn end(mut self, status: Status) {
        self.send(Content::End(status)).await;
    }

    async fn send(&mut self, content: Content) {
        self.number += 1;
        let _ = self.sender.send(Part { number: self.number, content }).await;
    }
}

/// What a plugin's messages become, by upstream's rules in upstream's order (`contract-host §2.6`).
pub(crate) fn shown(messages: Vec<Message>) -> Vec<Message> {
    if messages.iter().all(|m| m.kind == MessageType::Skip) && !messages.is_empty() {
        return Vec::new();
    }
    if messages.iter().all(Message::is_empty) {
        return vec![Message::text(".... empty response _*<cricket sounds>*_ :cricket: :cricket: :cricket:")];
    }
    messages
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
    fn an_empty_answer_is_said_to_be_empty() {
        assert!(shown(vec![Message::default()])[0].base_body.plaintext.contains("empty response"));
        assert!(shown(vec![])[0].base_body.plaintext.contains("empty response"));
    }

    #[test]
    fn everything_else_is_shown_as_it_is() {
        let messages = vec![Message::code("a"), Message::text("b")];
        assert_eq!(shown(messages.clone()), messages);
    }

    #[tokio::test]
    async fn parts_are_numbered_and_end_once() {
        let (mut parts, mut answer) = Answer::channel(CancellationToken::new().drop_guard());
        parts.message(Message::code("a"), None).await;
        parts.end(Status::Succeeded).await;
        assert_eq!(answer.next().await.unwrap().number, 1);
        assert_eq!(answer.next().await, Some(Part { number: 2, content: Content::End(Status::Succeeded) }));
        assert_eq!(answer.next().await, None);
    }
}
