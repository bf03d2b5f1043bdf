//! The ports of the corridor: credentials and plugins. Whoever implements them lives outside.

use std::{
    fmt,
    ops::ControlFlow,
    time::{Instant, SystemTime},
};

use async_trait::async_trait;
use botkube_api::{message::Message, slack::SlackState};
use bytes::Bytes;

use crate::{
    conversation::{Actor, Conversation},
    route::{PluginRef, Route},
};

/// Makes what a call may do in a cluster.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// A kubeconfig in YAML with the rights of the binding and no others; empty where the binding gives none.
    ///
    /// # Errors
    ///
    /// Why it cannot be made, for the person who typed the command.
    async fn for_call(
        &self,
        actor: &Actor,
        conversation: &Conversation,
        route: &Route,
    ) -> Result<Kubeconfig, CredentialsError>;
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
    /// Has a plugin answer a command: what it says while it works goes to `pieces`, what is left at its end is returned, which
    /// for a plugin that cannot stream is everything. Dropping the future cancels the call.
    ///
    /// # Errors
    ///
    /// Whatever kept it from answering, or from going on. The call is never repeated.
    async fn execute(
        &self,
        plugin: &PluginRef,
        call: PluginCall,
        pieces: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError>;

    /// A plugin's help.
    ///
    /// # Errors
    ///
    /// As for commands.
    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError>;

    /// How the plugin is right now.
    fn state(&self, plugin: &PluginRef) -> PluginState;

    /// Every plugin that was asked for or is kept running, and how it is, sorted by key.
    fn all(&self) -> Vec<(PluginRef, PluginState)>;

    /// Has a process of the plugin's newest files take the place of the one that serves, once it is well; starts one where none
    /// serves, also where the plugin was given up. Failures before do not count any more.
    fn restart(&self, plugin: &PluginRef);
}

/// Takes what a plugin says while it works.
#[async_trait]
pub trait Pieces: Send {
    /// Takes one piece, and comes back when there is room for another; the plugin waits until then. Nobody asks for more when
    /// this is `Break`.
    async fn take(&mut self, piece: Piece) -> ControlFlow<()>;
}

/// What a plugin says while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// More of its output, in fixed width, as it is.
    Text(String),
    /// A message below what was said so far.
    Message(Message),
    /// A message in place of the latest one; the first, where there is none.
    Update(Message),
    /// How far it is, in a few words.
    Progress(String),
}

/// Keeps all of it.
#[async_trait]
impl Pieces for Vec<Piece> {
    async fn take(&mut self, piece: Piece) -> ControlFlow<()> {
        self.push(piece);
        ControlFlow::Continue(())
    }
}

/// How a plugin is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginState {
    /// Where it is between absent and deactivated.
    pub status: PluginStatus,
    /// Why it does not run, if it does not.
    pub reason: Option<String>,
    /// How often it was started again.
    pub restarts: u32,
    /// How often it may be.
    pub threshold: u32,
    /// When it was last started again.
    pub last_restart: Option<SystemTime>,
    /// How many processes of it there were, attempts included; the newest that served has this number.
    pub generation: u64,
    /// The number of the process that serves, where this agent started it.
    pub pid: Option<u32>,
    /// Its version, where it came from a repository.
    pub version: Option<String>,
    /// Since when the process serves.
    pub since: Option<SystemTime>,
    /// A new process is about to take the place of the one that serves.
    pub candidate: bool,
    /// How many calls it works on.
    pub running: u32,
    /// How many calls wait for their turn.
    pub waiting: u32,
    /// How many calls were sent away because too many waited.
    pub turned_away: u64,
    /// What failed last, however long ago that is.
    pub failure: Option<Failure>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: SystemTime,
    /// What, in words for the operator.
    pub reason: String,
}

/// Where a plugin is between absent and deactivated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PluginStatus {
    /// It has not been needed yet.
    #[default]
    Idle,
    /// Its files are being fetched.
    Fetching,
    /// Its process is starting.
    Starting,
    /// It answers.
    Running,
    /// It failed and is started again after a pause.
    BackingOff,
    /// It failed too often and is not started any more.
    Deactivated,
    /// It cannot be had: the reason says why.
    Unavailable,
}

/// What a plugin is asked.
#[derive(Clone, Default, PartialEq)]
pub struct PluginCall {
    /// The command, beginning with the plugin's name.
    pub command: String,
    /// Where it comes from: calls from one place wait behind each other and not before those from another.
    pub lane: String,
    /// When nobody waits for the answer any more; a process that is replaced may work on it until then.
    pub deadline: Option<Instant>,
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
    /// What the controls of the message held of which one was used.
    pub controls: SlackState,
}

impl PluginCall {
    /// A command as nobody in particular typed it: without configurations, rights and controls.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Self {
        let command = command.into();
        Self { typed: command.clone(), command, ..Self::default() }
    }
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
    /// It has as many calls as it may have, and as many wait.
    #[error(
        "the plugin `{plugin}` is busy: {running} commands{} run and {waiting} wait; try again when some have ended",
        if *is_channel { " from here" } else { "" }
    )]
    Busy {
        /// The plugin's name.
        plugin: String,
        /// How many calls it works on.
        running: u32,
        /// How many wait for that.
        waiting: u32,
        /// They are those of the caller's own channel: others may still come.
        is_channel: bool,
    },
    /// The plugin's own words.
    #[error("{0}")]
    Failed(String),
    /// It ended while it worked on the call.
    #[error("the plugin ended while it worked on this command ({exit}); it was not run again")]
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
