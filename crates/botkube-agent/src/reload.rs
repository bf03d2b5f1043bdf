//! The record of what was done about changed configurations; it reads no file and changes nothing.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// How many attempts are remembered; the oldest is forgotten for the next.
pub const REMEMBERED: usize = 20;

/// One attempt to go on with another configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// When it began.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// The files that were read, in the order in which they count.
    pub files: Vec<PathBuf>,
    /// What came of it.
    pub outcome: Outcome,
    /// What changed, in words without secrets; empty when nothing did.
    pub changes: Vec<String>,
    /// What was wrong and what to do, in words without secrets.
    pub error: Option<String>,
}

/// What came of a changed configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is in effect.
    Applied,
    /// It cannot be used, so nothing changed.
    Refused,
    /// A plugin's new version could not take the place of the former one, which goes on.
    RolledBack,
}

/// The latest attempts, and how many there were of each outcome.
#[derive(Debug, Default)]
pub(crate) struct Reloads(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    latest: VecDeque<Reloaded>,
    /// For each outcome how often it was, and when last.
    tallies: [(u64, Option<SystemTime>); Outcome::ALL.len()],
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Applied, Self::Refused, Self::RolledBack];

    /// The word for it where programs read: `applied`, `refused` or `rolledBack`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::RolledBack => "rolledBack",
        }
    }
}

impl Reloads {
    pub(crate) fn add(&self, record: Reloaded) {
        let mut kept = self.lock();
        let (count, last) = &mut kept.tallies[record.outcome as usize];
        (*count, *last) = (*count + 1, Some(record.at));
        if kept.latest.len() == REMEMBERED {
            kept.latest.pop_front();
        }
        kept.latest.push_back(record);
    }

    /// The latest, the oldest of them first.
    pub(crate) fn latest(&self) -> Vec<Reloaded> {
        self.lock().latest.iter().cloned().collect()
    }

    /// How often this came of it since the agent began, and when last.
    pub(crate) fn tally(&self, outcome: Outcome) -> (u64, Option<SystemTime>) {
        self.lock().tallies[outcome as usize]
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(second: u64, outcome: Outcome) -> Reloaded {
        Reloaded {
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
            took: Duration::from_millis(3),
            files: vec!["botkube.yaml".into()],
            outcome,
            changes: Vec::new(),
            error: None,
        }
    }

    #[test]
    fn the_oldest_attempt_is_forgotten_and_still_counted() {
        let reloads = Reloads::default();
        for second in 0..=REMEMBERED as u64 {
            reloads.add(record(second, Outcome::Refused));
        }
        let latest = reloads.latest();
        assert_eq!((latest.len(), latest[0].clone()), (REMEMBERED, record(1, Outcome::Refused)));
        assert_eq!(reloads.tally(Outcome::Refused).0, REMEMBERED as u64 + 1);
    }

    #[test]
    fn each_outcome_is_counted_for_itself() {
        let reloads = Reloads::default();
        reloads.add(record(1, Outcome::Applied));
        let applied = (1, Some(record(1, Outcome::Applied).at));
        assert_eq!(Outcome::ALL.map(|outcome| reloads.tally(outcome)), [applied, (0, None), (0, None)]);
    }
}
