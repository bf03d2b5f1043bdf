//! What happens in a channel, told to one who watches it. It keeps nothing.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::entry::Entry;

/// What happened in a channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An entry is new, or is now like this.
    Entry(Arc<Entry>),
    /// An entry's code grew by this text.
    Grown {
        /// Which entry.
        id: String,
        /// The revision it has now.
        revision: u64,
        /// What is new of its code.
        text: String,
        /// The entry as it is now.
        entry: Arc<Entry>,
    },
    /// An entry is to be opened as a form.
    Form(Arc<Entry>),
    /// So much happened that some of it is not told: look again.
    Missed,
}

/// Tells what happens in a channel, as far as one person sees it.
pub struct Watch {
    /// `None` sees everything.
    pub(super) person: Option<String>,
    pub(super) changes: broadcast::Receiver<Change>,
}

impl Watch {
    /// What happens next; `None` when the channel is gone.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            match self.changes.recv().await {
                Ok(change) => {
                    let is_seen = match &change {
                        Change::Entry(entry) | Change::Grown { entry, .. } | Change::Form(entry) => {
                            self.person.as_ref().is_none_or(|person| entry.is_for(person))
                        }
                        Change::Missed => true,
                    };
                    if is_seen {
                        return Some(change);
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Change::Missed),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
