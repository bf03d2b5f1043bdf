//! What becomes of what people say, on a platform that keeps what it shows.

use std::sync::Arc;

use async_trait::async_trait;
use botkube_config::model::Config;

use super::*;
use crate::dispatch::Snapshot;
use crate::{
    answer::Status,
    platform::{Attachment, Capabilities, LiveState, PlatformError, Post, Posted},
    policy::AllowBound,
    port::{Credentials, CredentialsError, Kubeconfig, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::{Executors, PluginRef, Route},
};

struct Nothing;

#[async_trait]
impl Credentials for Nothing {
    async fn for_call(&self, _: &Actor, _: &Conversation, _: &Route) -> Result<Kubeconfig, CredentialsError> {
        Ok(Kubeconfig::default())
    }
}

/// A plugin that never answers.
#[async_trait]
impl Plugins for Nothing {
    async fn execute(
        &self,
        _: &PluginRef,
        _: PluginCall,
        _: &mut dyn Pieces,
    ) -> Result<Vec<botkube_api::message::Message>, PluginError> {
        std::future::pending().await
    }

    async fn help(&self, _: &PluginRef) -> Result<botkube_api::message::Message, PluginError> {
        std::future::pending().await
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}

/// Keeps how commands are doing.
struct Fake {
    capabilities: Capabilities,
    states: mpsc::UnboundedSender<LiveState>,
}

impl Fake {
    fn show(&self, post: &Post) {
        let state = post.live.as_ref().map(|live| live.state.clone());
        state.into_iter().for_each(|state| self.states.send(state).unwrap());
    }
}

#[async_trait]
impl Platform for Fake {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn post(&self, _: &Conversation, post: &Post) -> Result<Posted, PlatformError> {
        self.show(post);
        Ok(Posted("1".into()))
    }

    async fn edit(&self, _: &Conversation, _: &Posted, post: &Post) -> Result<(), PlatformError> {
        self.show(post);
        Ok(())
    }

    async fn attach(&self, _: &Conversation, _: &Attachment) -> Result<Posted, PlatformError> {
        Err(PlatformError::Gone)
    }

    async fn open_form(&self, _: &Conversation, _: &Anchor, _: &Post) -> Result<(), PlatformError> {
        Err(PlatformError::Gone)
    }
}

/// A chat in which `stuck` is a plugin that never answers, and what it shows.
fn chat() -> (Arc<Chat>, mpsc::UnboundedReceiver<LiveState>) {
    let (states, shown) = mpsc::unbounded_channel();
    let config = Arc::new(Config::default());
    let executors = Executors::new(&config, vec!["stuck".into()]);
    let nothing = Arc::new(Nothing);
    let dispatcher = Dispatcher::new(Snapshot::new(config, executors, Arc::new(AllowBound), nothing.clone(), nothing));
    let fake = Fake { capabilities: Capabilities::everything(), states };
    (Chat::new(Arc::new(dispatcher), Arc::new(fake)), shown)
}

fn said(text: &str, key: &str) -> Said {
    let incoming = Incoming::typed(text, Actor::default(), Conversation::default());
    Said { incoming, key: key.into(), anchor: None }
}

async fn status(shown: &mut mpsc::UnboundedReceiver<LiveState>) -> Status {
    loop {
        if let LiveState::Ended { status, .. } = shown.recv().await.expect("it is shown to its end") {
            return status;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_is_answered() {
    let (chat, mut shown) = chat();
    assert!(matches!(chat.say(said("ping", "a")), Accepted::Running(_)));
    assert_eq!(status(&mut shown).await, Status::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn what_comes_twice_is_answered_once() {
    let (chat, mut shown) = chat();
    chat.say(said("ping", "a"));
    assert_eq!(chat.say(said("ping", "a")), Accepted::Before);
    chat.stop().await;
    status(&mut shown).await;
    drop(chat);
    assert_eq!(shown.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_command_can_be_cancelled_where_it_runs_and_nowhere_else() {
    let (chat, mut shown) = chat();
    let Accepted::Running(id) = chat.say(said("stuck", "a")) else { panic!() };
    assert!(matches!(shown.recv().await, Some(LiveState::Running(_))));
    let elsewhere = Conversation { alias: "other".into(), ..Conversation::default() };
    assert!(!chat.cancel(id, &Actor::default(), &elsewhere));
    assert!(chat.cancel(id, &Actor::default(), &Conversation::default()));
    assert_eq!(status(&mut shown).await, Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_runs_and_shows_it() {
    let (chat, mut shown) = chat();
    chat.say(said("stuck", "a"));
    assert!(matches!(shown.recv().await, Some(LiveState::Running(_))));
    chat.stop().await;
    assert_eq!(status(&mut shown).await, Status::Cancelled);
}

#[tokio::test]
async fn a_conversation_takes_only_so_much_at_once() {
    let (chat, _shown) = chat();
    // Nothing is looked at before this task waits.
    let accepted: Vec<_> = (0..=WAITING).map(|number| chat.say(said("stuck", &number.to_string()))).collect();
    assert!(accepted[..WAITING].iter().all(|accepted| matches!(accepted, Accepted::Running(_))));
    assert_eq!(accepted[WAITING], Accepted::Full);
    // It was not run, so it may come again.
    assert_eq!(chat.say(said("stuck", &WAITING.to_string())), Accepted::Full);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_goes_on_after_nothing_was_said_for_long() {
    let (chat, mut shown) = chat();
    chat.say(said("ping", "a"));
    status(&mut shown).await;
    time::sleep(2 * IDLE).await;
    assert!(chat.places().owners.is_empty());
    chat.say(said("ping", "b"));
    assert_eq!(status(&mut shown).await, Status::Succeeded);
}
