//! Answers that come piece by piece: what reaches the corridor, what is refused, and what becomes of commands nobody wants
//! any more. Through the plugin host, with real plugins: one that misbehaves, one made with our SDK.

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_config::model::Plugins as Settings;
use botkube_core::{
    port::{Piece, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{catalogue::Catalogue, host::Host};
use conformance::{eventually, live_program};
use go_plugin::host::Direct;
use tokio::task::JoinHandle;

use crate::support::{Machine, contains};

/// A host on a machine of its own, which knows the misbehaving executor as `mine` and the SDK's example as `live`. It must be
/// stopped on the runtime it was made on.
struct Kept {
    machine: Machine,
    host: Arc<Host>,
}

/// What came of a command, and what was said before its end.
struct Answer {
    pieces: Vec<Piece>,
    outcome: Result<Vec<Message>, PluginError>,
}

impl Kept {
    fn new(settings: Settings) -> Self {
        let machine = Machine::new();
        let mine = PathBuf::from(machine.misbehaving("none"));
        let given = BTreeMap::from([("mine".to_owned(), mine), ("live".to_owned(), live_program())]);
        let host = Host::new(Catalogue { given, ..Catalogue::default() }, Arc::new(Direct), settings).unwrap();
        Self { machine, host: Arc::new(host) }
    }

    async fn ask(&self, command: &str) -> Answer {
        let mut pieces = Vec::new();
        let outcome = ask(&self.host, command, &mut pieces).await;
        Answer { pieces, outcome }
    }

    fn asking(&self, command: String, mut pieces: impl Pieces + 'static) -> JoinHandle<()> {
        let host = self.host.clone();
        tokio::spawn(async move { drop(ask(&host, &command, &mut pieces).await) })
    }

    /// A call that names a file of this machine and never ends, once the file is there.
    fn under_way(&self, command: &str, file: &str) -> JoinHandle<()> {
        let file = self.machine.path(file);
        let call = self.asking(format!("{command} {}", file.display()), Vec::new());
        eventually("the call has begun", || file.exists());
        call
    }

    async fn id(&self) -> String {
        self.ask("mine id").await.outcome.unwrap()[0].base_body.code_block.clone()
    }

    fn state(&self, name: &str) -> PluginState {
        self.host.state(&PluginRef::Named(name.to_owned()))
    }
}

async fn ask(host: &Host, command: &str, pieces: &mut dyn Pieces) -> Result<Vec<Message>, PluginError> {
    let name = command.split(' ').next().unwrap_or_default();
    host.execute(&PluginRef::Named(name.to_owned()), PluginCall::new(command), pieces).await
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

/// All text that was said.
fn texts(pieces: &[Piece]) -> String {
    pieces.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None }).collect()
}

/// What comes before the command's end, of which nothing is left.
#[track_caller]
fn said(answer: Answer, expected: &[Piece]) {
    assert_eq!((answer.outcome, &answer.pieces[..]), (Ok(vec![]), expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_stream_come_one_by_one() {
    let kept = Kept::new(Settings::default());
    let lines: Vec<Piece> = (1..=5).map(|n| text(&format!("{n} of 5\n"))).collect();
    said(kept.ask("live parts").await, &lines);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_come_one_by_one() {
    let kept = Kept::new(Settings::default());
    let states = ["pending", "running", "done"].map(|state| Piece::Update(Message::code(state)));
    said(kept.ask("live watch").await, &states);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_comes_before_a_reply_that_is_no_stream() {
    let kept = Kept::new(Settings::default());
    let answer = kept.ask("live progress").await;
    let progress = [1, 2, 3].map(|n| Piece::Progress(format!("{n} of 3 pods")));
    assert_eq!(answer.outcome.unwrap(), [Message::code("all are well").with_filter()]);
    assert_eq!(answer.pieces, progress);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_long_progress_only_the_beginning_comes() {
    let kept = Kept::new(Settings::default());
    let answer = kept.ask("mine stream long-progress").await;
    assert_eq!(answer.pieces, [Piece::Progress(format!("x{}", "ä".repeat(511)))]);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programs_output_comes_line_by_line_in_order_with_its_failure_at_the_end() {
    let kept = Kept::new(Settings::default());
    let answer = kept.ask("live run sh -c 'echo one; sleep 0.05; echo two >&2; sleep 0.05; echo three; exit 3'").await;
    assert_eq!(answer.pieces, ["one\n", "two\n", "three\n"].map(text));
    assert_eq!(answer.outcome, Err(PluginError::Failed("exit status 3".into())));
    kept.host.stop().await;
}

/// A command that fails after it said something.
async fn fails(how: &str, reasons: &[&str]) {
    let kept = Kept::new(Settings::default());
    let answer = kept.ask(&format!("mine stream {how}")).await;
    assert_eq!(answer.pieces, [text("3 of 7\n")]);
    contains(&answer.outcome.unwrap_err().to_string(), reasons);
    // It is over, and the next command is answered.
    kept.id().await;
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_failure_stays() {
    fails("fails", &["disk full"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_panic_stays() {
    fails("panics", &["the call to the plugin broke"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_the_plugin_ended_stays() {
    fails("exits 7", &["ended while it worked on this command", "exit code 7"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn escape_sequences_come_as_they_are() {
    let kept = Kept::new(Settings::default());
    let answer = kept.ask("mine stream escapes").await;
    assert!(texts(&answer.pieces).contains("red\u{1b}[31m"), "{:?}", answer.pieces);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_characters_are_replaced() {
    let kept = Kept::new(Settings::default());
    let answer = kept.ask("mine stream not-utf8").await;
    assert_eq!(answer.pieces, [Piece::Message(Message::code("a\u{fffd}\u{fffd}b"))], "{:?}", answer.outcome);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_that_is_no_message_ends_the_command() {
    let kept = Kept::new(Settings::default());
    let refused = kept.ask("mine stream broken-json").await.outcome.unwrap_err();
    contains(&refused.to_string(), &["cannot be understood", "line 1"]);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_in_all_is_too_large_and_the_call_is_cancelled() {
    let kept = Kept::new(Settings { max_answer_size: 3 << 20, ..Settings::default() });
    let answer = kept.ask("mine stream endless").await;
    assert_eq!(answer.outcome, Err(PluginError::TooLarge { size: None, limit: 3 << 20 }));
    assert!(texts(&answer.pieces).len() <= 3 << 20);
    kept.id().await;
    assert_eq!(kept.state("mine").restarts, 0);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_updates_only_the_latest_counts() {
    let kept = Kept::new(Settings { max_answer_size: 100, ..Settings::default() });
    let answer = kept.ask("mine stream updates 20 every 0").await;
    assert_eq!((answer.outcome, answer.pieces.len()), (Ok(vec![]), 20));
    kept.host.stop().await;
}

/// Takes a piece and does not come back.
struct Slow;

#[async_trait]
impl Pieces for Slow {
    async fn take(&mut self, _: Piece) -> ControlFlow<()> {
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_slow_readers_as_there_may_be_keep_nobody_else_waiting() {
    let settings =
        Settings { max_concurrent_calls: 33, health_check_interval: Duration::from_secs(1), ..Settings::default() };
    let kept = Kept::new(settings);
    let id = kept.id().await;
    let slow: Vec<_> = (0..32).map(|_| kept.asking("mine stream endless".into(), Slow)).collect();
    // Three health checks would do away with it, did their answers not come.
    let three_checks = Instant::now() + Duration::from_secs(3);
    eventually("three checks are over", || Instant::now() > three_checks);
    assert_eq!(kept.id().await, id);
    slow.iter().for_each(JoinHandle::abort);
    kept.host.stop().await;
}

/// Wants one piece.
struct One;

#[async_trait]
impl Pieces for One {
    async fn take(&mut self, _: Piece) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_more_gets_no_more() {
    let kept = Kept::new(Settings::default());
    assert_eq!(ask(&kept.host, "mine stream endless", &mut One).await, Ok(vec![]));
    kept.id().await;
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_command_may_tidy_up_and_its_plugin_lives_on() {
    let kept = Kept::new(Settings { health_check_interval: Duration::from_secs(1), ..Settings::default() });
    kept.under_way("live tidy", "said").abort();
    eventually("it tidied up", || fs::read_to_string(kept.machine.path("said")).is_ok_and(|said| said == "tidy"));
    let grace_is_over = Instant::now() + Duration::from_secs(4);
    eventually("the grace is over", || Instant::now() > grace_is_over);
    assert_eq!(kept.state("live").restarts, 0);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_goes_on_with_a_cancelled_command_is_replaced_after_the_grace() {
    let kept = Kept::new(Settings::default());
    let stubborn = kept.id().await;
    let began = Instant::now();
    kept.under_way("mine stream ignores-cancel", "pid").abort();
    // It is well, so others are answered meanwhile.
    assert_eq!(kept.id().await, stubborn);
    eventually("it was replaced", || kept.state("mine").restarts == 1);
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
    assert_ne!(kept.id().await, stubborn);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_goes_on_with_a_cancelled_command_is_left_alone_while_others_run() {
    let kept = Kept::new(Settings { health_check_interval: Duration::from_secs(1), ..Settings::default() });
    let other = kept.under_way("mine hang", "other");
    let process = kept.id().await;
    kept.under_way("mine stream ignores-cancel", "pid").abort();
    let grace_is_over = Instant::now() + Duration::from_secs(5);
    eventually("the grace is over", || Instant::now() > grace_is_over);
    assert_eq!((kept.id().await, other.is_finished()), (process, false));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_runs_for_a_cancelled_command_is_killed() {
    let kept = Kept::new(Settings::default());
    let file = kept.machine.path("pid");
    let call = kept
        .asking(format!("live run sh -c 'echo $$ > {0}.new; mv {0}.new {0}; sleep 600'", file.display()), Vec::new());
    eventually("it runs", || file.exists());
    let process = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    call.abort();
    eventually("it was killed", || !conformance::is_alive(process));
    kept.host.stop().await;
}
