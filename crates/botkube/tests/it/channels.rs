//! `--channel`: where a command is run.

use crate::support::{Machine, check, contains};

const CONFIG: &str = "
executors:
  loud: {botkube/echo: {enabled: true, config: {formatOptions: [bold]}}}
  soft: {botkube/echo: {enabled: true, config: {formatOptions: [italic]}}}
communications:
  one:
    socketSlack: {enabled: true, botToken: xoxb-1, appToken: xapp-1, channels: {ops: {name: '#operations', bindings: {executors: [loud]}}}}
  two:
    discord: {enabled: false, botId: b, token: t, channels: {dev: {id: '4711', bindings: {executors: [soft]}}}}
    mattermost: {enabled: true, url: u, token: t, team: m, channels: {other: {name: operations, bindings: {executors: [soft]}}}}
";

#[track_caller]
fn answers(channel: &str, expected: &str) {
    let machine = Machine::new();
    let config = machine.file("c.yaml", CONFIG);
    check(&machine.json(&["--config", &config, "--channel", channel, "--", "echo hi"]), "succeeded", &[expected]);
}

/// Usage: nothing is run, the reason is on standard error, the exit code is 2.
#[track_caller]
fn is_refused(config: &str, channel: Option<&str>, said: &[&str]) {
    let machine = Machine::new();
    let config = machine.file("c.yaml", config);
    let channel = channel.map(|channel| ["--channel", channel]);
    let outcome =
        machine.run(["exec", "--config", &config].iter().chain(channel.iter().flatten()).chain(&["--", "echo"]));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    contains(&outcome.stderr, said);
}

#[test]
fn a_channel_is_found_by_its_alias() {
    answers("ops", "*echo hi*");
}

#[test]
fn a_channel_is_found_by_its_id_even_on_a_platform_that_is_not_enabled() {
    answers("4711", "_echo hi_");
}

#[test]
fn a_channel_is_found_by_its_name() {
    let only = CONFIG.replace("name: operations", "name: watercooler");
    let machine = Machine::new();
    let config = machine.file("c.yaml", only);
    for name in ["operations", "#operations"] {
        let answer = machine.json(&["--config", &config, "--channel", name, "--", "echo hi"]);
        check(&answer, "succeeded", &["*echo hi*"]);
    }
}

#[test]
fn a_name_of_several_channels_is_refused_with_the_candidates() {
    is_refused(CONFIG, Some("operations"), &["ops (socketSlack in one)", "other (mattermost in two)"]);
}

#[test]
fn a_channel_that_is_not_there_is_refused_with_those_there_are() {
    is_refused(CONFIG, Some("nosuch"), &["\"nosuch\"", "ops (socketSlack in one)", "dev (discord in two)"]);
}

#[test]
fn with_several_channels_one_must_be_chosen() {
    is_refused(CONFIG, None, &["several channels", "--channel", "ops (socketSlack in one)"]);
}

#[test]
fn without_any_channel_nothing_can_be_run() {
    is_refused("settings: {clusterName: x}", None, &["no channel", "communications"]);
}

#[test]
fn the_only_channel_need_not_be_named() {
    let machine = Machine::new();
    let config = machine.file("c.yaml", "communications: {main: {console: {channels: {here: {}}}}}");
    check(&machine.json(&["--config", &config, "--", "ping"]), "succeeded", &["pong"]);
}

#[test]
fn a_channel_without_a_configuration_is_refused() {
    let outcome = Machine::new().run(["exec", "--channel", "ops", "--", "echo"]);
    assert_eq!(outcome.code, 2);
    contains(&outcome.stderr, &["--channel needs a configuration", "--config"]);
}

#[test]
fn a_console_without_channels_is_one_in_which_everything_is_bound() {
    let machine = Machine::new();
    let config = machine
        .file("c.yaml", "communications: {g: {console: {}}}\nexecutors: {tools: {botkube/echo: {enabled: true}}}");
    check(&machine.json(&["--config", &config, "--", "echo hi"]), "succeeded", &["echo hi"]);
}
