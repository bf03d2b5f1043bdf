//! What people read of a status.

use botkube_agent::inside::status::{About, Failed};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An agent two hours and five minutes after its start.
fn agent() -> Document {
    Document {
        schema: 1,
        agent: About {
            version: "1.2.3".into(),
            pid: 7,
            cluster: "dev".into(),
            stage: "ready".into(),
            started: at("2024-11-05T10:00:00Z"),
            uptime_seconds: 7500.25,
            files: vec!["/etc/botkube/a.yaml".into()],
            health_address: Some("[::]:2114".into()),
            metrics_address: None,
            memory_bytes: Some(24 << 20),
        },
        ..Document::default()
    }
}

#[track_caller]
fn check(document: &Document, expected: &[&str]) {
    assert_eq!(text(document, false).lines().collect::<Vec<_>>(), expected);
}

const ABOUT: [&str; 3] = [
    "Botkube 1.2.3 on dev: ready, up 2h5m (process 7, 24.0 MiB)",
    "  configuration  /etc/botkube/a.yaml",
    "  health         http://[::]:2114/healthz",
];

#[test]
fn an_agent_to_which_nothing_has_happened_is_told_of_in_three_lines() {
    check(&agent(), &ABOUT);
}

#[test]
fn plugins_stand_in_a_table_and_what_is_wrong_below_it() {
    let running = PluginStatus {
        plugin: "r/echo".into(),
        state: "running".into(),
        generation: 3,
        pid: Some(42),
        version: Some("v1.0.0".into()),
        since: Some(at("2024-11-05T12:04:00Z")),
        restarts: 2,
        restarts_limit: 10,
        running: 1,
        memory_bytes: Some(3 << 29),
        last_failure: Some(Failed { at: at("2024-11-05T12:03:59Z"), reason: "exit code 1".into() }),
        ..PluginStatus::default()
    };
    let down = PluginStatus {
        plugin: "r/bad".into(),
        state: "deactivated".into(),
        reason: Some("exit code 3; it is not started again".into()),
        turned_away: 2,
        ..PluginStatus::default()
    };
    let table = [
        "",
        "PLUGIN  STATE        VERSION  PROCESS  NUMBER  SINCE  RESTARTS  CALLS  WAITING  MEMORY",
        "r/echo  running      v1.0.0   42       3       1m0s   2/10      1      0        1.5 GiB",
        "r/bad   deactivated  -        -        0       -      0/0       0      0        -",
        "r/echo failed 1m1s ago: exit code 1",
        "r/bad: exit code 3; it is not started again",
        "r/bad: 2 calls were turned away because too many waited",
    ];
    check(&Document { plugins: vec![running, down], ..agent() }, &[&ABOUT[..], &table].concat());
}

#[test]
fn commands_reloads_and_the_log_have_tables_of_their_own() {
    let command = Command {
        id: "c12".into(),
        name: "echo".into(),
        actor: "Ada".into(),
        channel: "ops".into(),
        age_seconds: 0.25,
    };
    let reload = Reload {
        at: at("2024-11-05T12:00:00Z"),
        took_seconds: 0.012,
        outcome: "refused".into(),
        error: Some("line 1: no".into()),
        ..Reload::default()
    };
    let line = Logged { at: at("2024-11-05T12:05:00Z"), level: "error".into(), text: "it broke".into() };
    let tables = [
        "",
        "COMMAND  NAME  WHO  WHERE  FOR",
        "c12      echo  Ada  ops    250ms",
        "",
        "RELOAD    OUTCOME  TOOK   WHAT",
        "5m0s ago  refused  12 ms  line 1: no",
        "",
        "LOG        LEVEL  LINE",
        "250ms ago  error  it broke",
    ];
    let document = Document { commands: vec![command], reloads: vec![reload], log: vec![line], ..agent() };
    check(&document, &[&ABOUT[..], &tables].concat());
}

#[test]
fn what_plugins_and_people_say_moves_no_cursor() {
    let command = Command { actor: "a\u{1b}[2J\u{202e}b\nc".into(), ..Command::default() };
    let text = text(&Document { commands: vec![command], ..agent() }, false);
    assert!(text.ends_with("a [2J b c         0ms"), "{text:?}");
}

#[test]
fn there_are_colours_only_where_they_are_asked_for() {
    assert!(text(&agent(), true).contains('\u{1b}') && !text(&agent(), false).contains('\u{1b}'));
}
