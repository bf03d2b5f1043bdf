//! From a plugin's name to a running plugin that answers.
//!
//! Reading order: [`catalogue`] which file a plugin is · `environment` what its process is given · [`host`] which keeps one
//! process for each and asks it.

pub mod catalogue;
mod environment;
pub mod host;
