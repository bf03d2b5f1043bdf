//! The table of a plugin's life under events in any order: what must hold whatever happens.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};

use super::*;

/// Something that happens in the world of the property.
#[derive(Clone, Debug)]
enum Happens {
    Wanted,
    Keep,
    /// Where it serves, a call goes to it.
    Call,
    Replace,
    /// The threshold and the health interval are others now.
    Adapt(u32, u64),
    Pardon,
    Pass(u64),
    /// One of the orders under way comes to its end, well or not.
    Done(usize, bool),
    Dies,
    Suspected,
    Broken,
    /// A report about some process long gone, or some attempt that was called off.
    Late(u64, u8),
    Stop,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        5 => Just(Happens::Wanted),
        1 => Just(Happens::Keep),
        4 => Just(Happens::Call),
        3 => Just(Happens::Replace),
        1 => (0_u32..4, 1_u64..60).prop_map(|(threshold, interval)| Happens::Adapt(threshold, interval)),
        1 => Just(Happens::Pardon),
        4 => (0_u64..700_000).prop_map(Happens::Pass),
        12 => (any::<usize>(), any::<bool>()).prop_map(|(which, well)| Happens::Done(which, well)),
        3 => Just(Happens::Dies),
        2 => Just(Happens::Suspected),
        1 => Just(Happens::Broken),
        2 => (any::<u64>(), any::<u8>()).prop_map(|(back, report)| Happens::Late(back, report)),
        1 => Just(Happens::Stop),
    ]
}

/// What is really there: orders under way, processes, those of them that retired, and people who wait or have calls in one.
struct World {
    life: Life,
    orders: Vec<Action>,
    alive: BTreeSet<Generation>,
    retired: BTreeSet<Generation>,
    waiting: usize,
    /// In which processes there are calls.
    calls: BTreeSet<Generation>,
    /// The highest threshold there was.
    threshold: u32,
}

impl World {
    fn new(policy: Policy) -> Self {
        let threshold = policy.restart.threshold;
        let life = Life { policy, ..Life::new() };
        let (alive, retired, calls) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { life, orders: Vec::new(), alive, retired, waiting: 0, calls, threshold }
    }

    fn happen(&mut self, what: Happens) {
        let generation = self.life.state.generation;
        match what {
            Happens::Wanted => {
                self.waiting += 1;
                self.take(Event::Wanted);
            }
            Happens::Keep => self.take(Event::Keep),
            Happens::Call => {
                if let Offer::Serve(process) = self.life.state.offer() {
                    self.calls.insert(process);
                }
            }
            Happens::Replace => self.take(Event::Replace),
            Happens::Adapt(threshold, interval) => {
                self.threshold = self.threshold.max(threshold);
                self.life.policy.restart.threshold = threshold;
                self.life.policy.health_interval = Duration::from_secs(interval);
                self.take(Event::Adapt);
            }
            Happens::Pardon => self.take(Event::Pardon),
            Happens::Pass(millis) => {
                self.life.pass(Duration::from_millis(millis));
                self.take(Event::Tick);
            }
            Happens::Done(which, well) if !self.orders.is_empty() => {
                let order = self.orders.swap_remove(which % self.orders.len());
                self.done(order, well);
            }
            Happens::Done(..) => {}
            Happens::Dies => {
                if let Some(process) = self.alive.first().copied() {
                    self.dies(process);
                }
            }
            Happens::Suspected => self.take(Event::Report(generation, Report::Suspect)),
            Happens::Broken => self.take(Event::Report(generation, Report::Broken("broken".into()))),
            Happens::Late(back, report) => {
                let reason = || "late".to_owned();
                let reports = [
                    Report::Fetched,
                    Report::CannotBeHad(reason()),
                    Report::Started,
                    Report::NotStarted(reason()),
                    Report::Exited { how: reason(), killed: false },
                    Report::Well(Left::Unknown),
                    unwell(reason()),
                    Report::Suspect,
                    Report::Broken(reason()),
                ];
                let state = &self.life.state;
                let about = state.newest.saturating_sub(back % 5);
                let candidate = state.candidate.map(|candidate| candidate.generation);
                if about != generation && Some(about) != candidate {
                    self.take(Event::Report(about, reports[usize::from(report) % reports.len()].clone()));
                }
            }
            Happens::Stop => self.take(Event::Stop),
        }
        self.is_sound();
    }

    /// An order comes to its end.
    fn done(&mut self, order: Action, well: bool) {
        let reason = || "because".to_owned();
        let (about, report) = match order {
            Action::Fetch(g) if well => (g, Report::Fetched),
            Action::Fetch(g) => (g, Report::CannotBeHad(reason())),
            Action::Start(g) | Action::StartFormer(g) if well => {
                self.alive.insert(g);
                (g, Report::Started)
            }
            Action::Start(g) | Action::StartFormer(g) => (g, Report::NotStarted(reason())),
            Action::Ping(g) if well => (g, Report::Well(Left::Calls(reason()))),
            Action::Ping(g) => (g, unwell(reason())),
            Action::Kill(g) | Action::Dismiss(g) => return self.dies(g),
            Action::CallOff(_) | Action::Retire(_) | Action::GiveUp(_) => return,
        };
        self.take(Event::Report(about, report));
    }

    fn dies(&mut self, process: Generation) {
        self.alive.remove(&process);
        self.calls.remove(&process);
        self.orders
            .retain(|order| !matches!(order, Action::Ping(g) | Action::Kill(g) | Action::Dismiss(g) if *g == process));
        self.take(Event::Report(process, Report::Exited { how: "it died".into(), killed: false }));
    }

    fn take(&mut self, event: Event) {
        self.life.take(event);
        for action in std::mem::take(&mut self.life.actions) {
            match action {
                Action::Start(about) | Action::StartFormer(about) => self.starts(about),
                Action::Ping(g) | Action::Kill(g) | Action::Dismiss(g) | Action::Retire(g) => {
                    assert!(self.alive.contains(&g), "{action:?} is about no process");
                }
                _ => {}
            }
            match action {
                Action::CallOff(about) => self.orders.retain(|order| self::about(order) != Some(about)),
                Action::GiveUp(_) => {}
                // Whoever owns it looks after its end.
                Action::Retire(g) => {
                    self.orders.retain(|order| self::about(order) != Some(g));
                    self.alive.remove(&g);
                    assert!(self.retired.insert(g), "{g} retires twice");
                }
                // Nobody who is being killed is asked for his health.
                Action::Kill(g) => {
                    self.orders.retain(|order| *order != Action::Ping(g));
                    self.orders.push(action);
                }
                action => self.orders.push(action),
            }
        }
        if matches!(self.life.state.offer(), Offer::Serve(_) | Offer::Refuse { .. }) {
            self.waiting = 0;
        }
    }

    /// A process is started beside no other one, unless it is to take that one's place.
    fn starts(&self, about: Generation) {
        let state = &self.life.state;
        assert!(!self.alive.contains(&about) && !self.retired.contains(&about), "{about} is started twice");
        let starting = self.orders.iter().filter(|order| matches!(order, Action::Start(_) | Action::StartFormer(_)));
        assert_eq!(starting.count(), 0, "a second process is started");
        let is_candidate = state.candidate.is_some_and(|candidate| candidate.generation == about);
        let beside = self.alive.iter().filter(|process| !self.is_being_ended(**process));
        assert!(is_candidate || beside.count() == 0, "a process is started beside another: {state:?}");
    }

    fn is_being_ended(&self, process: Generation) -> bool {
        self.orders.iter().any(|order| matches!(order, Action::Kill(g) | Action::Dismiss(g) if *g == process))
    }

    fn is_sound(&self) {
        let state = &self.life.state;
        let serving: Vec<_> = self.alive.iter().filter(|process| !self.is_being_ended(**process)).collect();
        assert!(serving.len() <= 1, "two processes serve: {serving:?}");
        assert!(state.restarts <= self.threshold, "{state:?}");
        match state.offer() {
            Offer::Serve(g) => assert!(self.alive.contains(&g), "nobody serves: {state:?}"),
            Offer::Wait => assert!(!self.orders.is_empty(), "nothing to wait for: {state:?}"),
            Offer::Ask => assert_eq!(self.waiting, 0, "somebody is forgotten: {state:?}"),
            Offer::Refuse { .. } => {}
        }
        self.has_a_way_on();
        // Whoever owns one that retired looks after the calls in it.
        let is_held = |process: &Generation| self.alive.contains(process) || self.retired.contains(process);
        assert!(self.calls.iter().all(is_held), "a call is in no process: {state:?}");
        for process in &self.alive {
            let held = matches!(state.phase, Phase::Ready(_)) && state.generation == *process;
            assert!(held || self.is_being_ended(*process), "the process {process} is lost: {state:?}");
        }
        if let Some(candidate) = state.candidate {
            let order = self.orders.iter().find(|order| about(order) == Some(candidate.generation));
            assert!(order.is_some(), "a candidate has no end: {state:?}");
        }
        for order in &self.orders {
            let about = about(order).expect("an order is about a process");
            let candidate = state.candidate.map(|candidate| candidate.generation);
            let known = about == state.generation || Some(about) == candidate || self.is_being_ended(about);
            assert!(known, "{order:?} ends and nobody listens: {state:?}");
        }
    }

    /// One that is to run is on its way to that, or says why not.
    fn has_a_way_on(&self) {
        let state = &self.life.state;
        let reason = match &state.phase {
            Phase::BackingOff { reason, .. } | Phase::Unavailable { reason, .. } | Phase::Deactivated { reason } => {
                reason
            }
            Phase::Draining { reason: Some(reason), .. } => reason,
            Phase::Absent => return assert!(!state.kept, "nothing starts one that is kept: {state:?}"),
            Phase::Stopped | Phase::Draining { reason: None, .. } => return,
            Phase::Fetching | Phase::Starting | Phase::Ready(_) => {
                let moves = !self.orders.is_empty() || state.wake().is_some();
                return assert!(moves, "nothing happens to it any more: {state:?}");
            }
        };
        assert!(!reason.is_empty(), "it is refused without words: {state:?}");
        let waits = matches!(state.phase, Phase::BackingOff { .. } | Phase::Unavailable { .. });
        assert!(!(waits && state.kept) || state.wake().is_some(), "nothing starts one that is kept: {state:?}");
    }

    /// From now on nothing works: what begins fails, and what runs answers nothing. Everything that was ordered comes to its
    /// end, and time passes, until nobody is in it or waits for it.
    fn freezes(&mut self) {
        for _ in 0..200 {
            let serving: Vec<_> = self.calls.intersection(&self.alive).collect();
            if serving.is_empty() && self.waiting == 0 {
                return;
            }
            match self.orders.is_empty() {
                false => self.happen(Happens::Done(0, false)),
                true => {
                    let wake = self.life.state.wake().expect("a call is in it and nothing happens any more");
                    self.life.now = self.life.now.max(wake);
                    self.take(Event::Tick);
                    self.is_sound();
                }
            }
        }
        panic!("a call has no end: {:?}", self.life.state);
    }

    /// Lets everything under way come to its end.
    fn settle(&mut self, outcomes: &[bool]) {
        for well in outcomes {
            self.happen(Happens::Done(0, *well));
        }
    }
}

/// Which process an order is about.
fn about(order: &Action) -> Option<Generation> {
    match order {
        Action::Fetch(g) | Action::Start(g) | Action::StartFormer(g) | Action::Ping(g) => Some(*g),
        Action::Kill(g) | Action::Dismiss(g) | Action::Retire(g) | Action::CallOff(g) => Some(*g),
        Action::GiveUp(_) => None,
    }
}

proptest! {
    #[test]
    fn no_events_lead_to_two_serving_processes_a_lost_one_or_a_call_without_an_end(
        gives_up in any::<bool>(),
        threshold in 0_u32..4,
        events in vec(happens(), 0..80),
        outcomes in vec(any::<bool>(), 12),
    ) {
        let at_threshold = if gives_up { AtThreshold::RestartAgent } else { AtThreshold::DeactivatePlugin };
        let mut world = World::new(policy(at_threshold, threshold));
        for event in events {
            world.happen(event);
        }
        world.settle(&outcomes);
        prop_assert_eq!(world.waiting, 0);
        world.happen(Happens::Stop);
        world.settle(&outcomes);
        prop_assert_eq!(&world.life.state.phase, &Phase::Stopped);
        prop_assert!(world.alive.is_empty());
    }

    #[test]
    fn after_whatever_events_a_plugin_that_freezes_leaves_no_call_without_an_end(
        threshold in 0_u32..4,
        events in vec(happens(), 0..80),
    ) {
        let mut world = World::new(policy(AtThreshold::DeactivatePlugin, threshold));
        for event in events {
            world.happen(event);
        }
        world.happen(Happens::Call);
        world.freezes();
    }
}
