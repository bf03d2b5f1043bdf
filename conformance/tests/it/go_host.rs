//! Our executors under a host made of the original SDK: what it makes of their answers, and of their end.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use conformance::{go_program, live_program, program};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A Go host with one plugin.
struct Host {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    dir: TempDir,
}

impl Host {
    fn of(plugin: &Path) -> Self {
        // A socket's path must be short.
        let dir = tempfile::Builder::new().prefix("bk-").tempdir_in("/tmp").unwrap();
        let mut host = Command::new(go_program("host"));
        host.arg(plugin).env("TMPDIR", dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = host.spawn().unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, requests, answers: BufReader::new(answers), dir }
    }

    fn echo() -> Self {
        Self::of(&program("executor-echo"))
    }

    fn misbehaving() -> Self {
        Self::of(&program("executor-misbehaving"))
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
    }

    fn execute(&mut self, command: &str, configs: &[&str]) -> Value {
        self.ask(&json!({ "do": "execute", "command": command, "configs": configs }))
    }

    fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn echoes(command: &str, configs: &[&str], expected: &str) {
    let answer = Host::echo().execute(command, configs);
    assert_eq!(answer["message"]["baseBody"]["codeBlock"], expected, "{answer}");
}

#[test]
fn a_command_comes_back() {
    echoes("echo 'hello  world'", &[], "echo 'hello  world'");
}

#[test]
fn configurations_are_merged_and_the_later_wins() {
    echoes("echo hi", &["formatOptions: [italic]", "formatOptions: [bold]"], "*echo hi*");
}

#[test]
fn configurations_of_nothing_change_nothing() {
    echoes("echo hi", &["", "null\n", "formatOptions: [bold]", "{}"], "*echo hi*");
}

#[test]
fn a_kubeconfig_and_all_else_a_call_carries_is_taken() {
    let request = json!({
        "do": "execute",
        "command": "echo hi",
        "kubeconfig": "apiVersion: v1\n",
        "interactive": true,
        "user": { "mention": "<@U1>", "displayName": "Ada" },
        "message": { "text": "@bot echo hi", "url": "https://example.org/m", "parentActivityId": "1.2" },
        "slackState": { "values": { "b1": { "a1": { "type": "plain_text_input", "value": "v" } } } },
        "incomingWebhookURL": "http://localhost:2115/sources/v1",
    });
    let answer = Host::echo().ask(&request);
    assert_eq!(
        (&answer["ok"], &answer["message"]["baseBody"]["codeBlock"]),
        (&true.into(), &"echo hi".into()),
        "{answer}"
    );
}

#[test]
fn help_has_a_button() {
    let answer = Host::echo().ask(&json!({ "do": "help" }));
    let button = &answer["message"]["sections"][0]["buttons"][0];
    assert_eq!(
        (&button["name"], &button["command"]),
        (&"Run".into(), &"{{BotName}} echo 'hello world'".into()),
        "{answer}"
    );
}

#[test]
fn metadata_has_version_description_and_schema() {
    let answer = Host::echo().ask(&json!({ "do": "metadata" }));
    let metadata = &answer["metadata"];
    assert_eq!(metadata["Version"], "1.0.0", "{answer}");
    assert_eq!(metadata["Description"], "Echo sends back the command that was specified.");
    let schema: Value = serde_json::from_str(metadata["JSONSchema"]["Value"].as_str().unwrap()).unwrap();
    assert!(schema["properties"]["formatOptions"].is_object(), "{schema}");
}

#[test]
fn an_error_arrives_as_its_text() {
    let answer = Host::echo().execute("echo hi", &["formatOptions: [underlined]"]);
    let error = answer["error"].as_str().unwrap_or_default();
    assert!(error.contains("formatOptions") && error.contains("underlined"), "{answer}");
}

#[test]
fn fifty_calls_at_once_get_an_answer_each() {
    let answer = Host::echo().ask(&json!({ "do": "many", "n": 50, "command": "echo hi" }));
    assert_eq!(answer["ok"], true, "{answer}");
}

/// One whose answers come while it works answers this host at once, with all of it.
#[track_caller]
fn comes_whole(command: &str, expected: &str) {
    let answer = Host::of(&live_program()).execute(command, &[]);
    assert_eq!(answer["message"]["baseBody"]["codeBlock"], expected, "{answer}");
}

#[test]
fn a_stream_is_one_answer() {
    comes_whole("live parts", "1 of 5\n2 of 5\n3 of 5\n4 of 5\n5 of 5\n");
}

#[test]
fn of_updates_the_last_is_the_answer() {
    comes_whole("live watch", "done");
}

#[test]
fn progress_is_not_seen() {
    comes_whole("live progress", "all are well");
}

#[test]
fn what_a_program_prints_is_one_answer() {
    comes_whole("live run sh -c 'echo one; echo two >&2'", "one\ntwo\n");
    let answer = Host::of(&live_program()).execute("live run sh -c 'echo one; exit 3'", &[]);
    assert!(answer["error"].as_str().unwrap_or_default().contains("one\nexit status 3"), "{answer}");
}

#[test]
fn an_answer_of_6_mib_arrives_whole() {
    let answer = Host::misbehaving().execute("misbehaving mib 6", &[]);
    assert_eq!(answer["message"]["baseBody"]["codeBlock"].as_str().unwrap().len(), 6 << 20);
}

#[test]
fn what_it_prints_is_not_the_answer() {
    let mut host = Host::misbehaving();
    for _ in 0..3 {
        let answer = host.execute("misbehaving print 1|3|unix|/tmp/x|grpc|", &[]);
        assert_eq!(answer["message"]["baseBody"]["codeBlock"], "printed", "{answer}");
    }
}

#[test]
fn a_panic_is_an_error_and_not_the_end() {
    let mut host = Host::misbehaving();
    assert_eq!(host.execute("misbehaving panic", &[])["ok"], false);
}

#[test]
fn told_to_end_it_ends_at_once_and_well_and_leaves_no_file() {
    let mut host = Host::echo();
    host.execute("echo hi", &[]);
    let end = host.ask(&json!({ "do": "kill" }));
    assert_eq!((&end["exited"], &end["exitCode"]), (&true.into(), &0.into()), "{end}");
    assert!(end["millis"].as_u64().unwrap() < 1500, "{end}");
    assert!(host.files().is_empty(), "{:?}", host.files());
}

#[test]
fn one_of_another_version_is_refused_by_the_go_host_as_by_ours() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = dir.path().join("executor_speaks-an-older-version");
    std::os::unix::fs::symlink(program("executor-misbehaving"), &plugin).unwrap();
    let answer = Host::of(&plugin).answer();
    assert!(answer["error"].as_str().unwrap().contains("Incompatible API version"), "{answer}");
}
