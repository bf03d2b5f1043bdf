//! The plugins of one agent, as the corridor asks them: finds the live process, calls it, and says why a call failed.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak},
    time::Duration,
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_config::model::Plugins as Settings;
use botkube_core::{
    port::{Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::PluginRef,
};
use botkube_proto::executor::{
    Config as RawConfig, ExecuteContext, ExecuteRequest, IncomingWebhookContext, MessageContext, UserContext,
};
use go_plugin::host::Spawner;
use tokio::{sync::watch, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Code, Status};

use crate::{
    answer::{self, Followed},
    catalogue::Catalogue,
    environment::{self, InvalidVariable},
    event::Observer,
    owner::{FIRST_HEALTH_DEADLINE, Owner},
    parts::{Parts, Terms},
    queue::Bounds,
    running::Running,
    slot::{Slot, View, Wish, Wishes},
};

/// How what tonic says of an answer begins that is none. Statuses without a source, like those of plugins.
const NO_ANSWER: &[&str] = &[
    "failed to decode Protobuf message",
    "protocol error: ",
    "grpc-status header missing",
    "Missing response message",
    "Content is compressed with ",
    "Error deserializing status message header",
];
/// What the generated clients say in place of asking where the connection is gone: a status without a source, like those of
/// plugins.
const NOT_ASKED: &str = "Service was not ready: ";

/// Where calls wait that ask for help: nobody asks for much of it.
const HELP_LANE: &str = "";

/// How long a plugin may take to say its help.
const HELP_DEADLINE: Duration = Duration::from_secs(10);

/// The plugins of one agent. Dropping it stops them without waiting.
pub struct Host {
    parts: Arc<Parts>,
    slots: Mutex<HashMap<PluginRef, Place>>,
    owners: TaskTracker,
}

/// A plugin's place in the host.
enum Place {
    Needed(Arc<Slot>),
    /// It goes with the last call in it. Late ones, of an earlier configuration, join those.
    Forgotten(Weak<Slot>),
}

impl Host {
    /// A host with no process yet; each plugin starts with the first command for it, or with [`Host::start`].
    ///
    /// # Errors
    ///
    /// When `plugins.env` sets a variable that it cannot set.
    pub fn new(catalogue: Catalogue, spawner: Arc<dyn Spawner>, settings: Settings) -> Result<Self, InvalidVariable> {
        Self::observed(catalogue, spawner, settings, Arc::new(|_| {}))
    }

    /// The same, and `observer` is told what happens to plugins.
    ///
    /// # Errors
    ///
    /// Like [`Host::new`].
    pub fn observed(
        catalogue: Catalogue,
        spawner: Arc<dyn Spawner>,
        settings: Settings,
        observer: Observer,
    ) -> Result<Self, InvalidVariable> {
        environment::check(&settings)?;
        let (stop, gave_up) = (CancellationToken::new(), watch::Sender::new(None));
        let terms = RwLock::new(Arc::new(Terms { catalogue, settings }));
        let parts = Parts { spawner, terms, observer, stop, gave_up };
        Ok(Self { parts: Arc::new(parts), slots: Mutex::default(), owners: TaskTracker::new() })
    }

    /// Fetches and starts these plugins, all at the same time and in the background, and keeps them running from now on.
    /// Must be called on a runtime.
    pub fn start(&self, plugins: impl IntoIterator<Item = PluginRef>) {
        for plugin in plugins {
            self.needed(&plugin).wish(Wish::Keep);
        }
    }

    /// Nobody will ask for this plugin any more: it is not started again by itself, and is stopped as soon as the last call is
    /// over that had begun or waits. It is no longer among [`Plugins::all`].
    ///
    /// A call may come late all the same, and is answered; [`Host::start`], [`Host::ready`] and [`Host::replace`] take this back.
    pub fn forget(&self, plugin: &PluginRef) {
        let mut slots = self.slots();
        if let Some(place) = slots.get_mut(plugin)
            && let Place::Needed(slot) = place
        {
            let slot = Arc::downgrade(slot);
            *place = Place::Forgotten(slot);
        }
    }

    /// Has another configuration hold from now on. All limits count at once, also for what runs: how many calls may run and
    /// wait, when health is asked for, how large an answer may be, how often a plugin is started again, and how long one that
    /// was replaced may work on.
    ///
    /// Plugins whose environment or repository is another one are replaced (see [`Host::replace`]), no others; one whose
    /// repository is gone is left alone. Those that were deactivated are started anew when the restart policy is another one. Must be called on a runtime.
    ///
    /// # Errors
    ///
    /// When `plugins.env` sets a variable that it cannot set; nothing has changed then.
    pub fn reconfigure(&self, catalogue: Catalogue, settings: Settings) -> Result<(), InvalidVariable> {
        environment::check(&settings)?;
        // Whoever finds no place yet makes it under the new terms.
        let slots = self.slots();
        let before = self.parts.adopt(Terms { catalogue, settings });
        let after = self.parts.terms();
        let has_other_policy = before.settings.restart_policy != after.settings.restart_policy;
        for (plugin, place) in &*slots {
            let Some(slot) = place.slot() else { continue };
            slot.bound(bounds(&after.settings));
            slot.wish(Wish::Adapt);
            if !environment::starts_alike(&before.settings, &after.settings, plugin) {
                // What went with its repository ends its calls, and nothing can take its place.
                if after.catalogue.knows(plugin) {
                    slot.wish(Wish::Replace);
                }
            } else if has_other_policy {
                slot.wish(Wish::Pardon);
            }
        }
        Ok(())
    }

    /// Starts the plugin where it does not run, and waits until it serves, is well, and says what it is. Where somebody else
    /// starts it, this takes as long as he does. Must be called on a runtime.
    ///
    /// # Errors
    ///
    /// Why it does not, in words for the operator.
    pub async fn ready(&self, plugin: &PluginRef) -> Result<(), String> {
        let slot = self.needed(plugin);
        let running = slot.attempt(None).await.map_err(|error| error.to_string())?.answered();
        let proven = running.prove(FIRST_HEALTH_DEADLINE).await;
        proven.map_err(|reason| format!("the plugin `{}` started, but {reason}", plugin.name()))
    }

    /// The plugin's files may be others now. Must be called on a runtime.
    ///
    /// Where it serves, it is fetched again and a new process started beside the one that serves; once the new one is well,
    /// it gets all new calls, and the former one ends what it has (for `plugins.callTimeout` at most) and is stopped. No
    /// call fails for it. When there is no new process, the former one goes on serving, and is started again from its own
    /// files should it end.
    ///
    /// Where it does not serve, it is started anew, also out of a pause or after it was deactivated; restarts before do not
    /// count. Of two replacements the later one wins. Nothing is done about a plugin that somebody else starts.
    pub fn replace(&self, plugin: &PluginRef) {
        self.needed(plugin).wish(Wish::Replace);
    }

    /// Waits until a plugin failed so often that the agent is to end (`plugins.restartPolicy.type: RestartAgent`), and says
    /// why.
    pub async fn gave_up(&self) -> String {
        let mut gave_up = self.parts.gave_up.subscribe();
        let reason = gave_up.wait_for(Option::is_some).await;
        reason.ok().and_then(|reason| reason.clone()).expect("it was waited for, and its sender is ours")
    }

    /// Stops every plugin, all at the same time, and returns once no process is left. Later commands are refused.
    pub async fn stop(&self) {
        self.parts.stop.cancel();
        self.owners.close();
        self.owners.wait().await;
    }

    /// Where a call goes.
    fn slot(&self, plugin: &PluginRef) -> Arc<Slot> {
        let mut slots = self.slots();
        let place = slots.get(plugin);
        if let Some(slot) = place.and_then(Place::slot) {
            return slot;
        }
        let is_forgotten = place.is_some();
        let slot = self.open(plugin);
        let place = if is_forgotten { Place::Forgotten(Arc::downgrade(&slot)) } else { Place::Needed(slot.clone()) };
        slots.insert(plugin.clone(), place);
        slot
    }

    /// The same for a plugin that stays, whether or not somebody calls it.
    fn needed(&self, plugin: &PluginRef) -> Arc<Slot> {
        let mut slots = self.slots();
        let slot = slots.get(plugin).and_then(Place::slot).unwrap_or_else(|| self.open(plugin));
        slots.insert(plugin.clone(), Place::Needed(slot.clone()));
        slot
    }

    /// A place for a plugin that has none, with a task that owns it.
    fn open(&self, plugin: &PluginRef) -> Arc<Slot> {
        let terms = self.parts.terms();
        let (sender, view) = watch::channel(View::idle(terms.settings.restart_policy.threshold));
        let (wishes, unneeded) = (Arc::new(Wishes::default()), self.parts.stop.child_token());
        let slot = Slot::new(plugin.name(), view, wishes.clone(), unneeded.clone(), bounds(&terms.settings));
        self.owners.spawn(Owner::new(self.parts.clone(), plugin.clone(), wishes, sender, unneeded).run());
        Arc::new(slot)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<PluginRef, Place>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer_limit(&self) -> u64 {
        self.parts.terms().settings.max_answer_size
    }

    /// Why a call failed: in the plugin's words, or because the plugin is gone.
    async fn explain(&self, running: &Running, status: Status, limit: u64) -> PluginError {
        if let Some(size) = too_large(&status) {
            return PluginError::TooLarge { size, limit };
        }
        if status.source().is_none() && NO_ANSWER.iter().any(|beginning| status.message().starts_with(beginning)) {
            return PluginError::Broken(status.message().to_owned());
        }
        // What a plugin answered has no source; what kept it from answering has.
        let is_answer = !(status.message().starts_with(NOT_ASKED) && running.is_closed());
        if status.source().is_none() && is_answer {
            let reason = Some(status.message()).filter(|reason| !reason.is_empty());
            return PluginError::Failed(reason.unwrap_or("the plugin failed and gave no reason").to_owned());
        }
        match running.end().await {
            Some(exit) => PluginError::Died { exit },
            None => PluginError::Failed(format!("the call to the plugin broke: {}", causes(&status))),
        }
    }
}

impl Place {
    /// Where calls go, if anybody is there.
    fn slot(&self) -> Option<Arc<Slot>> {
        match self {
            Self::Needed(slot) => Some(slot.clone()),
            Self::Forgotten(slot) => slot.upgrade(),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.parts.stop.cancel();
    }
}

#[async_trait]
impl Plugins for Host {
    async fn execute(
        &self,
        plugin: &PluginRef,
        call: PluginCall,
        pieces: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        let slot = self.slot(plugin);
        let _turn = slot.turn(&call.lane).await?;
        let attempt = slot.attempt(call.deadline).await?;
        let running = attempt.running();
        let request = request(call);
        let limit = self.answer_limit();
        let outcome = match running.live(limit) {
            None => match running.executor(limit).execute(request).await {
                Ok(response) => {
                    attempt.answered();
                    return answer::messages(&response.into_inner());
                }
                Err(status) => Followed::Broke(status),
            },
            Some(mut live) => match live.execute(request).await {
                Ok(parts) => answer::follow(parts.into_inner(), pieces, limit).await,
                Err(status) => Followed::Broke(status),
            },
        };
        match outcome {
            Followed::Ended(messages) => {
                attempt.answered();
                Ok(messages)
            }
            Followed::Broke(status) => {
                let running = attempt.answered();
                Err(self.explain(&running, status, limit).await)
            }
            // The call is cancelled by now: its plugin has to show that it took notice.
            Followed::Stopped => Ok(Vec::new()),
            Followed::Refused(error) => Err(error),
        }
    }

    fn state(&self, plugin: &PluginRef) -> PluginState {
        let slot = self.slots().get(plugin).and_then(Place::slot);
        let idle = || View::idle(self.parts.terms().settings.restart_policy.threshold).state;
        slot.map_or_else(idle, |slot| slot.state())
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        let slots = self.slots();
        let needed = slots.iter().filter_map(|(plugin, place)| match place {
            Place::Needed(slot) => Some((plugin.clone(), slot.state())),
            Place::Forgotten(_) => None,
        });
        let mut all: Vec<_> = needed.collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }

    fn restart(&self, plugin: &PluginRef) {
        self.replace(plugin);
    }

    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError> {
        let slot = self.slot(plugin);
        let _turn = slot.turn(HELP_LANE).await?;
        let attempt = slot.attempt(None).await?;
        let running = attempt.running();
        let limit = self.answer_limit();
        let mut client = running.executor(limit);
        let outcome = match time::timeout(HELP_DEADLINE, client.help(())).await {
            Ok(outcome) => outcome,
            Err(_) => {
                return Err(PluginError::Failed(format!("`{}` said no help within {HELP_DEADLINE:?}", plugin.name())));
            }
        };
        let running = attempt.answered();
        match outcome {
            Ok(response) => {
                let help = response.into_inner().help;
                if help.is_empty() { Ok(Message::default()) } else { answer::message(&help) }
            }
            Err(status) => Err(self.explain(&running, status, limit).await),
        }
    }
}

fn bounds(settings: &Settings) -> Bounds {
    Bounds { running: settings.max_concurrent_calls, of_lane: settings.max_concurrent_calls_per_channel }
}

/// The request as Go plugins need it: every nested context is there, even when empty (`contract-plugins` B40).
fn request(call: PluginCall) -> ExecuteRequest {
    let user = UserContext { mention: call.actor.mention, display_name: call.actor.display_name };
    ExecuteRequest {
        command: call.command,
        configs: call.configs.into_iter().map(|raw_yaml| RawConfig { raw_yaml }).collect(),
        context: Some(ExecuteContext {
            is_interactivity_supported: call.interactive,
            slack_state: if call.controls.values.is_empty() { <_>::default() } else { call.controls.to_json().into() },
            kube_config: call.kubeconfig.0.into(),
            message: Some(MessageContext { text: call.typed, user: Some(user), ..MessageContext::default() }),
            incoming_webhook: Some(IncomingWebhookContext::default()),
        }),
    }
}

/// What broke, from the outermost cause to the innermost.
fn causes(status: &Status) -> String {
    let mut texts = Vec::new();
    let mut source = status.source();
    while let Some(error) = source {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        source = error.source();
    }
    texts.join(": ")
}

/// Whether an answer was over the limit, and its size if tonic says it.
fn too_large(status: &Status) -> Option<Option<u64>> {
    let message = status.message();
    let over = status.code() == Code::OutOfRange && message.contains("message length too large");
    over.then(|| message.split("found ").nth(1)?.split(' ').next()?.parse().ok())
}
