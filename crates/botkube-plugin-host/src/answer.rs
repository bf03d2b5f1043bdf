//! What a plugin answers, as the corridor takes it: all at once or piece by piece. It knows no process.

use std::ops::ControlFlow;

use botkube_api::message::Message;
use botkube_core::port::{Piece, Pieces, PluginError};
use botkube_proto::{
    LONGEST_PROGRESS, MOST_MESSAGES,
    executor::ExecuteResponse,
    stream::{Part, part::Content},
};
use tonic::{Status, Streaming};

/// How following a live answer ended.
pub(crate) enum Followed {
    /// The plugin said everything; what is left to show.
    Ended(Vec<Message>),
    /// Nobody wants more of it.
    Stopped,
    /// The plugin or the way to it failed.
    Broke(Status),
    /// What it said cannot be taken.
    Refused(PluginError),
}

/// Counts what a live answer holds, in bytes.
#[derive(Default)]
struct Size {
    total: u64,
    /// What an update would take the place of.
    latest: u64,
}

/// The messages of an answer that came at once.
///
/// # Errors
///
/// When one of them is no message.
pub(crate) fn messages(response: &ExecuteResponse) -> Result<Vec<Message>, PluginError> {
    let unseen = (1 + response.messages.len()).saturating_sub(MOST_MESSAGES);
    let mut messages = Vec::with_capacity(1 + response.messages.len().min(MOST_MESSAGES));
    if !response.message.is_empty() {
        messages.push(message(&response.message)?);
    }
    for json in response.messages.iter().take(MOST_MESSAGES - 1) {
        messages.push(message(json)?);
    }
    if unseen > 0 {
        messages.push(Message::text(format!("… and {unseen} more messages, which one answer cannot hold.")));
    }
    Ok(messages)
}

/// One message.
///
/// # Errors
///
/// When it is none.
pub(crate) fn message(json: &[u8]) -> Result<Message, PluginError> {
    Message::from_json(json).map_err(|e| PluginError::Broken(e.to_string()))
}

/// Passes on what a plugin says until it has said everything, or more than `limit` bytes. Of what takes the place of
/// something else only the latest counts.
pub(crate) async fn follow(mut parts: Streaming<Part>, pieces: &mut dyn Pieces, limit: u64) -> Followed {
    let mut size = Size::default();
    let mut rest = Vec::new();
    loop {
        let content = match parts.message().await {
            Ok(Some(part)) => part.content,
            Ok(None) => return Followed::Ended(rest),
            Err(status) => return Followed::Broke(status),
        };
        // Made by a later version.
        let Some(content) = content else { continue };
        size.add(&content);
        if size.total > limit {
            return Followed::Refused(PluginError::TooLarge { size: None, limit });
        }
        let piece = match content {
            Content::Text(text) => Ok(Piece::Text(text)),
            Content::Message(json) => message(&json).map(Piece::Message),
            Content::Update(json) => message(&json).map(Piece::Update),
            Content::Progress(mut text) => {
                text.truncate(text.floor_char_boundary(LONGEST_PROGRESS));
                Ok(Piece::Progress(text))
            }
            Content::Rest(response) => match messages(&response) {
                Ok(messages) => {
                    rest = messages;
                    continue;
                }
                Err(error) => Err(error),
            },
        };
        match piece {
            Ok(piece) => {
                if pieces.take(piece).await == ControlFlow::Break(()) {
                    return Followed::Stopped;
                }
            }
            Err(error) => return Followed::Refused(error),
        }
    }
}

impl Size {
    fn add(&mut self, content: &Content) {
        let (before, latest) = match content {
            Content::Text(text) => (0, text.len()),
            Content::Message(json) => (0, json.len()),
            Content::Update(json) => (self.latest, json.len()),
            // Short, and nobody keeps it.
            Content::Progress(_) => return,
            Content::Rest(rest) => (0, rest.message.len() + rest.messages.iter().map(|m| m.len()).sum::<usize>()),
        };
        let latest = latest as u64;
        self.total = (self.total - before).saturating_add(latest);
        self.latest = if matches!(content, Content::Message(_) | Content::Update(_)) { latest } else { 0 };
    }
}
