//! What aliases, settings and limits mean, and how wrong types are told.
//! Must not know: how a test runs; the module above has that.

use super::*;

#[test]
fn an_alias_stands_for_a_command() {
    check!("
aliases: {k: {command: kubectl, displayName: K}, kg: {command: 'kubectl get'}, p: {command: ping}}
executors: {g: {botkube/kubectl@v1: {enabled: false}}}
", @r#"
    g (None)
      botkube/kubectl@v1 off
    k = kubectl (Some("K"))
    kg = kubectl get (None)
    p = ping (None)
    "#);
}

#[test]
fn an_alias_without_a_command_is_refused() {
    check!("aliases: {k: {displayName: K}}", @r#"
    k =  (Some("K"))
    error: the alias `k` stands for no command
     --> c.yaml:1:11
      |
    1 | aliases: {k: {displayName: K}}
      |           ^
      = key: aliases.k
      = help: say what it stands for, for example:
              k:
                command: kubectl
    "#);
}

#[test]
fn settings_are_read() {
    check_small("settings: {clusterName: dev, kubeconfig: /k}", "dev Some(\"/k\") 300s 67108864 []");
    check_small("settings: {clustername: 7, kubeconfig: ''}", "7 None 300s 67108864 []");
}

#[test]
fn what_is_not_set_has_its_default() {
    check_small("", "not-configured None 300s 67108864 []");
    check_small("settings: null\nplugins:\n", "not-configured None 300s 67108864 []");
}

#[test]
fn limits_of_plugins_are_read() {
    check_small("plugins: {callTimeout: 1m30s, maxAnswerSize: 10MB}", "not-configured None 90s 10000000 []");
    check_small("plugins: {maxAnswerSize: 4096}", "not-configured None 300s 4096 []");
}

#[test]
fn plugin_repositories_are_known_by_name() {
    check_small(
        "plugins: {repositories: {mine: {url: x}, botkube: {url: y}}}",
        "not-configured None 300s 67108864 [\"botkube\", \"mine\"]",
    );
}

#[test]
fn wrong_types_are_all_told_at_once() {
    check!("
communications: []
executors: {g: {botkube/echo: {enabled: maybe}}}
aliases: {k: kubectl}
settings: {clusterName: true, kubeconfig: [a]}
plugins: {callTimeout: 30, maxAnswerSize: 64m, repositories: botkube}
", @"
    g (None)
      botkube/echo off
    error: `communications` needs a map of keys, found a list
     --> c.yaml:2:17
      |
    2 | communications: []
      |                 ^
      = key: communications
      = help: write its keys below it, each on a line of its own, indented

    error: `executors.g.botkube/echo.enabled` needs a boolean, found the text `maybe`
     --> c.yaml:3:41
      |
    3 | executors: {g: {botkube/echo: {enabled: maybe}}}
      |                                         ^
      = key: executors.g.botkube/echo.enabled
      = help: write `true` or `false`

    error: `aliases.k` needs a map of keys, found the text `kubectl`
     --> c.yaml:4:14
      |
    4 | aliases: {k: kubectl}
      |              ^
      = key: aliases.k
      = help: write its keys below it, each on a line of its own, indented

    error: `settings.clusterName` needs a text, found the boolean `true`
     --> c.yaml:5:25
      |
    5 | settings: {clusterName: true, kubeconfig: [a]}
      |                         ^
      = key: settings.clusterName
      = help: put quotes around it

    error: `settings.kubeconfig` needs a text, found a list
     --> c.yaml:5:43
      |
    5 | settings: {clusterName: true, kubeconfig: [a]}
      |                                           ^
      = key: settings.kubeconfig
      = help: write a single value after the colon

    error: `plugins.callTimeout` needs a duration above zero, found the number `30`
     --> c.yaml:6:24
      |
    6 | plugins: {callTimeout: 30, maxAnswerSize: 64m, repositories: botkube}
      |                        ^
      = key: plugins.callTimeout
      = help: write a number and a unit, such as `30s`, `5m` or `1h30m`

    error: `plugins.maxAnswerSize` needs a size above zero, found the text `64m`
     --> c.yaml:6:43
      |
    6 | plugins: {callTimeout: 30, maxAnswerSize: 64m, repositories: botkube}
      |                                           ^
      = key: plugins.maxAnswerSize
      = help: write a whole number of bytes, or one with a unit, such as `64Mi` or `10MB`

    error: `plugins.repositories` needs a map of keys, found the text `botkube`
     --> c.yaml:6:62
      |
    6 | plugins: {callTimeout: 30, maxAnswerSize: 64m, repositories: botkube}
      |                                                              ^
      = key: plugins.repositories
      = help: write its keys below it, each on a line of its own, indented
    ");
}

#[test]
fn configurations_of_plugins_stay_out_of_debug_output() {
    let loaded = loaded("executors: {g: {a/b: {config: {token: s3cret}}}}");
    assert!(!format!("{loaded:?}").contains("s3cret"));
}

#[track_caller]
fn check_small(yaml: &str, expected: &str) {
    let loaded = loaded(yaml);
    let Config { settings, plugins, .. } = loaded.config;
    let (cluster, kubeconfig) = (settings.cluster_name, settings.kubeconfig);
    let (timeout, size, repositories) = (plugins.call_timeout, plugins.max_answer_size, plugins.repositories);
    let repositories: Vec<_> = repositories.into_keys().collect();
    assert_eq!(format!("{cluster} {kubeconfig:?} {timeout:?} {size} {repositories:?}"), expected);
    assert!(loaded.findings.is_empty(), "{}", Report(&loaded.findings));
}
