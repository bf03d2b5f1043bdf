//! The suite itself: platforms that keep every rule pass, one that breaks a rule is found out, and the document says the same.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod console;
mod document;
mod fake;
