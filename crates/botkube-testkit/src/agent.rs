//! The agent a platform under test talks to: the real corridor with one scripted plugin. It knows no platform.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_config::model::Config;
use botkube_core::{
    chat::Chat,
    conversation::{Actor, Conversation},
    dispatch::{Dispatcher, Snapshot},
    platform::Platform,
    policy::AllowBound,
    port::{Credentials, CredentialsError, Kubeconfig, Piece, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::{Executors, PluginRef, Route},
};
use tokio::sync::Notify;

/// The plugin's name: `kit 0` has it answer with the first reply, `kit 1` with the second, and anything else with `done`.
pub const PLUGIN: &str = "kit";

/// An agent whose plugin answers as it is told to.
pub struct Agent {
    /// Its side of the conversations.
    pub chat: Arc<Chat>,
    script: Arc<Script>,
}

/// What the plugin answers.
pub enum Reply {
    /// This message.
    Message(Box<Message>),
    /// This output, and then nothing until [`Agent::go_on`].
    Output(String),
    /// Nothing until [`Agent::go_on`], and then this message.
    Later(Box<Message>),
}

struct Script {
    replies: Vec<Reply>,
    calls: Mutex<Vec<PluginCall>>,
    go_on: Notify,
}

impl Agent {
    /// An agent that answers on this platform with these replies.
    #[must_use]
    pub fn new(platform: Arc<dyn Platform>, replies: Vec<Reply>) -> Self {
        let script = Arc::new(Script { replies, calls: Mutex::default(), go_on: Notify::new() });
        let config = Arc::new(Config::default());
        let executors = Executors::new(&config, vec![PLUGIN.to_owned(), "gallery".to_owned()]);
        let dispatcher = Dispatcher::new(Snapshot::new(
            config,
            executors,
            Arc::new(AllowBound),
            Arc::new(NoCredentials),
            script.clone(),
        ));
        Self { chat: Chat::new(Arc::new(dispatcher), platform), script }
    }

    /// What the plugin was asked.
    #[must_use]
    pub fn calls(&self) -> Vec<PluginCall> {
        self.script.calls().clone()
    }

    /// Lets the reply go on that waits.
    pub fn go_on(&self) {
        self.script.go_on.notify_one();
    }
}

impl Script {
    fn calls(&self) -> MutexGuard<'_, Vec<PluginCall>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Plugins for Script {
    async fn execute(
        &self,
        _: &PluginRef,
        call: PluginCall,
        pieces: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        let number = call.command.split_whitespace().nth(1).and_then(|word| word.parse::<usize>().ok());
        self.calls().push(call);
        match number.and_then(|number| self.replies.get(number)) {
            Some(Reply::Message(message)) => Ok(vec![(**message).clone()]),
            Some(Reply::Output(text)) => {
                // Whether anybody still listens does not matter to somebody who says nothing more.
                let _ = pieces.take(Piece::Text(text.clone())).await;
                self.go_on.notified().await;
                Ok(vec![])
            }
            Some(Reply::Later(message)) => {
                self.go_on.notified().await;
                Ok(vec![(**message).clone()])
            }
            None => Ok(vec![Message::text("done")]),
        }
    }

    async fn help(&self, _: &PluginRef) -> Result<Message, PluginError> {
        Ok(Message::text("kit NUMBER"))
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}

struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn for_call(&self, _: &Actor, _: &Conversation, _: &Route) -> Result<Kubeconfig, CredentialsError> {
        Ok(Kubeconfig::default())
    }
}

/// How long anything may take before a check gives up.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
