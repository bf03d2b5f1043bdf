//! What only shows with a process at each end: plugins start, answer, log, misbehave and leave. The peers are the crate's
//! examples and, in the module `go`, programs built with the original library.
//! Must not know the crate's internals.
//!
//! Cargo builds the examples unless it is told to build single targets: run `cargo test -p go-plugin`, with
//! `--features auto-mtls` for all of it, and with `-- --skip go::` where there is no Go.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attach;
mod environment;
mod exchange;
mod faults;
mod go;
mod life;
mod orphans;
mod output;
mod rust;
mod support;
