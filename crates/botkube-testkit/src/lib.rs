//! What tests of platforms need. It knows no platform.
//!
//! Reading order: [`stage`] what a platform's test has to offer · [`suite`] what is checked, as it is numbered in
//! `docs/platform-spec.md` · [`agent`] the agent a platform under test talks to · [`fake`] a platform in memory that keeps every
//! rule, with whatever capabilities · [`gallery`] a plugin that shows one of everything.

pub mod agent;
pub mod fake;
pub mod gallery;
pub mod stage;
pub mod suite;
