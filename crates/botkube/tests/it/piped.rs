//! Lines from a pipe: every line is a message, answers come in order, the end of input ends bare `botkube`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use crate::support::{Machine, contains, finish};

/// What bare `botkube` says to these lines.
fn answers(machine: &Machine, args: &[&str], input: &str) -> String {
    let outcome = finish(machine.botkube(args), input);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout
}

#[test]
fn lines_are_answered_in_order_and_the_end_of_input_is_a_good_end() {
    let lines: Vec<String> = (0..20).map(|n| format!("echo {n}\n")).collect();
    assert_eq!(answers(&Machine::new(), &[], &lines.concat()), lines.concat());
}

#[test]
fn no_input_is_a_good_end_too() {
    assert_eq!(answers(&Machine::new(), &[], ""), "");
}

#[test]
fn blank_lines_say_nothing() {
    assert_eq!(answers(&Machine::new(), &[], "\n  \necho hi\n\n"), "echo hi\n");
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(answers(&Machine::new(), &[], "echo hi"), "echo hi\n");
}

#[test]
fn a_mention_is_optional() {
    assert_eq!(answers(&Machine::new(), &[], "@Botkube echo hi\n"), "echo hi\n");
}

#[test]
fn what_fails_does_not_end_it() {
    let out = answers(&Machine::new(), &[], "nosuch\necho \"open\necho on\n");
    contains(&out, &["`nosuch`", "cannot parse"]);
    assert!(out.ends_with("\necho on\n"), "{out:?}");
}

#[test]
fn a_plugin_that_died_is_started_again_for_the_next_line() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let out = answers(&machine, &["--plugin", &plugin], "mine id\nmine exit 7\nmine id\nmine id\n");
    let lines: Vec<&str> = out.lines().collect();
    let [first, died, second, third] = lines[..] else { panic!("{out:?}") };
    contains(died, &["exit code 7"]);
    assert!(first != second && second == third, "{out:?}");
}

#[test]
fn a_plugin_that_broke_its_connection_is_started_again_too() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let out = answers(&machine, &["--plugin", &plugin], "mine panic\nmine hello\n");
    assert!(out.ends_with("ok\n"), "{out:?}");
}

#[test]
fn control_characters_of_an_answer_are_made_visible() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    assert_eq!(answers(&machine, &["--plugin", &plugin], "mine control-characters\n"), "red␛[31m bell␇ end\n");
}

#[test]
fn a_line_too_long_is_answered_and_the_next_one_run() {
    let out = answers(&Machine::new(), &[], &format!("echo {}\necho on\n", "x".repeat(2 << 20)));
    contains(&out, &["Line 1 is longer", "\necho on\n"]);
}

#[test]
fn a_reader_that_left_ends_it() {
    let machine = Machine::new();
    let mut agent = machine.botkube([] as [&str; 0]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(agent.stdout.take());
    let mut input = agent.stdin.take().unwrap();
    // The input stays open: it is the output that ends it, a moment after the first answer.
    let _ = input.write_all(b"echo one\necho two\n");
    conformance::eventually("the agent has ended", || agent.try_wait().unwrap().is_some());
}

#[test]
fn with_a_configuration_in_the_environment_no_arguments_mean_run() {
    let machine = Machine::new();
    let mut command = machine.botkube([] as [&str; 0]);
    command.env("BOTKUBE_CONFIG_PATHS", machine.file("c.yaml", "settings: {clusterName: x}"));
    let outcome = finish(command, "");
    assert_eq!(outcome.code, 2);
    contains(&outcome.stderr, &["nothing to serve", "console"]);
}

#[test]
fn a_run_with_a_console_answers_lines_and_outlives_them() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "executors: {t: {botkube/echo: {enabled: true, config: {formatOptions: [bold]}}}}
communications: {main: {console: {}}}",
    );
    let mut agent = machine.botkube(["run", "--config", &config]);
    let mut agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // The input ends with this line.
    agent.stdin.take().unwrap().write_all(b"echo hi\n").unwrap();
    let mut answer = String::new();
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, "*echo hi*\n");
    assert!(agent.try_wait().unwrap().is_none());

    Command::new("kill").arg(agent.id().to_string()).status().unwrap();
    conformance::eventually("the agent has ended", || agent.try_wait().unwrap().is_some());
    assert_eq!(agent.wait().unwrap().code(), Some(0));
    machine.is_tidy();
}

#[test]
fn a_link_to_the_console_is_told_nobody_but_the_owner_of_a_file() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "communications: {main: {console: {web: {port: 0}}}}\nsettings: {clusterName: x, log: {level: info}}",
    );
    let mut agent = machine.botkube(["run", "--config", &config]);
    let mut agent = agent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let path = machine.path(".local/state/botkube/console-link");
    let says = format!(
        "botkube: the console in a browser: the link is in {}, for one person and ten minutes; SIGUSR1 writes another",
        path.display()
    );
    let mut lines = BufReader::new(agent.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut link = || {
        let said: Vec<String> = lines.by_ref().take_while(|line| *line != says).collect();
        assert!(!said.iter().any(|line| line.contains("key=")), "{said:?}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::read_to_string(&path).unwrap()
    };
    let first = link();
    assert!(first.starts_with("http://127.0.0.1:") && first.contains("/?key=") && first.ends_with('\n'), "{first:?}");
    Command::new("kill").args(["-USR1", &agent.id().to_string()]).status().unwrap();
    let second = link();
    assert!(second.contains("/?key=") && second != first, "{second:?}");
    Command::new("kill").arg(agent.id().to_string()).status().unwrap();
    assert_eq!(agent.wait().unwrap().code(), Some(0));
    machine.is_tidy();
}

/// What bare `botkube` says to a line for the misbehaving executor.
fn mine(line: &str) -> String {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    answers(&machine, &["--plugin", &plugin], &format!("mine {line}\necho on\n"))
}

#[test]
fn output_is_written_piece_by_piece_and_how_far_the_command_is_left_out() {
    assert_eq!(mine("stream 3 every 1"), "1 of 3\n2 of 3\n3 of 3\necho on\n");
    let out = mine("stream progress 50");
    assert!(!out.contains("of 50") && out.ends_with("echo on\n"), "{out:?}");
}

#[test]
fn a_message_that_changes_is_written_at_first_and_at_last() {
    assert_eq!(mine("stream updates 9 every 5"), "1 of 9\n9 of 9\necho on\n");
}

#[test]
fn a_reader_that_left_ends_a_command_that_says_nothing_more() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let mut command = machine.botkube(["--plugin", &plugin]);
    let mut agent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = agent.stdin.take().unwrap();
    input.write_all(b"mine stream updates 100000 every 50\n").unwrap();
    let mut first = String::new();
    // The reader goes with this line.
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "1 of 100000\n");
    conformance::eventually("the agent has ended", || agent.try_wait().unwrap().is_some());
    machine.is_tidy();
}
