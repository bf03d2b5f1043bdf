//! Processes beside the one that serves: candidates that replace it, and those that somebody else starts.

use super::*;

/// One that serves, with a candidate that was fetched and starts.
fn replacing() -> Life {
    let mut life = Life::ready();
    life.take(Event::Replace);
    life.take(Event::Report(2, Report::Fetched));
    life
}

#[test]
fn one_that_serves_is_replaced_beside_it_and_retires() {
    let mut life = Life::ready();
    life.take(Event::Replace);
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Fetch(2)][..], Offer::Serve(1)));
    life.take(Event::Report(2, Report::Fetched));
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Start(2)][..], Offer::Serve(1)));
    life.take(Event::Report(2, Report::Started));
    assert_eq!((&life.actions[..], life.state.offer()), (&[Action::Retire(1)][..], Offer::Serve(2)));
}

#[test]
fn a_candidate_that_fails_leaves_the_one_that_serves_alone() {
    let mut cannot_be_had = Life::ready();
    cannot_be_had.take(Event::Replace);
    cannot_be_had.take(Event::Report(2, Report::CannotBeHad("404".into())));
    let mut not_started = replacing();
    not_started.take(Event::Report(2, Report::NotStarted("no such file".into())));
    for life in [cannot_be_had, not_started] {
        assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Serve(1)));
        assert_eq!((life.state.candidate, life.state.restarts), (None, 0));
    }
}

/// One whose candidate failed.
fn distrusting() -> Life {
    let mut life = replacing();
    life.take(Event::Report(2, Report::NotStarted("no such file".into())));
    life
}

#[test]
fn after_a_candidate_that_failed_the_former_files_are_started_again() {
    let mut life = distrusting();
    for process in [3, 4] {
        life.pass(STEADY);
        life.dies();
        assert_eq!(life.actions, [Action::StartFormer(process)]);
        life.report(Report::Started);
    }
}

#[test]
fn former_files_that_cannot_be_started_are_fetched_anew() {
    let mut life = distrusting();
    life.dies();
    life.report(Report::NotStarted("no such file".into()));
    life.pass(LONGEST_PAUSE);
    life.take(Event::Tick);
    assert_eq!(life.actions, [Action::Fetch(4)]);
}

#[test]
fn after_a_candidate_that_serves_its_own_files_count() {
    let mut life = distrusting();
    life.take(Event::Replace);
    life.take(Event::Report(3, Report::Fetched));
    life.take(Event::Report(3, Report::Started));
    life.dies();
    assert_eq!(life.actions, [Action::Fetch(4)]);
}

#[test]
fn of_two_replacements_the_later_one_wins() {
    let mut life = replacing();
    life.take(Event::Replace);
    assert_eq!(life.actions, [Action::CallOff(2), Action::Fetch(3)]);
    life.take(Event::Report(2, Report::Started));
    assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Serve(1)));
}

#[test]
fn a_candidate_goes_on_as_the_plugin_where_the_one_that_served_ended() {
    let mut fetching = Life::ready();
    fetching.take(Event::Replace);
    fetching.dies();
    assert_eq!((&fetching.actions[..], fetching.state.offer()), (&[][..], Offer::Wait));
    fetching.report(Report::Fetched);
    assert_eq!(fetching.actions, [Action::Start(2)]);
    let mut starting = replacing();
    starting.dies();
    for mut life in [fetching, starting] {
        assert_eq!(life.state.offer(), Offer::Wait);
        life.report(Report::Started);
        assert_eq!((&life.actions[..], life.state.offer(), life.state.restarts), (&[][..], Offer::Serve(2), 0));
    }
}

#[test]
fn a_candidate_that_fails_where_the_one_that_served_ended_is_a_failure_and_the_former_files_are_tried() {
    let mut life = replacing();
    life.dies();
    life.report(Report::NotStarted("no such file".into()));
    assert_eq!((&life.actions[..], life.state.restarts), (&[][..], 1));
    life.pass(SHORTEST_PAUSE);
    life.take(Event::Tick);
    assert_eq!(life.actions, [Action::StartFormer(3)]);
}

#[test]
fn a_candidate_that_cannot_be_had_where_the_one_that_served_ended_makes_way_for_the_former_files() {
    let mut life = Life::ready();
    life.take(Event::Replace);
    life.dies();
    life.report(Report::CannotBeHad("404".into()));
    assert_eq!(life.actions, [Action::StartFormer(3)]);
}

#[test]
fn a_candidate_takes_the_place_of_one_that_is_being_killed() {
    let mut life = replacing();
    life.report(Report::Broken("gone".into()));
    assert_eq!(life.actions, [Action::Kill(1)]);
    life.take(Event::Report(2, Report::Started));
    assert_eq!((&life.actions[..], life.state.offer()), (&[][..], Offer::Serve(2)));
}

/// What a replacement does to one that does not serve: it is begun anew, as if it had never failed.
#[track_caller]
fn check_begun_anew(mut life: Life, expected: &[Action]) {
    life.take(Event::Replace);
    assert_eq!((&life.actions[..], life.state.offer(), life.state.restarts), (expected, Offer::Wait, 0));
}

#[test]
fn one_that_does_not_serve_is_begun_anew_by_a_replacement() {
    check_begun_anew(Life::new(), &[Action::Fetch(1)]);

    let mut pausing = Life::ready();
    pausing.dies();
    pausing.restarts_at_once();
    pausing.dies();
    assert!(matches!(pausing.state.phase, Phase::BackingOff { .. }));
    check_begun_anew(pausing, &[Action::Fetch(3)]);

    let mut deactivated = Life::ready().with(AtThreshold::DeactivatePlugin, 0);
    deactivated.dies();
    check_begun_anew(deactivated, &[Action::Fetch(2)]);

    let mut unavailable = Life::new();
    unavailable.take(Event::Wanted);
    unavailable.report(Report::CannotBeHad("404".into()));
    check_begun_anew(unavailable, &[Action::Fetch(2)]);
}

#[test]
fn what_is_under_way_is_called_off_and_begun_anew_by_a_replacement() {
    let mut life = Life::new();
    life.take(Event::Wanted);
    check_begun_anew(life, &[Action::CallOff(1), Action::Fetch(2)]);
}

#[test]
fn a_replacement_after_the_hosts_end_changes_nothing() {
    let mut life = Life::ready();
    life.take(Event::Stop);
    life.take(Event::Replace);
    assert_eq!((&life.actions[..], life.state.candidate), (&[][..], None));
}

#[test]
fn a_stop_calls_off_the_candidate_too() {
    let mut life = replacing();
    life.take(Event::Stop);
    assert_eq!(life.actions, [Action::CallOff(2), Action::Dismiss(1)]);
}

/// One that somebody else starts, and that is kept.
fn attached() -> Life {
    let mut life = Life::ready();
    life.policy.attached = true;
    life.dies();
    life.restarts_at_once();
    life
}

#[test]
fn one_that_somebody_else_starts_is_not_asked_for_its_health() {
    assert_eq!(attached().state.wake(), None);
}

#[test]
fn the_ends_of_one_that_somebody_else_starts_are_no_failures() {
    let mut life = attached().with(AtThreshold::RestartAgent, 0);
    life.policy.attached = true;
    for _ in 0..20 {
        life.dies();
        life.restarts_at_once();
    }
    assert_eq!(life.state.restarts, 0);
}

#[test]
fn a_stop_lets_it_leave_and_waits_for_that() {
    let mut life = Life::ready();
    life.take(Event::Stop);
    assert_eq!(life.actions, [Action::Dismiss(1)]);
    life.dies();
    assert_eq!(life.state.phase, Phase::Stopped);
}
