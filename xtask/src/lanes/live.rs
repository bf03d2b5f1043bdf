//! Output that comes while a command runs, on a platform in this process that only looks at the clock: how soon the first of
//! it is there, what many streams at once cost, and what showing a part costs. It must not know what is made of the figures.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use botkube_agent::agent::{Agent, Parts, log_progress};
use botkube_api::message::Message;
use botkube_config::model::Config;
use botkube_core::{
    answer::Status,
    chat::{Accepted, Chat, Said},
    conversation::{Actor, Conversation, Incoming},
    dispatch::{Dispatcher, Snapshot},
    platform::{Anchor, Attachment, Capabilities, LiveState, Platform, PlatformError, Post, Posted},
    policy::AllowBound,
    port::{Credentials, CredentialsError, Kubeconfig, Piece, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::{Executors, PluginRef, Route},
    surface::{self, Surface},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    ask::LAUNCH,
    measure::{self, Samples},
};

/// Streams at the same time, parts of each, and the pause between two, in milliseconds.
const STREAMS: usize = 64;
const LINES: u32 = 100;
const EVERY: u64 = 20;
/// Parts of which the cost of one is taken.
const PARTS: usize = 100_000;
/// A line of output.
const LINE: &str = "NAME-OF-A-POD-6f7c9d8b5-x2x7q   1/1   Running   0   4d3h   10.244.0.17   node-1\n";

/// All figures; `plugin` is an executor that streams on request.
pub(crate) async fn run(plugin: &Path, agent: &Path) -> Result<Value> {
    let mut first = first_output(plugin, agent).await?;
    let (wall, cpu, pss) = many(plugin, agent).await?;
    let (alone, shown) = (cost_alone().await?, cost_shown().await?);
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    Ok(json!({
        "first_p50_us": micros(first.at(50.0)),
        "first_p99_us": micros(first.at(99.0)),
        "streams_late_ms": (wall.as_secs_f64() * 1e3) - (u64::from(LINES) * EVERY) as f64,
        "streams_cpu_us": micros(cpu) / (STREAMS as f64 * f64::from(LINES)),
        "streams_pss_kib": pss,
        "part_alone_us": micros(alone),
        "part_shown_us": micros(shown),
    }))
}

/// From a line that was said to the first of its output, which ends a second later.
async fn first_output(plugin: &Path, agent: &Path) -> Result<Samples> {
    let (agent, chat, mut seen) = assembled(plugin, agent)?;
    let mut samples = Samples::default();
    for number in 0..50 {
        let began = Instant::now();
        say(&chat, "mine stream 2 every 50", number, &Conversation::default())?;
        while !matches!(seen.recv().await, Some(Seen::Output)) {}
        samples.push(began.elapsed());
        while !matches!(seen.recv().await, Some(Seen::End(_))) {}
    }
    chat.stop().await;
    agent.stop().await;
    Ok(samples)
}

/// How long all of many streams took, the CPU time of agent and plugin, and what both occupied at their end.
async fn many(plugin: &Path, agent: &Path) -> Result<(Duration, Duration, u64)> {
    let (agent, chat, mut seen) = assembled(plugin, agent)?;
    say(&chat, "mine stream 1 every 0", 0, &Conversation::default())?;
    while !matches!(seen.recv().await, Some(Seen::End(_))) {}
    let pid = measure::child()?;
    let (before, began) = (measure::cpu(pid)?, Instant::now());
    for number in 0..STREAMS {
        let conversation = Conversation { alias: number.to_string(), ..Conversation::default() };
        say(&chat, &format!("mine stream {LINES} every {EVERY}"), number + 1, &conversation)?;
    }
    let mut ended = 0;
    while ended < STREAMS {
        match seen.recv().await.context("the chat ended")? {
            Seen::End(status) => {
                ensure!(status == Status::Succeeded, "a stream ended {status:?}");
                ended += 1;
            }
            Seen::Output => {}
        }
    }
    let (wall, after, memory) = (began.elapsed(), measure::cpu(pid)?, measure::tree()?);
    chat.stop().await;
    agent.stop().await;
    let cpu = (0..2).map(|i| after[i].saturating_sub(before[i])).sum();
    Ok((wall, cpu, memory["pss_kib"].as_u64().unwrap_or_default()))
}

/// What a part costs that is only taken.
async fn cost_alone() -> Result<Duration> {
    let mut count = Count(0);
    let incoming = Incoming::typed("mine", Actor::default(), Conversation::default());
    let began = Instant::now();
    let status = surface::deliver(dispatcher().submit(incoming, CancellationToken::new()), &mut count).await;
    ensure!(status == Status::Succeeded && count.0 == PARTS, "{status:?} after {} parts", count.0);
    Ok(began.elapsed() / PARTS as u32)
}

/// What a part costs that is shown in a conversation.
async fn cost_shown() -> Result<Duration> {
    let (platform, mut seen) = Clock::new();
    let chat = Chat::new(dispatcher(), Arc::new(platform));
    let began = Instant::now();
    say(&chat, "mine", 0, &Conversation::default())?;
    while !matches!(seen.recv().await, Some(Seen::End(_))) {}
    let took = began.elapsed();
    chat.stop().await;
    Ok(took / PARTS as u32)
}

fn say(chat: &Arc<Chat>, text: &str, number: usize, conversation: &Conversation) -> Result<()> {
    let incoming = Incoming::typed(text, Actor::default(), conversation.clone());
    let accepted = chat.say(Said { incoming, key: number.to_string(), anchor: None });
    ensure!(matches!(accepted, Accepted::Running(_)), "{accepted:?}");
    Ok(())
}

/// An agent with the plugin as `mine`, and its chat.
fn assembled(plugin: &Path, agent: &Path) -> Result<(Agent, Arc<Chat>, mpsc::UnboundedReceiver<Seen>)> {
    let parts = Parts {
        program: agent.to_owned(),
        launch_args: vec![LAUNCH.into()],
        embedded_args: Vec::new(),
        embedded: Vec::new(),
        given: BTreeMap::from([("mine".to_owned(), plugin.to_owned())]),
        fetchers: BTreeMap::new(),
        lock: None,
        attached: BTreeMap::new(),
        observer: Arc::new(|_| {}),
        demo: true,
        progress: log_progress(),
    };
    let agent = Agent::new(Config::default(), "", parts)?;
    let (platform, seen) = Clock::new();
    let chat = Chat::new(agent.dispatcher.clone(), Arc::new(platform));
    Ok((agent, chat, seen))
}

/// What a platform was asked to show.
enum Seen {
    Output,
    End(Status),
}

/// A platform that has the console's pace and limits, and shows nothing.
struct Clock {
    capabilities: Capabilities,
    seen: mpsc::UnboundedSender<Seen>,
}

impl Clock {
    fn new() -> (Self, mpsc::UnboundedReceiver<Seen>) {
        let (seen, told) = mpsc::unbounded_channel();
        let edits_every = Duration::from_millis(100);
        let capabilities = Capabilities { edits_every, code: 128 << 10, ..Capabilities::everything() };
        (Self { capabilities, seen }, told)
    }

    fn look(&self, post: &Post) {
        if !post.message.base_body.code_block.is_empty() {
            let _ = self.seen.send(Seen::Output);
        }
        if let Some(LiveState::Ended { status, .. }) = post.live.as_ref().map(|live| &live.state) {
            let _ = self.seen.send(Seen::End(*status));
        }
    }
}

#[async_trait]
impl Platform for Clock {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn post(&self, _: &Conversation, post: &Post) -> Result<Posted, PlatformError> {
        self.look(post);
        Ok(Posted(post.key.clone()))
    }

    async fn edit(&self, _: &Conversation, _: &Posted, post: &Post) -> Result<(), PlatformError> {
        self.look(post);
        Ok(())
    }

    async fn attach(&self, _: &Conversation, attachment: &Attachment) -> Result<Posted, PlatformError> {
        Ok(Posted(attachment.key.clone()))
    }

    async fn open_form(&self, _: &Conversation, _: &Anchor, _: &Post) -> Result<(), PlatformError> {
        Err(PlatformError::Gone)
    }
}

/// Counts parts.
struct Count(usize);

impl Surface for Count {
    fn show(&mut self, _: &Message, _: Option<&str>) {}

    fn output(&mut self, _: &str, _: Option<&str>) {
        self.0 += 1;
    }
}

/// Dispatches `mine` to a plugin in this process, which says lines as fast as they are taken.
fn dispatcher() -> Arc<Dispatcher> {
    let config = Arc::new(Config::default());
    let executors = Executors::new(&config, vec!["mine".into()]);
    Arc::new(Dispatcher::new(Snapshot::new(
        config,
        executors,
        Arc::new(AllowBound),
        Arc::new(Talker),
        Arc::new(Talker),
    )))
}

struct Talker;

#[async_trait]
impl Credentials for Talker {
    async fn for_call(&self, _: &Actor, _: &Conversation, _: &Route) -> Result<Kubeconfig, CredentialsError> {
        Ok(Kubeconfig::default())
    }
}

#[async_trait]
impl Plugins for Talker {
    async fn execute(
        &self,
        _: &PluginRef,
        _: PluginCall,
        pieces: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        for _ in 0..PARTS {
            if pieces.take(Piece::Text(LINE.to_owned())).await.is_break() {
                break;
            }
        }
        Ok(Vec::new())
    }

    async fn help(&self, _: &PluginRef) -> Result<Message, PluginError> {
        Ok(Message::default())
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}
