//! Files of the plugin store: written whole or not at all, and known again by more than their names.
//! Must not know: what is in them.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tempfile::{NamedTempFile, TempDir};

/// What tells whether a file was touched without reading it. Nobody but the kernel sets the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    size: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// The users who may own what is used from a plugin store: this one, root, and whoever owns the store, who can replace
/// everything in it anyway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owners {
    own: u32,
    store: u32,
}

/// What names of files and folders have in them while they are made.
pub(super) const UNFINISHED: &str = ".downloading";

/// So old is nothing that somebody still works on.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

impl Stamp {
    /// `None` when there is no regular file, or one that somebody else owns.
    pub(super) fn of(path: &Path, owners: Owners) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok()?;
        (found.is_file() && owners.contain(found.uid())).then(|| Self::from(&found))
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(found: &fs::Metadata) -> Self {
        Self {
            size: found.size(),
            inode: found.ino(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

impl Owners {
    pub(super) fn of(store: &Path) -> Self {
        let own = rustix::process::geteuid().as_raw();
        Self { own, store: fs::metadata(store).map_or(own, |found| found.uid()) }
    }

    fn contain(self, user: u32) -> bool {
        [self.own, self.store, 0].contains(&user)
    }
}

/// What somebody should know about the folder of a plugin store.
pub(super) fn doubts(store: &Path) -> Option<String> {
    let found = fs::metadata(store).ok()?;
    let own = rustix::process::geteuid().as_raw();
    let shown = store.display();
    if found.mode() & 0o1002 == 0o0002 {
        return Some(format!(
            "everybody on this machine can replace the plugins in `{shown}`; take the right to write from others, or set \
             `plugins.cacheDir` to another folder"
        ));
    }
    (![own, 0].contains(&found.uid())).then(|| {
        format!(
            "the user {} owns `{shown}` and can replace the plugins in it; the agent runs as the user {own}, so give it a \
             folder of its own in `plugins.cacheDir`",
            found.uid()
        )
    })
}

/// Makes a folder where none is, and leaves one that is there as it is.
pub(super) fn create(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o711).create(path)
}

/// Makes a folder that others may pass through but not list, and those above it.
pub(super) fn folder(path: &Path, owners: Owners) -> io::Result<()> {
    create(path)?;
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() || !owners.contain(found.uid()) {
        let said = "it is a link or belongs to another user, who could replace plugins; remove it";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
    }
    if found.mode() & 0o777 != 0o711 && found.uid() == owners.own {
        fs::set_permissions(path, Permissions::from_mode(0o711))?;
    }
    Ok(())
}

/// Replaces a file by another, which every reader sees whole.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::with_prefix_in(unfinished(path), folder)?;
    file.write_all(content)?;
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A folder beside `path` that nobody else can look into; it goes with its value.
pub(super) fn workshop(path: &Path) -> io::Result<TempDir> {
    TempDir::with_prefix_in(unfinished(path), path.parent().unwrap_or(Path::new(".")))
}

/// Makes a file executable for everybody, and durable.
pub(super) fn seal(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    file.set_permissions(Permissions::from_mode(0o555))?;
    file.sync_all()
}

/// Puts a sealed file in its place, even where a folder is.
pub(super) fn place(file: &Path, target: &Path) -> io::Result<()> {
    if fs::symlink_metadata(target).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir_all(target)?;
    }
    fs::rename(file, target)
}

/// Reads what was once written as JSON; `None` when it is not there, not ours, or something else.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path, owners: Owners) -> Option<T> {
    Stamp::of(path, owners)?;
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Removes what begins so and was left unfinished in a folder long ago. What cannot be removed stays.
pub(super) fn sweep(folder: &Path, start: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(start) || !name.contains(UNFINISHED) {
            continue;
        }
        let Ok(found) = entry.metadata() else { continue };
        let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        if age.is_some_and(|age| age > ABANDONED) {
            let path = entry.path();
            let removed = if found.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            if let Err(error) = removed {
                tracing::debug!(path = %path.display(), %error, "an old unfinished download stays");
            }
        }
    }
}

fn unfinished(path: &Path) -> String {
    format!("{}{UNFINISHED}-", path.file_name().unwrap_or_default().to_string_lossy())
}
