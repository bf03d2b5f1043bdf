//! What a person gets wrong: commands, words, configurations.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::support::{Machine, check, contains, finish};

/// A configuration that cannot be used: nothing is run, the exit code is 2, and this is said.
#[track_caller]
fn rejected(config: impl AsRef<[u8]>, said: &[&str]) {
    let machine = Machine::new();
    let config = machine.file("c.yaml", config);
    let outcome = machine.run(["exec", "--config", &config, "--", "ping"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    contains(&outcome.stderr, said);
}

#[test]
fn an_unknown_executor() {
    check(&Machine::new().json(&["--", "terraform apply"]), "refused", &["`terraform`", "`help`"]);
}

#[test]
fn quotes_that_are_not_closed_are_shown_where_they_open() {
    check(&Machine::new().json(&["--", "echo \"hello"]), "refused", &["cannot parse", "echo \"hello\n     ^"]);
}

#[test]
fn a_word_that_is_not_utf8() {
    let machine = Machine::new();
    let outcome = machine.run([OsStr::new("exec"), "--".as_ref(), "echo".as_ref(), OsStr::from_bytes(b"caf\xe9")]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    contains(&outcome.stderr, &["word 2", "UTF-8"]);
}

#[test]
fn a_line_that_is_not_utf8_is_answered_and_the_next_one_run() {
    let machine = Machine::new();
    let outcome = finish(machine.botkube([] as [&str; 0]), *b"echo caf\xe9\necho on\n");
    assert_eq!(outcome.code, 0);
    contains(&outcome.stdout, &["Line 1", "UTF-8", "byte 9", "echo on"]);
}

#[test]
fn broken_yaml_is_shown_with_its_place() {
    rejected("settings:\n  clusterName: [one\naliases: {}\n", &["c.yaml:3:8", "not valid YAML", "help:"]);
}

#[test]
fn a_configuration_that_is_not_utf8() {
    rejected(b"settings: {clusterName: caf\xe9}\n", &["c.yaml", "UTF-8"]);
}

#[test]
fn a_configuration_that_is_not_there() {
    let outcome = Machine::new().run(["exec", "--config", "nowhere.yaml", "--", "ping"]);
    assert_eq!(outcome.code, 2);
    contains(&outcome.stderr, &["nowhere.yaml"]);
}

#[test]
fn a_binding_of_a_group_that_is_not_there() {
    rejected(
        "executors: {tools: {}}\ncommunications: {main: {console: {channels: {c: {bindings: {executors: [tolls]}}}}}}",
        &["c.yaml:2:", "no group `tolls`", "did you mean `tools`?"],
    );
}

#[test]
fn a_duration_that_is_none() {
    rejected("plugins: {callTimeout: soon}", &["c.yaml:1:", "a duration", "`30s`"]);
}

#[test]
fn a_configuration_that_the_plugin_does_not_understand() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "executors: {t: {botkube/echo: {enabled: true, config: {formatOptions: [bold, underlined]}}}}
communications: {main: {console: {channels: {c: {bindings: {executors: [t]}}}}}}",
    );
    let answer = machine.json(&["--config", &config, "--", "echo hi"]);
    check(&answer, "failed", &["formatOptions", "underlined"]);
}
