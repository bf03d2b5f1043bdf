//! From a plugin's name to a running plugin that answers.
//!
//! Reading order: [`index`] what a repository offers · [`store`] what of it is here · [`catalogue`] which file a plugin is · `environment` what its process is given · `slot` at most one process
//! for each · [`host`] which asks it.

pub mod catalogue;
mod environment;
pub mod host;
pub mod index;
mod slot;
pub mod store;
