//! What this crate's host and any plugin of the service `interop.Peer` do together, as one list for every kind of peer.
//! Must not know which peer it is.

use std::{collections::BTreeSet, time::Duration};

use go_plugin::host::Origin;
use tokio::{task::JoinSet, time::Instant};

use crate::support::{Running, VERSION, call, lives, until};

/// Makes one test of each of these for a peer, which `$start` starts.
macro_rules! exchange {
    ($start:expr) => {
        $crate::exchange::exchange! { $start =>
            the_handshake_gives_the_version_offered,
            a_call_is_answered,
            fifty_calls_at_once_are_answered_each_with_its_own,
            an_answer_of_six_mebibytes_arrives_whole,
            an_error_text_of_two_hundred_kibibytes_arrives_whole,
            every_printed_line_arrives_in_order_on_its_own_channel,
            reflection_lists_the_service_and_the_protocols_own,
            a_health_check_is_answered,
            told_to_shut_down_it_leaves_at_once_with_code_0_and_no_socket,
        }
    };
    ($start:expr => $($name:ident,)*) => {
        $(#[tokio::test] async fn $name() { $crate::exchange::$name($start.await).await })*
    };
}
pub(crate) use exchange;

pub(crate) async fn the_handshake_gives_the_version_offered(peer: Running) {
    assert_eq!(peer.plugin.version(), Some(VERSION));
    peer.end().await;
}

pub(crate) async fn a_call_is_answered(peer: Running) {
    assert_eq!(peer.call("echo hello, wörld").await.unwrap(), "hello, wörld".as_bytes());
    peer.end().await;
}

pub(crate) async fn fifty_calls_at_once_are_answered_each_with_its_own(peer: Running) {
    let mut calls = JoinSet::new();
    for n in 0..50 {
        let connection = peer.plugin.connection();
        calls.spawn(async move { (n, call(connection, &format!("echo number {n}")).await) });
    }
    for (n, answer) in calls.join_all().await {
        assert_eq!(String::from_utf8(answer.unwrap()).unwrap(), format!("number {n}"));
    }
    peer.end().await;
}

pub(crate) async fn an_answer_of_six_mebibytes_arrives_whole(peer: Running) {
    let answer = peer.call(&format!("big {}", 6 << 20)).await.unwrap();
    assert!(answer.len() == 6 << 20 && answer.iter().all(|b| *b == b'x'), "{} bytes, or other ones", answer.len());
    peer.end().await;
}

pub(crate) async fn an_error_text_of_two_hundred_kibibytes_arrives_whole(peer: Running) {
    let error = peer.call(&format!("fail {}", 200 << 10)).await.unwrap_err();
    assert_eq!(error.message().len(), 200 << 10, "{error:.100}");
    peer.end().await;
}

pub(crate) async fn every_printed_line_arrives_in_order_on_its_own_channel(peer: Running) {
    let lines = |stream: &str| -> Vec<String> { (0..100).map(|n| format!("line {n} on {stream}")).collect() };
    for (out, err) in lines("stdout").into_iter().zip(lines("stderr")) {
        peer.call(&format!("print stdout {out}")).await.unwrap();
        peer.call(&format!("print stderr {err}")).await.unwrap();
    }
    for (origin, stream) in [(Origin::Stdout, "stdout"), (Origin::Stderr, "stderr")] {
        until("all lines", || peer.printed.lines(origin).len() >= 100).await;
        assert_eq!(peer.printed.lines(origin), lines(stream));
    }
    peer.end().await;
}

pub(crate) async fn reflection_lists_the_service_and_the_protocols_own(peer: Running) {
    let services = peer.plugin.services(Duration::from_secs(5)).await.unwrap();
    let expected = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "interop.Peer",
        "plugin.GRPCBroker",
        "plugin.GRPCController",
        "plugin.GRPCStdio",
    ];
    assert_eq!(services.into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
    peer.end().await;
}

pub(crate) async fn a_health_check_is_answered(peer: Running) {
    assert_eq!(peer.plugin.ping(Duration::from_secs(5)).await, Ok(()));
    peer.end().await;
}

pub(crate) async fn told_to_shut_down_it_leaves_at_once_with_code_0_and_no_socket(peer: Running) {
    let began = Instant::now();
    let exit = peer.plugin.stop().await;
    let took = began.elapsed();
    assert_eq!((exit.status.and_then(|status| status.code()), exit.killed), (Some(0), false), "{exit}");
    assert!(took < Duration::from_millis(1500), "it took {took:?}");
    assert!(!lives(peer.id()) && peer.sockets().is_empty());
}
