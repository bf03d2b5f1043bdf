//! What one channel keeps of what was said, and which revisions are of its history. It tells nobody of changes.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::SystemTime,
};

use crate::entry::{By, Entry, since_1970};

/// The revisions of a history begin where those of any earlier one end, unless it had more changes in a second than this.
/// JavaScript knows all of them exactly until 2106.
const CHANGES_A_SECOND: u64 = 1 << 21;

/// What a channel keeps.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) entries: VecDeque<Arc<Entry>>,
    pub(super) revision: u64,
    last: u64,
    /// The revision before the first of this history.
    began: u64,
    /// The last revision that was found of it.
    found: u64,
    /// Where it goes on. What may have been told in between was not kept.
    pub(super) resumed: u64,
    /// The entries by the keys of whoever said them.
    pub(super) keys: HashMap<String, String>,
}

impl Kept {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let revisions = || entries.iter().map(|entry| entry.revision);
        let now = since_1970(SystemTime::now()).saturating_mul(CHANGES_A_SECOND) / 1000;
        let found = revisions().max().unwrap_or(now);
        let resumed = found.max(now);
        Self {
            revision: resumed,
            began: revisions().min().map_or(now, |first| first.saturating_sub(1)),
            found,
            resumed,
            last: entries.iter().filter_map(|entry| entry.id.parse().ok()).max().unwrap_or_default(),
            keys: entries.iter().map(|entry| (entry.key.clone(), entry.id.clone())).collect(),
            entries: entries.into_iter().map(Arc::new).collect(),
        }
    }

    /// Whether a revision is of this history; 0 is of all.
    pub(super) fn knows(&self, revision: u64) -> bool {
        let of_this = [self.began..=self.found, self.resumed..=self.revision];
        revision == 0 || of_this.iter().any(|known| known.contains(&revision))
    }

    pub(super) fn new_entry(&mut self, by: By, key: &str) -> Entry {
        self.last += 1;
        Entry {
            id: self.last.to_string(),
            revision: 0,
            at: since_1970(SystemTime::now()),
            by,
            key: key.to_owned(),
            text: None,
            how: None,
            used: None,
            header: None,
            message: None,
            live: None,
            file: None,
            only_for: None,
            answers: None,
        }
    }
}
