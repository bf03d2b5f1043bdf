//! The attacks by name: what is said to the host in place of an answer. They know the stream of one call and nothing of what
//! the host does about them.

use std::{
    io,
    net::Shutdown,
    sync::{PoisonError, atomic::Ordering},
    thread,
    time::Duration,
};

use super::{
    Wire,
    frame::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, GO_AWAY, HEADERS, KEPT, LARGEST, PING, PRIORITY, PUSH, RESET,
        SETTINGS, UNKNOWN, WINDOW, frame, head, header, kept_header,
    },
};
use crate::start::park;

/// It returns when it has said everything, or when the host hangs up.
pub(super) type Attack = fn(&Wire) -> io::Result<()>;

/// How many frames go out at once.
const VOLLEY: usize = 4 << 10;
/// How long a slow one takes for a byte.
const DRIP: Duration = Duration::from_millis(100);
/// A stream that no host has reached, an odd number like all of its own.
const NEVER: u32 = 0x00ff_ffff;

/// `:status 200` and `content-type: application/grpc`.
const GOOD: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

pub(super) const ATTACKS: &[(&str, Attack)] = &[
    // Answers that are none.
    ("a-web-page", |w| {
        w.headers(0, &[(":status", "200"), ("content-type", "text/html")])?;
        w.data(END_STREAM, b"<html>Welcome!</html>")
    }),
    ("not-found", |w| w.headers(END_STREAM, &[(":status", "404"), ("content-type", "text/plain")])),
    ("no-status-line", |w| w.headers(END_STREAM, &[("content-type", "application/grpc")])),
    ("shouting-header", |w| w.headers(END_STREAM, &[(":status", "200"), ("Content-Type", "application/grpc")])),
    ("nothing-at-all", |w| w.headers(END_STREAM, GOOD)),
    ("no-trailers", |w| w.headers(0, GOOD).and_then(|()| w.data(END_STREAM, &message(ANSWER)))),
    ("trailers-alone", |w| w.headers(0, GOOD).and_then(|()| w.trailers("0", ""))),
    ("two-answers", |w| w.answer(&[message(ANSWER), message(ANSWER)].concat())),
    ("endless-answers", |w| {
        w.headers(0, GOOD)?;
        w.endlessly(&frame(DATA, 0, w.stream, &message(ANSWER)))
    }),
    ("status-99", |w| w.headers(0, GOOD).and_then(|()| w.trailers("99", "odd"))),
    ("status-in-words", |w| w.headers(0, GOOD).and_then(|()| w.trailers("fine", "odd"))),
    ("reason-not-utf8", |w| w.headers(0, GOOD).and_then(|()| w.trailers("2", "%ff%fe%00broken"))),
    ("answer-not-utf8", |w| w.answer(&message(b"\x0a\x1b{\"baseBody\":{\"codeBlock\":\"\xff\"}}"))),
    ("noise", |w| w.answer(&message(&[0xff; 64]))),
    ("longer-than-said", |w| w.answer(&[&[0, 0, 0, 0, 3], &[0xff; 64][..]].concat())),
    ("shorter-than-said", |w| w.answer(&[&[0, 0, 0, 1, 0], ANSWER].concat())),
    ("packed-without-a-word", |w| w.answer(&[&[1, 0, 0, 0, 4][..], b"zzzz"].concat())),
    ("packed-in-an-unknown-way", |w| {
        w.headers(0, &[GOOD, &[("grpc-encoding", "brotli")]].concat())?;
        w.data(0, &[&[1, 0, 0, 0, 4][..], b"zzzz"].concat())
    }),
    ("2-gib", |w| w.headers(0, GOOD).and_then(|()| w.data(0, &[0, 0x7f, 0xff, 0xff, 0xff]))),
    ("4-gib", |w| w.headers(0, GOOD).and_then(|()| w.data(0, &[0, 0xff, 0xff, 0xff, 0xff]))),
    ("promises-much", |w| w.headers(0, GOOD).and_then(|()| w.data(0, &[0, 0, 0x40, 0, 0]))),
    ("crumbs", |w| {
        w.headers(0, GOOD)?;
        w.data(0, &[0, 0, 0x40, 0, 0])?;
        w.endlessly(&frame(DATA, 0, w.stream, b"x"))
    }),
    // Headers that are too much.
    ("large-headers", |w| {
        let large = header("x-large", &[b'x'; LARGEST - 100]);
        w.send(&frame(HEADERS, 0, w.stream, &block(GOOD)))?;
        for _ in 0..2_000 {
            w.send(&frame(CONTINUATION, 0, w.stream, &large))?;
        }
        w.send(&frame(CONTINUATION, END_HEADERS, w.stream, &[]))
    }),
    ("endless-headers", |w| {
        w.send(&frame(HEADERS, 0, w.stream, &block(GOOD)))?;
        w.endlessly(&frame(CONTINUATION, 0, w.stream, &header("x-more", b"and so on")))
    }),
    // One byte says four thousand again.
    ("header-bomb", |w| {
        let bomb = [block(GOOD), kept_header("x-bomb", &[b'x'; 4_000]), vec![KEPT; 12_000]].concat();
        w.send(&frame(HEADERS, END_HEADERS | END_STREAM, w.stream, &bomb))
    }),
    ("endless-interim-answers", |w| {
        w.endlessly(&frame(HEADERS, END_HEADERS, w.stream, &block(&[(":status", "103"), ("link", "</x>")])))
    }),
    // Floods.
    ("pings", |w| w.endlessly(&ping())),
    ("pings-and-deaf", |w| w.deaf().endlessly(&ping())),
    ("settings", |w| w.endlessly(&frame(SETTINGS, 0, 0, &setting(3, 100)))),
    ("settings-and-deaf", |w| w.deaf().endlessly(&frame(SETTINGS, 0, 0, &setting(3, 100)))),
    ("resets", |w| w.endlessly(&frame(RESET, 0, w.stream, &8_u32.to_be_bytes()))),
    ("windows", |w| w.endlessly(&frame(WINDOW, 0, w.stream, &1_u32.to_be_bytes()))),
    ("priorities", |w| w.endlessly(&frame(PRIORITY, 0, w.stream, &[0, 0, 0, 0, 16]))),
    ("unknown-frames", |w| w.endlessly(&frame(UNKNOWN, 0, 0, b"what?"))),
    ("empty-data", |w| {
        w.headers(0, GOOD)?;
        w.endlessly(&frame(DATA, 0, w.stream, b""))
    }),
    ("ignores-the-window", |w| {
        w.headers(0, GOOD)?;
        w.data(0, &[0, 0, 0xff, 0xff, 0xff])?;
        w.deaf().endlessly(&frame(DATA, 0, w.stream, &[b'x'; LARGEST]))
    }),
    // No HTTP/2.
    ("garbage", |w| w.send(&[0xaa; 1 << 16])),
    ("frame-too-large", |w| w.send(&head(0x00ff_ffff, DATA, 0, w.stream)).and_then(|()| w.send(&[b'x'; 1 << 20]))),
    ("broken-headers", |w| w.send(&frame(HEADERS, END_HEADERS, w.stream, &[0xff; 32]))),
    ("broken-settings", |w| w.send(&frame(SETTINGS, 0, 0, b"seven b"))),
    ("settings-out-of-bounds", |w| w.send(&frame(SETTINGS, 0, 0, &setting(5, 1)))),
    ("continues-nothing", |w| w.send(&frame(CONTINUATION, END_HEADERS, w.stream, &block(GOOD)))),
    ("data-before-headers", |w| w.data(END_STREAM, &message(ANSWER))),
    ("answers-a-call-never-made", |w| w.send(&frame(HEADERS, END_HEADERS, NEVER, &block(GOOD)))),
    ("answers-itself", |w| w.send(&frame(HEADERS, END_HEADERS, 2, &block(GOOD)))),
    ("data-for-a-call-never-made", |w| w.send(&frame(DATA, 0, NEVER, b"x"))),
    ("resets-a-call-never-made", |w| w.send(&frame(RESET, 0, NEVER, &8_u32.to_be_bytes()))),
    ("pushes", |w| w.send(&frame(PUSH, END_HEADERS, w.stream, &[&[0, 0, 0, 2], &block(GOOD)[..]].concat()))),
    ("overflows-the-window", |w| w.send(&frame(WINDOW, 0, 0, &0x7fff_ffff_u32.to_be_bytes()))),
    ("resets-the-call", |w| w.send(&frame(RESET, 0, w.stream, &2_u32.to_be_bytes()))),
    // Time.
    ("slow-loris", |w| {
        let answer = [frame(HEADERS, END_HEADERS, w.stream, &block(GOOD)), vec![0; 1 << 16]].concat();
        // Whoever else has something to say waits for it.
        let host = w.host.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in answer {
            io::Write::write_all(&mut &*host, &[byte])?;
            thread::sleep(DRIP);
        }
        Ok(())
    }),
    ("half-a-frame", |w| {
        let host = w.host.lock().unwrap_or_else(PoisonError::into_inner);
        io::Write::write_all(&mut &*host, &head(100, DATA, 0, w.stream))?;
        park();
        Ok(())
    }),
    ("never-ends", |w| w.headers(0, GOOD)),
    ("leaves-no-room", |w| w.send(&frame(SETTINGS, 0, 0, &[setting(3, 0), setting(4, 0)].concat()))),
    ("goes-away-and-stays", |w| w.send(&frame(GO_AWAY, 0, 0, &[0; 8]))),
    // Ends at every step of an answer.
    ("exits-before-its-answer", |w| w.exit()),
    ("exits-after-its-headers", |w| w.headers(0, GOOD).and_then(|()| w.exit())),
    ("exits-amid-its-answer", |w| {
        w.headers(0, GOOD)?;
        w.data(0, &message(ANSWER)[..20])?;
        w.exit()
    }),
    ("exits-before-its-trailers", |w| {
        w.headers(0, GOOD)?;
        w.data(0, &message(ANSWER))?;
        w.exit()
    }),
    ("exits-amid-a-frame", |w| w.send(&head(100, DATA, 0, w.stream)).and_then(|()| w.exit())),
    ("hangs-up", |w| w.host.lock().unwrap_or_else(PoisonError::into_inner).shutdown(Shutdown::Both)),
];

/// An answer of one code block: field 1, 33 bytes.
const ANSWER: &[u8] = b"\x0a\x21{\"baseBody\":{\"codeBlock\":\"wire\"}}";

/// A gRPC message with its true length.
fn message(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("no message here is that large");
    [&[0], &length.to_be_bytes()[..], bytes].concat()
}

fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    headers.iter().flat_map(|(name, value)| header(name, value.as_bytes())).collect()
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

fn ping() -> Vec<u8> {
    frame(PING, 0, 0, b"are you?")
}

impl Wire {
    fn headers(&self, flags: u8, headers: &[(&str, &str)]) -> io::Result<()> {
        self.send(&frame(HEADERS, END_HEADERS | flags, self.stream, &block(headers)))
    }

    fn data(&self, flags: u8, bytes: &[u8]) -> io::Result<()> {
        self.send(&frame(DATA, flags, self.stream, bytes))
    }

    fn trailers(&self, status: &str, reason: &str) -> io::Result<()> {
        self.headers(END_STREAM, &[("grpc-status", status), ("grpc-message", reason)])
    }

    /// These bytes as a good answer.
    fn answer(&self, bytes: &[u8]) -> io::Result<()> {
        self.headers(0, GOOD)?;
        self.data(0, bytes)?;
        self.trailers("0", "")
    }

    /// From now on the host says what it likes.
    fn deaf(&self) -> &Self {
        self.deaf.store(true, Ordering::Relaxed);
        self
    }

    /// The same frame as fast as the host takes it.
    fn endlessly(&self, frame: &[u8]) -> io::Result<()> {
        let volley = frame.repeat(VOLLEY.min((1 << 20) / frame.len()));
        loop {
            self.send(&volley)?;
        }
    }
}
