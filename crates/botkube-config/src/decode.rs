//! From the declared keys to the model: groups in order, plugin keys parsed, origins attached.
//! Must not know: YAML or findings; what does not make sense is left out here and reported by `validate`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;

use crate::finding::Origin;
use crate::model::{
    Access, Action, Alias, AtThreshold, Channel, CommunicationGroup, Config, ConfigWatcher, Elasticsearch, Index,
    PlatformConfig, PlatformKind, PluginBinding, PluginEnv, PluginGroup, Plugins, Rbac, Repository, RestartPolicy,
    Settings, Subject,
};
use crate::schema::communications::{self as raw, MessageTrigger};
use crate::schema::{Root, groups, plugins as raw_plugins, settings as raw_settings};

/// Where the key at a path was written.
type OriginOf<'a> = &'a dyn Fn(&[&str]) -> Origin;

/// Decodes a whole configuration.
pub(crate) fn config(root: Root, origin: OriginOf<'_>) -> Config {
    let communications = root.communications.into_iter();
    Config {
        communications: communications.map(|(name, group)| communication_group(name, group, origin)).collect(),
        sources: plugin_groups("sources", root.sources, origin, |source| (source.plugin, true)),
        executors: plugin_groups("executors", root.executors, origin, |executor| {
            (executor.plugin, executor.host_flags)
        }),
        aliases: root.aliases.into_iter().map(|(name, alias)| self::alias(name, alias, origin)).collect(),
        actions: root.actions.into_iter().map(|(name, action)| self::action(name, action, origin)).collect(),
        settings: settings(root.settings),
        plugins: plugins(root.plugins, origin),
        config_watcher: config_watcher(root.config_watcher),
    }
}

fn communication_group(name: String, group: raw::CommunicationGroup, origin: OriginOf<'_>) -> CommunicationGroup {
    let at = |kind: PlatformKind, alias: &str| origin(&["communications", &name, kind.key(), "channels", alias]);
    let mut platforms = Vec::new();
    let mut add = |kind, enabled, access, channels| {
        platforms.push(PlatformConfig { kind, enabled, channels, access, sources: Vec::new() });
    };
    if let Some(slack) = group.socket_slack {
        let kind = PlatformKind::SocketSlack;
        let access = Access::SocketSlack { bot_token: slack.access.bot_token.0, app_token: slack.access.app_token.0 };
        add(kind, slack.enabled, access, channels(kind, slack.channels, &at));
    }
    if let Some(slack) = group.cloud_slack {
        let kind = PlatformKind::CloudSlack;
        let raw::CloudSlack { token, bot_id, execution_event_streaming_disabled, server } = slack.access;
        let access = Access::CloudSlack { token: token.0, bot_id, execution_event_streaming_disabled, server };
        add(kind, slack.enabled, access, channels(kind, slack.channels, &at));
    }
    if let Some(mattermost) = group.mattermost {
        let kind = PlatformKind::Mattermost;
        let raw::Mattermost { bot_name, url, token, team } = mattermost.access;
        let access = Access::Mattermost { bot_name, url, token: token.0, team };
        add(kind, mattermost.enabled, access, channels(kind, mattermost.channels, &at));
    }
    if let Some(discord) = group.discord {
        let kind = PlatformKind::Discord;
        let access = Access::Discord { token: discord.access.token.0, bot_id: discord.access.bot_id };
        add(kind, discord.enabled, access, channels(kind, discord.channels, &at));
    }
    if let Some(teams) = group.cloud_teams {
        let kind = PlatformKind::CloudTeams;
        let mut found = Vec::new();
        for (index, team) in teams.teams.into_iter().enumerate() {
            let index = format!("[{index}]");
            let at =
                |_, alias: &str| origin(&["communications", &name, kind.key(), "teams", &index, "channels", alias]);
            let mut channels = channels(kind, team.channels, &at);
            channels.iter_mut().for_each(|channel| channel.team = some(team.id.clone()));
            found.append(&mut channels);
        }
        let access = Access::CloudTeams { bot_name: teams.bot_name, server: teams.server };
        add(kind, teams.enabled, access, found);
    }
    if let Some(console) = group.console {
        let kind = PlatformKind::Console;
        let access = Access::Console { web: console.web.map(|web| web.port) };
        add(kind, console.enabled, access, channels(kind, console.channels, &at));
    }
    let sink = |kind, enabled, access, sources| PlatformConfig { kind, enabled, channels: Vec::new(), access, sources };
    if let Some(webhook) = group.webhook {
        let access = Access::Webhook { url: webhook.access.url.0 };
        platforms.push(sink(PlatformKind::Webhook, webhook.enabled, access, webhook.bindings.sources));
    }
    if let Some(elastic) = group.elasticsearch {
        let kind = PlatformKind::Elasticsearch;
        platforms.push(sink(
            kind,
            elastic.enabled,
            Access::Elasticsearch(Box::new(elasticsearch(elastic))),
            Vec::new(),
        ));
    }
    if let Some(duty) = group.pager_duty {
        let access = Access::PagerDuty {
            integration_key: duty.access.integration_key.0,
            events_api: some(duty.access.events_api),
        };
        platforms.push(sink(PlatformKind::PagerDuty, duty.enabled, access, duty.bindings.sources));
    }
    CommunicationGroup { name, platforms }
}

fn elasticsearch(elastic: raw::Elasticsearch) -> Elasticsearch {
    let index = |(alias, index): (String, raw::Index)| Index {
        alias,
        name: index.name,
        document_type: index.r#type,
        shards: index.shards,
        replicas: index.replicas,
        sources: index.bindings.sources,
    };
    Elasticsearch {
        server: elastic.server,
        username: elastic.username,
        password: elastic.password.0,
        skip_tls_verify: elastic.skip_tls_verify,
        log_level: elastic.log_level,
        aws_signing: elastic.aws_signing,
        indices: elastic.indices.into_iter().map(index).collect(),
    }
}

/// What each kind of channel says of itself.
#[derive(Default)]
struct Spot {
    name: String,
    id: String,
    public_alias: String,
    message_triggers: Vec<MessageTrigger>,
}

fn channels<C: Into<Spot>>(
    kind: PlatformKind,
    channels: IndexMap<String, raw::Channel<C>>,
    origin: &dyn Fn(PlatformKind, &str) -> Origin,
) -> Vec<Channel> {
    let channel = |(alias, channel): (String, raw::Channel<C>)| {
        let spot: Spot = channel.spot.into();
        Channel {
            origin: origin(kind, &alias),
            alias,
            name: some(normal(kind, &spot.name).to_owned()),
            id: some(normal(kind, &spot.id).to_owned()),
            executors: channel.bindings.executors,
            sources: channel.bindings.sources,
            notifications_disabled: channel.notification.disabled,
            message_triggers: spot.message_triggers,
            public_alias: some(spot.public_alias),
            team: None,
        }
    };
    channels.into_iter().map(channel).collect()
}

/// People write `#ops`; Slack and Discord want `ops` (contract-host §1.4.1).
pub(crate) fn normal(kind: PlatformKind, name: &str) -> &str {
    match kind {
        PlatformKind::SocketSlack | PlatformKind::CloudSlack | PlatformKind::Discord => {
            name.trim().trim_start_matches('#').trim_start()
        }
        _ => name,
    }
}

impl From<raw::NamedChannel> for Spot {
    fn from(channel: raw::NamedChannel) -> Self {
        Self { name: channel.name, ..Self::default() }
    }
}

impl From<raw::ConsoleChannel> for Spot {
    fn from(channel: raw::ConsoleChannel) -> Self {
        Self { name: channel.name, ..Self::default() }
    }
}

impl From<raw::IdChannel> for Spot {
    fn from(channel: raw::IdChannel) -> Self {
        Self { id: channel.id, ..Self::default() }
    }
}

impl From<raw::SlackChannel> for Spot {
    fn from(channel: raw::SlackChannel) -> Self {
        Self { name: channel.name, message_triggers: channel.message_triggers, ..Self::default() }
    }
}

impl From<raw::CloudSlackChannel> for Spot {
    fn from(channel: raw::CloudSlackChannel) -> Self {
        let raw::CloudSlackChannel { name, channel_id, alias, message_triggers } = channel;
        Self { name, id: channel_id, public_alias: alias, message_triggers }
    }
}

fn plugin_groups<P>(
    section: &str,
    groups: IndexMap<String, groups::PluginGroup<P>>,
    origin: OriginOf<'_>,
    parts: impl Fn(P) -> (groups::Plugin, bool),
) -> Vec<PluginGroup> {
    let group = |(name, group): (String, groups::PluginGroup<P>)| {
        let binding = |(text, plugin): (String, P)| {
            let (plugin, host_flags) = parts(plugin);
            let key = text.parse().ok()?;
            Some(PluginBinding {
                key,
                enabled: plugin.enabled,
                config: plugin.config,
                rbac: rbac(&plugin.context.rbac),
                timeout: group.timeout.map(|span| span.0),
                host_flags,
                origin: origin(&[section, &name, &text]),
            })
        };
        let plugins = group.plugins.into_iter().filter_map(binding).collect();
        PluginGroup { display_name: some(group.display_name), plugins, name }
    };
    groups.into_iter().map(group).collect()
}

/// Whom a plugin acts as; `None`: nobody, so that it gets no kubeconfig.
pub(crate) fn rbac(raw: &groups::Rbac) -> Option<Rbac> {
    let (user, group) = (subject(&raw.user, true), subject(&raw.group, false));
    (user != Subject::None || group != Subject::None).then_some(Rbac { user, group })
}

fn subject(subject: &groups::Subject, is_user: bool) -> Subject {
    let prefix = subject.prefix.clone();
    match subject.r#type.as_str() {
        "Static" => Subject::Static { prefix, values: names(subject, is_user) },
        "ChannelName" => Subject::ChannelName { prefix },
        _ => Subject::None,
    }
}

/// `static.value` of a user, or the `values` that older tutorials have; `static.values` of groups and nothing else, since
/// upstream would give the plugin no group (`contract-host §1.4.3`).
pub(crate) fn names(subject: &groups::Subject, is_user: bool) -> Vec<String> {
    let groups::Static { value, values } = &subject.r#static;
    match some(value.clone()) {
        Some(one) if is_user => vec![one],
        _ => values.clone(),
    }
}

fn alias(name: String, alias: groups::Alias, origin: OriginOf<'_>) -> Alias {
    let origin = origin(&["aliases", &name]);
    Alias { name, command: alias.command, display_name: some(alias.display_name), origin }
}

fn action(name: String, action: groups::Action, origin: OriginOf<'_>) -> Action {
    Action {
        origin: origin(&["actions", &name]),
        name,
        enabled: action.enabled,
        display_name: some(action.display_name),
        command: action.command,
        sources: action.bindings.sources,
        executors: action.bindings.executors,
    }
}

pub(crate) fn settings(raw: raw_settings::Settings) -> Settings {
    Settings {
        cluster_name: raw.cluster_name,
        kubeconfig: some(raw.kubeconfig).map(PathBuf::from),
        service_account_prefix: some(raw.sa_credentials_path_prefix).map(PathBuf::from),
        upgrade_notifier: raw.upgrade_notifier,
        metrics_port: raw.metrics_port,
        health_port: raw.health_port,
        log: raw.log,
        system_config_map: raw.system_config_map,
        persistent_config: raw.persistent_config,
    }
}

pub(crate) fn plugins(raw: raw_plugins::Plugins, origin: OriginOf<'_>) -> Plugins {
    let repository = |(name, repository): (String, raw_plugins::Repository)| {
        let headers = repository.headers.into_iter().map(|(header, value)| (header, value.0)).collect();
        let origin = origin(&["plugins", "repositories", &name]);
        (name, Repository { url: repository.url, headers, origin })
    };
    let env = |(plugin, variables): (String, raw_plugins::Variables)| PluginEnv {
        plugin: Some(plugin).filter(|plugin| plugin != EVERY_PLUGIN),
        variables: variables.0.into_iter().map(|(name, value)| (name, value.0)).collect::<BTreeMap<_, _>>(),
    };
    Plugins {
        cache_dir: PathBuf::from(raw.cache_dir),
        repositories: raw.repositories.into_iter().map(repository).collect(),
        index_max_age: raw.index_max_age.0,
        call_timeout: raw.call_timeout.0,
        max_answer_size: raw.max_answer_size.0,
        max_concurrent_calls: raw.max_concurrent_calls,
        max_concurrent_calls_per_channel: raw.max_concurrent_calls_per_channel,
        require_lock: raw.require_lock,
        health_check_interval: raw.health_check_interval.0,
        restart_policy: RestartPolicy {
            at_threshold: match raw.restart_policy.r#type {
                raw_plugins::AtThreshold::DeactivatePlugin => AtThreshold::DeactivatePlugin,
                raw_plugins::AtThreshold::RestartAgent => AtThreshold::RestartAgent,
            },
            threshold: raw.restart_policy.threshold,
        },
        env: raw.env.into_iter().map(env).collect(),
        incoming_webhook: raw.incoming_webhook,
    }
}

/// What stands for every plugin below `plugins.env`.
pub(crate) const EVERY_PLUGIN: &str = "*";

pub(crate) fn config_watcher(raw: raw_settings::ConfigWatcher) -> ConfigWatcher {
    ConfigWatcher {
        enabled: raw.enabled,
        poll_interval: raw.remote.poll_interval.0,
        resync_period: raw.in_cluster.informer_resync_period.0,
        deployment: raw.deployment,
        report_channel: some(raw.report_channel),
    }
}

/// An empty text says nothing.
fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
