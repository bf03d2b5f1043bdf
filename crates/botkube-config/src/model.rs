//! What a configuration says, as plain data: an immutable snapshot that tasks share for as long as they need it.
//! Must not know: YAML, files, or how any of it was written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::finding::Origin;
use crate::schema::communications::{AwsSigning, MessageTrigger, Server};
use crate::schema::plugins::IncomingWebhook;
use crate::schema::settings::{ConfigMap, Deployment, Log, PersistentConfig};

/// Everything the agent was told.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Groups of platforms, in the order of the files.
    pub communications: Vec<CommunicationGroup>,
    /// Groups of source plugins, in the order of the files.
    pub sources: Vec<PluginGroup>,
    /// Groups of executor plugins, in the order of the files.
    pub executors: Vec<PluginGroup>,
    /// Short words for commands.
    pub aliases: Vec<Alias>,
    /// Commands that events run, disabled ones included.
    pub actions: Vec<Action>,
    /// Settings of the agent as a whole.
    pub settings: Settings,
    /// Settings of the plugin host.
    pub plugins: Plugins,
    /// Watching the configuration for changes.
    pub config_watcher: ConfigWatcher,
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
    /// What it takes to reach the platform.
    pub access: Access,
    /// Source groups bound to a sink; always empty for platforms with channels and for Elasticsearch, whose indices have
    /// their own.
    pub sources: Vec<String>,
}

/// What it takes to reach a platform.
#[derive(Debug, Clone)]
pub enum Access {
    /// Slack over Socket Mode.
    SocketSlack {
        /// The bot token, `xoxb-…`.
        bot_token: SecretString,
        /// The app-level token, `xapp-…`.
        app_token: SecretString,
    },
    /// Slack through upstream's cloud.
    CloudSlack {
        /// The workspace's token.
        token: SecretString,
        /// The bot's user id.
        bot_id: String,
        /// Set when a quota is used up.
        execution_event_streaming_disabled: bool,
        /// The cloud's router.
        server: Server,
    },
    /// Mattermost.
    Mattermost {
        /// The bot's user name.
        bot_name: String,
        /// The server's address.
        url: String,
        /// The bot's token.
        token: SecretString,
        /// The team, by name or display name.
        team: String,
    },
    /// Discord.
    Discord {
        /// The bot's token.
        token: SecretString,
        /// The application's id.
        bot_id: String,
    },
    /// Microsoft Teams through upstream's cloud.
    CloudTeams {
        /// The bot's name.
        bot_name: String,
        /// The cloud's router.
        server: Server,
    },
    /// The agent's own console.
    Console {
        /// The port of 127.0.0.1 on which browsers find it, 0 for any; `None`: it is in no browser.
        web: Option<u16>,
    },
    /// Events sent to an address.
    Webhook {
        /// The address, often a secret by itself.
        url: SecretString,
    },
    /// Events kept in Elasticsearch.
    Elasticsearch(Box<Elasticsearch>),
    /// Events sent to PagerDuty.
    PagerDuty {
        /// The integration's key.
        integration_key: SecretString,
        /// Another address of the events API; `None`: PagerDuty's own.
        events_api: Option<String>,
    },
}

/// What it takes to keep events in Elasticsearch.
#[derive(Debug, Clone)]
pub struct Elasticsearch {
    /// The server's address.
    pub server: String,
    /// The user's name; empty: nobody in particular.
    pub username: String,
    /// The user's password.
    pub password: SecretString,
    /// Whether the certificate is not checked.
    pub skip_tls_verify: bool,
    /// What of the traffic is logged: `info`, `error` or `trace`; otherwise nothing.
    pub log_level: String,
    /// Signing of requests for AWS.
    pub aws_signing: AwsSigning,
    /// Where events are kept, in the order of the files.
    pub indices: Vec<Index>,
}

/// An index of Elasticsearch.
#[derive(Debug, Clone)]
pub struct Index {
    /// The index's key in the configuration.
    pub alias: String,
    /// Its name; a date is added.
    pub name: String,
    /// The type of its documents.
    pub document_type: String,
    /// Its shards.
    pub shards: u32,
    /// Its replicas.
    pub replicas: u32,
    /// Bound source groups.
    pub sources: Vec<String>,
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
    /// Bound source groups.
    pub sources: Vec<String>,
    /// Whether notifications of events are off when the agent starts.
    pub notifications_disabled: bool,
    /// Commands that plain messages run.
    pub message_triggers: Vec<MessageTrigger>,
    /// What a private channel is called in public.
    pub public_alias: Option<String>,
    /// The team the channel belongs to, where the platform has teams.
    pub team: Option<String>,
    /// Where the channel is defined.
    pub origin: Origin,
}

/// Plugins that are bound together.
#[derive(Debug, Clone)]
pub struct PluginGroup {
    /// The group's key under `executors` or `sources`; what bindings name.
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
    /// How long one command may take, as the group has it; `None`: `plugins.callTimeout`.
    pub timeout: Option<Duration>,
    /// Whether bare `--filter` and `--cluster-name` are the agent's, as upstream has it, and not the executor's.
    pub host_flags: bool,
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

/// A command that runs when an event comes.
#[derive(Debug, Clone)]
pub struct Action {
    /// The action's key in the configuration.
    pub name: String,
    /// Whether it runs.
    pub enabled: bool,
    /// What people see instead of the name.
    pub display_name: Option<String>,
    /// A Go template of the command.
    pub command: String,
    /// The source groups whose events run it.
    pub sources: Vec<String>,
    /// The executor groups its command may reach.
    pub executors: Vec<String>,
    /// Where the action is defined.
    pub origin: Origin,
}

/// Settings of the agent as a whole.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What this cluster is called in answers.
    pub cluster_name: String,
    /// The kubeconfig to use; `None`: the one a pod has.
    pub kubeconfig: Option<PathBuf>,
    /// Where a pod's token and certificates lie, as `<prefix>-token` and `<prefix>-ca.crt`; `None`: where Kubernetes puts
    /// them.
    pub service_account_prefix: Option<PathBuf>,
    /// Whether new versions are told in the channels.
    pub upgrade_notifier: bool,
    /// The port of `/metrics`.
    pub metrics_port: u16,
    /// The port of `/healthz`.
    pub health_port: u16,
    /// The agent's log.
    pub log: Log,
    /// The ConfigMap of the agent's own notes.
    pub system_config_map: ConfigMap,
    /// Where settings made in a chat are kept.
    pub persistent_config: PersistentConfig,
}

/// Watching the configuration for changes.
#[derive(Debug, Clone)]
pub struct ConfigWatcher {
    /// Whether changed files take effect by themselves.
    pub enabled: bool,
    /// How often upstream's cloud is asked.
    pub poll_interval: Duration,
    /// How often everything in the cluster is looked at again.
    pub resync_period: Duration,
    /// What is restarted.
    pub deployment: Deployment,
    /// The alias of a channel that is told when a changed configuration cannot be used.
    pub report_channel: Option<String>,
}

/// Settings of the plugin host.
#[derive(Debug, Clone)]
pub struct Plugins {
    /// Where plugins that were fetched are kept.
    pub cache_dir: PathBuf,
    /// The plugin repositories that are defined, by name.
    pub repositories: BTreeMap<String, Repository>,
    /// How old a repository's index may be before it is asked for again.
    pub index_max_age: Duration,
    /// How long one call of a plugin may take.
    pub call_timeout: Duration,
    /// How large one answer of a plugin may be, in bytes.
    pub max_answer_size: u64,
    /// How many calls one plugin works on at a time; more wait.
    pub max_concurrent_calls: u32,
    /// How many of them may be from one channel; 0: as many as there may be.
    pub max_concurrent_calls_per_channel: u32,
    /// Whether no plugin is started that differs from the lock beside the first configuration file.
    pub require_lock: bool,
    /// How often plugins are asked whether they are well.
    pub health_check_interval: Duration,
    /// What is done about a plugin that keeps failing.
    pub restart_policy: RestartPolicy,
    /// What plugins are given in their environment beside what all of them get.
    pub env: Vec<PluginEnv>,
    /// Requests from outside to source plugins.
    pub incoming_webhook: IncomingWebhook,
}

/// Where plugins are fetched from.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The address of its index: `http:`, `https:` or `file:`, or a path; or the path of a bundle.
    pub url: String,
    /// Sent with requests for the index; values are Go templates and may hold secrets.
    pub headers: BTreeMap<String, SecretString>,
    /// Where the repository is defined.
    pub origin: Origin,
}

/// What is done about a plugin that keeps failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// What happens at the threshold.
    pub at_threshold: AtThreshold,
    /// How many restarts a plugin has before that.
    pub threshold: u32,
}

/// What happens to a plugin that was restarted too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtThreshold {
    /// It is not started any more.
    DeactivatePlugin,
    /// The agent ends, so that whatever runs it starts it anew.
    RestartAgent,
}

/// Variables for the environment of some plugins.
#[derive(Debug, Clone)]
pub struct PluginEnv {
    /// `repository/name`, of whatever version; `None`: every plugin.
    pub plugin: Option<String>,
    /// Names and values.
    pub variables: BTreeMap<String, SecretString>,
}

impl PlatformKind {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 9] = [
        Self::SocketSlack,
        Self::CloudSlack,
        Self::Mattermost,
        Self::Discord,
        Self::CloudTeams,
        Self::Console,
        Self::Webhook,
        Self::Elasticsearch,
        Self::PagerDuty,
    ];

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
            .field("timeout", &self.timeout)
            .field("host_flags", &self.host_flags)
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

impl Plugins {
    /// Whether a process of this plugin that was started under one of them could have been under the other: its repository and
    /// its variables are the same.
    #[must_use]
    pub fn starts_alike(&self, other: &Self, key: &PluginKey) -> bool {
        let parts = |plugins: &Self| {
            let exposed = |(name, value): (&str, &SecretString)| (name.to_owned(), value.expose_secret().to_owned());
            let repository = plugins.repositories.get(&key.repository).map(|repository| {
                let headers: Vec<_> = repository.headers.iter().map(|(name, value)| exposed((name, value))).collect();
                (repository.url.clone(), headers)
            });
            let env: Vec<_> = plugins.env_for(key).into_iter().map(exposed).collect();
            (repository, env)
        };
        parts(self) == parts(other)
    }

    /// What the plugin is given in its environment beside what all plugins get; what is said of it alone wins.
    #[must_use]
    pub fn env_for(&self, key: &PluginKey) -> BTreeMap<&str, &SecretString> {
        let named = format!("{}/{}", key.repository, key.name);
        let mut fitting: Vec<&PluginEnv> =
            self.env.iter().filter(|env| env.plugin.as_ref().is_none_or(|plugin| *plugin == named)).collect();
        fitting.sort_by_key(|env| env.plugin.is_some());
        fitting.iter().flat_map(|env| &env.variables).map(|(name, value)| (name.as_str(), value)).collect()
    }
}

/// What holds where nobody wrote anything is declared with the keys.
impl Default for Settings {
    fn default() -> Self {
        crate::decode::settings(crate::schema::settings::Settings::default())
    }
}

impl Default for Plugins {
    fn default() -> Self {
        crate::decode::plugins(crate::schema::plugins::Plugins::default(), &|_| Origin::Default)
    }
}

impl Default for ConfigWatcher {
    fn default() -> Self {
        crate::decode::config_watcher(crate::schema::settings::ConfigWatcher::default())
    }
}
