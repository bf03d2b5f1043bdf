//! Which entry of an index and which files a plugin key means, and whether the lock agrees.
//! Must not know: how an index or a file is fetched.

use botkube_config::{model::PluginKey, nearest::nearest};

use super::{
    Shared, StoreError,
    address::{self, Address},
    checksum::Checksum,
    plugin,
    repository::Repository,
};
use crate::{
    index::{ChooseError, Dependency, Download, Entry, Index, Platform, PluginKind},
    lock::{Difference, LockedFiles, LockedPlugin},
};

/// A plugin key's meaning.
pub(super) struct Chosen {
    pub(super) entry: Entry,
    pub(super) download: Download,
    pub(super) warnings: Vec<String>,
    /// What its files have to be.
    pub(super) locked: Option<LockedFiles>,
}

impl Chosen {
    /// Whether a file of it may have this content.
    pub(super) fn allows(&self, name: &str, sha256: &str) -> bool {
        self.locked.as_ref().is_none_or(|locked| locked.allows(name, sha256))
    }
}

impl Shared {
    pub(super) fn choose(
        &self,
        repository: &Repository,
        index: &Index,
        key: &PluginKey,
        kind: PluginKind,
    ) -> Result<Chosen, StoreError> {
        let (entry, locked) = self.entry(repository, index, key, kind, key.version.as_deref())?;
        let download = self.download(entry, &self.platform, key, kind, &index.entries)?;
        let locked = match locked {
            None => None,
            Some(plugin) => {
                let locked = plugin.platforms.get(&self.platform).ok_or_else(|| {
                    let locked = plugin.platforms.keys().cloned().collect();
                    differs(key, Difference::Platform { wanted: self.platform.clone(), locked })
                })?;
                self.compare(repository, download, locked).map_err(|difference| differs(key, difference))?;
                Some(locked.clone())
            }
        };
        let better = index.held_back(entry).filter(|_| key.version.is_none() && locked.is_none());
        let warning = better.map(|better| {
            let minimum = better.minimum_agent_version.as_deref().unwrap_or_default();
            format!(
                "its version {} wants an agent of version {minimum} or newer; {} is used, update the agent for the other",
                better.version, entry.version
            )
        });
        let warnings = warning.into_iter().collect();
        Ok(Chosen { entry: entry.clone(), download: download.clone(), warnings, locked })
    }

    pub(super) fn repository(&self, key: &PluginKey) -> Result<&Repository, StoreError> {
        self.repositories.get(&key.repository).ok_or_else(|| StoreError::Repository {
            plugin: key.to_string(),
            repository: key.repository.clone(),
            nearest: nearest(&key.repository, self.repositories.keys().map(String::as_str)).map(Into::into),
        })
    }

    /// The entry a key means: the locked version if there is a lock, else that of `version`.
    pub(super) fn entry<'a>(
        &self,
        repository: &Repository,
        index: &'a Index,
        key: &PluginKey,
        kind: PluginKind,
        version: Option<&str>,
    ) -> Result<(&'a Entry, Option<&LockedPlugin>), StoreError> {
        let Some(locked) = self.locked(key, kind)? else {
            return Ok((entry(repository, index, key, kind, version)?, None));
        };
        let gone = || differs(key, Difference::Version { locked: locked.version.clone() });
        let found = entry(repository, index, key, kind, Some(&locked.version)).map_err(|error| match error {
            StoreError::Choose { error, .. } if matches!(*error, ChooseError::Version { .. }) => gone(),
            other => other,
        })?;
        match found.version == locked.version {
            true => Ok((found, Some(locked))),
            false => Err(gone()),
        }
    }

    /// Where the version is for a platform; `others` are versions to name where it is not.
    pub(super) fn download<'a>(
        &self,
        entry: &'a Entry,
        platform: &Platform,
        key: &PluginKey,
        kind: PluginKind,
        others: &[Entry],
    ) -> Result<&'a Download, StoreError> {
        entry.download(platform).ok_or_else(|| {
            let fits =
                |other: &&Entry| other.kind == kind && other.name == key.name && other.download(platform).is_some();
            let others = Index { entries: others.iter().filter(fits).cloned().collect(), problems: Vec::new() };
            StoreError::Platform {
                plugin: plugin(key, kind, &entry.version),
                wanted: platform.clone(),
                available: entry.downloads.iter().map(|download| download.platform.clone()).collect(),
                other: others.choose(kind, &key.name, None).ok().map(|entry| entry.version.clone()),
            }
        })
    }

    /// What the lock says about a plugin, if there is a lock.
    pub(super) fn locked(&self, key: &PluginKey, kind: PluginKind) -> Result<Option<&LockedPlugin>, StoreError> {
        let Some(lock) = &self.config.lock else { return Ok(None) };
        lock.get(kind, key).map(Some).ok_or_else(|| differs(key, Difference::NotLocked))
    }

    /// Whether an index says the same of a version's files as the lock, as far as it says anything.
    pub(super) fn compare(
        &self,
        repository: &Repository,
        download: &Download,
        locked: &LockedFiles,
    ) -> Result<(), Difference> {
        let said = |url: &str, beside: Option<&str>| {
            let beside = beside.and_then(|text| Checksum::parse(text).ok());
            beside.or_else(|| Address::parse(url, repository.base()).ok()?.checksum)?.sha256()
        };
        let same = |what: &str, found: Option<String>, url: &str, locked: &str| match found {
            Some(found) if found != locked => Err(Difference::Download {
                what: what.into(),
                url: address::shown_text(url),
                locked: locked.into(),
                found,
            }),
            _ => Ok(()),
        };
        same("its file", said(&download.url, download.checksum.as_deref()), &download.url, &locked.program.sha256)?;
        if !download.dependencies.keys().eq(locked.dependencies.keys()) {
            let names = |names: Vec<&String>| names.into_iter().cloned().collect();
            let (has, had) = (&download.dependencies, &locked.dependencies);
            return Err(Difference::Dependencies {
                added: names(has.keys().filter(|name| !had.contains_key(*name)).collect()),
                removed: names(had.keys().filter(|name| !has.contains_key(*name)).collect()),
            });
        }
        for (name, Dependency { url, checksum }) in &download.dependencies {
            let found = said(url, checksum.as_deref());
            same(&format!("its dependency `{name}`"), found, url, &locked.dependencies[name].sha256)?;
        }
        Ok(())
    }
}

/// The entry of an index that this version of a plugin means.
pub(super) fn entry<'a>(
    repository: &Repository,
    index: &'a Index,
    key: &PluginKey,
    kind: PluginKind,
    version: Option<&str>,
) -> Result<&'a Entry, StoreError> {
    index.choose(kind, &key.name, version).map_err(|error| StoreError::Choose {
        repository: repository.name.clone(),
        url: repository.shown.clone(),
        error: Box::new(error),
        note: None,
    })
}

pub(super) fn differs(key: &PluginKey, difference: Difference) -> StoreError {
    StoreError::Locked { key: key.to_string(), difference: Box::new(difference) }
}
