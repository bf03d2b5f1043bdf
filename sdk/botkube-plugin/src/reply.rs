//! What an author answers; it knows no wire format.

use std::{fmt, pin::Pin};

use botkube_proto::{LONGEST_PROGRESS, MOST_MESSAGES};
use tokio_stream::{Stream, StreamExt};

use crate::{
    Error, Result,
    message::{Message, MessageType},
    parts::Parts,
};

/// How much text is kept for those who cannot take it as it comes, in bytes: what agents take as one answer.
const MOST_TEXT: usize = 64 << 20;

/// An answer: a text, a message, several, or parts that come one after the other.
#[must_use = "a reply does nothing until it is returned"]
pub struct Reply(pub(crate) Inner);

pub(crate) enum Inner {
    Messages(Vec<Message>),
    Parts(Pin<Box<dyn Stream<Item = Result<Part>> + Send>>),
}

/// A piece of an answer that comes while the command runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Part(pub(crate) Piece);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Message(Box<Message>),
    Update(Box<Message>),
    Progress(String),
}

/// All that a call says, for those who cannot take it as it comes.
#[derive(Default)]
pub(crate) struct Collector {
    messages: Vec<Message>,
    /// How many more there were.
    unshown: usize,
    /// Text that is no message yet.
    text: String,
    /// How many bytes of text were kept.
    kept: usize,
    /// How many were not since the last message.
    unkept: usize,
    /// Nothing was said since the last message.
    can_update: bool,
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

    /// A message in place of the one right before it; where there is none, one more message.
    pub fn update(message: Message) -> Self {
        Self(Piece::Update(Box::new(message)))
    }

    /// How far the command is, in a few words, in place of what was said of that before: what
    /// [`Call::progress`](crate::Call::progress) says. Of more than 1 KiB the rest is left out.
    pub fn progress(text: impl Into<String>) -> Self {
        let mut text = text.into();
        cut(&mut text, LONGEST_PROGRESS);
        Self(Piece::Progress(text))
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

    /// Parts that come while the command runs, each shown as it comes. A host that cannot do that gets them together at
    /// the end.
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
        Parts::of(self).whole().await
    }
}

impl Collector {
    pub(crate) fn take(&mut self, part: Part) {
        let is_message = matches!(part.0, Piece::Message(_) | Piece::Update(_));
        match part.0 {
            Piece::Text(mut text) => {
                self.unkept += cut(&mut text, MOST_TEXT - self.kept);
                self.kept += text.len();
                self.text.push_str(&text);
            }
            Piece::Update(message) if self.can_update => match self.messages.last_mut() {
                Some(last) if self.unshown == 0 => *last = *message,
                _ => {}
            },
            Piece::Message(message) | Piece::Update(message) => self.push(*message),
            Piece::Progress(_) => return,
        }
        self.can_update = is_message;
    }

    pub(crate) fn end(mut self) -> Vec<Message> {
        self.flush();
        let Self { mut messages, mut unshown, .. } = self;
        // Hosts make one message of a filterable first one, and drop the others.
        if messages.len() > 1 {
            for message in messages.iter_mut().filter(|m| m.kind == MessageType::BaseBodyWithFilter) {
                message.kind = MessageType::Default;
            }
        }
        if unshown > 0 {
            unshown += usize::from(messages.pop().is_some());
            messages.push(Message::text(format!("… and {unshown} more messages, which one answer cannot hold.")));
        }
        messages
    }

    /// The error that came after all this: what the command printed before it failed usually says why.
    pub(crate) fn failed(self, error: Error) -> Error {
        match self.text.trim_end() {
            "" => error,
            text => Error::for_user(format!("{text}\n{error}")),
        }
    }

    fn push(&mut self, message: Message) {
        self.flush();
        if self.messages.len() < MOST_MESSAGES { self.messages.push(message) } else { self.unshown += 1 }
    }

    fn flush(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        let unkept = std::mem::take(&mut self.unkept);
        if unkept > 0 {
            text += &format!("\n… and {unkept} more bytes, which one answer cannot hold\n");
        }
        if !text.is_empty() {
            self.push(Message::code(text).with_filter());
        }
    }
}

/// Cuts a text to this many bytes or a little less; how many are gone.
pub(crate) fn cut(text: &mut String, most: usize) -> usize {
    let end = text.floor_char_boundary(most);
    let gone = text.len() - end;
    text.truncate(end);
    gone
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
mod tests;
