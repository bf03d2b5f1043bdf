//! How plugins end: asked, told by a signal, killed, frozen, dropped, or by themselves. Must not know how they start.

use std::{fs, time::Duration};

use go_plugin::host::{Direct, Launch, PingError, Plugin, StartReason};
use rustix::process::{Pid, Signal};
use tokio::{net::UnixListener, time::Instant};

use crate::support::{Running, SOON, call, config, lives, nothing_left, peer, script, start, start_with, until};

/// How much longer than its deadline anything may take on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

pub(crate) async fn a_frozen_plugin_is_killed_after_the_grace_time(running: Running) {
    running.freeze().await;
    let began = Instant::now();
    let exit = running.plugin.stop().await;
    let took = began.elapsed();
    assert!(exit.killed && exit.to_string() == "killed by the host", "{exit}");
    assert!((Duration::from_secs(2)..Duration::from_secs(2) + SLACK).contains(&took), "it took {took:?}");
    assert!(!lives(running.id()) && running.sockets().is_empty());
}

pub(crate) async fn a_dropped_plugin_is_gone(running: Running) {
    let id = running.id();
    drop(running.plugin);
    until("its end", || !lives(id)).await;
}

#[tokio::test]
async fn a_frozen_plugin_is_killed_after_the_grace_time_and_its_socket_removed() {
    a_frozen_plugin_is_killed_after_the_grace_time(start(&peer()).await).await;
}

#[tokio::test]
async fn a_frozen_plugin_fails_a_health_check_within_its_deadline() {
    let running = start(&peer()).await;
    running.freeze().await;
    let deadline = Duration::from_millis(200);
    let began = Instant::now();
    assert_eq!(running.plugin.ping(deadline).await, Err(PingError::Deadline(deadline)));
    assert!(began.elapsed() < deadline + SLACK, "it took {:?}", began.elapsed());
    running.signal(Signal::CONT);
    assert_eq!(running.plugin.ping(SOON).await, Ok(()));
    running.end().await;
}

#[tokio::test]
async fn a_plugin_that_is_gone_fails_a_health_check_at_once() {
    let running = start(&peer()).await;
    running.plugin.kill().await;
    assert!(matches!(running.plugin.ping(SOON).await, Err(PingError::Failed(_))));
}

#[tokio::test]
async fn a_dropped_plugin_is_gone_with_what_it_started() {
    let running = start(&peer()).await;
    let child = running.process("spawn").await;
    a_dropped_plugin_is_gone(running).await;
    until("its child's end", || !lives(child)).await;
}

#[tokio::test]
async fn a_stopped_plugin_is_gone_with_what_it_started() {
    let running = start(&peer()).await;
    let child = running.process("spawn").await;
    running.end().await;
    until("its child's end", || !lives(child)).await;
}

#[test]
fn the_end_of_the_hosts_runtime_is_the_end_of_a_plugin_and_what_it_started() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (running, child) = first.block_on(async {
        let running = start(&peer()).await;
        let child = running.process("spawn").await;
        (running, child)
    });
    drop(first);
    runtime().block_on(async {
        until("the plugin's end", || !lives(running.id())).await;
        until("its child's end", || !lives(child)).await;
        assert!(running.plugin.exited().await.killed);
    });
}

#[tokio::test]
async fn an_end_during_a_call_fails_the_call_and_is_told_with_its_code() {
    let running = start(&peer()).await;
    running.call("exit 3").await.unwrap_err();
    let exit = running.plugin.exited().await;
    assert_eq!((exit.to_string().as_str(), exit.killed), ("exit code 3", false));
    assert!(running.call("echo hello").await.is_err() && running.plugin.connection().is_closed());
    assert!(running.sockets().is_empty());
}

#[tokio::test]
async fn stopping_what_has_ended_tells_its_end_again() {
    let running = start(&peer()).await;
    running.call("exit 3").await.unwrap_err();
    for _ in 0..2 {
        assert_eq!(running.plugin.stop().await.to_string(), "exit code 3");
    }
}

#[tokio::test]
async fn an_interrupt_is_ignored() {
    let running = start(&peer()).await;
    running.signal(Signal::INT);
    let heard = || running.printed.all().iter().any(|o| o.text().contains("interrupt"));
    until("the signal", heard).await;
    assert_eq!(running.call("echo still here").await.unwrap(), b"still here");
    running.end().await;
}

#[tokio::test]
async fn told_to_terminate_a_plugin_answers_its_calls_and_leaves_with_code_0() {
    let running = start(&peer()).await;
    let (slow, leaving) = tokio::join!(running.call("sleep 500"), async {
        // Answered on the same connection, so the call before it is under way.
        call(running.plugin.connection(), "echo hello").await.unwrap();
        running.signal(Signal::TERM);
        running.plugin.exited().await
    });
    assert_eq!(slow.unwrap(), b"slept");
    assert_eq!((leaving.to_string().as_str(), leaving.killed), ("exit code 0", false));
    assert!(running.sockets().is_empty());
}

#[tokio::test]
async fn told_to_shut_down_a_plugin_answers_its_calls_first() {
    let running = start(&peer()).await;
    let (slow, exit) = tokio::join!(running.call("sleep 500"), async {
        call(running.plugin.connection(), "echo hello").await.unwrap();
        running.plugin.stop().await
    });
    assert_eq!((slow.unwrap(), exit.killed), (b"slept".to_vec(), false));
}

#[tokio::test]
async fn a_call_too_long_for_the_grace_time_is_cut() {
    let running = start_with(Launch::new(peer()), |config| config.grace = Duration::from_millis(200)).await;
    let began = Instant::now();
    let (slow, exit) = tokio::join!(running.call("sleep 600000"), async {
        call(running.plugin.connection(), "echo hello").await.unwrap();
        running.plugin.stop().await
    });
    assert!(slow.is_err() && exit.killed && began.elapsed() < SLACK, "{exit}, {:?}", began.elapsed());
}

#[tokio::test]
async fn of_the_paths_a_plugin_may_name_only_a_plugins_socket_is_removed() {
    for (name, left) in [("plugin1", false), ("docker.sock", true)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        let _listener = UnixListener::bind(&path).unwrap();
        let text = format!("echo '1|7|unix|{}|grpc|'; exec sleep 600", path.display());
        let running = start_with(script(&text), |_| {}).await;
        running.plugin.kill().await;
        assert_eq!(path.exists(), left, "{name}");
    }
}

#[tokio::test]
async fn a_start_that_is_called_off_has_left_nothing_when_it_returns() {
    let (config, dir, _) = config(script(r#"sleep 1000 & echo $! > "$TMPDIR/child"; wait"#));
    let child = dir.path().join("child");
    let called_off = until("the plugin's child", || fs::read_to_string(&child).is_ok_and(|id| id.ends_with('\n')));
    let error = Plugin::start_unless(config, &Direct, called_off).await.unwrap_err();
    assert!(matches!(error.reason, StartReason::CalledOff), "{error}");
    let id = fs::read_to_string(&child).unwrap();
    until("the child's end", || !lives(Pid::from_raw(id.trim().parse().unwrap()).unwrap())).await;
    fs::remove_file(&child).unwrap();
    nothing_left(dir.path()).await;
}
