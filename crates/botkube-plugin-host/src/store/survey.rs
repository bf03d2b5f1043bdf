//! What repositories have for a plugin, for whoever writes it down, packs it or lists it: nothing of it is installed.
//! Must not know: locks, bundles, or how they are written.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use botkube_config::model::PluginKey;

use super::{
    OnProgress, Store, StoreError,
    address::{self, Packing},
    fetch::Job,
    kept::PROGRAM,
    repository::Known,
};
use crate::index::{Entry, Index, Platform, PluginKind};

/// Looks at plugins' files in a folder, each file once.
pub(crate) struct Survey<'a> {
    store: &'a Store,
    folder: &'a Path,
    /// Whether files stay in the folder as they came, called by their SHA-256.
    keep: bool,
    progress: OnProgress<'a>,
    /// The repositories that were asked.
    asked: BTreeSet<String>,
    seen: BTreeMap<(String, String, Platform), ExaminedFile>,
}

/// The files of one version for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Examined {
    /// The plugin.
    pub(crate) program: ExaminedFile,
    /// What it runs, by name.
    pub(crate) dependencies: BTreeMap<String, ExaminedFile>,
}

/// A published file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExaminedFile {
    /// Its address without secrets.
    pub(crate) url: String,
    /// The last part of its address.
    pub(crate) name: String,
    /// What of an archive is meant.
    pub(crate) inside: Option<String>,
    /// How it is packed, as addresses say it; `false`: not at all.
    pub(crate) packing: &'static str,
    /// The SHA-256 of the file as it is published.
    pub(crate) sha256: String,
    /// The SHA-256 of the program in it.
    pub(crate) program: String,
    /// Where it is, if it was kept.
    pub(crate) kept: Option<PathBuf>,
}

/// What is known of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The version its key means.
    pub version: String,
    /// The highest version there is, whatever the key asks for.
    pub newest: String,
    /// The versions that are here and came from its repository.
    pub cached: Vec<String>,
    /// Why it may be outdated.
    pub doubt: Option<String>,
}

impl Status {
    /// Whether there is a version above the one that would be started, the one that is locked, or all that are here.
    #[must_use]
    pub fn is_outdated(&self, locked: Option<&str>) -> bool {
        let is_below = |versions: &[&str]| {
            let (kind, with) = (PluginKind::Executor, [versions, &[self.newest.as_str()]].concat());
            let all = Index::of_versions(kind, "", with.into_iter());
            let highest = all.choose(kind, "", None).is_ok_and(|highest| highest.version == self.newest);
            highest && !versions.contains(&self.newest.as_str())
        };
        let cached: Vec<&str> = self.cached.iter().map(String::as_str).collect();
        is_below(&[&self.version])
            || locked.is_some_and(|locked| is_below(&[locked]))
            || (!cached.is_empty() && is_below(&cached))
    }
}

impl Store {
    /// What is known of a plugin; `anew` asks its repository even if its index is fresh.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is known.
    pub async fn status(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        anew: bool,
        progress: &(dyn Fn(super::Progress) + Send + Sync),
    ) -> Result<Status, StoreError> {
        let shared = &self.shared;
        let repository = shared.repository(key)?;
        let Known { index, doubt, .. } = repository.index(&shared.config, &shared.http, anew, progress).await?;
        let (entry, _) = shared.entry(repository, &index, key, kind, key.version.as_deref())?;
        let newest = super::entry(repository, &index, key, kind, None)?;
        let mut cached: Vec<String> = shared.records(key, kind).into_iter().map(|record| record.version).collect();
        cached.sort();
        Ok(Status { version: entry.version.clone(), newest: newest.version.clone(), cached, doubt })
    }

    /// The address of a repository's index, without secrets.
    #[must_use]
    pub fn address(&self, repository: &str) -> Option<&str> {
        self.shared.repositories.get(repository).map(|repository| repository.shown.as_str())
    }
}

impl<'a> Survey<'a> {
    pub(crate) fn new(store: &'a Store, folder: &'a Path, keep: bool, progress: OnProgress<'a>) -> Self {
        Self { store, folder, keep, progress, asked: BTreeSet::new(), seen: BTreeMap::new() }
    }

    /// What the key means, or this version of it; its repository is asked, once for all keys. With why it may be outdated.
    pub(crate) async fn entry(
        &mut self,
        key: &PluginKey,
        kind: PluginKind,
        version: Option<&str>,
    ) -> Result<(Entry, Option<String>), StoreError> {
        let shared = &self.store.shared;
        let repository = shared.repository(key)?;
        let anew = self.asked.insert(key.repository.clone()) && !shared.config.offline;
        let Known { index, doubt, .. } = repository.index(&shared.config, &shared.http, anew, self.progress).await?;
        let version = version.or(key.version.as_deref());
        let (entry, _) = shared.entry(repository, &index, key, kind, version)?;
        Ok((entry.clone(), doubt))
    }

    /// Fetches and checks the files of a version for a platform.
    pub(crate) async fn examine(
        &mut self,
        key: &PluginKey,
        kind: PluginKind,
        entry: &Entry,
        platform: &Platform,
    ) -> Result<Examined, StoreError> {
        let shared = &self.store.shared;
        let repository = shared.repository(key)?;
        let download = shared.download(entry, platform, key, kind, &[])?;
        let locked = shared.locked(key, kind)?.and_then(|locked| locked.platforms.get(platform));
        let job = Job { config: &shared.config, http: &shared.http, platform, repository, progress: self.progress };
        let mut files = BTreeMap::new();
        for mut part in shared.parts(key, kind, entry, download, platform, locked) {
            let name = part.dependency.clone().unwrap_or_else(|| PROGRAM.into());
            // What was seen for one key is as good for another one, unless its name tells which file of an archive is meant.
            let seen = (part.source.clone(), part.wanted.names.join("/"), platform.clone());
            let file = match self.seen.get(&seen) {
                Some(file) => file.clone(),
                None => {
                    part.what = format!("{} for {platform}", part.what);
                    let fetched = job.look(&part, self.folder, self.keep).await.map_err(|error| match error {
                        StoreError::Full(folder) => StoreError::NoRoom(folder),
                        other => other,
                    })?;
                    let file = ExaminedFile {
                        url: address::shown_text(&part.url),
                        name: fetched.address.place.file_name(),
                        packing: fetched.address.packing.map_or("false", Packing::name),
                        inside: fetched.address.inside,
                        sha256: fetched.download,
                        program: fetched.program,
                        kept: fetched.kept,
                    };
                    self.seen.insert(seen, file.clone());
                    file
                }
            };
            files.insert(name, file);
        }
        let program = files.remove(PROGRAM).expect("it is one of the parts");
        Ok(Examined { program, dependencies: files })
    }
}
