//! What is in a folder of built plugins: which files belong together, and which of them are published. It must not know what
//! is in a file.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use botkube_plugin_host::index::{Platform, PluginKind};
use regex::Regex;

use super::{Fault, PublishError};
use crate::artifact::{Artifact, NameError};

/// A file of a plugin.
#[derive(Clone, Debug)]
pub(super) struct Built {
    pub(super) artifact: Artifact,
    pub(super) path: PathBuf,
}

/// All files of one plugin, by platform.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) programs: BTreeMap<Platform, Built>,
    pub(super) archives: BTreeMap<Platform, Built>,
}

impl Built {
    /// The file's name; an artifact's is text.
    pub(super) fn name(&self) -> String {
        self.artifact.to_string()
    }
}

impl Files {
    /// What is published, one file for each platform.
    pub(super) fn published(&self, use_archive: Option<bool>) -> BTreeMap<&Platform, &Built> {
        let programs = self.programs.iter().filter(|_| use_archive != Some(true));
        let archives = self.archives.iter().filter(|_| use_archive != Some(false));
        // Of the same platform the later one counts.
        programs.chain(archives).collect()
    }

    /// The files for this platform, the one that is published first.
    pub(super) fn running_on<'a>(&'a self, here: &Platform, use_archive: Option<bool>) -> Option<&'a Built> {
        let (program, archive) = (self.programs.get(here), self.archives.get(here));
        if use_archive == Some(false) { program.or(archive) } else { archive.or(program) }
    }

    /// Every platform there is a file for.
    pub(super) fn platforms(&self) -> Vec<Platform> {
        let mut all: Vec<Platform> = self.programs.keys().chain(self.archives.keys()).cloned().collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The plugins of a folder whose names fit the filter, and what is wrong with names.
pub(super) fn read(
    dir: &Path,
    filter: Option<&Regex>,
    faults: &mut Vec<Fault>,
) -> Result<BTreeMap<(PluginKind, String), Files>, PublishError> {
    let unreadable = |error: io::Error| PublishError::Folder { dir: dir.to_owned(), error: error.to_string() };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        // A link counts as what it leads to.
        if path.is_file() {
            names.push(path);
        }
    }
    names.sort();
    let mut plugins: BTreeMap<(PluginKind, String), Files> = BTreeMap::new();
    let mut others = Vec::new();
    for path in names {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let artifact = match Artifact::parse(&path) {
            Ok(artifact) => artifact,
            Err(NameError::Other) => {
                others.push(file);
                continue;
            }
            Err(error) => {
                faults.push(Fault::Name { file, error });
                continue;
            }
        };
        if filter.is_some_and(|filter| !filter.is_match(&artifact.name)) {
            others.push(file);
            continue;
        }
        let files = plugins.entry((artifact.kind, artifact.name.clone())).or_default();
        let kept = if artifact.archive.is_some() { &mut files.archives } else { &mut files.programs };
        let platform = artifact.platform.clone();
        if let Some(first) = kept.insert(platform.clone(), Built { artifact, path }) {
            faults.push(Fault::Twice { first: first.name(), second: file, platform });
        }
    }
    if plugins.is_empty() && faults.is_empty() {
        return Err(PublishError::Empty { dir: dir.to_owned(), filtered: filter.map(ToString::to_string), others });
    }
    Ok(plugins)
}
