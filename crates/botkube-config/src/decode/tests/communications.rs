//! What is below `communications` means.
//! Must not know: how a test runs; the module above has that.

use super::*;

#[test]
fn the_tutorial_binds_two_groups_in_order() {
    check!(TUTORIAL, @r#"
    default-group: SocketSlack on
      default Some("random") None ["echo-team-a", "echo-team-b"] at 7:9
    echo-team-a (None)
      botkube/echo on {"formatOptions":["italic"]}
    echo-team-b (None)
      botkube/echo on {"formatOptions":["bold"]}
    "#);
}

#[test]
fn the_tutorial_in_its_older_spelling_means_the_same_and_shows_the_newer() {
    check!(TUTORIAL.replace("socketSlack", "slack"), @r#"
    default-group: SocketSlack on
      default Some("random") None ["echo-team-a", "echo-team-b"] at 7:9
    echo-team-a (None)
      botkube/echo on {"formatOptions":["italic"]}
    echo-team-b (None)
      botkube/echo on {"formatOptions":["bold"]}
    warning: `slack` is an older spelling, understood as `socketSlack`
     --> c.yaml:4:5
      |
    4 |     slack:
      |     ^
      = key: communications.default-group.slack
      = help: today it is written like this, and needs an app token of its own beside the bot token:
              communications:
                default-group:
                  socketSlack:
                    enabled: true
                    botToken: xoxb-…
                    appToken: xapp-…
                    channels: …
    "#);
}

#[test]
fn the_older_spelling_beside_the_newer_is_ignored() {
    check!("communications: {g: {slack: {enabled: true}, socketSlack: {enabled: false}}}", @"
    g: SocketSlack off
    warning: `slack` is ignored, since `socketSlack` stands beside it
     --> c.yaml:1:22
      |
    1 | communications: {g: {slack: {enabled: true}, socketSlack: {enabled: false}}}
      |                      ^
      = key: communications.g.slack
      = help: remove the older `slack` section
    ");
}

#[test]
fn every_platform_is_known() {
    let kinds =
        ["socketSlack", "cloudSlack", "mattermost", "discord", "cloudTeams", "webhook", "elasticsearch", "pagerDuty"];
    let sections: String = kinds.iter().map(|kind| format!("    {kind}: {{enabled: false}}\n")).collect();
    check!(format!("communications:\n  g:\n{sections}"), @"
    g: SocketSlack off
    g: CloudSlack off
    g: Mattermost off
    g: Discord off
    g: CloudTeams off
    g: Webhook off
    g: Elasticsearch off
    g: PagerDuty off
    ");
}

#[test]
fn a_console_is_on_by_being_there() {
    check!("communications: {g: {console: }}", @"g: Console on");
}

#[test]
fn a_console_can_be_switched_off() {
    check!("communications: {g: {console: {enabled: false}}}", @"g: Console off");
}

#[test]
fn other_platforms_are_off_unless_told() {
    check!("communications: {g: {mattermost: {url: x}, discord: }}", @"g: Mattermost off");
}

#[test]
fn channels_are_found_by_name_or_by_id() {
    check!("
communications:
  g:
    socketSlack: {channels: {a: {name: ' #ops'}}}
    cloudSlack: {channels: {b: {name: dev, channelID: C01}}}
    mattermost: {channels: {c: {name: '#ops'}}}
    discord: {channels: {d: {id: 1034567890123456789}}}
    cloudTeams: {teams: [{id: t, channels: {e: {id: '19:x'}}}, {channels: {f: {id: '19:y'}}}]}
", @r##"
    g: SocketSlack off
      a Some("ops") None [] at 4:30
    g: CloudSlack off
      b Some("dev") Some("C01") [] at 5:29
    g: Mattermost off
      c Some("#ops") None [] at 6:29
    g: Discord off
      d None Some("1034567890123456789") [] at 7:26
    g: CloudTeams off
      e None Some("19:x") [] at 8:45
      f None Some("19:y") [] at 8:76
    "##);
}

#[test]
fn case_of_keys_does_not_matter() {
    check!("Communications: {g: {SOCKETSLACK: {Enabled: false, Channels: {a: {NAME: ops}}}}}", @r#"
    g: SocketSlack off
      a Some("ops") None [] at 1:63
    "#);
}

#[test]
fn a_binding_to_no_group_is_refused_with_the_nearest_name() {
    check!("
communications: {g: {console: {channels: {a: {bindings: {executors: [tools, tolls, helm]}}}}}}
executors: {tools: {}}
", @r#"
    g: Console on
      a None None ["tools", "tolls", "helm"] at 2:43
    tools (None)
    error: there is no group `tolls` under `executors`
     --> c.yaml:2:77
      |
    2 | communications: {g: {console: {channels: {a: {bindings: {executors: [tools, tolls, helm]}}}}}}
      |                                                                             ^
      = key: communications.g.console.channels.a.bindings.executors[1]
      = help: did you mean `tools`?

    error: there is no group `helm` under `executors`
     --> c.yaml:2:84
      |
    2 | communications: {g: {console: {channels: {a: {bindings: {executors: [tools, tolls, helm]}}}}}}
      |                                                                                    ^
      = key: communications.g.console.channels.a.bindings.executors[2]
      = help: define it under `executors`, or bind one of `tools`
    "#);
}

#[test]
fn one_text_is_a_list_of_bindings() {
    check!("
communications: {g: {console: {channels: {a: {bindings: {executors: 'x, y'}}}}}}
executors: {x: {}, y: {}}
", @r#"
    g: Console on
      a None None ["x", "y"] at 2:43
    x (None)
    y (None)
    "#);
}
