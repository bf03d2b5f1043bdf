//! Everything a plugin prints and logs, read for ever with bounded memory; it knows nothing of processes.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Map;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt},
    sync::oneshot,
    time,
};

use super::{
    connection::{Connection, is_final},
    rate::{Rate, Verdict},
};
use crate::{
    hclog::{Entry, Level},
    proto::{grpc_stdio_client::GrpcStdioClient, stdio_data::Channel},
};

/// A longer line is passed on in pieces of this many bytes.
const LONGEST_LINE: usize = 64 << 10;
/// How many last lines are kept for error messages, and how much of each.
const RECENT: usize = 20;
const RECENT_LINE: usize = 1 << 10;

/// How long is waited until more of a flood is read: who prints more than is passed on waits for room in its pipe.
const PAUSE: Duration = Duration::from_millis(1);

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The process's standard error, where plugins log.
    Log,
    /// What the plugin printed to its standard output.
    Stdout,
    /// What the plugin's own code printed to its standard error.
    Stderr,
    /// What this host has to say about the others.
    Host,
}

/// One line of a plugin's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// Where it came from.
    pub origin: Origin,
    /// The line, understood as far as it can be. Printed lines have [`Level::Debug`] on standard output and
    /// [`Level::Error`] on standard error, as upstream's host shows them.
    pub entry: Entry,
}

impl Output {
    /// The text of the line, without an entry's fields; the entry's `Display` has them.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.entry.message
    }
}

/// The last lines, shared by all who read.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent(Arc<Mutex<VecDeque<String>>>);

impl Recent {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == RECENT {
            lines.pop_front();
        }
        let end = (0..=RECENT_LINE.min(line.len())).rev().find(|i| line.is_char_boundary(*i)).unwrap_or_default();
        lines.push_back(line[..end].to_owned());
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Where lines go.
#[derive(Clone)]
pub(super) struct Lines {
    sink: Arc<dyn Fn(Output) + Send + Sync>,
    recent: Recent,
    rate: Arc<Mutex<Rate>>,
    /// The last line was dropped.
    flooded: Arc<AtomicBool>,
}

impl Lines {
    pub(super) fn new(sink: Arc<dyn Fn(Output) + Send + Sync>, recent: Recent, per_second: u32) -> Self {
        Self { sink, recent, rate: Arc::new(Mutex::new(Rate::new(per_second))), flooded: Arc::default() }
    }

    /// Whether this line is passed on; says, now and then, that lines are not.
    fn admit(&self, line: &[u8]) -> bool {
        let verdict = self.rate.lock().unwrap_or_else(PoisonError::into_inner).judge(line.len());
        self.flooded.store(verdict != Verdict::Pass, Ordering::Relaxed);
        if let Verdict::DropAndSay(lines) = verdict {
            self.dropped(lines);
        }
        // Also behind a flood the last words of one that crashes explain its end. Nobody crashes in log entries.
        if verdict != Verdict::Pass && !line.starts_with(b"{") {
            self.recent.push(&String::from_utf8_lossy(&line[..line.len().min(RECENT_LINE)]));
        }
        verdict == Verdict::Pass
    }

    /// Says how many lines were dropped that nobody was told of.
    fn finish(&self) {
        let dropped = self.rate.lock().unwrap_or_else(PoisonError::into_inner).take_dropped();
        if dropped > 0 {
            self.dropped(dropped);
        }
    }

    fn dropped(&self, lines: u64) {
        let message = format!("the plugin prints too much: dropped {lines} lines");
        let entry = Entry { level: Level::Warn, message, timestamp: None, fields: Map::new() };
        self.emit(Output { origin: Origin::Host, entry });
    }

    /// Lets others have their turn, and in a flood lets it wait.
    async fn breathe(&self) {
        match self.flooded.load(Ordering::Relaxed) {
            true => time::sleep(PAUSE).await,
            // A flood must not keep the runtime's only thread from everything else.
            false => tokio::task::yield_now().await,
        }
    }

    fn printed(&self, origin: Origin, level: Level, line: &[u8]) {
        if !self.admit(line) {
            return;
        }
        let message = String::from_utf8_lossy(line).into_owned();
        self.emit(Output { origin, entry: Entry { level, message, timestamp: None, fields: Map::new() } });
    }

    fn emit(&self, output: Output) {
        // An author's debugging is no explanation of an end.
        if output.entry.level > Level::Debug || output.entry.timestamp.is_none() {
            self.recent.push(&output.entry.to_string());
        }
        (self.sink)(output);
    }
}

/// Reads log lines until the pipe ends.
pub(super) async fn drain_stderr(pipe: impl AsyncBufRead + Unpin, lines: Lines) {
    let mut crashing = false;
    let mut splitter = Splitter::default();
    let mut log = |line: &[u8]| {
        if !lines.admit(line) {
            return;
        }
        let mut entry = Entry::parse(&String::from_utf8_lossy(line));
        crashing = entry.timestamp.is_none() && (crashing || entry.begins_crash_report());
        if crashing {
            entry.level = Level::Error;
        }
        lines.emit(Output { origin: Origin::Log, entry });
    };
    each_line(pipe, &mut splitter, &lines, &mut log).await;
    splitter.finish(log);
    lines.finish();
}

/// Gives the first line to whoever waits for the handshake and reads the rest until the pipe ends. A line that was begun
/// when the pipe ended is no handshake: whoever wrote it died over it.
pub(super) async fn drain_stdout(pipe: impl AsyncBufRead + Unpin, lines: Lines, first: oneshot::Sender<String>) {
    let mut first = Some(first);
    let mut splitter = Splitter::default();
    each_line(pipe, &mut splitter, &lines, |line| match first.take() {
        Some(first) => {
            let _ = first.send(String::from_utf8_lossy(line).into_owned());
        }
        None => lines.printed(Origin::Stdout, Level::Debug, line),
    })
    .await;
    splitter.finish(|line| lines.printed(Origin::Stdout, Level::Debug, line));
    lines.finish();
}

/// Fetches what the plugin prints until its connection ends; a plugin may not offer that.
pub(super) async fn drain_stdio(connection: Connection, lines: Lines) {
    let (mut out, mut err) = (Splitter::default(), Splitter::default());
    loop {
        let mut client = GrpcStdioClient::with_origin(connection.clone(), Connection::origin());
        let outcome = async {
            let mut stream = client.stream_stdio(()).await?.into_inner();
            while let Some(chunk) = stream.message().await? {
                match chunk.channel() {
                    Channel::Stdout => out.feed(&chunk.data, |l| lines.printed(Origin::Stdout, Level::Debug, l)),
                    Channel::Stderr => err.feed(&chunk.data, |l| lines.printed(Origin::Stderr, Level::Error, l)),
                    Channel::Invalid => {}
                }
                lines.breathe().await;
            }
            Ok::<_, tonic::Status>(())
        }
        .await;
        match outcome {
            Err(status) if !is_final(&status) && !connection.is_closed() => {
                time::sleep(Duration::from_millis(100)).await
            }
            _ => break,
        }
    }
    out.finish(|l| lines.printed(Origin::Stdout, Level::Debug, l));
    err.finish(|l| lines.printed(Origin::Stderr, Level::Error, l));
    lines.finish();
}

async fn each_line(
    mut pipe: impl AsyncBufRead + Unpin,
    splitter: &mut Splitter,
    lines: &Lines,
    mut line: impl FnMut(&[u8]),
) {
    loop {
        match pipe.fill_buf().await {
            Ok([]) => break,
            Ok(chunk) => {
                splitter.feed(chunk, &mut line);
                let read = chunk.len();
                pipe.consume(read);
                lines.breathe().await;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
}

/// Cuts a stream into lines, holding one line of bounded length at most.
#[derive(Default)]
struct Splitter {
    begun: Vec<u8>,
}

impl Splitter {
    fn feed(&mut self, mut chunk: &[u8], mut line: impl FnMut(&[u8])) {
        while !chunk.is_empty() {
            let room = LONGEST_LINE - self.begun.len();
            let window = &chunk[..chunk.len().min(room)];
            match window.iter().position(|b| *b == b'\n') {
                Some(end) => {
                    self.begun.extend_from_slice(&window[..end]);
                    line(self.begun.strip_suffix(b"\r").unwrap_or(&self.begun));
                    self.begun.clear();
                    chunk = &chunk[end + 1..];
                }
                None => {
                    self.begun.extend_from_slice(window);
                    chunk = &chunk[window.len()..];
                    if self.begun.len() == LONGEST_LINE {
                        line(&self.begun);
                        self.begun.clear();
                    }
                }
            }
        }
    }

    fn finish(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            line(&self.begun);
            self.begun.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.feed(chunk, |l| lines.push(String::from_utf8_lossy(l).into_owned()));
        }
        splitter.finish(|l| lines.push(String::from_utf8_lossy(l).into_owned()));
        lines
    }

    #[test]
    fn lines_are_put_together_from_chunks() {
        assert_eq!(split(&[b"a", b"b\nc\r\n\n", b"d"]), ["ab", "c", "", "d"]);
    }

    #[test]
    fn a_line_without_end_comes_in_bounded_pieces() {
        let lines = split(&[&vec![b'x'; LONGEST_LINE * 2 + 5]]);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_LINE, LONGEST_LINE, 5]);
    }

    async fn logged(text: &str) -> Vec<(Level, String)> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let lines = Lines::new(
            Arc::new(move |o: Output| sink.lock().unwrap().push((o.entry.level, o.entry.message))),
            Recent::default(),
            u32::MAX,
        );
        drain_stderr(text.as_bytes(), lines).await;
        Arc::try_unwrap(seen).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_crash_report_is_shown_as_an_error_to_its_end() {
        let lines = logged("fine\npanic: nil map\n\ngoroutine 1 [running]:\n").await;
        let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [Level::Debug, Level::Error, Level::Error, Level::Error]);
    }

    #[tokio::test]
    async fn a_first_line_cut_off_by_the_end_is_no_handshake_but_is_kept() {
        let (first, handshake) = oneshot::channel();
        let lines = Lines::new(Arc::new(|_| {}), Recent::default(), u32::MAX);
        drain_stdout(&b"1|3|unix|/tmp/plug"[..], lines.clone(), first).await;
        assert!(handshake.await.is_err());
        assert_eq!(lines.recent.lines(), ["1|3|unix|/tmp/plug"]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_flood_of_lines_those_that_are_not_passed_on_are_counted() {
        let (passed, dropped) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let (lines, notices) = (passed.clone(), dropped.clone());
        let sink = move |o: Output| match o.origin {
            Origin::Host => {
                let count = o.text().split(' ').rev().nth(1).unwrap().parse::<u32>().unwrap();
                *notices.lock().unwrap() += count;
            }
            _ => *lines.lock().unwrap() += 1,
        };
        let lines = Lines::new(Arc::new(sink), Recent::default(), 10);
        drain_stderr("and so on\n".repeat(100_000).as_bytes(), lines).await;
        let (passed, dropped) = (*passed.lock().unwrap(), *dropped.lock().unwrap());
        assert!((40..1_000).contains(&passed), "{passed}");
        assert_eq!(passed + dropped, 100_000);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_words_behind_a_flood_are_kept() {
        let lines = Lines::new(Arc::new(|_| {}), Recent::default(), 10);
        let text = "and so on\n".repeat(1_000) + "panic: nil map\n";
        drain_stderr(text.as_bytes(), lines.clone()).await;
        assert!(lines.recent.lines().contains(&"panic: nil map".to_owned()), "{:?}", lines.recent.lines());
    }

    #[test]
    fn only_the_last_lines_are_kept_and_of_each_only_the_beginning() {
        let recent = Recent::default();
        for i in 0..100 {
            recent.push(&format!("{i} {}", "ä".repeat(RECENT_LINE)));
        }
        let lines = recent.lines();
        assert_eq!(lines.len(), RECENT);
        assert!(lines[0].starts_with("80 ") && lines[0].len() <= RECENT_LINE);
    }
}
