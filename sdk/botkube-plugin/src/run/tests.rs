//! The rules of `ExecuteCommand`, each against a real program.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use tokio_stream::StreamExt;

use super::*;
use crate::reply::Piece;

/// What is read at a time, in bytes.
const LONGEST: usize = 2 * (16 << 10);

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
    ends(pid).await;
}

#[tokio::test]
async fn what_a_program_leaves_behind_with_its_outputs_is_killed_too() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let mut running = tokio::spawn(Run::new(format!("sh -c 'sleep 600 & echo $$ $! > {}'", pids.display())).output());
    let (leader, left) = loop {
        let text = fs::read_to_string(&pids).unwrap_or_default();
        match text.trim().split_once(' ').map(|(leader, left)| (leader.parse().unwrap(), left.parse().unwrap())) {
            Some(pids) if text.ends_with('\n') => break pids,
            _ => tokio::task::yield_now().await,
        }
    };
    ends(leader).await;
    let waited = tokio::time::timeout(Duration::from_millis(200), &mut running).await;
    assert!(waited.is_err(), "what holds its outputs may say something");
    running.abort();
    ends(left).await;
}

#[test]
fn what_is_told_about_a_program_holds_no_secret() {
    let shown = format!("{:?}", Run::new("login --stdin").env("TOKEN", "s3cret").stdin("s3cret"));
    assert!(shown.contains("login") && shown.contains("TOKEN") && !shown.contains("s3cret"), "{shown}");
    assert!(!shown.contains(&format!("{:?}", b"s3cret")), "{shown}");
}

/// Waits until a process runs no more.
#[track_caller]
fn ends(pid: i32) -> impl Future<Output = ()> {
    let ended = async move {
        // A zombie counts as ended: who reaps it is none of ours.
        while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z ")) {
            tokio::task::yield_now().await;
        }
    };
    async move { tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the process lives on") }
}

/// What a program says piece by piece, and the error at its end.
async fn pieces(run: Run) -> (Vec<String>, Option<String>) {
    let mut lines = std::pin::pin!(live::lines(Run { dependency_dir: None, ..run }));
    let mut pieces = Vec::new();
    while let Some(part) = lines.next().await {
        match part {
            Ok(part) => match part.0 {
                Piece::Text(text) => pieces.push(text),
                other => panic!("{other:?}"),
            },
            Err(error) => return (pieces, Some(error.to_string())),
        }
    }
    (pieces, None)
}

#[track_caller]
fn check_pieces(said: (Vec<String>, Option<String>), expected: &[&str]) {
    assert_eq!((said.0.iter().map(String::as_str).collect::<Vec<_>>(), said.1), (expected.to_vec(), None));
}

#[tokio::test]
async fn lines_come_as_they_are_printed_with_both_outputs_in_order() {
    let said = pieces(Run::new("sh -c 'for i in 1 2; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05; done'"));
    check_pieces(said.await, &["out 1\n", "err 1\n", "out 2\n", "err 2\n"]);
}

#[tokio::test]
async fn lines_printed_at_once_come_at_once() {
    check_pieces(pieces(Run::new("printf '1\\n2\\n3\\n'")).await, &["1\n2\n3\n"]);
}

#[tokio::test]
async fn the_last_line_needs_no_end() {
    check_pieces(pieces(Run::new("printf 'a\\nb'")).await, &["a\n", "b"]);
}

#[tokio::test]
async fn how_it_ended_is_the_error_after_the_output() {
    let (said, error) = pieces(Run::new("sh -c 'echo out; exit 3'")).await;
    assert_eq!((said, error.as_deref()), (vec!["out\n".to_owned()], Some("exit status 3")));
}

#[tokio::test]
async fn a_program_that_cannot_run_is_an_error_and_nothing_else() {
    let (said, error) = pieces(Run::new("no-such-program")).await;
    assert!(said.is_empty() && error.unwrap().starts_with("cannot run no-such-program: "));
}

#[tokio::test]
async fn the_beginning_of_a_line_is_shown_when_its_end_does_not_come() {
    check_pieces(pieces(Run::new("sh -c 'printf Password:; sleep 1; echo .'")).await, &["Password:", ".\n"]);
}

#[tokio::test]
async fn a_line_without_end_comes_in_pieces_that_are_short() {
    let (said, _) = pieces(Run::new("head -c 1000000 /dev/zero")).await;
    assert!(said.len() > 20 && said.iter().all(|piece| piece.len() <= LONGEST), "{}", said.len());
    assert_eq!(said.iter().map(String::len).sum::<usize>(), 1_000_000);
}

#[tokio::test]
async fn characters_and_colours_cut_by_a_pause_stay_whole() {
    let run = Run::new(r#"sh -c 'printf "a\303"; sleep 0.5; printf "\244\033["; sleep 0.5; printf 31mb'"#);
    assert_eq!(pieces(run.clear_color_codes()).await.0.concat(), "aäb");
}

#[tokio::test]
async fn bytes_that_are_no_characters_are_replaced() {
    assert_eq!(pieces(Run::new("printf 'a\\377b\\303'")).await.0.concat(), "a\u{fffd}b\u{fffd}");
}

#[tokio::test]
async fn it_reads_what_it_is_given() {
    let input = "x".repeat(1 << 20);
    assert_eq!(pieces(Run::new("cat").stdin(input.clone())).await.0.concat(), input);
}
