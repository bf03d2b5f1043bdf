//! The text of the metrics, as people and parsers read it.

use std::{collections::BTreeSet, env, io::Write, process::Command, process::Stdio};

use botkube_core::{
    answer::Status,
    dispatch::Ended,
    port::{Failure, PluginState},
    route::PluginRef,
};

use super::{super::process::Usage, classic::classic, tally::Tally, *};

/// Where everything has happened that is told of, to a plugin of this name.
fn eventful(plugin: &str) -> Seen {
    let at = |second| UNIX_EPOCH + Duration::from_secs(second);
    let tally = Tally::default();
    for (who, status) in [(Some(plugin), Status::Succeeded), (Some(plugin), Status::TimedOut), (None, Status::Refused)]
    {
        tally.count(&Ended {
            id: "c1".parse().unwrap(),
            actor: "Ada".into(),
            channel: "secret-room".into(),
            verb: "echo".into(),
            plugin: who.map(|name| PluginRef::Named(name.into())),
            status,
            took: Duration::from_millis(30),
        });
    }
    let state = PluginState {
        status: PluginStatus::Running,
        restarts: 2,
        threshold: 10,
        generation: 3,
        since: Some(at(1_700_000_100)),
        running: 4,
        waiting: 5,
        turned_away: 6,
        failure: Some(Failure { at: at(1_700_000_000), reason: "exit code 1".into() }),
        ..PluginState::default()
    };
    let usage = Usage { resident: 1 << 20, cpu: 0.25 };
    Seen {
        version: "1.2.3",
        started: at(1_600_000_000),
        is_ready: true,
        plugins: vec![Plugin { name: plugin.into(), state, usage: Some(usage) }],
        commands: tally.of(&BTreeSet::from([plugin.to_owned()])),
        underway: 7,
        reloads: [
            (Outcome::Applied, 2, Some(at(1_700_000_200))),
            (Outcome::Refused, 1, Some(at(1_700_000_300))),
            (Outcome::RolledBack, 0, None),
        ],
        last_reload: Some(Outcome::Refused),
        log: (8, 9),
        process: Some(Own {
            usage,
            virtual_memory: 1 << 30,
            threads: 6,
            open_files: Some(20),
            most_files: Some(1024),
            started: Some(1_600_000_000.5),
        }),
    }
}

/// The line is there.
#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|other| other == *line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn commands_are_counted_and_timed_by_plugin() {
    let text = open(eventful("r/echo"));
    has(
        &text,
        &[
            "botkube_commands_total{plugin=\"r/echo\",status=\"succeeded\"} 1",
            "botkube_commands_total{plugin=\"r/echo\",status=\"timedOut\"} 1",
            "botkube_commands_total{plugin=\"r/echo\",status=\"failed\"} 0",
            "botkube_commands_total{plugin=\"\",status=\"refused\"} 1",
            "# TYPE botkube_command_duration_seconds histogram",
            "botkube_command_duration_seconds_bucket{le=\"0.025\",plugin=\"r/echo\"} 0",
            "botkube_command_duration_seconds_bucket{le=\"0.05\",plugin=\"r/echo\"} 2",
            "botkube_command_duration_seconds_count{plugin=\"r/echo\"} 2",
            "botkube_commands_running 7",
        ],
    );
}

#[test]
fn a_plugin_is_in_one_state() {
    let text = open(eventful("r/echo"));
    let states = text.lines().filter(|line| line.starts_with("botkube_plugin_state{"));
    let (is, is_not): (Vec<_>, Vec<_>) = states.partition(|line| line.ends_with(" 1"));
    assert_eq!(is, ["botkube_plugin_state{plugin=\"r/echo\",state=\"running\"} 1"]);
    assert_eq!(is_not.len(), STATES.len() - 1);
}

#[test]
fn a_plugin_has_its_generation_restarts_queue_and_usage() {
    has(
        &open(eventful("r/echo")),
        &[
            "botkube_plugin_up{plugin=\"r/echo\"} 1",
            "botkube_plugin_generation{plugin=\"r/echo\"} 3",
            "botkube_plugin_restarts{plugin=\"r/echo\"} 2",
            "botkube_plugin_restarts_limit{plugin=\"r/echo\"} 10",
            "botkube_plugin_calls_running{plugin=\"r/echo\"} 4",
            "botkube_plugin_calls_waiting{plugin=\"r/echo\"} 5",
            "botkube_plugin_calls_turned_away_total{plugin=\"r/echo\"} 6",
            "botkube_plugin_resident_memory_bytes{plugin=\"r/echo\"} 1048576",
            "botkube_plugin_cpu_seconds_total{plugin=\"r/echo\"} 0.25",
            "botkube_plugin_start_time_seconds{plugin=\"r/echo\"} 1700000100.0",
            "botkube_plugin_last_failure_timestamp_seconds{plugin=\"r/echo\"} 1700000000.0",
        ],
    );
}

#[test]
fn reloads_are_counted_by_what_came_of_them() {
    has(
        &open(eventful("r/echo")),
        &[
            "botkube_reloads_total{outcome=\"applied\"} 2",
            "botkube_reloads_total{outcome=\"rolledBack\"} 0",
            "botkube_last_reload_successful 0",
            "botkube_last_reload_success_timestamp_seconds 1700000200.0",
        ],
    );
}

#[test]
fn the_first_configuration_counts_as_a_good_one() {
    let seen = Seen { reloads: Outcome::ALL.map(|outcome| (outcome, 0, None)), last_reload: None, ..eventful("x") };
    let lines = ["botkube_last_reload_successful 1", "botkube_last_reload_success_timestamp_seconds 1600000000.0"];
    has(&open(seen), &lines);
}

#[test]
fn a_plugin_that_never_failed_and_does_not_run_has_no_such_numbers() {
    let plugin = Plugin { name: "r/idle".into(), state: PluginState::default(), usage: None };
    let text = open(Seen { plugins: vec![plugin], ..eventful("r/idle") });
    for name in ["botkube_plugin_last_failure", "botkube_plugin_resident_memory", "botkube_plugin_start_time"] {
        assert!(!text.contains(name), "{name} is in\n{text}");
    }
}

#[test]
fn people_and_channels_are_in_no_label() {
    let text = open(eventful("r/echo"));
    assert!(!text.contains("Ada") && !text.contains("secret-room"), "{text}");
}

#[test]
fn the_page_on_operations_names_exactly_the_metrics_there_are() {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name);
    let told: BTreeSet<String> = rows.flat_map(metrics).collect();
    assert_eq!(told, exported());
}

#[test]
fn the_alerts_on_that_page_use_metrics_there_are() {
    let alerts = PAGE.split("```yaml\n").find(|block| block.starts_with("groups:")).expect("there are alerts");
    let used: BTreeSet<String> = metrics(alerts.split("```").next().unwrap_or_default()).collect();
    assert!(used.len() > 5 && used.is_subset(&exported()), "{used:?}");
}

const PAGE: &str = include_str!("../../../../../docs/operations.md");

/// The names of all metrics there are.
fn exported() -> BTreeSet<String> {
    let classic = classic(&open(eventful("r/echo")));
    let types = classic.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    types.map(ToOwned::to_owned).collect()
}

/// The names of metrics in a text.
fn metrics(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("botkube_") || word.starts_with("process_"));
    names.map(|name| name.trim_end_matches("_bucket").to_owned())
}

/// Prometheus's own parsers, where `cargo xtask test` put them, or in the Python there is.
mod prometheus {
    use super::*;

    const READ: &str = "
import sys
from prometheus_client import openmetrics, parser
import prometheus_client.openmetrics.parser as o
text = sys.stdin.read()
read = {'open': o.text_string_to_metric_families, 'classic': parser.text_string_to_metric_families}[sys.argv[1]]
for family in read(text):
    for sample in family.samples:
        print(family.type, sample.name, dict(sorted(sample.labels.items())), float(sample.value))
";

    /// What the parser understands of a text, a line for each sample.
    #[track_caller]
    fn parsed(format: &str, text: &str) -> String {
        // The tests lie in `target/<profile>/deps`.
        let test = env::current_exe().unwrap();
        let ours = test.ancestors().nth(3).map(|target| target.join("prometheus/bin/python"));
        let python = ours.filter(|python| python.exists()).unwrap_or_else(|| "python3".into());
        let mut command = Command::new(&python);
        command.args(["-c", READ, format]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut parser = command.spawn().expect("Python is there");
        parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = parser.wait_with_output().unwrap();
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A name that must be quoted with care.
    const ODD: &str = "r/a\"b\\c\nd@v1";

    #[test]
    fn its_parser_of_open_metrics_understands_every_sample() {
        let open = open(eventful(ODD));
        let samples = open.lines().filter(|line| !line.starts_with('#')).count();
        let parsed = parsed("open", &open);
        assert_eq!(parsed.lines().count(), samples, "{parsed}");
        has(
            &parsed,
            &[
                "counter botkube_plugin_calls_turned_away_total {'plugin': 'r/a\"b\\\\c\\nd@v1'} 6.0",
                "info botkube_build_info {'version': '1.2.3'} 1.0",
                "histogram botkube_command_duration_seconds_sum {'plugin': ''} 0.03",
                "gauge process_open_fds {} 20.0",
            ],
        );
    }

    #[test]
    fn its_parser_of_the_classic_format_understands_every_sample() {
        let classic = classic(&open(eventful(ODD)));
        let samples = classic.lines().filter(|line| !line.starts_with('#')).count();
        let parsed = parsed("classic", &classic);
        assert_eq!(parsed.lines().count(), samples, "{parsed}");
        has(&parsed, &["counter botkube_plugin_calls_turned_away_total {'plugin': 'r/a\"b\\\\c\\nd@v1'} 6.0"]);
    }
}
