//! `/healthz`, whose JSON is upstream's (`contract-host §7.1`), and `/readyz`. It knows no connection.

use std::collections::BTreeMap;

use botkube_config::model::{Config, PlatformKind, PluginGroup};
use botkube_core::{
    port::{PluginState, PluginStatus},
    route::PluginRef,
};
use serde::Serialize;

use super::Stage;
use crate::reload::Outcome;

/// What `/healthz` says. Members that say nothing are left out, as upstream has it.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    botkube: Agent,
    /// By the name of the group.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    plugins: BTreeMap<String, Group>,
    /// By `<group>-<platform>`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    platforms: BTreeMap<String, Platform>,
}

#[derive(Debug, Serialize)]
struct Agent {
    status: &'static str,
    /// What is wrong with what the agent was told last; ours.
    #[serde(skip_serializing_if = "str::is_empty")]
    configuration: &'static str,
}

#[derive(Debug, Serialize)]
struct Group {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    enabled: bool,
    status: &'static str,
    restarts: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Platform {
    status: &'static str,
    restarts: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    error_msg: &'static str,
}

/// The agent's health, its plugins' and its platforms'. Whoever can reach the port can read it, so what is wrong is told without
/// a word of the configuration.
pub(crate) fn health(
    stage: Stage,
    reloaded: Option<Outcome>,
    config: &Config,
    state: impl Fn(&PluginRef) -> PluginState,
) -> Health {
    let groups = config.executors.iter().filter_map(|group| Some((group.name.clone(), of_group(group, &state)?)));
    let platforms = config.communications.iter().flat_map(|group| group.platforms.iter().map(move |it| (group, it)));
    let platforms = platforms.filter(|(_, platform)| platform.enabled);
    Health {
        botkube: Agent {
            status: if stage == Stage::Starting { "Unhealthy" } else { "Healthy" },
            configuration: match reloaded {
                Some(Outcome::Refused) => {
                    "the changed configuration cannot be used, what was there before goes on; `botkube status` and the log say why"
                }
                Some(Outcome::RolledBack) => {
                    "a plugin's new version did not start, the former one goes on; `botkube status` and the log say why"
                }
                Some(Outcome::Applied) | None => "",
            },
        },
        plugins: groups.collect(),
        platforms: platforms
            .map(|(group, it)| (format!("{}-{}", group.name, it.kind.key()), of_platform(it.kind)))
            .collect(),
    }
}

/// A group is as its worst plugin. Upstream shows any one of them.
fn of_group(group: &PluginGroup, state: impl Fn(&PluginRef) -> PluginState) -> Option<Group> {
    let enabled = group.plugins.iter().any(|plugin| plugin.enabled);
    let counting = group.plugins.iter().filter(|plugin| plugin.enabled == enabled);
    let states = counting.map(|plugin| state(&PluginRef::Key(plugin.key.clone())));
    let worst = states.max_by_key(|state| (is_down(state), state.restarts))?;
    Some(Group {
        enabled,
        status: if is_down(&worst) { "Deactivated" } else { "Running" },
        restarts: format!("{}/{}", worst.restarts, worst.threshold),
    })
}

/// Whether it stays away unless something changes. All else is `Running`: upstream has two words.
fn is_down(state: &PluginState) -> bool {
    matches!(state.status, PluginStatus::Deactivated | PluginStatus::Unavailable)
}

fn of_platform(kind: PlatformKind) -> Platform {
    match kind {
        PlatformKind::Console => Platform { status: "Healthy", restarts: "0/0", error_msg: "" },
        _ => Platform { status: "Unhealthy", restarts: "0/0", error_msg: "this version does not serve it yet" },
    }
}

#[cfg(test)]
mod tests;
