//! An author's tools on real folders, with a real plugin. They know nothing of the command line.
//!
//! Reading order: `support` folders and plugins · `publish` the index of a folder · `serve` a repository on this machine ·
//! `inspect` what there is to say about one file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod inspect;
mod publish;
mod serve;
mod support;
