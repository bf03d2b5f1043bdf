//! An author's tools on real folders, with real plugins. They know nothing of the command line.
//!
//! Reading order: `support` folders and plugins · `publish` the index of a folder · `serve` a repository on this machine ·
//! `inspect` what there is to say about one file · `check` whether a plugin behaves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod check;
mod inspect;
mod publish;
mod serve;
mod support;
