//! Every rule, broken once: what is said, and where.
//! Must not know: how findings are drawn.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Options;
use crate::finding::Origin;
use crate::source::Sources;

/// What is said about the configuration, each as `severity line:column message`.
#[track_caller]
fn check(yaml: &str, expected: &[&str]) {
    let mut sources = Sources::default();
    let source = sources.add(Path::new("c.yaml"), yaml.into());
    let root = crate::tree::parse(&sources, source).unwrap();
    let loaded = crate::assemble(sources, vec![root], BTreeMap::new(), Options { to_run: false, ..Options::default() });
    let said = loaded.findings.iter().map(|finding| {
        let place = match &finding.origin {
            Some(Origin::File { line, column, .. }) => format!("{line}:{column}"),
            other => format!("{other:?}"),
        };
        assert!(finding.help.as_ref().is_some_and(|help| !help.is_empty()), "{finding}");
        format!("{} {place} {}", finding.severity, finding.message)
    });
    assert_eq!(said.collect::<Vec<_>>(), expected, "{yaml}");
}

/// One enabled platform.
fn platform(key: &str, rest: &str) -> String {
    format!("communications: {{g: {{{key}: {{enabled: true, {rest}}}}}}}")
}

#[test]
fn an_enabled_platform_needs_a_channel() {
    check(
        &platform("socketSlack", "botToken: xoxb-1, appToken: xapp-1"),
        &["error 1:22 `socketSlack` is enabled and needs a channel"],
    );
    check(
        &platform("mattermost", "url: u, token: t, team: m"),
        &["error 1:22 `mattermost` is enabled and needs a channel"],
    );
    check(
        &platform("discord", "token: t, botID: b, channels: {}"),
        &["error 1:22 `discord` is enabled and needs a channel"],
    );
    check(&platform("cloudTeams", ""), &["error 1:22 `cloudTeams` is enabled and needs `teams`"]);
    check(&platform("elasticsearch", "server: s"), &["error 1:22 `elasticsearch` is enabled and needs `indices`"]);
    check("communications: {g: {socketSlack: {enabled: false}, console: }}", &[]);
}

#[test]
fn an_enabled_platform_needs_what_it_takes_to_reach_it() {
    check(
        &platform("socketSlack", "channels: {c: {name: x}}"),
        &[
            "error 1:22 `socketSlack` is enabled and needs `appToken`",
            "error 1:22 `socketSlack` is enabled and needs `botToken`",
        ],
    );
    check(
        &platform("socketSlack", "appToken: xoxb-1, botToken: '', channels: {c: {name: x}}"),
        &[
            "error 1:61 `appToken` does not begin with `xapp-`",
            "error 1:79 `socketSlack` is enabled and needs `botToken`",
        ],
    );
    check(
        &platform("mattermost", "channels: {c: {name: x}}"),
        &[
            "error 1:22 `mattermost` is enabled and needs `url`",
            "error 1:22 `mattermost` is enabled and needs `token`",
            "error 1:22 `mattermost` is enabled and needs `team`",
        ],
    );
    check(
        &platform("discord", "channels: {c: {id: 1}}"),
        &["error 1:22 `discord` is enabled and needs `token`", "error 1:22 `discord` is enabled and needs `botID`"],
    );
    check(
        &platform("cloudSlack", "channels: {c: {name: x}}"),
        &["error 1:22 `cloudSlack` is enabled and needs `token`"],
    );
}

#[test]
fn an_enabled_sink_needs_an_address_and_should_have_bindings() {
    check(
        &platform("webhook", "url: ''"),
        &[
            "warning 1:22 nothing is bound to `webhook`, so no event ever goes there",
            "error 1:52 `webhook` is enabled and needs `url`",
        ],
    );
    check(
        &format!(
            "{}\nsources: {{s: {{}}}}",
            platform("elasticsearch", "indices: {d: {name: '', bindings: {sources: [s]}}}")
        ),
        &["error 1:22 `elasticsearch` is enabled and needs `server`", "error 1:73 the index `d` needs `name`"],
    );
    check(
        &platform("pagerDuty", "integrationKey: k"),
        &["warning 1:22 nothing is bound to `pagerDuty`, so no event ever goes there"],
    );
}

#[test]
fn a_channel_needs_a_name_or_an_id_that_can_be_one() {
    let slack = |name: &str| {
        platform("socketSlack", &format!("botToken: xoxb-1, appToken: xapp-1, channels: {{c: {{name: {name}}}}}"))
    };
    check(&slack("''"), &["error 1:108 the channel `c` needs `name`"]);
    check(&slack("'#'"), &["error 1:108 the channel `c` needs `name`"]);
    check(&slack("Ops Team"), &["error 1:108 no channel can have the name `Ops Team`"]);
    check(&slack(&"x".repeat(81)), &[&format!("error 1:108 no channel can have the name `{}`", "x".repeat(81))]);
    for fine in ["' #ops_1-a'", "運用", "général"] {
        check(&slack(fine), &[]);
    }
    let discord = |id: &str| platform("discord", &format!("botID: b, token: t, channels: {{c: {{id: {id}}}}}"));
    check(&discord("ops"), &["error 1:86 no channel can have the id `ops`"]);
    check(&discord("'#123'"), &[]);
    let mattermost =
        |name: &str| platform("mattermost", &format!("url: u, token: t, team: m, channels: {{c: {{name: {name}}}}}"));
    check(&mattermost(&"x".repeat(65)), &[&format!("error 1:98 no channel can have the name `{}`", "x".repeat(65))]);
    check(&mattermost("Town Square"), &[]);
}

#[test]
fn bound_groups_exist_everywhere_they_are_bound() {
    check(
        "
communications:
  g:
    discord: {channels: {c: {bindings: {executors: [e], sources: [s]}}}}
    webhook: {bindings: {sources: [s]}}
    pagerDuty: {bindings: {sources: s}}
    elasticsearch: {indices: {i: {bindings: {sources: [s]}}}}
    cloudTeams: {teams: [{channels: {c: {bindings: {executors: [e]}}}}]}
    socketSlack: {channels: {c: {messageTriggers: [{command: x, text: {include: [a]}, executors: [e]}]}}}
actions: {a: {bindings: {sources: [s], executors: [e]}}}
",
        &[
            "error 4:53 there is no group `e` under `executors`",
            "error 4:67 there is no group `s` under `sources`",
            "error 5:36 there is no group `s` under `sources`",
            "error 6:37 there is no group `s` under `sources`",
            "error 7:56 there is no group `s` under `sources`",
            "error 8:65 there is no group `e` under `executors`",
            "error 9:99 there is no group `e` under `executors`",
            "error 10:36 there is no group `s` under `sources`",
            "error 10:52 there is no group `e` under `executors`",
        ],
    );
}

#[test]
fn one_group_has_a_plugin_once() {
    check(
        "
executors:
  a: {botkube/x: {enabled: true}, other/x: {enabled: true}}
  b: {botkube/x: {enabled: true}, botkube/x@v1: {enabled: true}}
  c: {botkube/x: {enabled: true}, botkube/x@v1: {enabled: false}}
plugins: {repositories: {other: {url: x}}}
",
        &[
            "error 3:35 the group `a` has `x` twice, as `botkube/x`, too",
            "error 4:35 the group `b` has `x` twice, as `botkube/x`, too",
        ],
    );
}

/// Three groups, of which a channel binds two.
fn bound(one: &str, two: &str) -> String {
    format!(
        "executors:\n  a: {{{one}}}\n  b: {{{two}}}\ncommunications: {{g: {{console: {{channels: {{c: {{bindings: {{executors: [a, b]}}}}}}}}}}}}"
    )
}

#[test]
fn what_is_bound_together_agrees_on_repositories_and_versions() {
    check(
        &bound("botkube/x: {enabled: true}", "other/x: {enabled: true}"),
        &[
            "warning 3:7 no repository `other` is defined, so that `other/x` can only be given by hand",
            "error 4:73 the groups `a` and `b` are bound together, and bring `x` from two repositories: `botkube/x` and `other/x`",
        ],
    );
    check(
        &bound("botkube/x: {enabled: true}", "botkube/x@v1: {enabled: true}"),
        &[
            "error 4:73 the groups `a` and `b` are bound together, and bring `x` in two versions: `botkube/x` and `botkube/x@v1`",
        ],
    );
    check(&bound("botkube/x: {enabled: true}", "other/x: {enabled: false}"), &[]);
}

#[test]
fn groups_are_written_as_values() {
    check(
        "executors: {g: {botkube/x: {enabled: true, context: {rbac: {group: {type: Static, static: {value: x}}}}}}}",
        &["error 1:99 the group to act as is empty"],
    );
}

#[test]
fn what_is_bound_together_acts_as_the_same_people() {
    let plugin = |rbac: &str| format!("botkube/x: {{enabled: true, context: {{rbac: {rbac}}}}}");
    let group = |values: &str| plugin(&format!("{{group: {{type: Static, static: {{values: {values}}}}}}}"));
    let differ =
        ["error 4:73 the groups `a` and `b` are bound together, and `botkube/x` acts as somebody else in each"];
    check(&bound(&group("[x]"), &group("[y]")), &differ);
    check(&bound(&group("[x]"), &plugin("{}")), &differ);
    check(&bound(&group("[x, y]"), &group("[y, x, y]")), &[]);
    check(&bound(&plugin("{}"), &plugin("{user: {type: ''}}")), &[]);
}

#[test]
fn an_action_needs_a_command_and_fixed_people() {
    check(
        "actions: {a: {enabled: true}, b: {enabled: false}}",
        &["error 1:11 the action `a` is enabled and needs `command`"],
    );
    for role in ["user", "group"] {
        check(
            &format!(
                "executors: {{e: {{botkube/x: {{enabled: true, context: {{rbac: {{{role}: {{type: ChannelName}}}}}}}}}}}}\nactions: {{a: {{enabled: true, command: x, bindings: {{executors: [e]}}}}}}"
            ),
            &["error 2:65 `botkube/x` acts as the channel it is used in, and the action `a` is used in none"],
        );
    }
}

#[test]
fn a_source_acts_as_nobodys_channel() {
    check(
        "sources: {s: {botkube/x: {enabled: true, context: {rbac: {user: {type: ChannelName}}}}}}",
        &["error 1:72 a source has no channel whose name could be the user it acts as"],
    );
}

#[test]
fn an_alias_stands_for_something_that_can_be_run() {
    check(
        "aliases: {k: {command: kubctl get}, p: {command: ping}, d: {command: off}}\nexecutors: {g: {botkube/kubectl@v1: {}, a/off: {enabled: false}}}",
        &["error 1:24 the alias `k` begins with `kubctl`, which is no executor and no built-in command"],
    );
}

#[test]
fn triggers_have_commands_and_patterns_that_work() {
    let trigger = |rest: &str| {
        format!("communications: {{g: {{socketSlack: {{channels: {{c: {{messageTriggers: [{rest}]}}}}}}}}}}")
    };
    check(&trigger("{text: {include: [a]}}"), &["error 1:69 the trigger runs no command"]);
    check(&trigger("{command: x, event: Click, text: {include: [a]}}"), &["error 1:89 there is no event `Click`"]);
    check(
        &trigger("{command: x, text: {include: ['a(']}}"),
        &["warning 1:99 `a(` is no regular expression and can only match as it is written: unclosed group"],
    );
    check(
        &trigger("{command: x, text: {include: [a], exclude: ['[']}}"),
        &["warning 1:113 `[` is no regular expression and can only match as it is written: unclosed character class"],
    );
    check(
        &trigger("{command: x, text: {include: [a, '.*']}}"),
        &["warning 1:89 `.*` fits every text, what stands beside it changes nothing"],
    );
    check(&trigger("{command: x}"), &["warning 1:69 no text is included, so that the trigger never runs"]);
}

#[test]
fn settings_make_sense() {
    check("settings: {clusterName: ' '}", &["error 1:25 the cluster has no name, and answers are headed by it"]);
    check(
        "settings: {metricsPort: 2114}",
        &["error 1:25 `settings.healthPort` is the port of `settings.metricsPort`, too"],
    );
    check(
        "plugins: {incomingWebhook: {enabled: true, port: 2112}}",
        &["error 1:50 `plugins.incomingWebhook.port` is the port of `settings.metricsPort`, too"],
    );
    check("plugins: {incomingWebhook: {port: 2112}}", &[]);
    check("settings: {metricsPort: 0, healthPort: 0}", &[]);
}

#[test]
fn a_console_has_a_port_of_its_own_or_any() {
    let web = |web: &str| format!("communications: {{g: {{console: {{web: {web}}}}}}}");
    check(&web("{port: 8080}"), &[]);
    check(&web("{port: 0}"), &[]);
    check(
        &web("{port: 2112}"),
        &["error 1:44 `communications.g.console.web.port` is the port of `settings.metricsPort`, too"],
    );
    let number = "needs a whole number from 0 to 65535, found";
    for (port, found) in [("65536", "the number `65536`"), ("-1", "the number `-1`"), ("http", "the text `http`")] {
        let message = format!("error 1:44 `communications.g.console.web.port` {number} {found}");
        check(&web(&format!("{{port: {port}}}")), &[&message]);
    }
    check("communications: {g: {console: {web: {port: 0}}}, h: {console: {web: {port: 0}}}}", &[]);
}

#[test]
fn repositories_have_addresses_and_variables_names() {
    check("plugins: {repositories: {r: {url: ''}}}", &["error 1:35 the repository `r` needs `url`"]);
    check(
        "plugins: {env: {helm: {A: x}, a/b@v1: {}, a/b: {'C=D': x}, '*': {E: y}}}",
        &[
            "error 1:17 `helm` does not name a plugin",
            "error 1:31 `a/b@v1` does not name a plugin",
            "error 1:49 `C=D` cannot be the name of a variable",
        ],
    );
}

#[test]
fn no_variable_is_set_that_a_plugin_cannot_be_given() {
    for name in crate::validate::RESERVED_VARIABLES {
        check(
            &format!("plugins: {{env: {{'*': {{{name}: x}}}}}}"),
            &[&format!("error 1:23 the agent itself sets `{name}` for each plugin")],
        );
    }
    check("plugins: {env: {a/b: {'': x}}}", &["error 1:23 `` cannot be the name of a variable"]);
    check(r#"plugins: {env: {a/b: {A: "x\0"}}}"#, &["error 1:26 `A` has a NUL character, which no variable can hold"]);
}

#[test]
fn patterns_of_upstreams_that_are_none_here_are_only_warned_of() {
    let trigger = r"communications: {g: {socketSlack: {channels: {c: {messageTriggers: [{command: x, text: {include: ['\Qa.b\E']}}]}}}}}";
    check(
        trigger,
        &[
            r"warning 1:99 `\Qa.b\E` is no regular expression and can only match as it is written: unrecognized escape sequence",
        ],
    );
}

#[test]
fn a_group_of_sources_has_no_timeout() {
    check(
        "sources: {s: {timeout: 3s, botkube/kubernetes: {enabled: false}}}",
        &["warning 1:15 `timeout` has no effect in `sources.s`: a source is never done"],
    );
    check("executors: {e: {timeout: 3s}}", &[]);
}

#[test]
fn the_channel_that_is_told_of_reloads_is_one_of_the_console() {
    let told = |channel: &str, console: &str| {
        format!("configWatcher: {{reportChannel: {channel}}}\ncommunications: {{g: {{console: {{{console}}}}}}}")
    };
    check(&told("ops", "channels: {ops: {}}"), &[]);
    check(&told("console", ""), &[]);
    let said = "error 1:32 the console has no channel `opps` that could be told";
    check(&told("opps", "channels: {ops: {}}"), &[said]);
}
