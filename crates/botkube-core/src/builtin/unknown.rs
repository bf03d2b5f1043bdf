//! What is said about a command that is neither bound here nor the agent's own; it runs nothing.

use botkube_config::model::{Channel, Config, PluginGroup};

use super::{Builtin, brief, suggestion};
use crate::{command::Command, route::Bindings};

/// Executors that everybody knows, so that "unknown" would be no help.
const WELL_KNOWN: [&str; 2] = ["kubectl", "helm"];

/// How many channels are named at most.
const CHANNELS: usize = 5;

/// Why it is not run: where it is bound or how to bind it, or what may have been meant.
pub(crate) fn unknown(command: &Command, bindings: &Bindings<'_>, config: &Config) -> String {
    let name = command.name();
    let quoted = |groups: &[&str]| groups.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ");
    let elsewhere = bindings.elsewhere(name);
    let has = |group: &&PluginGroup| group.plugins.iter().any(|plugin| plugin.key.name == name);
    let disabled: Vec<&str> = config.executors.iter().filter(has).map(|group| group.name.as_str()).collect();
    let text = if !elsewhere.is_empty() {
        let where_bound = match channels(config, &elsewhere)[..] {
            [] => "no channel binds".to_owned(),
            ref channels => format!("{} {}", channels.join(", "), if channels.len() == 1 { "binds" } else { "bind" }),
        };
        format!(
            "The executor `{name}` is not bound in this channel. It is in the group {}, which {where_bound}; add the group to \
             this channel's `bindings.executors`.",
            quoted(&elsewhere)
        )
    } else if !disabled.is_empty() {
        format!(
            "The executor `{name}` is disabled. Set `enabled: true` for it in the group {}, and have that group in the \
             channel's `bindings.executors`.",
            quoted(&disabled)
        )
    } else if WELL_KNOWN.contains(&name) {
        format!(
            "The executor `{name}` is not bound. Put `botkube/{name}: {{enabled: true}}` into a group under `executors`, and \
             that group into the channel's `bindings.executors`."
        )
    } else {
        let bound = bindings.names();
        let near = suggestion(name, bound.into_iter().chain(Builtin::verbs()));
        let near = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
        format!("I don't know the command `{}`.{near}", brief(name, 60))
    };
    text + " Type `help` for what can be typed here."
}

/// The channels that bind one of these groups, a few of them by name.
fn channels(config: &Config, groups: &[&str]) -> Vec<String> {
    let platforms = config.communications.iter().flat_map(|group| &group.platforms).filter(|platform| platform.enabled);
    let binds = |channel: &&Channel| channel.executors.iter().any(|bound| groups.contains(&bound.as_str()));
    let mut names: Vec<String> = platforms
        .flat_map(|platform| platform.channels.iter().filter(binds).map(move |c| (c, platform.kind.key())))
        .map(|(channel, platform)| format!("`{}` ({platform})", channel.alias))
        .collect();
    if names.len() > CHANNELS {
        let more = names.len() - CHANNELS;
        names.truncate(CHANNELS);
        names.push(format!("and {more} more"));
    }
    names
}
