//! From a typed command to an answer: the agent's straight corridor, without sockets, processes or Kubernetes.
//!
//! Reading order, which is the order of the corridor:
//! [`conversation`] who says something and where · [`command`] what it says · [`route`] which binding answers ·
//! [`policy`] whether it may · [`port`] the ports to credentials and plugins · [`answer`] the parts that come back ·
//! `filter` what `--filter` leaves of them · [`platform`] where they are shown · [`chat`] its conversations · `delivery` who
//! shows them there · [`surface`] or as they come, in a pipe · [`render`] what a platform cannot show, put into words ·
//! [`control`] what its controls stand for · [`builtin`] the commands the agent answers itself · [`running`] what is under
//! way · [`dispatch`] which walks it all. `testing` makes up messages for tests.

pub mod answer;
pub mod builtin;
pub mod chat;
pub mod command;
pub mod control;
pub mod conversation;
mod delivery;
pub mod dispatch;
mod filter;
pub mod platform;
pub mod policy;
pub mod port;
pub mod render;
pub mod route;
pub mod running;
pub mod surface;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
