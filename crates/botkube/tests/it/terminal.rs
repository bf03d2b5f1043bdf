//! The console in a real terminal, which is where line editing lives.

use std::process::Command;

use rexpect::{
    process::WaitStatus,
    session::{Options, PtySession, spawn_with_options},
};

use crate::support::Machine;

const PATIENCE: u64 = 20_000;
/// `›`, whose three bytes are read as a character each.
const PROMPT: &str = "\u{e2}\u{80}\u{ba}";
const TAB: &str = "\t";
const UP: &str = "\x1b[A";

/// A person at a terminal this wide, who started `botkube`.
fn terminal(machine: &Machine, columns: u16, args: &[&str]) -> PtySession {
    let agent = machine.botkube(args);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("stty cols {columns} rows 24 && exec \"$0\" \"$@\""));
    command.arg(agent.get_program()).args(agent.get_args()).env_clear().env("TERM", "xterm");
    command.envs(agent.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.current_dir(agent.get_current_dir().unwrap());
    let options = Options::new().timeout_ms(Some(PATIENCE)).strip_ansi_escape_codes(true);
    spawn_with_options(command, options).unwrap()
}

/// The same, when the first prompt is there.
fn prompted(machine: &Machine, columns: u16, args: &[&str]) -> PtySession {
    let mut session = terminal(machine, columns, args);
    session.exp_string(PROMPT).unwrap();
    session
}

#[track_caller]
fn type_line(session: &mut PtySession, line: &str, answer: &str) {
    session.send_line(line).unwrap();
    // First the echo of what is typed, up to the line's end, then the answer.
    session.exp_string("\n").unwrap();
    session.exp_string(answer).unwrap();
    session.exp_string(PROMPT).unwrap();
}

#[track_caller]
fn leaves(session: &mut PtySession) {
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
}

#[test]
fn three_lines_say_what_can_be_tried() {
    let machine = Machine::new();
    let greeting = terminal(&machine, 120, &[]).exp_string(PROMPT).unwrap();
    let lines: Vec<&str> = greeting.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3, "{greeting:?}");
    for said in
        ["web", "http://127.0.0.1:", "?key=", "sys top", "echo hello", "help", "Tab completes", "Ctrl-D", "--plugin"]
    {
        assert!(greeting.contains(said), "{said} is not in {greeting:?}");
    }
}

#[test]
fn what_is_typed_is_answered() {
    let machine = Machine::new();
    type_line(&mut prompted(&machine, 80, &[]), "echo hello", "echo hello");
}

#[test]
fn tab_completes_a_command() {
    let machine = Machine::new();
    let mut session = prompted(&machine, 80, &[]);
    session.send(&format!("pin{TAB}")).unwrap();
    session.flush().unwrap();
    session.exp_string("ping").unwrap();
    type_line(&mut session, "", "pong");
}

#[test]
fn the_arrow_up_brings_back_the_last_line() {
    let machine = Machine::new();
    let mut session = prompted(&machine, 80, &[]);
    type_line(&mut session, "echo once", "echo once");
    type_line(&mut session, UP, "echo once");
}

#[test]
fn the_history_outlives_the_agent() {
    let machine = Machine::new();
    let mut session = prompted(&machine, 80, &[]);
    type_line(&mut session, "echo before", "echo before");
    session.send_control('d').unwrap();
    leaves(&mut session);
    type_line(&mut prompted(&machine, 80, &[]), UP, "echo before");
}

#[test]
fn ctrl_c_cancels_the_command_that_runs() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let pid = machine.path("pid");
    let mut session = prompted(&machine, 80, &["--plugin", &plugin]);
    session.send_line(&format!("mine hang {}", pid.display())).unwrap();
    conformance::eventually("the plugin has the command", || pid.exists());
    session.send_control('c').unwrap();
    session.exp_string("Cancelled by ada.").unwrap();
    session.exp_string(PROMPT).unwrap();
    type_line(&mut session, "echo on", "echo on");
}

#[test]
fn ctrl_c_twice_at_the_prompt_leaves() {
    let machine = Machine::new();
    let mut session = prompted(&machine, 80, &[]);
    session.send_control('c').unwrap();
    session.exp_string("Ctrl-C again").unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_control('c').unwrap();
    leaves(&mut session);
}

#[test]
fn ctrl_d_leaves() {
    let machine = Machine::new();
    let mut session = prompted(&machine, 80, &[]);
    session.send_control('d').unwrap();
    leaves(&mut session);
}

#[test]
fn log_lines_never_get_into_the_chat() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let mut session = prompted(&machine, 80, &["--plugin", &plugin]);
    session.send_line("mine print look here").unwrap();
    // The answer comes above the next prompt, and what comes up to the end of the next one is all that was written.
    let mut written = session.exp_string("printed").unwrap();
    session.send_line("echo on").unwrap();
    written += &session.exp_string("\recho on").unwrap();
    assert_eq!(written.matches("look here").count(), written.matches("mine print look here").count(), "{written:?}");
    let log = machine.path(".local/state/botkube/botkube.log");
    conformance::eventually("the line is in the log", || {
        std::fs::read_to_string(&log).is_ok_and(|log| log.contains("look here"))
    });
}

#[test]
fn ten_columns_are_enough() {
    let machine = Machine::new();
    let mut session = prompted(&machine, 10, &[]);
    type_line(&mut session, "ping", "pong");
    session.send_control('d').unwrap();
    leaves(&mut session);
}

/// A folder `mine` with the echo plugin, built by a command that copies what `source` says; what does not build says so.
fn project(machine: &Machine) -> [String; 4] {
    let echo = conformance::program("executor-echo").display().to_string();
    std::fs::create_dir(machine.path("mine")).unwrap();
    machine.file("mine/source", format!("#!/bin/sh\nexec {echo}\n"));
    let build = "grep BROKEN source >&2 && exit 1; cp source executor_echo && chmod +x executor_echo";
    ["dev", "mine", "--build", build].map(str::to_owned)
}

#[test]
fn an_author_reads_in_the_chat_what_became_of_what_was_saved() {
    let machine = Machine::new();
    let args = project(&machine);
    let good = std::fs::read_to_string(machine.path("mine/source")).unwrap();
    let mut session = prompted(&machine, 100, &args.each_ref().map(String::as_str));
    type_line(&mut session, "echo one", "one");
    machine.file("mine/source", "BROKEN by hand\n");
    session.exp_string("It does not build").unwrap();
    session.exp_string("BROKEN by hand").unwrap();
    session.exp_string(PROMPT).unwrap();
    type_line(&mut session, "echo two", "two");
    machine.file("mine/source", format!("{good}# mended\n"));
    session.exp_string("is new").unwrap();
    session.exp_string(PROMPT).unwrap();
    type_line(&mut session, "echo three", "three");
    session.send_control('d').unwrap();
    leaves(&mut session);
    machine.is_tidy();
}

#[test]
fn what_an_author_records_is_answered_the_same_when_it_is_played_again() {
    let machine = Machine::new();
    let mut args = project(&machine).to_vec();
    args.extend(["--record".to_owned(), "session.yaml".to_owned()]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut session = prompted(&machine, 100, &args);
    type_line(&mut session, "echo hello", "hello");
    type_line(&mut session, "unknown", "unknown");
    session.send_control('d').unwrap();
    leaves(&mut session);
    let recorded = std::fs::read_to_string(machine.path("session.yaml")).unwrap();
    crate::support::contains(&recorded, &["said: echo hello", "said: unknown"]);

    let replay = ["plugin", "test", "--replay", "session.yaml", "mine/executor_echo"];
    let same = machine.run(replay);
    assert_eq!(same.code, 0, "{same:?}");
    machine.file("session.yaml", recorded.replace("code: echo hello", "code: echo hallo"));
    let other = machine.run(replay);
    assert_eq!(other.code, 1, "{other:?}");
    crate::support::contains(&other.stdout, &["step 1", "-", "echo hallo", "+", "echo hello"]);
    assert_eq!(machine.run(replay.iter().chain(&["--update"])).code, 0);
    assert_eq!(std::fs::read_to_string(machine.path("session.yaml")).unwrap(), recorded);
}
