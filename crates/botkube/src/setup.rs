//! From arguments to an agent: which configuration, which channel, which plugins.

use std::{
    collections::BTreeMap,
    env::{self, VarError},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use botkube_agent::agent::{Agent, Attached, Fetcher, Observer, OnProgress, Parts};
use botkube_config::{
    CONFIG_PATHS_VARIABLE, Loaded, Options,
    model::{Access, Config, PlatformKind, Settings},
};
use botkube_core::conversation::{Actor, Certainty, Conversation};

use crate::{
    args::{Files, GivenPlugin},
    embedded,
    locked::Locked,
};

/// What is said of a configuration that has no console.
pub(crate) const NOTHING_TO_SERVE: &str = "nothing to serve: this version serves the console; add `console: {}` to a group \
                                           under `communications`, or use `botkube exec`";
/// What the cluster is called in the demo, where there is none.
const DEMO_CLUSTER: &str = "demo";

/// The files that are named, or those of BOTKUBE_CONFIG_PATHS, in the order in which they count; none when neither names any.
pub(crate) fn files(files: Files) -> Result<Vec<PathBuf>> {
    match env::var(CONFIG_PATHS_VARIABLE) {
        _ if !files.config.is_empty() => Ok(botkube_config::in_order(files.config)),
        Ok(paths) => Ok(botkube_config::paths_from_env(&paths)),
        Err(VarError::NotPresent) => Ok(Vec::new()),
        Err(VarError::NotUnicode(_)) => bail!("{CONFIG_PATHS_VARIABLE} is not UTF-8; give the files with --config"),
    }
}

/// This process's environment. What is not text cannot be in a configuration; it is said where it was meant to.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (name, value) in env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => {
                variables.insert(name, value);
            }
            (Ok(name), Err(_)) if name.starts_with("BOTKUBE_") => {
                say(&format!("warning: the value of the variable {name} is not UTF-8; it is ignored"));
            }
            _ => {}
        }
    }
    variables
}

/// The configuration of the files, or of BOTKUBE_CONFIG_PATHS; `None` when neither names any. Warnings are said.
pub(crate) fn configuration(files: Files, options: Options) -> Result<Option<Loaded>> {
    let files = self::files(files)?;
    if files.is_empty() {
        return Ok(None);
    }
    match botkube_config::load(&files, environment(), options) {
        Ok(loaded) => {
            for finding in &loaded.findings {
                say(&finding.to_string());
            }
            Ok(Some(loaded))
        }
        Err(rejected) => bail!("the configuration cannot be used\n\n{rejected}"),
    }
}

/// What an agent is told.
pub(crate) struct Told {
    pub(crate) config: Config,
    /// The same as people may see it.
    pub(crate) shown: String,
    /// There is no configuration: it has the plugins that come with it, and those given.
    pub(crate) demo: bool,
    /// What plugins of repositories have to be.
    pub(crate) lock: Locked,
}

impl Told {
    pub(crate) fn demo() -> Self {
        let settings = Settings { cluster_name: DEMO_CLUSTER.into(), ..Settings::default() };
        Self { config: Config { settings, ..Config::default() }, shown: String::new(), demo: true, lock: Locked::Not }
    }
}

impl From<Loaded> for Told {
    fn from(loaded: Loaded) -> Self {
        Self { shown: loaded.shown(), config: loaded.config, demo: false, lock: Locked::Not }
    }
}

/// What an agent has besides its configuration.
pub(crate) struct Extra {
    /// Plugins given on the command line.
    pub(crate) given: Vec<GivenPlugin>,
    /// Where the plugins of some repositories come from.
    pub(crate) fetchers: BTreeMap<String, Arc<dyn Fetcher>>,
    /// Plugins that somebody else starts.
    pub(crate) attached: BTreeMap<String, Attached>,
    /// Is told what happens to plugins.
    pub(crate) observer: Observer,
}

impl Extra {
    pub(crate) fn given(given: Vec<GivenPlugin>) -> Self {
        let (fetchers, attached) = <_>::default();
        Self { given, fetchers, attached, observer: Arc::new(|_| {}) }
    }
}

/// Puts the agent together. Plugins that come with it stand in for the repository `botkube` where no one defines it, which
/// is said.
pub(crate) fn agent(told: Told, extra: Extra, progress: OnProgress) -> Result<Agent> {
    let Told { config, shown, demo, lock } = told;
    let Extra { given, fetchers, attached, observer } = extra;
    lock.say(&given);
    let mut by_name = BTreeMap::new();
    for GivenPlugin { name, path } in given {
        if let Some(other) = by_name.insert(name.clone(), path) {
            bail!(
                "--plugin gives the plugin `{name}` twice, also as {}; give one of them another name",
                other.display()
            );
        }
    }
    for (key, origin) in botkube_agent::agent::built_in(&config, &by_name) {
        say(&format!(
            "warning: no repository `botkube` is defined: `{key}` is the plugin that comes with this agent\n --> {origin}"
        ));
    }
    let program = env::current_exe().context("cannot find this executable")?;
    let parts = Parts {
        program,
        launch_args: vec![embedded::LAUNCH.into()],
        embedded_args: vec![embedded::PLUGIN.into()],
        embedded: embedded::NAMES.iter().map(ToString::to_string).collect(),
        given: by_name,
        fetchers,
        attached,
        observer,
        demo,
        progress,
        lock: lock.lock(),
    };
    Agent::new(config, &shown, parts).context("cannot start the agent")
}

/// The channel of this alias, name or id on any platform; without one, the only channel there is.
pub(crate) fn channel(config: &Config, wanted: Option<&str>) -> Result<Conversation> {
    if wanted.is_some_and(|wanted| wanted.trim_start_matches('#').is_empty()) {
        bail!("--channel is empty; give a channel's alias, name or id");
    }
    let mut all: Vec<(String, Conversation)> = Vec::new();
    for (group, platform) in
        config.communications.iter().flat_map(|group| group.platforms.iter().map(move |platform| (group, platform)))
    {
        let place = |alias: &str| format!("{alias} ({} in {})", platform.kind.key(), group.name);
        if platform.kind == PlatformKind::Console && platform.enabled && platform.channels.is_empty() {
            let everything = everything(config);
            all.push((place(&everything.alias), everything));
        }
        for channel in &platform.channels {
            let conversation = Conversation {
                alias: channel.alias.clone(),
                id: channel.id.clone().unwrap_or_default(),
                display_name: channel.name.clone().unwrap_or_default(),
                executors: channel.executors.clone(),
                sources: channel.sources.clone(),
                ..Conversation::default()
            };
            all.push((place(&channel.alias), conversation));
        }
    }
    let is_wanted = |c: &Conversation| {
        wanted.is_none_or(|wanted| {
            let bare = wanted.trim_start_matches('#');
            c.alias == wanted || c.id == wanted || c.display_name.trim_start_matches('#') == bare
        })
    };
    let mut fitting: Vec<_> = all.iter().filter(|(_, conversation)| is_wanted(conversation)).collect();
    let list = |channels: &[&(String, Conversation)]| -> String {
        channels.iter().map(|(place, _)| format!("\n  {place}")).collect()
    };
    match (fitting.len(), wanted) {
        (1, _) => Ok(fitting.remove(0).1.clone()),
        (0, None) => bail!("the configuration has no channel; bind executors to one under `communications`"),
        (0, Some(wanted)) => {
            bail!(
                "no channel has the alias, name or id {wanted:?}; there are:{}",
                list(&all.iter().collect::<Vec<_>>())
            )
        }
        (_, None) => bail!("the configuration has several channels; choose one with --channel:{}", list(&fitting)),
        (_, Some(wanted)) => bail!("{wanted:?} could be any of these; use an alias or id:{}", list(&fitting)),
    }
}

/// The channels of the console, the one to begin in first: all that are configured for it, and one in which everything is bound
/// where a console has none. None when no console is configured.
pub(crate) fn console_channels(config: &Config) -> Vec<Conversation> {
    let mut all: Vec<Conversation> = Vec::new();
    for group in &config.communications {
        for console in
            group.platforms.iter().filter(|platform| platform.kind == PlatformKind::Console && platform.enabled)
        {
            let configured = console.channels.iter().map(|channel| Conversation {
                alias: channel.alias.clone(),
                display_name: channel.display_name().to_owned(),
                executors: channel.executors.clone(),
                sources: channel.sources.clone(),
                muted: channel.notifications_disabled,
                ..Conversation::default()
            });
            let everything = console.channels.is_empty().then(|| everything(config));
            for channel in configured.chain(everything) {
                // Two groups may use the same alias.
                let is_taken = all.iter().any(|other| other.alias == channel.alias);
                let alias = if is_taken { format!("{}-{}", group.name, channel.alias) } else { channel.alias };
                all.push(Conversation { alias, ..channel });
            }
        }
    }
    all
}

/// The same where controls are shown: plugins may offer some.
pub(crate) fn with_controls(channels: Vec<Conversation>) -> Vec<Conversation> {
    channels.into_iter().map(|channel| Conversation { interactive: true, ..channel }).collect()
}

/// The port on which the console is served to browsers, if it is to be; 0 is any.
pub(crate) fn web_port(config: &Config) -> Option<u16> {
    let platforms = config.communications.iter().flat_map(|group| &group.platforms);
    platforms.filter(|platform| platform.enabled).find_map(|platform| match platform.access {
        Access::Console { web } => web,
        _ => None,
    })
}

/// A conversation in which every group of executors and sources is bound.
pub(crate) fn everything(config: &Config) -> Conversation {
    Conversation {
        alias: "console".into(),
        display_name: "console".into(),
        executors: config.executors.iter().map(|group| group.name.clone()).collect(),
        sources: config.sources.iter().map(|group| group.name.clone()).collect(),
        ..Conversation::default()
    }
}

/// The person at this terminal.
pub(crate) fn person() -> Actor {
    let name = env::var("USER").or_else(|_| env::var("LOGNAME")).unwrap_or_default();
    Actor { id: name.clone(), display_name: name, mention: String::new(), certainty: Certainty::SelfDeclared }
}

/// Where this user's state lies: `$XDG_STATE_HOME/botkube` or `~/.local/state/botkube`, else the directory for temporary
/// files.
pub(crate) fn state_dir() -> PathBuf {
    let base = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || env::home_dir().map(|home| home.join(".local/state"));
    base.or_else(home).unwrap_or_else(env::temp_dir).join("botkube")
}

/// Where agents of this user have their private sockets.
pub(crate) fn sockets() -> Vec<PathBuf> {
    botkube_agent::inside::socket::places(&state_dir())
}

/// Makes a directory that only its owner can read.
pub(crate) fn private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[expect(clippy::print_stderr, reason = "findings go to whoever started the agent")]
fn say(text: &str) {
    eprintln!("{}\n", text.trim_end());
}
