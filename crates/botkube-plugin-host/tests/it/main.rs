//! The plugin store against repositories over loopback that fail in every way they can, and the host against plugins that
//! attack it. They know nothing of either's insides.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hostile;
mod server;
mod store;
mod store_archives;
mod store_faults;
mod supply;
mod support;
