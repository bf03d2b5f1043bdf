//! A plugin that is looked at: how it is started, called, and what it said of itself. It judges nothing.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use botkube_api::{message::Message, metadata::Metadata};
use botkube_plugin_host::{
    index::PluginKind,
    probe::{self, Probe, ProbeError},
};
use botkube_proto::{
    MAX_MESSAGE_SIZE,
    executor::{Config, ExecuteContext, ExecuteRequest, IncomingWebhookContext, MessageContext, UserContext},
    stream::{part::Content, stream_client::StreamClient, stream_server},
};
use bytes::Bytes;
use go_plugin::host::{Connection, Direct, Origin, Spawner};
use tokio::time;
use tonic::Status;

use super::{Needs, Options};

/// How long a plugin may take to say which services it has.
const SERVICES_DEADLINE: Duration = Duration::from_secs(2);
/// How long a broken connection may be ahead of the end of its process.
const END_DEADLINE: Duration = Duration::from_secs(1);
/// How much of an error or a line is shown.
const LONGEST_SHOWN: usize = 300;

/// A plugin's file, and what it said when it was first asked.
pub(super) struct Subject {
    pub(super) program: PathBuf,
    pub(super) name: String,
    pub(super) kind: PluginKind,
    pub(super) options: Options,
    /// What the first start came to.
    pub(super) said: Result<SaidOfItself, String>,
    /// What was found in directories after processes ended.
    pub(super) left: Mutex<Vec<Left>>,
}

/// What a plugin says when it is asked for nothing special.
pub(super) struct SaidOfItself {
    pub(super) metadata: Result<Metadata, String>,
    /// The bytes of its help.
    pub(super) help: Result<Bytes, String>,
    /// Whether its socket is in the directory it was given.
    pub(super) is_at_home: bool,
    /// Whether it gives live answers.
    pub(super) is_live: bool,
}

/// What a process left behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    /// How it was ended.
    pub(super) after: &'static str,
    pub(super) socket: bool,
    pub(super) files: Vec<String>,
    pub(super) processes: Vec<String>,
}

/// A process of the plugin.
pub(super) struct Running {
    pub(super) probe: Probe,
    live: Option<StreamClient<Connection>>,
    /// How many lines it printed.
    pub(super) printed: Arc<AtomicUsize>,
    deadline: Duration,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answered {
    /// It was answered with so many bytes.
    Answer(usize),
    /// It was answered with something that is no answer.
    Nonsense(String),
    /// It failed, with a reason that may be empty.
    Error(String),
    /// It says more and more, and has not ended.
    GoesOn,
    /// Nothing came.
    Silent(Duration),
    /// The plugin died, or the connection broke.
    Broke(String),
}

impl Subject {
    /// Starts the plugin once, and asks what it says.
    pub(super) async fn look(program: &Path, name: &str, kind: PluginKind, options: Options) -> Self {
        let said = Err(String::new());
        let (program, name, left) = (program.to_owned(), name.to_owned(), Mutex::default());
        let mut subject = Self { program, name, kind, options, said, left };
        subject.said = match subject.start().await {
            Ok(running) => {
                let metadata = running.probe.metadata().await.map_err(|error| error.to_string());
                let help = match kind {
                    PluginKind::Executor => running.help().await,
                    PluginKind::Source => Ok(Bytes::new()),
                };
                let is_at_home = sockets(running.probe.dir()) > 0;
                let is_live = running.live.is_some();
                running.end().await;
                Ok(SaidOfItself { metadata, help, is_at_home, is_live })
            }
            Err(reason) => Err(reason),
        };
        subject
    }

    /// What keeps a check from being made.
    pub(super) fn lacks(&self, needs: Needs) -> Option<String> {
        match (needs, self.kind, &self.said) {
            (Needs::Nothing, ..) => None,
            (_, _, Err(_)) => Some("it does not start".into()),
            (Needs::Commands, PluginKind::Source, _) => Some("a source has no commands".into()),
            _ => None,
        }
    }

    pub(super) async fn start(&self) -> Result<Running, String> {
        self.start_with(false, Arc::new(Direct)).await
    }

    /// Starts it; an error says why it did not, with what it printed last.
    pub(super) async fn start_with(&self, auto_mtls: bool, spawner: Arc<dyn Spawner>) -> Result<Running, String> {
        let printed = Arc::new(AtomicUsize::new(0));
        let count = printed.clone();
        let options = probe::Options {
            auto_mtls,
            dependencies: self.options.dependencies.clone(),
            start_deadline: self.options.start_deadline,
            output: Arc::new(move |output| {
                if output.origin == Origin::Stdout {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }),
            spawner,
        };
        let probe = Probe::start(&self.program, &self.name, self.kind, options).await.map_err(reason)?;
        let services = probe.plugin.services(SERVICES_DEADLINE).await.unwrap_or_default();
        let live = services.iter().any(|name| name == stream_server::SERVICE_NAME).then(|| {
            StreamClient::with_origin(probe.plugin.connection(), Connection::origin())
                .max_decoding_message_size(MAX_MESSAGE_SIZE)
                .max_encoding_message_size(MAX_MESSAGE_SIZE)
        });
        Ok(Running { probe, live, printed, deadline: self.options.call_deadline })
    }

    /// A call as the agent makes it.
    pub(super) fn request(&self, command: &str) -> ExecuteRequest {
        self.request_with(command, self.options.configs.clone())
    }

    pub(super) fn request_with(&self, command: &str, configs: Vec<Bytes>) -> ExecuteRequest {
        let user = UserContext { mention: "@somebody".into(), display_name: "somebody".into() };
        let message = MessageContext { text: command.to_owned(), user: Some(user), ..MessageContext::default() };
        ExecuteRequest {
            command: command.to_owned(),
            configs: configs.into_iter().map(|raw_yaml| Config { raw_yaml }).collect(),
            context: Some(ExecuteContext {
                is_interactivity_supported: true,
                message: Some(message),
                incoming_webhook: Some(IncomingWebhookContext::default()),
                ..ExecuteContext::default()
            }),
        }
    }

    /// A command that no plugin knows, unless it answers anything.
    pub(super) fn any_command(&self) -> String {
        format!("{} no-such-command-7f3a", self.name)
    }

    pub(super) fn note_left(&self, left: Left) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push(left);
    }
}

impl Running {
    /// Makes a call as the agent does, live where the plugin can.
    pub(super) async fn call(&self, request: ExecuteRequest) -> Answered {
        // Whether anything came.
        let mut came = false;
        let asked = async {
            match self.live.clone() {
                None => {
                    let response = self.probe.executor().execute(request).await?.into_inner();
                    let jsons = std::iter::once(&response.message).chain(&response.messages);
                    Ok(jsons.filter(|json| !json.is_empty()).map(|json| measured(json)).collect::<Vec<_>>())
                }
                Some(mut live) => {
                    let mut parts = live.execute(request).await?.into_inner();
                    let mut all = Vec::new();
                    while let Some(part) = parts.message().await? {
                        came = true;
                        match part.content {
                            Some(Content::Text(text)) => all.push(Ok(text.len())),
                            Some(Content::Message(json) | Content::Update(json)) => all.push(measured(&json)),
                            Some(Content::Rest(rest)) => {
                                let jsons = std::iter::once(&rest.message).chain(&rest.messages);
                                all.extend(jsons.filter(|json| !json.is_empty()).map(|json| measured(json)));
                            }
                            Some(Content::Progress(_)) | None => {}
                        }
                    }
                    Ok(all)
                }
            }
        };
        let outcome: Result<Result<_, Status>, _> = time::timeout(self.deadline, asked).await;
        match outcome {
            Err(_) if came => Answered::GoesOn,
            Err(_) => Answered::Silent(self.deadline),
            Ok(Ok(parts)) => match parts.into_iter().sum::<Result<usize, String>>() {
                Ok(size) => Answered::Answer(size),
                Err(problem) => Answered::Nonsense(problem),
            },
            Ok(Err(status)) => self.explain(&status).await,
        }
    }

    /// Ends it at once: how it goes in peace is another check's question.
    pub(super) async fn end(self) {
        self.probe.plugin.kill().await;
    }

    /// How many calls it works on that nobody waits for, if it can tell.
    pub(super) async fn stubborn(&self) -> Option<u32> {
        let calls = time::timeout(self.deadline, self.live.clone()?.calls(())).await.ok()?.ok()?;
        Some(calls.into_inner().running)
    }

    async fn help(&self) -> Result<Bytes, String> {
        match time::timeout(self.deadline, self.probe.executor().help(())).await {
            Ok(Ok(response)) => Ok(response.into_inner().help),
            Ok(Err(status)) => match self.explain(&status).await {
                Answered::Broke(how) => Err(how),
                _ => Err(format!("it answered {:?}", shown(status.message()))),
            },
            Err(_) => Err(format!("nothing came within {:?}", self.deadline)),
        }
    }

    /// What an author's words have no source for, and what broke has one.
    async fn explain(&self, status: &Status) -> Answered {
        let closed = || self.probe.plugin.connection().is_closed();
        let ended = match std::error::Error::source(status).is_some() || closed() {
            true => time::timeout(END_DEADLINE, self.probe.plugin.exited()).await.ok(),
            false => return Answered::Error(status.message().to_owned()),
        };
        Answered::Broke(match ended {
            Some(exit) => {
                // A report of a crash begins with what happened, and goes on with where.
                let why = exit.output.iter().find(|line| line.contains("panic")).or(exit.output.last());
                let why = why.map(|line| format!("; it printed: {}", shown(line)));
                format!("the process ended ({exit}){}", why.unwrap_or_default())
            }
            None if closed() => "it closed the connection".into(),
            None => format!("the call broke: {}", shown(status.message())),
        })
    }
}

/// Why it did not start, with its last line.
fn reason(error: ProbeError) -> String {
    match &error {
        ProbeError::Start(start) => match start.output.last() {
            Some(line) => format!("{}; it printed last: {}", start.reason, shown(line)),
            None => start.reason.to_string(),
        },
        other => other.to_string(),
    }
}

/// The size of a message, or why it is none.
fn measured(json: &[u8]) -> Result<usize, String> {
    Message::from_json(json).map(|_| json.len()).map_err(|error| error.to_string())
}

/// Text for a report: in one line, and not long.
pub(super) fn shown(text: &str) -> String {
    let line = botkube_core::render::harmless(text.trim()).replace('\n', "␊");
    match line.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// How many sockets lie in a directory.
pub(super) fn sockets(dir: &Path) -> usize {
    use std::os::unix::fs::FileTypeExt;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket())).count()
}
