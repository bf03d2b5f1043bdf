//! What is said about a command that is neither bound here nor the agent's own; it runs nothing.

use botkube_config::model::{Config, PluginGroup};

use super::{Builtin, brief, suggestion};
use crate::{command::Command, route::Bindings};

/// Executors that everybody knows, so that "unknown" would be no help.
const WELL_KNOWN: [&str; 2] = ["kubectl", "helm"];

/// Why it is not run: where it is bound or how to bind it, or what may have been meant.
pub(crate) fn unknown(command: &Command, bindings: &Bindings<'_>, config: &Config) -> String {
    let name = command.name();
    let quoted = |groups: &[&str]| groups.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ");
    let elsewhere = bindings.elsewhere(name);
    let has = |group: &&PluginGroup| group.plugins.iter().any(|plugin| plugin.key.name == name);
    let disabled: Vec<&str> = config.executors.iter().filter(has).map(|group| group.name.as_str()).collect();
    let text = if !elsewhere.is_empty() {
        format!(
            "The executor `{name}` is not bound in this channel. It is in the group {}: add that to the channel's \
             `bindings.executors`.",
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
