//! What changes between two configurations, in the words of those who run an agent, and when it takes effect.
//! Must not know: how a change is made; a secret, of which it has no more than what stands for it.
//!
//! Reading order: `seal` (what stands for values), here which key means what, `words` (how it is said).

mod seal;
mod words;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::Loaded;
use crate::model::{PlatformKind, PluginKey};
use crate::report::dotted;
use crate::tree::{Node, Value};

pub(crate) use seal::{Seals, seals};

/// One thing that is another under another configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What it is about.
    pub kind: Kind,
    /// The key it is about, such as `executors.tools.botkube/echo`.
    pub path: String,
    /// When it takes effect.
    pub effect: Effect,
    /// What changes, in one line; no secret and nothing of a plugin's configuration is in it.
    pub text: String,
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A group has come.
    GroupAdded,
    /// A group is gone.
    GroupRemoved,
    /// What a group says of itself.
    GroupChanged,
    /// A group offers a plugin that it did not offer.
    PluginAdded,
    /// A group offers a plugin no more.
    PluginRemoved,
    /// A plugin is there in another version.
    PluginVersion,
    /// What a group gives a plugin.
    PluginReconfigured,
    /// Whom a plugin acts as.
    RightsChanged,
    /// A channel has a group that it did not have.
    BindingAdded,
    /// A channel has a group no more.
    BindingRemoved,
    /// In which order things are bound, which is the order in which their configurations count.
    BindingOrder,
    /// A channel has come.
    ChannelAdded,
    /// A channel is gone.
    ChannelRemoved,
    /// Another setting of a channel.
    ChannelChanged,
    /// A platform has come.
    PlatformAdded,
    /// A platform is gone.
    PlatformRemoved,
    /// What it takes to reach a platform.
    PlatformChanged,
    /// A short word for commands.
    AliasChanged,
    /// A command that events run.
    ActionChanged,
    /// Where plugins come from.
    RepositoryChanged,
    /// What plugins are given in their environment.
    PluginsEnvironment,
    /// What plugins may use, and for how long.
    Limits,
    /// Any other setting.
    Setting,
}

/// When a change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// With the next command.
    AtOnce,
    /// When the agent is started again.
    AfterRestart,
    /// Never in this version.
    Never,
}

/// What `after` changes about an agent that runs with `before`, sorted by keys; nothing when they mean the same. Secrets and
/// what plugins are given are compared and not shown.
#[must_use]
pub fn diff(before: &Loaded, after: &Loaded) -> Vec<Change> {
    let both = Both { before: &before.origins.shown, after: &after.origins.shown };
    let (old, new) = (&before.origins.seals, &after.origins.seals);
    let mut changes: Vec<Change> = Vec::new();
    let mut add = |found: Vec<Change>| {
        for change in found {
            // Several keys of one thing that came or went say the same.
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    };
    let paths: BTreeSet<Vec<String>> = old.keys().map(|path| both.today(path)).chain(new.keys().cloned()).collect();
    for path in paths {
        let was = both.formerly(&path);
        let is_other = old.get(&was) != new.get(&path);
        if is_other || was != path {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            add(both.changes(&path, is_other));
        }
    }
    add(both.orders());
    changes
}

/// Two configurations without their secrets.
pub(super) struct Both<'a> {
    before: &'a Node,
    after: &'a Node,
}

/// Whether something is there before and after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Came,
    Went,
    Stayed,
}

impl<'a> Both<'a> {
    fn fate(&self, path: &[&str]) -> Fate {
        match (self.before.find(path).is_some(), self.after.find(path).is_some()) {
            (false, true) => Fate::Came,
            (true, false) => Fate::Went,
            _ => Fate::Stayed,
        }
    }

    /// Where the same is under the newer configuration: a plugin in another version has another key.
    fn today(&self, path: &[String]) -> Vec<String> {
        let mut is = path.to_vec();
        if let [section, group, key, ..] = path
            && let Some(other) = self.replacement(section, group, key)
        {
            is[2] = other.into();
        }
        is
    }

    /// Where the same was under the older configuration.
    fn formerly(&self, path: &[String]) -> Vec<String> {
        let mut was = path.to_vec();
        if let [section, group, key, ..] = path
            && let Some(other) = self.renamed(section, group, key)
        {
            was[2] = other.into();
        }
        was
    }

    /// The key that a plugin of the newer configuration had in the older one, in another version and in the same group.
    fn renamed(&self, section: &str, group: &str, key: &str) -> Option<&'a str> {
        let named: PluginKey = key.parse().ok().filter(|_| matches!(section, "executors" | "sources"))?;
        if self.fate(&[section, group, key]) != Fate::Came {
            return None;
        }
        let (_, before) = self.before.find(&[section, group])?;
        let is_it = |other: &&str| {
            let same = |is: PluginKey| is.repository == named.repository && is.name == named.name;
            other.parse().is_ok_and(same) && self.fate(&[section, group, other]) == Fate::Went
        };
        before.entries().iter().map(|entry| entry.key.as_str()).find(is_it)
    }

    /// The key that a plugin of the older configuration has in the newer one, in another version.
    fn replacement(&self, section: &str, group: &str, key: &str) -> Option<&'a str> {
        let (_, after) = self.after.find(&[section, group])?;
        let mut keys = after.entries().iter().map(|entry| entry.key.as_str());
        keys.find(|other| self.renamed(section, group, other) == Some(key))
    }

    /// What a difference at the end of `path` means. `is_other`: not only the key on its way is another.
    fn changes(&self, path: &[&str], is_other: bool) -> Vec<Change> {
        match path {
            ["communications", group, platform, rest @ ..] => self.platform(group, platform, rest),
            [section @ ("executors" | "sources"), group, rest @ ..] => {
                let mut changes = match self.fate(&path[..2]) {
                    Fate::Came => vec![self.of_group(Kind::GroupAdded, section, group, "is new")],
                    Fate::Went => vec![self.of_group(Kind::GroupRemoved, section, group, "is gone")],
                    Fate::Stayed if rest[0].contains('/') => Vec::new(),
                    Fate::Stayed => {
                        let kind = if rest == ["timeout"] { Kind::Limits } else { Kind::GroupChanged };
                        vec![self.value(kind, path, at_once_if(*section == "executors"))]
                    }
                };
                if let [key, below @ ..] = rest
                    && key.contains('/')
                {
                    changes.extend(self.plugin(section, group, key, below, is_other));
                }
                changes
            }
            ["aliases", ..] => vec![self.value(Kind::AliasChanged, self.whole(path, 2), Effect::AtOnce)],
            ["actions", ..] => vec![self.value(Kind::ActionChanged, self.whole(path, 2), Effect::Never)],
            ["plugins", "repositories", ..] => {
                vec![self.value(Kind::RepositoryChanged, self.whole(path, 3), Effect::AtOnce)]
            }
            ["plugins", "env", ..] => vec![self.value(Kind::PluginsEnvironment, path, Effect::AtOnce)],
            ["plugins", "incomingWebhook", ..] => vec![self.value(Kind::Setting, path, Effect::Never)],
            ["plugins", "cacheDir" | "requireLock"] => vec![self.value(Kind::Setting, path, Effect::AtOnce)],
            ["plugins", ..] => vec![self.value(Kind::Limits, path, Effect::AtOnce)],
            ["settings", "clusterName" | "kubeconfig" | "saCredentialsPathPrefix"]
            | ["configWatcher", "enabled" | "reportChannel"] => vec![self.value(Kind::Setting, path, Effect::AtOnce)],
            ["settings", "informersResyncPeriod" | "upgradeNotifier" | "systemConfigMap" | "persistentConfig", ..]
            | ["configWatcher" | "analytics", ..] => vec![self.value(Kind::Setting, path, Effect::Never)],
            // A key that nobody thought of here is read when the agent starts.
            _ => vec![self.value(Kind::Setting, path, Effect::AfterRestart)],
        }
    }

    /// The path of a thing with a name of its own, when it came or went as a whole.
    fn whole<'p, 's>(&self, path: &'p [&'s str], length: usize) -> &'p [&'s str] {
        if self.fate(&path[..length]) == Fate::Stayed { path } else { &path[..length] }
    }

    fn plugin(&self, section: &str, group: &str, key: &str, rest: &[&str], is_other: bool) -> Vec<Change> {
        let former = self.renamed(section, group, key);
        let is_on = |tree: &Node, key: &str| {
            let enabled = tree.find(&[section, group, key, "enabled"]);
            enabled.is_some_and(|(_, node)| matches!(node.value, Value::Bool(true)))
        };
        let effect = at_once_if(section == "executors");
        let path = [section, group, key];
        let whole = dotted(&path);
        let say = |kind, path: String, effect, what: &str| Change {
            kind,
            path,
            effect,
            text: format!("`{key}` {what} the group `{group}`"),
        };
        let (was, is) = (is_on(self.before, former.unwrap_or(key)), is_on(self.after, key));
        let mut changes = match (was, is) {
            (false, true) => return vec![say(Kind::PluginAdded, whole, effect, "is new in")],
            (true, false) => return vec![say(Kind::PluginRemoved, whole, effect, "is gone from")],
            (false, false) => {
                let what = "is switched off, and written in another way, in";
                return vec![say(Kind::PluginReconfigured, whole, Effect::Never, what)];
            }
            (true, true) => Vec::new(),
        };
        if let Some(former) = former {
            let version = |key: &str| key.split_once('@').map_or("the newest", |(_, version)| version).to_owned();
            let name = key.split_once('@').map_or(key, |(name, _)| name);
            changes.push(Change {
                kind: Kind::PluginVersion,
                path: whole,
                effect,
                text: format!(
                    "`{name}` in the group `{group}` goes from version {} to {}",
                    version(former),
                    version(key)
                ),
            });
        }
        if is_other {
            let below = dotted(&[path.as_slice(), &rest[..1]].concat());
            changes.push(match rest[0] {
                "config" => say(Kind::PluginReconfigured, below, effect, "is given another configuration in"),
                "context" => say(Kind::RightsChanged, below, effect, "acts as somebody else in"),
                _ => self.value(Kind::PluginReconfigured, &[path.as_slice(), rest].concat(), effect),
            });
        }
        changes
    }

    fn platform(&self, group: &str, platform: &str, rest: &[&str]) -> Vec<Change> {
        let path = ["communications", group, platform];
        let is_console = platform == PlatformKind::Console.key();
        let effect = at_once_if(is_console);
        let whole = |kind, what: &str| Change {
            kind,
            path: dotted(&path),
            effect,
            text: format!("`{platform}` in `communications.{group}` {what}"),
        };
        let mut changes = match self.fate(&path) {
            Fate::Came => vec![whole(Kind::PlatformAdded, "is new")],
            Fate::Went => vec![whole(Kind::PlatformRemoved, "is gone")],
            Fate::Stayed => Vec::new(),
        };
        match rest {
            ["channels", alias, below @ ..] => changes.extend(self.channel(&path, alias, below, effect)),
            _ => {
                let full = [path.as_slice(), rest].concat();
                let effect = if is_console && rest[0] == "web" { Effect::AfterRestart } else { effect };
                if changes.is_empty() || effect == Effect::AfterRestart {
                    changes.push(self.value(Kind::PlatformChanged, &full, effect));
                }
            }
        }
        changes
    }

    fn channel(&self, platform: &[&str; 3], alias: &str, rest: &[&str], effect: Effect) -> Vec<Change> {
        let path = [platform.as_slice(), &["channels", alias]].concat();
        let say = |kind, path: &[&str], effect, what: &str| Change {
            kind,
            path: dotted(path),
            effect,
            text: format!("the channel `{alias}` of `{}` {what}", dotted(platform)),
        };
        match self.fate(&path) {
            Fate::Came => return vec![say(Kind::ChannelAdded, &path, effect, "is new")],
            Fate::Went => return vec![say(Kind::ChannelRemoved, &path, effect, "is gone")],
            Fate::Stayed => {}
        }
        let full = [path.as_slice(), rest].concat();
        let ["bindings", section] = rest else { return vec![self.value(Kind::ChannelChanged, &full, effect)] };
        let effect = if *section == "executors" { effect } else { Effect::Never };
        let (was, is) = (texts(self.before, &full), texts(self.after, &full));
        let came = is.iter().filter(|group| !was.contains(group));
        let came = came.map(|group| say(Kind::BindingAdded, &full, effect, &format!("gets `{section}.{group}`")));
        let went = was.iter().filter(|group| !is.contains(group));
        let went = went.map(|group| say(Kind::BindingRemoved, &full, effect, &format!("loses `{section}.{group}`")));
        let mut changes: Vec<Change> = came.chain(went).collect();
        if changes.is_empty() {
            changes.push(say(Kind::BindingOrder, &full, effect, "has its groups in another order"));
        }
        changes
    }

    /// What is there as before and counts in another order.
    fn orders(&self) -> Vec<Change> {
        let mut places: Vec<Vec<&str>> = vec![vec!["executors"], vec!["communications"]];
        for entry in self.after.find(&["communications"]).map_or(&[][..], |(_, node)| node.entries()) {
            places.push(vec!["communications", &entry.key, PlatformKind::Console.key(), "channels"]);
        }
        let keys = |tree: &'a Node, other: &Node, path: &[&str]| -> Vec<&'a str> {
            let entries = tree.find(path).map_or(&[][..], |(_, node)| node.entries());
            let stays = |key: &&str| other.find(&[path, &[*key]].concat()).is_some();
            entries.iter().map(|entry| entry.key.as_str()).filter(stays).collect()
        };
        places.retain(|path| keys(self.before, self.after, path) != keys(self.after, self.before, path));
        let say = |path: Vec<&str>| Change {
            kind: Kind::BindingOrder,
            path: dotted(&path),
            effect: Effect::AtOnce,
            text: format!("what is below `{}` stands in another order", dotted(&path)),
        };
        places.into_iter().map(say).collect()
    }

    fn of_group(&self, kind: Kind, section: &str, group: &str, what: &str) -> Change {
        Change {
            kind,
            path: dotted(&[section, group]),
            effect: at_once_if(section == "executors"),
            text: format!("the group `{group}` of {section} {what}"),
        }
    }
}

fn at_once_if(served: bool) -> Effect {
    if served { Effect::AtOnce } else { Effect::Never }
}

/// The texts of a list.
fn texts<'a>(tree: &'a Node, path: &[&str]) -> Vec<&'a str> {
    let items = match tree.find(path).map(|(_, node)| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let text = |item: &'a Node| if let Value::Text(text) = &item.value { Some(text.as_str()) } else { None };
    items.iter().filter_map(text).collect()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.effect {
            Effect::AtOnce => Ok(()),
            Effect::AfterRestart => f.write_str(" (takes effect after a restart)"),
            Effect::Never => f.write_str(" (without effect in this version)"),
        }
    }
}

#[cfg(test)]
mod tests;
