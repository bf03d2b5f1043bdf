//! What a configuration says, as plain data: an immutable snapshot that tasks share for as long as they need it.
//! Must not know: YAML, files, or how any of it was written.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::finding::Origin;

/// Everything the agent was told.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Groups of platforms, in the order of the files.
    pub communications: Vec<CommunicationGroup>,
    /// Groups of executor plugins, in the order of the files.
    pub executors: Vec<ExecutorGroup>,
    /// Short words for commands.
    pub aliases: Vec<Alias>,
    /// Settings of the agent as a whole.
    pub settings: Settings,
    /// Settings of the plugin host.
    pub plugins: Plugins,
}

/// One workspace or server on each of its platforms.
#[derive(Debug, Clone)]
pub struct CommunicationGroup {
    /// The group's key under `communications`.
    pub name: String,
    /// The platforms in it, disabled ones included.
    pub platforms: Vec<PlatformConfig>,
}

/// One platform of a communication group.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// Which platform.
    pub kind: PlatformKind,
    /// Whether the agent connects to it.
    pub enabled: bool,
    /// The channels the agent listens in; always empty for sinks.
    pub channels: Vec<Channel>,
}

/// The platforms a communication group can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlatformKind {
    /// Slack over Socket Mode.
    SocketSlack,
    /// Slack through upstream's cloud.
    CloudSlack,
    /// Mattermost.
    Mattermost,
    /// Discord.
    Discord,
    /// Microsoft Teams through upstream's cloud.
    CloudTeams,
    /// The agent's own console, in a terminal or a browser.
    Console,
    /// Outgoing webhook, a sink.
    Webhook,
    /// Elasticsearch, a sink.
    Elasticsearch,
    /// PagerDuty, a sink.
    PagerDuty,
}

/// One channel of a platform.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The channel's key in the configuration; stable across renames on the platform.
    pub alias: String,
    /// The platform's name of it, where the platform knows channels by name.
    pub name: Option<String>,
    /// The platform's id of it, where the platform knows channels by id.
    pub id: Option<String>,
    /// Bound executor groups; the order is the order in which a plugin gets their configurations.
    pub executors: Vec<String>,
    /// Where the channel is defined.
    pub origin: Origin,
}

/// Executor plugins that are bound together.
#[derive(Debug, Clone)]
pub struct ExecutorGroup {
    /// The group's key under `executors`; what a channel's bindings name.
    pub name: String,
    /// What people see instead of the name.
    pub display_name: Option<String>,
    /// The plugins in it, disabled ones included.
    pub plugins: Vec<PluginBinding>,
}

/// One plugin in a group, with the configuration and the rights it gets there.
#[derive(Clone)]
pub struct PluginBinding {
    /// Which plugin.
    pub key: PluginKey,
    /// Whether the group offers it.
    pub enabled: bool,
    /// What the plugin is given, untouched; may hold secrets.
    pub config: Option<serde_json::Value>,
    /// Whom the plugin acts as in the cluster; `None`: it gets no kubeconfig.
    pub rbac: Option<Rbac>,
    /// Where the plugin is bound.
    pub origin: Origin,
}

/// Names a plugin: `repository/name[@version]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginKey {
    /// The plugin repository as named under `plugins.repositories`.
    pub repository: String,
    /// The plugin's name; for an executor also the word its commands start with.
    pub name: String,
    /// Free text; `None`: the newest the repository has.
    pub version: Option<String>,
}

/// Why a text is not a [`PluginKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPluginKey {
    /// There is no `/`.
    #[error("the repository is missing")]
    NoRepository,
    /// Nothing before the `/`.
    #[error("the repository in front of the `/` is empty")]
    EmptyRepository,
    /// Nothing between the `/` and the version.
    #[error("the plugin name after the `/` is empty")]
    EmptyName,
    /// A part could not be the name of a file: it holds a slash, a blank or a control character, or is `.` or `..`.
    #[error("a part cannot be the name of a file: it holds a slash, a blank or a control character, or is `.` or `..`")]
    Unsafe,
}

/// Whom a plugin acts as in the cluster; at least one of the two is not [`Subject::None`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rbac {
    /// The user; if it is [`Subject::None`] while the group is not, credentials are made for a fixed internal user.
    pub user: Subject,
    /// The groups.
    pub group: Subject,
}

/// How the names of a user or of groups come about (contract-plugins §7.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Not set.
    None,
    /// `prefix` + each value; exactly one value for a user.
    Static {
        /// Put in front of each value.
        prefix: String,
        /// Never empty, and no value is.
        values: Vec<String>,
    },
    /// `prefix` + the name of the conversation a command comes from.
    ChannelName {
        /// Put in front of the conversation's name.
        prefix: String,
    },
}

/// A short word that stands for the beginning of a command.
#[derive(Debug, Clone)]
pub struct Alias {
    /// The word people type.
    pub name: String,
    /// What it stands for.
    pub command: String,
    /// What people see in lists.
    pub display_name: Option<String>,
    /// Where the alias is defined.
    pub origin: Origin,
}

/// Settings of the agent as a whole.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What this cluster is called in answers.
    pub cluster_name: String,
    /// The kubeconfig to use; `None`: the one a pod has.
    pub kubeconfig: Option<PathBuf>,
}

/// Settings of the plugin host.
#[derive(Debug, Clone)]
pub struct Plugins {
    /// How long one call of a plugin may take.
    pub call_timeout: Duration,
    /// How large one answer of a plugin may be, in bytes.
    pub max_answer_size: u64,
    /// Names of the plugin repositories that are defined.
    pub repositories: BTreeSet<String>,
}

impl PlatformKind {
    /// The platform's key in a communication group.
    pub fn key(self) -> &'static str {
        match self {
            Self::SocketSlack => "socketSlack",
            Self::CloudSlack => "cloudSlack",
            Self::Mattermost => "mattermost",
            Self::Discord => "discord",
            Self::CloudTeams => "cloudTeams",
            Self::Console => "console",
            Self::Webhook => "webhook",
            Self::Elasticsearch => "elasticsearch",
            Self::PagerDuty => "pagerDuty",
        }
    }

    /// Whether events only go there and no commands come from it.
    pub fn is_sink(self) -> bool {
        matches!(self, Self::Webhook | Self::Elasticsearch | Self::PagerDuty)
    }
}

impl Channel {
    /// What people call the channel: its name, else its id, else its alias.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().or(self.id.as_deref()).unwrap_or(&self.alias)
    }
}

/// Leaves out what `config` holds: authors put tokens there.
impl fmt::Debug for PluginBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginBinding")
            .field("key", &self.key)
            .field("enabled", &self.enabled)
            .field("config", &self.config.as_ref().map(|_| format_args!("…")))
            .field("rbac", &self.rbac)
            .field("origin", &self.origin)
            .finish()
    }
}

impl FromStr for PluginKey {
    type Err = InvalidPluginKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (repository, rest) = text.split_once('/').ok_or(InvalidPluginKey::NoRepository)?;
        let (name, version) = rest.split_once('@').unwrap_or((rest, ""));
        if repository.is_empty() {
            return Err(InvalidPluginKey::EmptyRepository);
        }
        if name.is_empty() {
            return Err(InvalidPluginKey::EmptyName);
        }
        // Stricter than upstream: the parts become names of files in the plugin store.
        let harmless = |part: &str| {
            !matches!(part, "." | "..") && !part.contains(|c: char| matches!(c, '/' | '\\') || c <= ' ' || c == '\x7f')
        };
        if ![repository, name, version].into_iter().all(harmless) {
            return Err(InvalidPluginKey::Unsafe);
        }
        let version = Some(version).filter(|version| !version.is_empty());
        Ok(Self { repository: repository.into(), name: name.into(), version: version.map(Into::into) })
    }
}

impl fmt::Display for PluginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.repository, self.name)?;
        self.version.iter().try_for_each(|version| write!(f, "@{version}"))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { cluster_name: "not-configured".into(), kubeconfig: None }
    }
}

impl Default for Plugins {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(5 * 60),
            max_answer_size: 64 * 1024 * 1024,
            repositories: BTreeSet::new(),
        }
    }
}
