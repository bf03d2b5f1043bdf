//! Which executable a plugin is: given by hand, part of the agent, or from a repository. It starts nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use botkube_config::model::PluginKey;
use botkube_core::route::PluginRef;
use tokio::task::spawn_blocking;

use crate::{
    index::PluginKind,
    store::{Installed, Progress, Store},
};

/// The repository whose plugins come with the agent where no one defines it.
pub const BUILT_IN_REPOSITORY: &str = "botkube";

/// The executables this agent knows.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Executables given on the command line, by plugin name. They replace every plugin of that name.
    pub given: BTreeMap<String, PathBuf>,
    /// Plugins that are part of this agent.
    pub embedded: Embedded,
    /// The repositories the configuration defines.
    pub repositories: BTreeSet<String>,
    /// Gets plugins from them.
    pub fetcher: Option<Arc<dyn Fetcher>>,
    /// Gets the plugins of these repositories in its place, whether or not the configuration defines them.
    pub fetchers: BTreeMap<String, Arc<dyn Fetcher>>,
    /// Plugins that somebody else starts, by name. They replace every plugin of that name.
    pub attached: BTreeMap<String, Attached>,
}

/// A plugin that somebody else starts, in a terminal or a debugger. Nothing it does has a deadline of the host's, and it is
/// waited for again whenever it ended.
#[derive(Clone)]
pub struct Attached {
    /// The directory in which its socket appears, such as one of [`environment::runtime_dir`]; only its own may be in it.
    /// [`environment::line_by_hand`] says how the plugin has to be started.
    ///
    /// [`environment::runtime_dir`]: crate::environment::runtime_dir
    /// [`environment::line_by_hand`]: crate::environment::line_by_hand
    pub dir: PathBuf,
    /// Is called whenever the host begins to wait for it, and must not block.
    pub waiting: Arc<dyn Fn() + Send + Sync>,
}

/// Gets plugins from the repositories that the configuration defines.
#[async_trait]
pub trait Fetcher: fmt::Debug + Send + Sync {
    /// The files of a plugin, from a cache or from afar. It is waited for as long as it takes, so it has deadlines of its
    /// own. Dropping the future calls it off.
    ///
    /// # Errors
    ///
    /// Why the plugin cannot be had and what to do, naming the plugin and the repository.
    async fn fetch(&self, plugin: &PluginKey) -> Result<Fetched, String>;

    /// The same for a plugin whose program was found not to be what was checked: nothing of it is believed.
    ///
    /// # Errors
    ///
    /// As [`Fetcher::fetch`].
    async fn fetch_again(&self, plugin: &PluginKey) -> Result<Fetched, String> {
        self.fetch(plugin).await
    }
}

/// A plugin's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its executable.
    pub program: PathBuf,
    /// The directory of what it calls, if it has one of its own.
    pub dependencies: Option<PathBuf>,
    /// Which version it is.
    pub version: String,
    /// The SHA-256 of the executable when it was checked, which it has to have when it is run; `None`: nobody checked it.
    pub sha256: Option<String>,
}

/// Gets plugins from a plugin store.
pub struct FromStore {
    /// Keeps what was fetched.
    pub store: Store,
    /// Shown how far a fetch is.
    pub progress: OnProgress,
}

/// Is told how far a fetch is.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Plugins inside the agent's own executable, which becomes one when started as `program args… NAME`.
#[derive(Clone, Debug, Default)]
pub struct Embedded {
    /// The agent's executable.
    pub program: PathBuf,
    /// What comes before the plugin's name.
    pub args: Vec<OsString>,
    /// The names there are.
    pub names: Vec<String>,
}

/// A program to start, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executable {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) dependencies: Option<PathBuf>,
    /// Where it came from a repository.
    pub(crate) version: Option<String>,
    /// What the program's content has to be.
    pub(crate) sha256: Option<String>,
}

/// Where a plugin is.
#[derive(Debug)]
enum Place<'a> {
    Here(Executable),
    Repository(&'a PluginKey, &'a dyn Fetcher),
}

impl Catalogue {
    /// Whether somebody else starts the plugin, and where it is found then.
    pub(crate) fn attached(&self, plugin: &PluginRef) -> Option<&Attached> {
        self.attached.get(plugin.name())
    }

    /// Whether it is known where the plugin comes from.
    pub(crate) fn knows(&self, plugin: &PluginRef) -> bool {
        self.find(plugin).is_ok()
    }

    /// The plugin's executable, fetched if it has to be, or why there is none and what to do.
    pub(crate) async fn obtain(&self, plugin: &PluginRef) -> Result<Executable, String> {
        match self.find(plugin)? {
            Place::Here(executable) => Ok(executable),
            Place::Repository(key, fetcher) => fetcher.fetch(key).await.map(Executable::from),
        }
    }

    /// The same once it was found that the program is not what was checked.
    pub(crate) async fn obtain_again(&self, plugin: &PluginRef) -> Result<Executable, String> {
        match self.find(plugin)? {
            Place::Here(executable) => Ok(executable),
            Place::Repository(key, fetcher) => fetcher.fetch_again(key).await.map(Executable::from),
        }
    }

    fn find<'a>(&'a self, plugin: &'a PluginRef) -> Result<Place<'a>, String> {
        let name = plugin.name();
        if let Some(path) = self.given.get(name) {
            return Ok(Place::Here(Executable {
                program: path.clone(),
                args: Vec::new(),
                dependencies: None,
                version: None,
                sha256: None,
            }));
        }
        if let PluginRef::Key(key) = plugin
            && let Some(fetcher) = self.fetchers.get(&key.repository)
        {
            return Ok(Place::Repository(key, &**fetcher));
        }
        match (plugin, &self.fetcher) {
            (PluginRef::Named(_), _) => self.embedded(name),
            (PluginRef::Key(key), _) if key.repository == BUILT_IN_REPOSITORY && !self.defines(&key.repository) => {
                self.embedded(name)
            }
            (PluginRef::Key(key), _) if !self.defines(&key.repository) => Err(format!(
                "the plugin `{key}` comes from the repository `{0}`, which the configuration does not define; add \
                 `plugins: {{repositories: {{{0}: {{url: …}}}}}}` with the address of its index, or give the plugin's \
                 executable with `--plugin {name}=PATH`",
                key.repository
            )),
            (PluginRef::Key(key), Some(fetcher)) => Ok(Place::Repository(key, &**fetcher)),
            (PluginRef::Key(key), None) => Err(format!(
                "the plugin `{key}` comes from the repository `{}`, and this agent fetches no plugins; give its executable \
                 with `--plugin {name}=PATH`",
                key.repository
            )),
        }
    }

    fn embedded(&self, name: &str) -> Result<Place<'_>, String> {
        let Embedded { program, args, names } = &self.embedded;
        if !names.iter().any(|known| known == name) {
            return Err(format!(
                "no plugin `{name}` comes with this agent ({} do); give its executable with `--plugin {name}=PATH`",
                names.join(", ")
            ));
        }
        let args = args.iter().cloned().chain([name.into()]).collect();
        Ok(Place::Here(Executable { program: program.clone(), args, dependencies: None, version: None, sha256: None }))
    }

    fn defines(&self, repository: &str) -> bool {
        self.repositories.contains(repository)
    }
}

impl From<Fetched> for Executable {
    fn from(Fetched { program, dependencies, version, sha256 }: Fetched) -> Self {
        Self { program, args: Vec::new(), dependencies, version: Some(version), sha256 }
    }
}

#[async_trait]
impl Fetcher for FromStore {
    async fn fetch(&self, plugin: &PluginKey) -> Result<Fetched, String> {
        let installed = self.store.install(plugin, PluginKind::Executor, &*self.progress).await;
        let installed = installed.map_err(|error| error.to_string())?;
        // They are run by the plugin, and nobody looks at them then.
        let dependencies = installed.clone();
        match spawn_blocking(move || dependencies.changed_dependency()).await.map_err(|error| error.to_string())? {
            Some(path) => {
                tracing::warn!(%plugin, file = %path.display(), "a program that the plugin runs changed since it was checked");
                self.fetch_again(plugin).await
            }
            None => Ok(fetched(plugin, installed)),
        }
    }

    async fn fetch_again(&self, plugin: &PluginKey) -> Result<Fetched, String> {
        let installed = self.store.renew(plugin, PluginKind::Executor, &*self.progress).await;
        installed.map(|installed| fetched(plugin, installed)).map_err(|error| error.to_string())
    }
}

fn fetched(plugin: &PluginKey, installed: Installed) -> Fetched {
    let Installed { program, sha256, dependencies, version, warnings, .. } = installed;
    for warning in warnings {
        tracing::warn!(%plugin, "{warning}");
    }
    Fetched { program, dependencies: Some(dependencies), version, sha256: Some(sha256) }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl fmt::Debug for FromStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromStore")
    }
}

#[cfg(test)]
mod tests;
