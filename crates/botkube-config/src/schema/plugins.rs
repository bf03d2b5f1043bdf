//! Keys below `plugins`.
//! Must not know: which plugins there are.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::value::{Secret, Size, Span};

/// The plugin host.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Plugins {
    /// Where plugins that were fetched are kept.
    pub(crate) cache_dir: String,
    /// Where plugins are fetched from.
    #[schemars(extend("x-each" = "repository"))]
    pub(crate) repositories: IndexMap<String, Repository>,
    /// Requests from outside to source plugins.
    pub(crate) incoming_webhook: IncomingWebhook,
    /// What is done about a plugin that keeps failing.
    pub(crate) restart_policy: RestartPolicy,
    /// How often plugins are asked whether they are well.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) health_check_interval: Span,
    /// How old a repository's index may be before it is asked for again.
    #[schemars(extend("x-ours" = true))]
    pub(crate) index_max_age: Span,
    /// How long one call of a plugin may take.
    #[schemars(extend("x-ours" = true, "exclusiveMinimum" = 0))]
    pub(crate) call_timeout: Span,
    /// How large one answer of a plugin may be.
    #[schemars(extend("x-ours" = true, "exclusiveMinimum" = 0))]
    pub(crate) max_answer_size: Size,
    /// How many calls one plugin works on at a time; more wait.
    #[schemars(extend("x-ours" = true), range(min = 1))]
    pub(crate) max_concurrent_calls: u32,
    /// How many of them may be from one channel; 0 is as many as there may be. The next to be called is always the one of
    /// whichever channel waits longest.
    #[schemars(extend("x-ours" = true))]
    pub(crate) max_concurrent_calls_per_channel: u32,
    /// Whether no plugin is started that differs from `botkube.lock` beside the first configuration file.
    #[schemars(extend("x-ours" = true))]
    pub(crate) require_lock: bool,
    /// Variables for the environment of plugins: below `repository/name`, or below `*` for all plugins.
    #[schemars(extend("x-ours" = true, "x-each" = "repository/plugin"))]
    pub(crate) env: IndexMap<String, Variables>,
}

/// Variables for the environment of a plugin.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("x-each" = "variable"))]
pub(crate) struct Variables(pub(crate) IndexMap<String, Secret>);

/// Where plugins are fetched from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Repository {
    /// The address of its index: `http:`, `https:` or `file:`, or a path; or the path of a bundle, which ends with `.tar.gz`.
    pub(crate) url: String,
    /// Sent with requests for the index; values are Go templates.
    #[schemars(extend("x-each" = "header"))]
    pub(crate) headers: IndexMap<String, Secret>,
}

/// Requests from outside to source plugins.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IncomingWebhook {
    /// Whether they are taken.
    pub enabled: bool,
    /// The port they come in by.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The address that plugins are told.
    #[serde(rename = "inClusterBaseURL")]
    pub in_cluster_base_url: String,
}

/// What is done about a plugin that keeps failing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RestartPolicy {
    /// What happens at the threshold.
    pub(crate) r#type: AtThreshold,
    /// How many restarts a plugin has before that.
    pub(crate) threshold: u32,
}

/// What happens to a plugin that was restarted too often.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
pub(crate) enum AtThreshold {
    DeactivatePlugin,
    RestartAgent,
}

impl Default for Plugins {
    fn default() -> Self {
        Self {
            cache_dir: "/tmp".into(),
            repositories: IndexMap::new(),
            incoming_webhook: IncomingWebhook::default(),
            restart_policy: RestartPolicy::default(),
            health_check_interval: Span(Duration::from_secs(10)),
            index_max_age: Span(Duration::from_hours(1)),
            call_timeout: Span(Duration::from_mins(5)),
            max_answer_size: Size(64 << 20),
            max_concurrent_calls: 16,
            max_concurrent_calls_per_channel: 0,
            require_lock: false,
            env: IndexMap::new(),
        }
    }
}

impl Default for IncomingWebhook {
    fn default() -> Self {
        Self { enabled: false, port: 2115, in_cluster_base_url: String::new() }
    }
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self { r#type: AtThreshold::DeactivatePlugin, threshold: 10 }
    }
}
