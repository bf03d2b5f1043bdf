//! From a plugin's name to a running plugin that answers.
//!
//! Reading order: [`index`] what a repository offers · [`lock`] what of it is meant for good · [`bundle`] what of it is packed
//! for agents without a network · [`store`] what of it is here · [`catalogue`] which file a plugin is ·
//! [`environment`] what its process is given · `supervisor` what is done about a plugin and when · `running` its live
//! process, `gate` the calls in it · [`event`] what is told of it · `owner` the task that does it · `slot` where callers meet
//! it and `queue` their turns · `parts` what all plugins share · `answer` what they answer · [`host`] which asks them · [`probe`] one process on its
//! own, for tools.

mod answer;
pub mod bundle;
pub mod catalogue;
pub mod environment;
pub mod event;
mod gate;
pub mod host;
pub mod index;
pub mod lock;
mod owner;
mod parts;
pub mod probe;
mod queue;
mod running;
mod slot;
pub mod store;
mod supervisor;
