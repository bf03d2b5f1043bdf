//! When one that does not answer is ended, whenever that begins and however late it answered before.

use proptest::prelude::*;

use super::*;

/// How long a check waits for its answer.
const DEADLINE: Duration = Duration::from_secs(2);

/// How long after it froze one is killed that froze so long after its start, and whose answers took so long before.
fn killed_after(froze: Duration, answering: Duration) -> Duration {
    let mut life = Life::ready();
    let froze = life.now + froze;
    loop {
        let due = life.state.wake().expect("it is asked again");
        life.now = life.now.max(due);
        life.take(Event::Tick);
        assert_eq!(life.actions, [Action::Ping(1)]);
        let answers = life.now + answering;
        if answers < froze {
            life.now = answers;
            life.report(Report::Well(Left::Unknown));
            continue;
        }
        life.pass(DEADLINE);
        life.report(unwell("no answer"));
        if life.actions == [Action::Kill(1)] {
            return life.now - froze;
        }
    }
}

proptest! {
    #[test]
    fn one_that_freezes_is_killed_within_two_intervals_and_one_deadline(
        froze in 0_u64..60_000,
        answering in 0_u64..2_000,
    ) {
        let after = killed_after(Duration::from_millis(froze), Duration::from_millis(answering));
        prop_assert!(after <= 2 * INTERVAL + DEADLINE, "{after:?}");
    }
}

#[test]
fn one_that_always_answers_in_time_is_left_alone_and_asked_every_interval() {
    let mut life = Life::ready();
    let began = life.now;
    for check in 1..20 {
        life.now = life.state.wake().unwrap();
        assert_eq!(life.now, began + check * INTERVAL);
        life.take(Event::Tick);
        life.pass(DEADLINE - Duration::from_millis(1));
        life.report(Report::Well(Left::Unknown));
        assert_eq!(life.actions, []);
    }
}

#[test]
fn one_whose_every_answer_is_late_is_killed_like_one_that_says_nothing() {
    let mut life = Life::ready();
    for expected in [&[][..], &[Action::Kill(1)]] {
        life.now = life.state.wake().unwrap();
        life.take(Event::Tick);
        life.pass(DEADLINE);
        life.report(unwell("no answer"));
        assert_eq!(life.actions, expected);
        // Its answer is not waited for any more, so it does not count.
        life.pass(Duration::from_secs(1));
    }
}

#[test]
fn the_check_after_a_missed_one_begins_one_interval_after_that_began() {
    let mut life = Life::ready();
    life.pass(INTERVAL);
    let began = life.now;
    life.take(Event::Tick);
    life.pass(DEADLINE);
    life.report(unwell("no answer"));
    assert_eq!(life.state.wake(), Some(began + INTERVAL));
}

#[test]
fn a_missed_check_that_took_longer_than_an_interval_is_followed_at_once() {
    let mut life = Life::ready();
    life.policy.health_interval = Duration::from_secs(1);
    life.take(Event::Adapt);
    life.pass(Duration::from_secs(1));
    life.take(Event::Tick);
    life.pass(DEADLINE);
    life.report(unwell("no answer"));
    assert!(life.state.wake().unwrap() <= life.now);
}

/// When it is asked next whose interval becomes this one at the middle of the one it has.
#[track_caller]
fn check_adapted(interval: Duration, asked_after: Duration) {
    let mut life = Life::ready();
    let began = life.now;
    life.pass(INTERVAL / 2);
    life.policy.health_interval = interval;
    life.take(Event::Adapt);
    assert_eq!(life.state.wake(), Some(began + asked_after));
}

#[test]
fn another_interval_counts_from_the_last_check() {
    check_adapted(INTERVAL * 3, INTERVAL * 3);
    check_adapted(INTERVAL / 4, INTERVAL / 4);
}

#[test]
fn another_policy_pardons_one_that_was_deactivated_and_nobody_else() {
    let mut deactivated = Life::ready().with(AtThreshold::DeactivatePlugin, 0);
    deactivated.dies();
    deactivated.policy.restart.threshold = 3;
    deactivated.take(Event::Pardon);
    deactivated.restarts_at_once();

    let mut pausing = Life::ready();
    pausing.dies();
    pausing.restarts_at_once();
    pausing.dies();
    for mut life in [Life::new(), Life::ready(), pausing] {
        let before = life.state.clone();
        life.take(Event::Pardon);
        assert_eq!((life.state, life.actions), (before, vec![]));
    }
}
