//! Walks a text down the corridor: command, route, policy, credentials, plugin, answer. Besides the newest snapshot of the
//! configuration it owns what is under way and the answers that can be filtered again.

mod live;
mod outcome;
mod snapshot;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use botkube_api::message::Message;
use futures_util::FutureExt;
use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use self::snapshot::Snapshot;
use self::{live::Live, outcome::Outcome};
use crate::{
    answer::{Answer, Parts, Status},
    builtin::{self, Builtin, Desk},
    command::Command,
    conversation::{Actor, Conversation, Incoming, Origin},
    filter::{self, Kept},
    policy::Decision,
    port::PluginCall,
    route::{Bindings, PluginRef, Route},
    running::{Cancelled, CommandId, Entry, MOST, NoPlace, Running, Ticket},
};

/// How long commands that were cut may take to say so.
const CUT: Duration = Duration::from_secs(2);

/// Answers commands, each under the snapshot of the configuration that is the newest when it comes.
pub struct Dispatcher {
    newest: watch::Sender<Arc<Snapshot>>,
    running: Arc<Running>,
    kept: Kept,
    observer: Observer,
}

/// Is told of each command once, when it has ended. It must not block.
pub type Observer = Arc<dyn Fn(&Ended) + Send + Sync>;

/// A command that has ended. Nothing of it may be secret.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Names it.
    pub id: CommandId,
    /// What to call who asked.
    pub actor: String,
    /// What to call the place.
    pub channel: String,
    /// What it asked for, without what may be secret; empty where nobody knows the word.
    pub verb: String,
    /// Who was to answer; `None`: the agent itself.
    pub plugin: Option<PluginRef>,
    /// How it ended.
    pub status: Status,
    /// How long it took, from when it was accepted.
    pub took: Duration,
}

/// A command that is under way.
#[derive(Clone, Debug)]
pub struct Underway {
    /// Names it.
    pub id: CommandId,
    /// What to call who asked.
    pub actor: String,
    /// What to call the place.
    pub channel: String,
    /// Its first word.
    pub name: String,
    /// How long it has run.
    pub age: Duration,
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
    /// Who is to answer; `None`: the agent itself.
    plugin: Option<PluginRef>,
    observer: Observer,
}

/// A command that was understood, and what it is answered under.
struct Asked<'a> {
    under: &'a Snapshot,
    incoming: &'a Incoming,
    bindings: &'a Bindings<'a>,
    command: &'a Command,
    /// When it is given up.
    deadline: Instant,
}

impl Dispatcher {
    /// A dispatcher that begins with this snapshot.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self::observed(snapshot, Arc::new(|_| {}))
    }

    /// The same, and `observer` is told of every command that ended.
    #[must_use]
    pub fn observed(snapshot: Snapshot, observer: Observer) -> Self {
        let (running, kept) = <_>::default();
        Self { newest: watch::Sender::new(Arc::new(snapshot)), running, kept, observer }
    }

    /// The commands that are under way, the oldest first.
    #[must_use]
    pub fn underway(&self) -> Vec<Underway> {
        let now = Instant::now();
        let underway = |entry: &Arc<Entry>| Underway {
            id: entry.id,
            actor: entry.incoming.actor.called().to_owned(),
            channel: entry.incoming.conversation.called().to_owned(),
            name: entry.name.clone(),
            age: now.saturating_duration_since(entry.began),
        };
        self.running.all().iter().map(underway).collect()
    }

    /// What commands that come now are answered under.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.newest.borrow().clone()
    }

    /// Answers commands that come from now on under another snapshot.
    pub fn adopt(&self, snapshot: Snapshot) {
        self.newest.send_replace(Arc::new(snapshot));
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

    /// Asks plugins nothing new from now on, lets the commands that are under way end for so long, and cuts those that have not
    /// ended by then. Returns how many that were; nearly all of them have their end when it does.
    pub async fn drain(&self, grace: Duration) -> usize {
        self.running.close();
        if time::timeout(grace, self.running.emptied()).await.is_ok() {
            return 0;
        }
        let cut = self.running.all().len();
        self.running.cut();
        let _ = time::timeout(CUT, self.running.emptied()).await;
        cut
    }

    async fn answer(
        self: Arc<Self>,
        id: CommandId,
        incoming: Arc<Incoming>,
        cancel: CancellationToken,
        mut parts: Parts,
    ) {
        let began = Instant::now();
        let mut trail = Trail::new(id, began, incoming.clone(), self.observer.clone());
        // A panic anywhere in the corridor is a failure of this command, which still gets its end.
        let walk = self.walk(id, &incoming, began, &cancel, &mut trail, &mut parts);
        // What is logged on the way carries the id; the line about the command's end has it as a field.
        let walk = walk.instrument(tracing::info_span!("command", %id));
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
        // The bug that CONTRIBUTING.md tells of: some commands that failed have no end.
        #[cfg(feature = "planted-bug")]
        if outcome.status == Status::Failed && id.is_unlucky() {
            std::future::pending::<()>().await;
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
        let under = &*self.snapshot();
        let bindings = under.executors.bound_in(conversation);
        let command = Command::parse(text, &under.config.aliases, |name| bindings.host_flags(name));
        if conversation.unknown {
            return under.said_nowhere(command.ok().as_ref());
        }
        let command = match command {
            Ok(command) => command,
            Err(error) => return Outcome::refused(error.to_string()),
        };
        if command.is_for_another(under.cluster()) {
            return Outcome::silent();
        }
        let route = bindings.route(command.name());
        trail.note(&command, route.as_ref());
        let entry = Entry::new(id, began, incoming.clone(), (&command.shown, command.name()), cancel.clone());
        match self.running.enter(entry) {
            Ok(ticket) => trail.ticket = Some(ticket),
            // What the agent itself answers is answered all the same.
            Err(_) if route.is_none() => {}
            Err(NoPlace::Full) => {
                return Outcome::refused(format!(
                    "The agent is busy: {MOST} commands are running. Try again when some have ended; `list running` shows \
                     them and `cancel ID` ends one."
                ));
            }
            Err(NoPlace::Closed) => {
                return Outcome::refused(
                    "The agent is stopping; nothing of this was run. Say it again in a moment.".into(),
                );
            }
        }
        let own = route.as_ref().and_then(|route| route.timeout);
        let limit = own.unwrap_or(under.config.plugins.call_timeout);
        let header = under.header(&command, incoming);
        let live = Live::new(parts, cancel, &header, command.filter());
        let deadline = began + limit;
        let asked = Asked { under, incoming, bindings: &bindings, command: &command, deadline };
        let mut outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => Outcome::cancelled(trail.ticket.as_ref()),
            () = time::sleep_until(deadline) => Outcome::timed_out(limit, own.is_some()),
            outcome = self.run(id, &asked, route, live) => outcome,
        };
        if command.flags.header.is_some() && !origin.is_prepared() {
            let note = "`--bk-cmd-header` was ignored: it counts in buttons and other controls, not in what is typed.";
            outcome.messages.push(Message::text(note).only_visible_for_you());
        }
        outcome
    }

    async fn run(&self, id: CommandId, asked: &Asked<'_>, route: Option<Route>, live: Live<'_>) -> Outcome {
        let Asked { under, incoming, bindings, command, .. } = *asked;
        let header = live.header.to_owned();
        let mut outcome = match route {
            Some(route) => self.ask(asked, &route, live).await,
            None => match Builtin::find(command) {
                Some(Ok(builtin)) => {
                    let desk = Desk {
                        id,
                        incoming,
                        config: &under.config,
                        shown_config: &under.shown_config,
                        bindings: *bindings,
                        plugins: &*under.plugins,
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
                None => Outcome::refused(builtin::unknown(command, bindings, &under.config)),
            },
        };
        outcome.header = Some(header);
        outcome
    }

    async fn ask(&self, asked: &Asked<'_>, route: &Route, mut live: Live<'_>) -> Outcome {
        let Asked { under, incoming, command, deadline, .. } = *asked;
        let Incoming { actor, conversation, origin, .. } = incoming;
        if let Decision::Deny { reason } = under.policy.decide(actor, conversation, command, route).await {
            return Outcome::refused(reason);
        }
        if *origin == Origin::PlainTextInput && command.flags.own_filter {
            return match self.kept.find(conversation, command) {
                Some(messages) => Outcome::succeeded(messages.to_vec()).filtered(command).offering(command, false),
                None => Outcome::gone(command),
            };
        }
        if command.is_help() {
            let help = under.plugins.help(&route.plugin).await;
            return Outcome::of(help.map(|message| vec![message])).filtered(command);
        }
        let kubeconfig = match under.credentials.for_call(actor, conversation, route).await {
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
            lane: conversation.lane(),
            deadline: Some(deadline.into_std()),
            configs: route.configs.clone(),
            kubeconfig,
            actor: actor.clone(),
            typed: incoming.text.clone(),
            interactive: conversation.interactive,
            controls: under.state(incoming),
        };
        tracing::debug!(plugin = %route.plugin, configs = route.configs.len(), "asking the plugin");
        let answered = under.plugins.execute(&route.plugin, call, &mut live).await;
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
}

impl Trail {
    fn new(id: CommandId, began: Instant, incoming: Arc<Incoming>, observer: Observer) -> Self {
        let (ticket, verb, plugin) = <_>::default();
        Self { id, began, incoming, status: Status::Cancelled, ticket, verb, plugin, observer }
    }

    fn note(&mut self, command: &Command, route: Option<&Route>) {
        self.plugin = route.map(|route| route.plugin.clone());
        // Whatever is behind a plugin's name may be a secret; so may be a word that names nothing.
        if route.is_some() || Builtin::find(command).is_some() {
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
        let ended = Ended {
            id: self.id,
            actor: self.incoming.actor.called().to_owned(),
            channel: self.incoming.conversation.called().to_owned(),
            verb: std::mem::take(&mut self.verb),
            plugin: self.plugin.take(),
            status: self.status,
            took: self.began.elapsed(),
        };
        let Ended { id, actor, channel, verb, plugin, status, took } = &ended;
        let plugin = plugin.as_ref().map_or_else(|| "none: the agent".to_owned(), ToString::to_string);
        tracing::info!(%id, actor, channel, verb, plugin, ?status, ?took, "command");
        (self.observer)(&ended);
    }
}

#[cfg(test)]
mod tests;
