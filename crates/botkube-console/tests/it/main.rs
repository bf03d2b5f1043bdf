//! The console on a pipe, with an agent that has no plugins: how it ends, and that what cannot be a message is answered.
//! Besides: `web` the console in a browser · `disk` what is kept · `agent` an agent for both.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agent;
mod disk;
mod session;
mod web;

use std::{
    future::pending,
    io::{self, Write},
    sync::Arc,
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_config::model::Config;
use botkube_console::{Console, Ended};
use botkube_core::{
    conversation::{Actor, Conversation},
    dispatch::{Dispatcher, Snapshot},
    policy::AllowBound,
    port::{Credentials, CredentialsError, Kubeconfig, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::{Executors, PluginRef, Route},
};
use tokio::io::BufReader;
use tokio_util::sync::CancellationToken;

/// Neither plugins nor credentials: what is bound nowhere is never asked.
struct Nobody;

#[async_trait]
impl Plugins for Nobody {
    async fn execute(
        &self,
        plugin: &PluginRef,
        _: PluginCall,
        _: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        Err(PluginError::Unavailable(format!("there is no {}", plugin.name())))
    }

    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError> {
        Err(PluginError::Unavailable(format!("there is no {}", plugin.name())))
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}

#[async_trait]
impl Credentials for Nobody {
    async fn for_call(&self, _: &Actor, _: &Conversation, _: &Route) -> Result<Kubeconfig, CredentialsError> {
        Err(CredentialsError("there are none".into()))
    }
}

/// A reader that left.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn console() -> Console {
    let nobody = Arc::new(Nobody);
    let (config, executors) = (Arc::new(Config::default()), Executors::default());
    let dispatcher = Dispatcher::new(Snapshot::new(config, executors, Arc::new(AllowBound), nobody.clone(), nobody));
    Console { dispatcher: Arc::new(dispatcher), conversation: Arc::new(Conversation::default), actor: Actor::default() }
}

/// What is written for this input, each line's beginning compared.
#[track_caller]
fn check(input: &[u8], expected: &[&str]) {
    let mut output = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(console().piped(input, &mut output, pending(), &CancellationToken::new()));
    assert_eq!(ended, Ended::Input);
    let output = String::from_utf8(output).unwrap();
    let lines: Vec<&str> = output.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    assert!(lines.iter().zip(expected).all(|(line, begin)| line.starts_with(begin)), "{lines:?}");
}

#[test]
fn every_line_is_a_message() {
    check(
        b"ping\nnosuch\nversion\n",
        &["pong", "Botkube version", "I don't know the command `nosuch`", "Botkube version"],
    );
}

#[test]
fn a_line_may_end_as_on_windows() {
    check(b"version\r\n", &["Botkube version"]);
}

#[test]
fn a_line_that_is_not_utf8_is_answered_with_the_place() {
    check(b"version\nver\xff\nversion\n", &["Botkube", "Line 2 is not UTF-8 at byte 4", "Botkube"]);
}

#[test]
fn a_line_that_is_too_long_is_answered_and_skipped() {
    let long = [vec![b'x'; 3 << 20], b"\nversion\n".to_vec()].concat();
    check(&long, &["Line 1 is longer than 1048576 bytes", "Botkube"]);
}

#[test]
fn a_last_line_that_is_too_long_ends_all_the_same() {
    check(&vec![b'x'; 3 << 20], &["Line 1 is longer"]);
}

#[tokio::test]
async fn told_to_stop_it_stops_though_the_input_stays_open() {
    let (_open, input) = tokio::io::duplex(64);
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(console().piped(BufReader::new(input), Vec::new(), pending(), &stop).await, Ended::Told);
}

#[tokio::test]
async fn told_to_stop_it_answers_nothing_more_that_is_there() {
    let stop = CancellationToken::new();
    stop.cancel();
    for _ in 0..20 {
        let mut output = Vec::new();
        assert_eq!(console().piped(&b"ping\n"[..], &mut output, pending(), &stop).await, Ended::Told);
        assert!(output.is_empty());
    }
}

#[tokio::test]
async fn without_a_reader_it_ends_after_the_first_answer() {
    let ended = console().piped(&b"ping\nping\n"[..], Closed, pending(), &CancellationToken::new()).await;
    assert_eq!(ended, Ended::Output);
}
