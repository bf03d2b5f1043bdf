//! What the author saves: which folder it concerns, once the burst of it is over. It reads no file.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use botkube_author::project::Project;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher, event::AccessKind};
use tokio::{
    sync::{mpsc, watch},
    time,
};

/// How long nothing may happen until what happened is over: editors save in several steps.
const QUIET: Duration = Duration::from_millis(30);
/// How long a burst may last until it is acted upon all the same.
const LONGEST: Duration = Duration::from_millis(500);
/// How many reports may wait to be sorted; with more, everything counts as changed.
const WAITING: usize = 4096;

/// Watches folders and a configuration. Nothing is watched any more once it is dropped.
pub(super) struct Changes {
    projects: Vec<Saved>,
    settings: Saved,
}

/// Tells when something of one kind was saved.
#[derive(Clone)]
pub(super) struct Saved {
    latest: watch::Receiver<Option<Instant>>,
}

/// Sorts reports by what they concern.
struct Sorter {
    watcher: RecommendedWatcher,
    projects: Vec<(Project, watch::Sender<Option<Instant>>)>,
    settings: (PathBuf, watch::Sender<Option<Instant>>),
    /// What is watched with all below it.
    below: HashSet<PathBuf>,
}

impl Changes {
    /// Watches from now on. Must be called on a runtime.
    pub(super) fn watch(projects: &[Project], settings: &Path) -> notify::Result<Self> {
        let (reports, waiting) = mpsc::channel(WAITING);
        let watcher = notify::recommended_watcher(move |report: notify::Result<notify::Event>| {
            // One place is left for saying that there were more.
            let _ = match report {
                Ok(event) if !is_change(event.kind) => return,
                Ok(event) if reports.capacity() > 1 && !event.need_rescan() => reports.try_send(Some(event.paths)),
                _ => reports.try_send(None),
            };
        })?;
        let (sender, receiver) = watch::channel(None);
        let settings_saved = Saved { latest: receiver };
        let mut sorter =
            Sorter { watcher, projects: Vec::new(), settings: (settings.to_owned(), sender), below: HashSet::new() };
        let mut saved = Vec::new();
        for project in projects {
            let (sender, receiver) = watch::channel(None);
            saved.push(Saved { latest: receiver });
            sorter.watcher.watch(project.dir(), RecursiveMode::NonRecursive)?;
            sorter.projects.push((project.clone(), sender));
        }
        sorter.watch_folders();
        tokio::spawn(sorter.sort(waiting));
        Ok(Self { projects: saved, settings: settings_saved })
    }

    /// What is saved in a folder that asks for a new build of it.
    pub(super) fn project(&self, number: usize) -> Saved {
        self.projects[number].clone()
    }

    /// What is saved of the configuration.
    pub(super) fn settings(&self) -> Saved {
        self.settings.clone()
    }

    /// Waits until a folder asks for a new build.
    pub(super) async fn of(&mut self, number: usize) {
        self.projects[number].next().await;
    }
}

impl Saved {
    /// Waits until something was saved and the burst is over; gives when it was saved last. For ever, when nothing is watched
    /// any more.
    pub(super) async fn next(&mut self) -> Instant {
        if self.latest.changed().await.is_err() {
            return std::future::pending().await;
        }
        let limit = time::Instant::now() + LONGEST;
        loop {
            let saved = self.latest.borrow_and_update().unwrap_or_else(Instant::now);
            let quiet = time::Instant::from_std(saved) + QUIET;
            tokio::select! {
                () = time::sleep_until(quiet.min(limit)) => return saved,
                changed = self.latest.changed() => if changed.is_err() {
                    return saved;
                },
            }
        }
    }
}

impl Sorter {
    async fn sort(mut self, mut reports: mpsc::Receiver<Option<Vec<PathBuf>>>) {
        while let Some(paths) = tokio::select! {
            report = reports.recv() => report,
            () = self.nobody() => None,
        } {
            let now = Some(Instant::now());
            match paths {
                Some(paths) => {
                    if paths.contains(&self.settings.0) {
                        self.settings.1.send_replace(now);
                    }
                    for (project, saved) in &self.projects {
                        if paths.iter().any(|path| project.concerns(path)) {
                            saved.send_replace(now);
                        }
                    }
                    let is_top =
                        |path: &PathBuf| self.projects.iter().any(|(project, _)| path.parent() == Some(project.dir()));
                    if paths.iter().any(is_top) {
                        self.watch_folders();
                    }
                }
                None => {
                    self.settings.1.send_replace(now);
                    self.projects.iter().for_each(|(_, saved)| {
                        saved.send_replace(now);
                    });
                    self.watch_folders();
                }
            }
        }
    }

    /// Waits until nobody wants to know any more.
    async fn nobody(&self) {
        self.settings.1.closed().await;
    }

    /// Watches the folders of each project, without those that hold what is built: there may be thousands in them.
    fn watch_folders(&mut self) {
        for (project, _) in &self.projects {
            let Ok(entries) = project.dir().read_dir() else { continue };
            for entry in entries.flatten() {
                let path = entry.path();
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if !is_folder || self.below.contains(&path) || !project.concerns(&path.join("x.rs")) {
                    continue;
                }
                match self.watcher.watch(&path, RecursiveMode::Recursive) {
                    Ok(()) => drop(self.below.insert(path)),
                    Err(error) => tracing::warn!(path = %path.display(), %error, "a folder is not watched"),
                }
            }
        }
        self.below.retain(|path| path.is_dir());
    }
}

fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(notify::event::AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}
