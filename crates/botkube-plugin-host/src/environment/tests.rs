//! What reaches a plugin of the agent's environment and of `plugins.env`, and which level its log has.

use std::time::Duration;

use botkube_config::{
    finding::Origin,
    model::{PluginEnv, Repository},
};

use botkube_proto::COOKIE_KEY;
use go_plugin::handshake::env as handshake;

use super::*;

fn plugin() -> PluginRef {
    PluginRef::Key("my-corp/kubectl@v1.2".parse().unwrap())
}

fn settings(env: &[(Option<&str>, &str, &str)]) -> Settings {
    let env = env.iter().map(|(plugin, name, value)| PluginEnv {
        plugin: plugin.map(Into::into),
        variables: BTreeMap::from([((*name).to_owned(), SecretString::from(*value))]),
    });
    Settings { env: env.collect(), ..Settings::default() }
}

fn launched(settings: &Settings, plugin: &PluginRef) -> Launch {
    let executable = Executable {
        program: "/p/executor_echo".into(),
        args: Vec::new(),
        dependencies: None,
        version: None,
        sha256: None,
    };
    launch(executable, Path::new("/run/x"), settings, plugin)
}

/// What a plugin has under this name.
fn given(settings: &Settings, plugin: &PluginRef, name: &str) -> Option<OsString> {
    launched(settings, plugin).env.remove(&OsString::from(name))
}

#[test]
fn a_plugin_sees_nothing_of_the_agent_but_what_is_listed() {
    let launch = launched(&Settings::default(), &plugin());
    let listed = |key: &OsString| is_passed_on(key) || [DEPENDENCY_DIR, TEMP_DIR].iter().any(|known| key == known);
    // The test's own environment has far more than that.
    assert!(launch.env.keys().all(listed), "{launch:?}");
    assert!(env::vars_os().count() > launch.env.len());
}

#[test]
fn dependencies_lie_beside_the_executable_unless_they_were_fetched() {
    assert_eq!(given(&Settings::default(), &plugin(), DEPENDENCY_DIR).unwrap(), "/p/executor_echo_deps");
    let executable = Executable {
        program: "/p/x".into(),
        args: Vec::new(),
        dependencies: Some("/d".into()),
        version: None,
        sha256: None,
    };
    let launch = launch(executable, Path::new("/run/x"), &Settings::default(), &plugin());
    assert_eq!(launch.env[OsStr::new(DEPENDENCY_DIR)], "/d");
}

#[test]
fn a_configured_variable_wins_over_the_agents() {
    let settings = settings(&[(None, "PATH", "/only/here")]);
    assert_eq!(given(&settings, &plugin(), "PATH").unwrap(), "/only/here");
}

#[test]
fn a_variable_of_one_plugin_reaches_no_other() {
    let settings = settings(&[(Some("my-corp/kubectl"), "TOKEN", "x")]);
    assert_eq!(given(&settings, &plugin(), "TOKEN").unwrap(), "x");
    for other in [PluginRef::Key("other/kubectl".parse().unwrap()), PluginRef::Named("kubectl".into())] {
        assert_eq!(given(&settings, &other, "TOKEN"), None);
    }
}

#[test]
fn a_variable_of_all_plugins_reaches_also_one_without_a_key() {
    let settings = settings(&[(None, "REGION", "eu")]);
    assert_eq!(given(&settings, &PluginRef::Named("mine".into()), "REGION").unwrap(), "eu");
}

#[test]
fn what_only_the_host_sets_cannot_be_configured() {
    let protocol = [
        handshake::PROTOCOL_VERSIONS,
        handshake::MIN_PORT,
        handshake::MAX_PORT,
        handshake::CLIENT_CERT,
        handshake::UNIX_SOCKET_DIR,
        handshake::MULTIPLEX_GRPC,
    ];
    for name in [DEPENDENCY_DIR, TEMP_DIR, COOKIE_KEY].into_iter().chain(protocol) {
        let error = check(&settings(&[(Some("a/b"), name, "s3cret")])).unwrap_err();
        assert_eq!(error, InvalidVariable::Reserved(name.into()));
    }
}

#[test]
fn what_no_environment_can_hold_cannot_be_configured() {
    assert_eq!(check(&settings(&[(None, "", "x")])), Err(InvalidVariable::Name(String::new())));
    assert_eq!(check(&settings(&[(None, "A=B", "x")])), Err(InvalidVariable::Name("A=B".into())));
    assert_eq!(check(&settings(&[(None, "A", "s3cret\0")])), Err(InvalidVariable::Value("A".into())));
}

#[track_caller]
fn check_withheld(agent: &[&str], expected: &[&str]) {
    assert_eq!(withheld(agent.iter().map(OsString::from), &settings(&[(None, "REGION", "eu")])), expected);
}

#[test]
fn tokens_and_the_agents_own_settings_are_withheld() {
    check_withheld(&["KUBECONFIG", "AWS_SECRET", "BOTKUBE_X"], &["AWS_SECRET", "BOTKUBE_X", "KUBECONFIG"]);
}

#[test]
fn what_is_passed_on_or_configured_is_not_withheld() {
    check_withheld(&["PATH", "LC_TIME", "KUBERNETES_PORT_443_TCP", "LOG_LEVEL_X", "REGION", "TMPDIR", "no_proxy"], &[]);
}

#[test]
fn terminals_are_none_of_a_plugins_business() {
    check_withheld(&["TERM"], &["TERM"]);
}

#[track_caller]
fn check_level(variables: &[(&str, &str)], expected: Option<Level>) {
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    assert_eq!(log_level(&plugin(), variable), expected);
}

#[test]
fn a_plugins_level_is_asked_for_by_repository_and_name() {
    check_level(&[("LOG_LEVEL_EXECUTOR_MY_CORP_KUBECTL", "debug")], Some(Level::Debug));
}

#[test]
fn the_level_of_a_version_goes_before_that_of_the_plugin() {
    let both = [("LOG_LEVEL_EXECUTOR_MY_CORP_KUBECTL", "error"), ("LOG_LEVEL_EXECUTOR_MY_CORP_KUBECTL_V1_2", "trace")];
    check_level(&both, Some(Level::Trace));
}

#[test]
fn levels_have_the_names_upstream_knows() {
    for (value, level) in [("WARNING", Level::Warn), ("fatal", Level::Error), (" Info ", Level::Info)] {
        check_level(&[("LOG_LEVEL_EXECUTOR_MY_CORP_KUBECTL", value)], Some(level));
    }
}

#[test]
fn what_is_no_level_counts_as_info() {
    check_level(&[("LOG_LEVEL_EXECUTOR_MY_CORP_KUBECTL", "loud")], Some(Level::Info));
}

#[test]
fn without_a_variable_no_level_was_asked_for() {
    check_level(&[("LOG_LEVEL_EXECUTOR_OTHER_KUBECTL", "debug")], None);
}

#[test]
fn the_line_for_a_plugin_started_by_hand_can_be_typed() {
    let line = line_by_hand(Path::new("/tmp/botkube-1"), Path::new("./it's mine"));
    assert!(line.starts_with("env BOTKUBE=52ca7b74-28eb-4fac-ae79-31a9cbda2454 PLUGIN_PROTOCOL_VERSIONS=3 "), "{line}");
    assert!(line.contains(" PLUGIN_UNIX_SOCKET_DIR=/tmp/botkube-1 TMPDIR=/tmp/botkube-1 "), "{line}");
    assert!(line.ends_with(r"it'\''s mine_deps' './it'\''s mine'"), "{line}");
}

/// Under which of these settings a process of the plugin might have been another one.
#[track_caller]
fn check_alike(other: &Settings, key: bool, named: bool) {
    let before = settings(&[(Some("my-corp/kubectl"), "TOKEN", "x")]);
    assert_eq!(starts_alike(&before, other, &plugin()), key, "{other:?}");
    assert_eq!(starts_alike(&before, other, &PluginRef::Named("kubectl".into())), named, "{other:?}");
}

#[test]
fn only_what_a_plugin_is_given_and_where_it_is_from_make_another_process_of_it() {
    let same = settings(&[(Some("my-corp/kubectl"), "TOKEN", "x")]);
    check_alike(&same, true, true);
    check_alike(
        &Settings { max_concurrent_calls: 1, call_timeout: Duration::from_secs(1), ..same.clone() },
        true,
        true,
    );
    check_alike(&settings(&[(Some("my-corp/kubectl"), "TOKEN", "y")]), false, true);
    check_alike(&settings(&[(Some("my-corp/kubectl"), "TOKEN", "x"), (Some("a/b"), "TOKEN", "z")]), true, true);
    check_alike(&settings(&[(Some("my-corp/kubectl"), "TOKEN", "x"), (None, "REGION", "eu")]), false, false);
    let repository = |url: &str| Repository { url: url.into(), headers: BTreeMap::new(), origin: Origin::Default };
    let with = |name: &str| BTreeMap::from([(name.to_owned(), repository("https://a"))]);
    check_alike(&Settings { repositories: with("my-corp"), ..same.clone() }, false, true);
    check_alike(&Settings { repositories: with("another"), ..same }, true, true);
}
