//! Which binding answers a command, and with which configurations; it starts nothing.

use botkube_config::model::{Config, ExecutorGroup, PluginBinding, PluginKey, Rbac};

use crate::conversation::Conversation;

/// What answers a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The plugin.
    pub plugin: PluginRef,
    /// YAML, one for each binding that has a configuration, in binding order.
    pub configs: Vec<String>,
    /// The rights the first binding gives.
    pub rbac: Option<Rbac>,
}

/// A plugin, however it was named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

/// The bindings of one conversation.
#[derive(Clone, Copy)]
pub struct Bindings<'a> {
    config: &'a Config,
    everywhere: &'a [String],
    conversation: &'a Conversation,
}

impl<'a> Bindings<'a> {
    /// What is bound in `conversation`; plugins named in `everywhere` are bound in every one.
    #[must_use]
    pub fn of(config: &'a Config, everywhere: &'a [String], conversation: &'a Conversation) -> Self {
        Self { config, everywhere, conversation }
    }

    /// The names of the executors bound here, each once, in binding order.
    #[must_use]
    pub fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        let bound = self.enabled().map(|binding| binding.key.name.as_str());
        for name in bound.chain(self.everywhere.iter().map(String::as_str)) {
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
        for binding in self.enabled().filter(|binding| binding.key.name == name) {
            let route = route.get_or_insert_with(|| Route {
                plugin: PluginRef::Key(binding.key.clone()),
                configs: Vec::new(),
                rbac: binding.rbac.clone(),
            });
            route.plugin = PluginRef::Key(binding.key.clone());
            route.configs.extend(binding.config.as_ref().map(yaml));
        }
        let everywhere = || Route { plugin: PluginRef::Named(name.to_owned()), configs: Vec::new(), rbac: None };
        route.or_else(|| self.everywhere.iter().any(|known| known == name).then(everywhere))
    }

    /// The names of groups that bind this executor, though not here.
    #[must_use]
    pub fn elsewhere(&self, name: &str) -> Vec<&'a str> {
        let has = |group: &ExecutorGroup| group.plugins.iter().any(|p| p.enabled && p.key.name == name);
        self.config.executors.iter().filter(|group| has(group)).map(|group| group.name.as_str()).collect()
    }

    fn enabled(&self) -> impl Iterator<Item = &'a PluginBinding> {
        let config = self.config;
        self.conversation
            .executors
            .iter()
            .filter_map(move |name| config.executors.iter().find(|group| group.name == *name))
            .flat_map(|group| &group.plugins)
            .filter(|binding| binding.enabled)
    }
}

/// A configuration as upstream hands it on: YAML with sorted keys.
fn yaml(config: &serde_json::Value) -> String {
    let mut sorted = config.clone();
    sorted.sort_all_objects();
    // A JSON value has nothing that YAML cannot say; were it otherwise, JSON is YAML too.
    serde_saphyr::to_string(&sorted).unwrap_or_else(|_| sorted.to_string())
}
