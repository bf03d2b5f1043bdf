//! What plugins and their keys below `executors` mean.
//! Must not know: how a test runs; the module above has that.

use super::*;

#[test]
fn a_group_has_plugins_with_their_configuration() {
    check!("
executors:
  tools:
    displayName: Tools
    botkube/kubectl@v1.2.3: {enabled: true, config: {b: [1, yes], a: null}}
    mine/helm: {}
    a/b@1@2: {}
", @r#"
    tools (Some("Tools"))
      botkube/kubectl@v1.2.3 on {"b":[1,"yes"],"a":null}
      mine/helm off
      a/b@1@2 off
    "#);
}

#[test]
fn a_key_without_repository_is_botkubes_and_shows_the_newer_spelling() {
    check!("executors: {g: {kube-reader: {enabled: true}}}", @"
    g (None)
      botkube/kube-reader on
    warning: the plugin key `kube-reader` names no repository, understood as `botkube/kube-reader`
     --> c.yaml:1:17
      |
    1 | executors: {g: {kube-reader: {enabled: true}}}
      |                 ^
      = key: executors.g.kube-reader
      = help: today it is written like this:
              botkube/kube-reader:
    ");
}

#[test]
fn malformed_keys_of_enabled_plugins_are_refused() {
    check!("
executors:
  g:
    /a: {enabled: true}
    b/: {enabled: true}
    c/../d: {enabled: true}
", @"
    g (None)
    error: `/a` is not a plugin key: the repository in front of the `/` is empty
     --> c.yaml:4:5
      |
    4 |     /a: {enabled: true}
      |     ^
      = key: executors.g./a
      = help: write `repository/name` or `repository/name@version`, such as `botkube/kubectl`

    error: `b/` is not a plugin key: the plugin name after the `/` is empty
     --> c.yaml:5:5
      |
    5 |     b/: {enabled: true}
      |     ^
      = key: executors.g.b/
      = help: write `repository/name` or `repository/name@version`, such as `botkube/kubectl`

    error: `c/../d` is not a plugin key: a part cannot be the name of a file: it holds a slash, a blank or a control character, or is `.` or `..`
     --> c.yaml:6:5
      |
    6 |     c/../d: {enabled: true}
      |     ^
      = key: executors.g.c/../d
      = help: write `repository/name` or `repository/name@version`, such as `botkube/kubectl`
    ");
}

#[test]
fn a_malformed_key_of_a_disabled_plugin_is_only_mentioned() {
    check!("executors: {g: {/a: {enabled: false}}}", @"
    g (None)
    warning: `/a` is not a plugin key: the repository in front of the `/` is empty
     --> c.yaml:1:17
      |
    1 | executors: {g: {/a: {enabled: false}}}
      |                 ^
      = key: executors.g./a
      = help: write `repository/name` or `repository/name@version`, such as `botkube/kubectl`
    ");
}

#[test]
fn a_plugin_that_is_no_map_is_refused() {
    check!("executors: {g: {botkube/echo: true}}", @"
    g (None)
    error: `executors.g.botkube/echo` needs a map of keys, found the boolean `true`
     --> c.yaml:1:31
      |
    1 | executors: {g: {botkube/echo: true}}
      |                               ^
      = key: executors.g.botkube/echo
      = help: write its keys below it, each on a line of its own, indented
    ");
}
