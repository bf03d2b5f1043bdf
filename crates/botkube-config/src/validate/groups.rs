//! Groups of plugins: their keys, whom they act as, and what may be bound together.
//! Must not know: who binds a group.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::decode;
use crate::finding::Severity;
use crate::legacy::{DEFAULT_REPOSITORY, it_is, today_static};
use crate::model::{PluginKey, Rbac, Subject};
use crate::nearest::nearest;
use crate::schema::groups::{self as raw, Plugin};

/// All groups of one section.
pub(super) struct Groups<'a> {
    section: &'static str,
    groups: Vec<(&'a str, Vec<(&'a str, &'a Plugin)>)>,
    enabled: BTreeMap<&'a str, Vec<Bound<'a>>>,
}

/// An enabled plugin of a group.
pub(super) struct Bound<'a> {
    /// The key as it is written.
    pub(super) text: &'a str,
    pub(super) key: PluginKey,
    rbac: Option<Rbac>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(
        section: &'static str,
        groups: impl Iterator<Item = (&'a str, Vec<(&'a str, &'a Plugin)>)>,
    ) -> Self {
        let groups: Vec<_> = groups.collect();
        let bound = |(text, plugin): &(&'a str, &'a Plugin)| {
            let key = text.parse().ok().filter(|_| plugin.enabled)?;
            Some(Bound { text, key, rbac: decode::rbac(&plugin.context.rbac) })
        };
        let enabled =
            groups.iter().map(|(name, plugins)| (*name, plugins.iter().filter_map(bound).collect())).collect();
        Self { section, groups, enabled }
    }

    /// The enabled plugins of a group, none if there is no such group.
    pub(super) fn enabled(&self, group: &str) -> &[Bound<'a>] {
        self.enabled.get(group).map(Vec::as_slice).unwrap_or_default()
    }

    /// The words that commands of executors begin with, disabled ones included.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a str> {
        let keys = self.groups.iter().flat_map(|(_, plugins)| plugins.iter().map(|(key, _)| *key));
        keys.map(|key| key.split_once('/').map_or(key, |(_, rest)| rest.split_once('@').map_or(rest, |(name, _)| name)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.groups.iter().map(|(name, _)| *name)
    }
}

impl Bound<'_> {
    pub(super) fn acts_as_channel(&self) -> bool {
        let channel = |subject: &Subject| matches!(subject, Subject::ChannelName { .. });
        self.rbac.as_ref().is_some_and(|rbac| channel(&rbac.user) || channel(&rbac.group))
    }

    /// The same for two that mean the same: neither order nor repetition of groups counts.
    fn rights(&self) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
        let names = |subject: &Subject| match subject {
            Subject::None => BTreeSet::new(),
            Subject::Static { prefix, values } => values.iter().map(|value| format!("={prefix}{value}")).collect(),
            Subject::ChannelName { prefix } => BTreeSet::from([format!("#{prefix}")]),
        };
        self.rbac.as_ref().map(|rbac| (names(&rbac.user), names(&rbac.group)))
    }
}

impl Check<'_> {
    pub(super) fn groups(&mut self, groups: &Groups<'_>, repositories: &BTreeSet<&str>) {
        for (name, plugins) in &groups.groups {
            for (text, plugin) in plugins {
                let path = [groups.section, name, text];
                self.plugin_key(&path, plugin);
                if plugin.enabled {
                    self.repository(&path, repositories);
                }
                self.subject(&path, "user", &plugin.context.rbac.user, plugin.enabled);
                self.subject(&path, "group", &plugin.context.rbac.group, plugin.enabled);
            }
            let enabled = groups.enabled(name);
            for (index, bound) in enabled.iter().enumerate() {
                if let Some(other) = enabled[..index].iter().find(|other| other.key.name == bound.key.name) {
                    let message = format!("the group `{name}` has `{}` twice, as `{}`, too", bound.key.name, other.key);
                    let help = format!(
                        "remove or disable one of them, or put it into another group; the other is in {}",
                        self.origin(&[groups.section, name, other.text])
                    );
                    self.key(Severity::Error, &[groups.section, name, bound.text], message, help);
                }
            }
        }
    }

    fn plugin_key(&mut self, path: &[&str; 3], plugin: &Plugin) {
        if let Err(error) = path[2].parse::<PluginKey>() {
            // Upstream does not look at keys of disabled plugins, so they must not keep an agent from starting.
            let severity = if plugin.enabled { Severity::Error } else { Severity::Warning };
            let message = format!("`{}` is not a plugin key: {error}", path[2]);
            let help = "write `repository/name` or `repository/name@version`, such as `botkube/kubectl`";
            self.key(severity, path, message, help);
        }
    }

    /// A plugin of a repository that nobody defines; `botkube`, undefined, are the plugins that come with the agent.
    fn repository(&mut self, path: &[&str; 3], defined: &BTreeSet<&str>) {
        let Ok(key) = path[2].parse::<PluginKey>() else { return };
        if key.repository == DEFAULT_REPOSITORY || defined.contains(key.repository.as_str()) {
            return;
        }
        let message =
            format!("no repository `{}` is defined, so that `{key}` can only be given by hand", key.repository);
        let help = match nearest(&key.repository, defined.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("define it:\nplugins:\n  repositories:\n    {}:\n      url: …", key.repository),
        };
        self.key(Severity::Warning, path, message, help);
    }

    fn subject(&mut self, plugin: &[&str; 3], role: &str, subject: &raw::Subject, enabled: bool) {
        let path = [plugin.as_slice(), &["context", "rbac", role]].concat();
        // What has the wrong type is as good as not written, and was complained about.
        if self.findings.has_error(&path) {
            return;
        }
        let below = |keys: &[&'static str]| [path.as_slice(), keys].concat();
        match subject.r#type.as_str() {
            "" if self.is_map(&below(&["static"])) => {
                let message = format!("`static` is ignored without a `type`: the plugin acts as no {role}");
                self.key(Severity::Warning, &below(&["static"]), message, "write `type: Static` beside it");
            }
            "" => {}
            "Static" => {
                let names = decode::names(subject, role == "user");
                let lists: [&[&str]; 2] = match role {
                    "user" => [&["static", "value"], &["static", "values"]],
                    _ => [&["static", "values"], &["static", "value"]],
                };
                let at = lists.iter().map(|keys| below(keys)).find(|path| self.tree.find(path).is_some());
                let at = at.unwrap_or_else(|| path.clone());
                if names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
                    let help = it_is(&today_static(role, "", &["NAME".into()]));
                    self.value(&at, format!("the {role} to act as is empty"), help);
                } else if role == "user" && names.len() > 1 {
                    let help = it_is(&today_static(role, "", &names[..1]));
                    self.value(&at, "a plugin acts as one user, found several", help);
                }
            }
            "ChannelName" if plugin[0] == "sources" && enabled => {
                let message = format!("a source has no channel whose name could be the {role} it acts as");
                let help = it_is(&today_static(role, "", &["NAME".into()]));
                self.value(&below(&["type"]), message, help);
            }
            "ChannelName" => {}
            other => {
                let message = format!("there is no subject of type `{other}`");
                let help = "write `Static` for names given here, or `ChannelName` for the name of the channel, in this spelling";
                self.value(&below(&["type"]), message, help);
            }
        }
    }

    /// Names of groups bound at `path`: they exist, and what they bring goes together.
    pub(super) fn bound(&mut self, path: &[&str], bound: &[String], groups: &Groups<'_>) {
        let section = groups.section;
        for (index, group) in bound.iter().enumerate() {
            if !groups.enabled.contains_key(group.as_str()) {
                let help = match nearest(group, groups.names()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if groups.groups.is_empty() => {
                        format!("there are no groups yet; define it:\n{section}:\n  {group}: …")
                    }
                    None => {
                        let known: Vec<_> = groups.names().map(|name| format!("`{name}`")).collect();
                        format!("define it under `{section}`, or bind one of {}", known.join(", "))
                    }
                };
                self.item(path, index, format!("there is no group `{group}` under `{section}`"), help);
            }
        }
        let mut seen: Vec<(&str, &Bound<'_>)> = Vec::new();
        for (index, group) in bound.iter().enumerate() {
            if bound[..index].contains(group) {
                continue;
            }
            for plugin in groups.enabled(group) {
                // Two in one group are the group's own mistake.
                let other = seen.iter().find(|(from, other)| from != group && other.key.name == plugin.key.name);
                if let Some((from, other)) = other {
                    let places = format!(
                        "they are in {} and {}",
                        self.origin(&[section, from, other.text]),
                        self.origin(&[section, group, plugin.text])
                    );
                    if other.key.repository != plugin.key.repository {
                        let message = format!(
                            "the groups `{from}` and `{group}` are bound together, and bring `{}` from two repositories: `{}` \
                             and `{}`",
                            plugin.key.name, other.key, plugin.key
                        );
                        self.item(
                            path,
                            index,
                            message,
                            format!("bind one of them elsewhere, or agree on one repository; {places}"),
                        );
                    } else if other.key.version != plugin.key.version {
                        let message = format!(
                            "the groups `{from}` and `{group}` are bound together, and bring `{}` in two versions: `{}` and `{}`",
                            plugin.key.name, other.key, plugin.key
                        );
                        self.item(
                            path,
                            index,
                            message,
                            format!("bind one of them elsewhere, or agree on one version; {places}"),
                        );
                    } else if other.rights() != plugin.rights() {
                        let message = format!(
                            "the groups `{from}` and `{group}` are bound together, and `{}` acts as somebody else in each",
                            plugin.key
                        );
                        self.item(
                            path,
                            index,
                            message,
                            format!("give both the same `context.rbac`, or bind one of them elsewhere; {places}"),
                        );
                    }
                }
                seen.push((group, plugin));
            }
        }
    }
}
