//! Configuration: from files and variables to one immutable value, with the place every key came from; the only crate
//! that knows configuration keys and environment names.
//! Must not know: what anybody does with a setting; no network, no plugins, no clock, no environment but what it is given.
//!
//! Reading order: `model` (what comes out), `schema` (every key, once), `finding` (what is said when something is wrong),
//! then the way in: `source` (the texts), `tree` (YAML with positions, merged), `legacy` (older spellings), `environment`
//! (names of variables), `shape` and `fit` (the declaration beside a tree), `validate`, `decode`; and out again: `show`,
//! `served`, `reference`, `diff` (what another one changes).

pub mod diff;
pub mod finding;
pub mod model;
pub mod nearest;
pub mod reference;
pub mod schema;

mod decode;
mod environment;
mod fit;
mod helm;
mod legacy;
mod mask;
mod report;
mod served;
mod shape;
mod show;
mod source;
mod tree;
mod units;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::finding::{Finding, Origin, Severity};
use crate::model::Config;
use crate::report::Findings;
use crate::source::{SourceId, Sources};
use crate::tree::Node;

pub use crate::validate::RESERVED_VARIABLES;

/// The variable that names the configuration files, see [`paths_from_env`].
pub const CONFIG_PATHS_VARIABLE: &str = "BOTKUBE_CONFIG_PATHS";

/// How a configuration is to be taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Unknown keys are mentioned, and the rest is used.
    pub lenient: bool,
    /// An agent is to be run with it: there must be somewhere to listen.
    pub to_run: bool,
    /// The files may be Helm values of upstream's chart.
    pub helm_values: bool,
    /// A plugin repository that is there although nobody defines it.
    pub also: Option<&'static str>,
}

/// A configuration that can be run, and what a person should still hear about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged and decoded configuration.
    pub config: Config,
    /// Warnings only, in the order of files and lines; those about variables come last.
    pub findings: Vec<Finding>,
    /// Where every key comes from.
    pub origins: Origins,
}

/// The files do not make a configuration. All findings at once; at least one is an error.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", finding::Report(.findings))]
pub struct Rejected {
    /// Errors and warnings, in the order of files and lines; those about variables come last.
    pub findings: Vec<Finding>,
}

/// Where every key of a configuration comes from. It holds no secret.
#[derive(Clone)]
pub struct Origins {
    /// The whole configuration with secrets masked.
    shown: Node,
    /// What stands for each value, secrets included.
    seals: diff::Seals,
    sources: Sources,
}

/// Lays compiled defaults, `files` in the order given, and the variables of `environment` over each other (maps merge,
/// everything else replaces), and decodes the result. Variables that do not belong to the configuration are for secrets
/// that are written as `fromEnv`.
///
/// # Errors
/// [`Rejected`] when a file cannot be read or parsed, when a value is not what its key needs, when nobody knows a key, or
/// when what is written makes no sense. Files that cannot be parsed keep the rest from being decoded: complaints about
/// half a configuration would mislead.
pub fn load(
    files: &[PathBuf],
    environment: impl IntoIterator<Item = (String, String)>,
    options: Options,
) -> Result<Loaded, Rejected> {
    load_each(files, |sources, path| source::read(sources, path), environment, options)
}

/// As [`load`], of texts that have the names of files; what they name with `fromFile` is read all the same.
///
/// # Errors
///
/// As [`load`].
pub fn load_texts(
    files: &[(PathBuf, String)],
    environment: impl IntoIterator<Item = (String, String)>,
    options: Options,
) -> Result<Loaded, Rejected> {
    load_each(files, |sources, (path, text)| Ok(sources.add(path, text.clone())), environment, options)
}

fn load_each<F>(
    files: &[F],
    read: impl Fn(&mut Sources, &F) -> Result<SourceId, Box<Finding>>,
    environment: impl IntoIterator<Item = (String, String)>,
    options: Options,
) -> Result<Loaded, Rejected> {
    let mut sources = Sources::default();
    let (mut layers, mut broken) = (Vec::new(), Vec::new());
    for file in files {
        match read(&mut sources, file).and_then(|file| tree::parse(&sources, file)) {
            Ok(tree) => layers.push(tree),
            Err(finding) => broken.push(*finding),
        }
    }
    if !broken.is_empty() {
        return Err(Rejected { findings: broken });
    }
    let loaded = assemble(sources, layers, environment.into_iter().collect(), options);
    match loaded.findings.iter().any(|finding| finding.severity == Severity::Error) {
        true => Err(Rejected { findings: loaded.findings }),
        false => Ok(loaded),
    }
}

/// What `layers` and `environment` come to; without what is wrong in them, which is among the findings.
fn assemble(
    mut sources: Sources,
    mut layers: Vec<Node>,
    mut environment: BTreeMap<String, String>,
    mut options: Options,
) -> Loaded {
    let mut findings = Findings::default();
    let (mut root, mut old_slack, mut kept) = (Node::empty(), BTreeSet::new(), Vec::new());
    if let Some(entry) = layers.iter().find_map(helm::mistaken).filter(|_| !options.helm_values) {
        let message = "these are Helm values of upstream's chart, not the configuration that it makes of them";
        let help = "keep `communications`, `sources`, `executors`, `aliases`, `actions`, `settings` and `plugins` of it and \
                    leave out the rest; `botkube config validate` says of values what of them runs";
        findings.error(&[&entry.key], entry.place, message, help);
        layers.clear();
        options.to_run = false;
    }
    let helm = options.helm_values && layers.iter().any(helm::is_values);
    for mut layer in layers {
        if helm {
            let values = helm::strip(&mut layer, &mut findings);
            environment.extend(values.variables);
            options.to_run &= !values.communications_elsewhere;
        }
        legacy::modernise(&mut layer, &mut findings, &mut old_slack);
        root.overlay(layer, &mut kept);
    }
    environment::overlay(&mut root, &environment, &mut sources, &mut findings, &mut kept);
    for map in kept {
        let message = format!("`{}` is `null` here and keeps the keys it has from before", report::dotted(&map.path));
        findings.difference(50, &map.path, map.place, message, "remove the line, or write the keys that are to change");
    }
    let mut fit = fit::Fit {
        sources: &mut sources,
        environment: &environment,
        findings: &mut findings,
        lenient: options.lenient,
    };
    fit.root(&mut root);
    let json = root.value.to_json();
    let decoded = schema::Root::deserialize(&json).expect("what was fitted to the declaration can be decoded by it");
    let mut check = validate::Check {
        tree: &root,
        sources: &sources,
        findings: &mut findings,
        old_slack: &old_slack,
        helm,
        also: options.also,
    };
    check.root(&decoded, options.to_run);
    let findings = findings.drawn(&sources);
    let origin = |path: &[&str]| sources.written(root.find(path).and_then(|(key, _)| key));
    let config = decode::config(decoded, &origin);
    let seals = diff::seals(&root);
    show::mask(&mut root, &sources);
    sources.forget_texts();
    Loaded { config, findings, origins: Origins { shown: root, seals, sources } }
}

/// The files named by the value of [`CONFIG_PATHS_VARIABLE`]: separated by commas, blanks around a name do not count,
/// and in the order of [`in_order`].
pub fn paths_from_env(value: &str) -> Vec<PathBuf> {
    in_order(value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(PathBuf::from))
}

/// Files whose own name starts with `_` go last, each part in the order given (contract-host §1.1).
pub fn in_order(files: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let (last, mut paths): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"_")));
    paths.extend(last);
    paths
}

impl Origins {
    /// Where the key at the end of `path` was written, by its keys from the top; items of a list are `[index]`. `None`:
    /// there is no such key.
    pub fn of(&self, path: &[impl AsRef<str>]) -> Option<Origin> {
        self.shown.find(path).map(|(key, node)| self.sources.written(key.or(node.place)))
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origins")
    }
}

#[cfg(test)]
mod tests;
