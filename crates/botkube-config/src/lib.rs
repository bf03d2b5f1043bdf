//! Configuration: from YAML files to one immutable value, with the place every key came from; the only crate that
//! knows configuration keys and environment names.
//! Must not know: what anybody does with a setting; no network, no plugins, no clock.
//!
//! Reading order: `model` (what comes out), `finding` (what is said when something is wrong), then the way in: `source`
//! (the files), `tree` (YAML with positions, merged), `read` (typed access to a tree), `decode` (keys to model).

pub mod finding;
pub mod model;

mod decode;
pub mod nearest;
mod read;
mod source;
mod tree;
mod units;

use std::path::PathBuf;

use crate::finding::{Finding, Severity};
use crate::model::Config;

/// The variable that names the configuration files, see [`paths_from_env`].
pub const CONFIG_PATHS_VARIABLE: &str = "BOTKUBE_CONFIG_PATHS";

/// A configuration that can be run, and what a person should still hear about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged and decoded configuration.
    pub config: Config,
    /// Warnings only, in the order of files and lines.
    pub findings: Vec<Finding>,
}

/// The files do not make a configuration. All findings at once; at least one is an error.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", finding::Report(.findings))]
pub struct Rejected {
    /// Errors and warnings, in the order of files and lines.
    pub findings: Vec<Finding>,
}

/// Reads `files`, merges them in the order given (maps merge, everything else replaces) and decodes the result.
///
/// # Errors
/// [`Rejected`] when a file cannot be read or parsed, or when a value is not what its key needs. Files that cannot be
/// parsed keep the rest from being decoded: complaints about half a configuration would mislead.
pub fn load(files: &[PathBuf]) -> Result<Loaded, Rejected> {
    let mut sources = source::Sources::default();
    let mut root = tree::Node::empty();
    let mut broken = Vec::new();
    for path in files {
        match source::read(&mut sources, path).and_then(|file| tree::parse(&sources, file)) {
            Ok(tree) => root.overlay(tree),
            Err(finding) => broken.push(*finding),
        }
    }
    if !broken.is_empty() {
        return Err(Rejected { findings: broken });
    }
    let mut reader = read::Reader::new(&sources);
    let config = decode::config(&root, &mut reader);
    let findings = reader.into_findings();
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Rejected { findings });
    }
    Ok(Loaded { config, findings })
}

/// The files named by the value of [`CONFIG_PATHS_VARIABLE`]: separated by commas, blanks around a name do not count,
/// and files whose own name starts with `_` go last, each part in the order given.
pub fn paths_from_env(value: &str) -> Vec<PathBuf> {
    let named = value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(PathBuf::from);
    let (last, mut paths): (Vec<_>, Vec<_>) =
        named.partition(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"_")));
    paths.extend(last);
    paths
}

#[cfg(test)]
mod tests;
