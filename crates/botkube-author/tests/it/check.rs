//! Each defect is found by the check that is there to find it, and by no other; what is well passes. The plugins are those of
//! `executor-misbehaving`, which are good but for one thing, and scripts around a good one.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    time::Duration,
};

use botkube_author::check::{self, Options, Outcome, Report};
use botkube_core::platform::Capabilities;
use botkube_plugin_host::index::PluginKind;
use tempfile::TempDir;

/// Where a plugin's file lies.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The misbehaving executor that is good but for this.
    fn with(&self, defect: &str) -> PathBuf {
        let path = self.0.path().join(format!("executor_{defect}"));
        symlink(conformance::program("executor-misbehaving"), &path).unwrap();
        path
    }

    /// A script that does something and then is a good executor.
    fn script(&self, before: &str) -> PathBuf {
        let (path, good) = (self.0.path().join("executor_script"), self.with("good"));
        fs::write(&path, format!("#!/bin/sh\n{before}\nexec {}\n", good.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

fn options() -> Options {
    Options {
        platforms: vec![("everything".into(), Capabilities::everything())],
        call_deadline: Duration::from_secs(5),
        ..Options::default()
    }
}

fn look(program: PathBuf, options: Options) -> Report {
    on_a_runtime(check::run(&program, "mine", PluginKind::Executor, options))
}

#[tokio::main]
async fn on_a_runtime<T>(future: impl Future<Output = T>) -> T {
    future.await
}

/// The checks that neither passed nor were skipped, with what they found.
fn found(report: &Report) -> Vec<(&str, Outcome, String)> {
    let found = report.checks.iter().filter(|check| check.outcome > Outcome::Passed);
    let seen = |check: &check::Check| check.findings.iter().map(|it| it.seen.clone()).collect::<Vec<_>>().join("; ");
    found.map(|check| (check.id, check.outcome, seen(check))).collect()
}

/// One check finds it, and says this.
#[track_caller]
fn finds(report: &Report, id: &str, outcome: Outcome, said: &str) {
    let found = found(report);
    assert!(
        matches!(&found[..], [(one, how, seen)] if *one == id && *how == outcome && seen.contains(said)),
        "{found:#?}"
    );
    assert_eq!(report.passed, outcome != Outcome::Failed);
}

#[track_caller]
fn fails(defect: &str, id: &str, said: &str) {
    finds(&look(Place::new().with(defect), options()), id, Outcome::Failed, said);
}

#[track_caller]
fn warns(defect: &str, id: &str, said: &str) {
    finds(&look(Place::new().with(defect), options()), id, Outcome::Warning, said);
}

#[track_caller]
fn script_is_found(before: &str, id: &str, outcome: Outcome, said: &str) {
    finds(&look(Place::new().script(before), options()), id, outcome, said);
}

#[test]
fn a_good_plugin_passes_everything() {
    let report = look(Place::new().with("good"), options());
    assert_eq!(found(&report), []);
    let skipped: Vec<_> =
        report.checks.iter().filter(|check| check.outcome == Outcome::Skipped).map(|it| it.id).collect();
    assert!(skipped.is_empty() || skipped == ["auto-mtls"], "{skipped:?}");
    assert!(report.passed);
}

#[test]
fn a_plugin_that_does_not_start_fails_at_the_handshake_and_everything_else_is_skipped() {
    let report = look(Place::new().with("prints-garbage"), options());
    // Whatever it does by hand is another matter.
    let failed: Vec<_> = found(&report).into_iter().filter(|(id, ..)| *id != "by-hand").collect();
    assert!(
        matches!(&failed[..], [("handshake", Outcome::Failed, seen)] if seen.contains("Hello! I am starting")),
        "{failed:?}"
    );
    let of = |id: &str| report.checks.iter().find(|check| check.id == id).unwrap();
    assert_eq!((of("examples").outcome, of("examples").note.as_str()), (Outcome::Skipped, "it does not start"));
}

#[test]
fn a_file_that_is_none_is_said() {
    let report = look("/nowhere/executor_mine".into(), options());
    assert!(found(&report)[0].2.contains("no such file"), "{:?}", found(&report));
}

#[test]
fn a_socket_in_a_directory_of_others_is_found() {
    let elsewhere = tempfile::tempdir().unwrap();
    // Where it left its files is not looked into then.
    script_is_found(
        &format!("export TMPDIR={}", elsewhere.path().display()),
        "handshake",
        Outcome::Failed,
        "somewhere else",
    );
}

#[test]
fn a_plugin_that_is_silent_by_hand_is_found() {
    script_is_found("[ -n \"$BOTKUBE\" ] || exit 1", "by-hand", Outcome::Failed, "printed nothing");
}

#[test]
fn a_plugin_that_ends_well_by_hand_is_found() {
    script_is_found("[ -n \"$BOTKUBE\" ] || { echo hello; exit 0; }", "by-hand", Outcome::Failed, "exit code 0");
}

#[test]
fn a_plugin_that_stays_by_hand_is_found() {
    script_is_found("[ -n \"$BOTKUBE\" ] || sleep 1000", "by-hand", Outcome::Failed, "still ran");
}

#[test]
fn a_plugin_that_talks_in_the_clear_when_asked_for_tls_is_found() {
    script_is_found("unset PLUGIN_CLIENT_CERT", "auto-mtls", Outcome::Warning, "without a certificate");
}

#[test]
fn a_plugin_that_is_not_well_is_found() {
    let report = look(Place::new().with("ill"), options());
    // Those who look whether it still is well find the same.
    assert!(
        found(&report)
            .iter()
            .any(|(id, how, seen)| *id == "health" && *how == Outcome::Failed && seen.contains("not serving"))
    );
}

#[test]
fn what_it_says_of_itself_is_looked_at() {
    fails("without-description", "metadata", "the description is empty");
    warns("odd-version", "metadata", "the newest");
}

#[test]
fn a_schema_that_is_none_is_found() {
    fails("broken-schema", "schema", "/type");
}

#[test]
fn dependencies_that_cannot_be_fetched_are_found() {
    fails("odd-dependency", "dependencies", "git::");
    fails("missing-dependency", "dependencies", "`tool` has none for ");
}

#[test]
fn a_help_that_is_missing_or_none_is_found() {
    warns("without-help", "help", "nothing at all");
    fails("help-is-no-message", "help", "sections");
}

#[test]
fn a_help_that_shows_nothing_is_found() {
    fails("blank-help", "help-shown", "nothing is to be seen");
    fails("idle-button", "help-shown", "`Second` (b0.1) stands for nothing");
}

#[test]
fn an_example_of_another_plugin_is_found() {
    fails("foreign-example", "help-commands", "`Second` runs `yours hello`");
}

#[test]
fn an_example_that_fails_is_found() {
    warns("failing-example", "examples", "no cluster is known");
    fails("speechless-example", "examples", "an error without a text");
    fails("dying-example", "examples", "exit code 3");
}

#[test]
fn a_plugin_that_dies_of_something_typed_is_found() {
    fails("dies-of-its-name", "unknown-command", "exit code 9");
}

#[test]
fn a_plugin_that_dies_of_a_configuration_is_found() {
    fails("dies-of-configurations", "broken-configuration", "exit code 9");
}

#[test]
fn a_plugin_that_dies_of_many_calls_is_found() {
    fails("dies-of-many", "concurrent-calls", "of 50 were not");
}

#[test]
fn a_plugin_that_dies_of_a_big_command_is_found() {
    fails("dies-of-big", "big-command", "exit code 9");
}

#[test]
fn a_plugin_that_floods_the_log_is_found() {
    warns("prints-much", "output", "2000 in 2 calls");
}

#[test]
fn a_plugin_that_dies_when_a_call_is_cancelled_is_found() {
    fails("dies-of-cancelling", "cancel", "exit code 9");
}

#[test]
fn a_plugin_that_needs_what_may_be_absent_is_found() {
    warns("needs-context", "absent-contexts", "exit code 9");
}

#[test]
fn a_plugin_that_does_not_end_is_found() {
    let report = look(Place::new().with("stays"), options());
    let found = found(&report);
    assert!(matches!(&found[..], [("shutdown", Outcome::Failed, _), ("sigterm", Outcome::Failed, _)]), "{found:?}");
}

#[test]
fn a_plugin_that_ends_badly_is_found() {
    let report = look(Place::new().with("ends-badly"), options());
    let found = found(&report);
    assert!(
        matches!(&found[..], [("shutdown", Outcome::Warning, seen), ("sigterm", Outcome::Warning, _)] if seen == "exit code 7"),
        "{found:?}"
    );
}

#[test]
fn files_that_stay_are_found() {
    script_is_found("touch $TMPDIR/kept", "leftovers", Outcome::Warning, "kept");
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_stay_are_found_and_ended() {
    // Nobody else's, however often this test runs at the same time.
    let sleep = format!("sleep {}", 100_000 + std::process::id());
    let report = look(Place::new().script(&format!("{sleep} >/dev/null 2>&1 &")), options());
    finds(&report, "leftovers", Outcome::Failed, "sleep (");
    let left = found(&report)[0].2.clone();
    let pids = left.split(['(', ')']).filter_map(|word| word.parse::<u32>().ok());
    pids.for_each(|pid| assert!(!conformance::is_alive(pid), "{left}"));
    // Also of those that were no finding, such as what it started when it was run by hand.
    let others = std::process::Command::new("pgrep").args(["-f", &format!("^{sleep}$")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&others.stdout), "");
}

#[test]
fn a_slow_start_is_found() {
    let hurried = Options { slow_start: Duration::from_millis(200), ..options() };
    let report = look(Place::new().script("sleep 0.2"), hurried);
    finds(&report, "start-up", Outcome::Warning, "ms");
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_plugin_is_found() {
    let frugal = Options { large: 1 << 20, ..options() };
    finds(&look(Place::new().with("good"), frugal), "memory", Outcome::Warning, "MiB (PSS)");
}

#[test]
fn a_source_is_asked_no_commands() {
    let place = Place::new();
    let program = place.with("good");
    let report = on_a_runtime(check::run(&program, "mine", PluginKind::Source, options()));
    let of = |id: &str| report.checks.iter().find(|check| check.id == id).unwrap();
    assert_eq!(of("examples").note, "a source has no commands");
    // An executor says nothing as a source.
    assert_eq!((of("metadata").outcome, of("health").outcome), (Outcome::Failed, Outcome::Passed));
}

/// The names of checks that warned or failed, of a plugin made with the original SDK.
#[track_caller]
fn go_finds(program: &str, name: &str, ids: &[&str]) {
    let program = conformance::go_program(program);
    let report = on_a_runtime(check::run(&program, name, PluginKind::Executor, options()));
    let found = found(&report);
    assert_eq!(found.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), ids, "{found:#?}");
    assert!(report.passed, "{found:#?}");
}

#[test]
fn of_the_original_sdks_plugins_is_told_what_is_known_of_them() {
    go_finds("executor", "probe", &["absent-contexts", "leftovers"]);
    go_finds("echo-config", "echo", &["absent-contexts", "leftovers"]);
}
