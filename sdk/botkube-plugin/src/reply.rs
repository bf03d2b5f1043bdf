//! What an author answers; it knows no wire format.

use std::{fmt, pin::Pin};

use botkube_proto::MOST_MESSAGES;
use tokio_stream::{Stream, StreamExt};

use crate::{
    Result,
    message::{Message, MessageType},
};

/// An answer: a text, a message, several, or parts that come one after the other.
#[must_use = "a reply does nothing until it is returned"]
pub struct Reply(Inner);

enum Inner {
    Messages(Vec<Message>),
    Parts(Pin<Box<dyn Stream<Item = Result<Part>> + Send>>),
}

/// A piece of an answer that comes while the command runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Part(Piece);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Message(Box<Message>),
}

impl Part {
    /// More of the text output; pieces follow each other as they are, line ends included.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Piece::Text(text.into()))
    }

    /// One more message.
    pub fn message(message: Message) -> Self {
        Self(Piece::Message(Box::new(message)))
    }
}

impl Reply {
    /// The output of a command, in fixed width; the user can filter its lines.
    pub fn code(text: impl Into<String>) -> Self {
        Message::code(text).with_filter().into()
    }

    /// Plain text, in which the platform's markdown works; the user can filter its lines.
    pub fn text(text: impl Into<String>) -> Self {
        Message::text(text).with_filter().into()
    }

    /// A message with sections, buttons, selects.
    pub fn message(message: Message) -> Self {
        message.into()
    }

    /// Nothing is shown at all.
    pub fn skip() -> Self {
        Message::skip().into()
    }

    /// One more message after those so far. Hosts show sixteen; what is beyond is counted in the last.
    pub fn more(mut self, message: Message) -> Self {
        match &mut self.0 {
            Inner::Messages(messages) => messages.push(message),
            Inner::Parts(parts) => {
                let earlier = std::mem::replace(parts, Box::pin(tokio_stream::empty()));
                *parts = Box::pin(earlier.chain(tokio_stream::once(Ok(Part::message(message)))));
            }
        }
        self
    }

    /// Parts that come while the command runs. A host that cannot show them as they come gets them together at the end.
    pub fn stream(parts: impl Stream<Item = Result<Part>> + Send + 'static) -> Self {
        Self(Inner::Parts(Box::pin(parts)))
    }

    /// All messages of the answer, in order. Waits for a stream's end; pieces of text that follow each other become one
    /// message.
    ///
    /// # Errors
    ///
    /// The first error in a stream. What came before it is lost with it, unless it is text, which then precedes the error.
    pub async fn collect(self) -> Result<Vec<Message>> {
        let messages = match self.0 {
            Inner::Messages(messages) => messages,
            Inner::Parts(parts) => collect(parts).await?,
        };
        Ok(fit(messages))
    }
}

async fn collect(mut parts: Pin<Box<dyn Stream<Item = Result<Part>> + Send>>) -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    let mut text = String::new();
    let flush = |text: &mut String, messages: &mut Vec<Message>| {
        if !text.is_empty() {
            messages.push(Message::code(std::mem::take(text)).with_filter());
        }
    };
    while let Some(part) = parts.next().await {
        match part {
            Ok(Part(Piece::Text(piece))) => text.push_str(&piece),
            Ok(Part(Piece::Message(message))) => {
                flush(&mut text, &mut messages);
                messages.push(*message);
            }
            Err(error) if text.is_empty() => return Err(error),
            // What the command printed before it failed usually says why.
            Err(error) => return Err(crate::Error::for_user(format!("{}\n{error}", text.trim_end()))),
        }
    }
    flush(&mut text, &mut messages);
    Ok(messages)
}

/// Makes messages arrive whole: a filterable first one would make hosts drop the others, and hosts drop those beyond 16.
fn fit(mut messages: Vec<Message>) -> Vec<Message> {
    if messages.len() > 1 {
        for message in messages.iter_mut().filter(|m| m.kind == MessageType::BaseBodyWithFilter) {
            message.kind = MessageType::Default;
        }
    }
    if messages.len() > MOST_MESSAGES {
        let unseen = messages.len() - (MOST_MESSAGES - 1);
        messages.truncate(MOST_MESSAGES - 1);
        messages.push(Message::text(format!("… and {unseen} more messages, which one answer cannot hold.")));
    }
    messages
}

impl From<Message> for Reply {
    fn from(message: Message) -> Self {
        Self(Inner::Messages(vec![message]))
    }
}

impl FromIterator<Message> for Reply {
    fn from_iter<T: IntoIterator<Item = Message>>(messages: T) -> Self {
        Self(Inner::Messages(messages.into_iter().collect()))
    }
}

/// Equal when both hold the same messages; a stream is equal to nothing, not even itself.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Inner::Messages(ours), Inner::Messages(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Messages(messages) => f.debug_tuple("Reply").field(messages).finish(),
            Inner::Parts(_) => f.write_str("Reply(a stream)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn streamed(parts: Vec<Result<Part>>) -> Reply {
        Reply::stream(tokio_stream::iter(parts))
    }

    #[tokio::test]
    async fn text_of_a_stream_becomes_one_message() {
        let reply = streamed(vec![Ok(Part::text("a\n")), Ok(Part::text("b\n"))]);
        assert_eq!(reply.collect().await.unwrap(), [Message::code("a\nb\n").with_filter()]);
    }

    #[tokio::test]
    async fn messages_of_a_stream_keep_their_place() {
        let reply = streamed(vec![Ok(Part::text("a")), Ok(Part::message(Message::text("m"))), Ok(Part::text("b"))]);
        let expected = [Message::code("a"), Message::text("m"), Message::code("b")];
        assert_eq!(reply.collect().await.unwrap(), expected);
    }

    #[tokio::test]
    async fn an_error_in_a_stream_comes_after_the_text_before_it() {
        let reply = streamed(vec![Ok(Part::text("3 of 7\n")), Err(Error::for_user("disk full"))]);
        assert_eq!(reply.collect().await.unwrap_err().to_string(), "3 of 7\ndisk full");
    }

    #[tokio::test]
    async fn an_answer_of_several_messages_is_not_filterable_since_hosts_would_drop_all_but_one() {
        let messages = Reply::code("a").more(Message::text("b")).collect().await.unwrap();
        assert_eq!(messages, [Message::code("a"), Message::text("b")]);
    }

    #[tokio::test]
    async fn messages_beyond_what_hosts_show_are_counted() {
        let messages = (0..20).map(|i| Message::text(i.to_string())).collect::<Reply>().collect().await.unwrap();
        assert_eq!(messages.len(), 16);
        assert!(messages[15].base_body.plaintext.contains("5 more messages"));
    }
}
