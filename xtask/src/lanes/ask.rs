//! The ways of asking and the processes that answer. It must not know what is made of the times.

use std::{
    collections::BTreeMap,
    env,
    future::Future,
    io::Read,
    path::Path,
    pin::Pin,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use botkube_agent::agent::{Agent, Parts, log_progress};
use botkube_api::message::Message;
use botkube_config::{
    finding::Origin,
    model::{PluginKey, Plugins as Settings, Repository},
};
use botkube_core::{
    answer::Status,
    conversation::{Actor, Conversation, Incoming},
    dispatch::Dispatcher,
    port::{PluginCall, PluginStatus, Plugins},
    render::{self, TextStyle},
    route::PluginRef,
    surface::{self, Surface},
};
use botkube_plugin_host::{
    catalogue::{Catalogue, Fetched, Fetcher},
    host::Host,
    index::PluginKind,
};
use botkube_proto::executor::{
    Config, ExecuteContext, ExecuteRequest, ExecuteResponse, HelpResponse, IncomingWebhookContext, MetadataResponse,
    executor_client::ExecutorClient,
    executor_server::{Executor, ExecutorServer},
};
use go_plugin::host::Launcher;
use tempfile::TempDir;
use tokio_stream::wrappers::UnixListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Endpoint, Server};

use crate::measure;

/// What makes the agent's executable a launcher of plugins.
pub(crate) const LAUNCH: &str = "__launch";

/// Bytes of a command, and of each configuration.
const COMMAND: usize = 1024;
const CONFIG: usize = 200;

/// The options of the two configurations: a list, of which the later one wins.
const OPTIONS: [&str; 2] = ["italic", "bold"];

/// Asks once and compares the answer.
pub(crate) type Call = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// One way of asking and being answered.
pub(crate) struct Lane {
    /// The answering process.
    pub(crate) pid: u32,
    pub(crate) call: Call,
    end: Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>>>,
}

impl Lane {
    /// Makes the first call, which is what starts a plugin.
    async fn new<F: Future<Output = Result<()>> + Send + 'static, E: Future<Output = ()> + 'static>(
        call: impl Fn() -> F + Send + Sync + 'static,
        end: impl FnOnce() -> E + 'static,
    ) -> Result<Self> {
        let call: Call = Arc::new(move || Box::pin(call()));
        tokio::spawn(call()).await.context("the first call")??;
        Ok(Self { pid: measure::child()?, call, end: Box::new(move || Box::pin(end())) })
    }

    /// Ends the answering process.
    pub(crate) async fn close(self) {
        (self.end)().await;
    }
}

/// The agent's plugin host, with the launcher of the agent's executable.
pub(crate) async fn host(plugin: &Path, agent: &Path, fresh: bool) -> Result<Lane> {
    let given = BTreeMap::from([("echo".to_owned(), plugin.to_owned())]);
    asked(Catalogue { given, ..Catalogue::default() }, PluginRef::Named("echo".into()), agent, fresh).await
}

/// The same with a plugin that was checked when it was fetched, and is again before it is run.
pub(crate) async fn checked(plugin: &Path, sha256: &str, agent: &Path) -> Result<Lane> {
    let fetched = Fetched {
        program: plugin.to_owned(),
        dependencies: None,
        version: "v1.0.0".into(),
        sha256: Some(sha256.to_owned()),
    };
    let key: PluginKey = "bench/echo".parse().map_err(|error| anyhow::anyhow!("{error}"))?;
    let fetchers = BTreeMap::from([(key.repository.clone(), Arc::new(Here(fetched)) as Arc<dyn Fetcher>)]);
    asked(Catalogue { fetchers, ..Catalogue::default() }, PluginRef::Key(key), agent, false).await
}

/// Gives what is here already.
#[derive(Debug)]
struct Here(Fetched);

#[async_trait::async_trait]
impl Fetcher for Here {
    async fn fetch(&self, _: &PluginKey) -> Result<Fetched, String> {
        Ok(self.0.clone())
    }
}

async fn asked(catalogue: Catalogue, plugin: PluginRef, agent: &Path, fresh: bool) -> Result<Lane> {
    let launcher = Launcher::new(agent, [LAUNCH])?;
    let host = Arc::new(Host::new(catalogue, Arc::new(launcher), Settings::default())?);
    let (calls, stopping, count) = (host.clone(), host, AtomicU64::new(0));
    let call = move || {
        let (host, plugin) = (calls.clone(), plugin.clone());
        let n = if fresh { count.fetch_add(1, Ordering::Relaxed) } else { 0 };
        async move {
            let command = command();
            let configs = OPTIONS.map(|option| config(option, n).into()).into();
            let call = PluginCall { configs, ..PluginCall::new(&command) };
            let messages = host.execute(&plugin, call, &mut Vec::new()).await?;
            ensure!(messages.len() == 1, "{} messages instead of one", messages.len());
            must_be(&messages[0].base_body.code_block, &command)
        }
    };
    Lane::new(call, move || async move { stopping.stop().await }).await
}

/// The whole agent, from a line typed in a channel to its answer as text.
pub(crate) async fn path(config: &Path, channel: &str, text: &str, agent: &Path) -> Result<Lane> {
    let (agent, conversation) = assembled(config, channel, agent)?;
    let dispatcher = agent.dispatcher.clone();
    let text = text.to_owned();
    let call = move || {
        let (dispatcher, conversation, text) = (dispatcher.clone(), conversation.clone(), text.clone());
        async move {
            let shown = ask(&dispatcher, &conversation, &text).await?;
            must_be(&shown, &text)
        }
    };
    Lane::new(call, move || async move { agent.stop().await }).await
}

/// Starts every plugin that is bound and has each answer once; until then each is looked at a thousand times a second.
pub(crate) async fn start(config: &Path, agent: &Path) -> Result<(Agent, [Duration; 2])> {
    const LOOK: Duration = Duration::from_millis(1);
    let (agent, conversation) = assembled(config, "eight", agent)?;
    let began = Instant::now();
    agent.start();
    let snapshot = agent.dispatcher.snapshot();
    let bindings = snapshot.executors.bound_in(&conversation);
    let names = bindings.names();
    for name in &names {
        let route = bindings.route(name).context("it is bound")?;
        while snapshot.plugins.state(&route.plugin).status != PluginStatus::Running {
            ensure!(began.elapsed() < Duration::from_secs(30), "the plugin {name} does not start");
            tokio::time::sleep(LOOK).await;
        }
    }
    let started = began.elapsed();
    for name in &names {
        must_be(&ask(&agent.dispatcher, &conversation, &format!("{name} hello")).await?, &format!("{name} hello"))?;
    }
    Ok((agent, [started, began.elapsed()]))
}

async fn ask(dispatcher: &Arc<Dispatcher>, conversation: &Conversation, text: &str) -> Result<String> {
    let incoming = Incoming::typed(text.to_owned(), Actor::default(), conversation.clone());
    let mut shown = Shown::default();
    let status = surface::deliver(dispatcher.submit(incoming, CancellationToken::new()), &mut shown).await;
    ensure!(status == Status::Succeeded, "{status:?}: {}", shown.0);
    Ok(shown.0)
}

#[derive(Default)]
struct Shown(String);

impl Surface for Shown {
    fn show(&mut self, message: &Message, _: Option<&str>) {
        self.0 += &render::text(message, TextStyle::default());
    }

    fn output(&mut self, text: &str, _: Option<&str>) {
        self.0 += text;
    }
}

/// Fetches the plugin `echo` of the repository with this index, until it can be started.
pub(crate) async fn fetch(index: &str, cache: &Path) -> Result<()> {
    let repository = Repository { url: index.to_owned(), headers: BTreeMap::new(), origin: Origin::Default };
    let repositories = BTreeMap::from([("bench".to_owned(), repository)]);
    let settings = Settings { cache_dir: cache.to_owned(), repositories, ..Settings::default() };
    let key: PluginKey = "bench/echo".parse().map_err(|error| anyhow::anyhow!("{error}"))?;
    let installed = botkube_agent::agent::store(&settings, None).install(&key, PluginKind::Executor, &|_| {}).await?;
    ensure!(installed.program.is_file(), "{} is not there", installed.program.display());
    Ok(())
}

/// An agent that no plugin is part of, and one of its channels.
fn assembled(config: &Path, channel: &str, agent: &Path) -> Result<(Agent, Conversation)> {
    let config = botkube_config::load(&[config.to_owned()], [], botkube_config::Options::default())
        .map_err(|rejected| anyhow::anyhow!("{rejected}"))?
        .config;
    let platforms = config.communications.iter().flat_map(|group| &group.platforms);
    let found = platforms.flat_map(|platform| &platform.channels).find(|known| known.alias == channel);
    let conversation = Conversation {
        alias: channel.to_owned(),
        display_name: channel.to_owned(),
        executors: found.context("the configuration has no such channel")?.executors.clone(),
        ..Conversation::default()
    };
    let parts = Parts {
        program: agent.to_owned(),
        launch_args: vec![LAUNCH.into()],
        embedded_args: Vec::new(),
        embedded: Vec::new(),
        given: BTreeMap::new(),
        fetchers: BTreeMap::new(),
        lock: None,
        attached: BTreeMap::new(),
        observer: Arc::new(|_| {}),
        demo: false,
        progress: log_progress(),
    };
    Ok((Agent::new(config, "", parts)?, conversation))
}

/// Plain tonic on both sides of a Unix socket.
pub(crate) async fn floor() -> Result<Lane> {
    let dir = tempfile::tempdir()?;
    let socket = dir.path().join("grpc");
    let mut child = Command::new(env::current_exe()?)
        .arg("answer")
        .arg(&socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut ready = [0];
    child.stdout.take().context("it was asked for")?.read_exact(&mut ready).context("the answering process ended")?;
    let channel = Endpoint::from_shared(format!("unix:{}", socket.display()))?.connect().await?;
    let client = ExecutorClient::new(channel);
    let call = move || {
        let mut client = client.clone();
        async move {
            let command = command();
            let request = ExecuteRequest {
                command: command.clone(),
                configs: OPTIONS.map(|option| Config { raw_yaml: config(option, 0).into() }).into(),
                context: Some(ExecuteContext {
                    incoming_webhook: Some(IncomingWebhookContext::default()),
                    ..ExecuteContext::default()
                }),
            };
            let answer = client.execute(request).await?.into_inner().message;
            ensure!(answer == command.as_bytes(), "another answer");
            Ok(())
        }
    };
    Lane::new(call, move || async move { end(child, dir) }).await
}

/// It ends by the end of its input.
fn end(mut child: Child, _socket: TempDir) {
    drop(child.stdin.take());
    let _ = child.wait();
}

/// Answers over plain tonic until the input ends.
pub(crate) async fn answer(socket: &Path) -> Result<()> {
    let listener = tokio::net::UnixListener::bind(socket)?;
    println!("ready");
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let service = ExecutorServer::new(Echo);
    Ok(Server::builder().add_service(service).serve_with_incoming(UnixListenerStream::new(listener)).await?)
}

struct Echo;

#[async_trait::async_trait]
impl Executor for Echo {
    async fn execute(
        &self,
        request: tonic::Request<ExecuteRequest>,
    ) -> Result<tonic::Response<ExecuteResponse>, tonic::Status> {
        let message = request.into_inner().command.into();
        Ok(tonic::Response::new(ExecuteResponse { message, ..ExecuteResponse::default() }))
    }

    async fn metadata(&self, _: tonic::Request<()>) -> Result<tonic::Response<MetadataResponse>, tonic::Status> {
        Err(tonic::Status::unimplemented("nobody asks"))
    }

    async fn help(&self, _: tonic::Request<()>) -> Result<tonic::Response<HelpResponse>, tonic::Status> {
        Err(tonic::Status::unimplemented("nobody asks"))
    }
}

/// Short words of 1 KiB.
fn command() -> String {
    let mut text = format!("echo hello{}", " hello".repeat(COMMAND / 6));
    text.truncate(COMMAND);
    text
}

/// A configuration of 200 bytes; another one for another `n`.
fn config(option: &str, n: u64) -> String {
    let text = format!("formatOptions:\n- {option}\n# {n:016}");
    format!("{text}{}", "x".repeat(CONFIG - text.len()))
}

/// The upstream plugin leaves the command as it is, ours marks it as configured.
fn must_be(answer: &str, command: &str) -> Result<()> {
    ensure!(answer == command || answer == format!("*{command}*"), "another answer: {answer:.100}");
    Ok(())
}
