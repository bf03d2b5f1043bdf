//! Keys below `sources`, `executors`, `aliases` and `actions`.
//! Must not know: who binds a group.
//!
//! What holds a plugin's configuration, and with it perhaps a token, has no `Debug`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{communications::Bindings, value::Span};

/// Plugins that are bound together.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "P: Deserialize<'de> + Default"))]
#[schemars(bound = "P: JsonSchema + Default")]
#[schemars(extend("x-each" = "repository/plugin[@version]", "x-plugins" = true))]
pub(crate) struct PluginGroup<P> {
    /// What people see instead of the group's name.
    pub(crate) display_name: String,
    /// How long one command of these executors may take; the first group bound that says so counts. Otherwise
    /// `plugins.callTimeout`.
    #[schemars(extend("x-ours" = true))]
    pub(crate) timeout: Option<Span>,
    #[serde(flatten)]
    pub(crate) plugins: IndexMap<String, P>,
}

/// A source plugin in a group.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Source {
    #[serde(flatten)]
    pub(crate) plugin: Plugin,
}

/// An executor plugin in a group.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Executor {
    #[serde(flatten)]
    pub(crate) plugin: Plugin,
    /// Whether bare `--filter` and `--cluster-name` are the agent's and not the plugin's.
    #[schemars(extend("x-ours" = true))]
    pub(crate) host_flags: bool,
}

/// What a group says of a plugin.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Plugin {
    /// Whether the group offers it.
    pub(crate) enabled: bool,
    /// What the plugin is given, untouched; its own documentation says what.
    pub(crate) config: Option<serde_json::Value>,
    /// What the plugin may do.
    pub(crate) context: Context,
}

/// What a plugin may do.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Context {
    /// Whom the plugin acts as in the cluster; with neither a user nor groups it gets no kubeconfig.
    pub(crate) rbac: Rbac,
}

/// Whom a plugin acts as.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Rbac {
    /// The user.
    pub(crate) user: Subject,
    /// The groups.
    pub(crate) group: Subject,
}

/// How the name of a user or of groups comes about.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Subject {
    /// `Static` for names given here, `ChannelName` for the name of the channel a command comes from.
    pub(crate) r#type: String,
    /// Put in front of each name.
    pub(crate) prefix: String,
    /// The names.
    pub(crate) r#static: Static,
}

/// Names given in the configuration.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Static {
    /// The user's name.
    pub(crate) value: String,
    /// The groups' names.
    #[schemars(extend("x-whole" = true))]
    pub(crate) values: Vec<String>,
}

/// A short word that stands for the beginning of a command.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Alias {
    /// What it stands for.
    pub(crate) command: String,
    /// What people see in lists.
    pub(crate) display_name: String,
}

/// A command that runs when an event comes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Action {
    /// Whether it runs.
    pub(crate) enabled: bool,
    /// What people see instead of the action's name.
    pub(crate) display_name: String,
    /// A Go template of the command; `.Event` is the event.
    pub(crate) command: String,
    /// Whose events run it, and what its command may reach.
    pub(crate) bindings: Bindings,
}

impl Default for Executor {
    fn default() -> Self {
        Self { plugin: Plugin::default(), host_flags: true }
    }
}
