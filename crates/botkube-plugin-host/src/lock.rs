//! The lock: which version of each plugin a configuration means, and what the files of it are.
//! Must not know: how a plugin is fetched, or who asks for it.
//!
//! Reading order: `read` from text, `write` to text, `make` from repositories.

mod make;
mod read;
mod write;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use botkube_config::model::PluginKey;
use serde::Serialize;

use crate::index::{Platform, PluginKind};

pub use make::{Change, MakeError, Update, Wanted, make};

/// The lock's file, beside the first file of the configuration.
pub const FILE: &str = "botkube.lock";

/// What a configuration's plugins are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// By the key as the configuration has it. An executor and a source may have the same.
    pub plugins: BTreeMap<(String, PluginKind), LockedPlugin>,
}

/// The version that a key means, and its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPlugin {
    /// The address of its repository's index, without secrets. For people: a repository may move.
    pub repository: String,
    /// As its index has it.
    pub version: String,
    /// Its files for each platform; at least one.
    pub platforms: BTreeMap<Platform, LockedFiles>,
}

/// The files of one version for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedFiles {
    /// The plugin.
    pub program: LockedFile,
    /// What it runs, by name.
    pub dependencies: BTreeMap<String, LockedFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedFile {
    /// Where it was, without secrets. For people: what counts is the content.
    pub url: String,
    /// The SHA-256 of the file as it is published, in small hexadecimal digits.
    pub sha256: String,
    /// The SHA-256 of the program in it; the same where it is not packed.
    pub program: String,
}

/// How what there is differs from a lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The lock was made before the configuration had it.
    #[error("it is not in {FILE}, which is older than the configuration")]
    NotLocked,
    /// It is locked for other platforms.
    #[error(
        "{FILE} has it for {} and not for {wanted}",
        locked.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Platform {
        /// The one it is wanted for.
        wanted: Platform,
        /// The ones it is locked for.
        locked: Vec<Platform>,
    },
    /// Its repository does not have the version any more.
    #[error("{FILE} has its version {locked}, which its repository does not have any more")]
    Version {
        /// The version.
        locked: String,
    },
    /// A published file is another one.
    #[error("{what} at {url} has the SHA-256 {found}, and {FILE} has {locked}: it was replaced")]
    Download {
        /// The plugin or one of its dependencies.
        what: String,
        /// Where it is, without secrets.
        url: String,
        /// In the lock.
        locked: String,
        /// What there is.
        found: String,
    },
    /// The program in a published file is another one.
    #[error("the program of {what} has the SHA-256 {found}, and {FILE} has {locked}")]
    Program {
        /// The plugin or one of its dependencies.
        what: String,
        /// In the lock.
        locked: String,
        /// What there is.
        found: String,
    },
    /// It runs other programs.
    #[error("it runs other programs than in {FILE}:{}", listed(added, removed))]
    Dependencies {
        /// Those that are not locked.
        added: Vec<String>,
        /// Those that are locked only.
        removed: Vec<String>,
    },
}

/// Why a lock cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// There is none.
    #[error("there is no lock `{}`; `botkube lock` with the same --config writes it", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("the lock `{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// It is none.
    #[error("the lock `{}`, {error}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: ParseError,
    },
}

/// Where and why a text is no lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}: {what}; {help}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: u32,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Lock {
    /// The lock of a configuration with this first file.
    #[must_use]
    pub fn path(config: &Path) -> PathBuf {
        config.with_file_name(FILE)
    }

    /// Reads the file; `None` when there is none.
    ///
    /// # Errors
    /// [`LockError`] when it is there and of no use.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map(Some).map_err(|error| LockError::Parse { path: path.to_owned(), error }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LockError::Read { path: path.to_owned(), error }),
        }
    }

    /// Reads a lock's text.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        read::lock(text)
    }

    /// The lock's text: the same lock is always the same text.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        write::lock(self)
    }

    /// What the key is, if it is locked.
    #[must_use]
    pub fn get(&self, kind: PluginKind, key: &PluginKey) -> Option<&LockedPlugin> {
        self.plugins.get(&(key.to_string(), kind))
    }

    /// What keeps these plugins from being started on a platform, before any repository is asked; by key.
    #[must_use]
    pub fn lacks<'a>(
        &self,
        wanted: impl IntoIterator<Item = (PluginKind, &'a PluginKey)>,
        platform: &Platform,
    ) -> Vec<(String, Difference)> {
        let lacks = |(kind, key): (PluginKind, &PluginKey)| match self.get(kind, key) {
            None => Some((key.to_string(), Difference::NotLocked)),
            Some(plugin) if plugin.platforms.contains_key(platform) => None,
            Some(plugin) => {
                let locked = plugin.platforms.keys().cloned().collect();
                Some((key.to_string(), Difference::Platform { wanted: platform.clone(), locked }))
            }
        };
        wanted.into_iter().filter_map(lacks).collect()
    }
}

impl LockedFiles {
    /// The program, whose name is empty, or a dependency.
    pub(crate) fn file(&self, name: &str) -> Option<&LockedFile> {
        if name.is_empty() { Some(&self.program) } else { self.dependencies.get(name) }
    }

    /// Whether this file may have this content.
    pub(crate) fn allows(&self, name: &str, sha256: &str) -> bool {
        self.file(name).is_some_and(|file| file.program == sha256)
    }
}

impl Difference {
    /// What to do about it, as the end of a sentence.
    #[must_use]
    pub fn accept(&self, key: &str) -> String {
        match self {
            Self::NotLocked => "; `botkube lock` adds it".into(),
            Self::Platform { wanted, .. } => format!("; `botkube lock --platform {wanted}` adds that"),
            _ => format!("; if that is meant, `botkube lock --update {key}` accepts it"),
        }
    }
}

fn listed(added: &[String], removed: &[String]) -> String {
    let list = |sign: &str, names: &[String]| -> String { names.iter().map(|name| format!(" {sign}{name}")).collect() };
    list("+", added) + &list("-", removed)
}

#[cfg(test)]
mod tests;
