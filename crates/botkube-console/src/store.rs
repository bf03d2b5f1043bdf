//! Where the console keeps what was said; the port, and one that forgets it all with the process.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use botkube_core::platform::Attachment;
use tempfile::TempDir;

use crate::entry::Entry;

/// Keeps the entries and files of channels. Nothing of it waits for a disk for longer than a moment.
pub trait Store: Send + Sync {
    /// What was kept of a channel, the oldest first.
    fn load(&self, alias: &str) -> Vec<Entry>;

    /// Keeps an entry in place of an earlier one with its id.
    fn keep(&self, alias: &str, entry: &Entry);

    /// Forgets an entry, and its file.
    fn forget(&self, alias: &str, entry: &Entry);

    /// Keeps a file, and says what it is called here: a name nobody can guess.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn keep_file(&self, attachment: &Attachment) -> io::Result<String>;

    /// Where the file of this name is.
    fn file(&self, name: &str) -> Option<PathBuf>;
}

/// Forgets everything with the process; the rooms hold what was said anyway.
pub struct InMemory {
    files: TempDir,
}

impl InMemory {
    /// A store with a directory for files that goes with it.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made.
    pub fn new() -> io::Result<Self> {
        Ok(Self { files: tempfile::Builder::new().prefix("botkube-files-").tempdir()? })
    }
}

impl Store for InMemory {
    fn load(&self, _: &str) -> Vec<Entry> {
        Vec::new()
    }

    fn keep(&self, _: &str, _: &Entry) {}

    fn forget(&self, _: &str, entry: &Entry) {
        if let Some(path) = entry.file.as_ref().and_then(|file| self.file(file.url.rsplit('/').next()?)) {
            // It goes with the directory otherwise.
            let _ = fs::remove_file(path);
        }
    }

    fn keep_file(&self, attachment: &Attachment) -> io::Result<String> {
        copy(attachment, self.files.path())
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        find(self.files.path(), name)
    }
}

/// Copies a file into a directory, under a name nobody can guess.
pub(crate) fn copy(attachment: &Attachment, dir: &Path) -> io::Result<String> {
    let mut from = fs::File::open(&attachment.path)?;
    let mut to = tempfile::Builder::new().prefix("").rand_bytes(32).tempfile_in(dir)?;
    io::copy(&mut from, to.as_file_mut())?;
    let name = to.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    to.keep().map_err(|error| error.error)?;
    Ok(name)
}

/// The file of this name in a directory, however the name was come by.
pub(crate) fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    let is_ours = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    is_ours.then(|| dir.join(name)).filter(|path| path.is_file())
}
