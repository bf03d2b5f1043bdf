//! The corridor, put together from one snapshot of the configuration; it knows no platform.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    io,
    path::PathBuf,
    sync::Arc,
};

use botkube_config::{
    finding::Origin,
    model::{Config, PlatformKind, PluginKey, Plugins},
};
use botkube_core::{
    dispatch::Dispatcher,
    policy::AllowBound,
    route::{Executors, PluginRef},
};
pub use botkube_plugin_host::{catalogue::OnProgress, store::Progress};
use botkube_plugin_host::{
    catalogue::{BUILT_IN_REPOSITORY, Catalogue, Embedded, FromStore},
    environment::{self, InvalidVariable},
    host::Host,
    store::{Limits, RemoteIdentity, Store, StoreConfig},
};
use go_plugin::host::Launcher;

use crate::credentials::Impersonating;

/// The target of plugins' log lines whose level was asked for with `LOG_LEVEL_…`: a log should hold all of them.
pub const OUTPUT_TARGET: &str = environment::OUTPUT_TARGET;

/// What an agent is made of besides its configuration.
#[derive(Clone)]
pub struct Parts {
    /// The agent's own executable.
    pub program: PathBuf,
    /// Its arguments that make it a launcher of plugins.
    pub launch_args: Vec<OsString>,
    /// Its arguments that make it one of its embedded plugins; the plugin's name follows.
    pub embedded_args: Vec<OsString>,
    /// The names of its embedded plugins.
    pub embedded: Vec<String>,
    /// Executables of plugins given by hand, by name.
    pub given: BTreeMap<String, PathBuf>,
    /// Whether embedded plugins are bound in every conversation, as in the demo.
    pub demo: bool,
    /// Shown how far plugins are fetched; [`log_progress`] where nobody looks.
    pub progress: OnProgress,
    /// The configuration as people may see it, with secrets masked; empty where there is none.
    pub shown_config: String,
}

/// A running agent.
pub struct Agent {
    /// Answers what is said.
    pub dispatcher: Arc<Dispatcher>,
    host: Arc<Host>,
    /// What can be asked for somewhere.
    bound: Vec<PluginRef>,
}

/// Why an agent cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No thread for starting plugins.
    #[error("cannot make the thread that starts plugins")]
    Thread(#[source] io::Error),
    /// `plugins.env` cannot be used.
    #[error(transparent)]
    Variable(#[from] InvalidVariable),
}

/// The plugins served by those that come with the agent, since no one defines the repository their keys name; each with
/// the first place that names it.
pub fn built_in<'a>(config: &'a Config, given: &BTreeMap<String, PathBuf>) -> BTreeMap<&'a PluginKey, &'a Origin> {
    let mut keys = BTreeMap::new();
    if !config.plugins.repositories.contains_key(BUILT_IN_REPOSITORY) {
        for binding in config.executors.iter().flat_map(|group| &group.plugins).filter(|binding| binding.enabled) {
            if binding.key.repository == BUILT_IN_REPOSITORY && !given.contains_key(&binding.key.name) {
                keys.entry(&binding.key).or_insert(&binding.origin);
            }
        }
    }
    keys
}

/// The plugins that enabled platforms bind (`contract-plugins §6.2`). A console without channels binds every group.
fn bound(config: &Config) -> BTreeSet<&PluginKey> {
    let platforms = config.communications.iter().flat_map(|group| &group.platforms).filter(|platform| platform.enabled);
    let mut groups = BTreeSet::new();
    for platform in platforms {
        groups.extend(platform.channels.iter().flat_map(|channel| channel.executors.iter().map(String::as_str)));
        if platform.kind == PlatformKind::Console && platform.channels.is_empty() {
            groups.extend(config.executors.iter().map(|group| group.name.as_str()));
        }
    }
    let groups = config.executors.iter().filter(|group| groups.contains(group.name.as_str()));
    groups.flat_map(|group| &group.plugins).filter(|binding| binding.enabled).map(|binding| &binding.key).collect()
}

/// Where the plugins of defined repositories are kept. Header templates know what upstream's cloud calls this agent
/// (`contract-plugins §6.5`).
#[must_use]
pub fn store(plugins: &Plugins) -> Store {
    let variable = |name| env::var(name).unwrap_or_default();
    Store::new(StoreConfig {
        cache_dir: plugins.cache_dir.clone(),
        repositories: plugins.repositories.clone(),
        index_max_age: plugins.index_max_age,
        remote: RemoteIdentity {
            endpoint: variable("CONFIG_PROVIDER_ENDPOINT"),
            identifier: variable("CONFIG_PROVIDER_IDENTIFIER"),
            api_key: variable("CONFIG_PROVIDER_API_KEY").into(),
        },
        offline: false,
        limits: Limits::default(),
    })
}

/// Logs when a fetch begins and when its bytes are all there.
#[must_use]
pub fn log_progress() -> OnProgress {
    Arc::new(|progress| match progress {
        Progress::Index { repository } => tracing::info!(repository, "asking for the index of plugins"),
        Progress::Waiting { plugin } => tracing::info!(plugin, "waiting: it is being installed by another"),
        Progress::Downloading { what, received: 0, total } => tracing::info!(what, bytes = total, "fetching"),
        Progress::Downloading { .. } => {}
        Progress::Unpacking { what } => tracing::info!(what, "fetched; checking and unpacking"),
    })
}

impl Agent {
    /// Puts an agent together. Plugins start when they are first asked, or with [`Agent::start`].
    ///
    /// # Errors
    ///
    /// When the thread that starts plugins cannot be started, or `plugins.env` cannot be used.
    pub fn new(config: Config, parts: Parts) -> Result<Self, AgentError> {
        let is_bound = |name: &String| {
            config.executors.iter().flat_map(|group| &group.plugins).any(|p| p.enabled && p.key.name == *name)
        };
        let mut everywhere: Vec<String> = parts.given.keys().filter(|name| !is_bound(name)).cloned().collect();
        if parts.demo {
            everywhere.extend(parts.embedded.iter().filter(|name| !parts.given.contains_key(*name)).cloned());
        }
        let catalogue = Catalogue {
            given: parts.given,
            embedded: Embedded { program: parts.program.clone(), args: parts.embedded_args, names: parts.embedded },
            repositories: config.plugins.repositories.keys().cloned().collect(),
            fetcher: Some(Arc::new(FromStore { store: store(&config.plugins), progress: parts.progress })),
        };
        let launcher = Launcher::new(parts.program, parts.launch_args).map_err(AgentError::Thread)?;
        let host = Arc::new(Host::new(catalogue, Arc::new(launcher), config.plugins.clone())?);
        let keys = bound(&config).into_iter().cloned().map(PluginRef::Key);
        let bound = keys.chain(everywhere.iter().cloned().map(PluginRef::Named)).collect();
        let credentials = Impersonating::new(&config.settings);
        let config = Arc::new(config);
        let mut dispatcher = Dispatcher::new(
            config.clone(),
            Executors::new(&config, everywhere),
            Arc::new(AllowBound),
            Arc::new(credentials),
            host.clone(),
        );
        dispatcher.shown_config = parts.shown_config.into();
        let dispatcher = Arc::new(dispatcher);
        Ok(Self { dispatcher, host, bound })
    }

    /// Fetches and starts every plugin that can be asked for somewhere, all at the same time and in the background, and
    /// keeps them running. Must be called on a runtime.
    pub fn start(&self) {
        self.host.start(self.bound.iter().cloned());
    }

    /// Waits until a plugin failed so often that the agent is to end, and says why.
    pub async fn gave_up(&self) -> String {
        self.host.gave_up().await
    }

    /// The names of the agent's variables that no plugin is given.
    #[must_use]
    pub fn withheld(&self) -> Vec<String> {
        environment::withheld(env::vars_os().map(|(name, _)| name), &self.dispatcher.config.plugins)
    }

    /// Stops every plugin; returns when no process is left.
    pub async fn stop(&self) {
        self.host.stop().await;
    }
}
