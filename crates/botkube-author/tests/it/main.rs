//! An author's tools, with real plugins. It knows no command line.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod check;
