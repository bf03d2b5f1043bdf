//! Platforms, sinks, channels and triggers.
//! Must not know: what a plugin key is.

use indexmap::IndexMap;
use regex::Regex;
use secrecy::ExposeSecret;

use super::Check;
use super::groups::Groups;
use crate::decode::normal;
use crate::finding::Severity;
use crate::model::PlatformKind;
use crate::schema::Root;
use crate::schema::communications::{
    Bindings, Channel, CloudSlackChannel, CommunicationGroup, ConsoleChannel, IdChannel, MessageTrigger, NamedChannel,
    SlackChannel,
};
use crate::schema::value::{FROM_ENV, FROM_FILE, Secret};

/// What a channel says of itself, as far as rules go.
trait Spot {
    /// The key that tells which channel it is, and its value.
    fn identity(&self) -> (&'static str, &str);
    fn triggers(&self) -> &[MessageTrigger] {
        &[]
    }
}

impl Check<'_> {
    pub(super) fn communications(&mut self, root: &Root, executors: &Groups<'_>, sources: &Groups<'_>) {
        for (name, group) in &root.communications {
            self.chats(name, group, executors, sources);
            self.sinks(name, group, sources);
        }
    }

    fn chats(&mut self, name: &str, group: &CommunicationGroup, executors: &Groups<'_>, sources: &Groups<'_>) {
        let groups = (executors, sources);
        if let Some(slack) = &group.socket_slack {
            let kind = PlatformKind::SocketSlack;
            let path = ["communications", name, kind.key()];
            if slack.enabled && !self.old_slack.contains(name) {
                self.slack_token(&path, "appToken", &slack.access.app_token, "xapp-", "Basic Information");
                self.slack_token(&path, "botToken", &slack.access.bot_token, "xoxb-", "OAuth & Permissions");
            }
            self.channels(&path, kind, slack.enabled, &slack.channels, groups);
        }
        if let Some(slack) = &group.cloud_slack {
            let kind = PlatformKind::CloudSlack;
            let path = ["communications", name, kind.key()];
            if slack.enabled {
                self.secret(&path, "token", &slack.access.token);
            }
            self.channels(&path, kind, slack.enabled, &slack.channels, groups);
        }
        if let Some(mattermost) = &group.mattermost {
            let kind = PlatformKind::Mattermost;
            let path = ["communications", name, kind.key()];
            if mattermost.enabled {
                self.needs(&path, "url", &mattermost.access.url);
                self.secret(&path, "token", &mattermost.access.token);
                self.needs(&path, "team", &mattermost.access.team);
            }
            self.channels(&path, kind, mattermost.enabled, &mattermost.channels, groups);
        }
        if let Some(discord) = &group.discord {
            let kind = PlatformKind::Discord;
            let path = ["communications", name, kind.key()];
            if discord.enabled {
                self.secret(&path, "token", &discord.access.token);
                self.needs(&path, "botID", &discord.access.bot_id);
            }
            self.channels(&path, kind, discord.enabled, &discord.channels, groups);
        }
        if let Some(teams) = &group.cloud_teams {
            let kind = PlatformKind::CloudTeams;
            let path = ["communications", name, kind.key()];
            if teams.enabled
                && teams.teams.is_empty()
                && !self.findings.has_error(&[path.as_slice(), &["teams"]].concat())
            {
                let help = "say which channels of which team it serves:\nteams:\n  - id: …\n    channels: …";
                self.key(Severity::Error, &path, "`cloudTeams` is enabled and needs `teams`", help);
            }
            for (index, team) in teams.teams.iter().enumerate() {
                let index = format!("[{index}]");
                let path = ["communications", name, kind.key(), "teams", &index];
                self.channels(&path, kind, teams.enabled, &team.channels, groups);
            }
        }
        if let Some(console) = &group.console {
            let kind = PlatformKind::Console;
            let path = ["communications", name, kind.key()];
            self.channels(&path, kind, console.enabled, &console.channels, groups);
        }
    }

    fn sinks(&mut self, name: &str, group: &CommunicationGroup, sources: &Groups<'_>) {
        if let Some(webhook) = &group.webhook {
            let path = ["communications", name, PlatformKind::Webhook.key()];
            if webhook.enabled {
                self.secret(&path, "url", &webhook.access.url);
            }
            self.sink(&path, webhook.enabled, &webhook.bindings.sources, sources);
        }
        if let Some(elastic) = &group.elasticsearch {
            let path = ["communications", name, PlatformKind::Elasticsearch.key()];
            if elastic.enabled {
                self.needs(&path, "server", &elastic.server);
                if elastic.indices.is_empty() && !self.findings.has_error(&[path.as_slice(), &["indices"]].concat()) {
                    let help = "say where events are kept:\nindices:\n  default:\n    bindings:\n      sources: […]";
                    self.key(Severity::Error, &path, "`elasticsearch` is enabled and needs `indices`", help);
                }
            }
            for (alias, index) in &elastic.indices {
                let path = ["communications", name, "elasticsearch", "indices", alias];
                if elastic.enabled {
                    self.required(&path, "name", &index.name, &format!("the index `{alias}`"));
                }
                self.sink(&path, elastic.enabled, &index.bindings.sources, sources);
            }
        }
        if let Some(duty) = &group.pager_duty {
            let path = ["communications", name, PlatformKind::PagerDuty.key()];
            if duty.enabled {
                self.secret(&path, "integrationKey", &duty.access.integration_key);
            }
            self.sink(&path, duty.enabled, &duty.bindings.sources, sources);
        }
    }

    fn needs(&mut self, path: &[&str], key: &str, value: &str) {
        self.required(path, key, value, &is_enabled(path));
    }

    fn secret(&mut self, path: &[&str], key: &str, value: &Secret) {
        self.needs_secret(path, key, value, "write it");
    }

    fn slack_token(&mut self, path: &[&str], key: &str, value: &Secret, prefix: &str, page: &str) {
        let text = value.0.expose_secret();
        if text.trim().is_empty() {
            let help =
                format!("Slack shows it on the application's page, under {page}; it begins with `{prefix}`; write it");
            self.needs_secret(path, key, value, &help);
        } else if !text.starts_with(prefix) {
            let message = format!("`{key}` does not begin with `{prefix}`");
            let help =
                format!("Slack shows it on the application's page, under {page}; the other token begins otherwise");
            self.value(&[path, &[key]].concat(), message, help);
        }
    }

    fn needs_secret(&mut self, path: &[&str], key: &str, value: &Secret, help: &str) {
        let whole = [path, &[key]].concat();
        if !value.0.expose_secret().trim().is_empty() || self.findings.has_error(&whole) {
            return;
        }
        if self.helm {
            let message = format!("`{key}` is not in these values; it must come from the cluster");
            self.key(Severity::Warning, path, message, "give it in a Secret, by `extraEnv`, or write it here");
        } else {
            let help = format!("{help} as a text, or as `{{{FROM_FILE}: PATH}}` or `{{{FROM_ENV}: NAME}}`");
            self.value(&whole, format!("{} needs `{key}`", is_enabled(path)), help);
        }
    }

    fn sink(&mut self, path: &[&str], enabled: bool, bound: &[String], sources: &Groups<'_>) {
        self.bound(&[path, &["bindings", "sources"]].concat(), bound, sources);
        if enabled && bound.is_empty() {
            let name = path.last().copied().unwrap_or_default();
            let message = format!("nothing is bound to `{name}`, so no event ever goes there");
            self.key(Severity::Warning, path, message, "bind groups under `sources`:\nbindings:\n  sources: […]");
        }
    }

    fn channels<C: Spot>(
        &mut self,
        path: &[&str],
        kind: PlatformKind,
        enabled: bool,
        channels: &IndexMap<String, Channel<C>>,
        (executors, sources): (&Groups<'_>, &Groups<'_>),
    ) {
        let wrong = self.findings.has_error(&[path, &["channels"]].concat());
        if enabled && channels.is_empty() && kind != PlatformKind::Console && !wrong {
            let named = if kind == PlatformKind::Discord { "id" } else { "name" };
            let help = format!(
                "say where it listens:\nchannels:\n  ALIAS:\n    {named}: …\n    bindings:\n      executors: […]"
            );
            self.key(Severity::Error, path, format!("{} needs a channel", is_enabled(path)), help);
        }
        for (alias, channel) in channels {
            let path = [path, &["channels", alias.as_str()]].concat();
            if enabled {
                self.identity(&path, kind, &channel.spot);
            }
            let Bindings { executors: bound_executors, sources: bound_sources } = &channel.bindings;
            self.bound(&[path.as_slice(), &["bindings", "executors"]].concat(), bound_executors, executors);
            self.bound(&[path.as_slice(), &["bindings", "sources"]].concat(), bound_sources, sources);
            for (index, trigger) in channel.spot.triggers().iter().enumerate() {
                let index = format!("[{index}]");
                self.trigger(&[path.as_slice(), &["messageTriggers", &index]].concat(), trigger, executors);
            }
        }
    }

    fn identity(&mut self, path: &[&str], kind: PlatformKind, spot: &impl Spot) {
        let (key, written) = spot.identity();
        let name = normal(kind, written);
        if name.is_empty() {
            if kind != PlatformKind::Console {
                let alias = path.last().copied().unwrap_or_default();
                self.required(path, key, name, &format!("the channel `{alias}`"));
            }
            return;
        }
        let (fits, help) = match kind {
            PlatformKind::SocketSlack | PlatformKind::CloudSlack => (
                slack_has(name),
                "names of Slack's channels have up to 80 small letters, digits, `-` and `_`; write it as Slack shows it",
            ),
            PlatformKind::Discord => (
                name.chars().all(|c| c.is_ascii_digit()),
                "write the channel's id, a number; Discord copies it in developer mode",
            ),
            PlatformKind::Mattermost => {
                (name.chars().count() <= 64, "names of Mattermost's channels have up to 64 characters")
            }
            _ => (true, ""),
        };
        if !fits {
            self.value(&[path, &[key]].concat(), format!("no channel can have the {key} `{name}`"), help);
        }
    }

    fn trigger(&mut self, path: &[&str], trigger: &MessageTrigger, executors: &Groups<'_>) {
        self.bound(&[path, &["executors"]].concat(), &trigger.executors, executors);
        if trigger.command.trim().is_empty() {
            self.value(&[path, &["command"]].concat(), "the trigger runs no command", "say what it runs:\ncommand: …");
        }
        if !matches!(trigger.event.as_str(), "" | "ChannelMessage") {
            let message = format!("there is no event `{}`", trigger.event);
            self.value(&[path, &["event"]].concat(), message, "write `ChannelMessage`");
        }
        let include = &trigger.text.include;
        if include.is_empty() {
            let message = "no text is included, so that the trigger never runs";
            self.key(Severity::Warning, path, message, "say which do:\ntext:\n  include: [\".*\"]");
        }
        if include.len() > 1 && include.iter().any(|pattern| pattern == ".*") {
            let message = "`.*` fits every text, what stands beside it changes nothing";
            self.key(
                Severity::Warning,
                &[path, &["text", "include"]].concat(),
                message,
                "remove the one or the others",
            );
        }
        for (list, patterns) in [("include", include), ("exclude", &trigger.text.exclude)] {
            for (index, pattern) in patterns.iter().enumerate() {
                if let Err(error) = Regex::new(pattern) {
                    // The library draws a picture; its last line says what is wrong.
                    let error = error.to_string();
                    let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                    // As in upstream, which compares before it matches.
                    let message =
                        format!("`{pattern}` is no regular expression and can only match as it is written: {reason}");
                    let help = "leave it if that is meant; else put a backslash before a character that means itself";
                    let path = self.listed(&[path, &["text", list]].concat(), index);
                    let at = self.place(&path).or_else(|| self.written(&path));
                    self.findings.warning(&path, at, message, help);
                }
            }
        }
    }
}

fn is_enabled(path: &[&str]) -> String {
    format!("`{}` is enabled and", path.last().copied().unwrap_or_default())
}

/// Letters of every script that have no capital form, digits, `-` and `_`.
fn slack_has(name: &str) -> bool {
    name.chars().count() <= 80
        && name.chars().all(|c| matches!(c, '-' | '_') || (c.is_alphanumeric() && !c.is_uppercase()))
}

impl Spot for NamedChannel {
    fn identity(&self) -> (&'static str, &str) {
        ("name", &self.name)
    }
}

impl Spot for ConsoleChannel {
    fn identity(&self) -> (&'static str, &str) {
        ("name", &self.name)
    }
}

impl Spot for IdChannel {
    fn identity(&self) -> (&'static str, &str) {
        ("id", &self.id)
    }
}

impl Spot for SlackChannel {
    fn identity(&self) -> (&'static str, &str) {
        ("name", &self.name)
    }

    fn triggers(&self) -> &[MessageTrigger] {
        &self.message_triggers
    }
}

impl Spot for CloudSlackChannel {
    fn identity(&self) -> (&'static str, &str) {
        ("name", &self.name)
    }

    fn triggers(&self) -> &[MessageTrigger] {
        &self.message_triggers
    }
}
