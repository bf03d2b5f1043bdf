//! From an author's trait to the wire and back: the only file here that knows the contract's messages.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
};

use botkube_proto::{
    COOKIE_KEY, COOKIE_VALUE, DESCRIPTORS, MAX_MESSAGE_SIZE, PROTOCOL_VERSION,
    executor::{
        Config, Dependency, ExecuteRequest, ExecuteResponse, HelpResponse, JsonSchema, MetadataResponse,
        executor_server::{self, ExecutorServer},
    },
};
use bytes::Bytes;
use go_plugin::{handshake::Cookie, plugin::Plugin};
use schemars::generate::SchemaSettings;
use tonic::{Request, Response, Status};

use crate::{Call, Error, Executor, Result, config, message::Message};

/// What tells a plugin that Botkube started it.
const COOKIE: Cookie = Cookie { key: COOKIE_KEY, value: COOKIE_VALUE };

/// The longest text of an error in bytes: encoded it may be three times as long, and Go's hosts take 16 MiB.
const LONGEST_ERROR: usize = 4 << 20;

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
        let server = ExecutorServer::new(Adapter::new(self.executor))
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        Plugin::new(COOKIE, PROTOCOL_VERSION)
            .service(server)
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

/// Implements the contract with an executor.
pub(crate) struct Adapter<E: Executor> {
    executor: E,
    name: Arc<str>,
    configs: Configs<E::Config>,
}

impl<E: Executor> Adapter<E> {
    pub(crate) fn new(executor: E) -> Self {
        let name = executor.about().name.into();
        Self { executor, name, configs: Configs::default() }
    }

    /// Answers one call with the messages of its reply.
    pub(crate) async fn answer(&self, request: ExecuteRequest) -> Result<Vec<Message>> {
        survive(async {
            let config = self.configs.merged(&request.configs)?;
            let call = Call::new(config, self.name.clone(), request);
            let collected = match self.executor.execute(call).await {
                Ok(reply) => reply.collect().await,
                Err(error) => Err(error),
            };
            match collected {
                Ok(messages) => Ok(messages),
                // Early answers are messages already: there is no end to wait for.
                Err(error) => error.into_answer()?.collect().await,
            }
        })
        .await
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
impl<E: Executor> executor_server::Executor for Adapter<E> {
    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let messages = self.answer(request.into_inner()).await.map_err(|error| status(&error))?;
        let mut messages = messages.iter().map(|message| Bytes::from(message.to_json()));
        let message = messages.next().unwrap_or_default();
        Ok(Response::new(ExecuteResponse { message, messages: messages.collect() }))
    }

    async fn metadata(&self, _: Request<()>) -> Result<Response<MetadataResponse>, Status> {
        let metadata = survive(async { Ok(self.metadata_response()) }).await;
        metadata.map(Response::new).map_err(|error| status(&error))
    }

    async fn help(&self, _: Request<()>) -> Result<Response<HelpResponse>, Status> {
        let help = survive(async { Ok(self.help_message().to_json().into()) }).await;
        help.map(|help| Response::new(HelpResponse { help })).map_err(|error| status(&error))
    }
}

/// An error on the wire: code Unknown and the text, as Go plugins send theirs.
fn status(error: &Error) -> Status {
    let mut text = error.to_string();
    if text.len() > LONGEST_ERROR {
        let end = (0..=LONGEST_ERROR).rev().find(|i| text.is_char_boundary(*i)).unwrap_or_default();
        let rest = text.len() - end;
        text.truncate(end);
        text += &format!("\n… and {rest} more bytes");
    }
    Status::unknown(text)
}

/// Makes a panic the error of this call alone.
async fn survive<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    let mut call = pin!(call);
    std::future::poll_fn(|cx| {
        // The call is dropped after a panic, and what it shares with others says itself whether it was poisoned.
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<&str>().map(ToString::to_string).or(panic.downcast_ref().cloned());
            let said = said.unwrap_or_else(|| "no message".into());
            Poll::Ready(Err(Error::for_user(format!("the plugin panicked: {said}"))))
        })
    })
    .await
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
