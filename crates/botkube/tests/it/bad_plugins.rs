//! Plugins that cannot be started or misbehave: each is answered with what is wrong and what to do, and the agent lives on.

use std::fs;

use crate::{
    exec::HURRIED,
    support::{Machine, check, finish},
};

/// The command is refused or fails, and says all of this.
#[track_caller]
fn is_said(machine: &Machine, plugin: &str, status: &str, said: &[&str]) {
    check(&machine.json(&["--plugin", &format!("mine={plugin}"), "--", "mine hello"]), status, said);
}

/// A fault at the start, which names the file and what is wrong with it.
#[track_caller]
fn starts_badly(fault: &str, said: &[&str]) {
    let machine = Machine::new();
    let path = machine.misbehaving(fault);
    is_said(&machine, &path, "failed", &[&path]);
    is_said(&machine, &path, "failed", said);
}

/// A fault during the start that only a deadline ends.
#[track_caller]
fn never_starts(fault: &str) {
    let machine = Machine::new();
    let config = machine.file("c.yaml", HURRIED);
    let plugin = machine.misbehaving(fault);
    let answer = machine.json(&["--config", &config, "--plugin", &plugin, "--", fault]);
    check(&answer, "timedOut", &["No answer within 1s"]);
}

/// A fault in a call.
#[track_caller]
fn calls_badly(fault: &str, said: &[&str]) {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    check(&machine.json(&["--plugin", &plugin, "--", "mine", fault]), "failed", said);
}

#[test]
fn a_missing_file() {
    is_said(&Machine::new(), "/nowhere/mine", "failed", &["/nowhere/mine", "no such file"]);
}

#[test]
fn a_file_that_is_not_executable() {
    let machine = Machine::new();
    let file = machine.file("mine", "#!/bin/sh\n");
    is_said(&machine, &file, "failed", &[&file, "not executable", "chmod +x"]);
}

#[test]
fn a_directory() {
    is_said(&Machine::new(), "/usr", "failed", &["/usr", "is a directory"]);
}

#[test]
fn a_program_for_another_machine() {
    let machine = Machine::new();
    let mut program = fs::read(conformance::program("executor-misbehaving")).unwrap();
    program.truncate(4096);
    // The machine of the ELF header: IBM's S/390, which nobody here has.
    program[18..20].copy_from_slice(&22_u16.to_le_bytes());
    let path = machine.script("mine", program);
    is_said(&machine, &path, "failed", &[&path, "built for", "this machine is"]);
}

#[test]
fn a_script_whose_interpreter_is_missing() {
    let machine = Machine::new();
    let path = machine.script("mine", "#!/nowhere/interpreter\n");
    is_said(&machine, &path, "failed", &[&path]);
}

#[test]
fn a_file_that_is_no_program() {
    let machine = Machine::new();
    let path = machine.script("mine", "hello\n");
    is_said(&machine, &path, "failed", &[&path, "neither a program"]);
}

#[test]
fn a_program_that_is_no_plugin() {
    is_said(
        &Machine::new(),
        "/bin/true",
        "failed",
        &["/bin/true", "ended before it printed its handshake", "exit code 0"],
    );
}

#[test]
fn one_that_dies_before_the_handshake() {
    starts_badly("dies-before-handshake", &["ended before it printed its handshake", "exit code 3"]);
}

#[test]
fn what_it_printed_before_it_died_is_in_the_log() {
    let machine = Machine::new();
    let plugin = machine.misbehaving("dies-before-handshake");
    let outcome = machine.run(["exec", "--plugin", &plugin, "--", "dies-before-handshake"]);
    assert!(outcome.stderr.contains("no licence, no service"), "{outcome:?}");
}

#[test]
fn one_that_is_killed_by_a_signal() {
    starts_badly("kills-itself", &["SIGABRT"]);
}

#[test]
fn one_that_dies_within_the_handshake() {
    starts_badly("dies-in-handshake", &["ended before it printed its handshake", "exit code 4"]);
}

#[test]
fn one_that_dies_after_the_handshake() {
    let machine = Machine::new();
    let plugin = machine.misbehaving("dies-after-handshake");
    // Whether the connection still comes about is a matter of moments.
    check(&machine.json(&["--plugin", &plugin, "--", "dies-after-handshake"]), "failed", &["exit code 5"]);
}

#[test]
fn one_that_prints_garbage() {
    starts_badly("prints-garbage", &["not a handshake", "Hello! I am starting."]);
}

#[test]
fn one_that_prints_endlessly() {
    starts_badly("prints-endlessly", &["not a handshake", "and so on"]);
}

#[test]
fn one_that_never_says_anything() {
    never_starts("says-nothing");
}

#[test]
fn one_that_accepts_and_never_says_anything() {
    never_starts("accepts-and-says-nothing");
}

#[test]
fn one_that_speaks_another_protocol_on_its_socket() {
    // Whether its start or the call fails is up to who is quicker.
    let machine = Machine::new();
    let plugin = machine.misbehaving("speaks-http-1");
    check(&machine.json(&["--plugin", &plugin, "--", "speaks-http-1"]), "failed", &["plugin"]);
}

#[test]
fn one_that_speaks_netrpc() {
    starts_badly("speaks-netrpc", &["\"netrpc\", not grpc"]);
}

#[test]
fn one_of_an_older_version() {
    starts_badly("speaks-an-older-version", &["protocol version 2", "[3]"]);
}

#[test]
fn one_of_another_core_version() {
    starts_badly("speaks-another-core", &["core protocol version 2"]);
}

#[test]
fn one_that_listens_nowhere() {
    starts_badly("listens-nowhere", &["/nowhere/plugin1"]);
}

#[test]
fn one_that_exits_during_a_call() {
    calls_badly("exit 7", &["ended while it worked on this command", "exit code 7", "it was not run again"]);
}

#[test]
fn one_that_aborts_during_a_call() {
    calls_badly("abort", &["ended while it worked on this command", "SIGABRT"]);
}

#[test]
fn one_that_panics_during_a_call() {
    // Of the plugin's own making: the SDK catches panics.
    calls_badly("panic", &["the call to the plugin broke", "stream error"]);
}

#[test]
fn one_that_answers_with_broken_json() {
    calls_badly("broken-json", &["cannot be understood", "line 1"]);
}

#[test]
fn one_that_answers_with_json_of_another_shape() {
    calls_badly("wrong-type", &["cannot be understood", "sections[0].header"]);
}

#[test]
fn one_that_answers_more_than_the_limit() {
    calls_badly("mib 100", &["too large", "104857639 bytes", "limit is 67108864", "plugins.maxAnswerSize"]);
}

#[test]
fn one_that_fails_without_a_reason() {
    calls_badly("no-reason", &["gave no reason"]);
}

#[test]
fn an_answer_just_below_the_limit_is_shown() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let answer = machine.json(&["--plugin", &plugin, "--", "mine mib 63"]);
    assert_eq!((&answer["status"], answer["text"].as_str().unwrap().len()), (&"succeeded".into(), 63 << 20));
}

#[test]
fn the_limit_can_be_set() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        format!("{HURRIED}\nplugins: {{maxAnswerSize: 1Mi}}").replace("plugins: {callTimeout: 1s}", ""),
    );
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let answer = machine.json(&["--config", &config, "--plugin", &plugin, "--", "mine mib 2"]);
    check(&answer, "failed", &["limit is 1048576"]);
}

#[test]
fn an_empty_help_is_no_failure() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    assert_eq!(machine.json(&["--plugin", &plugin, "--", "mine help"])["status"], "succeeded");
}

#[test]
fn one_that_prints_during_a_call_is_answered_and_its_print_logged() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let outcome = machine.run(["exec", "--plugin", &plugin, "--", "mine print look here"]);
    assert_eq!(outcome.stdout, "printed\n");
    assert!(outcome.stderr.contains("look here"), "{outcome:?}");
}

/// What the log holds of one line that a plugin prints to both of its outputs.
#[track_caller]
fn logs(variable: &str, level: &str, lines: usize) {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let mut command = machine.botkube(["exec", "--plugin", &plugin, "--", "mine print look here"]);
    command.env(variable, level);
    let outcome = finish(command, "");
    assert_eq!(outcome.stderr.matches("look here").count(), lines, "{outcome:?}");
}

#[test]
fn which_of_its_log_lines_are_shown_can_be_said_for_each_plugin() {
    logs("LOG_LEVEL_EXECUTOR_OTHER", "debug", 1);
    logs("LOG_LEVEL_EXECUTOR_MINE", "debug", 2);
    logs("LOG_LEVEL_EXECUTOR_MINE", "error", 1);
}

#[test]
fn one_that_prints_endlessly_during_a_call_ends_with_the_deadline() {
    let machine = Machine::new();
    let config = machine.file("c.yaml", HURRIED);
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let answer = machine.json(&["--config", &config, "--plugin", &plugin, "--", "mine print-endlessly"]);
    check(&answer, "timedOut", &["No answer within 1s"]);
}
