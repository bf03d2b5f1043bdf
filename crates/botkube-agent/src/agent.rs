//! The corridor, put together from a configuration, and brought in line with each that follows; it knows no platform.

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
    conversation::Conversation,
    dispatch::{self, Dispatcher, Snapshot},
    policy::AllowBound,
    port::{PluginStatus, Plugins as _},
    route::{Executors, PluginRef},
};
pub use botkube_plugin_host::{
    catalogue::{Attached, Fetched, Fetcher, OnProgress},
    environment::{RuntimeDir, line_by_hand, runtime_dir},
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

use crate::{
    credentials::Impersonating,
    inside::metrics::tally::Tally,
    reach::{Living, Reach},
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
    host: Arc<Host>,
    living: Arc<Living>,
    now: Mutex<Now>,
    reloads: Reloads,
    tally: Arc<Tally>,
}

/// Another configuration for a running agent.
pub struct Adopted {
    /// The configuration.
    pub config: Config,
    /// The same as people may see it.
    pub shown: String,
    /// Nothing that comes from a repository may differ from it, if there is one.
    pub lock: Option<Arc<Lock>>,
    /// The channels in which commands come, as it has them.
    pub channels: Vec<Conversation>,
}

/// Another version of a plugin, which does not answer before it has shown that it can.
#[derive(Debug)]
#[must_use = "the former version answers until it is proved"]
pub struct Trial {
    /// The plugin.
    pub plugin: PluginRef,
    /// Who answers in its stead.
    pub former: PluginRef,
    number: u64,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It answers from now on.
    Serves,
    /// Why it does not; the former version goes on.
    RolledBack(String),
    /// Another configuration has no use for it any more.
    Dropped,
}

/// What runs plugins as the newest configuration has it.
#[derive(Default)]
struct Now {
    /// What can be asked for somewhere.
    bound: Vec<PluginRef>,
    /// What does not answer for itself yet.
    stand_ins: BTreeMap<PluginRef, StandIn>,
    /// How many trials there were.
    trials: u64,
    /// Whether plugins are kept running.
    is_started: bool,
}

/// Who answers in a plugin's stead.
struct StandIn {
    former: PluginRef,
    /// The trial under way; the last one failed where there is none.
    trial: Option<u64>,
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
        let catalogue = parts.catalogue(&config, parts.lock.clone());
        let host = Host::observed(catalogue, Arc::new(launcher), config.plugins.clone(), parts.observer.clone())?;
        let host = Arc::new(host);
        let bound = parts.bound(&config);
        let living = Arc::new(Living::default());
        let reach = Reach::new(host.clone(), living.clone(), &bound, BTreeMap::new());
        let snapshot = parts.snapshot(config, shown, &[], reach);
        let tally = Arc::new(Tally::default());
        let observer: dispatch::Observer = {
            let tally = tally.clone();
            Arc::new(move |ended| tally.count(ended))
        };
        let dispatcher = Arc::new(Dispatcher::observed(snapshot, observer));
        let now = Mutex::new(Now { bound, ..Now::default() });
        Ok(Self { dispatcher, parts, host, living, now, reloads: Reloads::default(), tally })
    }

    /// Answers commands that come from now on as this configuration has it; those under way end as they began. Plugins about
    /// which nothing changed are left alone; what is newly bound starts, and what is bound no more ends with the last
    /// command that may still call it. Where a plugin serves and only its version is another, it goes on until the new
    /// version is proved, for which the trials are. Must be called on a runtime.
    ///
    /// # Errors
    ///
    /// When `plugins.env` cannot be used; nothing has changed then.
    pub fn adopt(&self, adopted: Adopted) -> Result<Vec<Trial>, AgentError> {
        let Adopted { config, shown, lock, channels } = adopted;
        let mut now = self.now();
        self.host.reconfigure(self.parts.catalogue(&config, lock), config.plugins.clone())?;
        let bound = self.parts.bound(&config);
        let (mut stand_ins, mut trials) = (BTreeMap::new(), Vec::new());
        for plugin in &bound {
            let Some((former, trial)) = self.stand_in(&now, plugin, &bound) else { continue };
            let number = trial.unwrap_or_else(|| {
                now.trials += 1;
                trials.push(Trial { plugin: plugin.clone(), former: former.clone(), number: now.trials });
                now.trials
            });
            stand_ins.insert(plugin.clone(), StandIn { former, trial: Some(number) });
        }
        (now.bound, now.stand_ins) = (bound, stand_ins);
        let snapshot = self.parts.snapshot(config, &shown, &channels, self.reach(&now));
        // Once the way to them is there, so that nothing lets them go.
        self.start_bound(&now);
        self.dispatcher.adopt(snapshot);
        Ok(trials)
    }

    /// Has another version of a plugin show that it serves, and lets it answer then; otherwise the former one goes on until
    /// there is another configuration.
    pub async fn prove(&self, trial: Trial) -> Proof {
        let proven = self.host.ready(&trial.plugin).await;
        let mut now = self.now();
        let Some(stand_in) = now.stand_ins.get_mut(&trial.plugin).filter(|it| it.trial == Some(trial.number)) else {
            // It may have been started after it was let go.
            let is_former = now.stand_ins.values().any(|stand_in| stand_in.former == trial.plugin);
            if !is_former && !now.bound.contains(&trial.plugin) {
                self.host.forget(&trial.plugin);
            }
            return Proof::Dropped;
        };
        if let Err(reason) = proven {
            stand_in.trial = None;
            self.host.forget(&trial.plugin);
            return Proof::RolledBack(reason);
        }
        now.stand_ins.remove(&trial.plugin);
        let snapshot = Snapshot { plugins: Arc::new(self.reach(&now)), ..(*self.dispatcher.snapshot()).clone() };
        self.start_bound(&now);
        self.dispatcher.adopt(snapshot);
        Proof::Serves
    }

    /// Fetches and starts every plugin that can be asked for somewhere, all at the same time and in the background, and
    /// keeps them running. Must be called on a runtime.
    pub fn start(&self) {
        let mut now = self.now();
        now.is_started = true;
        self.start_bound(&now);
    }

    /// The plugin's files may be others now: a process of the new ones takes the place of the one that serves, which ends the
    /// calls it has. Must be called on a runtime.
    pub fn replace(&self, plugin: &PluginRef) {
        self.host.replace(plugin);
    }

    /// Waits until a plugin failed so often that the agent is to end, and says why.
    pub async fn gave_up(&self) -> String {
        self.host.gave_up().await
    }

    /// The names of the agent's variables that no plugin is given.
    #[must_use]
    pub fn withheld(&self) -> Vec<String> {
        environment::withheld(env::vars_os().map(|(name, _)| name), &self.dispatcher.snapshot().config.plugins)
    }

    /// Stops every plugin; returns when no process is left.
    pub async fn stop(&self) {
        self.host.stop().await;
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

    /// Who is to answer in the stead of a plugin that the next configuration binds, and the trial of it that is under way.
    fn stand_in(&self, now: &Now, plugin: &PluginRef, next: &[PluginRef]) -> Option<(PluginRef, Option<u64>)> {
        if now.bound.contains(plugin) {
            return now.stand_ins.get(plugin).map(|known| (known.former.clone(), known.trial));
        }
        let gone = now.bound.iter().filter(|former| !next.contains(former));
        let former = gone.into_iter().find(|former| is_another_version(former, plugin))?;
        let former = now.stand_ins.get(former).map_or(former, |known| &known.former);
        let serves = self.host.state(former).status == PluginStatus::Running;
        serves.then(|| (former.clone(), None))
    }

    fn reach(&self, now: &Now) -> Reach {
        let stand_ins = now.stand_ins.iter().map(|(plugin, stand_in)| (plugin.clone(), stand_in.former.clone()));
        Reach::new(self.host.clone(), self.living.clone(), &now.bound, stand_ins.collect())
    }

    /// Keeps running what answers for itself; what is on trial is started by it.
    fn start_bound(&self, now: &Now) {
        if now.is_started {
            self.host.start(now.bound.iter().filter(|plugin| !now.stand_ins.contains_key(plugin)).cloned());
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether both are the same plugin in two versions.
fn is_another_version(one: &PluginRef, other: &PluginRef) -> bool {
    match (one, other) {
        (PluginRef::Key(one), PluginRef::Key(other)) => {
            one.repository == other.repository && one.name == other.name && one.version != other.version
        }
        _ => false,
    }
}

impl Parts {
    /// Where the plugins of a configuration are had.
    fn catalogue(&self, config: &Config, lock: Option<Arc<Lock>>) -> Catalogue {
        Catalogue {
            given: self.given.clone(),
            embedded: Embedded {
                program: self.program.clone(),
                args: self.embedded_args.clone(),
                names: self.embedded.clone(),
            },
            repositories: config.plugins.repositories.keys().cloned().collect(),
            fetcher: Some(Arc::new(FromStore { store: store(&config.plugins, lock), progress: self.progress.clone() })),
            fetchers: self.fetchers.clone(),
            attached: self.attached.clone(),
        }
    }

    /// The names of plugins without a key in the configuration, which are bound in every conversation.
    fn everywhere(&self, config: &Config) -> Vec<String> {
        let is_bound = |name: &String| {
            config.executors.iter().flat_map(|group| &group.plugins).any(|p| p.enabled && p.key.name == *name)
        };
        let mut everywhere: Vec<String> = self.given.keys().filter(|name| !is_bound(name)).cloned().collect();
        if self.demo {
            everywhere.extend(self.embedded.iter().filter(|name| !self.given.contains_key(*name)).cloned());
        }
        everywhere
    }

    /// Which plugins commands can ask for under a configuration.
    fn bound(&self, config: &Config) -> Vec<PluginRef> {
        let keys = bound(config).into_iter().cloned().map(PluginRef::Key);
        keys.chain(self.everywhere(config).into_iter().map(PluginRef::Named)).collect()
    }

    /// What commands are answered with under a configuration.
    fn snapshot(&self, config: Config, shown: &str, channels: &[Conversation], reach: Reach) -> Snapshot {
        let credentials = Arc::new(Impersonating::new(&config.settings));
        let executors = Executors::new(&config, self.everywhere(&config)).with_channels(channels);
        let mut snapshot =
            Snapshot::new(Arc::new(config), executors, Arc::new(AllowBound), credentials, Arc::new(reach));
        snapshot.shown_config = shown.into();
        snapshot
    }
}
