//! Where the console keeps what was said; the port, and one that forgets it all with the process.

pub mod disk;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use botkube_core::platform::Attachment;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::entry::Entry;

/// Keeps the entries and files of channels, and who may look at them.
pub trait Store: Send + Sync {
    /// What was kept of a channel, the oldest first.
    fn load(&self, alias: &str) -> Vec<Entry>;

    /// Keeps an entry in place of an earlier one with its id. Waits for no disk.
    fn keep(&self, alias: &str, entry: &Arc<Entry>);

    /// Forgets an entry, the oldest of its channel, and its file. Waits for no disk.
    fn forget(&self, alias: &str, entry: &Entry);

    /// Waits until all that was to be kept is; `false` when it is not, which is logged. Never waits for longer than a moment.
    fn settle(&self) -> bool;

    /// Keeps a file, and says what it is called here: a name nobody can guess.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn keep_file(&self, attachment: &Attachment) -> io::Result<String>;

    /// Where the file of this name is.
    fn file(&self, name: &str) -> Option<PathBuf>;

    /// The sessions of browsers that were kept.
    fn sessions(&self) -> Vec<Session>;

    /// Keeps a session in place of an earlier one with its id.
    fn keep_session(&self, session: &Session);

    /// Forgets a session.
    fn forget_session(&self, id: &str);
}

/// A browser that may look at the channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// What the browser's secret comes to; the secret itself is kept nowhere.
    pub id: String,
    /// The id of the person at it.
    pub person: String,
    /// What the person wants to be called; empty until they said.
    pub name: String,
    /// When it was last used, in milliseconds since 1970.
    pub used: u64,
}

/// Forgets everything with the process; the rooms hold what was said anyway.
#[derive(Default)]
pub struct InMemory {
    /// Made with the first file, and gone with the store.
    files: Mutex<Option<TempDir>>,
}

impl InMemory {
    fn files(&self) -> MutexGuard<'_, Option<TempDir>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for InMemory {
    fn load(&self, _: &str) -> Vec<Entry> {
        Vec::new()
    }

    fn keep(&self, _: &str, _: &Arc<Entry>) {}

    fn forget(&self, _: &str, entry: &Entry) {
        if let Some(files) = &*self.files() {
            remove_file(files.path(), entry);
        }
    }

    fn settle(&self) -> bool {
        true
    }

    fn keep_file(&self, attachment: &Attachment) -> io::Result<String> {
        let mut files = self.files();
        let files = match &mut *files {
            Some(files) => files,
            none => none.insert(tempfile::Builder::new().prefix("botkube-files-").tempdir()?),
        };
        copy(attachment, files.path())
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        find(self.files().as_ref()?.path(), name)
    }

    fn sessions(&self) -> Vec<Session> {
        Vec::new()
    }

    fn keep_session(&self, _: &Session) {}

    fn forget_session(&self, _: &str) {}
}

/// Copies a file into a directory, under a name nobody can guess.
fn copy(attachment: &Attachment, dir: &Path) -> io::Result<String> {
    let mut from = fs::File::open(&attachment.path)?;
    let mut to = tempfile::Builder::new().prefix("").rand_bytes(32).tempfile_in(dir)?;
    io::copy(&mut from, to.as_file_mut())?;
    let name = to.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    to.keep().map_err(|error| error.error)?;
    Ok(name)
}

/// The file of this name in a directory, however the name was come by.
fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    let is_ours = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    is_ours.then(|| dir.join(name)).filter(|path| path.is_file())
}

/// Removes an entry's file from a directory.
fn remove_file(dir: &Path, entry: &Entry) {
    if let Some(path) = entry.file.as_ref().and_then(|file| find(dir, file.stored_as())) {
        // What stays goes with the directory, or when it is opened the next time.
        let _ = fs::remove_file(path);
    }
}
