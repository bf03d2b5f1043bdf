//! The original code and ours, each as the other's peer. It knows the programs only from outside.
//!
//! `faults` what callers see of a plugin that dies or hangs, beside upstream's manager · `go_plugin` an executor made with the original SDK, under our agent · `go_host` our executors, under a host made of the
//! original SDK · `kubernetes` what plugins may do in a real cluster · `upstream` what we make of inputs beside what
//! upstream makes of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod go_host;
mod go_plugin;
mod kubernetes;
mod replacement;
mod upstream;
