//! From an author's trait to the wire and back: the only file here that knows the contract's messages.

use std::{
    collections::VecDeque,
    pin::Pin,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use botkube_proto::{
    COOKIE_KEY, COOKIE_VALUE, DESCRIPTORS, MAX_MESSAGE_SIZE, PROTOCOL_VERSION,
    executor::{
        Config, Dependency, ExecuteRequest, ExecuteResponse, HelpResponse, JsonSchema, MetadataResponse,
        executor_server::{self, ExecutorServer},
    },
    stream::{
        self, CallsResponse,
        part::Content,
        stream_server::{self, StreamServer},
    },
};
use bytes::Bytes;
use go_plugin::{handshake::Cookie, plugin::Plugin};
use schemars::generate::SchemaSettings;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::{
    Call, Error, Executor, Part, Result, config,
    message::Message,
    parts::{Calls, Parts, Said, caught},
    reply::{Piece, cut},
};

/// What tells a plugin that Botkube started it.
const COOKIE: Cookie = Cookie { key: COOKIE_KEY, value: COOKIE_VALUE };

/// The longest text of an error in bytes: encoded it may be three times as long, and Go's hosts take 16 MiB.
const LONGEST_ERROR: usize = 4 << 20;

/// The longest piece of text on the wire, in bytes.
const LONGEST_TEXT: usize = 1 << 20;

/// How many merged configurations are kept. Every bound combination is one.
const KEPT_CONFIGS: usize = 16;

/// Serves an executor: call it from `main` and return what it returns.
///
/// Everything the protocol wants is in here. What the plugin prints reaches the agent's log and can break nothing, and so
/// do `tracing` events. Run by hand, the program says what it is.
pub fn serve(executor: impl Executor) -> ExitCode {
    Serve::new(executor).run()
}

/// [`serve`] with choices.
#[must_use = "a plugin does nothing until it runs"]
pub struct Serve<E> {
    executor: E,
    workers: usize,
}

impl<E: Executor> Serve<E> {
    /// Serves `executor` on the main thread alone, which answers soonest and holds the least memory.
    pub fn new(executor: E) -> Self {
        Self { executor, workers: 0 }
    }

    /// Serves on `n` threads: for executors that block a thread for longer than a moment. A blocked plugin cannot even
    /// say that it is well.
    pub fn worker_threads(mut self, n: usize) -> Self {
        self.workers = n;
        self
    }

    /// Serves until the agent ends it.
    pub fn run(self) -> ExitCode {
        let by_hand = by_hand(&self.executor);
        let adapter = Arc::new(Adapter::new(self.executor));
        let unary = ExecutorServer::new(Served(adapter.clone()))
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        let live = StreamServer::new(Served(adapter))
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        Plugin::new(COOKIE, PROTOCOL_VERSION)
            .service(unary)
            .service(live)
            .descriptors(DESCRIPTORS)
            .by_hand(by_hand)
            .worker_threads(self.workers)
            .serve()
    }
}

/// What a person reads who runs the plugin: what it is, how to try it, what can be configured.
fn by_hand<E: Executor>(executor: &E) -> String {
    let about = executor.about();
    let this = std::env::current_exe().map(|p| p.display().to_string()).unwrap_or_else(|_| "PATH".into());
    let defaults = serde_json::to_string(&E::Config::default()).unwrap_or_default();
    let mut text = format!("{} {} - {}\n\n", about.name, about.version, about.description);
    text += &format!("Try it:        botkube --plugin {this}\n");
    for example in &about.examples {
        text += &format!("Then type:     {}\n", example.command);
    }
    text += &format!("Configuration: {defaults}\n");
    text
}

/// An executor with what all its calls share.
pub(crate) struct Adapter<E: Executor> {
    executor: E,
    name: Arc<str>,
    configs: Configs<E::Config>,
    calls: Calls,
}

/// Implements the contract and our service for live answers with it.
struct Served<E: Executor>(Arc<Adapter<E>>);

/// What a call says, as it goes over the wire.
struct Wire {
    parts: Parts,
    /// A text too long for one piece, and how much of it is gone.
    long: Option<(String, usize)>,
}

impl<E: Executor> Adapter<E> {
    pub(crate) fn new(executor: E) -> Self {
        let name = executor.about().name.into();
        Self { executor, name, configs: Configs::default(), calls: Calls::default() }
    }

    /// Begins a call.
    pub(crate) fn call(self: &Arc<Self>, request: ExecuteRequest) -> Parts {
        let (adapter, signals) = (self.clone(), Arc::default());
        let known = Arc::clone(&signals);
        let execute = async move {
            let config = adapter.configs.merged(&request.configs)?;
            adapter.executor.execute(Call::new(config, adapter.name.clone(), request, known)).await
        };
        Parts::new(execute, signals, &self.calls)
    }

    pub(crate) fn help_message(&self) -> Message {
        self.executor.help()
    }

    pub(crate) fn metadata_response(&self) -> MetadataResponse {
        let about = self.executor.about();
        let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<E::Config>();
        MetadataResponse {
            version: about.version,
            description: about.description,
            json_schema: Some(JsonSchema { value: schema.as_value().to_string(), ref_url: String::new() }),
            dependencies: about
                .dependencies
                .into_iter()
                .map(|d| (d.name, Dependency { urls: d.urls.into_iter().collect() }))
                .collect(),
            documentation_url: about.documentation_url,
            recommended: false,
        }
    }
}

#[tonic::async_trait]
impl<E: Executor> stream_server::Stream for Served<E> {
    type ExecuteStream = Wire;

    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<Wire>, Status> {
        Ok(Response::new(Wire { parts: self.0.call(request.into_inner()), long: None }))
    }

    async fn calls(&self, _: Request<()>) -> Result<Response<CallsResponse>, Status> {
        Ok(Response::new(CallsResponse { running: self.0.calls.running() }))
    }
}

impl Stream for Wire {
    type Item = Result<stream::Part, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some((text, from)) = &mut self.long {
            let to = text.floor_char_boundary(*from + LONGEST_TEXT);
            let piece = text[*from..to].to_owned();
            *from = to;
            if to == text.len() {
                self.long = None;
            }
            return Poll::Ready(Some(Ok(part(Content::Text(piece)))));
        }
        let content = match ready!(self.parts.poll_next(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(status(&error)))),
            Some(Ok(Said::Whole(messages))) => Content::Rest(response(messages)),
            Some(Ok(Said::Part(Part(piece)))) => match piece {
                Piece::Text(text) if text.len() > LONGEST_TEXT => {
                    self.long = Some((text, 0));
                    return self.poll_next(cx);
                }
                Piece::Text(text) => Content::Text(text),
                Piece::Message(message) => Content::Message(message.to_json().into()),
                Piece::Update(message) => Content::Update(message.to_json().into()),
                Piece::Progress(text) => Content::Progress(text),
            },
        };
        Poll::Ready(Some(Ok(part(content))))
    }
}

fn part(content: Content) -> stream::Part {
    stream::Part { content: Some(content) }
}

#[tonic::async_trait]
impl<E: Executor> executor_server::Executor for Served<E> {
    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let messages = self.0.call(request.into_inner()).whole().await.map_err(|error| status(&error))?;
        Ok(Response::new(response(messages)))
    }

    async fn metadata(&self, _: Request<()>) -> Result<Response<MetadataResponse>, Status> {
        let metadata = survive(|| self.0.metadata_response());
        metadata.map(Response::new).map_err(|error| status(&error))
    }

    async fn help(&self, _: Request<()>) -> Result<Response<HelpResponse>, Status> {
        let help = survive(|| self.0.help_message().to_json().into());
        help.map(|help| Response::new(HelpResponse { help })).map_err(|error| status(&error))
    }
}

/// An answer that is no stream, on the wire.
fn response(messages: Vec<Message>) -> ExecuteResponse {
    let mut messages = messages.iter().map(|message| Bytes::from(message.to_json()));
    let message = messages.next().unwrap_or_default();
    ExecuteResponse { message, messages: messages.collect() }
}

/// An error on the wire: code Unknown and the text, as Go plugins send theirs.
fn status(error: &Error) -> Status {
    let mut text = error.to_string();
    let gone = cut(&mut text, LONGEST_ERROR);
    if gone > 0 {
        text += &format!("\n… and {gone} more bytes");
    }
    Status::unknown(text)
}

/// Makes a panic the error of this question alone.
fn survive<T>(answer: impl FnOnce() -> T) -> Result<T> {
    match caught(|| Poll::Ready(Ok(answer()))) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("an answer is ready"),
    }
}

/// Merged configurations by their texts, so that the same ones are not parsed again for every call.
struct Configs<C> {
    kept: Mutex<VecDeque<(Vec<Bytes>, Arc<C>)>>,
}

impl<C> Default for Configs<C> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

impl<C: Default + serde::Serialize + serde::de::DeserializeOwned> Configs<C> {
    fn merged(&self, configs: &[Config]) -> Result<Arc<C>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |texts: &[Bytes]| texts.iter().eq(configs.iter().map(|c| &c.raw_yaml));
        if let Some((_, config)) = kept.iter().find(|(texts, _)| same(texts)) {
            return Ok(config.clone());
        }
        drop(kept);
        let texts: Vec<Bytes> = configs.iter().map(|c| c.raw_yaml.clone()).collect();
        let config = Arc::new(config::load::<C>(&texts)?);
        kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((texts, config.clone()));
        kept.truncate(KEPT_CONFIGS);
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
