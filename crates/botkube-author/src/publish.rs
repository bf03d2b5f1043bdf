//! From a folder of built plugins to the index of a plugin repository, in upstream's format (`contract-plugins §8`). It must
//! not know who asked for the index, or where it goes.
//!
//! Reading order: `folder` which files there are · `document` what is written.

mod document;
mod folder;

use std::{
    collections::BTreeMap,
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use botkube_api::metadata::{JsonSchema, Metadata, MetadataError};
use botkube_plugin_host::{
    index::{Index, Platform, PluginKind, Problem},
    store,
};
use go_plugin::host::{Direct, Spawner};
use regex::Regex;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use self::{
    document::{Dependency, Document, Entry, ExternalRequest, Payload, Schema, Url},
    folder::{Built, Files},
};
use crate::{
    artifact::NameError,
    asking,
    schema::{self, SchemaError},
};

/// How a folder is published.
#[derive(Clone)]
pub struct Options {
    /// What stands before a file's name in its address; slashes at its end do not count.
    pub url_base: String,
    /// Only plugins whose name has this in it.
    pub name_filter: Option<Regex>,
    /// Whether only archives are published, or only programs; otherwise the archive where a platform has both.
    pub use_archive: Option<bool>,
    /// Whether every dependency is fetched for its checksum, and looked at.
    pub checksum_dependencies: bool,
    /// What every entry says of the agents that may run it.
    pub minimum_agent_version: Option<String>,
    /// Starts plugins, which are asked what they are.
    pub spawner: Arc<dyn Spawner>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its text.
    pub yaml: String,
    /// What is in it, in the order of the index.
    pub plugins: Vec<PublishedPlugin>,
    /// What somebody should know although all went well.
    pub warnings: Vec<String>,
}

/// An entry of an index, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedPlugin {
    /// What it does.
    pub kind: PluginKind,
    /// Its name.
    pub name: String,
    /// Its version, as it says itself.
    pub version: String,
    /// Where it runs.
    pub platforms: Vec<Platform>,
}

/// Why a folder cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It cannot be read.
    #[error("cannot read the folder `{}`: {error}", .dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        error: String,
    },
    /// There is no plugin in it.
    #[error("{}", empty(.dir, .filtered.as_deref(), .others))]
    Empty {
        /// The folder.
        dir: PathBuf,
        /// What plugins had to be called.
        filtered: Option<String>,
        /// What is in it instead.
        others: Vec<String>,
    },
    /// No address can begin so.
    #[error("the base of addresses `{}` cannot be used: {why}", store::shown_text(.base))]
    UrlBase {
        /// As it was given.
        base: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// No version of an agent.
    #[error("`{0}` is no version of an agent; write one such as 1.2.0")]
    MinimumAgent(String),
    /// Some files cannot be published.
    #[error("`{}` cannot be published{}", .dir.display(), .faults.iter().map(|fault| format!("\n  {fault}")).collect::<String>())]
    Faults {
        /// The folder.
        dir: PathBuf,
        /// All that is wrong.
        faults: Vec<Fault>,
    },
    /// The agent would refuse the index.
    #[error("an agent would not take this index: {0}")]
    Refused(String),
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is called wrongly.
    #[error("{file}: {error}")]
    Name {
        /// The file.
        file: String,
        /// What is wrong.
        error: NameError,
    },
    /// There are two for one platform.
    #[error("{second}: {first} is the same plugin for {platform}, packed otherwise; remove one of the two")]
    Twice {
        /// One file.
        first: String,
        /// The other.
        second: String,
        /// Where both run.
        platform: Platform,
    },
    /// Nothing of a plugin is published.
    #[error("the {kind} `{name}`: {}", nothing(*.archives, .platforms))]
    Nothing {
        /// What it does.
        kind: PluginKind,
        /// Its name.
        name: String,
        /// Whether archives were asked for.
        archives: bool,
        /// Where its other files run.
        platforms: Vec<Platform>,
    },
    /// Nothing of a plugin runs here.
    #[error(
        "the {kind} `{name}` has no file for this machine, {here}, and so cannot be asked what it is; there is {}. Put \
         {kind}_{name}_{}_{} beside them (`botkube plugin build` makes it), or do this on one of those",
        list(.there), .here.os, .here.architecture
    )]
    Elsewhere {
        /// What it does.
        kind: PluginKind,
        /// Its name.
        name: String,
        /// This machine.
        here: Platform,
        /// Where its files run.
        there: Vec<Platform>,
    },
    /// A file is not what it is called.
    #[error("{file}: {why}")]
    File {
        /// The file.
        file: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The plugin does not say what it is.
    #[error("{file}: {error}")]
    Silent {
        /// The file that was run.
        file: String,
        /// What happened, with what it printed last.
        error: String,
    },
    /// What it says of itself lacks something.
    #[error("{file}: what it says of itself cannot be published: {error}")]
    Metadata {
        /// The file that was run.
        file: String,
        /// All that is wrong.
        error: MetadataError,
    },
    /// A schema is none.
    #[error("{file}: the JSON schema of its {what} is wrong: {error}")]
    Schema {
        /// The file that was run.
        file: String,
        /// What the schema describes.
        what: &'static str,
        /// All that is wrong.
        error: SchemaError,
    },
    /// A program it needs cannot be had.
    #[error("{file}: its dependency `{dependency}` for {platform} cannot be had: {why}")]
    Dependency {
        /// The file that was run.
        file: String,
        /// The program.
        dependency: String,
        /// Where it should run.
        platform: String,
        /// What is wrong.
        why: String,
    },
}

/// What is told while it is done.
pub type Said<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// One plugin on its way into the index.
struct Plugin<'a> {
    kind: PluginKind,
    name: &'a str,
    files: &'a Files,
    options: &'a Options,
    said: Said<'a>,
    /// Checksums of dependencies, by address and platform.
    fetched: &'a mut BTreeMap<(String, Platform), Result<String, String>>,
    warnings: &'a mut Vec<String>,
    faults: &'a mut Vec<Fault>,
}

/// A file that was looked at.
struct Looked {
    sha256: String,
    /// What to run of it, if it was to be run; in a folder that goes with it.
    program: Option<(PathBuf, TempDir)>,
}

impl Options {
    /// How a folder is published under an address.
    #[must_use]
    pub fn new(url_base: impl Into<String>) -> Self {
        Self {
            url_base: url_base.into(),
            name_filter: None,
            use_archive: None,
            checksum_dependencies: false,
            minimum_agent_version: None,
            spawner: Arc::new(Direct),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("url_base", &self.url_base).finish_non_exhaustive()
    }
}

/// The index of a folder of built plugins. Entries come in the order of kind, name and version, and their platforms in order,
/// so that the same files give the same text. One file of each plugin is run, to ask it what it is.
///
/// # Errors
/// All that is wrong with the folder, so that no agent has to find it out.
pub async fn index(dir: &Path, options: &Options, said: Said<'_>) -> Result<Published, PublishError> {
    let base = options.url_base.trim_end_matches('/');
    check_base(base).map_err(|why| PublishError::UrlBase { base: options.url_base.clone(), why })?;
    let mut faults = Vec::new();
    let plugins = folder::read(dir, options.name_filter.as_ref(), &mut faults)?;
    let (mut entries, mut fetched) = (Vec::new(), BTreeMap::new());
    let mut warnings: Vec<String> = credentials(base).into_iter().collect();
    for ((kind, name), files) in &plugins {
        let (warnings, faults, fetched) = (&mut warnings, &mut faults, &mut fetched);
        let plugin = Plugin { kind: *kind, name, files, options, said, fetched, warnings, faults };
        entries.extend(plugin.entry(base).await);
    }
    if !faults.is_empty() {
        return Err(PublishError::Faults { dir: dir.to_owned(), faults });
    }
    let yaml = Document { entries }.to_yaml().map_err(PublishError::Refused)?;
    let read = Index::parse(&yaml).map_err(|error| PublishError::Refused(error.to_string()))?;
    if !read.problems.is_empty() {
        if let Some(asked) = &options.minimum_agent_version
            && read.entries.is_empty()
            && read.problems.iter().all(|problem| problem.what.contains("minimumAgentVersion"))
        {
            return Err(PublishError::MinimumAgent(asked.clone()));
        }
        let problems: Vec<String> = read.problems.iter().map(Problem::to_string).collect();
        return Err(PublishError::Refused(problems.join("\n")));
    }
    let plugins = read.entries.into_iter().map(|entry| PublishedPlugin {
        kind: entry.kind,
        name: entry.name,
        version: entry.version,
        platforms: entry.downloads.into_iter().map(|download| download.platform).collect(),
    });
    Ok(Published { yaml, plugins: plugins.collect(), warnings })
}

impl Plugin<'_> {
    /// `None` when there is a fault.
    async fn entry(mut self, base: &str) -> Option<Entry> {
        let here = Platform::current();
        let before = self.faults.len();
        let published = self.files.published(self.options.use_archive);
        if published.is_empty() {
            let (name, platforms) = (self.name.to_owned(), self.files.platforms());
            let archives = self.options.use_archive == Some(true);
            self.faults.push(Fault::Nothing { kind: self.kind, name, archives, platforms });
            return None;
        }
        for platform in self.files.platforms().iter().filter(|platform| !published.contains_key(platform)) {
            let what = if self.options.use_archive == Some(true) { "archive" } else { "program" };
            self.warnings.push(format!(
                "the {} `{}` is not published for {platform}: it has no {what} for it",
                self.kind, self.name
            ));
        }
        let run = self.files.running_on(&here, self.options.use_archive);
        if run.is_none() {
            let (name, there) = (self.name.to_owned(), self.files.platforms());
            self.faults.push(Fault::Elsewhere { kind: self.kind, name, here: here.clone(), there });
        }
        let mut urls = Vec::new();
        let mut program = None;
        for (platform, built) in &published {
            let runs = run.is_some_and(|run| run.path == built.path);
            let Some(looked) = self.look(built, runs).await else { continue };
            program = program.or(looked.program.map(|program| (program, *built)));
            let Platform { os, architecture } = (*platform).clone();
            urls.push((
                *platform,
                Url {
                    url: format!("{base}/{}", built.name()),
                    checksum: looked.sha256,
                    platform: document::Platform { os, architecture },
                    dependencies: BTreeMap::new(),
                },
            ));
        }
        if program.is_none()
            && let Some(built) = run.filter(|run| !published.values().any(|built| built.path == run.path))
        {
            program = self.look(built, true).await?.program.map(|program| (program, built));
        }
        let ((path, _dir), built) = program?;
        let metadata = self.ask(&path, built).await?;
        self.judge(&metadata, built);
        for (platform, url) in &mut urls {
            self.dependencies(url, platform, &metadata, built).await;
        }
        let urls = urls.into_iter().map(|(_, url)| url).collect();
        (self.faults.len() == before).then(|| self.write(metadata, urls))
    }

    /// Whether a file is what it is called, and what to run of it.
    async fn look(&mut self, built: &Built, run: bool) -> Option<Looked> {
        (self.said)(&format!("looking at {}", built.name()));
        let owned = built.clone();
        let looked = spawn_blocking(move || look(&owned, run)).await;
        let looked = looked.map_err(|error| error.to_string()).flatten();
        looked.map_err(|why| self.faults.push(Fault::File { file: built.name(), why })).ok()
    }

    async fn ask(&mut self, program: &Path, built: &Built) -> Option<Metadata> {
        (self.said)(&format!("asking {} what it is", built.name()));
        let options = asking::by(&self.options.spawner);
        let (printed, started) = asking::start(program, self.name, self.kind, options).await;
        let asked = match started {
            Ok(probe) => {
                let metadata = probe.metadata().await;
                probe.stop().await;
                metadata
            }
            Err(error) => Err(error),
        };
        match asked {
            Ok(metadata) => Some(metadata),
            Err(error) => {
                let error = printed.explain(&error).await;
                self.faults.push(Fault::Silent { file: built.name(), error });
                None
            }
        }
    }

    /// Checks what the plugin says of itself.
    fn judge(&mut self, metadata: &Metadata, built: &Built) {
        let file = || built.name();
        if let Err(error) = metadata.validate() {
            self.faults.push(Fault::Metadata { file: file(), error });
        }
        let payload = metadata.external_request.as_ref().map(|schema| ("webhook's payload", schema));
        for (what, JsonSchema { value, ref_url }) in
            [("configuration", &metadata.json_schema)].into_iter().chain(payload)
        {
            if !ref_url.is_empty() {
                self.warnings
                    .push(format!("{}: the JSON schema of its {what} is at {ref_url} and was not looked at", file()));
            }
            if value.is_empty() {
                continue;
            }
            match schema::check(value) {
                Ok(checked) => {
                    let said = |warning| format!("{}: the JSON schema of its {what}: {warning}", file());
                    self.warnings.extend(checked.warnings.into_iter().map(said));
                }
                Err(error) => self.faults.push(Fault::Schema { file: file(), what, error }),
            }
        }
        for (dependency, urls) in &metadata.dependencies {
            for (platform, url) in urls.iter().filter(|(_, url)| !url.is_empty()) {
                if let Err(why) = store::check_address(url) {
                    let (dependency, platform) = (dependency.clone(), platform.clone());
                    self.faults.push(Fault::Dependency { file: file(), dependency, platform, why });
                }
            }
        }
    }

    /// The programs the plugin runs on a platform.
    async fn dependencies(&mut self, entry: &mut Url, platform: &Platform, metadata: &Metadata, built: &Built) {
        for (name, urls) in &metadata.dependencies {
            let Some(url) = urls.get(&platform.to_string()).filter(|url| !url.is_empty()) else {
                if !urls.is_empty() {
                    self.warnings.push(format!(
                        "{}: it has no address of its dependency `{name}` for {platform}, where it is published without it",
                        built.name()
                    ));
                }
                continue;
            };
            let checksum = match self.options.checksum_dependencies && store::check_address(url).is_ok() {
                true => match self.checksum(name, url, platform).await {
                    Ok(checksum) => Some(checksum),
                    Err(why) => {
                        let (dependency, platform) = (name.clone(), platform.to_string());
                        self.faults.push(Fault::Dependency { file: built.name(), dependency, platform, why });
                        None
                    }
                },
                false => None,
            };
            entry.dependencies.insert(name.clone(), Dependency { url: url.clone(), checksum });
        }
    }

    /// The checksum of what a dependency's address leads to, if that is a program for the platform.
    async fn checksum(&mut self, name: &str, url: &str, platform: &Platform) -> Result<String, String> {
        let key = (url.to_owned(), platform.clone());
        if let Some(known) = self.fetched.get(&key) {
            return known.clone();
        }
        (self.said)(&format!("fetching {name} for {platform}"));
        let found = checksum(name, url, platform).await;
        self.fetched.insert(key, found.clone());
        found
    }

    fn write(&self, metadata: Metadata, urls: Vec<Url>) -> Entry {
        let request = metadata.external_request.filter(|schema| *schema != JsonSchema::default());
        Entry {
            name: self.name.to_owned(),
            kind: self.kind.to_string(),
            description: metadata.description,
            documentation_url: metadata.documentation_url,
            version: metadata.version,
            minimum_agent_version: self.options.minimum_agent_version.clone(),
            urls,
            json_schema: Schema::from(&metadata.json_schema),
            external_request: request
                .map(|schema| ExternalRequest { payload: Payload { json_schema: Schema::from(&schema) } }),
            recommended: metadata.recommended,
        }
    }
}

fn look(built: &Built, run: bool) -> Result<Looked, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let sha256 = store::sha256_of(&built.path).map_err(unreadable)?;
    let dir = tempfile::tempdir().map_err(|error| format!("no room to look at it: {error}"))?;
    let (kind, name) = (built.artifact.kind, &built.artifact.name);
    let platform = &built.artifact.platform;
    // As the agent looks for it.
    let names =
        [format!("{kind}_{name}_{}_{}", platform.os, platform.architecture), format!("{kind}_{name}"), name.clone()];
    let program = store::unpack(&built.path, &built.name(), None, &names, true, dir.path())?;
    store::check_program(&program.path, platform).map_err(|what| format!("{what}, and its name says {platform}"))?;
    let program = run.then(|| runnable(program.path, dir)).transpose().map_err(unreadable)?;
    Ok(Looked { sha256, program })
}

/// The program as one that can be run. What goes through a web page or another machine is often not marked as such, and the
/// agent does not mind either.
fn runnable(program: PathBuf, dir: TempDir) -> std::io::Result<(PathBuf, TempDir)> {
    if fs::metadata(&program)?.permissions().mode() & 0o111 != 0 {
        return Ok((program, dir));
    }
    let copy = dir.path().join("program");
    fs::copy(&program, &copy)?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o700))?;
    Ok((copy, dir))
}

async fn checksum(name: &str, url: &str, platform: &Platform) -> Result<String, String> {
    let dir = tempfile::tempdir().map_err(|error| format!("no room for it: {error}"))?;
    let arrived = store::download(name, url, dir.path(), &|_| {}).await.map_err(|error| error.to_string())?;
    let (name, platform) = (name.to_owned(), platform.clone());
    let looked = spawn_blocking(move || {
        let into = dir.path().join("unpacked");
        fs::create_dir(&into).map_err(|error| error.to_string())?;
        let inside = arrived.inside.as_deref();
        let program = store::unpack(&arrived.path, &arrived.name, inside, &[name], false, &into)?;
        store::check_program(&program.path, &platform)
            .map_err(|what| format!("{what}, and the plugin runs it on {platform}"))?;
        Ok(arrived.sha256)
    });
    looked.await.map_err(|error| error.to_string())?
}

fn check_base(base: &str) -> Result<(), String> {
    if base.is_empty() {
        return Err("it is empty; give the address of the folder the files will be in, such as \
                    https://example.org/plugins"
            .into());
    }
    if let Some(sign) = ['?', '#'].into_iter().find(|sign| base.contains(*sign)) {
        return Err(format!("it has a `{sign}`, behind which no file's name can stand; leave that out"));
    }
    if !["http://", "https://", "file://"].iter().any(|scheme| base.starts_with(scheme)) {
        return Err("it does not begin with https://, http:// or file://; write it whole".into());
    }
    if base.split_once("://").is_some_and(|(_, rest)| rest.trim_start_matches('/').contains("//")) {
        return Err("it has `//` in it, which agents take for a place in an archive; write one slash".into());
    }
    // What lies on this machine is only for indexes there, and an address is one all the same.
    let url = format!("{base}/executor_a_linux_amd64");
    let url = url.strip_prefix("file://").map_or(url.clone(), |path| format!("https://local{path}"));
    store::check_address(&url)
}

/// What an index would tell everybody who reads it.
fn credentials(base: &str) -> Option<String> {
    let (_, rest) = base.split_once("://")?;
    let has_them = rest.split('/').next().is_some_and(|host| host.contains('@'));
    has_them.then(|| {
        "the base of addresses has a name or a password in it, which everybody can read in the index; leave it out, and \
         let agents send it with `plugins.repositories.<name>.headers`"
            .into()
    })
}

fn empty(dir: &Path, filtered: Option<&str>, others: &[String]) -> String {
    const SHOWN: usize = 5;
    let dir = dir.display();
    let mut there: Vec<String> = others.iter().take(SHOWN).map(|name| format!("`{}`", name.escape_debug())).collect();
    if others.len() > SHOWN {
        there.push(format!("and {} more", others.len() - SHOWN));
    }
    let there = if there.is_empty() { "nothing".into() } else { there.join(", ") };
    match filtered {
        Some(filter) => format!("no plugin in `{dir}` has a name that fits `{filter}`; it holds {there}"),
        None => format!(
            "`{dir}` holds no plugin: files called executor_<name>_<os>_<architecture>, or source_…, which `botkube plugin \
             build` makes; it holds {there}"
        ),
    }
}

fn nothing(archives: bool, platforms: &[Platform]) -> String {
    let there = list(platforms);
    match archives {
        true => format!(
            "it has no archive, only programs for {there}; build it with `botkube plugin build --archive tar.gz`, or leave \
             --use-archive out"
        ),
        false => format!("it has no program, only archives for {there}; leave --use-archive=false out"),
    }
}

fn list(platforms: &[Platform]) -> String {
    platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
