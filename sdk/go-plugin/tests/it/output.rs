//! What plugins print and log in every way, and that none of it stops them or the host. Must not know of starting and
//! stopping.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use go_plugin::{
    hclog::Level,
    host::{Launch, Origin},
};
use tokio::net::UnixListener;

use crate::support::{Running, peer, script, start, start_with, until};

/// A plugin of a shell's: a handshake for a socket where nobody ever speaks, and then `text`.
async fn printing(text: &str) -> (Running, UnixListener) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plugin1");
    let listener = UnixListener::bind(&path).unwrap();
    let text = format!("echo '1|7|unix|{}|grpc|'; {text}; exec sleep 600", path.display());
    (start_with(script(&text), |_| {}).await, listener)
}

/// Prints one line on the real standard error and compares what becomes of it.
async fn check(line: &str, level: Level, text: &str) {
    let (running, _listener) = printing(&format!("echo '{line}' >&2")).await;
    until("a log line", || !running.printed.lines(Origin::Log).is_empty()).await;
    let output = &running.printed.all()[0];
    assert_eq!((output.entry.level, output.text()), (level, text));
    running.plugin.kill().await;
}

#[tokio::test]
async fn a_log_entry_is_shown_with_its_level() {
    check(
        r#"{"@level":"warn","@message":"low on disk","@timestamp":"2024-11-05T10:00:00.000001Z"}"#,
        Level::Warn,
        "low on disk",
    )
    .await;
}

#[tokio::test]
async fn a_log_entry_with_values_of_the_wrong_type_is_shown_as_it_is() {
    for line in [r#"{"@message": 5}"#, r#"{"@level":[],"@message":"m"}"#, r#"{"@level":"info","@timestamp":7}"#] {
        check(line, Level::Debug, line).await;
    }
}

#[tokio::test]
async fn a_line_longer_than_a_buffer_comes_in_pieces_and_the_next_one_whole() {
    let long = "head -c 200000 /dev/zero | tr '\\0' x";
    let (running, _listener) =
        printing(&format!("{long}; echo; echo after; {{ {long}; echo; echo after; }} >&2")).await;
    for origin in [Origin::Stdout, Origin::Log] {
        until("the line after", || running.printed.lines(origin).iter().any(|line| line == "after")).await;
        let pieces: Vec<usize> = running.printed.lines(origin).iter().map(String::len).collect();
        assert_eq!(pieces, [65536, 65536, 65536, 3392, 5]);
    }
    running.plugin.kill().await;
}

#[tokio::test]
async fn calls_go_on_while_both_real_streams_are_flooded() {
    let flooded = r#"peer=$1; "$peer" | { IFS= read -r line; echo "$line"; yes err >&2 & yes out; }"#;
    let launch = script(flooded).arg("sh").arg(peer());
    let seen = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let [out, err] = seen.clone();
    let running = start_with(launch, |config| {
        config.grace = std::time::Duration::from_millis(300);
        config.lines_per_second = u32::MAX;
        config.output = Arc::new(move |output| {
            let counter = if output.origin == Origin::Stdout { &out } else { &err };
            counter.fetch_add(1, Ordering::Relaxed);
        });
    })
    .await;
    until("a flood", || seen.iter().all(|counter| counter.load(Ordering::Relaxed) > 100_000)).await;
    for _ in 0..20 {
        assert_eq!(running.call("echo still here").await.unwrap(), b"still here");
    }
    running.plugin.kill().await;
}

#[tokio::test]
async fn of_a_flood_of_prints_every_byte_is_delivered_or_counted_as_dropped() {
    const LINES: usize = 8 << 10;
    let running = start_with(Launch::new(peer()), |config| config.lines_per_second = u32::MAX).await;
    let flood = running.call("flood 8192");
    let calls = async {
        for _ in 0..20 {
            assert_eq!(running.call("echo still here").await.unwrap(), b"still here");
        }
    };
    let (flooded, ()) = tokio::join!(flood, calls);
    flooded.unwrap();
    running.call("print stdout end").await.unwrap();
    until("the last line", || running.printed.lines(Origin::Stdout).last().is_some_and(|line| line.ends_with("end")))
        .await;
    let delivered: usize = running.printed.lines(Origin::Stdout).iter().map(|line| line.len() + 1).sum();
    let dropped: usize = running
        .printed
        .lines(Origin::Stderr)
        .iter()
        .filter_map(|line| line.strip_prefix('[')?.split_once(" bytes of output were dropped")?.0.parse::<usize>().ok())
        .sum();
    assert_eq!(delivered + dropped, LINES * 1024 + "end\n".len());
    running.end().await;
}

#[tokio::test]
async fn what_is_printed_right_before_the_end_still_arrives() {
    let running = start(&peer()).await;
    running.call("print stderr last words").await.unwrap();
    let exit = running.plugin.stop().await;
    assert_eq!(running.printed.lines(Origin::Stderr), ["last words"]);
    assert!(exit.output.contains(&"last words".to_owned()), "{:?}", exit.output);
}

#[tokio::test]
async fn a_panic_fails_its_call_alone_and_is_logged() {
    let running = start(&peer()).await;
    running.call("panic").await.unwrap_err();
    assert_eq!(running.call("echo still here").await.unwrap(), b"still here");
    until("the panic", || running.printed.all().iter().any(|o| o.text() == "panic: told to")).await;
    let logged = running.printed.all().into_iter().find(|o| o.text() == "panic: told to").unwrap();
    assert_eq!((logged.origin, logged.entry.level), (Origin::Log, Level::Error));
    running.end().await;
}

#[tokio::test]
async fn a_plugins_start_is_logged_with_its_address() {
    let running = start_with(Launch::new(peer()), |_| {}).await;
    until("the address", || running.printed.lines(Origin::Log).iter().any(|line| line == "plugin address")).await;
    running.end().await;
}
