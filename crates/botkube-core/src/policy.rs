//! Whether a command may run; it decides and does nothing.

use async_trait::async_trait;

use crate::{
    command::Command,
    conversation::{Actor, Conversation},
    route::Route,
};

/// Decides over commands. It sees all there is to see in one place, and may take its time.
#[async_trait]
pub trait Policy: Send + Sync {
    /// Whether `actor` may run `command` here.
    async fn decide(&self, actor: &Actor, conversation: &Conversation, command: &Command, route: &Route) -> Decision;
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may run.
    Allow,
    /// It may not; the reason is for the person who typed it.
    Deny {
        /// Why, and who could change it.
        reason: String,
    },
}

/// Allows every command that is bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowBound;

#[async_trait]
impl Policy for AllowBound {
    async fn decide(&self, _: &Actor, _: &Conversation, _: &Command, _: &Route) -> Decision {
        Decision::Allow
    }
}
