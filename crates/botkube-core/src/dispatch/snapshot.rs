//! One configuration as commands use it. It does not know which command runs.

use std::sync::Arc;

use botkube_api::slack::SlackState;
use botkube_config::model::Config;

use super::outcome::Outcome;
use crate::{
    command::Command,
    conversation::{Incoming, Origin},
    policy::Policy,
    port::{Credentials, Plugins},
    route::Executors,
};

/// A configuration with all that commands are answered with under it; a command ends under the one it began with.
#[derive(Clone)]
pub struct Snapshot {
    /// The configuration.
    pub config: Arc<Config>,
    /// What it binds.
    pub executors: Executors,
    /// Decides what may run.
    pub policy: Arc<dyn Policy>,
    /// Makes kubeconfigs.
    pub credentials: Arc<dyn Credentials>,
    /// Leads to plugins.
    pub plugins: Arc<dyn Plugins>,
    /// What `show config` shows, with secrets masked; empty for no configuration.
    pub shown_config: Arc<str>,
}

impl Snapshot {
    /// A snapshot that is not shown to anybody.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        executors: Executors,
        policy: Arc<dyn Policy>,
        credentials: Arc<dyn Credentials>,
        plugins: Arc<dyn Plugins>,
    ) -> Self {
        Self { config, executors, policy, credentials, plugins, shown_config: "".into() }
    }

    pub(super) fn cluster(&self) -> &str {
        &self.config.settings.cluster_name
    }

    /// What is said where the configuration knows of no channel (`contract-host §2.5`).
    pub(super) fn said_nowhere(&self, command: Option<&Command>) -> Outcome {
        let meant_for_others = |command: &Command| command.words.is_empty() || command.is_for_another(self.cluster());
        if command.is_some_and(meant_for_others) {
            return Outcome::silent();
        }
        Outcome::refused(
            "This channel is not configured, so nothing can be run here. Add it to the platform's `channels` under \
             `communications` in the configuration."
                .into(),
        )
    }

    /// What the controls held, without the flag that names this cluster (`contract-plugins §4`).
    pub(super) fn state(&self, incoming: &Incoming) -> SlackState {
        let mut state = incoming.controls.clone();
        state.remove_cluster(self.cluster());
        state
    }

    /// Upstream's header: what was run, where, and by whom unless that is seen from what was typed (`contract-host §2.8`).
    pub(super) fn header(&self, command: &Command, incoming: &Incoming) -> String {
        let Incoming { actor, origin, .. } = incoming;
        let mut header = match &command.flags.header {
            Some(header) if origin.is_prepared() => header.clone(),
            _ => {
                let mut shown = String::with_capacity(command.shown.len() + 2);
                shown.push('`');
                for word in command.shown.split_whitespace() {
                    if shown.len() > 1 {
                        shown.push(' ');
                    }
                    shown.push_str(word);
                }
                shown + "`"
            }
        };
        header += &format!(" on `{}`", self.cluster());
        if *origin != Origin::Typed && !actor.mention.is_empty() {
            header += &format!(" by {}", actor.mention);
        }
        header
    }
}
