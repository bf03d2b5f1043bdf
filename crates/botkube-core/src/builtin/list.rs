//! What `list` shows; it changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, UNIX_EPOCH},
};

use botkube_api::message::{Message, Section, Timestamp};
use botkube_config::model::{PluginGroup, PluginKey};
use tokio::time::Instant;

use super::{Builtin, Desk, brief, help::how_to_bind, table::table};
use crate::{
    port::{PluginState, PluginStatus},
    route::PluginRef,
};

/// How much of a command is shown, in characters.
const SHOWN: usize = 60;

/// The executors of this channel's groups, enabled if any group enables them, and why those that do not run do not.
pub(super) fn executors(desk: &Desk<'_>) -> Message {
    let mut rows = Vec::new();
    let mut reasons = String::new();
    let mut add = |name: &str, key: String, plugin: Option<PluginRef>| {
        let enabled = plugin.is_some();
        let state = plugin.map(|plugin| desk.plugins.state(&plugin));
        if let Some(reason) = state.as_ref().and_then(|state| state.reason.as_deref()) {
            reasons += &format!("\n{key}: {reason}");
        }
        let [restarts, status, last] = state.map(|state| health(&state)).unwrap_or_default();
        rows.push([key, enabled.to_string(), aliases_of(desk, name), restarts, status, last]);
    };
    for (key, enabled) in keys(&desk.config.executors, &desk.incoming.conversation.executors) {
        add(&key.name, key.to_string(), enabled.then(|| PluginRef::Key(key.clone())));
    }
    for name in desk.bindings.everywhere() {
        add(name, name.clone(), Some(PluginRef::Named(name.clone())));
    }
    if rows.is_empty() {
        return Message::code(how_to_bind(desk));
    }
    let mut text = table(["EXECUTOR", "ENABLED", "ALIASES", "RESTARTS", "STATUS", "LAST_RESTART"], &rows);
    if !reasons.is_empty() {
        text += &format!("\n{reasons}");
    }
    Message::code(text)
}

/// The sources of this channel's groups, enabled if any group enables them.
pub(super) fn sources(desk: &Desk<'_>) -> Message {
    let row = |(key, enabled): (&PluginKey, bool)| {
        [key.to_string(), enabled.to_string(), String::new(), "not served yet".into(), String::new()]
    };
    let rows: Vec<_> = keys(&desk.config.sources, &desk.incoming.conversation.sources).into_iter().map(row).collect();
    Message::code(match rows.is_empty() {
        true => "No source is bound in this channel. Name a group in the channel's `bindings.sources`.".into(),
        false => table(["SOURCE", "ENABLED", "RESTARTS", "STATUS", "LAST_RESTART"], &rows),
    })
}

/// The aliases of built-in commands and of executors that are bound here.
pub(super) fn aliases(desk: &Desk<'_>) -> Message {
    let names: BTreeSet<&str> = desk.bindings.names().into_iter().chain(Builtin::verbs()).collect();
    let works_here = |command: &str| names.contains(command.split(' ').next().unwrap_or_default());
    let mut rows: Vec<_> = desk
        .config
        .aliases
        .iter()
        .filter(|alias| works_here(&alias.command))
        .map(|alias| [alias.name.clone(), alias.command.clone(), alias.display_name.clone().unwrap_or_default()])
        .collect();
    rows.sort();
    if rows.is_empty() {
        return Message::code("No alias is defined for what can be typed in this channel.");
    }
    let section = Section::new()
        .body_code(table(["ALIAS", "COMMAND", "DISPLAY NAME"], &rows))
        .context("Only aliases of executors that are bound in this channel.");
    Message::new().section(section)
}

/// The actions of the configuration.
pub(super) fn actions(desk: &Desk<'_>) -> Message {
    let mut rows: Vec<_> = desk
        .config
        .actions
        .iter()
        .map(|action| {
            [action.name.clone(), format!("{} ", action.enabled), action.display_name.clone().unwrap_or_default()]
        })
        .collect();
    rows.sort();
    if rows.is_empty() {
        return Message::code("No action is configured; define some under `actions`.");
    }
    let section = Section::new()
        .body_code(table(["ACTION", "ENABLED ", "DISPLAY NAME"], &rows))
        .context("This version does not run actions yet.");
    Message::new().section(section)
}

/// The commands that are under way, apart from the one that asks. Of commands of other channels the first word alone is
/// shown: the rest may be none of this channel's business.
pub(super) fn running(desk: &Desk<'_>) -> Message {
    let now = Instant::now();
    let here = &desk.incoming.conversation;
    let rows: Vec<_> = desk
        .running
        .all()
        .iter()
        .filter(|entry| entry.id != desk.id)
        .map(|entry| {
            let there = &entry.incoming.conversation;
            let command = match there.is_same(here) {
                true => brief(&entry.shown.replace(char::is_control, " "), SHOWN).into_owned(),
                false => format!("{} …", brief(&entry.name, SHOWN)),
            };
            let age = now.saturating_duration_since(entry.began).as_secs();
            let actor = entry.incoming.actor.called().to_owned();
            [entry.id.to_string(), duration(age), actor, there.called().to_owned(), command]
        })
        .collect();
    Message::code(match rows.is_empty() {
        true => "No other command is running.".into(),
        false => table(["ID", "AGE", "ACTOR", "CHANNEL", "COMMAND"], &rows),
    })
}

/// The aliases that stand for exactly this executor.
pub(super) fn aliases_of(desk: &Desk<'_>, name: &str) -> String {
    let aliases = desk.config.aliases.iter().filter(|alias| alias.command == name);
    let mut names: Vec<&str> = aliases.map(|alias| alias.name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

/// The plugins of these groups, and whether any of them enables each.
fn keys<'a>(groups: &'a [PluginGroup], bound: &[String]) -> BTreeMap<&'a PluginKey, bool> {
    let mut keys = BTreeMap::new();
    for binding in groups.iter().filter(|group| bound.contains(&group.name)).flat_map(|group| &group.plugins) {
        *keys.entry(&binding.key).or_default() |= binding.enabled;
    }
    keys
}

/// Restarts, status and the time of the last restart.
fn health(state: &PluginState) -> [String; 3] {
    let status = match state.status {
        PluginStatus::Idle => "Not started",
        PluginStatus::Fetching => "Fetching",
        PluginStatus::Starting => "Starting",
        PluginStatus::Running => "Running",
        PluginStatus::BackingOff => "Restarting",
        PluginStatus::Deactivated => "Deactivated",
        PluginStatus::Unavailable => "Unavailable",
    };
    let seconds = state.last_restart.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
    let whole = |seconds| Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds)).to_string();
    let last = seconds.map(whole).unwrap_or_default();
    [format!("{}/{}", state.restarts, state.threshold), status.into(), last]
}

fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, _) => format!("{h}h{m}m"),
    }
}
