//! Hosts that are killed and cannot say a word to their plugins. Must not know how a plugin notices.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::Pid;

use crate::support::{COOKIE, example, lives, nothing_left, peer, until};

/// Kills a host and waits for the end of the plugin it started, which must have been alive.
pub(crate) async fn check(args: &[&str], plugin: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let mut host = Command::new(example("host"))
        .args(args)
        .arg(plugin)
        .env("TMPDIR", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(host.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let plugin = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
    assert!(lives(plugin));
    host.kill().unwrap();
    host.wait().unwrap();
    until("the plugin's end", || !lives(plugin)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_launched_plugin_dies_with_its_host() {
    check(&[], &peer()).await;
}

#[tokio::test]
async fn a_plugin_started_directly_sees_that_its_host_is_gone() {
    check(&["direct"], &peer()).await;
}

#[tokio::test]
async fn a_plugin_whose_host_is_gone_before_it_connects_leaves_too_and_removes_its_socket() {
    let dir = tempfile::tempdir().unwrap();
    // The shell is the host: it passes on the handshake and ends. The one it starts says its id before it becomes
    // the plugin, so the id is always the first line.
    let host = Command::new("/bin/sh")
        .args(["-c", r#"sh -c 'echo $$; exec "$0"' "$0" & read -r line"#])
        .arg(peer())
        .env(COOKIE.key, COOKIE.value)
        .env("TMPDIR", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut host = host.unwrap();
    let mut output = BufReader::new(host.stdout.take().unwrap()).lines();
    let plugin = Pid::from_raw(output.next().unwrap().unwrap().parse().unwrap()).unwrap();
    let handshake = output.next().unwrap().unwrap();
    assert!(handshake.starts_with("1|7|unix|"), "{handshake}");
    host.kill().unwrap();
    host.wait().unwrap();
    until("the plugin's end", || !lives(plugin)).await;
    nothing_left(dir.path()).await;
}

#[tokio::test]
async fn a_launcher_without_a_host_says_so_and_starts_nothing() {
    for (args, because) in [
        (vec!["--launch"], "takes the host's process id, a digest or `-`, and a program"),
        (vec!["--launch", "me", "-", "/bin/echo"], "takes the host's process id, a digest or `-`, and a program"),
        (vec!["--launch", "1", "-", "/bin/echo", "hello"], "the host has ended"),
    ] {
        let output = Command::new(example("host")).args(&args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(because) && output.stdout.is_empty() && !output.status.success(), "{args:?}: {text}");
    }
}

#[tokio::test]
async fn a_launcher_says_when_it_cannot_become_the_plugin() {
    let me = std::process::id().to_string();
    let output = Command::new(example("host")).args(["--launch", &me, "-", "/nowhere/plugin"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot execute /nowhere/plugin"), "{text}");
}
