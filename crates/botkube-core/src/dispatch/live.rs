//! What a plugin says while it works, on its way into the answer: with a header, filtered, and kept to be filtered again. It
//! knows no plugin.

use std::ops::ControlFlow;

use async_trait::async_trait;
use botkube_api::message::Message;
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{self, Content, Parts},
    filter,
    port::{Piece, Pieces},
};

/// The part of an answer that comes before the command's end.
pub(super) struct Live<'a> {
    parts: &'a mut Parts,
    cancel: &'a CancellationToken,
    pub(super) header: &'a str,
    filter: Option<&'a str>,
    /// The end of the output, if its line is not whole yet and a filter has to see it whole.
    line: String,
    /// The part that brought the latest message.
    latest: Option<u32>,
    /// What was said, whole, while it is short enough to be kept.
    said: Option<Vec<Message>>,
    /// How many bytes that is.
    bytes: usize,
    /// Whether a message or output was passed on.
    passed_on: bool,
}

impl<'a> Live<'a> {
    pub(super) fn new(
        parts: &'a mut Parts,
        cancel: &'a CancellationToken,
        header: &'a str,
        filter: Option<&'a str>,
    ) -> Self {
        Self {
            parts,
            cancel,
            header,
            filter,
            line: String::new(),
            latest: None,
            said: Some(vec![]),
            bytes: 0,
            passed_on: false,
        }
    }

    /// Whether anything of what was said was passed on, and all that was said; nothing of it when it was too much to be kept.
    pub(super) async fn end(mut self) -> (bool, Vec<Message>) {
        let rest = std::mem::take(&mut self.line);
        if self.filter.is_some_and(|value| rest.contains(value)) {
            let _ = self.text(rest).await;
        }
        (self.passed_on, self.said.unwrap_or_default())
    }

    async fn text(&mut self, text: String) -> ControlFlow<()> {
        // More of it would begin a message of its own.
        self.latest = None;
        let header = Some(self.header.to_owned());
        self.say(Content::Text { text, header }).await.map_or(ControlFlow::Break(()), |_| ControlFlow::Continue(()))
    }

    async fn message(&mut self, mut message: Message, of: Option<u32>) -> ControlFlow<()> {
        if let Some(value) = self.filter {
            let mut messages = vec![message];
            match (filter::apply(&mut messages, value), of) {
                (true, _) => message = messages.remove(0),
                // What stands would be what was before.
                (false, Some(_)) => message = answer::empty(),
                (false, None) => return ControlFlow::Continue(()),
            }
        }
        let header = (!message.only_visible_for_you).then(|| self.header.to_owned());
        let message = Box::new(message);
        let content = match of {
            Some(of) => Content::Update { of, message },
            None => Content::Message { message, header },
        };
        match self.say(content).await {
            Some(number) => {
                self.latest = of.or(Some(number));
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    }

    async fn say(&mut self, content: Content) -> Option<u32> {
        self.passed_on |= !matches!(content, Content::Progress(_));
        self.parts.say(content, self.cancel).await
    }

    /// Keeps what was said as one message of output after the other.
    fn keep(&mut self, piece: &Piece) {
        let size = match piece {
            Piece::Text(text) => text.len(),
            Piece::Message(message) | Piece::Update(message) => message.to_json().len(),
            Piece::Progress(_) => 0,
        };
        self.bytes = self.bytes.saturating_add(size.max(1));
        if self.bytes > filter::MOST_KEPT {
            self.said = None;
        }
        let Some(said) = &mut self.said else { return };
        match piece {
            Piece::Text(text) => match said.last_mut() {
                Some(message) if filter::is_output(message) => message.base_body.code_block.push_str(text),
                _ => said.push(Message::code(text.clone()).with_filter()),
            },
            Piece::Update(message) if !said.last().is_none_or(filter::is_output) => {
                said.pop();
                said.push(message.clone());
            }
            Piece::Message(message) | Piece::Update(message) => said.push(message.clone()),
            Piece::Progress(_) => {}
        }
    }
}

#[async_trait]
impl Pieces for Live<'_> {
    async fn take(&mut self, piece: Piece) -> ControlFlow<()> {
        self.keep(&piece);
        match piece {
            Piece::Text(text) => match self.filter {
                None => self.text(text).await,
                Some(value) => {
                    // Only what is new is looked through: a line may be as long as an answer.
                    let Some(end) = text.rfind('\n') else {
                        self.line.push_str(&text);
                        return ControlFlow::Continue(());
                    };
                    let (ends, begins) = text.split_at(end + 1);
                    let whole = std::mem::replace(&mut self.line, begins.to_owned()) + ends;
                    let left: String = whole.split_inclusive('\n').filter(|line| line.contains(value)).collect();
                    if left.is_empty() { ControlFlow::Continue(()) } else { self.text(left).await }
                }
            },
            Piece::Message(message) => self.message(message, None).await,
            Piece::Update(message) => self.message(message, self.latest).await,
            Piece::Progress(text) => {
                self.say(Content::Progress(text)).await.map_or(ControlFlow::Break(()), |_| ControlFlow::Continue(()))
            }
        }
    }
}
