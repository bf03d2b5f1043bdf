//! The lock beside a configuration: whether it is asked for, and whether it fits. It fetches and starts nothing.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail};
use botkube_config::model::Config;
use botkube_plugin_host::{
    catalogue::BUILT_IN_REPOSITORY,
    index::{Platform, PluginKind},
    lock::{Lock, LockError, Wanted},
};

use crate::args::GivenPlugin;

/// Whether plugins have to be what a lock says.
pub(crate) enum Locked {
    /// There is no lock, and none is asked for.
    Not,
    /// There is one, which is not asked for.
    Ignored(PathBuf),
    /// Nothing else is started.
    To(Arc<Lock>),
}

impl Locked {
    /// What the configuration asks for, or whoever runs it.
    ///
    /// # Errors
    ///
    /// When a lock is asked for and there is none, or it lacks a plugin.
    pub(crate) fn of(files: &[PathBuf], config: &Config, asked: bool, given: &[GivenPlugin]) -> Result<Self> {
        let Some(path) = files.first().map(|first| Lock::path(first)) else { return Ok(Self::Not) };
        if !asked && !config.plugins.require_lock {
            return Ok(if path.exists() { Self::Ignored(path) } else { Self::Not });
        }
        let lock = there(&path)?;
        let wanted = wanted(config);
        let from_repositories = wanted.iter().filter(|wanted| !given.iter().any(|given| given.name == wanted.key.name));
        let lacks = lock.lacks(from_repositories.map(|wanted| (wanted.kind, &wanted.key)), &Platform::current());
        if !lacks.is_empty() {
            let lacks: Vec<String> =
                lacks.iter().map(|(key, lacks)| format!("  `{key}`: {lacks}{}", lacks.accept(key))).collect();
            bail!(
                "the lock `{}` does not fit the configuration, so nothing is started:\n{}",
                path.display(),
                lacks.join("\n")
            );
        }
        Ok(Self::To(Arc::new(lock)))
    }

    pub(crate) fn lock(&self) -> Option<Arc<Lock>> {
        match self {
            Self::To(lock) => Some(lock.clone()),
            Self::Not | Self::Ignored(_) => None,
        }
    }

    /// Says in the log what comes of it.
    pub(crate) fn say(&self, given: &[GivenPlugin]) {
        match self {
            Self::Not => {}
            Self::Ignored(path) => tracing::info!(
                lock = %path.display(),
                "the lock is not used: `--locked` or `plugins.requireLock: true` asks for it"
            ),
            Self::To(_) => {
                for plugin in given {
                    tracing::warn!(plugin = plugin.name, file = %plugin.path.display(), "given with --plugin, so no lock is asked");
                }
            }
        }
    }
}

/// The lock that a configuration asks for, for a tool that starts one plugin of it: the others need not be in it.
///
/// # Errors
///
/// When it is asked for and cannot be had.
pub(crate) fn required(files: &[PathBuf], config: &Config) -> Result<Option<Arc<Lock>>> {
    if !config.plugins.require_lock {
        return Ok(None);
    }
    let path = files.first().map(|first| Lock::path(first));
    path.map(|path| there(&path).map(Arc::new)).transpose()
}

fn there(path: &Path) -> Result<Lock> {
    Ok(Lock::read(path)?.ok_or_else(|| LockError::Missing(path.to_owned()))?)
}

/// Every enabled plugin but those that come with the agent.
pub(crate) fn wanted(config: &Config) -> BTreeSet<Wanted> {
    let comes_with =
        |repository: &str| repository == BUILT_IN_REPOSITORY && !config.plugins.repositories.contains_key(repository);
    let groups = [(PluginKind::Executor, &config.executors), (PluginKind::Source, &config.sources)];
    let plugins = groups.into_iter().flat_map(|(kind, groups)| {
        let plugins = groups.iter().flat_map(|group| &group.plugins).filter(|plugin| plugin.enabled);
        plugins.map(move |plugin| Wanted { key: plugin.key.clone(), kind })
    });
    plugins.filter(|wanted| !comes_with(&wanted.key.repository)).collect()
}
