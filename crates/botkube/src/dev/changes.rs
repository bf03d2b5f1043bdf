//! What the author saves: which folder it concerns, and whether it is another text, once the burst of it is over. It builds
//! nothing.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::Instant,
};

use botkube_author::project::Project;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::{mpsc, watch},
    time,
};

use crate::watching::{self, Report};

/// The most bytes of a file that are read; a larger one is known by its size and time.
const READ: u64 = 8 << 20;
/// How many files a folder may have that is looked through; a larger one is never the same.
const FILES: usize = 2000;

/// Watches folders and a configuration. Nothing is watched any more once it is dropped.
pub(super) struct Changes {
    projects: Vec<Saved>,
    settings: Saved,
}

/// Tells when something of one kind was saved.
#[derive(Clone)]
pub(super) struct Saved {
    latest: watch::Receiver<Telling>,
    /// How many edits were told.
    edits: u64,
}

/// Something was saved, and the burst of it is over.
#[derive(Clone, Debug)]
pub(super) struct Save {
    /// When it was saved last.
    pub(super) at: Instant,
    /// Some of what was saved, where one can say.
    pub(super) path: Option<PathBuf>,
    /// Nothing is another text than before.
    pub(super) is_same: bool,
}

/// What is told of one kind of things.
#[derive(Clone, Debug, Default)]
struct Telling {
    at: Option<Instant>,
    path: Option<PathBuf>,
    /// Grows with every burst after which something is another text.
    edits: u64,
}

/// Sorts reports by what they concern.
struct Sorter {
    watcher: RecommendedWatcher,
    watched: Vec<Watched>,
    /// What is watched with all below it.
    below: HashSet<PathBuf>,
    /// What was in what was saved, as of the end of the last burst with it; nothing where there was nothing.
    known: HashMap<PathBuf, Option<u64>>,
}

/// A path and what stands for its content.
type Known = (PathBuf, Option<u64>);

/// A folder or a file that is watched.
struct Watched {
    /// The folder.
    project: Option<Project>,
    /// The file.
    file: PathBuf,
    tell: watch::Sender<Telling>,
    burst: Option<Burst>,
}

/// Changes that follow each other.
struct Burst {
    times: watching::Burst,
    paths: BTreeSet<PathBuf>,
    /// Something is not in `paths`.
    is_more: bool,
}

impl Changes {
    /// Watches from now on. Must be called on a runtime.
    pub(super) fn watch(projects: &[Project], settings: &Path) -> notify::Result<Self> {
        let (watcher, waiting) = watching::watcher()?;
        let (watched, below, known) = <_>::default();
        let mut sorter = Sorter { watcher, watched, below, known };
        let settings = sorter.add(None, settings);
        let mut saved = Vec::new();
        for project in projects {
            sorter.watcher.watch(project.dir(), RecursiveMode::NonRecursive)?;
            saved.push(sorter.add(Some(project.clone()), project.dir()));
        }
        sorter.watch_folders();
        tokio::spawn(sorter.sort(waiting));
        Ok(Self { projects: saved, settings })
    }

    /// What is saved in a folder that asks for a new build of it.
    pub(super) fn project(&self, number: usize) -> Saved {
        self.projects[number].clone()
    }

    /// The same for whoever is the first to ask.
    pub(super) fn of(&mut self, number: usize) -> &mut Saved {
        &mut self.projects[number]
    }

    /// What is saved of the configuration.
    pub(super) fn settings(&self) -> Saved {
        self.settings.clone()
    }
}

impl Saved {
    /// Waits until something was saved and the burst is over. Nothing is lost when it is dropped. For ever, when nothing is
    /// watched any more.
    pub(super) async fn next(&mut self) -> Save {
        if self.latest.changed().await.is_err() {
            return std::future::pending().await;
        }
        let Telling { at, path, edits } = self.latest.borrow_and_update().clone();
        let is_same = std::mem::replace(&mut self.edits, edits) == edits;
        Save { at: at.unwrap_or_else(Instant::now), path, is_same }
    }
}

impl Sorter {
    fn add(&mut self, project: Option<Project>, file: &Path) -> Saved {
        let (tell, latest) = watch::channel(Telling::default());
        self.watched.push(Watched { project, file: file.to_owned(), tell, burst: None });
        Saved { latest, edits: 0 }
    }

    async fn sort(mut self, mut reports: mpsc::Receiver<Report>) {
        loop {
            let due =
                self.watched.iter().filter_map(|watched| watched.burst.as_ref()).map(|burst| burst.times.due()).min();
            let over = async {
                match due {
                    Some(due) => time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                report = reports.recv() => match report {
                    Some(paths) => self.note(paths),
                    None => return,
                },
                () = over => self.tell(),
                // Nobody wants to know any more.
                () = self.watched[0].tell.closed() => return,
            }
        }
    }

    /// Takes in a report; without paths anything may have changed.
    fn note(&mut self, paths: Report) {
        let times = watching::Burst::begin();
        for watched in &mut self.watched {
            let concerns = |path: &&PathBuf| match &watched.project {
                Some(project) => project.concerns(path),
                None => **path == watched.file,
            };
            let concerned: Vec<&PathBuf> = paths.iter().flatten().filter(concerns).collect();
            if paths.is_some() && concerned.is_empty() {
                continue;
            }
            let new = || Burst { times, paths: BTreeSet::new(), is_more: false };
            let burst = watched.burst.get_or_insert_with(new);
            burst.times.latest = times.latest;
            burst.is_more |= paths.is_none();
            burst.paths.extend(concerned.into_iter().cloned());
        }
        let is_top = |path: &PathBuf| self.watched.iter().any(|watched| path.parent() == Some(&*watched.file));
        if paths.is_none_or(|paths| paths.iter().any(is_top)) {
            self.watch_folders();
        }
    }

    /// Tells of the bursts that are over.
    fn tell(&mut self) {
        let now = time::Instant::now();
        for watched in &mut self.watched {
            let Some(Burst { times, paths, is_more }) = watched.burst.take_if(|burst| burst.times.due() <= now) else {
                continue;
            };
            let mut edited = None;
            for path in &paths {
                let mut found = Vec::new();
                let is = content(path, watched.project.as_ref(), &mut found);
                if is.is_none_or(|is| self.known.get(path) != Some(&is)) {
                    edited.get_or_insert(path);
                }
                self.known.extend(found);
            }
            let path = edited.or(paths.first()).cloned();
            watched.tell.send_modify(|telling| {
                let edits = telling.edits + u64::from(edited.is_some() || is_more);
                *telling = Telling { at: Some(times.latest.into_std()), path, edits };
            });
        }
    }

    /// Watches the folders of each project, without those that hold what is built: there may be thousands in them.
    fn watch_folders(&mut self) {
        for project in self.watched.iter().filter_map(|watched| watched.project.as_ref()) {
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

/// What stands for the content of a file, or of a folder with all that concerns the project; nothing stands for nothing.
/// `None` for what is too much to be read. All that was seen is `found`.
fn content(path: &Path, project: Option<&Project>, found: &mut Vec<Known>) -> Option<Option<u64>> {
    if found.len() >= FILES {
        return None;
    }
    let mut hash = DefaultHasher::new();
    let Ok(is) = fs::metadata(path) else {
        found.push((path.to_owned(), None));
        return Some(None);
    };
    if is.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let concerns = |path: &PathBuf| project.is_none_or(|project| project.concerns(path));
        for below in entries.filter(concerns).collect::<BTreeSet<_>>() {
            // A link may lead around in a circle.
            let link = fs::read_link(&below).ok();
            let within = if link.is_some() { None } else { content(&below, project, found)? };
            (below, link, within).hash(&mut hash);
        }
    } else if is.is_file() && is.len() <= READ {
        fs::read(path).ok().hash(&mut hash);
    } else {
        (is.len(), is.modified().ok()).hash(&mut hash);
    }
    let is = Some(hash.finish());
    found.push((path.to_owned(), is));
    Some(is)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watching::{LONGEST, QUIET};

    fn folder() -> (tempfile::TempDir, Project, Saved) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("source"), "one").unwrap();
        let project = Project::find(dir.path(), Some("true")).unwrap();
        let changes = Changes::watch(std::slice::from_ref(&project), &project.dir().join("botkube.yaml")).unwrap();
        let saved = changes.project(0);
        // The settings are what is held on to.
        tokio::spawn(async move {
            let _held = changes;
            std::future::pending::<()>().await;
        });
        (dir, project, saved)
    }

    async fn told(saved: &mut Saved) -> Save {
        time::timeout(std::time::Duration::from_secs(20), saved.next()).await.expect("it was told of")
    }

    #[tokio::test]
    async fn a_save_of_the_same_text_is_told_as_such_and_one_of_another_is_not() {
        let (_dir, project, mut saved) = folder();
        for (text, is_same) in [("two", false), ("two", true), ("three", false)] {
            fs::write(project.dir().join("source"), text).unwrap();
            assert_eq!(told(&mut saved).await.is_same, is_same, "{text}");
        }
    }

    #[tokio::test]
    async fn an_edit_is_not_forgotten_for_a_save_of_the_same_text_that_follows() {
        let (_dir, project, mut saved) = folder();
        let mut other = saved.clone();
        for _ in 0..2 {
            fs::write(project.dir().join("source"), "two").unwrap();
            told(&mut other).await;
        }
        assert!(!told(&mut saved).await.is_same);
    }

    #[tokio::test]
    async fn a_folder_that_is_made_anew_with_the_same_in_it_is_the_same() {
        let (_dir, project, mut saved) = folder();
        let out = project.dir().join("out");
        for is_same in [false, true] {
            let _ = fs::remove_dir_all(&out);
            fs::create_dir(&out).unwrap();
            fs::write(out.join("made"), "x").unwrap();
            assert_eq!(told(&mut saved).await.is_same, is_same);
            // The folder may be told of before what is in it.
            while time::timeout(LONGEST, saved.next()).await.is_ok() {}
        }
    }

    #[tokio::test]
    async fn a_save_that_somebody_stopped_waiting_for_is_told_to_the_next_who_waits() {
        let (_dir, project, mut saved) = folder();
        fs::write(project.dir().join("source"), "two").unwrap();
        assert!(time::timeout(QUIET / 30, saved.next()).await.is_err(), "the burst is not over");
        told(&mut saved).await;
        assert!(time::timeout(LONGEST, saved.next()).await.is_err(), "it is told once");
    }
}
