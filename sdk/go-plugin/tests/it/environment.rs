//! What a plugin is given and what it makes of it: variables, the cookie, the place of its socket. Must not know of calls
//! but the one that answers with the environment.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

use go_plugin::{
    handshake::{Line, env as names},
    host::{Config, Launch, Launcher, Plugin},
};

use crate::support::{COOKIE, Running, VERSION, config, example, peer, sockets, start, start_with};

/// The environment a plugin says it has.
async fn environment(running: &Running) -> BTreeMap<String, String> {
    let text = String::from_utf8(running.call("env").await.unwrap()).unwrap();
    text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn expected(running: &Running) -> BTreeMap<String, String> {
    let dir = running.dir.path().display().to_string();
    [
        (COOKIE.key, COOKIE.value),
        (names::PROTOCOL_VERSIONS, "7"),
        (names::MIN_PORT, "10000"),
        (names::MAX_PORT, "25000"),
        ("TMPDIR", dir.as_str()),
        ("GREETING", "hello"),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .into()
}

/// Starts the plugin without a host and returns the line it prints.
fn line(variables: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(peer())
        .env(COOKIE.key, COOKIE.value)
        .env("TMPDIR", dir.path())
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    line.trim_end().to_owned()
}

fn by_hand(cookie: Option<&str>) -> Output {
    let mut command = Command::new(peer());
    if let Some(cookie) = cookie {
        command.env(COOKIE.key, cookie);
    }
    command.output().unwrap()
}

#[tokio::test]
async fn a_plugin_sees_what_it_was_given_and_nothing_of_its_hosts_environment() {
    let running = start_with(Launch::new(peer()).env("GREETING", "hello"), |_| {}).await;
    assert_eq!(environment(&running).await, expected(&running));
    running.end().await;
}

#[tokio::test]
async fn a_launcher_adds_nothing_to_it() {
    let launcher = Launcher::new(example("host"), ["--launch"]).unwrap();
    let (config, dir, printed) = config(Launch::new(peer()).env("GREETING", "hello"));
    let running = Running { plugin: Plugin::start(config, &launcher).await.unwrap(), dir, printed };
    assert_eq!(environment(&running).await, expected(&running));
    running.end().await;
}

#[tokio::test]
async fn all_versions_are_offered_and_the_plugins_own_is_used() {
    let change = |config: &mut Config| config.versions = vec![6, 7, 8];
    let running = start_with(Launch::new(peer()), change).await;
    assert_eq!(environment(&running).await[names::PROTOCOL_VERSIONS], "6,7,8");
    assert_eq!(running.plugin.version(), Some(VERSION));
    running.end().await;
}

#[test]
fn run_by_hand_a_plugin_says_on_standard_error_what_it_is_and_fails() {
    for cookie in [None, Some(""), Some("another")] {
        let output = by_hand(cookie);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("This is a plugin") && text.contains("the example `host`"), "{cookie:?}: {text}");
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()), "{cookie:?}");
    }
}

#[tokio::test]
async fn the_socket_is_made_in_the_directory_for_temporary_files() {
    let running = start(&peer()).await;
    assert_eq!(running.sockets().len(), 1);
    running.end().await;
}

#[tokio::test]
async fn the_socket_is_made_in_the_directory_named_for_it_before_that() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(Launch::new(peer()).env(names::UNIX_SOCKET_DIR, dir.path()), |_| {}).await;
    assert_eq!((sockets(dir.path()).len(), running.sockets().len()), (1, 0));
    running.end().await;
    assert!(sockets(dir.path()).is_empty());
}

#[test]
fn the_line_has_six_fields_unless_multiplexing_is_asked_for() {
    for variables in [&[][..], &[(names::MULTIPLEX_GRPC, "")]] {
        let line = line(variables);
        assert!(line.ends_with("|grpc|") && line.split('|').count() == 6, "{line}");
    }
}

#[test]
fn asked_for_multiplexing_the_line_declines_in_a_seventh_field() {
    for wish in ["true", "false"] {
        let line = line(&[(names::MULTIPLEX_GRPC, wish)]);
        assert_eq!(Line::parse(&line, &[VERSION]).unwrap().multiplex, Some(false), "{line}");
    }
}
