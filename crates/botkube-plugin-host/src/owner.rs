//! The task that owns one plugin: it does what the supervisor orders, tells it what happened, and shows callers the outcome.
//! It decides nothing itself.

use std::{
    collections::BTreeMap,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant, SystemTime},
};

use botkube_core::{
    port::{Failure, PluginState, PluginStatus},
    route::PluginRef,
};
use go_plugin::host::{Exit, PingError};
use tokio::{sync::watch, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    catalogue::Executable,
    event::PluginEvent,
    parts::Parts,
    running::{self, HEALTH_DEADLINE, LAST, NotStarted, Running},
    slot::{Access, Refusal, View, Wish, Wishes},
    supervisor::{Action, Event, Generation, Left, Offer, Phase, Policy, Report, State, step},
};

/// How long one that is to take another's place may take to say that it is well: nobody waits for it.
pub(crate) const FIRST_HEALTH_DEADLINE: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct Owner {
    parts: Arc<Parts>,
    plugin: PluginRef,
    wishes: Arc<Wishes>,
    view: watch::Sender<View>,
    /// Cancelled when nobody needs the plugin any more.
    unneeded: CancellationToken,
    policy: Policy,
    state: State,
    /// What was ordered and has not come to its end: one thing for the plugin at most, and one for a candidate.
    works: BTreeMap<Generation, Work>,
    /// The process of the plugin.
    processes: BTreeMap<Generation, Arc<Running>>,
    /// What was fetched last.
    fetched: Option<Executable>,
    /// What the last process was started from.
    former: Option<Executable>,
    /// Processes that retired, and starts that were called off.
    leftovers: TaskTracker,
    /// Which process is doubted for so many calls that were given up, until that shows.
    suspicion: Option<(Arc<Running>, u64)>,
    /// What failed last.
    failure: Option<Failure>,
    /// What is to be told once it shows.
    news: Vec<PluginEvent>,
}

/// An order under way.
struct Work {
    outcome: Pin<Box<dyn Future<Output = Done> + Send>>,
    call_off: CancellationToken,
}

/// What came of an order.
enum Done {
    /// There is no executable where somebody else starts it.
    Fetched(Result<Option<Executable>, String>),
    Started(Result<Box<Running>, NotStarted>),
    Checked(Result<Option<u32>, PingError>),
    Gone(Exit),
}

impl Owner {
    pub(crate) fn new(
        parts: Arc<Parts>,
        plugin: PluginRef,
        wishes: Arc<Wishes>,
        view: watch::Sender<View>,
        unneeded: CancellationToken,
    ) -> Self {
        let policy = policy(&parts, &plugin);
        Self {
            parts,
            plugin,
            wishes,
            view,
            unneeded,
            policy,
            state: State::default(),
            works: BTreeMap::new(),
            processes: BTreeMap::new(),
            fetched: None,
            former: None,
            leftovers: TaskTracker::new(),
            suspicion: None,
            failure: None,
            news: Vec::new(),
        }
    }

    /// Looks after the plugin until nobody needs it; by then its processes are gone.
    pub(crate) async fn run(mut self) {
        while self.state.phase != Phase::Stopped {
            let events = self.next().await;
            self.take(events);
            // Not before it shows: who calls in between must not meet a process that may be frozen.
            if let Some((process, given_up)) = self.suspicion.take() {
                process.heed(given_up);
            }
        }
        // Such as the end of a process whose place another one took meanwhile.
        for Work { outcome, .. } in std::mem::take(&mut self.works).into_values() {
            self.leftovers.spawn(outcome);
        }
        self.leftovers.close();
        self.leftovers.wait().await;
    }

    /// Waits until something happens. An end comes before everything else, so that it is known for what it is.
    async fn next(&mut self) -> Vec<Event> {
        let generation = self.state.generation;
        let told = matches!(self.state.phase, Phase::Draining { reason: None, .. });
        tokio::select! {
            biased;
            exit = ended(self.processes.get(&generation).map(|process| &**process)) => vec![self.bury(generation, &exit)],
            () = self.unneeded.cancelled(), if !told => vec![Event::Stop],
            (about, done) = work(&mut self.works) => {
                self.works.remove(&about);
                vec![self.finish(about, done)]
            }
            () = self.wishes.wake.notified() => self.wishes(generation),
            () = until(self.state.wake()) => vec![Event::Tick],
        }
    }

    /// What callers want, after what they have noticed.
    fn wishes(&mut self, generation: Generation) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(process) = self.processes.get(&generation) {
            if process.is_closed() {
                let reason = format!("the plugin `{}` broke its connection", self.plugin.name());
                events.push(Event::Report(generation, Report::Broken(reason)));
            } else if let Some(given_up) = process.suspicion() {
                self.suspicion = Some((process.clone(), given_up));
                events.push(Event::Report(generation, Report::Suspect));
            }
        }
        events.extend(self.wishes.take().into_iter().map(|wish| match wish {
            Wish::Adapt => Event::Adapt,
            Wish::Pardon => Event::Pardon,
            Wish::Replace if self.policy.attached => Event::Adapt,
            Wish::Replace => Event::Replace,
            Wish::Keep => Event::Keep,
            Wish::Serve => Event::Wanted,
        }));
        events
    }

    fn finish(&mut self, generation: Generation, done: Done) -> Event {
        let report = match done {
            Done::Fetched(Ok(executable)) => {
                let version = |of: &Option<Executable>| of.as_ref().and_then(|of| of.version.clone());
                let (before, version) = (version(&self.fetched), version(&executable));
                if let Some(version) = version.filter(|version| Some(version) != before.as_ref()) {
                    tracing::info!(plugin = self.plugin.name(), version, "a plugin is at hand");
                }
                self.fetched = executable;
                Report::Fetched
            }
            Done::Fetched(Err(reason)) => {
                self.not_started(NotStarted::because(reason.clone()));
                Report::CannotBeHad(reason)
            }
            Done::Started(Ok(process)) => {
                self.former.clone_from(&process.executable);
                self.processes.insert(generation, Arc::from(process));
                Report::Started
            }
            Done::Started(Err(why)) => {
                let reason = why.reason.clone();
                self.not_started(why);
                Report::NotStarted(reason)
            }
            Done::Checked(Ok(calls)) => Report::Well(match calls {
                None => Left::Unknown,
                Some(0) => Left::Nothing,
                Some(_) => Left::Calls(format!("the plugin `{}` goes on with a cancelled command", self.plugin.name())),
            }),
            Done::Checked(Err(error)) => match self.processes.get(&generation) {
                Some(process) if process.is_closed() => {
                    Report::Broken(format!("the plugin `{}` broke its connection", self.plugin.name()))
                }
                process => Report::Unwell {
                    reason: format!("the plugin `{}` was not well: {error}", self.plugin.name()),
                    alone: process.is_some_and(|process| process.is_alone()),
                },
            },
            Done::Gone(exit) => return self.bury(generation, &exit),
        };
        Event::Report(generation, report)
    }

    fn not_started(&mut self, why: NotStarted) {
        let NotStarted { reason, output } = why;
        self.failed(reason.clone());
        self.news.push(PluginEvent::NotStarted { plugin: self.plugin.clone(), reason, output, kept: false });
    }

    fn failed(&mut self, reason: String) {
        self.failure = Some(Failure { at: SystemTime::now(), reason });
    }

    /// The process is no more.
    fn bury(&mut self, generation: Generation, exit: &Exit) -> Event {
        self.works.remove(&generation);
        let process = self.processes.remove(&generation);
        let plugin = self.plugin.name().to_owned();
        if !matches!(self.state.phase, Phase::Draining { reason: None, .. } | Phase::Stopped) {
            let verdict = process.filter(|_| exit.killed).and_then(|process| process.verdict());
            let how = verdict.unwrap_or_else(|| exit.to_string());
            tracing::warn!(plugin, %exit, "a plugin ended");
            for line in &exit.output {
                tracing::error!(plugin, origin = LAST, "{line}");
            }
            self.failed(match &self.state.phase {
                Phase::Draining { reason: Some(reason), .. } if exit.killed => format!("{reason}, and was killed"),
                _ => format!("the plugin `{plugin}` ended: {exit}"),
            });
            self.news.push(PluginEvent::Ended { plugin: self.plugin.clone(), how, output: exit.output.clone() });
        }
        let report = Report::Exited { how: format!("the plugin `{plugin}` ended: {exit}"), killed: exit.killed };
        Event::Report(generation, report)
    }

    /// Does what these events ask for, and shows what came of all of them.
    fn take(&mut self, events: Vec<Event>) {
        let before = self.state.clone();
        let mut is_wished = false;
        for event in events {
            // Whoever wished it waits for the view after it, whatever that shows.
            is_wished |= matches!(event, Event::Adapt | Event::Pardon | Event::Replace);
            self.policy = policy(&self.parts, &self.plugin);
            let (after, actions) = step(self.state.clone(), event, Instant::now(), &self.policy);
            let before = std::mem::replace(&mut self.state, after);
            for action in actions {
                self.perform(action);
            }
            self.log(&before);
        }
        if self.state != before || is_wished {
            self.show();
        }
        self.tell(&before);
    }

    /// Tells whoever observes what callers can see by now.
    fn tell(&mut self, before: &State) {
        let serves = matches!(self.state.phase, Phase::Ready(_));
        let served = matches!(before.phase, Phase::Ready(_));
        for mut news in std::mem::take(&mut self.news) {
            if let PluginEvent::NotStarted { kept, reason, .. } = &mut news
                && serves
            {
                *kept = true;
                tracing::error!(plugin = self.plugin.name(), "{reason}; the process there was goes on");
            }
            (self.parts.observer)(news);
        }
        if serves && (!served || self.state.generation != before.generation) {
            let process = self.processes.get(&self.state.generation);
            (self.parts.observer)(PluginEvent::Started {
                plugin: self.plugin.clone(),
                pid: process.and_then(|process| process.plugin.id()),
                program: process.and_then(|process| Some(process.executable.as_ref()?.program.clone())),
                replaced: self.state.generation != before.generation || before.promoted,
            });
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Fetch(generation) => {
                let (parts, plugin) = (self.parts.clone(), self.plugin.clone());
                self.order(generation, async move |called_off| {
                    let terms = parts.terms();
                    if terms.catalogue.attached(&plugin).is_some() {
                        return Done::Fetched(Ok(None));
                    }
                    let obtained = called_off.run_until_cancelled(terms.catalogue.obtain(&plugin)).await;
                    Done::Fetched(obtained.unwrap_or_else(|| Err("it was called off".to_owned())).map(Some))
                });
            }
            Action::Start(generation) => self.start(generation, self.fetched.clone()),
            Action::StartFormer(generation) => self.start(generation, self.former.clone()),
            Action::Ping(generation) => {
                let deadline = HEALTH_DEADLINE.min(self.policy.health_interval);
                self.order_of_process(generation, async move |process| Done::Checked(process.check(deadline).await));
            }
            Action::Kill(generation) => {
                let verdict = match &self.state.phase {
                    Phase::Draining { reason: Some(reason), .. } => format!("{reason}, and was killed"),
                    _ => "killed by the host".to_owned(),
                };
                self.order_of_process(generation, async move |process| Done::Gone(process.kill(verdict).await));
            }
            Action::Dismiss(generation) => {
                self.order_of_process(generation, async move |process| Done::Gone(process.plugin.stop().await));
            }
            Action::Retire(generation) => self.retire(generation),
            Action::CallOff(generation) => {
                if let Some(Work { outcome, call_off }) = self.works.remove(&generation) {
                    call_off.cancel();
                    // A process that is starting is waited for, so that nothing is left when the host has stopped.
                    self.leftovers.spawn(async move {
                        if let Done::Started(Ok(process)) = outcome.await {
                            process.plugin.stop().await;
                        }
                    });
                }
            }
            Action::GiveUp(reason) => self.parts.give_up(&reason),
        }
    }

    fn start(&mut self, generation: Generation, executable: Option<Executable>) {
        let (parts, plugin, wake) = (self.parts.clone(), self.plugin.clone(), self.wishes.wake.clone());
        let is_candidate = self.state.candidate.is_some_and(|candidate| candidate.generation == generation);
        if let Some(attached) = self.parts.terms().catalogue.attached(&plugin).cloned() {
            (attached.waiting)();
            return self.order(generation, async move |called_off| {
                let process = called_off.run_until_cancelled(running::attach(&plugin, attached, wake)).await;
                let called_off = || Err(NotStarted::because("it was called off".to_owned()));
                Done::Started(process.unwrap_or_else(called_off).map(Box::new))
            });
        }
        self.order(generation, async move |called_off| {
            let Some(executable) = executable else {
                let reason = format!("the plugin `{}` was not fetched", plugin.name());
                return Done::Started(Err(NotStarted::because(reason)));
            };
            let process = match running::start(&parts, &plugin, executable, wake, &called_off).await {
                Ok(process) if is_candidate => well(process, &plugin, &called_off).await,
                started => started,
            };
            Done::Started(process.map(Box::new))
        });
    }

    /// Another one serves: this one is looked after aside until it is gone.
    fn retire(&mut self, generation: Generation) {
        let Some(process) = self.processes.remove(&generation) else { return };
        self.works.remove(&generation);
        let (parts, plugin, hurry) = (self.parts.clone(), self.plugin.clone(), self.unneeded.clone());
        let (patience, interval) = (parts.terms().settings.call_timeout, self.policy.health_interval);
        self.leftovers.spawn(async move {
            let Some(exit) = process.retire(patience, interval, &hurry).await else { return };
            tracing::warn!(plugin = plugin.name(), %exit, "a plugin that had been replaced ended before its calls did");
            (parts.observer)(PluginEvent::Ended { plugin, how: exit.to_string(), output: exit.output });
        });
    }

    fn order<F>(&mut self, generation: Generation, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Done> + Send + 'static,
    {
        let call_off = CancellationToken::new();
        let outcome = Box::pin(work(call_off.clone()));
        self.works.insert(generation, Work { outcome, call_off });
    }

    /// Nothing is done about a process that is gone: its end was or will be reported.
    fn order_of_process<F>(&mut self, generation: Generation, work: impl FnOnce(Arc<Running>) -> F)
    where
        F: Future<Output = Done> + Send + 'static,
    {
        if let Some(process) = self.processes.get(&generation).cloned() {
            self.order(generation, |_| work(process));
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
                tracing::error!(plugin, restarts, threshold, "{reason}; it is not started again by itself");
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
        let access = match self.state.offer() {
            Offer::Ask => Access::Ask,
            Offer::Serve(generation) => match self.processes.get(&generation) {
                Some(process) => Access::Serve(process.clone()),
                None => Access::Wait,
            },
            Offer::Wait => Access::Wait,
            Offer::Refuse { retry } => {
                let reason = reason.clone().unwrap_or_default();
                match &self.state.phase {
                    Phase::Unavailable { .. } => Access::Refuse(Refusal::Unknown(reason), retry),
                    _ => Access::Refuse(Refusal::Down(reason), retry),
                }
            }
        };
        let process = self.processes.get(&self.state.generation);
        let executable = process.map_or(self.fetched.as_ref(), |process| process.executable.as_ref());
        let state = PluginState {
            status: status(&self.state.phase),
            reason,
            restarts: self.state.restarts,
            threshold: self.policy.restart.threshold,
            last_restart: self.state.last_restart.and_then(|at| SystemTime::now().checked_sub(at.elapsed())),
            generation: self.state.generation,
            pid: process.and_then(|process| process.plugin.id()),
            version: executable.and_then(|executable| executable.version.clone()),
            since: process.map(|process| process.since),
            candidate: self.state.candidate.is_some(),
            failure: self.failure.clone(),
            // Whoever waits and whoever is in it is counted where they do so.
            ..PluginState::default()
        };
        self.view.send_modify(|view| *view = View { serial: view.serial + 1, access, state });
    }

    fn deactivated(&self, reason: &str) -> String {
        format!(
            "{reason}; it was started again {} times, as often as plugins.restartPolicy.threshold allows, and is deactivated; \
             `restart executor {}` starts it again",
            self.state.restarts,
            self.plugin.name()
        )
    }
}

/// What holds for the plugin now.
fn policy(parts: &Parts, plugin: &PluginRef) -> Policy {
    let terms = parts.terms();
    Policy {
        restart: terms.settings.restart_policy,
        health_interval: terms.settings.health_check_interval,
        attached: terms.catalogue.attached(plugin).is_some(),
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

/// The first of these that comes to its end, which must not be asked again.
async fn work(works: &mut BTreeMap<Generation, Work>) -> (Generation, Done) {
    future::poll_fn(|context| {
        for (generation, work) in works.iter_mut() {
            if let Poll::Ready(done) = work.outcome.as_mut().poll(context) {
                return Poll::Ready((*generation, done));
            }
        }
        Poll::Pending
    })
    .await
}

/// A process that has shown that it is well, and may take another's place.
async fn well(process: Running, plugin: &PluginRef, called_off: &CancellationToken) -> Result<Running, NotStarted> {
    let reason = match called_off.run_until_cancelled(process.prove(FIRST_HEALTH_DEADLINE)).await {
        Some(Ok(())) => return Ok(process),
        Some(Err(reason)) => reason,
        None => "it was called off".to_owned(),
    };
    let exit = process.plugin.stop().await;
    let how = if exit.killed { String::new() } else { format!(" ({exit})") };
    let reason = format!("the plugin `{}` started, but {reason}{how}", plugin.name());
    Err(NotStarted { reason, output: exit.output })
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => time::sleep_until(time.into()).await,
        None => future::pending().await,
    }
}

#[cfg(test)]
mod tests;
