//! The two other things this executable can be: a launcher that becomes a plugin, and a plugin that comes with the agent.

use std::{ffi::OsString, process::ExitCode};

use crate::complain;

/// The hidden verb of the launcher.
pub(crate) const LAUNCH: &str = "__launch";
/// The hidden verb of embedded plugins; the name follows.
pub(crate) const PLUGIN: &str = "__plugin";
/// The embedded plugins.
pub(crate) const NAMES: &[&str] = &["echo", "sys"];
/// What to try with them.
pub(crate) const TRIES: &[&str] = &["sys top", "sys watch", "echo hello"];

/// Becomes the plugin that `args` name.
pub(crate) fn launch(args: impl Iterator<Item = OsString>) -> ExitCode {
    complain(&go_plugin::host::launch(args).to_string());
    ExitCode::from(126)
}

/// Is the embedded plugin of this name.
pub(crate) fn serve(name: Option<OsString>) -> ExitCode {
    match name.as_deref().and_then(|name| name.to_str()) {
        Some("echo") => botkube_plugin::serve(executor_echo::Echo),
        Some("sys") => botkube_plugin::serve(executor_sys::Sys),
        _ => {
            complain(&format!("no such plugin is part of this agent; {} are", NAMES.join(", ")));
            ExitCode::FAILURE
        }
    }
}
