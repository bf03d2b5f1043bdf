//! A plugin that failed too often, as people meet it: what they read, and the way out. It knows no inside of the agent.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Machine, contains};

/// What `botkube run` says to these lines up to one that begins with this.
fn said(lines: &str, last: &str) -> String {
    let machine = Machine::new();
    let config = machine.file(
        "config.yaml",
        "communications: {here: {console: {enabled: true}}}\nplugins: {restartPolicy: {type: DeactivatePlugin, threshold: 1}}\n",
    );
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let mut agent = machine.botkube(["run", "--config", &config, "--plugin", &plugin]);
    let mut agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    agent.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    let mut output = BufReader::new(agent.stdout.take().unwrap());
    let mut text = String::new();
    loop {
        let begin = text.len();
        assert_ne!(output.read_line(&mut text).unwrap(), 0, "{last:?} did not come: {text}");
        if text[begin..].starts_with(last) {
            break;
        }
    }
    kill_process(Pid::from_child(&agent), Signal::TERM).unwrap();
    assert_eq!(agent.wait().unwrap().code(), Some(0));
    machine.is_tidy();
    text
}

#[test]
fn a_plugin_that_failed_too_often_says_why_and_answers_again_once_it_is_restarted() {
    let lines = "mine exit 7\nmine exit 7\nmine\nlist executors\nrestart executor mine\nmine\nping\n";
    let text = said(lines, "pong");
    let (before, after) = text.split_once("mine is being started again").unwrap();
    contains(before, &["Deactivated", "exit code 7", "`restart executor mine`"]);
    contains(after, &["ok"]);
}
