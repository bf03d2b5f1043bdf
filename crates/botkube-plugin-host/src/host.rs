//! Keeps one process for each plugin and asks it; a process that ended is started again for the next command.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_core::{
    port::{PluginCall, PluginError, PluginState, PluginStatus, Plugins},
    route::PluginRef,
};
use botkube_proto::{
    COOKIE_KEY, COOKIE_VALUE, MAX_MESSAGE_SIZE, MOST_MESSAGES, PROTOCOL_VERSION,
    executor::{
        Config as RawConfig, ExecuteContext, ExecuteRequest, IncomingWebhookContext, MessageContext, UserContext,
        executor_client::ExecutorClient,
    },
};
use go_plugin::{
    handshake::Cookie,
    hclog::Level,
    host::{Config, Connection, Output, Plugin, Spawner},
};
use tokio::{task::JoinSet, time};
use tonic::{Code, Status};

use crate::{
    catalogue::Catalogue,
    environment,
    slot::{Running, Slot},
};

/// What tells a plugin that Botkube started it.
const COOKIE: Cookie = Cookie { key: COOKIE_KEY, value: COOKIE_VALUE };
/// How long a plugin may take to say its help.
const HELP_DEADLINE: Duration = Duration::from_secs(10);
/// How long a broken connection may be ahead of the end of its process.
const END_DEADLINE: Duration = Duration::from_secs(1);

/// The plugins of one agent.
pub struct Host {
    parts: Arc<Parts>,
    slots: Mutex<HashMap<PluginRef, Arc<Slot>>>,
}

/// What a plugin is started with.
struct Parts {
    catalogue: Catalogue,
    spawner: Arc<dyn Spawner>,
    /// In bytes.
    max_answer_size: u64,
}

impl Host {
    /// A host with no process yet; each plugin starts with the first command for it.
    #[must_use]
    pub fn new(catalogue: Catalogue, spawner: Arc<dyn Spawner>, max_answer_size: u64) -> Self {
        Self { parts: Arc::new(Parts { catalogue, spawner, max_answer_size }), slots: Mutex::default() }
    }

    /// Stops every plugin, all at the same time, and returns once no process is left.
    pub async fn stop(&self) {
        let slots: Vec<Arc<Slot>> =
            self.slots.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, slot)| slot).collect();
        let mut stopping = JoinSet::new();
        for slot in slots {
            stopping.spawn(async move { slot.stop().await });
        }
        stopping.join_all().await;
    }

    /// The plugin's live process, started if there is none.
    async fn running(&self, plugin: &PluginRef) -> Result<Arc<Running>, PluginError> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            match slots.get(plugin) {
                Some(slot) => slot.clone(),
                None => slots.entry(plugin.clone()).or_default().clone(),
            }
        };
        slot.running(plugin.name(), || start(self.parts.clone(), plugin.clone())).await
    }

    /// Why a call failed: in the plugin's words, or because the plugin is gone.
    async fn explain(&self, plugin: &PluginRef, running: &Running, status: Status) -> PluginError {
        if let Some(size) = too_large(&status) {
            return PluginError::TooLarge { size, limit: self.parts.max_answer_size };
        }
        // What a plugin answered has no source; what kept it from answering has.
        if status.source().is_none() {
            let reason = Some(status.message()).filter(|reason| !reason.is_empty());
            return PluginError::Failed(reason.unwrap_or("the plugin failed and gave no reason").to_owned());
        }
        let exit = match time::timeout(END_DEADLINE, running.plugin.exited()).await {
            Ok(exit) => exit,
            // One broken call is no reason to end those of others.
            Err(_) if !running.plugin.connection().is_closed() => {
                return PluginError::Failed(format!("the call to the plugin broke: {}", causes(&status)));
            }
            Err(_) => {
                running.plugin.kill().await;
                return PluginError::Died { exit: "it broke its connection and was killed".to_owned() };
            }
        };
        if running.mourn() {
            for line in &exit.output {
                tracing::error!(plugin = plugin.name(), "{line}");
            }
        }
        PluginError::Died { exit: exit.to_string() }
    }
}

async fn start(parts: Arc<Parts>, plugin: PluginRef) -> Result<Running, PluginError> {
    let name = plugin.name();
    let executable = parts.catalogue.find(&plugin).map_err(PluginError::Unknown)?;
    let dir = environment::runtime_dir()
        .map_err(|e| PluginError::Unavailable(format!("cannot make a directory for `{name}`: {e}")))?;
    let mut config = Config::new(COOKIE, [PROTOCOL_VERSION], environment::launch(executable, dir.path()));
    config.output = log_for(name.to_owned());
    match Plugin::start(config, &*parts.spawner).await {
        Ok(plugin) => {
            tracing::info!(plugin = name, pid = plugin.id(), "a plugin is running");
            let client = ExecutorClient::with_origin(plugin.connection(), Connection::origin())
                .max_decoding_message_size(usize::try_from(parts.max_answer_size).unwrap_or(MAX_MESSAGE_SIZE))
                .max_encoding_message_size(MAX_MESSAGE_SIZE);
            Ok(Running::new(plugin, client, dir))
        }
        Err(error) => {
            for line in &error.output {
                tracing::error!(plugin = name, "{line}");
            }
            let hint = if error.output.is_empty() { "" } else { "; what it printed last is in the agent's log" };
            let (program, reason) = (error.program.display(), error.reason);
            Err(PluginError::Unavailable(format!("the plugin `{name}` did not start: {program}: {reason}{hint}")))
        }
    }
}

#[async_trait]
impl Plugins for Host {
    async fn execute(&self, plugin: &PluginRef, call: PluginCall) -> Result<Vec<Message>, PluginError> {
        let running = self.running(plugin).await?;
        let attempt = running.attempt();
        let outcome = running.client.clone().execute(request(call)).await;
        attempt.answered();
        let response = match outcome {
            Ok(response) => response.into_inner(),
            Err(status) => return Err(self.explain(plugin, &running, status).await),
        };
        let unseen = (1 + response.messages.len()).saturating_sub(MOST_MESSAGES);
        let mut messages = Vec::with_capacity(1 + response.messages.len().min(MOST_MESSAGES));
        if !response.message.is_empty() {
            messages.push(decode(&response.message)?);
        }
        for json in response.messages.iter().take(MOST_MESSAGES - 1) {
            messages.push(decode(json)?);
        }
        if unseen > 0 {
            messages.push(Message::text(format!("… and {unseen} more messages, which one answer cannot hold.")));
        }
        Ok(messages)
    }

    fn state(&self, plugin: &PluginRef) -> PluginState {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, reason) = slots.get(plugin).map_or((PluginStatus::Idle, None), |slot| slot.status());
        PluginState { status, reason, restarts: 0, threshold: 0, last_restart: None }
    }

    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError> {
        let running = self.running(plugin).await?;
        let attempt = running.attempt();
        let mut client = running.client.clone();
        let outcome = match time::timeout(HELP_DEADLINE, client.help(())).await {
            Ok(outcome) => outcome,
            Err(_) => {
                return Err(PluginError::Failed(format!("`{}` said no help within {HELP_DEADLINE:?}", plugin.name())));
            }
        };
        attempt.answered();
        match outcome {
            Ok(response) => {
                let help = response.into_inner().help;
                if help.is_empty() { Ok(Message::default()) } else { decode(&help) }
            }
            Err(status) => Err(self.explain(plugin, &running, status).await),
        }
    }
}

/// The request as Go plugins need it: every nested context is there, even when empty (`contract-plugins` B40).
fn request(call: PluginCall) -> ExecuteRequest {
    let user = UserContext { mention: call.actor.mention, display_name: call.actor.display_name };
    ExecuteRequest {
        command: call.command,
        configs: call.configs.into_iter().map(|raw_yaml| RawConfig { raw_yaml }).collect(),
        context: Some(ExecuteContext {
            is_interactivity_supported: call.interactive,
            slack_state: Default::default(),
            kube_config: call.kubeconfig.0.into(),
            message: Some(MessageContext { text: call.typed, user: Some(user), ..MessageContext::default() }),
            incoming_webhook: Some(IncomingWebhookContext::default()),
        }),
    }
}

fn decode(json: &[u8]) -> Result<Message, PluginError> {
    Message::from_json(json).map_err(|e| PluginError::Broken(e.to_string()))
}

/// What broke, from the outermost cause to the innermost.
fn causes(status: &Status) -> String {
    let mut texts = Vec::new();
    let mut source = status.source();
    while let Some(error) = source {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        source = error.source();
    }
    texts.join(": ")
}

/// Whether an answer was over the limit, and its size if tonic says it.
fn too_large(status: &Status) -> Option<Option<u64>> {
    let message = status.message();
    let over = status.code() == Code::OutOfRange && message.contains("message length too large");
    over.then(|| message.split("found ").nth(1)?.split(' ').next()?.parse().ok())
}

/// Passes on what a plugin prints and logs as log lines of the agent.
fn log_for(name: String) -> Arc<dyn Fn(Output) + Send + Sync> {
    Arc::new(move |output| {
        let (plugin, origin, entry) = (name.as_str(), output.origin, &output.entry);
        match entry.level {
            Level::Trace => tracing::trace!(plugin, ?origin, "{entry}"),
            Level::Debug => tracing::debug!(plugin, ?origin, "{entry}"),
            Level::Info => tracing::info!(plugin, ?origin, "{entry}"),
            Level::Warn => tracing::warn!(plugin, ?origin, "{entry}"),
            Level::Error => tracing::error!(plugin, ?origin, "{entry}"),
        }
    })
}
