//! The life of one plugin as a pure function: what happened and when goes in, the next state and what to do about it come
//! out. It must not know processes, tasks, or what time it is. All steps are in this one file, however long, since each is to
//! be read beside the others; docs/plugin-states.md has them as tables.
//!
//! ```text
//! absent ── wanted ──→ fetching ── fetched ──→ starting ── started ──→ ready ⇄ suspect
//!                         │                       │                      │
//!                  cannot be had             not started          ended, or unwell → draining → ended
//!                         ↓                       ↓                      ↓
//!                    unavailable              backing off, or at once fetching again, or deactivated
//! ```
//!
//! A plugin that serves is replaced beside that:
//!
//! ```text
//! candidate:   fetching ── fetched ──→ starting ── started ──→ it serves, and the former one retires
//!                 │                       │
//!          cannot be had             not started           the former one stays
//!
//! the former one ended first:   the candidate goes on as the plugin itself, from where it is
//! ```
//!
//! * There is one plugin that serves, is on its way to, or is ended, and at most one candidate. Whoever retires is the owner's
//!   affair until it is gone: it gets no new calls.
//! * A replacement ends an earlier one that has not come to its end, and forgets what failed before. A plugin that does not
//!   serve is begun anew by it: out of every phase but the host's own end.
//! * After a candidate that failed, the former one is started again from its own files if it ends; should that fail too, the
//!   next start begins with a fetch as ever.
//! * A plugin that somebody else starts is waited for: it is not asked for its health, and its ends are no failures.
//!
//! * Every start begins with a fetch, which only looks at the files where they are there.
//! * A process that served and ended is started again at once, or for the next command where nothing keeps it running; from
//!   the second failure in a row on there is a pause of 1 s, 2 s, 4 s, 4 s …. A start that failed counts as a failure and is
//!   always followed by a pause.
//! * A process that served for [`STEADY`] ends the row; one that served for [`RECOVERED`] also sets the number of restarts
//!   back to zero.
//! * A plugin that cannot be had is tried again by a command after 4 s, and by itself, where it is kept running, after 4 s,
//!   8 s, 16 s … 5 min. That is no failure.
//! * Health checks begin an interval apart. Two missed in a row mean that the process is killed, two intervals and one deadline
//!   after it froze at the latest. So does one that began after a call was given up, and a given-up call that has not ended
//!   after [`ENDING`], unless other calls are in the process.

use std::time::{Duration, Instant};

use botkube_config::model::{AtThreshold, RestartPolicy};

/// How long a process serves until its next failure is the first of a row again.
pub(crate) const STEADY: Duration = Duration::from_secs(60);
/// How long a process serves until earlier restarts no longer count.
pub(crate) const RECOVERED: Duration = Duration::from_secs(10 * 60);
/// How long a plugin that cannot be had is not asked for again, whoever wants it.
const RETRY: Duration = Duration::from_secs(4);
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);
/// How many health checks in a row a plugin may not miss.
pub(crate) const MISSES: u32 = 2;
/// How long a call that was given up may take to end: the SDK gives its author 2 s.
const ENDING: Duration = Duration::from_millis(2500);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// What failed may be mended at any time, and is to be noticed soon; how often it may fail is bounded anyway.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Counts processes of one plugin. Every order and every report names the process it is about.
pub(crate) type Generation = u64;

/// What the configuration says about plugins that fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) restart: RestartPolicy,
    /// The time between two health checks.
    pub(crate) health_interval: Duration,
    /// Somebody else starts it.
    pub(crate) attached: bool,
}

/// Where one plugin is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// The process that serves, or the last one that did, or the attempt at one.
    pub(crate) generation: Generation,
    /// What is to take its place.
    pub(crate) candidate: Option<Candidate>,
    /// The newest process or attempt at one.
    newest: Generation,
    /// How often it was started again, as far as it still counts.
    pub(crate) restarts: u32,
    /// When that was last.
    pub(crate) last_restart: Option<Instant>,
    /// It is kept running, whether or not anybody asks for it.
    pub(crate) kept: bool,
    /// Somebody waits for it.
    wanted: bool,
    /// How many failures came one after the other.
    failures: u32,
    /// How often in a row it could not be had.
    refusals: u32,
    /// What is under way was to replace a process, which ended before.
    pub(crate) promoted: bool,
    /// The newest files are no good: those which the last process had are started.
    distrusted: bool,
}

/// What is to take the place of a process that serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) generation: Generation,
    pub(crate) progress: Progress,
}

/// How far a candidate is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Progress {
    Fetching,
    Starting,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    #[default]
    Absent,
    Fetching,
    Starting,
    Ready(Ready),
    /// It was told to go.
    Draining {
        served: Instant,
        /// Why, unless the whole host stops.
        reason: Option<String>,
    },
    BackingOff {
        until: Instant,
        reason: String,
    },
    Deactivated {
        reason: String,
    },
    Unavailable {
        /// When a command may try again.
        until: Instant,
        /// When it is tried again without one, if it is kept running.
        again: Instant,
        reason: String,
    },
    Stopped,
}

/// A process that answers, as far as is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ready {
    since: Instant,
    /// When to ask whether it is well; `None` while it is being asked.
    check: Option<Instant>,
    /// When it was asked last, or began to serve.
    asked: Instant,
    /// Health checks missed in a row.
    misses: u32,
    /// Whether it answers at all.
    doubt: Doubt,
    /// A call was given up, which is to have ended by then.
    ending: Option<Instant>,
}

/// Whether a process answers at all.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doubt {
    /// There is no reason to think that it does not.
    None,
    /// A call was given up while it was asked how it is: perhaps it is slow, perhaps frozen.
    Late,
    /// A call was given up, and then it was asked.
    Asked,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// A command needs it.
    Wanted,
    /// It is to run from now on.
    Keep,
    /// Its files may be others now.
    Replace,
    /// The policy is another one than before.
    Adapt,
    /// What it was deactivated for may not be so any more.
    Pardon,
    /// Time passed.
    Tick,
    /// Nobody needs it any more, for example because the host stops.
    Stop,
    /// Something happened to this process, or to the attempt at it.
    Report(Generation, Report),
}

/// What happened to a process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Report {
    Fetched,
    CannotBeHad(String),
    Started,
    NotStarted(String),
    /// It ended.
    Exited {
        how: String,
        /// Because it was told to, and not by itself.
        killed: bool,
    },
    /// It answered a health check, and what it works on although nobody waits for that.
    Well(Left),
    /// It missed a health check.
    Unwell {
        reason: String,
        /// No call is in it.
        alone: bool,
    },
    /// A call to it was given up.
    Suspect,
    /// It cannot be talked to any more.
    Broken(String),
}

/// What a process works on although nobody waits for that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Left {
    /// It does not say, or calls are in it for which somebody waits.
    Unknown,
    Nothing,
    /// Calls that were given up, in words.
    Calls(String),
}

/// What to do. Everything but `CallOff`, `Retire` and `GiveUp` ends with a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Fetch(Generation),
    Start(Generation),
    /// Start it from the files that the last process had.
    StartFormer(Generation),
    Ping(Generation),
    /// Let it end what it has, then end it: another one serves.
    Retire(Generation),
    /// End it now.
    Kill(Generation),
    /// Ask it to leave, then end it.
    Dismiss(Generation),
    /// Drop what was begun, and what may have come of it.
    CallOff(Generation),
    /// End the agent.
    GiveUp(String),
}

/// What somebody gets who asks for the plugin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Offer {
    /// Nothing unless he says that he wants it.
    Ask,
    /// Something is under way that will change this.
    Wait,
    /// The process of this generation.
    Serve(Generation),
    /// No. Worth asking again at `retry`, if ever.
    Refuse { retry: Option<Instant> },
}

/// One step of a plugin's life.
pub(crate) fn step(state: State, event: Event, now: Instant, policy: &Policy) -> (State, Vec<Action>) {
    let generation = state.generation;
    let candidate = state.candidate;
    match event {
        Event::Wanted => state.wanted(now),
        Event::Keep => State { kept: true, ..state }.wanted(now),
        Event::Replace => state.replace(now),
        Event::Adapt => (state.adapt(now, policy), Vec::new()),
        Event::Pardon if matches!(state.phase, Phase::Deactivated { .. }) => state.replace(now),
        Event::Pardon => (state, Vec::new()),
        Event::Tick => state.tick(now),
        Event::Stop => state.stop(),
        Event::Report(about, report) if about == generation => state.report(report, now, policy),
        Event::Report(about, report) => match candidate {
            Some(candidate) if candidate.generation == about => state.candidacy(candidate, report, now, policy),
            _ => (state, Vec::new()),
        },
    }
}

impl Policy {
    /// When to ask one again that was asked then: answers that are late put off no question.
    fn next_check(&self, asked: Instant) -> Option<Instant> {
        (!self.attached).then(|| asked + self.health_interval)
    }
}

impl Ready {
    /// When to ask it again: when an interval is over, or a call is to have ended that was given up.
    fn next_check(&self, now: Instant, policy: &Policy) -> Option<Instant> {
        policy.next_check(self.asked).into_iter().chain(self.ending.filter(|end| *end > now)).min()
    }
}

impl State {
    /// What somebody gets who asks for the plugin now.
    pub(crate) fn offer(&self) -> Offer {
        match &self.phase {
            Phase::Absent => Offer::Ask,
            Phase::Ready(ready) if ready.doubt == Doubt::None => Offer::Serve(self.generation),
            Phase::Draining { reason: Some(_), .. } | Phase::Fetching | Phase::Starting | Phase::Ready(_) => {
                Offer::Wait
            }
            Phase::BackingOff { until, .. } | Phase::Unavailable { until, .. } => Offer::Refuse { retry: Some(*until) },
            Phase::Deactivated { .. } | Phase::Draining { reason: None, .. } | Phase::Stopped => {
                Offer::Refuse { retry: None }
            }
        }
    }

    /// When a [`Event::Tick`] is due.
    pub(crate) fn wake(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Ready(ready) => {
                let recovered = (self.restarts > 0).then(|| ready.since + RECOVERED);
                ready.check.into_iter().chain(recovered).min()
            }
            Phase::BackingOff { until: again, .. } | Phase::Unavailable { again, .. } if self.kept => Some(*again),
            _ => None,
        }
    }

    fn wanted(mut self, now: Instant) -> (Self, Vec<Action>) {
        match self.phase {
            Phase::Absent => self.begin(now),
            Phase::BackingOff { until, .. } | Phase::Unavailable { until, .. } if until <= now => self.begin(now),
            _ => {
                self.wanted = self.offer() == Offer::Wait;
                (self, Vec::new())
            }
        }
    }

    fn tick(mut self, now: Instant) -> (Self, Vec<Action>) {
        let ready = match &mut self.phase {
            Phase::Ready(ready) => ready,
            Phase::BackingOff { until: again, .. } | Phase::Unavailable { again, .. } if self.kept && *again <= now => {
                return self.begin(now);
            }
            _ => return (self, Vec::new()),
        };
        let check = ready.check.take_if(|due| *due <= now);
        if check.is_some() {
            ready.asked = now;
        }
        if ready.since + RECOVERED <= now {
            (self.restarts, self.failures) = (0, 0);
        }
        let actions = check.map(|_| Action::Ping(self.generation)).into_iter().collect();
        (self, actions)
    }

    fn adapt(mut self, now: Instant, policy: &Policy) -> Self {
        if let Phase::Ready(ready) = &mut self.phase
            && ready.check.is_some()
        {
            ready.check = ready.next_check(now, policy);
        }
        self
    }

    fn replace(mut self, now: Instant) -> (Self, Vec<Action>) {
        if matches!(self.phase, Phase::Draining { reason: None, .. } | Phase::Stopped) {
            return (self, Vec::new());
        }
        (self.restarts, self.failures, self.refusals) = (0, 0, 0);
        let mut actions = Vec::new();
        if matches!(self.phase, Phase::Ready(_) | Phase::Draining { .. }) {
            actions.extend(self.candidate.map(|earlier| Action::CallOff(earlier.generation)));
            self.newest += 1;
            let candidate = Candidate { generation: self.newest, progress: Progress::Fetching };
            self.candidate = Some(candidate);
            actions.push(Action::Fetch(candidate.generation));
            return (self, actions);
        }
        if matches!(self.phase, Phase::Fetching | Phase::Starting) {
            actions.push(Action::CallOff(self.generation));
        }
        self.distrusted = false;
        let (state, begun) = self.begin(now);
        actions.extend(begun);
        (state, actions)
    }

    /// What happened to the candidate.
    fn candidacy(mut self, candidate: Candidate, report: Report, now: Instant, policy: &Policy) -> (Self, Vec<Action>) {
        let action = match (candidate.progress, report) {
            (Progress::Fetching, Report::Fetched) => {
                self.candidate = Some(Candidate { progress: Progress::Starting, ..candidate });
                Some(Action::Start(candidate.generation))
            }
            (Progress::Starting, Report::Started) => {
                let former = std::mem::replace(&mut self.generation, candidate.generation);
                // One that is being ended needs no more orders.
                let retire = matches!(self.phase, Phase::Ready(_)).then_some(Action::Retire(former));
                (self.candidate, self.distrusted) = (None, false);
                self.serve(now, policy);
                retire
            }
            (Progress::Fetching, Report::CannotBeHad(_)) | (Progress::Starting, Report::NotStarted(_)) => {
                (self.candidate, self.distrusted) = (None, true);
                None
            }
            _ => None,
        };
        (self, action.into_iter().collect())
    }

    /// The process of this generation serves from now on.
    fn serve(&mut self, now: Instant, policy: &Policy) {
        self.wanted = false;
        let check = policy.next_check(now);
        let ready = Ready { since: now, check, asked: now, misses: 0, doubt: Doubt::None, ending: None };
        self.phase = Phase::Ready(ready);
    }

    fn stop(mut self) -> (Self, Vec<Action>) {
        let generation = self.generation;
        let candidate = self.candidate.take().map(|candidate| Action::CallOff(candidate.generation));
        let (phase, action) = match self.phase {
            Phase::Ready(Ready { since, .. }) => {
                (Phase::Draining { served: since, reason: None }, Some(Action::Dismiss(generation)))
            }
            Phase::Draining { served, .. } => (Phase::Draining { served, reason: None }, None),
            Phase::Fetching | Phase::Starting => (Phase::Stopped, Some(Action::CallOff(generation))),
            _ => (Phase::Stopped, None),
        };
        self.phase = phase;
        (self, candidate.into_iter().chain(action).collect())
    }

    fn report(mut self, report: Report, now: Instant, policy: &Policy) -> (Self, Vec<Action>) {
        let generation = self.generation;
        match (&mut self.phase, report) {
            (Phase::Fetching, Report::Fetched) => {
                self.refusals = 0;
                self.phase = Phase::Starting;
                (self, vec![Action::Start(generation)])
            }
            (Phase::Fetching, Report::CannotBeHad(_)) if self.promoted => {
                self.distrusted = true;
                self.begin(now)
            }
            (Phase::Fetching, Report::CannotBeHad(reason)) => {
                self.wanted = false;
                let pause = LONGEST_RETRY.min(RETRY * 2_u32.saturating_pow(self.refusals.min(16)));
                self.refusals = self.refusals.saturating_add(1);
                self.phase = Phase::Unavailable { until: now + RETRY, again: now + pause, reason };
                (self, Vec::new())
            }
            (Phase::Starting, Report::Started) => {
                self.serve(now, policy);
                (self, Vec::new())
            }
            (Phase::Starting, Report::NotStarted(reason)) => {
                self.distrusted = self.promoted;
                self.failed(reason, None, now, policy)
            }
            (Phase::Ready(_) | Phase::Draining { reason: Some(_), .. }, Report::Exited { .. })
                if self.candidate.is_some() =>
            {
                self.promote();
                (self, Vec::new())
            }
            (Phase::Ready(ready), Report::Exited { how, .. }) => {
                let since = ready.since;
                self.failed(how, Some(since), now, policy)
            }
            (Phase::Ready(ready), Report::Well(left)) => {
                let ending = ready.ending.filter(|_| left != Left::Nothing);
                if let (Left::Calls(reason), true) = (left, ending.is_some_and(|end| end <= now)) {
                    return self.drain(reason);
                }
                let well = Ready { misses: 0, doubt: Doubt::None, ending, ..ready.clone() };
                *ready = Ready { check: well.next_check(now, policy), ..well };
                self.wanted = false;
                (self, Vec::new())
            }
            (Phase::Ready(ready), Report::Unwell { reason, alone }) => {
                ready.misses += 1;
                ready.check = policy.next_check(ready.asked);
                if ready.misses >= MISSES || (ready.doubt == Doubt::Asked && alone) {
                    return self.drain(reason);
                }
                if ready.doubt == Doubt::Late {
                    return self.doubted(now);
                }
                (self, Vec::new())
            }
            (Phase::Ready(ready), Report::Suspect) => {
                ready.ending = Some(now + ENDING);
                self.doubted(now)
            }
            (Phase::Ready(_), Report::Broken(reason)) => self.drain(reason),
            (Phase::Draining { served, reason: Some(reason) }, Report::Exited { how, killed }) => {
                let served = *served;
                // Its own end says more than what was noticed of it before.
                let reason = if killed { std::mem::take(reason) } else { how };
                self.failed(reason, Some(served), now, policy)
            }
            (Phase::Draining { reason: None, .. }, Report::Exited { .. }) => {
                self.phase = Phase::Stopped;
                (self, Vec::new())
            }
            _ => (self, Vec::new()),
        }
    }

    /// A new attempt; there is no process by now.
    fn begin(mut self, now: Instant) -> (Self, Vec<Action>) {
        self.newest += 1;
        (self.generation, self.promoted) = (self.newest, false);
        self.wanted = true;
        if self.failures > 0 {
            self.last_restart = Some(now);
        }
        if self.distrusted {
            self.phase = Phase::Starting;
            let start = Action::StartFormer(self.generation);
            return (self, vec![start]);
        }
        // Also what was there before: its files may have changed since, and are not run unchecked.
        self.phase = Phase::Fetching;
        let fetch = Action::Fetch(self.generation);
        (self, vec![fetch])
    }

    /// What was to take the place of a process that is gone goes on as the plugin itself.
    fn promote(&mut self) {
        let Some(candidate) = self.candidate.take() else { return };
        self.generation = candidate.generation;
        (self.promoted, self.distrusted) = (true, false);
        self.phase = match candidate.progress {
            Progress::Fetching => Phase::Fetching,
            Progress::Starting => Phase::Starting,
        };
    }

    /// Asks whether it answers, or lets it answer first what it was asked before.
    fn doubted(mut self, now: Instant) -> (Self, Vec<Action>) {
        let Phase::Ready(ready) = &mut self.phase else { return (self, Vec::new()) };
        let ping = ready.check.take().map(|_| Action::Ping(self.generation));
        if ping.is_some() {
            ready.asked = now;
        }
        ready.doubt = match (&ping, ready.doubt) {
            (None, Doubt::None) => Doubt::Late,
            (None, before) => before,
            (Some(_), _) => Doubt::Asked,
        };
        (self, ping.into_iter().collect())
    }

    fn drain(mut self, reason: String) -> (Self, Vec<Action>) {
        let Phase::Ready(Ready { since, .. }) = self.phase else { return (self, Vec::new()) };
        self.phase = Phase::Draining { served: since, reason: Some(reason) };
        let kill = Action::Kill(self.generation);
        (self, vec![kill])
    }

    /// A process ended, or did not come about: what now? `served` is since when it had served.
    fn failed(mut self, reason: String, served: Option<Instant>, now: Instant, policy: &Policy) -> (Self, Vec<Action>) {
        if policy.attached && served.is_some() {
            if self.kept || self.wanted {
                return self.begin(now);
            }
            self.phase = Phase::Absent;
            return (self, Vec::new());
        }
        let lasted = served.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if lasted >= STEADY {
            self.failures = 0;
        }
        if lasted >= RECOVERED {
            self.restarts = 0;
        }
        self.failures += 1;
        if self.restarts >= policy.restart.threshold {
            self.wanted = false;
            let gives_up = policy.restart.at_threshold == AtThreshold::RestartAgent;
            let actions = gives_up.then(|| Action::GiveUp(reason.clone())).into_iter().collect();
            self.phase = Phase::Deactivated { reason };
            return (self, actions);
        }
        self.restarts += 1;
        let pause = pause(self.failures, served.is_some());
        if pause.is_zero() {
            if self.kept || self.wanted {
                return self.begin(now);
            }
            // Whoever asks next gets a new process: to be refused one that may start now would be no answer.
            self.phase = Phase::Absent;
            return (self, Vec::new());
        }
        self.wanted = false;
        self.phase = Phase::BackingOff { until: now + pause, reason };
        (self, Vec::new())
    }
}

/// How long to wait after this many failures in a row.
fn pause(failures: u32, had_served: bool) -> Duration {
    match failures {
        0 | 1 if had_served => Duration::ZERO,
        _ => LONGEST_PAUSE.min(SHORTEST_PAUSE * 2_u32.saturating_pow(failures.saturating_sub(2).min(16))),
    }
}

#[cfg(test)]
mod tests;
