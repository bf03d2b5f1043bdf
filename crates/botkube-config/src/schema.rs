//! Every key there is, once: Rust types in the shape that people write, their documentation being the keys' descriptions.
//! Must not know: files, places, or what is done with a key.
//!
//! From these types come the types of values and the complaints about them, unknown keys, names of variables, masking,
//! `config schema`, docs/configuration.md and the values themselves (`crate::shape` reads the schema that `schemars`
//! makes of them). Extensions say what JSON Schema cannot: `x-ours` a key that upstream does not have, `x-each` what the
//! keys of a map name, `x-presence` a section that is on by being there, `x-whole` a text that is no list.

pub mod communications;
pub mod groups;
pub mod plugins;
pub mod settings;
pub(crate) mod value;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use communications::CommunicationGroup;
use groups::{Action, Alias, Executor, PluginGroup, Source};
use plugins::Plugins;
use settings::{Analytics, ConfigWatcher, Settings};

/// A configuration of Botkube.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Root {
    /// Where people talk to the agent and where events go: one group for each workspace or server.
    #[schemars(extend("x-each" = "group"))]
    pub(crate) communications: IndexMap<String, CommunicationGroup>,
    /// Groups of source plugins, to be bound to channels, sinks and actions.
    #[schemars(extend("x-each" = "group"))]
    pub(crate) sources: IndexMap<String, PluginGroup<Source>>,
    /// Groups of executor plugins, to be bound to channels and actions.
    #[schemars(extend("x-each" = "group"))]
    pub(crate) executors: IndexMap<String, PluginGroup<Executor>>,
    /// Short words for commands.
    #[schemars(extend("x-each" = "alias"))]
    pub(crate) aliases: IndexMap<String, Alias>,
    /// Commands that events run.
    #[schemars(extend("x-each" = "action"))]
    pub(crate) actions: IndexMap<String, Action>,
    /// Settings of the agent as a whole.
    pub(crate) settings: Settings,
    /// The plugin host: where plugins come from, and what they may use.
    pub(crate) plugins: Plugins,
    /// Watching the configuration for changes.
    pub(crate) config_watcher: ConfigWatcher,
    /// Accepted for upstream's sake and without effect: nothing is ever sent.
    pub(crate) analytics: Analytics,
}
