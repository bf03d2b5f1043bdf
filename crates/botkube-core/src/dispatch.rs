//! Walks a text down the corridor: command, route, policy, credentials, plugin, answer. It owns no state but the snapshot
//! of the configuration it was made with.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use botkube_api::message::Message;
use botkube_config::model::Config;
use futures_util::FutureExt;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{self, Answer, Parts, Status},
    builtin::{self, Builtin},
    command::Command,
    conversation::Incoming,
    policy::{Decision, Policy},
    port::{Credentials, PluginCall, PluginError, Plugins},
    route::{Executors, Route},
};

/// Answers commands under one snapshot of the configuration.
pub struct Dispatcher {
    /// The snapshot.
    pub config: Arc<Config>,
    /// What it binds.
    pub executors: Executors,
    /// Decides what may run.
    pub policy: Arc<dyn Policy>,
    /// Makes kubeconfigs.
    pub credentials: Arc<dyn Credentials>,
    /// Leads to plugins.
    pub plugins: Arc<dyn Plugins>,
}

/// How a command went: what to show, and how it ended.
struct Outcome {
    status: Status,
    messages: Vec<Message>,
    /// The line upstream puts above answers.
    header: Option<String>,
}

impl Dispatcher {
    /// Starts to answer; the parts come as they are made. `cancel` ends the command wherever it is, and so does dropping
    /// the answer.
    pub fn submit(self: &Arc<Self>, incoming: Incoming, cancel: CancellationToken) -> Answer {
        let cancel = cancel.child_token();
        let (parts, answer) = Answer::channel(cancel.clone().drop_guard());
        tokio::spawn(self.clone().answer(incoming, cancel, parts));
        answer
    }

    async fn answer(self: Arc<Self>, incoming: Incoming, cancel: CancellationToken, mut parts: Parts) {
        let began = Instant::now();
        let limit = self.config.plugins.call_timeout;
        // A panic anywhere in the corridor is a failure of this command, which still gets its end.
        let outcome = AssertUnwindSafe(async {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Outcome::said(Status::Cancelled, "Cancelled."),
                () = time::sleep_until(began + limit) => Outcome::timed_out(limit),
                outcome = self.run(&incoming) => outcome,
            }
        })
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Outcome::said(Status::Failed, "The agent made a mistake: see its log."));
        tracing::info!(
            actor = incoming.actor.display_name,
            channel = incoming.conversation.channel(),
            status = ?outcome.status,
            took = ?began.elapsed(),
            "command"
        );
        for message in outcome.messages {
            let header = outcome.header.clone().filter(|_| !message.only_visible_for_you);
            parts.message(message, header).await;
        }
        parts.end(outcome.status).await;
    }

    async fn run(&self, incoming: &Incoming) -> Outcome {
        let command = match Command::parse(&incoming.text, &self.config.aliases) {
            Ok(command) => command,
            Err(error) => return Outcome::refused(error.to_string()),
        };
        let header = self.header(&command);
        let bindings = self.executors.bound_in(&incoming.conversation);
        let mut outcome = match bindings.route(command.name()) {
            Some(route) => self.ask(incoming, &command, &route).await,
            None => match Builtin::parse(&command) {
                Some(Builtin::Help) => return Outcome::succeeded(vec![builtin::help(&bindings)]),
                Some(builtin) => Outcome::succeeded(vec![builtin.answer()]),
                None => Outcome::refused(builtin::unknown(&command, &bindings)),
            },
        };
        outcome.header = Some(header);
        outcome
    }

    async fn ask(&self, incoming: &Incoming, command: &Command, route: &Route) -> Outcome {
        let Incoming { actor, conversation, .. } = incoming;
        if let Decision::Deny { reason } = self.policy.decide(actor, conversation, command, route).await {
            return Outcome::refused(reason);
        }
        if command.is_help() {
            return Outcome::of(self.plugins.help(&route.plugin).await.map(|message| vec![message]));
        }
        let kubeconfig = match self.credentials.for_call(actor, conversation, route).await {
            Ok(kubeconfig) => kubeconfig,
            Err(error) => {
                return Outcome::refused(format!(
                    "`{}` asks for a kubeconfig and none can be made: {error}",
                    route.plugin.name()
                ));
            }
        };
        let call = PluginCall {
            command: command.text.clone(),
            configs: route.configs.clone(),
            kubeconfig,
            actor: actor.clone(),
            typed: incoming.text.clone(),
            interactive: conversation.interactive,
        };
        Outcome::of(self.plugins.execute(&route.plugin, call).await)
    }

    /// Upstream's header: what was run and where (`contract-host §2.8`).
    fn header(&self, command: &Command) -> String {
        let words: Vec<&str> = command.text.split_whitespace().collect();
        format!("`{}` on `{}`", words.join(" "), self.config.settings.cluster_name)
    }
}

impl Outcome {
    fn of(answered: Result<Vec<Message>, PluginError>) -> Self {
        match answered {
            Ok(messages) => Self::succeeded(answer::shown(messages)),
            Err(PluginError::Unknown(reason)) => Self::refused(reason),
            Err(error) => Self::said(Status::Failed, error.to_string()),
        }
    }

    fn succeeded(messages: Vec<Message>) -> Self {
        Self { status: Status::Succeeded, messages, header: None }
    }

    fn refused(reason: String) -> Self {
        Self::said(Status::Refused, reason)
    }

    fn timed_out(limit: Duration) -> Self {
        Self::said(
            Status::TimedOut,
            format!("No answer within {limit:?} (plugins.callTimeout); the command was cancelled."),
        )
    }

    fn said(status: Status, text: impl Into<String>) -> Self {
        Self { status, messages: vec![Message::code(text)], header: None }
    }
}

#[cfg(test)]
mod tests;
