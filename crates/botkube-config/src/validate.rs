//! What must be true of a configuration whose values fit their keys (contract-host §1.6), each finding with its place.
//! Must not know: how values are written or decoded.
//!
//! Reading order: here aliases, actions and settings; `groups` (plugins and whom they act as, bindings of groups),
//! `communications` (platforms, channels, triggers).

mod communications;
mod groups;

use std::collections::BTreeSet;

use secrecy::ExposeSecret;

use crate::decode::EVERY_PLUGIN;
use crate::finding::Severity;
use crate::model::{PlatformKind, PluginKey};
use crate::nearest::nearest;
use crate::report::Findings;
use crate::schema::Root;
use crate::source::{Place, Sources};
use crate::tree::{Node, Value};

use groups::Groups;

/// The first words of built-in commands, upstream's and ours.
const BUILT_IN_VERBS: [&str; 11] =
    ["help", "ping", "version", "feedback", "list", "show", "status", "enable", "disable", "edit", "cancel"];

/// What the channel of a console without channels is called.
const EVERYTHING: &str = "console";

/// What the agent itself sets for every plugin: where its dependencies and temporary files are, and what go-plugin's
/// protocol fixes.
pub const RESERVED_VARIABLES: [&str; 9] = [
    "PLUGIN_DEPENDENCY_DIR",
    "TMPDIR",
    "BOTKUBE",
    "PLUGIN_PROTOCOL_VERSIONS",
    "PLUGIN_MIN_PORT",
    "PLUGIN_MAX_PORT",
    "PLUGIN_CLIENT_CERT",
    "PLUGIN_UNIX_SOCKET_DIR",
    "PLUGIN_MULTIPLEX_GRPC",
];

/// Reports on single places of a tree.
pub(crate) struct Check<'a> {
    pub(crate) tree: &'a Node,
    pub(crate) sources: &'a Sources,
    pub(crate) findings: &'a mut Findings,
    /// Groups of platforms whose Slack has its older spelling.
    pub(crate) old_slack: &'a BTreeSet<String>,
    /// Whether these are Helm values, whose secrets may be in the cluster.
    pub(crate) helm: bool,
    /// A plugin repository that is there although nobody defines it.
    pub(crate) also: Option<&'static str>,
}

impl Check<'_> {
    /// Checks everything. `to_run`: an agent is to be run with it, so there must be somewhere to listen.
    pub(crate) fn root(&mut self, root: &Root, to_run: bool) {
        let executors = Groups::new(
            "executors",
            root.executors.iter().map(|(name, group)| {
                (name.as_str(), group.plugins.iter().map(|(key, executor)| (key.as_str(), &executor.plugin)).collect())
            }),
        );
        let sources = Groups::new(
            "sources",
            root.sources.iter().map(|(name, group)| {
                (name.as_str(), group.plugins.iter().map(|(key, source)| (key.as_str(), &source.plugin)).collect())
            }),
        );
        let repositories = root.plugins.repositories.keys().map(String::as_str).chain(self.also).collect();
        self.groups(&executors, &repositories);
        self.groups(&sources, &repositories);
        for (name, _) in root.sources.iter().filter(|(_, group)| group.timeout.is_some()) {
            let message = format!("`timeout` has no effect in `sources.{name}`: a source is never done");
            let help = "remove the line; it is for groups of executors";
            self.key(Severity::Warning, &["sources", name, "timeout"], message, help);
        }
        if to_run && root.communications.is_empty() && !self.findings.has_error(&["communications"]) {
            let help = "write where people talk to the agent, for example:\ncommunications:\n  default-group:\n    console: {}";
            let message = "nothing to serve: there is no group under `communications`";
            self.key(Severity::Error, &["communications"], message, help);
        }
        self.communications(root, &executors, &sources);
        self.aliases(root, &executors);
        self.actions(root, &executors, &sources);
        self.settings(root);
        self.plugins(root);
        self.report_channel(root);
    }

    /// What goes wrong with a changed configuration is said where people are.
    fn report_channel(&mut self, root: &Root) {
        let wanted = root.config_watcher.report_channel.trim();
        let path = ["configWatcher", "reportChannel"];
        if wanted.is_empty() || self.findings.has_error(&["communications"]) {
            return;
        }
        let mut known = Vec::new();
        for (group, console) in root.communications.iter().filter_map(|(name, it)| Some((name, it.console.as_ref()?))) {
            known.extend(console.channels.keys().flat_map(|alias| [alias.clone(), format!("{group}-{alias}")]));
            if console.channels.is_empty() {
                known.push(EVERYTHING.to_owned());
            }
        }
        if !known.iter().any(|alias| alias == wanted) {
            let help = match nearest(wanted, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "name a channel of the console by its key under `channels`, or leave the line out".to_owned(),
            };
            self.value(&path, format!("the console has no channel `{wanted}` that could be told"), help);
        }
    }

    fn aliases(&mut self, root: &Root, executors: &Groups<'_>) {
        for (name, alias) in &root.aliases {
            let path = ["aliases", name, "command"];
            let Some(word) = alias.command.split_whitespace().next() else {
                if !self.findings.has_error(&path[..2]) {
                    let help = format!("say what it stands for, for example:\n{name}:\n  command: kubectl");
                    self.key(Severity::Error, &path[..2], format!("the alias `{name}` stands for no command"), help);
                }
                continue;
            };
            let known: BTreeSet<&str> = executors.words().chain(BUILT_IN_VERBS).collect();
            if !known.contains(word) {
                let help = match nearest(word, known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("define it under `executors`:\nexecutors:\n  GROUP:\n    REPOSITORY/{word}: …"),
                };
                let message =
                    format!("the alias `{name}` begins with `{word}`, which is no executor and no built-in command");
                self.value(&path, message, help);
            }
        }
    }

    fn actions(&mut self, root: &Root, executors: &Groups<'_>, sources: &Groups<'_>) {
        for (name, action) in &root.actions {
            let path = ["actions", name, "bindings", "executors"];
            if action.enabled {
                self.required(&path[..2], "command", &action.command, &format!("the action `{name}` is enabled and"));
            }
            self.bound(&["actions", name, "bindings", "sources"], &action.bindings.sources, sources);
            self.bound(&path, &action.bindings.executors, executors);
            for (index, group) in action.bindings.executors.iter().enumerate().filter(|_| action.enabled) {
                for bound in executors.enabled(group).iter().filter(|bound| bound.acts_as_channel()) {
                    let message = format!(
                        "`{}` acts as the channel it is used in, and the action `{name}` is used in none",
                        bound.key
                    );
                    let help = format!(
                        "bind a group whose plugin acts as a fixed user or group; `{}` is defined in {}",
                        bound.key,
                        self.origin(&["executors", group, bound.text])
                    );
                    self.item(&path, index, message, help);
                }
            }
        }
    }

    fn settings(&mut self, root: &Root) {
        if root.settings.cluster_name.trim().is_empty() {
            let message = "the cluster has no name, and answers are headed by it";
            self.value(&["settings", "clusterName"], message, "give it one, or leave the key out");
        }
        if self.tree.find(&["analytics"]).is_some_and(|(key, _)| key.is_some()) && !root.analytics.disable {
            let message = "`analytics` has no effect: this agent sends nothing to anybody";
            self.key(Severity::Warning, &["analytics"], message, "remove it");
        }
        let webhook = root.plugins.incoming_webhook.enabled.then_some(root.plugins.incoming_webhook.port);
        // 0 is any that is free.
        let fixed = |port: u16| (port != 0).then_some(port);
        let mut ports: Vec<(Vec<&str>, Option<u16>)> = vec![
            (vec!["settings", "metricsPort"], fixed(root.settings.metrics_port)),
            (vec!["settings", "healthPort"], fixed(root.settings.health_port)),
            (vec!["plugins", "incomingWebhook", "port"], webhook),
        ];
        for (name, group) in &root.communications {
            let console = group.console.as_ref().filter(|console| console.enabled);
            let port = console.and_then(|console| console.web.as_ref()).and_then(|web| fixed(web.port));
            ports.push((vec!["communications", name, PlatformKind::Console.key(), "web", "port"], port));
        }
        for (index, (path, port)) in ports.iter().enumerate() {
            if let Some((other, _)) = ports[..index].iter().find(|(_, other)| port.is_some() && other == port) {
                let message = format!("`{}` is the port of `{}`, too", path.join("."), other.join("."));
                // Of the two, the one that somebody wrote.
                let path = if self.place(path).is_some() { path } else { other };
                self.value(path, message, "give each a port of its own");
            }
        }
    }

    fn plugins(&mut self, root: &Root) {
        for (name, repository) in &root.plugins.repositories {
            let path = ["plugins", "repositories", name];
            self.required(&path, "url", &repository.url, &format!("the repository `{name}`"));
        }
        for (name, variables) in &root.plugins.env {
            let path = ["plugins", "env", name];
            let key = name.parse::<PluginKey>();
            if name != EVERY_PLUGIN && !key.as_ref().is_ok_and(|key| key.version.is_none()) {
                let help = match &key {
                    Ok(key) => format!("write `{}/{}`, which means every version", key.repository, key.name),
                    Err(_) => "write `repository/plugin`, or `*` in quotes for every plugin".into(),
                };
                self.key(Severity::Error, &path, format!("`{name}` does not name a plugin"), help);
            }
            for (variable, value) in &variables.0 {
                let path = ["plugins", "env", name, variable];
                if variable.is_empty() || variable.contains(['=', '\0']) {
                    let message = format!("`{}` cannot be the name of a variable", variable.escape_debug());
                    let help = "write letters, digits and `_`";
                    self.key(Severity::Error, &path, message, help);
                }
                if RESERVED_VARIABLES.contains(&variable.as_str()) {
                    let message = format!("the agent itself sets `{variable}` for each plugin");
                    self.key(Severity::Error, &path, message, "remove it");
                }
                if value.0.expose_secret().contains('\0') {
                    let message =
                        format!("`{}` has a NUL character, which no variable can hold", variable.escape_debug());
                    self.value(&path, message, "remove the NUL");
                }
            }
        }
    }

    /// Complains about an empty text at `key` below `path`, unless something else is wrong there.
    pub(crate) fn required(&mut self, path: &[&str], key: &str, value: &str, who: &str) {
        let whole = [path, &[key]].concat();
        if value.trim().is_empty() && !self.findings.has_error(&whole) {
            self.value(&whole, format!("{who} needs `{key}`"), format!("write it:\n{key}: …"));
        }
    }

    /// About the key at `path`, or whatever of the way to it was written.
    pub(crate) fn key(
        &mut self,
        severity: Severity,
        path: &[&str],
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let at = self.written(path);
        match severity {
            Severity::Error => self.findings.error(path, at, message, help),
            Severity::Warning => self.findings.warning(path, at, message, help),
        }
    }

    /// An error about the value at `path`, or whatever of the way to it was written.
    pub(crate) fn value(&mut self, path: &[&str], message: impl Into<String>, help: impl Into<String>) {
        let at = self.place(path).or_else(|| self.written(path));
        self.findings.error(path, at, message, help);
    }

    /// An error about an item of the list at `path`.
    pub(crate) fn item(&mut self, path: &[&str], index: usize, message: impl Into<String>, help: impl Into<String>) {
        let path = self.listed(path, index);
        let at = self.place(&path).or_else(|| self.written(&path));
        self.findings.error(&path, at, message, help);
    }

    /// The path of an item of the list at `path`; of what stands there in its stead, if it was written as no list.
    fn listed(&self, path: &[&str], index: usize) -> Vec<String> {
        let mut item: Vec<String> = path.iter().copied().map(Into::into).collect();
        item.push(format!("[{index}]"));
        if self.place(path) == self.place(&item) {
            item.pop();
        }
        item
    }

    /// Where the key at `path` was written, in words.
    pub(crate) fn origin(&self, path: &[&str]) -> String {
        let place = self.tree.find(path).and_then(|(key, node)| key.or(node.place));
        place.map_or_else(|| "the defaults".into(), |place| self.sources.origin(place).to_string())
    }

    fn place(&self, path: &[impl AsRef<str>]) -> Option<Place> {
        self.tree.find(path).and_then(|(_, node)| node.place)
    }

    /// Where the last key on the way to `path` was written that somebody did write.
    fn written(&self, path: &[impl AsRef<str>]) -> Option<Place> {
        (1..=path.len()).rev().find_map(|length| {
            let (key, node) = self.tree.find(&path[..length])?;
            key.or(node.place)
        })
    }

    pub(crate) fn is_map(&self, path: &[&str]) -> bool {
        self.tree.find(path).is_some_and(|(_, node)| matches!(node.value, Value::Map(_)))
    }
}

#[cfg(test)]
mod tests;
