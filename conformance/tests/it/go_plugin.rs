//! An executor made with the original SDK, under our agent: what reaches it, and what becomes of its answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use botkube_config::model::Plugins as Settings;
use botkube_core::{
    port::{PluginCall, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{catalogue::Catalogue, host::Host};
use conformance::{go_program, program};
use go_plugin::{
    handshake::Cookie,
    host::{Config as HostConfig, Direct, Launch, Plugin},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: c1, cluster: {server: 'https://10.0.0.1:6443', certificate-authority-data: Q0E=}}]
contexts: [{name: dev, context: {cluster: c1, user: admin}}]
users: [{name: admin, user: {token: s3cret}}]
";

/// Three groups that bind the executor, and a channel in which they are bound in another order than they stand in.
const CONFIG: &str = "
settings: {clusterName: labs, kubeconfig: KUBECONFIG}
executors:
  first:
    corp/probe:
      enabled: true
      config: {n: {key: one, value: one}, a: one, l: [p, q]}
      context: {rbac: {user: {type: Static, static: {value: reader}}, group: {type: ChannelName, prefix: 'team-'}}}
  second:
    corp/probe:
      enabled: true
      config: {m: {k2: two, k1: \"1\"}, l: [r], d: 90s, a: two}
      context: {rbac: {user: {type: Static, static: {value: reader}}, group: {type: ChannelName, prefix: 'team-'}}}
  third:
    corp/probe:
      enabled: true
      config: {n: {key: three}, i: 7, b: false, f: 0.5}
      context: {rbac: {user: {type: Static, static: {value: reader}}, group: {type: ChannelName, prefix: 'team-'}}}
communications:
  main:
    socketSlack:
      enabled: true
      botToken: xoxb-1
      appToken: xapp-1
      channels: {ops: {name: operations, bindings: {executors: [second, first, third]}}}
";

/// `botkube` with the executor as its plugin, by that configuration.
fn botkube(dir: &TempDir, args: &[&str]) -> Command {
    let (kubeconfig, config) = (dir.path().join("kubeconfig"), dir.path().join("botkube.yaml"));
    fs::write(&kubeconfig, KUBECONFIG).unwrap();
    fs::write(&config, CONFIG.replace("KUBECONFIG", &kubeconfig.display().to_string())).unwrap();
    let mut command = Command::new(program("botkube"));
    command.args(args).arg("--plugin").arg(format!("probe={}", go_program("executor").display()));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir.path())
        .env("USER", "ada");
    command
}

/// What `botkube exec` makes of this command.
fn exec(command: &str) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("botkube.yaml").display().to_string();
    let mut agent = botkube(&dir, &["exec", "-o", "json", "--config", &config]);
    let output = agent.args(["--", command]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[track_caller]
fn check(command: &str, status: &str, text: &str) {
    let answer = exec(command);
    assert_eq!((&answer["status"], answer["text"].as_str().unwrap()), (&status.into(), text));
}

/// What reached the executor, as it saw it.
fn inspected() -> Value {
    serde_json::from_str(exec("probe  inspect 'a  b'")["text"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_nothing_before_its_end() {
    let given = BTreeMap::from([("probe".to_owned(), go_program("executor"))]);
    let host = Host::new(Catalogue { given, ..Catalogue::default() }, Arc::new(Direct), Settings::default()).unwrap();
    let mut pieces = Vec::new();
    let call = PluginCall::new("probe messages 3");
    let messages = host.execute(&PluginRef::Named("probe".into()), call, &mut pieces).await.unwrap();
    assert_eq!((messages.len(), pieces), (4, vec![]));
    host.stop().await;
}

/// What a plugin says it serves.
async fn services(program: PathBuf) -> Vec<String> {
    let cookie = Cookie { key: "BOTKUBE", value: "52ca7b74-28eb-4fac-ae79-31a9cbda2454" };
    let launch = Launch::new(program).inherit(["PATH", "HOME"]).env("TMPDIR", "/tmp");
    let plugin = Plugin::start(HostConfig::new(cookie, [3], launch), &Direct).await.unwrap();
    let services = plugin.services(Duration::from_secs(5)).await.unwrap();
    plugin.stop().await;
    services
}

#[tokio::test]
async fn our_executors_have_a_service_more_than_those_of_the_sdk() {
    let ours = services(program("executor-echo")).await;
    let mut theirs = services(go_program("executor")).await;
    theirs.push("botkube.stream.v1.Stream".into());
    assert_eq!(ours.into_iter().collect::<BTreeSet<_>>(), theirs.into_iter().collect());
}

#[test]
fn the_command_reaches_it_as_it_was_typed() {
    assert_eq!(inspected()["command"], "probe  inspect 'a  b'");
}

#[test]
fn configurations_reach_it_in_the_order_of_the_binding_with_sorted_keys() {
    assert_eq!(
        inspected()["configs"],
        json!([
            "a: two\nd: 90s\nl:\n- r\nm:\n  k1: \"1\"\n  k2: two\n",
            "a: one\nl:\n- p\n- q\n\"n\":\n  key: one\n  value: one\n",
            "b: false\nf: 0.5\ni: 7\n\"n\":\n  key: three\n",
        ])
    );
}

#[test]
fn its_configurations_merge_to_what_the_sdk_says_of_later_ones() {
    let merged: Value = serde_json::from_str(exec("probe merged")["text"].as_str().unwrap()).unwrap();
    let expected = json!({
        "a": "one",
        "l": ["p", "q"],
        "n": { "value": "one", "key": "three" },
        "m": { "k1": "1", "k2": "two" },
        "d": 90_000_000_000_u64,
        "b": false,
        "i": 7,
        "f": 0.5,
        "deep": { "list": [{ "name": "x", "count": 1 }], "on": true },
    });
    assert_eq!(merged, expected);
}

#[test]
fn its_kubeconfig_is_upstreams_to_the_byte() {
    let expected = "\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://10.0.0.1:6443
  name: labs
contexts:
- context:
    cluster: labs
    namespace: default
    user: labs
  name: labs
current-context: labs
kind: Config
preferences: {}
users:
- name: labs
  user:
    as: reader
    as-groups:
    - team-operations
    token: s3cret
";
    assert_eq!(inspected()["kubeconfig"], expected);
}

#[test]
fn it_learns_who_asks_and_what_was_typed() {
    let seen = inspected();
    assert_eq!(seen["message"]["user"], json!({ "mention": "", "displayName": "ada" }));
    assert_eq!(seen["message"]["text"], "probe  inspect 'a  b'");
    // The SDK's way to say that there is no state.
    assert_eq!((&seen["isInteractive"], &seen["slackState"]), (&false.into(), &json!({ "values": null })));
}

#[test]
fn its_help_keeps_its_buttons() {
    let help = exec("probe help");
    let buttons = &help["messages"][0]["sections"][0]["buttons"];
    assert_eq!(buttons[0]["command"], "{{BotName}} probe inspect");
    assert_eq!(buttons[1]["url"], "https://example.org/probe");
    assert!(help["text"].as_str().unwrap().contains("[Inspect] probe inspect"), "{help}");
}

#[test]
fn its_controls_are_in_the_text_too() {
    let answer = exec("probe buttons");
    for said in
        ["[Again] probe buttons", "[Several] probe several", "[One of these] probe pick", "Two: 2", "[Say] probe say"]
    {
        assert!(answer["text"].as_str().unwrap().contains(said), "{said} is not in {answer}");
    }
}

#[test]
fn its_error_is_the_answer() {
    check("probe fail 100% of %s", "failed", "100% of %s");
}

#[test]
fn an_error_of_200_kib_arrives_whole() {
    check("probe fail-big 204800", "failed", &"e".repeat(204_800));
}

#[test]
fn an_answer_of_6_mib_arrives_whole() {
    check("probe big 6291456", "succeeded", &"x".repeat(6 << 20));
}

#[test]
fn of_extra_messages_fifteen_are_shown_and_the_rest_is_said() {
    let answer = exec("probe messages 20");
    let texts: Vec<&str> = answer["text"].as_str().unwrap().split("\n\n").collect();
    assert_eq!((texts.len(), texts[0], texts[15]), (17, "message 0", "message 15"));
    assert!(texts[16].contains("5 more messages"), "{}", texts[16]);
}

#[test]
fn an_answer_to_be_skipped_shows_nothing() {
    let answer = exec("probe skip");
    assert_eq!(answer, json!({ "status": "succeeded", "text": "", "messages": [] }));
}

#[test]
fn an_empty_answer_is_said_to_be_empty() {
    check("probe empty", "succeeded", ".... empty response _*<cricket sounds>*_ :cricket: :cricket: :cricket:");
}

#[test]
fn what_it_prints_is_not_the_answer() {
    check("probe print 1|3|unix|/tmp/x|grpc|", "succeeded", "printed");
}

/// What the agent answers to these lines, one process for all of them.
fn piped(lines: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut agent = botkube(&dir, &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    agent.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = agent.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn after_a_panic_the_reason_is_said_and_the_next_command_is_answered() {
    let answers = piped("probe panic\nprobe hello\n");
    let (panicked, answered) = answers.trim_end().split_once('\n').unwrap();
    assert!(panicked.contains("exit code 2") && panicked.contains("ended while it worked"), "{answers}");
    assert_eq!(answered, "probe hello");
}

#[test]
fn after_an_exit_the_code_is_said_and_the_next_command_is_answered() {
    let answers = piped("probe exit 3\nprobe hello\n");
    assert!(answers.contains("exit code 3") && answers.ends_with("\nprobe hello\n"), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_calls_at_once_get_an_answer_each_from_one_process() {
    let given = BTreeMap::from([("probe".to_owned(), go_program("executor"))]);
    let host = Arc::new(
        Host::new(Catalogue { given, ..Catalogue::default() }, Arc::new(Direct), Settings::default()).unwrap(),
    );
    let ask = |number: usize| {
        let host = host.clone();
        let command = format!("probe call {number}");
        let configs = vec![format!("a: {number}").into()];
        let call = PluginCall { configs, ..PluginCall::new(&command) };
        tokio::spawn(async move {
            let answer = host.execute(&PluginRef::Named("probe".into()), call, &mut Vec::new()).await.unwrap();
            assert_eq!(answer[0].base_body.code_block, command);
        })
    };
    let asked: Vec<_> = (0..50).map(ask).collect();
    for asked in asked {
        asked.await.unwrap();
    }
    host.stop().await;
}
