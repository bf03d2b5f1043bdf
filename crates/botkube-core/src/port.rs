//! The ports of the corridor: credentials and plugins. Whoever implements them lives outside.

use std::fmt;

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_config::model::Rbac;
use bytes::Bytes;

use crate::{
    conversation::{Actor, Conversation},
    route::PluginRef,
};

/// Makes what a call may do in a cluster.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// A kubeconfig in YAML with these rights and no others.
    ///
    /// # Errors
    ///
    /// Why it cannot be made, for the person who typed the command.
    async fn kubeconfig(&self, rbac: &Rbac, conversation: &Conversation) -> Result<Kubeconfig, CredentialsError>;
}

/// A kubeconfig; it holds a secret, so it cannot be printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Kubeconfig(pub Vec<u8>);

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kubeconfig({} bytes)", self.0.len())
    }
}

/// Why a kubeconfig cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CredentialsError(pub String);

/// Leads to the live process of a plugin, or says why there is none.
#[async_trait]
pub trait Plugins: Send + Sync {
    /// Has a plugin answer a command. Dropping the future cancels the call.
    ///
    /// # Errors
    ///
    /// Whatever kept it from answering. The call is never repeated.
    async fn execute(&self, plugin: &PluginRef, call: PluginCall) -> Result<Vec<Message>, PluginError>;

    /// A plugin's help.
    ///
    /// # Errors
    ///
    /// As for commands.
    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError>;
}

/// What a plugin is asked.
#[derive(Clone, PartialEq)]
pub struct PluginCall {
    /// The command, beginning with the plugin's name.
    pub command: String,
    /// YAML configurations in binding order.
    pub configs: Vec<Bytes>,
    /// What the call may do in a cluster; empty for nothing.
    pub kubeconfig: Kubeconfig,
    /// Who asks.
    pub actor: Actor,
    /// The text as it was typed.
    pub typed: String,
    /// Whether buttons and selects are shown where the answer goes.
    pub interactive: bool,
}

/// Leaves out what may hold secrets: configurations and the kubeconfig.
impl fmt::Debug for PluginCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginCall").field("command", &self.command).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Why a plugin gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// This agent has no such plugin, and what to do.
    #[error("{0}")]
    Unknown(String),
    /// There is no process to ask, and why.
    #[error("{0}")]
    Unavailable(String),
    /// The plugin's own words.
    #[error("{0}")]
    Failed(String),
    /// It ended while it worked on the call.
    #[error("the plugin ended while it worked on this command ({exit}); it will be started again for the next command")]
    Died {
        /// How it ended.
        exit: String,
    },
    /// Its answer cannot be understood.
    #[error("the plugin's answer cannot be understood: {0}")]
    Broken(String),
    /// Its answer is larger than this agent takes.
    #[error(
        "the plugin's answer is too large: {} and the limit is {} (plugins.maxAnswerSize); narrow the command, or raise \
         the limit", size.map_or_else(|| "it is over the limit".to_owned(), |s| format!("it has {s} bytes")), limit
    )]
    TooLarge {
        /// Its size in bytes, where known.
        size: Option<u64>,
        /// The limit in bytes.
        limit: u64,
    },
}
