//! Where plugins have their directories: all of one agent's below one, which says by a locked file that somebody holds it. So
//! what a killed agent left can be told from what is in use, and goes when the next one needs a directory. It knows no plugin.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use rustix::{fs::OFlags, process::geteuid};
use tempfile::TempDir;

/// How the name of an agent's directory begins.
const PREFIX: &str = "botkube-";

/// The file that is locked as long as the directory is in use; the kernel unlocks it however its process ends.
const LOCK: &str = "lock";

/// A plugin's own directory. It goes when this is dropped, and with the last of them the agent's.
#[derive(Debug)]
pub struct RuntimeDir {
    own: TempDir,
    /// Goes after it.
    _room: Arc<Room>,
}

/// The directory of one agent.
#[derive(Debug)]
struct Room {
    dir: TempDir,
    /// Is let go of after the directory is gone.
    _lock: File,
}

impl RuntimeDir {
    /// A new one in this process's own directory below `base`; what was left there by processes that are gone is removed.
    pub(super) fn new_in(base: &Path) -> io::Result<Self> {
        static ROOM: Mutex<Weak<Room>> = Mutex::new(Weak::new());
        let mut known = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have tidied up around it, or it lies elsewhere.
        let fits = |room: &Arc<Room>| room.dir.path().is_dir() && room.dir.path().parent() == Some(base);
        let room = match known.upgrade().filter(fits) {
            Some(room) => room,
            None => {
                sweep(base);
                Arc::new(Room::new_in(base)?)
            }
        };
        *known = Arc::downgrade(&room);
        let own = private().prefix("").tempdir_in(room.dir.path())?;
        Ok(Self { own, _room: room })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.own.path()
    }
}

impl Room {
    fn new_in(base: &Path) -> io::Result<Self> {
        let dir = private().prefix(PREFIX).tempdir_in(base)?;
        let unlocked = dir.path().join("unlocked");
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unlocked)?;
        // Nobody ever sees it unlocked under its own name while it is in use; where there are no locks, nobody sees it at all.
        if lock.try_lock().is_ok() {
            fs::rename(unlocked, dir.path().join(LOCK))?;
        }
        Ok(Self { dir, _lock: lock })
    }
}

fn private() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.permissions(Permissions::from_mode(0o700));
    builder
}

/// Removes the directories of agents that are gone. Whatever cannot be looked at or removed stays.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
        let dir = entry.path();
        if let Some(_lock) = abandoned(&dir) {
            match fs::remove_dir_all(&dir) {
                Ok(()) => tracing::info!(dir = %dir.display(), "removed what an agent left that did not end in peace"),
                Err(error) => tracing::warn!(dir = %dir.display(), "cannot remove what an agent left: {error}"),
            }
        }
    }
}

/// The lock of a directory that is one of ours and that nobody holds. While it is held here nobody else removes it.
fn abandoned(dir: &Path) -> Option<File> {
    let found = fs::symlink_metadata(dir).ok()?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        return None;
    }
    let path = dir.join(LOCK);
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let lock = OpenOptions::new().write(true).custom_flags(flags.bits().cast_signed()).open(&path).ok()?;
    lock.try_lock().ok()?;
    // It may have been removed, and another one made in its place, before it was locked here.
    let (held, there) = (lock.metadata().ok()?, fs::symlink_metadata(&path).ok()?);
    (held.is_file() && (held.dev(), held.ino()) == (there.dev(), there.ino())).then_some(lock)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A directory called so, with a lock file that nobody holds and something a plugin left.
    fn left(base: &Path, name: &str) {
        let dir = base.join(name);
        fs::create_dir_all(dir.join("a1b2c3")).unwrap();
        fs::write(dir.join("a1b2c3/file"), "left").unwrap();
        fs::write(dir.join(LOCK), "").unwrap();
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_nobody_holds_is_removed() {
        let base = tempfile::tempdir().unwrap();
        left(base.path(), "botkube-killed");
        sweep(base.path());
        assert!(names(base.path()).is_empty());
    }

    #[test]
    fn what_somebody_holds_stays() {
        let base = tempfile::tempdir().unwrap();
        let room = Room::new_in(base.path()).unwrap();
        sweep(base.path());
        assert_eq!(names(room.dir.path()), [LOCK]);
    }

    #[test]
    fn what_is_not_ours_stays() {
        let base = tempfile::tempdir().unwrap();
        left(base.path(), "botanics-1");
        fs::create_dir(base.path().join("botkube-without-lock")).unwrap();
        fs::write(base.path().join("botkube-file"), "").unwrap();
        let before = names(base.path());
        sweep(base.path());
        assert_eq!(names(base.path()), before);
    }

    #[test]
    fn no_link_is_followed() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        left(elsewhere.path(), "precious");
        symlink(elsewhere.path().join("precious"), base.path().join("botkube-link")).unwrap();
        fs::create_dir(base.path().join("botkube-linked-lock")).unwrap();
        symlink(elsewhere.path().join("precious/lock"), base.path().join("botkube-linked-lock/lock")).unwrap();
        left(base.path(), "botkube-killed");
        symlink(elsewhere.path().join("precious"), base.path().join("botkube-killed/a1b2c3/away")).unwrap();
        sweep(base.path());
        assert_eq!(names(base.path()), ["botkube-link", "botkube-linked-lock"]);
        assert_eq!(names(&elsewhere.path().join("precious")), ["a1b2c3", LOCK]);
    }

    #[test]
    fn directories_of_one_process_share_one_that_goes_with_the_last_of_them() {
        let base = tempfile::tempdir().unwrap();
        let (one, other) = (RuntimeDir::new_in(base.path()).unwrap(), RuntimeDir::new_in(base.path()).unwrap());
        assert_eq!((one.path().parent(), names(base.path()).len()), (other.path().parent(), 1));
        drop(one);
        assert!(other.path().is_dir());
        drop(other);
        assert!(names(base.path()).is_empty());
    }
}
