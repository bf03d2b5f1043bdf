//! The task that owns one plugin: it does what the supervisor orders, tells it what happened, and shows callers the outcome.
//! It decides nothing itself.

use std::{
    future::{self, Future},
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use botkube_core::{
    port::{PluginState, PluginStatus},
    route::PluginRef,
};
use go_plugin::host::{Exit, PingError};
use tokio::{sync::watch, time};

use crate::{
    catalogue::Executable,
    parts::Parts,
    running::{self, Running},
    slot::{Access, Refusal, View, Wishes},
    supervisor::{Action, Event, Generation, Left, Offer, Phase, Policy, Report, State, step},
};

/// How long a plugin may take to say that it is well.
const HEALTH_DEADLINE: Duration = Duration::from_secs(2);

/// See the module.
pub(crate) struct Owner {
    parts: Arc<Parts>,
    plugin: PluginRef,
    wishes: Arc<Wishes>,
    view: watch::Sender<View>,
    policy: Policy,
    state: State,
    /// What was ordered and has not come to its end; there is never more than one thing.
    work: Option<Pin<Box<dyn Future<Output = Done> + Send>>>,
    executable: Option<Executable>,
    process: Option<Arc<Running>>,
}

/// What came of an order.
enum Done {
    Fetched(Result<Executable, String>),
    Started(Result<Box<Running>, String>),
    Checked(Result<Option<u32>, PingError>),
    Gone(Exit),
}

impl Owner {
    pub(crate) fn new(parts: Arc<Parts>, plugin: PluginRef, wishes: Arc<Wishes>, view: watch::Sender<View>) -> Self {
        let policy =
            Policy { restart: parts.settings.restart_policy, health_interval: parts.settings.health_check_interval };
        let state = State::default();
        Self { parts, plugin, wishes, view, policy, state, work: None, executable: None, process: None }
    }

    /// Looks after the plugin until the host stops; by then its process is gone.
    pub(crate) async fn run(mut self) {
        while self.state.phase != Phase::Stopped {
            for event in self.next().await {
                self.take(event);
            }
        }
    }

    /// Waits until something happens. An end comes before everything else, so that it is known for what it is.
    async fn next(&mut self) -> Vec<Event> {
        let generation = self.state.generation;
        let told = matches!(self.state.phase, Phase::Draining { reason: None, .. });
        tokio::select! {
            biased;
            exit = ended(self.process.as_deref()) => vec![self.bury(&exit)],
            () = self.parts.stop.cancelled(), if !told => vec![Event::Stop],
            done = work(&mut self.work) => {
                self.work = None;
                vec![self.finish(done, generation)]
            }
            () = self.wishes.wake.notified() => self.wishes(generation),
            () = until(self.state.wake()) => vec![Event::Tick],
        }
    }

    /// What callers want, after what they have noticed.
    fn wishes(&self, generation: Generation) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(process) = &self.process {
            if process.is_closed() {
                let reason = format!("the plugin `{}` broke its connection", self.plugin.name());
                events.push(Event::Report(generation, Report::Broken(reason)));
            } else if process.take_suspicion() {
                events.push(Event::Report(generation, Report::Suspect));
            }
        }
        // A suspicion is no wish, but in a plugin that runs a wish changes nothing.
        events.push(if self.wishes.is_kept() { Event::Keep } else { Event::Wanted });
        events
    }

    fn finish(&mut self, done: Done, generation: Generation) -> Event {
        let report = match done {
            Done::Fetched(Ok(executable)) => {
                let before = self.executable.as_ref().and_then(|before| before.version.as_deref());
                if let Some(version) = executable.version.as_deref().filter(|version| Some(*version) != before) {
                    tracing::info!(plugin = self.plugin.name(), version, "a plugin is at hand");
                }
                self.executable = Some(executable);
                Report::Fetched
            }
            Done::Fetched(Err(reason)) => Report::CannotBeHad(reason),
            Done::Started(Ok(process)) => {
                self.process = Some(Arc::from(process));
                Report::Started
            }
            Done::Started(Err(reason)) => Report::NotStarted(reason),
            Done::Checked(Ok(calls)) => Report::Well(match calls {
                None => Left::Unknown,
                Some(0) => Left::Nothing,
                Some(_) => Left::Calls(format!("the plugin `{}` goes on with a cancelled command", self.plugin.name())),
            }),
            Done::Checked(Err(_)) if self.process.as_ref().is_some_and(|process| process.is_closed()) => {
                Report::Broken(format!("the plugin `{}` broke its connection", self.plugin.name()))
            }
            Done::Checked(Err(error)) => Report::Unwell {
                reason: format!("the plugin `{}` was not well: {error}", self.plugin.name()),
                alone: self.process.as_ref().is_some_and(|process| process.is_alone()),
            },
            Done::Gone(exit) => return self.bury(&exit),
        };
        Event::Report(generation, report)
    }

    /// The process is no more.
    fn bury(&mut self, exit: &Exit) -> Event {
        (self.work, self.process) = (None, None);
        let plugin = self.plugin.name();
        if !matches!(self.state.phase, Phase::Draining { reason: None, .. }) {
            tracing::warn!(plugin, %exit, "a plugin ended");
            for line in &exit.output {
                tracing::error!(plugin, "{line}");
            }
        }
        let report = Report::Exited { how: format!("the plugin `{plugin}` ended: {exit}"), killed: exit.killed };
        Event::Report(self.state.generation, report)
    }

    fn take(&mut self, event: Event) {
        let (after, actions) = step(self.state.clone(), event, Instant::now(), &self.policy);
        let before = std::mem::replace(&mut self.state, after);
        for action in actions {
            self.perform(action);
        }
        if self.state != before {
            self.log(&before);
            self.show();
        }
    }

    fn perform(&mut self, action: Action) {
        let (parts, plugin) = (self.parts.clone(), self.plugin.clone());
        match action {
            Action::Fetch(_) => self.order(async move { Done::Fetched(parts.catalogue.obtain(&plugin).await) }),
            Action::Start(_) => {
                let (executable, wake) = (self.executable.clone(), self.wishes.wake.clone());
                self.order(async move {
                    let executable =
                        executable.ok_or_else(|| format!("the plugin `{}` was not fetched", plugin.name()));
                    Done::Started(match executable {
                        Ok(executable) => running::start(&parts, &plugin, executable, wake).await.map(Box::new),
                        Err(reason) => Err(reason),
                    })
                });
            }
            Action::Ping(_) => {
                let deadline = HEALTH_DEADLINE.min(self.policy.health_interval);
                self.order_of_process(async move |process| Done::Checked(process.check(deadline).await));
            }
            Action::Kill(_) => {
                let verdict = match &self.state.phase {
                    Phase::Draining { reason: Some(reason), .. } => format!("{reason}, and was killed"),
                    _ => "killed by the host".to_owned(),
                };
                self.order_of_process(async move |process| Done::Gone(process.kill(verdict).await));
            }
            Action::Dismiss(_) => self.order_of_process(async move |process| Done::Gone(process.plugin.stop().await)),
            Action::CallOff(_) => self.work = None,
            Action::GiveUp(reason) => self.parts.give_up(&reason),
        }
    }

    fn order(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        self.work = Some(Box::pin(work));
    }

    /// Nothing is done about a process that is gone: its end was or will be reported.
    fn order_of_process<F>(&mut self, work: impl FnOnce(Arc<Running>) -> F)
    where
        F: Future<Output = Done> + Send + 'static,
    {
        if let Some(process) = self.process.clone() {
            self.order(work(process));
        }
    }

    /// What whoever runs the agent should know. A lazy plugin that cannot be had is told to whoever asked.
    fn log(&self, before: &State) {
        let (plugin, restarts, threshold) = (self.plugin.name(), self.state.restarts, self.policy.restart.threshold);
        match &self.state.phase {
            phase if *phase == before.phase => {}
            Phase::Fetching | Phase::Starting if self.state.restarts > before.restarts => {
                tracing::info!(plugin, restarts, threshold, "a plugin is started again");
            }
            Phase::BackingOff { until, reason } => {
                let pause = until.saturating_duration_since(Instant::now());
                tracing::warn!(plugin, restarts, threshold, ?pause, "{reason}");
            }
            Phase::Draining { reason: Some(reason), .. } => tracing::warn!(plugin, "{reason}; its process is ended"),
            Phase::Deactivated { reason } => {
                tracing::error!(plugin, restarts, threshold, "{reason}; it is not started again");
            }
            Phase::Unavailable { again, reason, .. } if self.state.kept => {
                let pause = again.saturating_duration_since(Instant::now());
                tracing::error!(plugin, ?pause, "{reason}");
            }
            _ => {}
        }
    }

    fn show(&self) {
        let reason = match &self.state.phase {
            Phase::BackingOff { reason, .. } | Phase::Unavailable { reason, .. } => Some(reason.clone()),
            Phase::Deactivated { reason } => Some(self.deactivated(reason)),
            Phase::Draining { reason: None, .. } | Phase::Stopped => Some("the agent is stopping".to_owned()),
            Phase::Draining { reason, .. } => reason.clone(),
            _ => None,
        };
        let access = match (self.state.offer(), &self.process) {
            (Offer::Ask, _) => Access::Ask,
            (Offer::Serve(_), Some(process)) => Access::Serve(process.clone()),
            (Offer::Wait | Offer::Serve(_), _) => Access::Wait,
            (Offer::Refuse { retry }, _) => {
                let reason = reason.clone().unwrap_or_default();
                match &self.state.phase {
                    Phase::Unavailable { .. } => Access::Refuse(Refusal::Unknown(reason), retry),
                    _ => Access::Refuse(Refusal::Down(reason), retry),
                }
            }
        };
        let state = PluginState {
            status: status(&self.state.phase),
            reason,
            restarts: self.state.restarts,
            threshold: self.policy.restart.threshold,
            last_restart: self.state.last_restart.and_then(|at| SystemTime::now().checked_sub(at.elapsed())),
        };
        self.view.send_modify(|view| *view = View { serial: view.serial + 1, access, state });
    }

    fn deactivated(&self, reason: &str) -> String {
        format!(
            "{reason}; it was started again {} times, as often as plugins.restartPolicy.threshold allows, and is \
             deactivated until the agent is started again",
            self.state.restarts
        )
    }
}

fn status(phase: &Phase) -> PluginStatus {
    match phase {
        Phase::Absent | Phase::Stopped | Phase::Draining { reason: None, .. } => PluginStatus::Idle,
        Phase::Fetching => PluginStatus::Fetching,
        Phase::Starting | Phase::Draining { .. } => PluginStatus::Starting,
        Phase::Ready(_) => PluginStatus::Running,
        Phase::BackingOff { .. } => PluginStatus::BackingOff,
        Phase::Deactivated { .. } => PluginStatus::Deactivated,
        Phase::Unavailable { .. } => PluginStatus::Unavailable,
    }
}

async fn ended(process: Option<&Running>) -> Exit {
    match process {
        Some(process) => process.plugin.exited().await,
        None => future::pending().await,
    }
}

async fn work(work: &mut Option<Pin<Box<dyn Future<Output = Done> + Send>>>) -> Done {
    match work {
        Some(work) => work.await,
        None => future::pending().await,
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => time::sleep_until(time.into()).await,
        None => future::pending().await,
    }
}

#[cfg(test)]
mod tests;
