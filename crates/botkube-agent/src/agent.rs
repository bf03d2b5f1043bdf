//! The corridor, put together from a configuration, and anew from each that follows; it knows no platform.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use botkube_config::{
    finding::Origin,
    model::{Config, PlatformKind, PluginKey, Plugins},
};
use botkube_core::{
    dispatch::{self, Dispatcher, Snapshot},
    policy::AllowBound,
    route::{Executors, PluginRef},
};
pub use botkube_plugin_host::{
    catalogue::{Attached, Fetched, Fetcher, OnProgress},
    environment::{line_by_hand, runtime_dir},
    event::{Observer, PluginEvent},
    index::PluginKind,
    store::Progress,
};
use botkube_plugin_host::{
    catalogue::{BUILT_IN_REPOSITORY, Catalogue, Embedded, FromStore},
    environment::{self, InvalidVariable},
    host::Host,
    lock::Lock,
    store::{Limits, RemoteIdentity, Store, StoreConfig},
};
use go_plugin::host::Launcher;
use tokio::sync::Notify;

use crate::{
    credentials::Impersonating,
    inside::metrics::tally::Tally,
    reload::{self, Reloaded, Reloads},
};

/// The target of plugins' log lines whose level was asked for with `LOG_LEVEL_…`: a log should hold all of them.
pub const OUTPUT_TARGET: &str = environment::OUTPUT_TARGET;

/// What an agent is made of besides its configuration, whatever that is.
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
    /// Where the plugins of these repositories come from, whether or not the configuration defines them.
    pub fetchers: BTreeMap<String, Arc<dyn Fetcher>>,
    /// Plugins that somebody else starts, by name.
    pub attached: BTreeMap<String, Attached>,
    /// Told what happens to plugins.
    pub observer: Observer,
    /// Told of every command that ended.
    pub commands: dispatch::Observer,
    /// Whether embedded plugins are bound in every conversation, as in the demo.
    pub demo: bool,
    /// Shown how far plugins are fetched; [`log_progress`] where nobody looks.
    pub progress: OnProgress,
    /// Nothing that comes from a repository may differ from it, if there is one.
    pub lock: Option<Arc<Lock>>,
}

/// A running agent.
pub struct Agent {
    /// Answers what is said.
    pub dispatcher: Arc<Dispatcher>,
    parts: Parts,
    launcher: Arc<Launcher>,
    now: Mutex<Now>,
    has_another_host: Notify,
    reloads: Reloads,
    tally: Arc<Tally>,
}

/// What runs plugins as the newest configuration has it.
struct Now {
    host: Arc<Host>,
    /// What can be asked for somewhere.
    bound: Vec<PluginRef>,
    /// Whether plugins are kept running.
    is_started: bool,
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
/// (`contract-plugins §6.5`). With a lock, nothing is had from it that differs.
#[must_use]
pub fn store(plugins: &Plugins, lock: Option<Arc<Lock>>) -> Store {
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
        lock,
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
    pub fn new(config: Config, shown: &str, parts: Parts) -> Result<Self, AgentError> {
        let launcher = Launcher::new(&parts.program, &parts.launch_args).map_err(AgentError::Thread)?;
        let launcher = Arc::new(launcher);
        let host = parts.host(&config, launcher.clone())?;
        let (snapshot, bound) = parts.snapshot(config, shown, host.clone());
        let (tally, others) = (Arc::new(Tally::default()), parts.commands.clone());
        let observer: dispatch::Observer = {
            let tally = tally.clone();
            Arc::new(move |ended| {
                tally.count(ended);
                others(ended);
            })
        };
        let dispatcher = Arc::new(Dispatcher::observed(snapshot, observer));
        let now = Mutex::new(Now { host, bound, is_started: false });
        Ok(Self {
            dispatcher,
            parts,
            launcher,
            now,
            has_another_host: Notify::new(),
            reloads: Reloads::default(),
            tally,
        })
    }

    /// Answers commands that come from now on as this configuration has it; those under way end as they began. Plugins go on
    /// running where nothing about running plugins changed; else all of them start anew, and the old processes end with
    /// the last command that is in them. Must be called on a runtime.
    ///
    /// # Errors
    ///
    /// When `plugins.env` cannot be used; nothing has changed then.
    pub fn adopt(&self, config: Config, shown: &str) -> Result<(), AgentError> {
        let mut now = self.now();
        let is_same = self.dispatcher.snapshot().config.plugins.is_same(&config.plugins);
        let host = if is_same { now.host.clone() } else { self.parts.host(&config, self.launcher.clone())? };
        let (snapshot, bound) = self.parts.snapshot(config, shown, host.clone());
        if now.is_started {
            host.start(bound.iter().cloned());
        }
        (now.host, now.bound) = (host, bound);
        self.has_another_host.notify_one();
        // The old host goes with the last command that is answered under the old snapshot.
        self.dispatcher.adopt(snapshot);
        Ok(())
    }

    /// Fetches and starts every plugin that can be asked for somewhere, all at the same time and in the background, and
    /// keeps them running. Must be called on a runtime.
    pub fn start(&self) {
        let mut now = self.now();
        now.is_started = true;
        now.host.start(now.bound.iter().cloned());
    }

    /// The plugin's files may be others now: a process of the new ones takes the place of the one that serves, which ends the
    /// calls it has. Must be called on a runtime.
    pub fn replace(&self, plugin: &PluginRef) {
        self.now().host.replace(plugin);
    }

    /// Waits until a plugin failed so often that the agent is to end, and says why.
    pub async fn gave_up(&self) -> String {
        loop {
            let host = self.now().host.clone();
            tokio::select! {
                reason = host.gave_up() => return reason,
                () = self.has_another_host.notified() => {}
            }
        }
    }

    /// The names of the agent's variables that no plugin is given.
    #[must_use]
    pub fn withheld(&self) -> Vec<String> {
        environment::withheld(env::vars_os().map(|(name, _)| name), &self.dispatcher.snapshot().config.plugins)
    }

    /// Stops every plugin; returns when no process is left.
    pub async fn stop(&self) {
        let host = self.now().host.clone();
        host.stop().await;
    }

    /// Remembers an attempt to go on with another configuration; [`reload::REMEMBERED`] are.
    pub fn reloaded(&self, record: Reloaded) {
        self.reloads.add(record);
    }

    /// The latest attempts to go on with another configuration, the oldest of them first.
    #[must_use]
    pub fn reloads(&self) -> Vec<Reloaded> {
        self.reloads.latest()
    }

    /// How often this came of such an attempt, and when it did last.
    #[must_use]
    pub fn reloads_ended(&self, outcome: reload::Outcome) -> (u64, Option<SystemTime>) {
        self.reloads.tally(outcome)
    }

    /// How its commands ended.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    /// What runs the plugins of a configuration.
    fn host(&self, config: &Config, launcher: Arc<Launcher>) -> Result<Arc<Host>, AgentError> {
        let catalogue = Catalogue {
            given: self.given.clone(),
            embedded: Embedded {
                program: self.program.clone(),
                args: self.embedded_args.clone(),
                names: self.embedded.clone(),
            },
            repositories: config.plugins.repositories.keys().cloned().collect(),
            fetcher: Some(Arc::new(FromStore {
                store: store(&config.plugins, self.lock.clone()),
                progress: self.progress.clone(),
            })),
            fetchers: self.fetchers.clone(),
            attached: self.attached.clone(),
        };
        Ok(Arc::new(Host::observed(catalogue, launcher, config.plugins.clone(), self.observer.clone())?))
    }

    /// What commands are answered with under a configuration, and which plugins they can ask for.
    fn snapshot(&self, config: Config, shown: &str, host: Arc<Host>) -> (Snapshot, Vec<PluginRef>) {
        let is_bound = |name: &String| {
            config.executors.iter().flat_map(|group| &group.plugins).any(|p| p.enabled && p.key.name == *name)
        };
        let mut everywhere: Vec<String> = self.given.keys().filter(|name| !is_bound(name)).cloned().collect();
        if self.demo {
            everywhere.extend(self.embedded.iter().filter(|name| !self.given.contains_key(*name)).cloned());
        }
        let keys = bound(&config).into_iter().cloned().map(PluginRef::Key);
        let bound = keys.chain(everywhere.iter().cloned().map(PluginRef::Named)).collect();
        let credentials = Arc::new(Impersonating::new(&config.settings));
        let executors = Executors::new(&config, everywhere);
        let mut snapshot = Snapshot::new(Arc::new(config), executors, Arc::new(AllowBound), credentials, host);
        snapshot.shown_config = shown.into();
        (snapshot, bound)
    }
}
