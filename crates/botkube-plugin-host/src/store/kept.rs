//! What is known of a plugin that was installed: which of its files were checked, when, and whether they are that still.
//! Must not know: where files come from.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use botkube_config::model::PluginKey;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{
    Installed, Shared, StoreError, Trust, checksum,
    files::{self, Owners, Stamp},
    repository::Repository,
};
use crate::index::{Index, PluginKind};

/// What is kept beside a plugin: what its files were when they were checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// [`Repository::identity`] of the one it came from: another one under the same name may have other files for it.
    pub(super) repository: String,
    pub(super) version: String,
    /// By name; the program itself is [`PROGRAM`].
    pub(super) files: BTreeMap<String, Checked>,
}

/// A file that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checked {
    /// See [`super::source`].
    pub(super) source: String,
    /// Its digest, in hexadecimal digits.
    pub(super) sha256: String,
    pub(super) stamp: Stamp,
}

/// Where the parts of one plugin are.
pub(super) struct Places {
    pub(super) program: PathBuf,
    pub(super) dependencies: PathBuf,
    pub(super) record: PathBuf,
    pub(super) lock: PathBuf,
}

/// The program's name in a [`Record`]; no dependency is called so.
pub(super) const PROGRAM: &str = "";

/// How the name of a [`Record`]'s file ends.
const RECORD: &str = ".checked";

impl Shared {
    /// Upstream's places (contract-plugins §6.8), with the version of the entry and never the one that was asked for.
    pub(super) fn places(&self, key: &PluginKey, kind: PluginKind, version: &str) -> Places {
        let file = format!("{kind}_{version}_{}", key.name);
        let beside = |what: &str| self.config.cache_dir.join(&key.repository).join(format!("{file}{what}"));
        Places { program: beside(""), dependencies: beside("_deps"), record: beside(RECORD), lock: beside(".lock") }
    }

    /// The file as it was checked, if it still is that.
    pub(super) async fn unchanged(
        &self,
        target: &Path,
        known: Option<Checked>,
        trust: Trust,
        owners: Owners,
    ) -> Option<Checked> {
        let known = known?;
        let stamp = Stamp::of(target, owners)?;
        if stamp == known.stamp && trust == Trust::Stamps {
            return Some(known);
        }
        let path = target.to_owned();
        let sha256 = spawn_blocking(move || checksum::sha256_of(File::open(path)?)).await.ok()?.ok()?;
        if sha256 == known.sha256 {
            // Its mode may be what changed.
            files::seal(target).ok()?;
            let stamp = Stamp::of(target, owners)?;
            return Some(Checked { stamp, ..known });
        }
        tracing::warn!(file = %target.display(), "the file changed since it was checked and is fetched anew");
        None
    }

    /// What was installed once and fits the key, and the lock if there is one: a repository that is away, or has lost or
    /// broken a plugin, takes nothing from those who have it. Else the error there was.
    pub(super) async fn installed_before(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        trust: Trust,
        error: StoreError,
    ) -> Result<Installed, StoreError> {
        let Some((record, places)) = self.kept(key, kind) else { return Err(error) };
        let owners = Owners::of(&self.config.cache_dir);
        for (name, checked) in &record.files {
            let path = places.part(name);
            if self.unchanged(&path, Some(checked.clone()), trust, owners).await.is_none() {
                return Err(match path.exists() {
                    true => StoreError::Changed { path, error: Box::new(error) },
                    false => error,
                });
            }
        }
        let warning = format!("{error}; its version {}, installed before, is used", record.version);
        let warnings = self.doubts().into_iter().chain([warning]).collect();
        let dependencies: Vec<String> = record.files.keys().filter(|name| *name != PROGRAM).cloned().collect();
        Ok(places.installed(&record, &dependencies, warnings))
    }

    /// What is here that fits the key and the lock; its files may have changed.
    fn kept(&self, key: &PluginKey, kind: PluginKind) -> Option<(Record, Places)> {
        let locked = self.locked(key, kind).ok()?;
        let mut records = self.records(key, kind);
        if let Some(locked) = locked {
            let files = locked.platforms.get(&self.platform)?;
            let is_locked = |record: &Record| {
                record.version == locked.version
                    && record.files.len() == files.dependencies.len() + 1
                    && record.files.iter().all(|(name, checked)| files.allows(name, &checked.sha256))
            };
            records.retain(is_locked);
        }
        let known = Index::of_versions(kind, &key.name, records.iter().map(|record| record.version.as_str()));
        let version = locked.map_or(key.version.as_deref(), |locked| Some(&locked.version));
        let version = known.choose(kind, &key.name, version).ok()?.version.clone();
        let record = records.into_iter().find(|record| record.version == version)?;
        record.files.get(PROGRAM)?;
        let places = self.places(key, kind, &version);
        Some((record, places))
    }

    /// What is known of every version of the plugin that is here.
    pub(super) fn records(&self, key: &PluginKey, kind: PluginKind) -> Vec<Record> {
        let owners = Owners::of(&self.config.cache_dir);
        let (start, end) = (format!("{kind}_"), format!("_{}{RECORD}", key.name));
        let mut records = Vec::new();
        let Some(repository) = self.repositories.get(&key.repository) else { return records };
        let folder = fs::read_dir(self.config.cache_dir.join(&key.repository));
        for entry in folder.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(&start)?.strip_suffix(&end));
            let record = version.and_then(|_| repository.record(&entry.path(), owners));
            // A name with `_` in it looks like another version of a shorter one.
            records.extend(record.filter(|record| Some(record.version.as_str()) == version));
        }
        records
    }
}

impl Places {
    pub(super) fn part(&self, name: &str) -> PathBuf {
        if name == PROGRAM { self.program.clone() } else { self.dependencies.join(name) }
    }

    /// The plugin that was recorded here, with these dependencies.
    pub(super) fn installed<'a>(
        self,
        record: &Record,
        dependencies: impl IntoIterator<Item = &'a String>,
        warnings: Vec<String>,
    ) -> Installed {
        let digest = |name: &str| record.files.get(name).map(|checked| checked.sha256.clone()).unwrap_or_default();
        Installed {
            program: self.program,
            sha256: digest(PROGRAM),
            dependency_digests: dependencies.into_iter().map(|name| (name.clone(), digest(name))).collect(),
            dependencies: self.dependencies,
            version: record.version.clone(),
            warnings,
        }
    }
}

impl Repository {
    /// What was checked of a plugin that came from here, and not from another address under the same name.
    pub(super) fn record(&self, path: &Path, owners: Owners) -> Option<Record> {
        files::read_json(path, owners).filter(|record: &Record| record.repository == self.identity)
    }
}
