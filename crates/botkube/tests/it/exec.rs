//! `botkube exec`: statuses, exit codes, and what goes to which output.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::support::{Machine, check, contains};

#[track_caller]
fn exits(args: &[&str], code: i32) {
    let outcome = Machine::new().run(args);
    assert_eq!(outcome.code, code, "{outcome:?}");
}

#[test]
fn a_command_that_succeeds_exits_with_0() {
    exits(&["exec", "--", "echo hello"], 0);
}

#[test]
fn a_command_that_is_refused_exits_with_1() {
    exits(&["exec", "--", "nosuch"], 1);
}

#[test]
fn wrong_usage_exits_with_2() {
    exits(&["exec", "--outptu", "json", "--", "echo"], 2);
    exits(&["exec"], 2);
    exits(&["nosuch"], 2);
}

#[test]
fn a_configuration_that_is_not_there_exits_with_2() {
    exits(&["exec", "--config", "nowhere.yaml", "--", "echo"], 2);
}

#[test]
fn a_run_without_configuration_exits_with_2() {
    exits(&["run"], 2);
}

#[test]
fn as_text_the_answer_alone_is_on_standard_output() {
    let outcome = Machine::new().run(["exec", "--", "echo hello"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("echo hello\n", ""));
}

#[test]
fn as_text_a_failure_is_said_on_standard_error_and_its_reason_is_the_answer() {
    let machine = Machine::new();
    let plugin = format!("misbehaving={}", machine.misbehaving("none"));
    let outcome = machine.run(["exec", "--plugin", &plugin, "--", "misbehaving percent"]);
    assert_eq!(outcome.stdout, "100% of %s and 50%25\n");
    contains(&outcome.stderr, &["the command failed"]);
}

#[test]
fn as_json_the_answer_is_one_object_of_status_text_and_messages() {
    let answer = Machine::new().json(&["--", "echo", "hello"]);
    let message = json!({
        "type": "baseBodyWithFilter",
        "baseBody": { "codeBlock": "echo hello" },
        "timestamp": "0001-01-01T00:00:00Z",
        "Description": "`echo hello` on `demo`",
    });
    assert_eq!(answer, json!({ "status": "succeeded", "text": "echo hello", "messages": [message] }));
}

#[test]
fn words_are_joined_by_one_blank_and_not_quoted() {
    check(&Machine::new().json(&["--", "echo", "a  b", "'c'"]), "succeeded", &["echo a  b 'c'"]);
}

#[test]
fn a_command_for_nobody_is_refused() {
    check(&Machine::new().json(&["--", "ecko hi"]), "refused", &["`ecko`", "Did you mean `echo`?", "`help`"]);
}

#[test]
fn an_error_of_the_plugin_is_failed() {
    let machine = Machine::new();
    let plugin = format!("misbehaving={}", machine.misbehaving("none"));
    check(&machine.json(&["--plugin", &plugin, "--", "misbehaving percent"]), "failed", &["100% of %s and 50%25"]);
}

#[test]
fn a_call_over_its_deadline_is_timed_out() {
    let machine = Machine::new();
    let config = machine.file("c.yaml", HURRIED);
    let plugin = format!("misbehaving={}", machine.misbehaving("none"));
    let pid = machine.path("pid").display().to_string();
    let answer = machine.json(&["--config", &config, "--plugin", &plugin, "--", "misbehaving hang", &pid]);
    check(&answer, "timedOut", &["No answer within 1s", "plugins.callTimeout"]);
}

/// A configuration with one channel and little patience.
pub(crate) const HURRIED: &str = "
plugins: {callTimeout: 1s}
communications: {main: {console: {channels: {here: {}}}}}
";

#[test]
fn help_is_an_answer_of_the_agent() {
    check(&Machine::new().json(&["--", "help"]), "succeeded", &["echo help", "ping"]);
}

#[test]
fn help_of_a_plugin_comes_from_the_plugin() {
    let answer = Machine::new().json(&["--", "echo help"]);
    check(&answer, "succeeded", &["echo 'hello world'"]);
    assert_eq!(answer["messages"][0]["sections"][0]["buttons"][0]["command"], "{{BotName}} echo 'hello world'");
}

#[test]
fn the_help_text_has_an_example() {
    for args in [&["--help"][..], &["exec", "--help"], &["run", "--help"]] {
        let outcome = Machine::new().run(args);
        assert_eq!(outcome.code, 0);
        contains(&outcome.stdout, &["Example: botkube"]);
    }
}

/// What `botkube exec` is to run for the misbehaving executor.
fn mine(machine: &Machine, output: &str, command: &str) -> Vec<String> {
    let plugin = format!("mine={}", machine.misbehaving("none"));
    ["exec", "-o", output, "--plugin", &plugin, "--", "mine", command].map(ToOwned::to_owned).to_vec()
}

#[test]
fn as_text_output_is_written_while_the_command_runs_and_ctrl_c_cancels_it_and_says_so() {
    let machine = Machine::new();
    let mut command = machine.botkube(mine(&machine, "text", "stream 100000 every 50"));
    let mut exec = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(exec.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    assert_eq!(first, "1 of 100000\n");
    assert!(exec.try_wait().unwrap().is_none());

    Command::new("kill").args(["-INT", &exec.id().to_string()]).status().unwrap();
    let (mut rest, mut said) = (String::new(), String::new());
    output.read_to_string(&mut rest).unwrap();
    exec.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(exec.wait().unwrap().code(), Some(1));
    assert!(rest.ends_with("\nCancelled.\n"), "{rest:?}");
    contains(&said, &["the command was cancelled"]);
    machine.is_tidy();
}

#[test]
fn as_text_a_reader_that_left_ends_the_command() {
    let machine = Machine::new();
    let mut command = machine.botkube(mine(&machine, "text", "stream updates 100000 every 50"));
    let mut exec = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    // The reader goes with this line.
    BufReader::new(exec.stdout.take().unwrap()).read_line(&mut first).unwrap();
    conformance::eventually("it has ended", || exec.try_wait().unwrap().is_some());
    machine.is_tidy();
}

#[test]
fn as_json_output_is_one_message_and_a_message_that_changed_is_there_once_as_it_was_at_last() {
    let machine = Machine::new();
    let answer = machine.run(mine(&machine, "json", "stream 3 every 1")).json();
    assert_eq!((&answer["text"], answer["messages"].as_array().unwrap().len()), (&json!("1 of 3\n2 of 3\n3 of 3"), 1));
    let answer = Machine::new();
    let answer = answer.run(mine(&answer, "json", "stream updates 5 every 1")).json();
    assert_eq!((&answer["text"], answer["messages"].as_array().unwrap().len()), (&json!("5 of 5"), 1));
}
