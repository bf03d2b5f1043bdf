//! How an agent that serves ends when it is told to: what runs has its time, what is cut is told so, and nothing is left. It
//! knows no inside of it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStderr, ChildStdout, ExitStatus, Stdio},
};

use conformance::{eventually, is_alive};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Machine, contains};

/// `botkube run` that is told what to do by lines, with the misbehaving executor as `mine`.
struct Serving {
    machine: Machine,
    agent: Child,
    output: BufReader<ChildStdout>,
    errors: BufReader<ChildStderr>,
}

impl Serving {
    /// Says one line to it.
    fn saying(line: &str, args: &[&str]) -> Self {
        let machine = Machine::new();
        let config = machine.file("config.yaml", "communications: {here: {console: {enabled: true}}}\n");
        let plugin = format!("mine={}", machine.misbehaving("none"));
        let line = line.replace("PID", &machine.path("pid").display().to_string());
        let mut agent = machine.botkube(["run", "--config", &config, "--plugin", &plugin].iter().chain(args));
        let agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut agent = agent.spawn().unwrap();
        writeln!(agent.stdin.as_mut().unwrap(), "{line}").unwrap();
        let output = BufReader::new(agent.stdout.take().unwrap());
        let errors = BufReader::new(agent.stderr.take().unwrap());
        Self { machine, agent, output, errors }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// The process that works on the line, once it does.
    fn plugin(&self) -> u32 {
        let pid = self.machine.path("pid");
        eventually("the plugin has the command", || pid.exists());
        fs::read_to_string(pid).unwrap().parse().unwrap()
    }

    fn told(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.agent), signal).unwrap();
    }

    /// Waits for a line of its log that holds this.
    fn logs(&mut self, what: &str) {
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert_ne!(self.errors.read_line(&mut line).unwrap(), 0, "{what:?} was not logged");
        }
    }

    /// Its end, and what it said until then.
    fn end(mut self) -> (ExitStatus, String, Machine) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.agent.wait().unwrap(), rest, self.machine)
    }
}

fn check_answered_by(signal: Signal) {
    let mut serving = Serving::saying("mine stream 10 every 50", &[]);
    assert_eq!(serving.line(), "1 of 10\n");
    serving.told(signal);
    let (status, rest, machine) = serving.end();
    assert_eq!(status.code(), Some(0));
    assert!(rest.ends_with("10 of 10\n"), "{rest:?}");
    machine.is_tidy();
}

#[test]
fn what_runs_when_it_is_terminated_is_answered_first() {
    check_answered_by(Signal::TERM);
}

#[test]
fn what_runs_when_it_is_interrupted_is_answered_first() {
    check_answered_by(Signal::INT);
}

#[test]
fn what_has_not_ended_in_time_is_cut_and_told_so() {
    let serving = Serving::saying("mine hang PID", &["--grace", "1"]);
    let plugin = serving.plugin();
    serving.told(Signal::TERM);
    let (status, rest, machine) = serving.end();
    assert_eq!(status.code(), Some(0));
    contains(&rest, &["Cut off: the agent was stopped", "it is not run again"]);
    assert!(!is_alive(plugin));
    machine.is_tidy();
}

#[test]
fn a_second_signal_ends_it_at_once_with_its_plugins() {
    let mut serving = Serving::saying("mine hang PID", &[]);
    let plugin = serving.plugin();
    serving.told(Signal::TERM);
    serving.logs("stopping");
    serving.told(Signal::INT);
    let (status, _, _) = serving.end();
    assert_eq!(status.code(), Some(1));
    eventually("the plugin has ended", || !is_alive(plugin));
}
