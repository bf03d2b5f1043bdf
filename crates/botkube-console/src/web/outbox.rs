//! What one browser is still to be told. It knows no socket.
//!
//! However slow the browser is, this stays bounded: of each entry only the latest state waits, which is the same object that
//! the rooms hold, and who asks more than is answered is not listened to until there is room.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::wire::ToBrowser;
use crate::{
    entry::Entry,
    rooms::{Change, KEPT},
};

/// How many answers may wait before the browser is not listened to.
const ANSWERS: usize = 64;
/// How many forms may wait; of more the oldest are not opened, and stay in the channel.
const FORMS: usize = 8;
/// About how many bytes a frame of entries may have.
const FRAME: usize = 512 << 10;

/// What is to be sent next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// A frame.
    Text(String),
    /// The connection ends, with this code and reason.
    Close(u16, String),
}

/// What one browser is still to be told.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// There is something to send.
    filled: Notify,
    /// There is room for answers.
    emptied: Notify,
}

#[derive(Default)]
struct State {
    answers: VecDeque<String>,
    channels: BTreeMap<String, Pending>,
    forms: VecDeque<String>,
    close: Option<(u16, String)>,
}

/// What is to be told of one channel.
#[derive(Default)]
struct Pending {
    /// By revision, the order in which it is told.
    changes: BTreeMap<u64, Waiting>,
    /// The revisions by entry.
    entries: HashMap<String, u64>,
    /// The highest revision that was told.
    told: u64,
    /// A frame is due even without entries.
    is_due: bool,
    /// What the browser has is of another history.
    is_reset: bool,
}

struct Waiting {
    entry: Arc<Entry>,
    /// Only this is new of it.
    grown: Option<String>,
}

impl Outbox {
    /// Tells an answer.
    pub(super) fn answer(&self, frame: &ToBrowser<'_>) {
        self.state().answers.push_back(frame.json());
        self.filled.notify_one();
    }

    /// Waits until there is room for an answer.
    pub(super) async fn has_room(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.state().answers.len() < ANSWERS {
                return;
            }
            emptied.await;
        }
    }

    /// Begins a channel anew for a browser that has seen this much of it, with what it has not.
    pub(super) fn begin(&self, channel: &str, seen: u64, is_reset: bool, entries: Vec<Arc<Entry>>) {
        let mut pending = Pending { told: seen, is_due: true, is_reset, ..Pending::default() };
        entries.into_iter().for_each(|entry| pending.put(entry, None));
        self.state().channels.insert(channel.to_owned(), pending);
        self.filled.notify_one();
    }

    /// Tells a change of a channel.
    pub(super) fn change(&self, channel: &str, change: Change) {
        let mut state = self.state();
        let State { channels, forms, .. } = &mut *state;
        match change {
            Change::Form(entry) => {
                if forms.len() >= FORMS {
                    forms.pop_front();
                }
                forms.push_back(ToBrowser::Form { channel, entry: &entry }.json());
            }
            Change::Entry(entry) => channels.entry(channel.to_owned()).or_default().put(entry, None),
            Change::Grown { text, entry, .. } => channels.entry(channel.to_owned()).or_default().put(entry, Some(text)),
            Change::Missed => {}
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Ends the connection after the answers that are given.
    pub(super) fn close(&self, code: u16, reason: impl Into<String>) {
        self.state().close.get_or_insert((code, reason.into()));
        self.filled.notify_one();
    }

    /// What is to be sent next.
    pub(super) async fn next(&self) -> Outgoing {
        loop {
            let filled = self.filled.notified();
            if let Some(outgoing) = self.state().take() {
                self.emptied.notify_one();
                return outgoing;
            }
            filled.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<Outgoing> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(Outgoing::Text(answer));
        }
        if let Some((code, reason)) = &self.close {
            return Some(Outgoing::Close(*code, reason.clone()));
        }
        let told = self.channels.iter_mut().find_map(|(channel, pending)| pending.take(channel));
        // A form is opened when the entry it belongs to is there.
        told.or_else(|| self.forms.pop_front()).map(Outgoing::Text)
    }
}

impl Pending {
    fn put(&mut self, entry: Arc<Entry>, mut grown: Option<String>) {
        if let Some(revision) = self.entries.get(&entry.id).copied() {
            if revision >= entry.revision {
                return;
            }
            self.changes.remove(&revision);
            grown = None;
        }
        self.entries.insert(entry.id.clone(), entry.revision);
        self.changes.insert(entry.revision, Waiting { entry, grown });
        // The rooms have forgotten them, too.
        while self.changes.len() > KEPT {
            self.pop();
        }
    }

    fn pop(&mut self) -> Option<Waiting> {
        let (_, waiting) = self.changes.pop_first()?;
        self.entries.remove(&waiting.entry.id);
        Some(waiting)
    }

    fn take(&mut self, channel: &str) -> Option<String> {
        if !self.is_due && self.next_grows() {
            let Waiting { entry, grown } = self.pop()?;
            self.told = entry.revision;
            let text = grown.as_deref().unwrap_or_default();
            return Some(ToBrowser::Grown { channel, id: &entry.id, revision: entry.revision, text }.json());
        }
        let (mut entries, mut size) = (Vec::new(), 0);
        while size < FRAME && (self.is_due || !self.next_grows()) {
            let Some(Waiting { entry, .. }) = self.pop() else { break };
            self.told = entry.revision;
            size += size_of(&entry);
            entries.push(entry);
        }
        if entries.is_empty() && !self.is_due {
            return None;
        }
        let reset = std::mem::take(&mut self.is_reset);
        self.is_due = false;
        let entries: Vec<&Entry> = entries.iter().map(|entry| &**entry).collect();
        Some(ToBrowser::Entries { channel, reset, entries: &entries }.json())
    }

    /// Whether the browser can make the next entry of what it has: it has told itself everything up to it.
    fn next_grows(&self) -> bool {
        let next = self.changes.first_key_value();
        next.is_some_and(|(revision, waiting)| waiting.grown.is_some() && self.told + 1 == *revision)
    }
}

/// About how many bytes an entry has as JSON.
fn size_of(entry: &Entry) -> usize {
    let message = entry.message.as_ref();
    let body = message.map_or(0, |message| message.base_body.code_block.len() + message.base_body.plaintext.len());
    let sections = message.filter(|message| !message.sections.is_empty() || !message.plaintext_inputs.is_empty());
    // Counted only where there is more than a body: a stream is nothing else.
    let sections = sections.and_then(|message| serde_json::to_vec(&message.sections).ok()).map_or(0, |json| json.len());
    500 + body + sections + entry.text.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests;
