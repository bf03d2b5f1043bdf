//! Keys below `communications`: platforms, sinks, channels and their bindings.
//! Must not know: plugins; bindings are names only.

use indexmap::IndexMap;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::value::Secret;

/// One workspace or server on each of its platforms.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CommunicationGroup {
    /// Slack over Socket Mode.
    pub(crate) socket_slack: Option<Platform<SocketSlack, SlackChannel>>,
    /// Slack through upstream's cloud.
    pub(crate) cloud_slack: Option<Platform<CloudSlack, CloudSlackChannel>>,
    /// Mattermost.
    pub(crate) mattermost: Option<Platform<Mattermost, NamedChannel>>,
    /// Discord.
    pub(crate) discord: Option<Platform<Discord, IdChannel>>,
    /// Microsoft Teams through upstream's cloud.
    pub(crate) cloud_teams: Option<CloudTeams>,
    /// The agent's own console, in a terminal or a browser; on by being there.
    #[schemars(extend("x-ours" = true, "x-presence" = true))]
    pub(crate) console: Option<Console>,
    /// Events sent to an address, as JSON.
    pub(crate) webhook: Option<Sink<Webhook>>,
    /// Events kept in Elasticsearch.
    pub(crate) elasticsearch: Option<Elasticsearch>,
    /// Events sent to PagerDuty.
    pub(crate) pager_duty: Option<Sink<PagerDuty>>,
}

/// A platform with channels.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[serde(bound(deserialize = "A: Deserialize<'de> + Default, C: Deserialize<'de> + Default"))]
#[schemars(bound = "A: JsonSchema + Default, C: JsonSchema + Default")]
pub(crate) struct Platform<A, C> {
    /// Whether the agent connects to it.
    pub(crate) enabled: bool,
    #[serde(flatten)]
    pub(crate) access: A,
    /// The channels the agent listens in, each under a name that stays when the channel is renamed.
    #[schemars(extend("x-each" = "alias"))]
    pub(crate) channels: IndexMap<String, Channel<C>>,
}

/// What connecting to Slack over Socket Mode takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SocketSlack {
    /// The bot token, `xoxb-…`.
    pub(crate) bot_token: Secret,
    /// The app-level token, `xapp-…`.
    pub(crate) app_token: Secret,
}

/// What connecting to Slack through upstream's cloud takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CloudSlack {
    /// The workspace's token.
    pub(crate) token: Secret,
    /// The bot's user id.
    #[serde(rename = "botID")]
    pub(crate) bot_id: String,
    /// Set when a quota is used up: the platform is not started.
    pub(crate) execution_event_streaming_disabled: bool,
    /// The cloud's router.
    pub(crate) server: Server,
}

/// A server reached over gRPC.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Server {
    /// Its address.
    pub url: String,
    /// Whether to talk without TLS.
    pub disable_transport_security: bool,
    /// How its certificate is checked.
    pub tls: ServerTls,
}

/// How a server's certificate is checked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerTls {
    /// A certificate authority of its own, PEM.
    pub ca_certificate: String,
    /// Whether the system's authorities are trusted, too.
    pub use_system_cert_pool: bool,
    /// Whether the certificate is not checked at all.
    pub insecure_skip_verify: bool,
}

/// What connecting to Mattermost takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Mattermost {
    /// The bot's user name.
    #[schemars(extend("default" = "Botkube"))]
    #[serde(default = "bot_name")]
    pub(crate) bot_name: String,
    /// The server's address.
    pub(crate) url: String,
    /// The bot's token.
    pub(crate) token: Secret,
    /// The team, by name or display name.
    pub(crate) team: String,
}

/// What connecting to Discord takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Discord {
    /// The bot's token.
    pub(crate) token: Secret,
    /// The application's id.
    #[serde(rename = "botID")]
    pub(crate) bot_id: String,
}

/// Microsoft Teams through upstream's cloud.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CloudTeams {
    /// Whether the agent connects to it.
    pub(crate) enabled: bool,
    /// The bot's name.
    pub(crate) bot_name: String,
    /// The cloud's router.
    pub(crate) server: Server,
    /// Teams and their channels.
    pub(crate) teams: Vec<Team>,
}

/// One team.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Team {
    /// The team's id.
    pub(crate) id: String,
    /// Its channels.
    #[schemars(extend("x-each" = "alias"))]
    pub(crate) channels: IndexMap<String, Channel<IdChannel>>,
}

/// The agent's own console.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Console {
    /// Whether it is served.
    pub(crate) enabled: bool,
    /// The console in a browser on the agent's machine; served by being there.
    #[schemars(extend("x-presence" = true))]
    pub(crate) web: Option<ConsoleWeb>,
    /// Its channels; none: one channel in which everything is bound.
    #[schemars(extend("x-each" = "alias"))]
    pub(crate) channels: IndexMap<String, Channel<ConsoleChannel>>,
}

/// The console in a browser.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ConsoleWeb {
    /// The port on 127.0.0.1; 0: any that is free, so that browsers need a new link whenever the agent starts.
    pub(crate) port: u16,
}

/// One channel: where it is, and what is bound there.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "C: Deserialize<'de> + Default"))]
#[schemars(bound = "C: JsonSchema + Default")]
pub(crate) struct Channel<C> {
    #[serde(flatten)]
    pub(crate) spot: C,
    /// Notifications of events.
    pub(crate) notification: Notification,
    /// What can be used in the channel.
    pub(crate) bindings: Bindings,
}

/// Notifications of events in a channel.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Notification {
    /// Whether they are off when the agent starts.
    pub(crate) disabled: bool,
}

/// Groups bound to a channel or an action.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Bindings {
    /// Groups under `sources`.
    pub(crate) sources: Vec<String>,
    /// Groups under `executors`; a plugin gets their configurations in this order.
    pub(crate) executors: Vec<String>,
}

/// Groups bound to a sink.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SinkBindings {
    /// Groups under `sources`.
    pub(crate) sources: Vec<String>,
}

/// A channel known by its name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NamedChannel {
    /// The channel's name.
    pub(crate) name: String,
}

/// A channel of the console.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ConsoleChannel {
    /// What the channel is called; otherwise its alias.
    pub(crate) name: String,
}

/// A channel known by its id.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IdChannel {
    /// The channel's id.
    pub(crate) id: String,
}

/// A Slack channel.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SlackChannel {
    /// The channel's name, without `#`.
    pub(crate) name: String,
    /// Commands that plain messages run.
    pub(crate) message_triggers: Vec<MessageTrigger>,
}

/// A Slack channel through upstream's cloud.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CloudSlackChannel {
    /// The channel's name, without `#`.
    pub(crate) name: String,
    /// The channel's id.
    #[serde(rename = "channelID")]
    pub(crate) channel_id: String,
    /// What a private channel is called in public.
    pub(crate) alias: String,
    /// Commands that plain messages run.
    pub(crate) message_triggers: Vec<MessageTrigger>,
}

/// A command that a plain message runs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageTrigger {
    /// What triggers it: `ChannelMessage`.
    pub event: String,
    /// Which texts do.
    pub text: TextConstraints,
    /// Whose messages do.
    pub users: UserConstraints,
    /// The command that runs.
    pub command: String,
    /// Groups under `executors` that the command may reach.
    pub executors: Vec<String>,
    /// The reaction that shows that the message was worked on; empty: none; absent: the platform's own.
    pub processed_emoji_indicator: Option<String>,
}

/// Which texts trigger a command: none that is excluded, and of the others those that are included.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TextConstraints {
    /// Texts or regular expressions; one must fit.
    pub include: Vec<String>,
    /// Texts or regular expressions; none may fit.
    pub exclude: Vec<String>,
}

/// Whose messages do not trigger a command.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UserConstraints {
    /// User ids; what follows a `:` is a remark.
    pub exclude: Vec<String>,
}

/// A sink with one list of bindings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "A: Deserialize<'de> + Default"))]
#[schemars(bound = "A: JsonSchema + Default")]
pub(crate) struct Sink<A> {
    /// Whether events go there.
    pub(crate) enabled: bool,
    #[serde(flatten)]
    pub(crate) access: A,
    /// Whose events go there.
    pub(crate) bindings: SinkBindings,
}

/// Where events are sent as JSON.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Webhook {
    /// The address; often a secret by itself, so it is never shown.
    pub(crate) url: Secret,
}

/// What sending to PagerDuty takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PagerDuty {
    /// The integration's key.
    pub(crate) integration_key: Secret,
    /// Another address of the events API.
    #[serde(rename = "v2EventsAPIBasePath")]
    pub(crate) events_api: String,
}

/// Elasticsearch.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Elasticsearch {
    /// Whether events go there.
    pub(crate) enabled: bool,
    /// The server's address.
    pub(crate) server: String,
    /// The user's name.
    pub(crate) username: String,
    /// The user's password.
    pub(crate) password: Secret,
    /// Whether the certificate is not checked.
    #[serde(rename = "skipTLSVerify")]
    pub(crate) skip_tls_verify: bool,
    /// What of the traffic is logged: `info`, `error` or `trace`; otherwise nothing.
    pub(crate) log_level: String,
    /// Signing of requests for AWS.
    pub(crate) aws_signing: AwsSigning,
    /// Where events are kept.
    #[schemars(extend("x-each" = "alias"))]
    pub(crate) indices: IndexMap<String, Index>,
}

/// Signing of requests for AWS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsSigning {
    /// Whether requests are signed.
    pub enabled: bool,
    /// The region.
    pub aws_region: String,
    /// The role to assume.
    pub role_arn: String,
}

/// An index of Elasticsearch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Index {
    /// The index's name; a date is added.
    pub(crate) name: String,
    /// The type of its documents.
    pub(crate) r#type: String,
    /// Its shards.
    pub(crate) shards: u32,
    /// Its replicas.
    pub(crate) replicas: u32,
    /// Whose events go there.
    pub(crate) bindings: SinkBindings,
}

fn bot_name() -> String {
    "Botkube".into()
}

impl Default for Console {
    fn default() -> Self {
        Self { enabled: true, web: None, channels: IndexMap::new() }
    }
}

impl Default for AwsSigning {
    fn default() -> Self {
        Self { enabled: false, aws_region: "us-east-1".into(), role_arn: String::new() }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self {
            name: "botkube".into(),
            r#type: "botkube-event".into(),
            shards: 1,
            replicas: 0,
            bindings: SinkBindings::default(),
        }
    }
}

impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}
