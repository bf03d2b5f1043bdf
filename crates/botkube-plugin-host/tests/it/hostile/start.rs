//! Attacks at the start of the process: its handshake, its socket, and what it prints.

use std::time::Duration;

use botkube_core::{port::Plugins, route::PluginRef};
use tokio::time;

use super::{ANSWERED, World, processes_with};

/// The command that starts the plugin has an answer with all this in it; others are answered, and nothing is left.
async fn check(fault: &str, reads: &[&str]) {
    let world = World::new(fault);
    let refused = time::timeout(ANSWERED, world.ask("bad hello")).await.expect("it ends").unwrap_err().to_string();
    assert!(reads.iter().all(|part| refused.contains(part)), "{fault}: {refused}, not {reads:?}");
    assert!(!refused.chars().any(char::is_control), "{fault}: {refused:?}");
    let good = time::timeout(ANSWERED, world.ask("good hello")).await.expect("others are answered").unwrap();
    assert!(good.contains("ok"), "{fault}: the good one said {good}");
    time::timeout(ANSWERED, world.host.stop()).await.expect("the host stops");
    let path = world.dir.path().join(format!("executor_{fault}"));
    assert_eq!(processes_with(&path), Vec::<std::path::PathBuf>::new(), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_each_step_of_a_start_is_told() {
    check("dies-before-handshake", &["did not start", "before it printed its handshake", "exit code 3"]).await;
    check("dies-in-handshake", &["did not start", "before it printed its handshake", "exit code 4"]).await;
    check("dies-after-handshake", &["exit code 5"]).await;
    check("exits-when-connected-to", &["exit code 6"]).await;
    check("exits-amid-the-settings", &["exit code 6"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_none_of_its_own_is_refused_in_words() {
    check("listens-at-a-relative-path", &["did not start", "plugin1"]).await;
    check("listens-at-no-path", &["did not start"]).await;
    check("listens-at-a-file", &["does not answer at", "plugin-file"]).await;
    check("listens-at-a-pipe", &["does not answer at", "/dev/null"]).await;
    check("listens-at-a-directory", &["does not answer at"]).await;
    check("listens-at-a-loop", &["does not answer at", "plugin-loop"]).await;
    check("listens-too-deep", &["does not answer at", "…"]).await;
    check("listens-with-control-characters", &["did not start"]).await;
    check("listens-at-no-port", &["does not answer at"]).await;
    check("listens-at-no-address", &["did not start"]).await;
    check("listens-by-carrier-pigeon", &["did not start", "udp"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handshake_is_shown_in_short() {
    check("prints-a-line-without-end", &["is not a handshake"]).await;
    check("prints-endlessly", &["is not a handshake"]).await;
    check("prints-no-text", &["did not start"]).await;
}

/// A plugin that floods the log is called as ever.
async fn check_called_amid_its_flood(fault: &str) {
    let world = World::new(fault);
    for _ in 0..20 {
        let answer = time::timeout(ANSWERED, world.ask("bad hello")).await.expect("it ends").unwrap();
        assert!(answer.contains("ok"), "{fault}: {answer}");
    }
    assert_eq!(world.host.state(&PluginRef::Named("bad".into())).restarts, 0);
    time::timeout(ANSWERED + Duration::from_secs(2), world.host.stop()).await.expect("the host stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_answered_amid_a_flood_of_log_lines() {
    check_called_amid_its_flood("logs-endlessly").await;
    check_called_amid_its_flood("logs-a-line-without-end").await;
}
