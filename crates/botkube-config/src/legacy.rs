//! Older spellings, and keys that once had a meaning or have one for upstream's chart only.
//! Must not know: how values are converted; it rewrites one file's tree before it is merged.

use std::collections::BTreeSet;

use crate::mask;
use crate::model::{InvalidPluginKey, PluginKey};
use crate::report::Findings;
use crate::shape::{self, Map, Shape};
use crate::tree::{Entry, Node, Value};

/// Where a plugin comes from when an older key does not say.
pub(crate) const DEFAULT_REPOSITORY: &str = "botkube";
/// Slack's older section, from before Socket Mode.
const OLD_SLACK: &str = "slack";
/// Today's.
const SLACK: &str = "socketSlack";

/// A key without effect.
struct Gone {
    /// `*` is any key.
    path: &'static str,
    /// What to do today.
    today: &'static str,
}

/// Of older versions (contract-host §1.8).
const OLD: &[Gone] = &[
    Gone { path: "resources", today: "say what to watch below `sources.GROUP.botkube/kubernetes.config`" },
    Gone { path: "recommendations", today: "say it below `sources.GROUP.botkube/kubernetes.config`" },
    Gone { path: "filters", today: "remove it; what a source filters is in its `config`" },
    Gone { path: "settings.allowkubectl", today: "bind `botkube/kubectl` in a group below `executors`" },
    Gone { path: "settings.kubectl", today: "bind `botkube/kubectl` in a group below `executors`" },
    Gone { path: "settings.configwatcher", today: "write it at the top level:\nconfigWatcher:\n  enabled: true" },
    Gone { path: "settings.lifecycleServer", today: "remove it" },
    Gone { path: "communications.*.teams", today: "Teams is reached through upstream's cloud only, by `cloudTeams`" },
    Gone {
        path: "communications.*.*.notification",
        today: "notifications are switched for each channel: `channels.ALIAS.notification.disabled`",
    },
    Gone {
        path: "communications.*.elasticsearch.index",
        today: "give the index an alias:\nindices:\n  ALIAS:\n    name: …",
    },
    Gone {
        path: "communications.*.*.channels.*.notification.type",
        today: "remove it; there is one kind of notification",
    },
];

/// Of v1.14's chart, which puts them into every installation.
const CHART: &[Gone] = &[
    Gone {
        path: "executors.*.*.displayName",
        today: "write `displayName` beside the plugin: it is the group that has one",
    },
    Gone {
        path: "sources.*.*.displayName",
        today: "write `displayName` beside the plugin: it is the group that has one",
    },
    Gone { path: "plugins.incomingWebhook.targetPort", today: "remove it, or keep it for the chart's Service" },
    Gone {
        path: "settings.persistentConfig.*.configMap.annotations",
        today: "remove it, or keep it for the chart's ConfigMap",
    },
    Gone { path: "communications.*.cloudTeams.channels", today: "channels of Teams are below `cloudTeams.teams`" },
];

/// Rewrites what is spelled as it once was; every key that is known gets its own letter case. The groups of platforms
/// whose Slack has its older spelling, which knows no app token, are added to `old_slack`.
pub(crate) fn modernise(root: &mut Node, findings: &mut Findings, old_slack: &mut BTreeSet<String>) {
    canonical(root, shape::root());
    for gone in OLD {
        let path: Vec<&str> = gone.path.split('.').collect();
        let mut said = |path: &[String], entry: &Entry| {
            let message = format!("`{}` is from an older version and has no effect", entry.key);
            findings.warning(path, entry.place, message, gone.today);
        };
        remove(root, &path, &mut Vec::new(), &mut said);
    }
    for gone in CHART {
        let path: Vec<&str> = gone.path.split('.').collect();
        let mut said = |path: &[String], entry: &Entry| {
            let message = format!("`{}` has no effect here", entry.key);
            findings.warning(path, entry.place, message, gone.today);
        };
        remove(root, &path, &mut Vec::new(), &mut said);
    }
    for group in below(root, "communications") {
        if platforms(group, findings) {
            old_slack.insert(group.key.clone());
        }
    }
    for section in ["executors", "sources"] {
        for group in below(root, section) {
            plugins(section, group, findings);
        }
    }
    canonical(root, shape::root());
}

/// Gives keys the letter case that they have in the declaration (contract-host §1.2), unless both stand there.
fn canonical(node: &mut Node, map: &Map) {
    let Value::Map(entries) = &mut node.value else { return };
    for index in 0..entries.len() {
        if let Some(field) = map.field(&entries[index].key)
            && !entries.iter().any(|entry| entry.key == field.name)
        {
            entries[index].key.clone_from(&field.name);
        }
        let entry = &mut entries[index];
        let known = map.known.iter().find(|field| field.name == entry.key).map(|field| &field.shape);
        match known.or(map.rest.as_ref()) {
            Some(Shape::Map(map)) => canonical(&mut entry.node, map),
            Some(Shape::List(list)) => {
                if let (Some(map), Value::List(items)) = (list.item.as_map(), &mut entry.node.value) {
                    items.iter_mut().for_each(|item| canonical(item, map));
                }
            }
            _ => {}
        }
    }
}

/// Takes out every entry at `pattern`.
fn remove(node: &mut Node, pattern: &[&str], path: &mut Vec<String>, said: &mut impl FnMut(&[String], &Entry)) {
    let Some((first, rest)) = pattern.split_first() else { return };
    let Value::Map(entries) = &mut node.value else { return };
    entries.retain_mut(|entry| {
        if *first != "*" && !entry.key.eq_ignore_ascii_case(first) {
            return true;
        }
        path.push(entry.key.clone());
        if rest.is_empty() {
            said(path, entry);
        } else {
            remove(&mut entry.node, rest, path, said);
        }
        path.pop();
        !rest.is_empty()
    });
}

fn below<'n>(root: &'n mut Node, section: &str) -> impl Iterator<Item = &'n mut Entry> {
    let section = root.entries_mut().iter_mut().find(|entry| entry.key == section);
    section.into_iter().flat_map(|section| section.node.entries_mut())
}

/// Whether an older Slack was understood.
fn platforms(group: &mut Entry, findings: &mut Findings) -> bool {
    let path = |key: &str| ["communications".to_owned(), group.key.clone(), key.to_owned()];
    let known = shape::root().field("communications").and_then(|field| field.shape.as_map()?.rest.as_ref()?.as_map());
    let platform = |key: &str| {
        known.is_some_and(|map| map.field(key).is_some())
            || key.eq_ignore_ascii_case(OLD_SLACK)
            || key.eq_ignore_ascii_case("teams")
    };
    let flat = !group.node.entries().is_empty() && !group.node.entries().iter().any(|entry| platform(&entry.key));
    if platform(&group.key) && flat {
        let message = format!("`{}` stands where the name of a group belongs, and has no effect", group.key);
        let help = format!(
            "platforms are in groups, and have channels:\ncommunications:\n  default-group:\n    {}: …",
            today(&group.key)
        );
        findings.warning(&path("")[..2], group.place, message, help);
        group.node.value = Value::Map(Vec::new());
        return false;
    }
    let Some(old) = group.node.get(OLD_SLACK) else { return false };
    let (key, place) = (old.key.clone(), old.place);
    let path = path(&key);
    let entries = match &mut group.node.value {
        Value::Map(entries) => entries,
        _ => return false,
    };
    if matches!(
        entries.iter().find(|entry| entry.key == key),
        Some(Entry { node: Node { value: Value::Null, .. }, .. })
    ) {
        entries.retain(|entry| entry.key != key);
        return false;
    }
    if entries.iter().any(|entry| entry.key == SLACK && !matches!(entry.node.value, Value::Null)) {
        let message = format!("`{OLD_SLACK}` is ignored, since `{SLACK}` stands beside it");
        findings.difference(20, &path, place, message, "remove the older `slack` section");
        entries.retain(|entry| entry.key != key);
        return false;
    }
    let help = format!(
        "today it is written like this, and needs an app token of its own beside the bot token:\n\
         communications:\n  {}:\n    socketSlack:\n      enabled: true\n      botToken: xoxb-…\n      appToken: xapp-…\n      \
         channels: …",
        group.key
    );
    findings.difference(20, &path, place, format!("`{OLD_SLACK}` is an older spelling, understood as `{SLACK}`"), help);
    entries.retain(|entry| entry.key != SLACK);
    for entry in entries.iter_mut().filter(|entry| entry.key == key) {
        entry.key = SLACK.into();
        for token in entry.node.entries_mut().iter_mut().filter(|entry| entry.key.eq_ignore_ascii_case("token")) {
            token.key = "botToken".into();
        }
    }
    true
}

fn today(platform: &str) -> &str {
    if platform.eq_ignore_ascii_case(OLD_SLACK) { SLACK } else { platform }
}

fn plugins(section: &str, group: &mut Entry, findings: &mut Findings) {
    let name = group.key.clone();
    let Value::Map(entries) = &mut group.node.value else { return };
    let mut keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    entries.retain_mut(|entry| {
        if entry.key.eq_ignore_ascii_case("displayName") || !matches!(entry.node.value, Value::Map(_) | Value::Null) {
            return true;
        }
        let path = vec![section.to_owned(), name.clone(), entry.key.clone()];
        if entry.key.parse::<PluginKey>() == Err(InvalidPluginKey::NoRepository)
            && let Ok(key) = format!("{DEFAULT_REPOSITORY}/{}", entry.key).parse::<PluginKey>()
        {
            let key = key.to_string();
            if keys.contains(&key) {
                let message = format!("`{}` is ignored, since `{key}` stands beside it", entry.key);
                findings.difference(20, &path, entry.place, message, "remove the older key");
                return false;
            }
            let message = format!("the plugin key `{}` names no repository, understood as `{key}`", entry.key);
            findings.difference(20, &path, entry.place, message, format!("today it is written like this:\n{key}:"));
            settings_of_old(&path, entry, findings);
            entry.key.clone_from(&key);
            keys.push(key);
        }
        subjects(&path, &mut entry.node, findings);
        true
    });
}

/// A built-in plugin of old had its settings beside `enabled`.
fn settings_of_old(path: &[String], plugin: &mut Entry, findings: &mut Findings) {
    let Value::Map(entries) = &mut plugin.node.value else { return };
    entries.retain(|entry| {
        let known = plugin_keys(&path[0]).is_none_or(|map| map.field(&entry.key).is_some());
        if !known {
            let path = [path, std::slice::from_ref(&entry.key)].concat();
            let message = format!("`{}` is from an older version and has no effect", entry.key);
            findings.warning(&path, entry.place, message, "settings of a plugin stand below its `config`");
        }
        known
    });
}

/// The keys of a plugin in a group below `section`.
fn plugin_keys(section: &str) -> Option<&'static Map> {
    let group = shape::root().field(section)?.shape.as_map()?.rest.as_ref()?.as_map()?;
    group.rest.as_ref()?.as_map()
}

/// `context.user` and `context.group`, as older tutorials have them, without `rbac`.
fn subjects(path: &[String], plugin: &mut Node, findings: &mut Findings) {
    let Some(context) = plugin.entries_mut().iter_mut().find(|entry| entry.key.eq_ignore_ascii_case("context")) else {
        return;
    };
    let current = context.node.get("rbac").is_some_and(|rbac| !matches!(rbac.node.value, Value::Null));
    let mut rewritten = Vec::new();
    let Value::Map(entries) = &mut context.node.value else { return };
    entries.retain(|entry| {
        let Some(role) = ["user", "group"].into_iter().find(|role| entry.key.eq_ignore_ascii_case(role)) else {
            return true;
        };
        let path = [path, &["context".to_owned(), entry.key.clone()]].concat();
        if current {
            let message = format!("`context.{role}` is ignored, since `context.rbac` stands beside it");
            findings.difference(20, &path, entry.place, message, "remove the older key");
        } else if let Some(node) = subject(&path, role, entry, findings) {
            rewritten.push(Entry { key: role.into(), place: entry.place, node });
        }
        false
    });
    if let Some(first) = rewritten.first() {
        let place = first.place;
        entries.retain(|entry| !entry.key.eq_ignore_ascii_case("rbac"));
        entries.push(Entry { key: "rbac".into(), place, node: Node { value: Value::Map(rewritten), place } });
    }
}

/// Today's form of an older subject; `None` if it says nothing.
fn subject(path: &[String], role: &str, entry: &Entry, findings: &mut Findings) -> Option<Node> {
    let place = entry.node.place;
    let (mut node, names) = match &entry.node.value {
        Value::Map(_) => {
            let kind = entry.node.get("type").map(|entry| text(&entry.node)).filter(|kind| !kind.is_empty())?;
            let prefix = entry.node.get("prefix").map(|entry| text(&entry.node)).unwrap_or_default();
            if kind == "ChannelName" {
                said(path, role, entry, findings, spelled(role, "ChannelName", &prefix, ""));
                return Some(entry.node.clone());
            }
            let fixed = entry.node.get("static").map(|entry| &entry.node);
            let written = fixed.and_then(|fixed| fixed.get("value").or_else(|| fixed.get("values")));
            (entry.node.clone(), items(written.map(|entry| &entry.node)))
        }
        Value::Null => return None,
        _ => {
            let key = |key: &str, node| Entry { key: key.into(), place: entry.place, node };
            let fixed = Node { value: Value::Map(vec![key("values", entry.node.clone())]), place };
            let kind = Node { value: Value::Text("Static".into()), place };
            (Node { value: Value::Map(vec![key("type", kind), key("static", fixed)]), place }, items(Some(&entry.node)))
        }
    };
    let prefix = node.get("prefix").map(|entry| text(&entry.node)).unwrap_or_default();
    let values: Vec<String> = names.iter().map(|node| text(node)).collect();
    said(path, role, entry, findings, today_static(role, &prefix, &values));
    if role == "user" && values.len() > 1 {
        let at = match &entry.node.value {
            Value::Map(_) => names.first().and_then(|node| node.place),
            _ => place,
        };
        findings.error(
            path,
            at,
            "a plugin acts as one user, found several",
            it_is(&today_static(role, "", &values[..1])),
        );
        // One is enough to go on.
        if let Some(first) = names.first().map(|node| (*node).clone()) {
            let key = |key: &str, node| Entry { key: key.into(), place: entry.place, node };
            let fixed = Node { value: Value::Map(vec![key("value", first)]), place };
            if let Value::Map(entries) = &mut node.value {
                entries.retain(|entry| !entry.key.eq_ignore_ascii_case("static"));
                entries.push(key("static", fixed));
            }
        }
    }
    Some(node)
}

fn said(path: &[String], role: &str, entry: &Entry, findings: &mut Findings, today: String) {
    let message = format!("`context.{role}` is an older spelling, understood as `context.rbac.{role}`");
    findings.difference(20, path, entry.place, message, format!("today {}", it_is(&today)));
}

fn items(node: Option<&Node>) -> Vec<&Node> {
    match node {
        Some(Node { value: Value::List(items), .. }) => items.iter().collect(),
        Some(Node { value: Value::Null, .. }) | None => Vec::new(),
        Some(node) => vec![node],
    }
}

fn text(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => mask::text(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

/// How a subject of fixed names is written.
pub(crate) fn today_static(role: &str, prefix: &str, values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| scalar(value)).collect();
    let names = match role {
        "user" => format!("value: {}", quoted.first().map_or("NAME", String::as_str)),
        _ => format!("values: [{}]", quoted.join(", ")),
    };
    spelled(role, "Static", prefix, &format!("\n      static:\n        {names}"))
}

/// Says how something is written.
pub(crate) fn it_is(text: &str) -> String {
    format!("it is written like this:\n{text}")
}

fn spelled(role: &str, kind: &str, prefix: &str, rest: &str) -> String {
    let prefix = if prefix.is_empty() { String::new() } else { format!("\n      prefix: {}", scalar(prefix)) };
    format!("context:\n  rbac:\n    {role}:\n      type: {kind}{prefix}{rest}")
}

/// `text` as YAML has it, quoted where it could be taken for something else.
pub(crate) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    let safe = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain) && !text.ends_with(':');
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if safe && !word { text.into() } else { serde_json::Value::from(text).to_string() }
}
