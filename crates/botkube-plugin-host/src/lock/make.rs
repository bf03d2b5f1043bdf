//! Makes a lock of what repositories have: what is locked already stays, unless it is to be renewed.
//! Must not know: where a lock is kept, or how a file is fetched.

use std::{collections::BTreeSet, io};

use botkube_config::{model::PluginKey, nearest::nearest};
use serde::Serialize;

use super::{Lock, LockedFile, LockedFiles, LockedPlugin};
use crate::{
    index::{Platform, PluginKind},
    store::{Examined, ExaminedFile, Progress, Store, StoreError, Survey},
};

/// What is to be locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// As the configuration has it.
    pub key: PluginKey,
    /// What it does.
    pub kind: PluginKind,
}

/// What is renewed although it is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Nothing is.
    Nothing,
    /// Everything is.
    All,
    /// This key is; without a version it means every key of that plugin.
    Key(String),
}

/// How a lock differs from the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Change {
    /// It was not locked.
    Added {
        /// The plugin's key.
        key: String,
        /// What it does.
        kind: PluginKind,
        /// The version.
        to: String,
    },
    /// The configuration does not have it any more.
    Removed {
        /// The plugin's key.
        key: String,
        /// What it does.
        kind: PluginKind,
        /// The version.
        from: String,
    },
    /// Its version, its files or its platforms are others; both versions may be the same.
    Updated {
        /// The plugin's key.
        key: String,
        /// What it does.
        kind: PluginKind,
        /// The version before.
        from: String,
        /// The version now.
        to: String,
        /// The platforms of which something is new.
        platforms: Vec<String>,
    },
}

/// Why no lock was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A plugin cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no folder to look at files in.
    #[error("there is no folder for temporary files; set TMPDIR to one that can be written")]
    Folder(#[source] io::Error),
    /// What is to be renewed is not in the configuration.
    #[error(
        "the configuration has no plugin `{key}`; {}",
        match nearest { Some(nearest) => format!("is `{nearest}` meant?"), None => format!("it has {}", known.join(", ")) }
    )]
    Unknown {
        /// The key.
        key: String,
        /// What was perhaps meant.
        nearest: Option<String>,
        /// The keys there are.
        known: Vec<String>,
    },
}

/// Makes the lock of these plugins: what `before` has of them stays, unless `update` says otherwise or one of `platforms` is
/// missing. Without `platforms`, a plugin is locked for all that its index has it for, which fetches its files for each. Also
/// says what changed, and what somebody should know although all went well.
///
/// # Errors
/// [`MakeError`]; nothing is left behind.
pub async fn make(
    store: &Store,
    wanted: impl IntoIterator<Item = Wanted>,
    before: &Lock,
    update: &Update,
    platforms: &[Platform],
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(Lock, Vec<Change>, Vec<String>), MakeError> {
    let wanted: BTreeSet<Wanted> = wanted.into_iter().collect();
    check(update, &wanted)?;
    let folder = tempfile::tempdir().map_err(MakeError::Folder)?;
    let mut survey = Survey::new(store, folder.path(), false, progress);
    let (mut lock, mut warnings) = (Lock::default(), BTreeSet::new());
    for Wanted { key, kind } in &wanted {
        let kept = before.get(*kind, key).filter(|_| !update.concerns(key));
        let lacks = |platform: &&Platform| kept.is_none_or(|kept| !kept.platforms.contains_key(*platform));
        let missing: Vec<Platform> = platforms.iter().filter(lacks).cloned().collect();
        let plugin = match kept {
            Some(kept) if missing.is_empty() => kept.clone(),
            kept => {
                let (entry, doubt) = survey.entry(key, *kind, kept.map(|kept| kept.version.as_str())).await?;
                warnings.extend(doubt);
                if let Some(kept) = kept.filter(|kept| kept.version != entry.version) {
                    // It was asked for exactly.
                    let difference = Box::new(super::Difference::Version { locked: kept.version.clone() });
                    return Err(StoreError::Locked { key: key.to_string(), difference }.into());
                }
                let all = || entry.downloads.iter().map(|download| download.platform.clone()).collect();
                let chosen = if platforms.is_empty() { all() } else { missing };
                let mut found = kept.map(|kept| kept.platforms.clone()).unwrap_or_default();
                for platform in chosen {
                    let files = survey.examine(key, *kind, &entry, &platform).await?;
                    found.insert(platform, files.into());
                }
                let repository = store.address(&key.repository).unwrap_or_default().to_owned();
                LockedPlugin { repository, version: entry.version, platforms: found }
            }
        };
        lock.plugins.insert((key.to_string(), *kind), plugin);
    }
    let changes = changes(before, &lock);
    Ok((lock, changes, warnings.into_iter().collect()))
}

/// Whether what is to be renewed is there.
fn check(update: &Update, wanted: &BTreeSet<Wanted>) -> Result<(), MakeError> {
    let Update::Key(key) = update else { return Ok(()) };
    if wanted.iter().any(|wanted| update.concerns(&wanted.key)) {
        return Ok(());
    }
    let known: Vec<String> = wanted.iter().map(|wanted| wanted.key.to_string()).collect();
    let nearest = nearest(key, known.iter().map(String::as_str)).map(Into::into);
    Err(MakeError::Unknown { key: key.clone(), nearest, known })
}

fn changes(before: &Lock, after: &Lock) -> Vec<Change> {
    let mut changes = Vec::new();
    let keys: BTreeSet<_> = before.plugins.keys().chain(after.plugins.keys()).collect();
    for id in keys {
        let (key, kind) = (id.0.clone(), id.1);
        match (before.plugins.get(id), after.plugins.get(id)) {
            (None, Some(now)) => changes.push(Change::Added { key, kind, to: now.version.clone() }),
            (Some(then), None) => changes.push(Change::Removed { key, kind, from: then.version.clone() }),
            (Some(then), Some(now)) if then != now => {
                let all: BTreeSet<_> = then.platforms.keys().chain(now.platforms.keys()).collect();
                let differs = all.into_iter().filter(|platform| {
                    then.version != now.version || then.platforms.get(platform) != now.platforms.get(platform)
                });
                let platforms = differs.map(ToString::to_string).collect();
                let (from, to) = (then.version.clone(), now.version.clone());
                changes.push(Change::Updated { key, kind, from, to, platforms });
            }
            _ => {}
        }
    }
    changes
}

impl Update {
    fn concerns(&self, key: &PluginKey) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Key(wanted) => *wanted == key.to_string() || *wanted == format!("{}/{}", key.repository, key.name),
        }
    }
}

impl From<Examined> for LockedFiles {
    fn from(found: Examined) -> Self {
        let dependencies = found.dependencies.into_iter().map(|(name, file)| (name, file.into())).collect();
        Self { program: found.program.into(), dependencies }
    }
}

impl From<ExaminedFile> for LockedFile {
    fn from(file: ExaminedFile) -> Self {
        Self { url: file.url, sha256: file.sha256, program: file.program }
    }
}
