//! What the verbs about plugins of repositories share: the plugins that a configuration means, the lock beside it, and work that
//! can be called off. It knows no single verb.

use std::{
    collections::BTreeSet,
    fs,
    future::Future,
    io::{self, IsTerminal, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use botkube_agent::agent::{self, OnProgress, log_progress};
use botkube_config::{Options, model::Config};
use botkube_plugin_host::{
    catalogue::BUILT_IN_REPOSITORY,
    index::{Platform, PluginKind},
    lock::{Lock, LockError, Wanted},
    store::Store,
};
use tracing::Level;

use crate::{
    args::{Files, GivenPlugin},
    complain, logging,
    plugin::working,
    progress::Bars,
    setup,
};

/// Whether plugins have to be what a lock says.
pub(crate) enum Locked {
    /// There is no lock, and none is asked for.
    Not,
    /// There is one, which is not asked for.
    Ignored(PathBuf),
    /// Nothing else is started.
    To(Arc<Lock>),
}

/// A configuration and what it means.
pub(crate) struct Supply {
    pub(crate) config: Config,
    /// Every enabled plugin that comes from a repository.
    pub(crate) wanted: BTreeSet<Wanted>,
    /// Where its lock is, or would be.
    pub(crate) lock: PathBuf,
}

impl Locked {
    /// What the configuration asks for, or whoever runs it.
    ///
    /// # Errors
    ///
    /// When a lock is asked for and there is none, or it lacks a plugin.
    pub(crate) fn of(files: Files, config: &Config, asked: bool, given: &[GivenPlugin]) -> Result<Self> {
        let Some(path) = setup::files(files)?.first().map(|first| Lock::path(first)) else { return Ok(Self::Not) };
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

    pub(crate) fn lock(self) -> Option<Arc<Lock>> {
        match self {
            Self::To(lock) => Some(lock),
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
pub(crate) fn required(files: Files, config: &Config) -> Result<Option<Arc<Lock>>> {
    if !config.plugins.require_lock {
        return Ok(None);
    }
    let path = setup::files(files)?.first().map(|first| Lock::path(first));
    path.map(|path| there(&path).map(Arc::new)).transpose()
}

fn there(path: &Path) -> Result<Lock> {
    Ok(Lock::read(path)?.ok_or_else(|| LockError::Missing(path.to_owned()))?)
}

impl Supply {
    /// Of these files.
    ///
    /// # Errors
    ///
    /// When there is no configuration, or it cannot be used.
    pub(crate) fn of(files: Files) -> Result<Self> {
        let Some(first) = setup::files(files.clone())?.first().cloned() else {
            bail!("no configuration: give one with --config FILE or in BOTKUBE_CONFIG_PATHS");
        };
        let loaded = setup::configuration(files, Options::default())?.context("no configuration")?;
        let wanted = wanted(&loaded.config);
        Ok(Self { config: loaded.config, wanted, lock: Lock::path(&first) })
    }

    /// The store of its plugins.
    pub(crate) fn store(&self, lock: Option<Arc<Lock>>) -> Store {
        agent::store(&self.config.plugins, lock)
    }
}

/// Every enabled plugin but those that come with the agent.
fn wanted(config: &Config) -> BTreeSet<Wanted> {
    let comes_with =
        |repository: &str| repository == BUILT_IN_REPOSITORY && !config.plugins.repositories.contains_key(repository);
    let groups = [(PluginKind::Executor, &config.executors), (PluginKind::Source, &config.sources)];
    let plugins = groups.into_iter().flat_map(|(kind, groups)| {
        let plugins = groups.iter().flat_map(|group| &group.plugins).filter(|plugin| plugin.enabled);
        plugins.map(move |plugin| Wanted { key: plugin.key.clone(), kind })
    });
    plugins.filter(|wanted| !comes_with(&wanted.key.repository)).collect()
}

/// Reads `os/architecture`, several times.
pub(crate) fn platforms(texts: &[String]) -> Result<Vec<Platform>> {
    let read = |text: &String| text.parse::<Platform>().map_err(|why| anyhow::anyhow!("--platform: {why}"));
    texts.iter().map(read).collect::<Result<BTreeSet<_>>>().map(|platforms| platforms.into_iter().collect())
}

/// Works until the end, or until a signal: then everything unfinished is removed. How far it is, is said on standard error.
pub(crate) fn work<F>(work: impl FnOnce(OnProgress) -> F) -> Result<ExitCode>
where
    F: Future<Output = Result<ExitCode>>,
{
    let watched = io::stderr().is_terminal();
    logging::to_stderr(if watched { Level::WARN } else { Level::INFO });
    let bars = Bars::default();
    let progress = if watched { bars.drawing() } else { log_progress() };
    let outcome = working::until_signal(work(progress));
    bars.clear();
    outcome?.unwrap_or_else(|| {
        complain("called off; nothing was written");
        Ok(ExitCode::FAILURE)
    })
}

/// Writes the result.
///
/// # Errors
///
/// When nobody reads it.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// Writes a file whole or not at all: who reads it meanwhile reads the one before.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::with_prefix_in(".botkube-", folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    file.persist(path)?;
    Ok(())
}

/// Says what somebody should know although all went well.
pub(crate) fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| complain(&format!("warning: {warning}")));
}

/// Lines with their columns under each other.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
