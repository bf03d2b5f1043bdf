//! Plugins that do not start, and what the host says about each. Must not know of plugins that do.

use std::time::Duration;

use go_plugin::host::{Config, Direct, Launch, Plugin, StartError};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, UnixListener},
    time::Instant,
};

use crate::support::{SOON, config, nothing_left, peer, refused, script, start_with, until};

/// The sixth field of a plugin that serves TLS: long enough to be a certificate.
const CERTIFICATE: &str = "MIIBszCCARWgAwIBAgIBATAKBggqhkjOPQQDBDAkMRIwEAYDVQQKEwlIYXNoaUNvcnA";

fn unchanged(_: &mut Config) {}

fn impatient(config: &mut Config) {
    config.start_deadline = Duration::from_millis(300);
}

fn tell(error: &StartError) -> String {
    format!("{error}\n{}", error.output.join("\n"))
}

/// Starts a script as a plugin and compares what the host says; `because` are parts of it.
async fn check(text: &str, change: fn(&mut Config), because: &[&str]) {
    let began = Instant::now();
    let error = tell(&refused(script(text), change).await);
    assert!(because.iter().all(|part| error.contains(part)), "{error:?}, not {because:?}");
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
}

/// A socket where connections are taken and nothing is ever said.
fn mute() -> (TempDir, UnixListener, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plugin1");
    let listener = UnixListener::bind(&path).unwrap();
    (dir, listener, path.display().to_string())
}

#[tokio::test]
async fn an_end_before_the_handshake_is_told_with_its_code_and_last_words() {
    check(
        "echo no kubeconfig >&2; exit 3",
        unchanged,
        &["before it printed its handshake (exit code 3)", "no kubeconfig"],
    )
    .await;
}

#[tokio::test]
async fn an_end_by_a_signal_is_told_with_its_name() {
    check("kill -SEGV $$", unchanged, &["killed by signal 11 (SIGSEGV)"]).await;
}

#[tokio::test]
async fn an_end_amid_the_handshake_line_shows_what_there_was_of_it() {
    check("printf '1|7|un'; exit 1", unchanged, &["before it printed its handshake (exit code 1)", "1|7|un"]).await;
}

#[tokio::test]
async fn an_end_right_after_the_handshake_is_told() {
    check(
        "echo '1|7|unix|/nowhere/plugin1|grpc|'; exit 4",
        unchanged,
        &["does not answer at unix|/nowhere/plugin1", "exit code 4"],
    )
    .await;
}

#[tokio::test]
async fn anything_printed_before_the_handshake_is_shown() {
    check(
        "echo starting up; exec sleep 600",
        unchanged,
        &["is not a handshake", "starting up", "print nothing before"],
    )
    .await;
}

#[tokio::test]
async fn a_plugin_that_prints_nothing_is_given_up_after_the_deadline() {
    check("sleep 600; :", impatient, &["no handshake within 300ms"]).await;
}

#[tokio::test]
async fn a_handshake_line_that_never_ends_is_given_up_after_the_deadline() {
    check("printf '1|7|unix|'; sleep 600; :", impatient, &["no handshake within 300ms"]).await;
}

#[tokio::test]
async fn a_plugin_that_closes_its_output_is_given_up_after_the_deadline() {
    check("exec >&- 2>&-; sleep 600; :", impatient, &["no handshake within 300ms"]).await;
}

#[tokio::test]
async fn another_version_is_told_with_those_offered() {
    check("echo '1|8|unix|/tmp/plugin1|grpc|'", unchanged, &["speaks protocol version 8, this host [7]"]).await;
}

#[tokio::test]
async fn another_version_of_the_handshake_is_told() {
    check("echo '2|7|unix|/tmp/plugin1|grpc|'", unchanged, &["core protocol version 2, this host version 1"]).await;
}

#[tokio::test]
async fn an_unknown_network_is_told_with_those_known() {
    check("echo '1|7|pigeon|loft|grpc|'", unchanged, &["unknown network \"pigeon\"; known are unix and tcp"]).await;
}

#[tokio::test]
async fn a_plugin_of_net_rpc_is_told_from_one_of_grpc() {
    check("echo '1|7|unix|/tmp/plugin1|netrpc|'", unchanged, &["speaks \"netrpc\", not grpc"]).await;
    check("echo '1|7|unix|/tmp/plugin1'", unchanged, &["speaks \"netrpc\", not grpc"]).await;
}

#[tokio::test]
async fn a_certificate_nobody_asked_for_is_refused() {
    let (_dir, _listener, path) = mute();
    let text = format!("echo '1|7|unix|{path}|grpc|{CERTIFICATE}'; exec sleep 600");
    check(&text, unchanged, &["answered with a certificate though this host did not ask for TLS"]).await;
}

#[cfg(feature = "auto-mtls")]
#[tokio::test]
async fn a_plugin_that_ignores_the_wish_for_tls_is_refused() {
    let (_dir, _listener, path) = mute();
    let text = format!("echo '1|7|unix|{path}|grpc|'; exec sleep 600");
    check(&text, |config| config.auto_mtls = true, &["asked for AutoMTLS", "without a certificate"]).await;
}

#[cfg(feature = "auto-mtls")]
#[tokio::test]
async fn a_plugin_that_promises_tls_and_never_begins_it_is_given_up_after_the_deadline() {
    let (_dir, _listener, path) = mute();
    let text = format!("echo '1|7|unix|{path}|grpc|{CERTIFICATE}'; exec sleep 600");
    let change = |config: &mut Config| {
        impatient(config);
        config.auto_mtls = true;
    };
    check(&text, change, &["no connection within 300ms"]).await;
}

#[tokio::test]
async fn a_tcp_address_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("echo '1|7|tcp|{}|grpc|'; exec sleep 600", listener.local_addr().unwrap());
    let (running, accepted) = tokio::join!(start_with(script(&text), |_| {}), listener.accept());
    accepted.unwrap();
    assert!(running.plugin.kill().await.killed);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told() {
    let error = tell(&refused(Launch::new("/nowhere/plugin"), unchanged).await);
    assert!(error.starts_with("/nowhere/plugin did not start: there is no such file"), "{error}");
}

#[tokio::test]
async fn a_directory_too_deep_for_a_socket_is_told_with_the_way_out() {
    let launch = Launch::new(peer()).env("PLUGIN_UNIX_SOCKET_DIR", format!("/tmp/{}", "deep/".repeat(30)));
    let error = tell(&refused(launch, unchanged).await);
    assert!(error.contains("may be 107") && error.contains("set PLUGIN_UNIX_SOCKET_DIR or TMPDIR"), "{error}");
}

#[tokio::test]
async fn a_start_that_is_no_longer_waited_for_leaves_nothing() {
    let (config, dir, printed) = config(script("echo up >&2; sleep 600; :"));
    tokio::select! {
        started = Plugin::start(config, &Direct) => panic!("{started:?}"),
        () = until("a sign of life", || !printed.all().is_empty()) => {}
    }
    nothing_left(dir.path()).await;
}
