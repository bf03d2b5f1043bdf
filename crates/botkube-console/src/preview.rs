//! What the console can show, and what a message becomes there. It knows neither rooms nor a store.

use std::time::{Duration, SystemTime};

use botkube_api::message::Message;
use botkube_core::{
    platform::{Audience, Capabilities, Post},
    render::{self, Fitted},
};

use crate::entry::{By, Entry, File, since_1970};

/// The entries that a message becomes, as a browser gets them. A file among them is nowhere to be had.
#[must_use]
pub fn preview(message: Message) -> Vec<Entry> {
    let only_for = message.only_visible_for_you.then(|| "you".to_owned());
    let (audience, at) = (Audience::Everyone, since_1970(SystemTime::now()));
    let post = Post { key: String::new(), message, header: None, live: None, audience, anchor: None };
    let entry = |(place, fitted): (usize, Fitted)| {
        let (message, file) = match fitted {
            Fitted::Post(post) => (Some(post.message), None),
            Fitted::File { name, content } => {
                (None, Some(File { name, size: content.len() as u64, url: String::new() }))
            }
        };
        Entry {
            id: (place + 1).to_string(),
            revision: place as u64 + 1,
            at,
            by: By::agent(),
            key: String::new(),
            text: None,
            how: None,
            used: None,
            header: None,
            message,
            live: None,
            file,
            only_for: only_for.clone(),
            answers: None,
        }
    };
    render::fit(post, &capabilities()).into_iter().enumerate().map(entry).collect()
}

/// What the console can show: everything, up to what a person can look at.
#[must_use]
pub fn capabilities() -> Capabilities {
    Capabilities {
        threads: false,
        code: 128 << 10,
        text: 64 << 10,
        message: 256 << 10,
        messages: 8,
        edits_every: Duration::from_millis(100),
        ..Capabilities::everything()
    }
}
