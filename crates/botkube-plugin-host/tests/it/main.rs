//! The plugin store against repositories over loopback that fail in every way they can. They know nothing of its insides.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;
mod store;
mod store_archives;
mod store_faults;
mod supply;
mod support;
