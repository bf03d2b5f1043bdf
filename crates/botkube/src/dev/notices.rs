//! How the author is told what happens beside the chat: in every channel, where they look, or on standard error where nobody
//! can look.

use std::sync::Arc;

use botkube_api::message::{Message, Section};
use botkube_console::rooms::Rooms;
use botkube_core::platform::{Audience, Platform, Post};

use crate::complain;

/// The most of a text that is shown in a chat, in lines; a compiler says the first cause first.
const LINES: usize = 120;

/// Tells the author.
pub(super) struct Notices {
    rooms: Option<Arc<Rooms>>,
    /// Whether nobody looks at the rooms.
    is_blind: bool,
    told: u64,
}

impl Notices {
    pub(super) fn new(rooms: Option<Arc<Rooms>>, is_blind: bool) -> Self {
        Self { rooms, is_blind, told: 0 }
    }

    /// A line.
    pub(super) async fn line(&mut self, text: &str) {
        self.tell(text, "").await;
    }

    /// A line, and the words of whoever is meant by it.
    pub(super) async fn tell(&mut self, title: &str, words: &str) {
        if self.is_blind {
            complain(&if words.is_empty() { title.to_owned() } else { format!("{title}\n{words}") });
        }
        let Some(rooms) = &self.rooms else { return };
        self.told += 1;
        let message = if words.is_empty() {
            Message::text(title)
        } else {
            Message::new().section(Section::new().header(title).body_code(first(words)))
        };
        for channel in rooms.channels() {
            let post = Post {
                key: format!("dev/{}", self.told),
                message: message.clone(),
                header: None,
                live: None,
                audience: Audience::Everyone,
                anchor: None,
            };
            if let Err(error) = rooms.post(&channel, &post).await {
                tracing::warn!(channel = channel.called(), %error, "a notice was not shown: {title}");
            }
        }
    }
}

/// The beginning of a text.
fn first(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let more = lines.len().saturating_sub(LINES);
    let mut shown = lines[..lines.len() - more].join("\n");
    if more > 0 {
        shown.push_str(&format!("\n… {more} more lines"));
    }
    shown
}
