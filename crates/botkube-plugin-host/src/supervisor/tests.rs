//! The table of a plugin's life, step by step under a clock of the test's.

mod any_order;
mod health;
mod others;
mod table;

use super::*;

const INTERVAL: Duration = Duration::from_secs(10);

fn policy(at_threshold: AtThreshold, threshold: u32) -> Policy {
    Policy { restart: RestartPolicy { at_threshold, threshold }, health_interval: INTERVAL, attached: false }
}

fn unwell(reason: impl Into<String>) -> Report {
    Report::Unwell { reason: reason.into(), alone: true }
}

/// A plugin and a clock.
struct Life {
    state: State,
    now: Instant,
    policy: Policy,
    actions: Vec<Action>,
}

impl Life {
    fn new() -> Self {
        let policy = policy(AtThreshold::DeactivatePlugin, 10);
        Self { state: State::default(), now: Instant::now(), policy, actions: Vec::new() }
    }

    /// One that is kept running, and runs.
    fn ready() -> Self {
        let mut life = Self::new();
        life.take(Event::Keep);
        life.report(Report::Fetched);
        life.report(Report::Started);
        life
    }

    fn with(mut self, at_threshold: AtThreshold, threshold: u32) -> Self {
        self.policy = policy(at_threshold, threshold);
        self
    }

    fn take(&mut self, event: Event) {
        (self.state, self.actions) = step(self.state.clone(), event, self.now, &self.policy);
    }

    fn report(&mut self, report: Report) {
        self.take(Event::Report(self.state.generation, report));
    }

    fn dies(&mut self) {
        self.report(Report::Exited { how: "exit code 1".into(), killed: false });
    }

    fn is_gone(&mut self) {
        self.report(Report::Exited { how: "killed by the host".into(), killed: true });
    }

    fn misses(&mut self) {
        self.take(Event::Tick);
        self.report(unwell("no answer"));
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// How long it is until it is started again; it is, then.
    #[track_caller]
    fn pause(&mut self) -> Duration {
        let Phase::BackingOff { until, .. } = self.state.phase else { panic!("{:?}", self.state) };
        let pause = until - self.now;
        assert_eq!(self.state.wake(), Some(until));
        self.now = until;
        self.take(Event::Tick);
        self.restarts_at_once();
        pause
    }

    #[track_caller]
    fn restarts_at_once(&mut self) {
        assert_eq!(self.actions, [Action::Fetch(self.state.generation)], "{:?}", self.state);
        self.report(Report::Fetched);
        assert_eq!(self.actions, [Action::Start(self.state.generation)], "{:?}", self.state);
        self.report(Report::Started);
    }
}

#[test]
fn nothing_is_done_until_somebody_wants_it() {
    assert_eq!((Life::new().state.offer(), Life::new().state.wake()), (Offer::Ask, None));
}

#[test]
fn who_wants_it_waits_until_it_is_fetched_and_started() {
    let mut life = Life::new();
    life.take(Event::Wanted);
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Fetch(1)][..], Offer::Wait));
    life.report(Report::Fetched);
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Start(1)][..], Offer::Wait));
    life.report(Report::Started);
    assert_eq!(life.state.offer(), Offer::Serve(1));
}

#[test]
fn one_that_dies_is_fetched_and_started_again_at_once() {
    let mut life = Life::ready();
    life.dies();
    life.restarts_at_once();
    assert_eq!((life.state.restarts, life.state.last_restart), (1, Some(life.now)));
}

#[test]
fn one_that_dies_and_is_not_kept_is_started_by_the_next_who_wants_it() {
    let mut life = Life::ready();
    life.state.kept = false;
    life.dies();
    assert_eq!((&life.actions[..], life.state.wake()), (&[][..], None));
    life.take(Event::Wanted);
    life.restarts_at_once();
}

#[test]
fn from_the_second_failure_in_a_row_on_the_pauses_double_up_to_four_seconds() {
    let mut life = Life::ready().with(AtThreshold::DeactivatePlugin, 100);
    life.dies();
    life.restarts_at_once();
    let pauses: Vec<u64> = (0..9)
        .map(|_| {
            life.dies();
            life.pause().as_secs()
        })
        .collect();
    assert_eq!(pauses, [1, 2, 4, 4, 4, 4, 4, 4, 4]);
}

#[test]
fn during_a_pause_it_is_refused_until_the_pause_is_over() {
    let mut life = Life::ready();
    life.dies();
    life.restarts_at_once();
    life.dies();
    life.take(Event::Wanted);
    let until = life.now + SHORTEST_PAUSE;
    assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Refuse { retry: Some(until) }));
}

#[test]
fn a_minute_of_service_ends_the_row_and_not_the_count() {
    let mut life = Life::ready();
    for _ in 0..3 {
        life.pass(STEADY);
        life.dies();
        life.restarts_at_once();
    }
    assert_eq!(life.state.restarts, 3);
}

#[test]
fn ten_minutes_of_service_end_the_count() {
    let mut life = Life::ready();
    life.dies();
    life.restarts_at_once();
    let wake = life.state.wake();
    life.take(Event::Tick);
    assert_eq!((life.state.restarts, wake), (1, Some(life.now + INTERVAL)));
    life.pass(RECOVERED);
    life.take(Event::Tick);
    assert_eq!(life.state.restarts, 0);
}

#[test]
fn ten_minutes_of_service_end_the_count_also_when_they_end_in_a_failure() {
    let mut life = Life::ready().with(AtThreshold::DeactivatePlugin, 1);
    for _ in 0..3 {
        life.pass(RECOVERED);
        life.dies();
        life.restarts_at_once();
    }
}

#[test]
fn a_start_that_fails_is_tried_again_after_a_pause_with_the_files_fetched_anew() {
    let mut life = Life::new();
    life.take(Event::Keep);
    life.report(Report::Fetched);
    life.report(Report::NotStarted("no such file".into()));
    let Phase::BackingOff { until, ref reason } = life.state.phase else { panic!("{:?}", life.state) };
    assert_eq!((until, reason.as_str()), (life.now + SHORTEST_PAUSE, "no such file"));
    life.now = until;
    life.take(Event::Tick);
    assert_eq!(life.actions, [Action::Fetch(2)]);
}

#[test]
fn at_the_threshold_it_is_deactivated_for_good() {
    let mut life = Life::ready().with(AtThreshold::DeactivatePlugin, 2);
    life.dies();
    life.restarts_at_once();
    life.dies();
    life.pause();
    life.dies();
    assert_eq!(life.state.phase, Phase::Deactivated { reason: "exit code 1".into() });
    life.pass(RECOVERED);
    life.take(Event::Wanted);
    assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Refuse { retry: None }));
}

#[test]
fn a_threshold_of_zero_allows_no_restart() {
    let mut life = Life::ready().with(AtThreshold::DeactivatePlugin, 0);
    life.dies();
    assert_eq!(life.state.phase, Phase::Deactivated { reason: "exit code 1".into() });
}

#[test]
fn at_the_threshold_the_agent_is_given_up_where_the_policy_says_so() {
    let mut life = Life::ready().with(AtThreshold::RestartAgent, 1);
    life.dies();
    life.restarts_at_once();
    life.dies();
    assert_eq!(life.actions, [Action::GiveUp("exit code 1".into())]);
}

#[test]
fn what_cannot_be_had_is_asked_for_again_by_who_wants_it_but_not_at_once() {
    let mut life = Life::new();
    for attempt in 1..9 {
        life.take(Event::Wanted);
        assert_eq!((&life.actions[..], life.state.restarts), (&[Action::Fetch(attempt)][..], 0));
        life.report(Report::CannotBeHad("404".into()));
        life.take(Event::Wanted);
        assert_eq!((&life.actions[..], life.state.wake()), (&[][..], None));
        assert_eq!(life.state.offer(), Offer::Refuse { retry: Some(life.now + RETRY) });
        life.pass(RETRY);
    }
}

/// How long it is until one that is kept and cannot be had is tried again by itself; it is, then.
#[track_caller]
fn retry(life: &mut Life) -> u64 {
    life.report(Report::CannotBeHad("404".into()));
    let again = life.state.wake().expect("it is tried again");
    let pause = again - life.now;
    life.take(Event::Tick);
    assert_eq!(life.actions, []);
    life.now = again;
    life.take(Event::Tick);
    assert_eq!(life.actions, [Action::Fetch(life.state.generation)]);
    pause.as_secs()
}

#[test]
fn one_that_is_kept_and_cannot_be_had_is_tried_again_by_itself_after_pauses_that_double_up_to_five_minutes() {
    let mut life = Life::new();
    life.take(Event::Keep);
    let pauses: Vec<u64> = (0..8).map(|_| retry(&mut life)).collect();
    assert_eq!((pauses, life.state.restarts), (vec![4, 8, 16, 32, 64, 128, 256, 300], 0));
}

#[test]
fn a_fetch_that_succeeds_makes_the_next_such_pause_short_again() {
    let mut life = Life::new();
    life.take(Event::Keep);
    retry(&mut life);
    life.report(Report::Fetched);
    life.report(Report::Started);
    life.dies();
    assert_eq!(retry(&mut life), 4);
}

#[test]
fn a_command_need_not_wait_for_one_that_is_kept_to_be_tried_again_by_itself() {
    let mut life = Life::new();
    life.take(Event::Keep);
    retry(&mut life);
    life.report(Report::CannotBeHad("404".into()));
    life.pass(RETRY);
    life.take(Event::Wanted);
    assert_eq!(life.actions, [Action::Fetch(3)]);
}

#[test]
fn it_is_asked_whether_it_is_well_every_interval() {
    let mut life = Life::ready();
    for _ in 0..3 {
        assert_eq!(life.state.wake(), Some(life.now + INTERVAL));
        life.pass(INTERVAL);
        life.take(Event::Tick);
        assert_eq!(life.actions, [Action::Ping(1)]);
        life.report(Report::Well(Left::Unknown));
    }
}

#[test]
fn one_missed_health_check_changes_nothing() {
    let mut life = Life::ready();
    life.pass(INTERVAL);
    life.misses();
    assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Serve(1)));
}

#[test]
fn two_missed_in_a_row_end_it_and_it_is_started_again_when_it_is_gone() {
    let mut life = Life::ready();
    for _ in 0..2 {
        life.pass(INTERVAL);
        life.misses();
    }
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Kill(1)][..], Offer::Wait));
    life.dies();
    life.restarts_at_once();
}

#[test]
fn two_missed_with_a_good_one_between_change_nothing() {
    let mut life = Life::ready();
    for _ in 0..3 {
        life.pass(INTERVAL);
        life.misses();
        assert_eq!(life.state.offer(), Offer::Serve(1));
        life.pass(INTERVAL);
        life.take(Event::Tick);
        life.report(Report::Well(Left::Unknown));
    }
}

#[test]
fn one_under_suspicion_is_asked_at_once_and_serves_nobody_until_it_answers() {
    let mut life = Life::ready();
    life.report(Report::Suspect);
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Ping(1)][..], Offer::Wait));
    life.report(Report::Well(Left::Unknown));
    assert_eq!(life.state.offer(), Offer::Serve(1));
}

#[test]
fn one_under_suspicion_may_miss_no_health_check() {
    let mut life = Life::ready();
    life.report(Report::Suspect);
    life.report(unwell("no answer"));
    assert_eq!(life.actions, [Action::Kill(1)]);
}

#[test]
fn one_under_suspicion_is_not_ended_while_other_calls_are_in_it_unless_it_misses_two() {
    let mut life = Life::ready();
    life.report(Report::Suspect);
    let missed = Report::Unwell { reason: "no answer".into(), alone: false };
    life.report(missed.clone());
    assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Wait));
    life.pass(INTERVAL);
    life.take(Event::Tick);
    life.report(missed);
    assert_eq!(life.actions, [Action::Kill(1)]);
}

#[test]
fn a_health_check_from_before_the_suspicion_is_followed_by_one_that_counts() {
    let mut life = Life::ready();
    life.pass(INTERVAL);
    life.take(Event::Tick);
    life.report(Report::Suspect);
    assert_eq!(life.actions, []);
    life.report(unwell("no answer"));
    assert_eq!(life.actions, [Action::Ping(1)]);
    life.report(Report::Well(Left::Nothing));
    assert_eq!(life.state.offer(), Offer::Serve(1));
}

/// What is done about one that answers, says this of a call given up so long ago, and was asked when that was due.
#[track_caller]
fn check_left(left: Left, after: Duration, expected: &[Action]) {
    let mut life = Life::ready();
    life.report(Report::Suspect);
    life.report(Report::Well(Left::Calls("it goes on".into())));
    assert_eq!((&life.actions[..], life.state.wake()), (&[][..], Some(life.now + ENDING)));
    life.pass(after);
    life.take(Event::Tick);
    life.report(Report::Well(left));
    assert_eq!(life.actions, expected);
}

#[test]
fn one_that_goes_on_with_a_call_given_up_is_ended_when_the_grace_is_over() {
    let left = || Left::Calls("it goes on".into());
    check_left(left(), ENDING, &[Action::Kill(1)]);
    check_left(left(), ENDING - Duration::from_millis(1), &[]);
    check_left(Left::Nothing, ENDING, &[]);
    check_left(Left::Unknown, ENDING, &[]);
}

#[test]
fn a_call_given_up_that_ended_is_not_asked_for_again() {
    let mut life = Life::ready();
    life.report(Report::Suspect);
    life.report(Report::Well(Left::Nothing));
    assert_eq!(life.state.wake(), Some(life.now + INTERVAL));
    life.pass(INTERVAL);
    life.take(Event::Tick);
    // A call that was given up a moment ago: its own grace begins when that is noticed.
    life.report(Report::Well(Left::Calls("it goes on".into())));
    assert_eq!(life.actions, []);
}

#[test]
fn one_that_is_not_kept_is_replaced_for_who_waits_for_it() {
    let mut life = Life::ready();
    life.state.kept = false;
    life.report(Report::Suspect);
    life.take(Event::Wanted);
    life.report(unwell("no answer"));
    life.dies();
    life.restarts_at_once();
}

#[test]
fn one_whose_connection_broke_is_ended() {
    let mut life = Life::ready();
    life.report(Report::Broken("gone".into()));
    assert_eq!(life.actions, [Action::Kill(1)]);
}

#[track_caller]
fn check_reason_of_a_broken_one(end: impl Fn(&mut Life), expected: &str) {
    let mut life = Life::ready().with(AtThreshold::DeactivatePlugin, 0);
    life.report(Report::Broken("broke its connection".into()));
    end(&mut life);
    assert_eq!(life.state.phase, Phase::Deactivated { reason: expected.into() });
}

#[test]
fn the_reason_is_why_it_was_killed_unless_it_ended_by_itself() {
    check_reason_of_a_broken_one(Life::is_gone, "broke its connection");
    check_reason_of_a_broken_one(Life::dies, "exit code 1");
}

#[test]
fn a_report_about_an_earlier_process_is_ignored() {
    let mut life = Life::ready();
    life.dies();
    life.restarts_at_once();
    let before = life.state.clone();
    for report in [Report::Exited { how: "late".into(), killed: false }, unwell("late"), Report::Broken("late".into())]
    {
        life.take(Event::Report(1, report));
        assert_eq!((&life.state, &life.actions[..]), (&before, &[][..]));
    }
}

#[test]
fn a_stop_calls_off_what_was_begun() {
    let mut life = Life::new();
    life.take(Event::Wanted);
    life.take(Event::Stop);
    assert_eq!((&life.actions[..], &life.state.phase), (&[Action::CallOff(1)][..], &Phase::Stopped));
}
