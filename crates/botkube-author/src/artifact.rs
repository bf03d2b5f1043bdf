//! How the files of a plugin repository are called (`contract-plugins §8.2`). It opens none of them.

use std::{fmt, path::Path};

use botkube_plugin_host::index::{Platform, PluginKind};

/// What the name of a built file says: `<kind>_<name>_<os>_<architecture>[.<archive>]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// What the plugin does.
    pub kind: PluginKind,
    /// The plugin's name.
    pub name: String,
    /// Where the program runs.
    pub platform: Platform,
    /// The suffix of the archive it is in, without the dot.
    pub archive: Option<String>,
}

/// Why a file is no artifact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is something else, and no harm.
    #[error("it does not begin with `executor_` or `source_`")]
    Other,
    /// It was meant to be one.
    #[error(
        "the name does not follow <executor|source>_<name>_<os>_<architecture>; a plugin's name has no `_` in it: rename the \
         file, for example to {example}"
    )]
    Pattern {
        /// What it could be called.
        example: String,
    },
}

/// What upstream's loader unpacks into a folder, the longest first (`contract-plugins §6.9`).
const ARCHIVES: &[&str] =
    &["tar.bz2", "tar.zst", "tar.gz", "tar.xz", "tbz2", "tzst", "tgz", "txz", "tar", "zip", "bz2", "zst", "gz", "xz"];

impl Artifact {
    /// Reads a file's name.
    ///
    /// # Errors
    /// [`NameError::Other`] for what is none, [`NameError::Pattern`] for what was meant to be one.
    pub fn parse(file: &Path) -> Result<Self, NameError> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let archive =
            ARCHIVES.iter().find(|suffix| name.strip_suffix(**suffix).is_some_and(|rest| rest.ends_with('.')));
        let stem = archive.map_or(name.as_str(), |suffix| &name[..name.len() - suffix.len() - 1]);
        let parts: Vec<&str> = stem.split('_').collect();
        let kind = match parts[0] {
            "executor" => PluginKind::Executor,
            "source" => PluginKind::Source,
            _ => return Err(NameError::Other),
        };
        match parts[1..] {
            [plugin, os, architecture] if [plugin, os, architecture].iter().all(|part| !part.is_empty()) => Ok(Self {
                kind,
                name: plugin.into(),
                platform: Platform { os: os.into(), architecture: architecture.into() },
                archive: archive.map(ToString::to_string),
            }),
            _ => {
                let middle = parts.get(1..parts.len().saturating_sub(2)).unwrap_or_default().join("-");
                let name = if middle.is_empty() { "mine" } else { &middle };
                Err(NameError::Pattern { example: format!("{kind}_{name}_linux_amd64") })
            }
        }
    }
}

impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, platform, archive } = self;
        write!(f, "{kind}_{name}_{}_{}", platform.os, platform.architecture)?;
        archive.iter().try_for_each(|suffix| write!(f, ".{suffix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_is_and_is_made_again_from_that() {
        for name in ["executor_echo_linux_amd64", "source_cm-watcher_darwin_arm64.tar.gz", "executor_x_linux_arm64.zip"]
        {
            assert_eq!(Artifact::parse(Path::new(name)).unwrap().to_string(), name);
        }
        let artifact = Artifact::parse(Path::new("/x/executor_echo_linux_amd64.tar.gz")).unwrap();
        assert_eq!((artifact.name.as_str(), artifact.archive.as_deref()), ("echo", Some("tar.gz")));
    }

    #[test]
    fn what_is_something_else_is_told_from_what_has_a_wrong_name() {
        for other in ["plugins-index.yaml", "README.md", "executors_x_linux_amd64"] {
            assert_eq!(Artifact::parse(Path::new(other)), Err(NameError::Other), "{other}");
        }
        for wrong in ["executor_two_words_linux_amd64", "executor_echo", "executor__linux_amd64", "source"] {
            assert!(matches!(Artifact::parse(Path::new(wrong)), Err(NameError::Pattern { .. })), "{wrong}");
        }
        let error = Artifact::parse(Path::new("executor_two_words_linux_amd64")).unwrap_err();
        assert!(error.to_string().ends_with("executor_two-words_linux_amd64"), "{error}");
    }
}
