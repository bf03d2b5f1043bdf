//! One plugin's process on its own, for tools that look at a plugin: started as the agent starts it, and asked what it says
//! about itself. Nothing supervises it. It judges nothing.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use botkube_api::metadata::{JsonSchema, Metadata};
use botkube_config::model::Plugins as Settings;
use botkube_core::route::PluginRef;
use botkube_proto::{
    MAX_MESSAGE_SIZE, PROTOCOL_VERSION,
    executor::{self, executor_client::ExecutorClient},
    source::{self, source_client::SourceClient},
};
use go_plugin::host::{Config, Connection, Direct, Output, Plugin, Spawner, StartError};
use tokio::time;

use crate::{
    catalogue::Executable,
    environment::{self, COOKIE, RuntimeDir},
    index::PluginKind,
};

/// How many lines of a plugin that is tried out are passed on in a second.
const LINES_PER_SECOND: u32 = 100_000;

/// How long a plugin may take to say what it is.
pub const METADATA_DEADLINE: Duration = Duration::from_secs(10);

/// How a plugin is started to be looked at.
#[derive(Clone)]
pub struct Options {
    /// Whether the connection is to be encrypted; needs the feature `auto-mtls` of `go-plugin`.
    pub auto_mtls: bool,
    /// Where the programs are that it runs; beside it by default.
    pub dependencies: Option<PathBuf>,
    /// How long it may take until it can be called.
    pub start_deadline: Duration,
    /// Gets what it prints and logs; nobody does by default.
    pub output: Arc<dyn Fn(Output) + Send + Sync>,
    /// Makes its process; by default directly.
    pub spawner: Arc<dyn Spawner>,
}

/// A plugin's process. It and what it left in its directory go when this is dropped; [`Probe::stop`] does it in peace.
pub struct Probe {
    /// The process.
    pub plugin: Plugin,
    /// What it was taken for.
    pub kind: PluginKind,
    dir: RuntimeDir,
}

/// Why a plugin did not say what it is.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is no directory for it.
    #[error("cannot make a directory for the plugin: {0}")]
    Directory(String),
    /// It did not start.
    #[error("{0}")]
    Start(Box<StartError>),
    /// It said nothing.
    #[error("it did not say what it is (`Metadata`) within {0:?}")]
    Silent(Duration),
    /// It answered with an error, or the call broke.
    #[error("it was asked what it is (`Metadata`) and answered: {0}")]
    Failed(String),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            auto_mtls: false,
            dependencies: None,
            start_deadline: Duration::from_secs(30),
            output: Arc::new(|_| {}),
            spawner: Arc::new(Direct),
        }
    }
}

impl Probe {
    /// Starts the plugin `name` from this executable.
    ///
    /// # Errors
    /// When it does not start; what it printed last is in the error.
    pub async fn start(program: &Path, name: &str, kind: PluginKind, options: Options) -> Result<Self, ProbeError> {
        let dir = environment::runtime_dir().map_err(|error| ProbeError::Directory(error.to_string()))?;
        let executable = Executable {
            program: program.to_owned(),
            args: Vec::new(),
            dependencies: options.dependencies,
            version: None,
            sha256: None,
        };
        let plugin = PluginRef::Named(name.to_owned());
        let launch = environment::launch(executable, dir.path(), &Settings::default(), &plugin);
        let mut config = Config::new(COOKIE, [PROTOCOL_VERSION], launch);
        // Whoever tries a plugin out counts what it prints.
        config.lines_per_second = LINES_PER_SECOND;
        config.auto_mtls = options.auto_mtls;
        config.start_deadline = options.start_deadline;
        config.output = options.output;
        let plugin = Plugin::start(config, &*options.spawner).await;
        Ok(Self { plugin: plugin.map_err(|error| ProbeError::Start(Box::new(error)))?, kind, dir })
    }

    /// The process's own directory, where its socket is and what it leaves behind.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.plugin.id().expect("it was started here, and not attached")
    }

    /// The version of the protocol that it chose.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.plugin.version().expect("its handshake said it")
    }

    /// The executor's service.
    #[must_use]
    pub fn executor(&self) -> ExecutorClient<Connection> {
        ExecutorClient::with_origin(self.plugin.connection(), Connection::origin())
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE)
    }

    /// The source's service.
    #[must_use]
    pub fn source(&self) -> SourceClient<Connection> {
        SourceClient::with_origin(self.plugin.connection(), Connection::origin())
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE)
    }

    /// What it says about itself, unchecked (`contract-plugins §2`).
    ///
    /// # Errors
    /// When it says nothing in time, or an error.
    pub async fn metadata(&self) -> Result<Metadata, ProbeError> {
        let asked = async {
            match self.kind {
                PluginKind::Executor => self.executor().metadata(()).await.map(|said| of_executor(said.into_inner())),
                PluginKind::Source => self.source().metadata(()).await.map(|said| of_source(said.into_inner())),
            }
        };
        match time::timeout(METADATA_DEADLINE, asked).await {
            Ok(said) => said.map_err(|status| ProbeError::Failed(status.message().to_owned())),
            Err(_) => Err(ProbeError::Silent(METADATA_DEADLINE)),
        }
    }

    /// Stops it as the agent does.
    pub async fn stop(self) {
        self.plugin.stop().await;
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("plugin", &self.plugin).field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn of_executor(said: executor::MetadataResponse) -> Metadata {
    let schema = said.json_schema.unwrap_or_default();
    let dependencies =
        said.dependencies.into_iter().map(|(name, dependency)| (name, dependency.urls.into_iter().collect()));
    Metadata {
        version: said.version,
        description: said.description,
        documentation_url: said.documentation_url,
        json_schema: JsonSchema { value: schema.value, ref_url: schema.ref_url },
        dependencies: dependencies.collect::<BTreeMap<_, _>>(),
        recommended: said.recommended,
        external_request: None,
    }
}

fn of_source(said: source::MetadataResponse) -> Metadata {
    let schema = |schema: source::JsonSchema| JsonSchema { value: schema.value, ref_url: schema.ref_url };
    let dependencies =
        said.dependencies.into_iter().map(|(name, dependency)| (name, dependency.urls.into_iter().collect()));
    let payload = said.external_request.and_then(|request| request.payload).and_then(|payload| payload.json_schema);
    Metadata {
        version: said.version,
        description: said.description,
        documentation_url: said.documentation_url,
        json_schema: said.json_schema.map(schema).unwrap_or_default(),
        dependencies: dependencies.collect::<BTreeMap<_, _>>(),
        recommended: said.recommended,
        external_request: payload.map(schema),
    }
}
