//! Which plugin answers a command, with which configurations, and what old spellings come to.

use crate::support::{Machine, check, contains};

/// The quick start of upstream's guide for authors, with the older spellings it still prints.
const TUTORIAL: &str = "
communications:
  default-group:
    slack:
      enabled: true
      channels:
        default:
          name: all
          bindings:
            executors:
              - plugin-based
      token: xoxb-1
executors:
  plugin-based:
    botkube/echo:
      enabled: true
      config:
        formatOptions: ['bold', 'italic']
      context:
        user: reader
settings:
  clusterName: labs
  kubeconfig: KUBECONFIG
";

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: 'https://10.0.0.1'}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: s3cret}}]
";

fn tutorial(machine: &Machine) -> String {
    let kubeconfig = machine.file("kubeconfig", KUBECONFIG);
    machine.file("tutorial.yaml", TUTORIAL.replace("KUBECONFIG", &kubeconfig))
}

#[test]
fn the_tutorials_configuration_works_as_printed() {
    let machine = Machine::new();
    let answer = machine.json(&["--config", &tutorial(&machine), "--", "echo hello"]);
    check(&answer, "succeeded", &["_*echo hello*_"]);
    assert_eq!(answer["messages"][0]["Description"], "`echo hello` on `labs`");
}

#[test]
fn each_of_its_old_spellings_is_said_with_the_place_and_todays() {
    let machine = Machine::new();
    let outcome = machine.run(["exec", "--config", &tutorial(&machine), "--", "echo hello"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "_*echo hello*_\n"), "{outcome:?}");
    contains(&outcome.stderr, &["tutorial.yaml:4:5", "`slack` is an older spelling", "socketSlack:", "appToken:"]);
    contains(&outcome.stderr, &["tutorial.yaml:20:", "rbac:", "type: Static"]);
    contains(&outcome.stderr, &["no repository `botkube` is defined", "tutorial.yaml:15:5"]);
    assert_eq!(outcome.stderr.matches("warning: ").count(), 3, "{}", outcome.stderr);
}

#[test]
fn a_warning_never_shows_a_token() {
    let machine = Machine::new();
    let outcome = machine.run(["exec", "--config", &tutorial(&machine), "--", "echo hello"]);
    assert!(!outcome.stderr.contains("xoxb-1") && !outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
}

/// Two groups that bind echo, and a channel that binds them in this order.
#[track_caller]
fn formats(bound: &str, expected: &str) {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        format!(
            "executors:
  loud: {{botkube/echo: {{enabled: true, config: {{formatOptions: [bold]}}}}}}
  soft: {{botkube/echo: {{enabled: true, config: {{formatOptions: [italic]}}}}}}
  plain: {{botkube/echo: {{enabled: true}}}}
  off: {{botkube/echo: {{enabled: false, config: {{formatOptions: []}}}}}}
communications: {{main: {{console: {{channels: {{here: {{bindings: {{executors: {bound}}}}}}}}}}}}}
"
        ),
    );
    check(&machine.json(&["--config", &config, "--", "echo hi"]), "succeeded", &[expected]);
}

#[test]
fn of_several_bindings_the_later_wins() {
    formats("[loud, soft]", "_echo hi_");
    formats("[soft, loud]", "*echo hi*");
}

#[test]
fn a_binding_without_a_configuration_changes_nothing() {
    formats("[loud, plain]", "*echo hi*");
}

#[test]
fn a_plugin_that_is_not_enabled_changes_nothing() {
    formats("[loud, off]", "*echo hi*");
}

#[test]
fn an_executor_bound_elsewhere_is_refused_with_what_to_bind() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "executors: {tools: {botkube/echo: {enabled: true}}}
communications: {main: {console: {channels: {here: {}}}}}",
    );
    let answer = machine.json(&["--config", &config, "--", "echo hi"]);
    check(&answer, "refused", &["`echo` is not bound in this channel", "`tools`", "bindings.executors"]);
}

#[test]
fn a_given_plugin_replaces_the_bound_one_of_its_name() {
    let machine = Machine::new();
    let plugin = format!("echo={}", machine.misbehaving("none"));
    let answer = machine.json(&["--config", &tutorial(&machine), "--plugin", &plugin, "--", "echo hi"]);
    check(&answer, "succeeded", &["ok"]);
}

#[test]
fn a_given_plugin_that_is_not_bound_is_bound_everywhere() {
    let machine = Machine::new();
    let plugin = machine.misbehaving("mine");
    check(&machine.json(&["--config", &tutorial(&machine), "--plugin", &plugin, "--", "mine"]), "succeeded", &["ok"]);
}

#[test]
fn two_given_plugins_of_one_name_are_wrong_usage() {
    let machine = Machine::new();
    let outcome = machine.run(["exec", "--plugin", "x=a", "--plugin", "x=b", "--", "x"]);
    assert_eq!(outcome.code, 2);
    contains(&outcome.stderr, &["`x` twice"]);
}

/// A configuration with the plugin `echo` of a repository at this address.
fn of_repository(machine: &Machine, url: &str) -> String {
    let cache = machine.path("cache").display().to_string();
    machine.file(
        "c.yaml",
        format!(
            "plugins: {{cacheDir: '{cache}', repositories: {{corp: {{url: '{url}'}}}}}}
executors: {{tools: {{corp/echo: {{enabled: true, config: {{formatOptions: [bold]}}}}}}}}
communications: {{main: {{console: {{channels: {{here: {{bindings: {{executors: [tools]}}}}}}}}}}}}"
        ),
    )
}

#[test]
fn a_plugin_whose_repository_is_away_is_refused_with_the_reason() {
    let machine = Machine::new();
    let config = of_repository(&machine, "http://127.0.0.1:9/index.yaml");
    let answer = machine.json(&["--config", &config, "--", "echo hi"]);
    check(&answer, "refused", &["repository `corp`", "http://127.0.0.1:9/index.yaml"]);
}

#[test]
fn a_plugin_of_a_repository_is_fetched_once_and_answers() {
    let machine = Machine::new();
    let program = conformance::program("executor-echo");
    let (os, architecture) = (if cfg!(target_os = "macos") { "darwin" } else { "linux" }, std::env::consts::ARCH);
    let architecture = architecture.replace("x86_64", "amd64").replace("aarch64", "arm64");
    let index = machine.file(
        "plugins-index.yaml",
        format!(
            "entries: [{{name: echo, type: executor, description: x, version: v1.2.0, urls: [{{url: '{}', platform: {{os: \
             {os}, architecture: {architecture}}}}}]}}]",
            program.display()
        ),
    );
    let config = of_repository(&machine, &index);
    for _ in ["fetched", "from the cache"] {
        check(&machine.json(&["--config", &config, "--", "echo hi"]), "succeeded", &["*echo hi*"]);
        // The second time only the cache is left.
        let _ = std::fs::remove_file(&index);
    }
    assert!(machine.path("cache/corp/executor_v1.2.0_echo").exists());
}

#[test]
fn a_kubeconfig_that_cannot_be_made_refuses_the_command() {
    let machine = Machine::new();
    let config = tutorial(&machine);
    std::fs::remove_file(machine.path("kubeconfig")).unwrap();
    let answer = machine.json(&["--config", &config, "--", "echo hi"]);
    check(&answer, "refused", &["asks for a kubeconfig", "cannot be read"]);
}
