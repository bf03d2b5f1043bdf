//! From a folder to a published plugin: what an author does, without an agent.
//!
//! Reading order: `scaffold` makes a project · `project` what a folder is and how it is built here · `build` for every
//! platform · [`artifact`] how built files are called · `publish` an index of them · `serve` a plugin repository on this
//! machine · `inspect` what a plugin says about itself · [`check`] whether it behaves.
#![deny(missing_docs)]

pub mod artifact;
mod asking;
pub mod build;
pub mod check;
pub mod inspect;
pub mod project;
pub mod publish;
pub mod scaffold;
pub mod schema;
pub mod serve;
mod tool;
