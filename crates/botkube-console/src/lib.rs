//! The console: a chat platform that needs no account, in the terminal it is started from.
//!
//! Reading order: [`Console`] what both kinds of input share · [`piped`] lines from a pipe · [`terminal`] lines a person
//! edits · `screen` how messages are written.

pub mod entry;
pub mod piped;
pub mod rooms;
mod screen;
pub mod store;
pub mod terminal;
pub mod web;

use std::sync::Arc;

use botkube_core::{
    answer::Status,
    conversation::{Actor, Conversation, Incoming},
    dispatch::Dispatcher,
    surface::{self, Surface},
};
use tokio_util::sync::CancellationToken;

/// A conversation between the agent and whoever sits at its console.
#[derive(Clone)]
pub struct Console {
    /// Answers what is typed.
    pub dispatcher: Arc<Dispatcher>,
    /// The channel the console stands for.
    pub conversation: Conversation,
    /// Who sits there.
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

impl Console {
    /// Has one text answered.
    async fn say(&self, text: &str, surface: &mut impl Surface, cancel: CancellationToken) -> Status {
        let incoming = Incoming::typed(text, self.actor.clone(), self.conversation.clone());
        surface::deliver(self.dispatcher.submit(incoming, cancel), surface).await
    }
}
