//! Whom plugins act as.
//! Must not know: how a test runs; the module above has that.

use super::*;

#[test]
fn a_plugin_acts_as_a_fixed_user_and_groups() {
    check!(with_context("rbac: {user: {type: Static, static: {value: u}}, group: {type: Static, prefix: 'p-', static: {values: [a, b]}}}"), @r#"
    g (None)
      botkube/kubectl on user ""+["u"] group "p-"+["a", "b"]
    "#);
}

#[test]
fn a_plugin_acts_as_the_channel() {
    check!(with_context("rbac: {user: {type: ChannelName, prefix: 'ch-'}}"), @r#"
    g (None)
      botkube/kubectl on user "ch-"+channel group -
    "#);
}

#[test]
fn empty_rbac_is_none() {
    check!(with_context("rbac: {}"), @"
    g (None)
      botkube/kubectl on
    ");
}

#[test]
fn empty_types_are_none() {
    check!(with_context("rbac: {user: {type: ''}, group: {}}"), @"
    g (None)
      botkube/kubectl on
    ");
}

#[test]
fn names_without_a_type_are_said_to_be_ignored() {
    check!(with_context("rbac: {group: {static: {values: [a]}}}"), @"
    g (None)
      botkube/kubectl on
    warning: `static` is ignored without a `type`: the plugin acts as no group
     --> c.yaml:6:24
      |
    6 |         rbac: {group: {static: {values: [a]}}}
      |                        ^
      = key: executors.g.botkube/kubectl.context.rbac.group.static
      = help: write `type: Static` beside it
    ");
}

#[test]
fn an_unknown_type_is_refused_with_the_known_ones() {
    check!(with_context("rbac: {user: {type: static, static: {value: u}}}"), @"
    g (None)
      botkube/kubectl on
    error: there is no subject of type `static`
     --> c.yaml:6:29
      |
    6 |         rbac: {user: {type: static, static: {value: u}}}
      |                             ^
      = key: executors.g.botkube/kubectl.context.rbac.user.type
      = help: write `Static` for names given here, or `ChannelName` for the name of the channel, in this spelling
    ");
}

#[test]
fn a_user_without_a_name_is_refused() {
    check!(with_context("rbac: {user: {type: Static}}"), @r#"
    g (None)
      botkube/kubectl on user ""+[] group -
    error: the user to act as is empty
     --> c.yaml:6:22
      |
    6 |         rbac: {user: {type: Static}}
      |                      ^
      = key: executors.g.botkube/kubectl.context.rbac.user
      = help: it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    static:
                      value: NAME
    "#);
}

#[test]
fn a_group_without_a_name_is_refused() {
    check!(with_context("rbac: {group: {type: Static, static: {values: ['']}}}"), @r#"
    g (None)
      botkube/kubectl on user - group ""+[""]
    error: the group to act as is empty
     --> c.yaml:6:55
      |
    6 |         rbac: {group: {type: Static, static: {values: ['']}}}
      |                                                       ^
      = key: executors.g.botkube/kubectl.context.rbac.group.static.values
      = help: it is written like this:
              context:
                rbac:
                  group:
                    type: Static
                    static:
                      values: [NAME]
    "#);
}

#[test]
fn two_users_are_refused() {
    check!(with_context("rbac: {user: {type: Static, static: {values: [a, b]}}}"), @r#"
    g (None)
      botkube/kubectl on user ""+["a", "b"] group -
    error: a plugin acts as one user, found several
     --> c.yaml:6:54
      |
    6 |         rbac: {user: {type: Static, static: {values: [a, b]}}}
      |                                                      ^
      = key: executors.g.botkube/kubectl.context.rbac.user.static.values
      = help: it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    static:
                      value: a
    "#);
}

#[test]
fn an_older_user_as_a_text_is_understood() {
    check!(with_context("user: read-only-user"), @r#"
    g (None)
      botkube/kubectl on user ""+["read-only-user"] group -
    warning: `context.user` is an older spelling, understood as `context.rbac.user`
     --> c.yaml:6:9
      |
    6 |         user: read-only-user
      |         ^
      = key: executors.g.botkube/kubectl.context.user
      = help: today it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    static:
                      value: read-only-user
    "#);
}

#[test]
fn an_older_user_as_a_value_is_understood() {
    check!(with_context("user: {type: Static, static: {value: 'a b'}}"), @r#"
    g (None)
      botkube/kubectl on user ""+["a b"] group -
    warning: `context.user` is an older spelling, understood as `context.rbac.user`
     --> c.yaml:6:9
      |
    6 |         user: {type: Static, static: {value: 'a b'}}
      |         ^
      = key: executors.g.botkube/kubectl.context.user
      = help: today it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    static:
                      value: "a b"
    "#);
}

#[test]
fn an_older_user_as_a_list_of_values_is_understood() {
    check!(with_context("user: {type: Static, prefix: p, static: {values: [kubectl-first-channel]}}"), @r#"
    g (None)
      botkube/kubectl on user "p"+["kubectl-first-channel"] group -
    warning: `context.user` is an older spelling, understood as `context.rbac.user`
     --> c.yaml:6:9
      |
    6 |         user: {type: Static, prefix: p, static: {values: [kubectl-first-channel]}}
      |         ^
      = key: executors.g.botkube/kubectl.context.user
      = help: today it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    prefix: p
                    static:
                      value: kubectl-first-channel
    "#);
}

#[test]
fn two_older_users_are_refused() {
    check!(with_context("user: [a, b]"), @r#"
    g (None)
      botkube/kubectl on user ""+["a"] group -
    warning: `context.user` is an older spelling, understood as `context.rbac.user`
     --> c.yaml:6:9
      |
    6 |         user: [a, b]
      |         ^
      = key: executors.g.botkube/kubectl.context.user
      = help: today it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    static:
                      value: a

    error: a plugin acts as one user, found several
     --> c.yaml:6:15
      |
    6 |         user: [a, b]
      |               ^
      = key: executors.g.botkube/kubectl.context.user
      = help: it is written like this:
              context:
                rbac:
                  user:
                    type: Static
                    static:
                      value: a
    "#);
}

#[test]
fn older_groups_are_understood() {
    check!(with_context("group: [system:masters, ops]"), @r#"
    g (None)
      botkube/kubectl on user - group ""+["system:masters", "ops"]
    warning: `context.group` is an older spelling, understood as `context.rbac.group`
     --> c.yaml:6:9
      |
    6 |         group: [system:masters, ops]
      |         ^
      = key: executors.g.botkube/kubectl.context.group
      = help: today it is written like this:
              context:
                rbac:
                  group:
                    type: Static
                    static:
                      values: [system:masters, ops]
    "#);
}

#[test]
fn an_older_channel_name_is_understood() {
    check!(with_context("user: {type: ChannelName, prefix: p}"), @r#"
    g (None)
      botkube/kubectl on user "p"+channel group -
    warning: `context.user` is an older spelling, understood as `context.rbac.user`
     --> c.yaml:6:9
      |
    6 |         user: {type: ChannelName, prefix: p}
      |         ^
      = key: executors.g.botkube/kubectl.context.user
      = help: today it is written like this:
              context:
                rbac:
                  user:
                    type: ChannelName
                    prefix: p
    "#);
}

#[test]
fn an_older_user_beside_rbac_is_ignored() {
    check!(with_context("{user: a, rbac: {user: {type: Static, static: {value: b}}}}"), @r#"
    g (None)
      botkube/kubectl on user ""+["b"] group -
    warning: `context.user` is ignored, since `context.rbac` stands beside it
     --> c.yaml:6:10
      |
    6 |         {user: a, rbac: {user: {type: Static, static: {value: b}}}}
      |          ^
      = key: executors.g.botkube/kubectl.context.user
      = help: remove the older key
    "#);
}
