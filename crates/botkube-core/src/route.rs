//! Which binding answers a command, and with which configurations; it starts nothing.

use std::{collections::BTreeMap, fmt, time::Duration};

use botkube_config::model::{Config, PluginBinding, PluginKey, Rbac};
use bytes::Bytes;

use crate::conversation::Conversation;

/// What answers a command.
#[derive(Clone, PartialEq)]
pub struct Route {
    /// The plugin.
    pub plugin: PluginRef,
    /// YAML, one for each binding that has a configuration, in binding order.
    pub configs: Vec<Bytes>,
    /// The rights the first binding gives.
    pub rbac: Option<Rbac>,
    /// How long the command may take, as the first group has it that says so; `None`: as long as any.
    pub timeout: Option<Duration>,
}

/// A plugin, however it was named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginRef {
    /// By a key of the configuration.
    Key(PluginKey),
    /// By its name alone: given on the command line, or part of this agent.
    Named(String),
}

impl PluginRef {
    /// The word its commands begin with.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Key(key) => &key.name,
            Self::Named(name) => name,
        }
    }
}

/// The key, or the name where there is none.
impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// What every executor group binds, made once from a snapshot of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Executors {
    groups: Vec<Group>,
    everywhere: Vec<String>,
    channels: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug)]
struct Group {
    name: String,
    bound: Vec<Bound>,
}

/// One enabled plugin of a group.
#[derive(Clone)]
struct Bound {
    key: PluginKey,
    config: Option<Bytes>,
    rbac: Option<Rbac>,
    timeout: Option<Duration>,
    host_flags: bool,
}

/// The bindings of one conversation.
#[derive(Clone, Copy)]
pub struct Bindings<'a> {
    executors: &'a Executors,
    /// The names of the groups, in binding order.
    groups: &'a [String],
}

impl Executors {
    /// What `config` binds; plugins named in `everywhere` are bound in every conversation, without configuration.
    #[must_use]
    pub fn new(config: &Config, everywhere: Vec<String>) -> Self {
        let bound = |binding: &PluginBinding| Bound {
            key: binding.key.clone(),
            config: binding.config.as_ref().map(yaml),
            rbac: binding.rbac.clone(),
            timeout: binding.timeout,
            host_flags: binding.host_flags,
        };
        let groups = config.executors.iter().map(|group| Group {
            name: group.name.clone(),
            bound: group.plugins.iter().filter(|binding| binding.enabled).map(bound).collect(),
        });
        Self { groups: groups.collect(), everywhere, channels: BTreeMap::new() }
    }

    /// The same for a configuration that takes another's place while people talk: what these channels, by alias, bind counts
    /// also for what was said just before they were told of it.
    #[must_use]
    pub fn with_channels(self, channels: &[Conversation]) -> Self {
        let channels = channels.iter().map(|channel| (channel.alias.clone(), channel.executors.clone()));
        Self { channels: channels.collect(), ..self }
    }

    /// What is bound in `conversation`.
    #[must_use]
    pub fn bound_in<'a>(&'a self, conversation: &'a Conversation) -> Bindings<'a> {
        let groups = self.channels.get(&conversation.alias).unwrap_or(&conversation.executors);
        Bindings { executors: self, groups }
    }
}

impl<'a> Bindings<'a> {
    /// The names of the executors bound here, each once, in binding order.
    #[must_use]
    pub fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        let bound = self.bound().map(|bound| bound.key.name.as_str());
        for name in bound.chain(self.executors.everywhere.iter().map(String::as_str)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Where a command with this first word goes: the process of the last matching binding, the configurations of all, the
    /// rights of the first (`contract-host §2.6`).
    #[must_use]
    pub fn route(&self, name: &str) -> Option<Route> {
        let mut route: Option<Route> = None;
        for bound in self.bound().filter(|bound| bound.key.name == name) {
            let plugin = PluginRef::Key(bound.key.clone());
            let route = route.get_or_insert_with(|| Route {
                plugin: plugin.clone(),
                configs: Vec::new(),
                rbac: bound.rbac.clone(),
                timeout: None,
            });
            route.plugin = plugin;
            route.timeout = route.timeout.or(bound.timeout);
            route.configs.extend(bound.config.clone());
        }
        let everywhere =
            || Route { plugin: PluginRef::Named(name.to_owned()), configs: Vec::new(), rbac: None, timeout: None };
        route.or_else(|| self.executors.everywhere.iter().any(|known| known == name).then(everywhere))
    }

    /// Whether flags such as `--filter` in a command with this first word are the agent's: unless every binding here leaves
    /// them to the executor.
    #[must_use]
    pub fn host_flags(&self, name: &str) -> bool {
        let mut bound = self.bound().filter(|bound| bound.key.name == name).peekable();
        bound.peek().is_none() || bound.any(|bound| bound.host_flags)
    }

    /// The names of executors that are bound in every conversation, without a key in the configuration.
    #[must_use]
    pub fn everywhere(&self) -> &'a [String] {
        &self.executors.everywhere
    }

    /// The names of groups that bind this executor, though not here.
    #[must_use]
    pub fn elsewhere(&self, name: &str) -> Vec<&'a str> {
        let has = |group: &&Group| group.bound.iter().any(|bound| bound.key.name == name);
        self.executors.groups.iter().filter(has).map(|group| group.name.as_str()).collect()
    }

    fn bound(&self) -> impl Iterator<Item = &'a Bound> {
        let executors = self.executors;
        self.groups
            .iter()
            .filter_map(move |name| executors.groups.iter().find(|group| group.name == *name))
            .flat_map(|group| &group.bound)
    }
}

/// A configuration as upstream hands it on: YAML with sorted keys.
fn yaml(config: &serde_json::Value) -> Bytes {
    let mut sorted = config.clone();
    sorted.sort_all_objects();
    // A JSON value has nothing that YAML cannot say; were it otherwise, JSON is YAML too.
    serde_saphyr::to_string(&sorted).unwrap_or_else(|_| sorted.to_string()).into()
}

/// How many there are and not what they hold: authors put tokens into configurations.
impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let configs = self.configs.len();
        f.debug_struct("Route")
            .field("plugin", &self.plugin)
            .field("configs", &configs)
            .field("rbac", &self.rbac)
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("key", &self.key).field("rbac", &self.rbac).finish_non_exhaustive()
    }
}
