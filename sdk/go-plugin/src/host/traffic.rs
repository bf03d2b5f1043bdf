//! What a plugin sends that nobody asked for, counted frame by frame as it is read. It knows the heads of HTTP/2 frames
//! (RFC 9113 §4.1) and no more of the connection.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::turn::Turn;

/// How many frames without data a plugin may send within [`PERIOD`] beside those that calls need. Whoever takes more in keeps
/// a core busy with them: the HTTP/2 library answers pings and settings for as long as they come.
const SPARE: u64 = 10_000;
/// How many a call needs: headers and trailers, updates of windows, a reset, and the pings by which Go measures.
const PER_CALL: u64 = 16;
const PERIOD: Duration = Duration::from_secs(1);

/// How many small frames are read at once, and how long is waited then. The host has more work with them than the plugin.
const AT_ONCE: u64 = 256;
const PAUSE: Duration = Duration::from_millis(1);
/// A frame is small below this many bytes.
const SMALL: usize = 512;

/// The kind of frames that bring data.
const DATA: u8 = 0;

/// What both ends of the watch share.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    /// How many calls were made so far.
    calls: Arc<AtomicU64>,
    /// Why the connection broke.
    fault: Arc<OnceLock<String>>,
}

/// A stream to a plugin that breaks when the plugin floods it.
pub(super) struct Watched<S> {
    stream: S,
    frames: Frames,
    turn: Turn,
    /// Until then nothing is read.
    pause: Option<Pin<Box<Sleep>>>,
    traffic: Traffic,
    /// The frames without data of this period, when it began, and how many calls there were then.
    counted: u64,
    since: Instant,
    calls: u64,
    /// How many calls there were when something was read last.
    known: u64,
}

/// Finds the heads of frames in what is read.
#[derive(Default)]
struct Frames {
    head: [u8; 9],
    /// How much of the head there is.
    known: usize,
    /// How much of the frame is still to come.
    rest: usize,
}

impl Traffic {
    pub(super) fn call_made(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// The first fault is the one that counts.
    pub(super) fn set_fault(&self, fault: impl FnOnce() -> String) {
        self.fault.get_or_init(fault);
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.fault.get().cloned()
    }
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, traffic: Traffic) -> Self {
        let (frames, turn) = (Frames::default(), Turn::default());
        Self { stream, frames, turn, pause: None, traffic, counted: 0, since: Instant::now(), calls: 0, known: 0 }
    }

    /// Counts what was read; an error says that it is a flood.
    fn see(&mut self, bytes: &[u8]) -> io::Result<()> {
        let calls = self.traffic.calls.load(Ordering::Relaxed);
        let known = std::mem::replace(&mut self.known, calls);
        // What was not used up in one period is nobody's in the next; calls made since the last read begin it.
        if self.since.elapsed() >= PERIOD {
            (self.counted, self.since, self.calls) = (0, Instant::now(), known);
        }
        let Self { frames, turn, counted, .. } = self;
        let mut last = 0;
        frames.see(bytes, |kind, length| {
            turn.add(u64::from(length < SMALL));
            if kind != DATA || length == 0 {
                last = kind;
                *counted += 1;
            }
        });
        if self.counted <= SPARE + PER_CALL * (calls - self.calls) {
            return Ok(());
        }
        let fault = format!("it flooded the connection with {} frames that nobody asked for", name(last));
        self.traffic.set_fault(|| fault.clone());
        Err(io::Error::new(io::ErrorKind::InvalidData, fault))
    }
}

impl Frames {
    /// Tells the kind of every frame, and its length without its head.
    fn see(&mut self, mut bytes: &[u8], mut seen: impl FnMut(u8, usize)) {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let taken = (self.head.len() - self.known).min(bytes.len());
            self.head[self.known..][..taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            bytes = &bytes[taken..];
            if self.known == self.head.len() {
                let [a, b, c, kind, ..] = self.head;
                self.rest = u32::from_be_bytes([0, a, b, c]) as usize;
                self.known = 0;
                seen(kind, self.rest);
            }
        }
    }
}

fn name(kind: u8) -> &'static str {
    match kind {
        DATA => "empty DATA",
        1 => "HEADERS",
        2 => "PRIORITY",
        3 => "RST_STREAM",
        4 => "SETTINGS",
        5 => "PUSH_PROMISE",
        6 => "PING",
        7 => "GOAWAY",
        8 => "WINDOW_UPDATE",
        9 => "CONTINUATION",
        _ => "unknown",
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.turn.is_over(AT_ONCE) {
            self.pause = Some(Box::pin(sleep(PAUSE)));
        }
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(read) => Poll::Ready(read.and_then(|()| self.see(&buffer.filled()[before..]))),
            Poll::Pending => {
                self.turn.end();
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    const SIX: [u8; 11] = [0, 0, 2, 0, 0, 0, 0, 0, 1, 6, 6];

    fn watched() -> Watched<tokio::io::Empty> {
        Watched::new(tokio::io::empty(), Traffic::default())
    }

    fn see(watched: &mut Watched<tokio::io::Empty>, frame: &[u8], times: u64) -> io::Result<()> {
        (0..times).try_for_each(|_| watched.see(frame))
    }

    #[test]
    fn frames_are_told_apart_however_they_are_cut() {
        let bytes = [&PING[..], &SIX, &[0, 0, 0, 0, 0, 0, 0, 0, 1], &PING].concat();
        for size in 1..bytes.len() {
            let (mut frames, mut kinds) = (Frames::default(), Vec::new());
            bytes.chunks(size).for_each(|chunk| frames.see(chunk, |kind, length| kinds.push((kind, length))));
            assert_eq!(kinds, [(6, 8), (0, 2), (0, 0), (6, 8)], "in pieces of {size}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn more_frames_than_anybody_needs_are_a_flood_and_their_kind_is_said() {
        let mut watched = watched();
        see(&mut watched, &PING, SPARE).unwrap();
        let flood = watched.see(&PING).unwrap_err().to_string();
        assert!(flood.contains("PING"), "{flood}");
        assert_eq!(watched.traffic.fault(), Some(flood));
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_over_a_longer_time_is_none() {
        let mut watched = watched();
        for _ in 0..10 {
            see(&mut watched, &PING, SPARE).unwrap();
            tokio::time::advance(PERIOD).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_none_the_less_one_after_a_long_time_with_many_calls() {
        let mut watched = watched();
        for _ in 0..10 {
            (0..SPARE).for_each(|_| watched.traffic.call_made());
            see(&mut watched, &PING, 3 * SPARE).unwrap();
            tokio::time::advance(PERIOD).await;
        }
        see(&mut watched, &PING, SPARE).unwrap();
        watched.see(&PING).unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn calls_have_the_frames_they_need_and_data_is_no_flood() {
        let mut watched = watched();
        watched.traffic.call_made();
        see(&mut watched, &PING, SPARE + PER_CALL).unwrap();
        see(&mut watched, &SIX, 10 * SPARE).unwrap();
        watched.see(&PING).unwrap_err();
    }
}
