//! What can be typed: flags of the agent, quotes and links as chats make them, the agent's own commands.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
};

use crate::support::{Machine, check, contains, finish};

const CONFIG: &str = "
settings: {clusterName: labs}
aliases:
  e: {command: echo, displayName: Echo}
  hi: {command: echo hi}
  kubectl: {command: kubectl kubectl}
executors:
  tools: {botkube/echo: {enabled: true}}
  admin: {botkube/kubectl: {enabled: true}}
communications:
  main: {console: {channels: {ops: {bindings: {executors: [tools]}}}}}
  chat: {discord: {enabled: true, token: t, botID: '1', channels: {dev: {id: '2', bindings: {executors: [admin]}}}}}
";

/// The answer to a command under the configuration above.
fn exec(command: &str) -> serde_json::Value {
    let machine = Machine::new();
    let config = machine.file("c.yaml", CONFIG);
    machine.json(&["--config", &config, "--channel", "ops", "--", command])
}

/// The plugin, which says what it got, says this.
#[track_caller]
fn echoes(command: &str, expected: &str) {
    let answer = exec(command);
    assert_eq!(
        (answer["status"].as_str(), answer["text"].as_str()),
        (Some("succeeded"), Some(expected)),
        "{command:?}"
    );
}

#[track_caller]
fn says(command: &str, status: &str, said: &[&str]) {
    check(&exec(command), status, said);
}

#[test]
fn the_agents_flags_do_not_reach_the_plugin() {
    echoes("echo  'a  b' --cluster-name=labs --all-clusters c", "echo  'a  b' c");
    echoes("echo what’s (up) | x --bk-filter=echo", "echo what's (up) | x");
}

#[test]
fn what_equals_a_flag_in_quotes_or_behind_two_dashes_does() {
    echoes("echo '--filter x' --filter=e", "echo '--filter x'");
    echoes("echo -- --filter x", "echo -- --filter x");
}

#[test]
fn a_filter_leaves_matching_lines() {
    echoes("echo\none web\ndb\ntwo web --filter web", "one web\ntwo web");
    says("echo a --filter=nosuch", "succeeded", &["empty response"]);
    says("list aliases --filter=echo", "succeeded", &["echo hi"]);
}

#[test]
fn a_flag_that_is_written_wrongly_is_shown_with_its_place() {
    says("echo a --filter", "refused", &["`--filter` has no value", "echo a --filter\n       ^"]);
    says("echo a --filter=b --bk-filter=c", "refused", &["second time", "\n                  ^"]);
}

#[test]
fn a_command_for_another_cluster_is_refused_without_a_word() {
    let answer = exec("echo a --cluster-name other");
    assert_eq!((answer["status"].as_str(), answer["text"].as_str()), (Some("refused"), Some("")));
}

#[test]
fn what_a_chat_made_of_the_text_is_undone() {
    echoes(
        "echo “a b” <https://Example.org:8080/?q=1> <http://a.b|a.b>",
        "echo \"a b\" https://Example.org:8080/?q=1 a.b",
    );
}

#[test]
fn an_alias_is_expanded_once_and_people_see_what_it_stands_for() {
    let answer = exec("hi --filter=hi");
    assert_eq!(answer["text"], "echo hi");
    assert_eq!(answer["messages"][0]["Description"], "`echo hi --filter=hi` on `labs`");
    assert_eq!(exec("kubectl")["messages"][0]["Description"], "`kubectl kubectl` on `labs`");
}

#[test]
fn a_header_that_is_typed_is_ignored_with_a_note() {
    let answer = exec("echo a --bk-cmd-header='rm'");
    assert_eq!(answer["messages"][0]["Description"], "`echo a --bk-cmd-header='rm'` on `labs`");
    check(&answer, "succeeded", &["`--bk-cmd-header` was ignored"]);
}

#[test]
fn help_is_made_from_what_is_bound_in_the_channel() {
    let help = exec("help");
    check(&help, "succeeded", &["echo help", "also e", "list executors", "--cluster-name=labs"]);
    assert!(!help["text"].as_str().unwrap().contains("kubectl"), "{help}");
}

#[test]
fn lists_are_of_the_channel() {
    says("list executors", "succeeded", &["EXECUTOR", "LAST_RESTART", "botkube/echo true"]);
    says("list aliases", "succeeded", &["e     echo    Echo", "hi    echo hi"]);
    says("List RUNNING", "succeeded", &["No other command is running"]);
    says("cancel c1000", "refused", &["No command c1000 is running"]);
}

#[test]
fn an_executor_of_another_group_is_answered_with_that_group() {
    says("kubectl get po", "refused", &["not bound in this channel", "`admin`", "`dev` (discord)"]);
    says("helm list", "refused", &["botkube/helm: {enabled: true}"]);
}

#[test]
fn what_this_version_cannot_do_is_answered_with_what_to_do_instead() {
    says("disable notifications", "refused", &["yet", "`notification.disabled`", "`ops`"]);
}

#[test]
fn a_second_word_that_is_not_known_is_answered_with_what_may_be_meant() {
    says("list exekutors", "refused", &["Did you mean `list executors`?", "executor | executors | exec"]);
}

#[test]
fn a_command_over_the_limit_is_refused_and_the_next_one_run() {
    let machine = Machine::new();
    let input = format!("echo {}\necho on\n", "x".repeat(300 << 10));
    let outcome = finish(machine.botkube([] as [&str; 0]), input);
    contains(&outcome.stdout, &["307205 bytes", "262144", "\necho on\n"]);
}

#[test]
fn the_log_names_the_command_and_not_what_it_holds() {
    let machine = Machine::new();
    let config = machine.file("c.yaml", CONFIG);
    let mut agent = machine.botkube(["run", "--config", &config]);
    let mut agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    agent.stdin.take().unwrap().write_all(b"echo Hunter2 --filter echo\n").unwrap();
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    Command::new("kill").arg(agent.id().to_string()).status().unwrap();
    let mut log = String::new();
    agent.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    agent.wait().unwrap();
    let line = log.lines().find(|line| line.contains("c1")).unwrap_or_else(|| panic!("{log}"));
    contains(
        line,
        &["actor=\"ada\"", "channel=\"ops\"", "verb=\"echo\"", "plugin=\"botkube/echo\"", "Succeeded", "took"],
    );
    assert!(!log.contains("Hunter2"), "{log}");
}
