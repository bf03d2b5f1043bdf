//! The rules of `ExecuteCommand`, each against a real program.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use super::*;

async fn run(command: &str) -> Result<Output, RunError> {
    Run { dependency_dir: None, ..Run::new(command) }.output().await
}

#[tokio::test]
async fn words_are_split_without_a_shell() {
    assert_eq!(run("printf '%s|' 'a b' \"c\" $HOME").await.unwrap().stdout, "a b|c|$HOME|");
}

#[tokio::test]
async fn a_failure_says_both_outputs_and_the_exit_status() {
    let error = run("sh -c 'echo out; echo err >&2; exit 3'").await.unwrap_err();
    assert_eq!(error.to_string(), "out\n\nerr\n\nexit status 3");
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    let error = run("no-such-program x").await.unwrap_err().to_string();
    assert!(error.starts_with("cannot run no-such-program: "), "{error}");
}

#[tokio::test]
async fn nothing_to_run_is_said() {
    assert_eq!(run("  ").await.unwrap_err().to_string(), "invalid raw command: \"  \"");
}

#[tokio::test]
async fn a_dependency_comes_before_a_program_on_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("printf");
    fs::write(&path, "#!/bin/sh\necho mine\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let found = |command: &str| Run::new(command).dependency_dir(dir.path()).output();
    assert_eq!(found("printf x").await.unwrap().stdout, "mine\n");
    assert_eq!(found("echo theirs").await.unwrap().stdout, "theirs\n");
}

#[tokio::test]
async fn environment_input_and_directory_are_given() {
    let dir = tempfile::tempdir().unwrap();
    let output = Run::new("sh -c 'cat; echo $MINE; pwd'").stdin("in ").env("MINE", "1").dir(dir.path()).output().await;
    assert_eq!(output.unwrap().stdout, format!("in 1\n{}\n", dir.path().canonicalize().unwrap().display()));
}

#[tokio::test]
async fn colours_go_when_asked_and_nothing_else_does() {
    assert_eq!(without_color_codes("\x1b[1;31mred\x1b[0m \x1b[2K \x1b["), "red \x1b[2K \x1b[");
}

#[tokio::test]
async fn a_cancelled_run_kills_what_it_started_too() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    let command = format!("sh -c 'sleep 600 & echo $! > {}; wait'", pid_file.display());
    let running = tokio::spawn(Run::new(command).output());
    let pid = loop {
        match fs::read_to_string(&pid_file).ok().and_then(|text| text.trim().parse::<i32>().ok()) {
            Some(pid) => break pid,
            None => tokio::task::yield_now().await,
        }
    };
    running.abort();
    let gone = async {
        // A zombie counts as gone: who reaps it is none of ours.
        let alive = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "));
        while alive() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the grandchild lives on");
}
