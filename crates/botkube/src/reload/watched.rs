//! The files of a configuration and whatever leads to them: Kubernetes swaps a link, editors rename. It reads no file.

use std::{
    collections::BTreeSet,
    fs,
    path::{self, Path, PathBuf},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{sync::mpsc, time};

use crate::watching::{self, Burst, Report};

/// How many links may lead to a file; a circle has more.
const LINKS: usize = 40;

/// Watches files. Nothing is watched any more once it is dropped.
pub(super) struct Watched {
    watcher: RecommendedWatcher,
    reports: mpsc::Receiver<Report>,
    files: Vec<PathBuf>,
    way: Way,
    burst: Option<Burst>,
}

/// What leads to the files.
#[derive(Default, PartialEq, Eq)]
struct Way {
    /// The files, the links, and the folders on the way to them.
    steps: BTreeSet<PathBuf>,
    /// Where what is written shows in the files.
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    /// Watches these from now on.
    ///
    /// # Errors
    ///
    /// When the system has no watcher left.
    pub(super) fn new(files: Vec<PathBuf>) -> notify::Result<Self> {
        let (watcher, reports) = watching::watcher()?;
        let mut watched = Self { watcher, reports, files, way: Way::default(), burst: None };
        watched.arm();
        Ok(watched)
    }

    /// Waits until something happened to the files and the burst of it is over. Nothing is lost when it is
    /// dropped.
    pub(super) async fn changed(&mut self) {
        loop {
            let due = self.burst.as_ref().map(Burst::due);
            let over = async {
                match due {
                    Some(due) => time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = over => {
                    self.arm();
                    self.burst = None;
                    return;
                }
                report = self.reports.recv() => match report {
                    Some(report) => self.note(report),
                    None => std::future::pending().await,
                },
            }
        }
    }

    fn note(&mut self, report: Report) {
        let concerns = |path: &PathBuf| self.way.steps.contains(path);
        if report.as_ref().is_none_or(|paths| paths.iter().any(concerns)) {
            let now = Burst::begin();
            self.burst.get_or_insert(now).latest = now.latest;
        }
        // A folder that is another one by now is watched by its former self.
        if report.is_none_or(|paths| paths.iter().any(|path| self.way.folders.contains(path))) {
            self.way = Way::default();
        }
    }

    /// Watches what leads to the files by now.
    fn arm(&mut self) {
        let way = Way::to(&self.files);
        if way == self.way {
            return;
        }
        let mut paths = self.watcher.paths_mut();
        for folder in &self.way.folders {
            // It may be gone, and its watch with it.
            let _ = paths.remove(folder);
        }
        for folder in &way.folders {
            let _ = paths.remove(folder);
            if let Err(error) = paths.add(folder, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %folder.display(), %error, "changes of the configuration there are not seen; SIGHUP has it read");
            }
        }
        if let Err(error) = paths.commit() {
            tracing::warn!(%error, "changes of the configuration are not seen; SIGHUP has it read");
        }
        self.way = way;
    }
}

impl Way {
    fn to(files: &[PathBuf]) -> Self {
        let mut way = Self::default();
        for file in files {
            way.walk(path::absolute(file).unwrap_or_else(|_| file.clone()));
        }
        way
    }

    fn walk(&mut self, mut path: PathBuf) {
        for _ in 0..LINKS {
            let mut way = PathBuf::new();
            let mut parts = path.components();
            let link = loop {
                let Some(part) = parts.next() else { break None };
                way.push(part);
                self.step(&way);
                if let Ok(link) = fs::read_link(&way) {
                    break Some(way.parent().unwrap_or(Path::new("/")).join(link).join(parts.as_path()));
                }
            };
            // Where it is missing, it will come into what there is.
            let folder = way.ancestors().skip(1).find(|folder| folder.is_dir());
            self.folders.extend(folder.map(Path::to_owned));
            match link {
                Some(next) => path = next,
                None => return,
            }
        }
    }

    fn step(&mut self, path: &Path) {
        // Some systems report where a folder really is.
        let real = path.parent().and_then(|folder| fs::canonicalize(folder).ok()).zip(path.file_name());
        self.steps.extend(real.map(|(folder, name)| folder.join(name)));
        self.steps.insert(path.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, time::Duration};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A folder with a file `config`, watched.
    fn folder() -> (tempfile::TempDir, PathBuf, Watched) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        fs::write(&file, "one").unwrap();
        let watched = Watched::new(vec![file.clone()]).unwrap();
        (dir, file, watched)
    }

    async fn is_seen(watched: &mut Watched, what: &str) {
        time::timeout(PATIENCE, watched.changed()).await.unwrap_or_else(|_| panic!("{what} is not seen"));
    }

    #[tokio::test]
    async fn a_file_that_is_written_replaced_or_removed_and_made_anew_is_seen() {
        let (dir, file, mut watched) = folder();
        fs::write(&file, "two").unwrap();
        is_seen(&mut watched, "what is written").await;
        fs::write(dir.path().join("other"), "three").unwrap();
        fs::rename(dir.path().join("other"), &file).unwrap();
        is_seen(&mut watched, "what is replaced").await;
        fs::remove_file(&file).unwrap();
        is_seen(&mut watched, "what is removed").await;
        fs::write(&file, "four").unwrap();
        is_seen(&mut watched, "what is made anew").await;
    }

    #[tokio::test]
    async fn what_lies_beside_a_file_is_not_seen() {
        let (dir, file, mut watched) = folder();
        fs::write(dir.path().join("other"), "x").unwrap();
        fs::write(&file, "two").unwrap();
        is_seen(&mut watched, "what is written").await;
        assert!(watched.burst.is_none());
        fs::write(dir.path().join("other"), "y").unwrap();
        let report = watched.reports.recv().await.unwrap();
        watched.note(report);
        assert!(watched.burst.is_none());
    }

    #[tokio::test]
    async fn a_swapped_link_on_the_way_is_seen_and_what_it_leads_to_by_then() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for version in ["..1", "..2"] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("config"), version).unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/config", path("config")).unwrap();
        let mut watched = Watched::new(vec![path("config")]).unwrap();
        symlink("..2", path("..data_tmp")).unwrap();
        fs::rename(path("..data_tmp"), path("..data")).unwrap();
        is_seen(&mut watched, "the swap").await;
        fs::write(path("..2/config"), "three").unwrap();
        is_seen(&mut watched, "a change behind the link").await;
    }

    #[tokio::test]
    async fn a_folder_that_takes_anothers_place_is_seen_and_what_is_written_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for folder in ["now", "next"] {
            fs::create_dir(path(folder)).unwrap();
            fs::write(path(folder).join("config"), folder).unwrap();
        }
        let mut watched = Watched::new(vec![path("now/config")]).unwrap();
        fs::rename(path("now"), path("before")).unwrap();
        is_seen(&mut watched, "that it is gone").await;
        fs::rename(path("next"), path("now")).unwrap();
        is_seen(&mut watched, "that it is back").await;
        fs::write(path("now/config"), "x").unwrap();
        is_seen(&mut watched, "what is written in it").await;
    }
}
