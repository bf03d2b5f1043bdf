//! Walks a text down the corridor: command, route, policy, credentials, plugin, answer. Besides the snapshot of the
//! configuration it was made with it owns what is under way and the answers that can be filtered again.

mod live;
mod outcome;

use std::{panic::AssertUnwindSafe, sync::Arc};

use botkube_api::{message::Message, slack::SlackState};
use botkube_config::model::Config;
use futures_util::FutureExt;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

use self::{live::Live, outcome::Outcome};
use crate::{
    answer::{Answer, Parts, Status},
    builtin::{self, Builtin, Desk},
    command::Command,
    conversation::{Actor, Conversation, Incoming, Origin},
    filter::{self, Kept},
    policy::{Decision, Policy},
    port::{Credentials, PluginCall, Plugins},
    route::{Bindings, Executors, PluginRef, Route},
    running::{Cancelled, CommandId, Entry, MOST, Running, Ticket},
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
    /// What `show config` shows, with secrets masked; empty for no configuration.
    pub shown_config: Arc<str>,
    running: Arc<Running>,
    kept: Kept,
}

/// What becomes known of a command on its way, and outlives a panic there. It is logged when it is dropped, however far the
/// command came.
struct Trail {
    id: CommandId,
    began: Instant,
    incoming: Arc<Incoming>,
    /// How it ended; cancelled unless somebody says otherwise.
    status: Status,
    /// Its place among the commands that are under way.
    ticket: Option<Ticket>,
    /// What it asks for, without what may be secret.
    verb: String,
    /// The plugin's key, or that it is a command of the agent's.
    plugin: String,
}

impl Dispatcher {
    /// A dispatcher that shows no configuration.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        executors: Executors,
        policy: Arc<dyn Policy>,
        credentials: Arc<dyn Credentials>,
        plugins: Arc<dyn Plugins>,
    ) -> Self {
        let (running, kept) = <_>::default();
        Self { config, executors, policy, credentials, plugins, shown_config: "".into(), running, kept }
    }

    /// An answer to what came in. `cancel` ends the command wherever it is, and so does dropping the answer.
    pub fn submit(self: &Arc<Self>, incoming: Incoming, cancel: CancellationToken) -> Answer {
        let id = self.running.next_id();
        Answer::new(id, |parts| self.clone().answer(id, Arc::new(incoming), cancel.child_token(), parts))
    }

    /// Cancels a command of this conversation in the name of `actor`; `false` when it does not run here.
    pub fn cancel(&self, id: CommandId, actor: &Actor, conversation: &Conversation) -> bool {
        self.running.cancel(id, actor, conversation) == Cancelled::Yes
    }

    async fn answer(
        self: Arc<Self>,
        id: CommandId,
        incoming: Arc<Incoming>,
        cancel: CancellationToken,
        mut parts: Parts,
    ) {
        let began = Instant::now();
        let mut trail = Trail::new(id, began, incoming.clone());
        // A panic anywhere in the corridor is a failure of this command, which still gets its end.
        let walk = self.walk(id, &incoming, began, &cancel, &mut trail, &mut parts);
        let walked = AssertUnwindSafe(walk).catch_unwind().await;
        let mut outcome =
            walked.unwrap_or_else(|_| Outcome::said(Status::Failed, "The agent made a mistake: see its log."));
        for message in outcome.messages {
            let header = outcome.header.clone().filter(|_| !message.only_visible_for_you);
            if parts.message(message, header, &cancel).await.is_none() {
                outcome.status = Status::Cancelled;
                break;
            }
        }
        trail.status = outcome.status;
        // Off the list first: whoever sees the end no longer finds the command there.
        drop(trail);
        parts.end(outcome.status);
    }

    async fn walk(
        &self,
        id: CommandId,
        incoming: &Arc<Incoming>,
        began: Instant,
        cancel: &CancellationToken,
        trail: &mut Trail,
        parts: &mut Parts,
    ) -> Outcome {
        let Incoming { text, conversation, origin, .. } = &**incoming;
        let bindings = self.executors.bound_in(conversation);
        let command = Command::parse(text, &self.config.aliases, |name| bindings.host_flags(name));
        if conversation.unknown {
            return self.said_nowhere(command.ok().as_ref());
        }
        let command = match command {
            Ok(command) => command,
            Err(error) => return Outcome::refused(error.to_string()),
        };
        if command.is_for_another(&self.config.settings.cluster_name) {
            return Outcome::silent();
        }
        let route = bindings.route(command.name());
        trail.note(&command, route.as_ref());
        let entry = Entry::new(id, began, incoming.clone(), (&command.shown, command.name()), cancel.clone());
        trail.ticket = self.running.enter(entry);
        if trail.ticket.is_none() && route.is_some() {
            return Outcome::refused(format!(
                "The agent is busy: {MOST} commands are running. Try again when some have ended; `list running` shows them \
                 and `cancel ID` ends one."
            ));
        }
        let limit = self.config.plugins.call_timeout;
        let header = self.header(&command, incoming);
        let live = Live::new(parts, cancel, &header, command.filter());
        let mut outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => Outcome::cancelled(trail.ticket.as_ref()),
            () = time::sleep_until(began + limit) => Outcome::timed_out(limit),
            outcome = self.run(id, incoming, &command, route, &bindings, live) => outcome,
        };
        if command.flags.header.is_some() && !origin.is_prepared() {
            let note = "`--bk-cmd-header` was ignored: it counts in buttons and other controls, not in what is typed.";
            outcome.messages.push(Message::text(note).only_visible_for_you());
        }
        outcome
    }

    /// What is said where the configuration knows of no channel (`contract-host §2.5`).
    fn said_nowhere(&self, command: Option<&Command>) -> Outcome {
        let meant_for_others =
            |command: &Command| command.words.is_empty() || command.is_for_another(&self.config.settings.cluster_name);
        if command.is_some_and(meant_for_others) {
            return Outcome::silent();
        }
        Outcome::refused(
            "This channel is not configured, so nothing can be run here. Add it to the platform's `channels` under \
             `communications` in the configuration."
                .into(),
        )
    }

    async fn run(
        &self,
        id: CommandId,
        incoming: &Incoming,
        command: &Command,
        route: Option<Route>,
        bindings: &Bindings<'_>,
        live: Live<'_>,
    ) -> Outcome {
        let header = live.header.to_owned();
        let mut outcome = match route {
            Some(route) => self.ask(incoming, command, &route, live).await,
            None => match Builtin::find(command) {
                Some(Ok(builtin)) => {
                    let desk = Desk {
                        id,
                        incoming,
                        config: &self.config,
                        shown_config: &self.shown_config,
                        bindings: *bindings,
                        plugins: &*self.plugins,
                        running: &self.running,
                    };
                    let (status, message) = builtin.answer(command, &desk);
                    let outcome = Outcome { status, messages: vec![message], header: None }.filtered(command);
                    if builtin == Builtin::Help {
                        return outcome;
                    }
                    outcome
                }
                Some(Err(usage)) => Outcome::refused(usage),
                None => Outcome::refused(builtin::unknown(command, bindings, &self.config)),
            },
        };
        outcome.header = Some(header);
        outcome
    }

    async fn ask(&self, incoming: &Incoming, command: &Command, route: &Route, mut live: Live<'_>) -> Outcome {
        let Incoming { actor, conversation, origin, .. } = incoming;
        if let Decision::Deny { reason } = self.policy.decide(actor, conversation, command, route).await {
            return Outcome::refused(reason);
        }
        if *origin == Origin::PlainTextInput && command.flags.own_filter {
            return match self.kept.find(conversation, command) {
                Some(messages) => Outcome::succeeded(messages.to_vec()).filtered(command).offering(command, false),
                None => Outcome::gone(command),
            };
        }
        if command.is_help() {
            let help = self.plugins.help(&route.plugin).await;
            return Outcome::of(help.map(|message| vec![message])).filtered(command);
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
            controls: self.state(incoming),
        };
        let answered = self.plugins.execute(&route.plugin, call, &mut live).await;
        let (was_live, said) = live.end().await;
        let outcome = match answered {
            Ok(rest) if was_live && rest.is_empty() => Outcome::succeeded(rest),
            answered => Outcome::of(answered),
        };
        if outcome.status != Status::Succeeded {
            return outcome;
        }
        // Behind `--` an input could not add a flag any more.
        let is_long = || said.iter().chain(&outcome.messages).any(filter::is_long);
        if !conversation.interactive || command.flags_ended || !is_long() {
            return outcome.filtered(command);
        }
        // What one person saw is nobody else's to filter.
        let whole = said.iter().chain(&outcome.messages).filter(|message| !message.only_visible_for_you);
        let whole = whole.cloned().collect();
        match self.kept.keep(conversation, command, whole) {
            true => outcome.filtered(command).offering(command, was_live),
            false => outcome.filtered(command),
        }
    }

    /// What the controls held, without the flag that names this cluster (`contract-plugins §4`).
    fn state(&self, incoming: &Incoming) -> SlackState {
        let mut state = incoming.controls.clone();
        state.remove_cluster(&self.config.settings.cluster_name);
        state
    }

    /// Upstream's header: what was run, where, and by whom unless that is seen from what was typed (`contract-host §2.8`).
    fn header(&self, command: &Command, incoming: &Incoming) -> String {
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
        header += &format!(" on `{}`", self.config.settings.cluster_name);
        if *origin != Origin::Typed && !actor.mention.is_empty() {
            header += &format!(" by {}", actor.mention);
        }
        header
    }
}

impl Trail {
    fn new(id: CommandId, began: Instant, incoming: Arc<Incoming>) -> Self {
        let (ticket, verb, plugin) = <_>::default();
        Self { id, began, incoming, status: Status::Cancelled, ticket, verb, plugin }
    }

    fn note(&mut self, command: &Command, route: Option<&Route>) {
        let (known, plugin) = match route {
            Some(Route { plugin: PluginRef::Key(key), .. }) => (true, key.to_string()),
            Some(Route { plugin: PluginRef::Named(name), .. }) => (true, name.clone()),
            None => (Builtin::find(command).is_some(), "none: the agent".to_owned()),
        };
        self.plugin = plugin;
        // Whatever is behind a plugin's name may be a secret; so may be a word that names nothing.
        if known {
            self.verb = command.name().to_owned();
        }
        if let (None, Some(Ok(builtin)), Some(feature)) = (route, Builtin::find(command), command.words.get(1))
            && builtin != Builtin::Cancel
        {
            self.verb += &format!(" {feature}");
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        tracing::info!(
            id = %self.id,
            actor = self.incoming.actor.called(),
            channel = self.incoming.conversation.called(),
            verb = self.verb,
            plugin = self.plugin,
            status = ?self.status,
            took = ?self.began.elapsed(),
            "command"
        );
    }
}

#[cfg(test)]
mod tests;
