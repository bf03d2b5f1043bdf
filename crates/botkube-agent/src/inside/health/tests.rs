//! What `/healthz` says, member for member.

use botkube_config::Options;

use super::*;

/// The JSON of an agent with this configuration, all of whose plugins are so.
#[track_caller]
fn check(stage: Stage, yaml: &str, state: impl Fn(&str) -> PluginState, expected: &str) {
    let files = [("botkube.yaml".into(), yaml.to_owned())];
    let loaded = botkube_config::load_texts(&files, BTreeMap::new(), Options::default());
    let config = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).config;
    let health = health(stage, None, &config, |plugin| state(plugin.name()));
    assert_eq!(serde_json::to_string(&health).unwrap(), expected);
}

fn state(status: PluginStatus, restarts: u32) -> PluginState {
    PluginState { status, restarts, threshold: 10, ..PluginState::default() }
}

const TOOLS: &str = "plugins: {repositories: {r: {url: https://e.org/i.yaml}}}\n";

#[test]
fn a_group_is_shown_as_upstream_shows_it() {
    let yaml = format!(
        "{TOOLS}executors: {{tools: {{r/a: {{enabled: true}}}}}}\ncommunications: {{main: {{console: {{}}}}}}\n"
    );
    let expected = r#"{"botkube":{"status":"Healthy"},"plugins":{"tools":{"enabled":true,"status":"Running","restarts":"1/10"}},"platforms":{"main-console":{"status":"Healthy","restarts":"0/0"}}}"#;
    check(Stage::Ready, &yaml, |_| state(PluginStatus::Running, 1), expected);
}

#[test]
fn an_agent_that_starts_is_unhealthy_and_members_without_content_are_left_out() {
    let starting = r#"{"botkube":{"status":"Unhealthy"}}"#;
    check(Stage::Starting, "settings: {clusterName: c}\n", |_| PluginState::default(), starting);
}

#[test]
fn a_configuration_that_cannot_be_used_is_told_without_a_word_of_it() {
    let told = |reloaded| {
        let health = health(Stage::Ready, Some(reloaded), &Config::default(), |_| PluginState::default());
        serde_json::to_value(&health).unwrap()["botkube"]["configuration"].as_str().unwrap_or_default().to_owned()
    };
    assert!(told(Outcome::Refused).starts_with("the changed configuration cannot be used"));
    assert!(told(Outcome::RolledBack).starts_with("a plugin's new version did not start"));
    assert_eq!(told(Outcome::Applied), "");
}

#[test]
fn an_agent_that_drains_is_still_healthy() {
    let draining = r#"{"botkube":{"status":"Healthy"}}"#;
    check(Stage::Draining, "settings: {clusterName: c}\n", |_| PluginState::default(), draining);
}

#[test]
fn a_group_is_as_its_worst_enabled_plugin() {
    let yaml = format!(
        "{TOOLS}executors: {{g: {{r/a: {{enabled: true}}, r/b: {{enabled: true}}, r/c: {{enabled: false}}}}}}\n"
    );
    let states = |name: &str| match name {
        "a" => state(PluginStatus::Running, 9),
        "b" => state(PluginStatus::Unavailable, 2),
        _ => state(PluginStatus::Deactivated, 10),
    };
    let expected =
        r#"{"botkube":{"status":"Healthy"},"plugins":{"g":{"enabled":true,"status":"Deactivated","restarts":"2/10"}}}"#;
    check(Stage::Ready, &yaml, states, expected);
}

#[test]
fn a_group_without_enabled_plugins_does_not_say_so_as_upstream_has_it() {
    let yaml = format!("{TOOLS}executors: {{g: {{r/a: {{enabled: false}}}}}}\n");
    let expected = r#"{"botkube":{"status":"Healthy"},"plugins":{"g":{"status":"Running","restarts":"0/10"}}}"#;
    check(Stage::Ready, &yaml, |_| state(PluginStatus::Idle, 0), expected);
}
