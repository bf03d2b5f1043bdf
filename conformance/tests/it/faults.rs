//! A plugin made with the original SDK, and what is done to it, under our host and under upstream's plugin manager: what
//! callers see of it. The figures of both are in docs/faults.md; this keeps the promises and the measurement itself alive.
//!
//! One test at a time: calls come every 5 ms, and what the tests measure is how long answers stay away.

use std::{
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use conformance::{
    faults::{Fault, Seen, Sham, Trial, suffer},
    go_program, manager_program, program,
};

/// A health check this often is the most that upstream allows.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a fault may last. A frozen plugin is found out by a health check and its deadline.
const PATIENCE: Duration = Duration::from_secs(10);

fn watch(manager: Command, fault: Fault) -> Seen {
    static ALONE: Mutex<()> = Mutex::new(());
    let plugin = go_program("executor");
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let sham = Sham::new(dir.path(), &plugin).unwrap();
    suffer(manager, &sham, Trial { fault, interval: INTERVAL, phase: INTERVAL / 2, patience: PATIENCE }).unwrap()
}

fn ours(fault: Fault) -> Seen {
    let mut command = Command::new(manager_program());
    command.arg(program("botkube"));
    watch(command, fault)
}

fn upstream(fault: Fault) -> Seen {
    watch(Command::new(go_program("upstream-manager")), fault)
}

#[track_caller]
fn check(seen: &Seen, holds: impl Fn(&Seen) -> bool) {
    assert!(holds(seen), "{seen:?}");
}

/// On a quiet machine it is a tenth of this.
const AT_ONCE: Duration = Duration::from_secs(1);

#[test]
fn a_killed_plugin_is_there_again_at_once() {
    check(&ours(Fault::Killed), |seen| seen.outage.is_some_and(|outage| outage < AT_ONCE));
}

#[test]
fn a_plugin_that_panics_is_there_again_at_once() {
    check(&ours(Fault::Panicking), |seen| seen.outage.is_some_and(|outage| outage < AT_ONCE));
}

#[test]
fn no_call_of_a_frozen_plugin_stays_without_an_end() {
    check(&ours(Fault::Frozen), |seen| seen.outage.is_some() && seen.hung == 0 && seen.stopped);
}

#[test]
fn a_plugin_that_floods_its_outputs_goes_on_answering() {
    check(&ours(Fault::Flooding), |seen| seen.outage.is_some_and(|outage| outage < AT_ONCE) && seen.hung == 0);
}

#[test]
fn a_plugin_that_could_not_be_started_is_tried_again() {
    check(&ours(Fault::Unstartable), |seen| seen.outage.is_some() && seen.hung == 0);
}

/// What makes the comparison one: the same look at upstream's manager sees what is known of it.
#[test]
fn upstream_finds_a_killed_plugin_only_at_its_next_look() {
    check(&upstream(Fault::Killed), |seen| seen.failed > 0 && seen.outage.is_some());
}

#[test]
fn upstream_never_finds_a_frozen_plugin() {
    check(&upstream(Fault::Frozen), |seen| seen.outage.is_none() && seen.hung > 0 && !seen.stopped);
}
