//! Keys below `settings`, `configWatcher` and `analytics`.
//! Must not know: who acts on a setting.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::Span;

/// Settings of the agent as a whole.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// What this cluster is called in answers.
    pub(crate) cluster_name: String,
    /// The kubeconfig to use; otherwise the one a pod has.
    pub(crate) kubeconfig: String,
    /// Where a pod's token and certificates lie, as `<prefix>-token` and `<prefix>-ca.crt`; otherwise where Kubernetes puts
    /// them.
    pub(crate) sa_credentials_path_prefix: String,
    /// Whether new versions are told in the channels.
    pub(crate) upgrade_notifier: bool,
    /// The port of `/metrics`; 0 is any that is free, which the log names.
    pub(crate) metrics_port: u16,
    /// The port of `/healthz` and `/readyz`; 0 is any that is free, which the log names.
    pub(crate) health_port: u16,
    /// The agent's log.
    pub(crate) log: Log,
    /// Accepted for upstream's sake and without effect, as there.
    pub(crate) informers_resync_period: Span,
    /// The ConfigMap of the agent's own notes.
    pub(crate) system_config_map: ConfigMap,
    /// Where settings made in a chat are kept.
    pub(crate) persistent_config: PersistentConfig,
}

/// The agent's log.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Log {
    /// The least important lines that are written.
    pub level: LogLevel,
    /// How lines are written.
    pub formatter: LogFormatter,
    /// Whether texts have no colours.
    pub disable_colors: bool,
}

/// How important a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it, and descriptions would make a schema of several choices")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Warning,
    Error,
    Fatal,
    Panic,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "as above")]
pub enum LogFormatter {
    Text,
    Json,
}

/// A ConfigMap.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// Where settings made in a chat are kept.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentConfig {
    /// What takes effect at the next start: switches of notifications.
    pub startup: StateFile,
    /// What takes effect at once: switches of actions, bindings of sources.
    pub runtime: StateFile,
}

/// A file of settings in a ConfigMap.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StateFile {
    /// The key in the ConfigMap.
    pub file_name: String,
    /// The ConfigMap.
    pub config_map: ConfigMap,
}

/// Watching the configuration for changes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ConfigWatcher {
    /// Whether changed files take effect by themselves, without a restart; SIGHUP has them read in any case.
    pub(crate) enabled: bool,
    /// Accepted for upstream's sake and without effect: watching its cloud.
    pub(crate) remote: Remote,
    /// Accepted for upstream's sake and without effect: watching ConfigMaps and Secrets; files are watched.
    pub(crate) in_cluster: InCluster,
    /// Accepted for upstream's sake and without effect: what is restarted; nothing is.
    pub(crate) deployment: Deployment,
    /// The alias of a channel of the console that is told when a changed configuration cannot be used, or a plugin's new
    /// version does not come to serve.
    #[schemars(extend("x-ours" = true))]
    pub(crate) report_channel: String,
}

/// Watching upstream's cloud.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Remote {
    /// How often it is asked.
    pub(crate) poll_interval: Span,
}

/// Watching ConfigMaps and Secrets.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InCluster {
    /// How often everything is looked at again.
    pub(crate) informer_resync_period: Span,
}

/// The Deployment that is restarted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// Statistics for upstream's makers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Analytics {
    /// Whether nothing is sent; nothing ever is.
    pub(crate) disable: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster_name: "not-configured".into(),
            kubeconfig: String::new(),
            sa_credentials_path_prefix: String::new(),
            upgrade_notifier: true,
            metrics_port: 2112,
            health_port: 2114,
            log: Log::default(),
            informers_resync_period: Span(Duration::from_mins(30)),
            system_config_map: ConfigMap { name: "botkube-system".into(), namespace: "botkube".into() },
            persistent_config: PersistentConfig::default(),
        }
    }
}

impl Default for ConfigWatcher {
    fn default() -> Self {
        Self {
            enabled: true,
            remote: Remote::default(),
            in_cluster: InCluster::default(),
            deployment: Deployment::default(),
            report_channel: String::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LogLevel::Info, formatter: LogFormatter::Text, disable_colors: false }
    }
}

impl Default for PersistentConfig {
    fn default() -> Self {
        let file = |file: &str, map: &str| StateFile {
            file_name: file.into(),
            config_map: ConfigMap { name: map.into(), namespace: "botkube".into() },
        };
        Self {
            startup: file("_startup_state.yaml", "botkube-startup-config"),
            runtime: file("_runtime_state.yaml", "botkube-runtime-config"),
        }
    }
}

impl Default for Remote {
    fn default() -> Self {
        Self { poll_interval: Span(Duration::from_secs(15)) }
    }
}

impl Default for InCluster {
    fn default() -> Self {
        Self { informer_resync_period: Span(Duration::from_mins(10)) }
    }
}
