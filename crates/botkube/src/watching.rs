//! Reports of what is written to files, and when a burst of them is over. It knows no single file.

use std::{path::PathBuf, time::Duration};

use notify::{EventKind, RecommendedWatcher, event::AccessKind};
use tokio::{sync::mpsc, time::Instant};

/// How long nothing may happen until what happened is over: editors save in several steps.
pub(crate) const QUIET: Duration = Duration::from_millis(30);
/// How long a burst may last until it is acted upon all the same.
pub(crate) const LONGEST: Duration = Duration::from_millis(500);
/// How many reports may wait to be sorted; with more, everything counts as changed.
const WAITING: usize = 4096;

/// What something happened to; `None`: anything may have changed.
pub(crate) type Report = Option<Vec<PathBuf>>;

/// Changes that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    began: Instant,
    /// The last change.
    pub(crate) latest: Instant,
}

/// Watches nothing yet, and reports every change of what it is told to watch.
///
/// # Errors
///
/// When the system has no watcher left.
pub(crate) fn watcher() -> notify::Result<(RecommendedWatcher, mpsc::Receiver<Report>)> {
    let (reports, waiting) = mpsc::channel(WAITING);
    let watcher = notify::recommended_watcher(move |report: notify::Result<notify::Event>| {
        // One place is left for saying that there were more.
        let _ = match report {
            Ok(event) if !is_change(event.kind) => return,
            Ok(event) if reports.capacity() > 1 && !event.need_rescan() => reports.try_send(Some(event.paths)),
            _ => reports.try_send(None),
        };
    })?;
    Ok((watcher, waiting))
}

impl Burst {
    /// The first change was just now.
    pub(crate) fn begin() -> Self {
        let now = Instant::now();
        Self { began: now, latest: now }
    }

    /// When it counts as over.
    pub(crate) fn due(&self) -> Instant {
        (self.latest + QUIET).min(self.began + LONGEST)
    }
}

fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(notify::event::AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}
