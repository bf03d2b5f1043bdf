//! What is left of plugins: no process and no file, however a command or the agent ends, and what a plugin gets to see.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use conformance::{eventually, is_alive};

use crate::{
    exec::HURRIED,
    support::{Machine, check},
};

/// A running agent whose plugin works on a command for ever.
struct Hanging {
    machine: Machine,
    agent: Child,
    plugin: u32,
}

impl Hanging {
    /// `how` it hangs: as a task, or with the plugin's only thread.
    fn new(how: &str) -> Self {
        let machine = Machine::new();
        let plugin = format!("mine={}", machine.misbehaving("none"));
        let pid = machine.path("pid");
        let words = format!("mine {how} {}", pid.display());
        let mut agent = machine.botkube(["exec", "-o", "json", "--plugin", &plugin, "--", &words]);
        let agent = agent.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually("the plugin has the command", || pid.exists());
        let plugin = fs::read_to_string(pid).unwrap().parse().unwrap();
        Self { machine, agent, plugin }
    }

    #[track_caller]
    fn cancelled_by(self, signal: &str) {
        let sent = Command::new("kill").args([format!("-{signal}"), self.agent.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let output = self.agent.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        check(&serde_json::from_slice(&output.stdout).unwrap(), "cancelled", &["Cancelled"]);
        assert!(!is_alive(self.plugin));
        self.machine.is_tidy();
    }
}

#[test]
fn an_interrupt_cancels_the_command_and_leaves_nothing() {
    Hanging::new("hang").cancelled_by("INT");
}

#[test]
fn a_plugin_that_is_frozen_can_be_cancelled_all_the_same() {
    Hanging::new("freeze").cancelled_by("INT");
}

#[test]
fn a_termination_cancels_the_command_and_leaves_nothing() {
    Hanging::new("hang").cancelled_by("TERM");
}

#[test]
fn a_plugin_that_is_still_starting_can_be_cancelled() {
    let machine = Machine::new();
    let pid = machine.path("pid");
    let plugin = machine
        .script("mine", format!("#!/bin/sh\necho $$ > {0}.new\nmv {0}.new {0}\nexec sleep 1000\n", pid.display()));
    let mut agent = machine.botkube(["exec", "-o", "json", "--plugin", &plugin, "--", "mine"]);
    let agent = agent.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the plugin runs", || pid.exists());
    let hanging = Hanging { agent, plugin: fs::read_to_string(pid).unwrap().trim().parse().unwrap(), machine };
    hanging.cancelled_by("INT");
}

#[test]
fn an_agent_that_is_killed_leaves_no_plugin() {
    let mut hanging = Hanging::new("freeze");
    hanging.agent.kill().unwrap();
    hanging.agent.wait().unwrap();
    eventually("the plugin has ended", || !is_alive(hanging.plugin));
}

#[test]
fn an_agent_that_ends_leaves_no_file() {
    let machine = Machine::new();
    assert_eq!(machine.json(&["--", "echo hi"])["status"], "succeeded");
    machine.is_tidy();
}

#[test]
fn a_plugin_that_does_not_leave_is_killed() {
    let machine = Machine::new();
    let plugin = machine.misbehaving("stays");
    let answer = machine.json(&["--plugin", &plugin, "--", "stays id"]);
    check(&answer, "succeeded", &[]);
    assert!(!is_alive(answer["text"].as_str().unwrap().parse().unwrap()));
    machine.is_tidy();
}

#[test]
fn what_a_plugin_started_ends_with_it() {
    let machine = Machine::new();
    let config = machine.file("c.yaml", HURRIED);
    let child = machine.path("child");
    let plugin = machine.script("mine", format!("#!/bin/sh\nsleep 1000 &\necho $! > {}\nwait\n", child.display()));
    let answer = machine.json(&["--config", &config, "--plugin", &plugin, "--", "mine"]);
    check(&answer, "timedOut", &[]);
    let child = fs::read_to_string(child).unwrap().trim().parse().unwrap();
    eventually("the plugin's child has ended", || !is_alive(child));
    machine.is_tidy();
}

/// What a plugin sees when the agent has this in its environment.
fn environment(agent: &[(&str, &str)]) -> Vec<(String, String)> {
    let machine = Machine::new();
    let dump = machine.path("env");
    let plugin = machine.script("mine", format!("#!/bin/sh\nenv > {}\n", dump.display()));
    let status = machine.botkube(["exec", "--plugin", &plugin, "--", "mine"]).envs(agent.iter().copied()).output();
    assert_eq!(status.unwrap().status.code(), Some(1));
    let dump = fs::read_to_string(dump).unwrap();
    dump.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

#[test]
fn secrets_of_the_agent_do_not_reach_a_plugin() {
    let secrets = [
        ("BOTKUBE_COMMUNICATIONS_DEFAULT_SLACK_TOKEN", "s3cret"),
        ("CONFIG_PROVIDER_API_KEY", "s3cret"),
        ("AWS_SECRET_ACCESS_KEY", "s3cret"),
        ("KUBECONFIG", "/s3cret"),
        ("XDG_STATE_HOME", "/s3cret"),
    ];
    let seen = environment(&secrets);
    assert!(!seen.iter().any(|(_, value)| value.contains("s3cret")), "{seen:?}");
}

#[test]
fn what_a_plugin_needs_of_the_agents_environment_reaches_it() {
    let passed = [("HTTPS_PROXY", "http://proxy:3128"), ("LOG_LEVEL_ECHO", "debug"), ("LANG", "C.UTF-8")];
    let seen = environment(&passed);
    for (key, value) in passed.into_iter().chain([("PLUGIN_PROTOCOL_VERSIONS", "3")]) {
        assert!(seen.contains(&(key.into(), value.into())), "{key} is not in {seen:?}");
    }
    for key in ["PATH", "HOME", "TMPDIR", "BOTKUBE", "PLUGIN_DEPENDENCY_DIR"] {
        assert!(seen.iter().any(|(seen, _)| seen == key), "{key} is not in {seen:?}");
    }
}
