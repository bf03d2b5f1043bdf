//! What can go wrong between a plugin's key and its files.
//! Must not know: how any of it is done.

use std::path::{Path, PathBuf};

use crate::{
    index::{ChooseError, Platform},
    lock::Difference,
};

/// Why a plugin is not there. Addresses in it are without credentials and queries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nobody defines the repository.
    #[error(
        "the plugin `{plugin}` comes from the repository `{repository}`, which is not defined; {}`plugins.repositories.{repository}.url` \
         is where to say the address of its index",
        nearest.as_ref().map(|nearest| format!("is `{nearest}` meant? ")).unwrap_or_default()
    )]
    Repository {
        /// The plugin's key.
        plugin: String,
        /// The repository's name.
        repository: String,
        /// What was perhaps meant.
        nearest: Option<String>,
    },
    /// The repository's index cannot be had.
    #[error("the index of the plugin repository `{repository}` cannot be had from {url}: {why}")]
    Index {
        /// The repository's name.
        repository: String,
        /// Where it should be.
        url: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// The index has no such plugin.
    #[error("the plugin repository `{repository}` ({url}): {error}{}", note.as_ref().map(|note| format!("; {note}")).unwrap_or_default())]
    Choose {
        /// The repository's name.
        repository: String,
        /// Where its index is.
        url: String,
        /// What is there instead.
        error: Box<ChooseError>,
        /// Why there may be more than is known.
        note: Option<String>,
    },
    /// The plugin is not there for this platform.
    #[error(
        "{plugin} is not there for {wanted}; its index has {}{}",
        available.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        other.as_ref().map(|other| format!("; the version `{other}` is there for {wanted}: ask for that")).unwrap_or_default()
    )]
    Platform {
        /// The plugin and its version.
        plugin: String,
        /// This platform.
        wanted: Platform,
        /// The platforms there are.
        available: Vec<Platform>,
        /// The highest version that is there for this platform.
        other: Option<String>,
    },
    /// An address in the index cannot be used.
    #[error("{what} has an address in its index that cannot be used, `{url}`: {why}")]
    Address {
        /// The plugin or one of its dependencies.
        what: String,
        /// The address.
        url: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A file cannot be had.
    #[error("{what} cannot be had from {url}: {why}")]
    Download {
        /// The plugin or one of its dependencies.
        what: String,
        /// Where it should be.
        url: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A file is not the one the index means.
    #[error(
        "{what} from {url} is not the file its index means: that has {expected}, this has {found}; it was not kept. Ask the \
         repository's owner, and whoever stands between"
    )]
    Checksum {
        /// The plugin or one of its dependencies.
        what: String,
        /// Where it came from.
        url: String,
        /// Type and digits.
        expected: String,
        /// Type and digits.
        found: String,
    },
    /// A file is there and cannot be used.
    #[error("{what} from {url} cannot be used: {why}")]
    Content {
        /// The plugin or one of its dependencies.
        what: String,
        /// Where it came from.
        url: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// There is no room for it.
    #[error("there is no room left for plugins in `{}`; make room there, or set `plugins.cacheDir` to another folder", .0.display())]
    Full(PathBuf),
    /// There is no room for what is only looked at.
    #[error("there is no room left in `{}`; make room there, or use another folder for temporary files (`TMPDIR`)", .0.display())]
    NoRoom(PathBuf),
    /// The plugin store's own files cannot be used.
    #[error("cannot {doing} `{}`: {why}; the agent needs to write below `plugins.cacheDir`", .path.display())]
    Files {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A file that is here is not what was checked, and there is none in its place.
    #[error(
        "`{}` changed since it was checked, so it is not run, and it cannot be fetched again: {error}; find out who writes into \
         `plugins.cacheDir`, and let the agent reach the repository or put the file back",
        .path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Why it cannot be fetched.
        error: Box<StoreError>,
    },
    /// It is not what the lock says.
    #[error("the plugin `{key}` is not started, since {difference}{}", .difference.accept(.key))]
    Locked {
        /// The plugin's key.
        key: String,
        /// What differs.
        difference: Box<Difference>,
    },
    /// The network must not be used.
    #[error(
        "{what} is not here, and the agent is told to stay off the network; let it fetch plugins once, or bring them here"
    )]
    Offline {
        /// What should be fetched.
        what: String,
    },
}

impl StoreError {
    /// A failure of the machine's own files.
    pub(super) fn files(doing: &'static str, path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full(path.parent().unwrap_or(path).into())
            }
            _ => Self::Files { doing, path: path.into(), why: error.to_string() },
        }
    }
}
