//! All that can be said about one plugin: about its file without running it, and what it says about itself. It must not know
//! where the file comes from, or how any of it is printed.
//!
//! Reading order: `binary` what a file is · `keys` a configuration's keys from its schema · `text` all of it for people.

mod binary;
mod keys;
mod text;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use botkube_api::metadata::{JsonSchema, Metadata};
use botkube_plugin_host::{
    index::{Entry, Platform, PluginKind},
    probe::{Options, Probe},
    store,
};
use botkube_proto::stream::stream_server;
use go_plugin::host::Spawner;
use serde::Serialize;
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::{artifact::Artifact, asking, schema};

pub use binary::Binary;
pub use keys::Key;

/// A file to look at.
#[derive(Clone)]
pub struct Target {
    /// The file: a program or an archive.
    pub path: PathBuf,
    /// What it is called, which tells how it is packed, and perhaps which plugin it is.
    pub file_name: String,
    /// What of an archive is meant; otherwise it is found.
    pub inside: Option<String>,
    /// The plugin's kind and name, where they are known.
    pub plugin: Option<(PluginKind, String)>,
    /// Where the programs are that it runs; beside it by default.
    pub dependencies: Option<PathBuf>,
    /// What an index says about it.
    pub index: Option<Listed>,
}

/// What there is to say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// Its file.
    pub file: Facts,
    /// What it says of itself; nothing when it was not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<About>,
    /// How it speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// What its index says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Listed>,
    /// Why it was not run, although nothing is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_run: Option<String>,
    /// Why it did not answer, with what it printed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// What it is called.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// As an index has it.
    pub sha256: String,
    /// The program, if the file is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
    /// What the program is.
    #[serde(flatten)]
    pub binary: Binary,
}

/// A program in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its place in the archive.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of the program alone.
    pub sha256: String,
}

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// What it does.
    pub kind: PluginKind,
    /// What its file calls it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Where people read more; may be empty.
    #[serde(rename = "documentationURL")]
    pub documentation_url: String,
    /// Whether newcomers are advised to enable it.
    pub recommended: bool,
    /// Its configuration.
    pub configuration: Shape,
    /// What its webhook is sent, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Shape>,
    /// Programs it runs, with their addresses by platform.
    pub dependencies: BTreeMap<String, BTreeMap<String, String>>,
    /// What keeps it from being published.
    pub problems: Vec<String>,
}

/// What values look like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// Where the schema is, if it is not here.
    #[serde(rename = "refURL", skip_serializing_if = "String::is_empty")]
    pub ref_url: String,
    /// The JSON schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// How a plugin speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    /// Of the application protocol.
    pub version: u32,
    /// `unix` or `tcp`.
    pub network: &'static str,
    /// What it serves; nothing when it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// Whether it can answer while it works.
    pub live_answers: bool,
    /// Whether it encrypts its connection when asked to; nothing when that was not tried.
    #[serde(rename = "autoMTLS", skip_serializing_if = "Option::is_none")]
    pub auto_mtls: Option<bool>,
}

/// An entry of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The repository's name.
    pub repository: String,
    /// The version that was chosen.
    pub version: String,
    /// Where it comes from for this platform, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// As the index has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Where it runs.
    pub platforms: Vec<String>,
    /// The lowest agent that may run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_agent_version: Option<String>,
    /// Whether the repository recommends it.
    pub recommended: bool,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: String,
    },
    /// There is no program in it.
    #[error("`{file}` is no plugin: {why}")]
    NoProgram {
        /// What it is called.
        file: String,
        /// What it is.
        why: String,
    },
}

/// How long a plugin may take to say what it serves.
const SERVICES: Duration = Duration::from_secs(2);

/// The services of the two kinds.
const EXECUTOR: &str = "executor.Executor";
const SOURCE: &str = "source.Source";

impl Listed {
    /// What an entry says for this platform.
    #[must_use]
    pub fn new(repository: &str, entry: &Entry) -> Self {
        let here = entry.download(&Platform::current());
        Self {
            repository: repository.to_owned(),
            version: entry.version.clone(),
            url: here.map(|download| store::shown_text(&download.url)),
            checksum: here.and_then(|download| download.checksum.clone()),
            platforms: entry.downloads.iter().map(|download| download.platform.to_string()).collect(),
            minimum_agent_version: entry.minimum_agent_version.clone(),
            recommended: entry.recommended,
        }
    }
}

impl Target {
    /// A file on this machine.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            inside: None,
            plugin: None,
            dependencies: None,
            index: None,
        }
    }

    /// The plugin's kind, if it is known, and its name.
    fn named(&self) -> (Option<PluginKind>, String) {
        if let Some((kind, name)) = &self.plugin {
            return (Some(*kind), name.clone());
        }
        if let Ok(artifact) = Artifact::parse(Path::new(&self.file_name)) {
            return (Some(artifact.kind), artifact.name);
        }
        for kind in [PluginKind::Executor, PluginKind::Source] {
            let rest = self.file_name.strip_prefix(kind.as_str()).and_then(|rest| rest.strip_prefix(['-', '_']));
            if let Some(name) = rest.and_then(|rest| rest.split(['_', '.']).next()).filter(|name| !name.is_empty()) {
                return (Some(kind), name.to_owned());
            }
        }
        (None, self.file_name.clone())
    }
}

/// Looks at a file, and runs it if it runs here.
///
/// # Errors
/// When there is no program to say anything about. A plugin that does not answer is no error.
pub async fn inspect(target: Target, spawner: Arc<dyn Spawner>) -> Result<Inspection, InspectError> {
    let (kind, name) = target.named();
    let dir = tempfile::tempdir()
        .map_err(|error| InspectError::Unreadable { file: std::env::temp_dir(), error: error.to_string() })?;
    let into = dir.path().to_owned();
    let (looked, plugin) = (target.clone(), name.clone());
    let looked = spawn_blocking(move || look(&looked, &plugin, &into)).await;
    let (file, program) =
        looked.map_err(|error| InspectError::Unreadable { file: target.path.clone(), error: error.to_string() })??;
    let mut inspection =
        Inspection { file, plugin: None, protocol: None, index: target.index.clone(), not_run: None, failed: None };
    let here = Platform::current();
    if let Err(what) = store::check_program(&program, &here) {
        inspection.not_run = Some(format!("{what}, and this machine is {here}"));
        return Ok(inspection);
    }
    let options = || Options { dependencies: target.dependencies.clone(), ..asking::by(&spawner) };
    let (printed, started) = asking::start(&program, &name, kind.unwrap_or(PluginKind::Executor), options()).await;
    let mut probe = match started {
        Ok(probe) => probe,
        Err(error) => {
            inspection.failed = Some(printed.explain(&error).await);
            return Ok(inspection);
        }
    };
    let services = probe.plugin.services(SERVICES).await;
    let serves = |service: &str| services.as_ref().is_some_and(|all| all.iter().any(|name| name == service));
    if kind.is_none() && serves(SOURCE) && !serves(EXECUTOR) {
        probe.kind = PluginKind::Source;
    }
    match probe.metadata().await {
        Ok(metadata) => inspection.plugin = Some(About::new(probe.kind, name.clone(), metadata)),
        Err(error) => inspection.failed = Some(printed.explain(&error).await),
    }
    let live_answers = serves(stream_server::SERVICE_NAME);
    let (version, network, kind) = (probe.version(), network(&probe), probe.kind);
    probe.stop().await;
    let auto_mtls = match inspection.failed {
        Some(_) => None,
        None => {
            let options = Options { auto_mtls: true, ..options() };
            let encrypted = asking::start(&program, &name, kind, options).await.1;
            let is_encrypted = encrypted.is_ok();
            if let Ok(probe) = encrypted {
                probe.stop().await;
            }
            Some(is_encrypted)
        }
    };
    inspection.protocol = Some(Protocol { version, network, services, live_answers, auto_mtls });
    Ok(inspection)
}

/// The file's facts, and the program to run.
fn look(target: &Target, name: &str, into: &Path) -> Result<(Facts, PathBuf), InspectError> {
    let unreadable =
        |error: std::io::Error| InspectError::Unreadable { file: target.path.clone(), error: error.to_string() };
    let no_program = |why: String| InspectError::NoProgram { file: target.file_name.clone(), why };
    let found = fs::metadata(&target.path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(no_program("it is no file; build it, and give the file".into()));
    }
    let sha256 = store::sha256_of(&target.path).map_err(unreadable)?;
    let names = ["executor", "source"].map(|kind| format!("{kind}_{name}"));
    let names = [names.as_slice(), &[name.to_owned()]].concat();
    let inside = target.inside.as_deref();
    let unpacked = store::unpack(&target.path, &target.file_name, inside, &names, true, into);
    let program = unpacked.map_err(no_program)?;
    let binary = binary::look(&program.path).map_err(unreadable)?;
    if let Err(why) = store::check_program(&program.path, &Platform::current())
        && binary.format.is_none()
    {
        return Err(no_program(why));
    }
    let member = match program.member {
        Some(path) => Some(Member {
            path,
            size: fs::metadata(&program.path).map_err(unreadable)?.len(),
            sha256: store::sha256_of(&program.path).map_err(unreadable)?,
        }),
        None => None,
    };
    let facts = Facts { name: target.file_name.clone(), size: found.len(), sha256, member, binary };
    if fs::metadata(&program.path).map_err(unreadable)?.permissions().mode() & 0o111 != 0 {
        return Ok((facts, program.path));
    }
    // As it comes from a web page, it is not marked as executable; the agent marks it, too.
    let copy = into.join("program");
    fs::copy(&program.path, &copy).map_err(unreadable)?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o700)).map_err(unreadable)?;
    Ok((facts, copy))
}

/// What a started plugin listens on: a socket of its directory, or a port.
fn network(probe: &Probe) -> &'static str {
    let is_socket = |dir: &Path| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()))
    };
    if is_socket(probe.dir()) { "unix" } else { "tcp" }
}

impl About {
    fn new(kind: PluginKind, name: String, said: Metadata) -> Self {
        let mut problems: Vec<String> = said
            .validate()
            .err()
            .map(|error| error.problems)
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut shape = |schema: &JsonSchema, what: &str| {
            if !schema.value.is_empty()
                && let Err(error) = schema::check(&schema.value)
            {
                problems.push(format!("the JSON schema of its {what}: {error}"));
            }
            Shape::new(schema)
        };
        let configuration = shape(&said.json_schema, "configuration");
        let payload = said.external_request.as_ref().map(|schema| shape(schema, "webhook's payload"));
        Self {
            kind,
            name,
            version: said.version,
            description: said.description,
            documentation_url: said.documentation_url,
            recommended: said.recommended,
            configuration,
            payload,
            dependencies: said.dependencies,
            problems,
        }
    }
}

impl Shape {
    fn new(said: &JsonSchema) -> Self {
        let schema: Option<Value> = serde_json::from_str(&said.value).ok();
        let keys = schema.as_ref().map(keys::of).unwrap_or_default();
        Self { ref_url: said.ref_url.clone(), schema, keys }
    }
}
