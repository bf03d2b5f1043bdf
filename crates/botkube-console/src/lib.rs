//! The console: a chat platform that needs no account, in the terminal it is started from and in a browser.
//!
//! Reading order: [`rooms`] channels as a platform · [`entry`] a line of a channel · [`store`] where they are kept ·
//! [`terminal`] the rooms at a terminal · [`web`] and in a browser · [`preview`] a message as they show it · [`completion`]
//! how what is typed may go on · [`session`] what was said and answered, written down and played again · [`Console`] and
//! [`piped`] lines from a pipe, without rooms · [`screen`] answers on a stream.

pub mod completion;
pub mod entry;
pub mod piped;
pub mod preview;
pub mod rooms;
pub mod screen;
pub mod session;
pub mod store;
pub mod terminal;
pub mod web;

use std::sync::Arc;

use botkube_core::{
    conversation::{Actor, Conversation},
    dispatch::Dispatcher,
};

/// A conversation between the agent and whoever writes to its standard input.
#[derive(Clone)]
pub struct Console {
    /// Answers what is written.
    pub dispatcher: Arc<Dispatcher>,
    /// The channel the console stands for, asked for anew with every line: what is bound there may change.
    pub conversation: Arc<dyn Fn() -> Conversation + Send + Sync>,
    /// Who writes.
    pub actor: Actor,
}

/// Why a console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There was no more input, or the person left.
    Input,
    /// It was told to.
    Told,
    /// Nobody reads what it writes.
    Output,
}
