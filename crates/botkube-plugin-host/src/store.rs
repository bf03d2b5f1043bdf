//! The plugin store: from a plugin's key to files that can be run, fetched once, checked, and kept for every later start.
//! Must not know: what a plugin does, or how it is started.
//!
//! Reading order: `address` where a file is · `repository` the index · `http` bytes from the web, with `headers` · `fetch`
//! one file, with `checksum`, `archive`, `pick` and `executable` · `files` how it is kept.

mod address;
mod archive;
mod checksum;
mod error;
mod executable;
mod fetch;
mod files;
mod headers;
mod http;
mod pick;
mod repository;

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Once, OnceLock},
    time::Duration,
};

use botkube_config::{
    model::{PluginKey, Repository as Settings},
    nearest::nearest,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};

use crate::index::{ChooseError, Download, Entry, Index, Platform, PluginKind};
use address::{Address, Place};
use fetch::{Job, Part};
use files::{Owners, Stamp};
use http::Http;
use pick::Wanted;
use repository::{Known, Repository};

pub use error::StoreError;

/// What a plugin store works with.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Where plugins are kept (`plugins.cacheDir`).
    pub cache_dir: PathBuf,
    /// The repositories that are defined, by name.
    pub repositories: BTreeMap<String, Settings>,
    /// How old an index may be before its repository is asked again.
    pub index_max_age: Duration,
    /// What header templates are filled in with.
    pub remote: RemoteIdentity,
    /// Whether only what is here may be used.
    pub offline: bool,
    /// Deadlines and sizes.
    pub limits: Limits,
}

/// Who this agent is to upstream's cloud (contract-plugins §6.5); without an identifier all of it counts as empty.
#[derive(Clone, Debug, Default)]
pub struct RemoteIdentity {
    /// `CONFIG_PROVIDER_ENDPOINT`.
    pub endpoint: String,
    /// `CONFIG_PROVIDER_IDENTIFIER`.
    pub identifier: String,
    /// `CONFIG_PROVIDER_API_KEY`.
    pub api_key: SecretString,
}

/// How long and how large things may get.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a connection to be made.
    pub connect: Duration,
    /// For the next bytes to come.
    pub stall: Duration,
    /// For an index to come.
    pub index_time: Duration,
    /// For one file to come, all attempts together.
    pub download_time: Duration,
    /// For another agent that installs the same plugin; after that this one goes ahead as well.
    pub wait_for_other: Duration,
    /// How often something is asked for before it is given up.
    pub attempts: usize,
    /// The first pause between two attempts; each further one is longer.
    pub pause: Duration,
    /// How often one request may be led elsewhere.
    pub redirects: usize,
    /// An index, in bytes.
    pub index_size: u64,
    /// One file as it comes, in bytes.
    pub download_size: u64,
    /// What an archive holds, in bytes.
    pub unpacked_size: u64,
    /// What an archive holds, in files and folders.
    pub unpacked_entries: usize,
}

/// A plugin that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// What to run.
    pub program: PathBuf,
    /// The folder of the programs it runs (`PLUGIN_DEPENDENCY_DIR`); it need not exist.
    pub dependencies: PathBuf,
    /// The version, as its index has it.
    pub version: String,
    /// What somebody should know although all went well.
    pub warnings: Vec<String>,
}

/// What an installation is doing. Made to be drawn: steps may be left out, and come once for each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A repository is asked for its index.
    Index {
        /// Its name.
        repository: String,
    },
    /// Another agent, or another task of this one, is installing the same plugin.
    Waiting {
        /// The plugin.
        plugin: String,
    },
    /// Bytes are coming.
    Downloading {
        /// The plugin or one of its dependencies.
        what: String,
        /// How many there are.
        received: u64,
        /// How many there will be, if that is known.
        total: Option<u64>,
    },
    /// What came is unpacked and checked.
    Unpacking {
        /// The plugin or one of its dependencies.
        what: String,
    },
}

/// Keeps plugins. Cloning it is cheap, and the clones are one store.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

struct Shared {
    config: StoreConfig,
    platform: Platform,
    repositories: BTreeMap<String, Repository>,
    http: Http,
    doubts: OnceLock<Option<String>>,
    swept: Once,
}

/// A plugin key's meaning.
struct Chosen {
    entry: Entry,
    download: Download,
    warnings: Vec<String>,
}

/// What is kept beside a plugin: what its files were when they were checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// [`Repository::identity`] of the one it came from: another one under the same name may have other files for it.
    repository: String,
    version: String,
    /// By name; the program itself is [`PROGRAM`].
    files: BTreeMap<String, Checked>,
}

/// A file that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Checked {
    /// See [`source`].
    source: String,
    /// Its digest, in hexadecimal digits.
    sha256: String,
    stamp: Stamp,
}

/// Where the parts of one plugin are.
struct Places {
    program: PathBuf,
    dependencies: PathBuf,
    record: PathBuf,
    lock: PathBuf,
}

/// The program's name in a [`Record`]; no dependency is called so.
const PROGRAM: &str = "";

/// How the name of a [`Record`]'s file ends.
const RECORD: &str = ".checked";

impl Store {
    /// A store; nothing is read, made or asked for yet.
    #[must_use]
    pub fn new(config: StoreConfig) -> Self {
        let repositories = config.repositories.iter();
        let repositories = repositories
            .map(|(name, settings)| (name.clone(), Repository::new(name, settings, &config.cache_dir)))
            .collect();
        let http = Http::new(config.limits);
        let (doubts, swept) = (OnceLock::new(), Once::new());
        let platform = Platform::current();
        Self { shared: Arc::new(Shared { config, platform, repositories, http, doubts, swept }) }
    }

    /// The plugin, if it is here, unchanged since it was checked, and the newest according to an index that is fresh. A few
    /// files' states are asked for; nothing is fetched, hashed or written.
    #[must_use]
    pub fn cached(&self, key: &PluginKey, kind: PluginKind) -> Option<Installed> {
        let shared = &self.shared;
        let owners = Owners::of(&shared.config.cache_dir);
        let repository = shared.repositories.get(&key.repository)?;
        let index = repository.fresh(&shared.config, owners)?;
        let chosen = shared.choose(repository, &index, key, kind).ok()?;
        let places = shared.places(key, kind, &chosen.entry.version);
        let record = repository.record(&places.record, owners)?;
        let is_whole = |name: &str, source: String| {
            record.files.get(name).is_some_and(|checked| {
                checked.source == source && Stamp::of(&places.part(name), owners) == Some(checked.stamp)
            })
        };
        let Download { dependencies, .. } = &chosen.download;
        let whole = is_whole(PROGRAM, chosen.download.source(repository))
            && dependencies.iter().all(|(name, url)| is_whole(name, source(url, None, repository)));
        whole.then(|| shared.installed(places, chosen))
    }

    /// Installs a plugin, or finds it installed. Dropping the future ends the work and leaves nothing unfinished behind.
    ///
    /// # Errors
    /// [`StoreError`], also with the reason why a plugin that is here cannot be used.
    pub async fn install(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Installed, StoreError> {
        let (store, wanted) = (self.clone(), key.clone());
        if let Ok(Some(found)) = spawn_blocking(move || store.cached(&wanted, kind)).await {
            return Ok(found);
        }
        let shared = &self.shared;
        let installed = match shared.resolve(key, kind, progress).await {
            Ok(chosen) => shared.install(key, kind, chosen, progress).await,
            Err(error) => Err(error),
        };
        match installed {
            Err(error) => shared.installed_before(key, kind, &error).await.ok_or(error),
            installed => installed,
        }
    }
}

impl Shared {
    /// The entry the key means; when the kept index has none, the repository is asked once more.
    async fn resolve(&self, key: &PluginKey, kind: PluginKind, progress: OnProgress<'_>) -> Result<Chosen, StoreError> {
        let Some(repository) = self.repositories.get(&key.repository) else {
            return Err(StoreError::Repository {
                plugin: key.to_string(),
                repository: key.repository.clone(),
                nearest: nearest(&key.repository, self.repositories.keys().map(String::as_str)).map(Into::into),
            });
        };
        let mut known = repository.index(&self.config, &self.http, false, progress).await?;
        let mut chosen = self.choose(repository, &known.index, key, kind);
        if chosen.is_err() && !known.asked {
            known = repository.index(&self.config, &self.http, true, progress).await?;
            chosen = self.choose(repository, &known.index, key, kind);
        }
        let Known { doubt, .. } = known;
        let offline = || self.config.offline.then(|| "the agent is told to stay off the network".to_owned());
        match chosen {
            Ok(mut chosen) => {
                chosen.warnings.extend(doubt);
                Ok(chosen)
            }
            Err(StoreError::Choose { repository, url, error, note: None }) => {
                Err(StoreError::Choose { repository, url, error, note: doubt.or_else(offline) })
            }
            Err(error) => Err(error),
        }
    }

    fn choose(
        &self,
        repository: &Repository,
        index: &Index,
        key: &PluginKey,
        kind: PluginKind,
    ) -> Result<Chosen, StoreError> {
        let failed = |error: ChooseError| StoreError::Choose {
            repository: repository.name.clone(),
            url: repository.shown.clone(),
            error: Box::new(error),
            note: None,
        };
        let entry = index.choose(kind, &key.name, key.version.as_deref()).map_err(failed)?;
        let Some(download) = entry.download(&self.platform) else {
            let fits = |other: &&Entry| {
                other.kind == kind && other.name == key.name && other.download(&self.platform).is_some()
            };
            let others = Index { entries: index.entries.iter().filter(fits).cloned().collect(), problems: Vec::new() };
            return Err(StoreError::Platform {
                plugin: plugin(key, kind, &entry.version),
                wanted: self.platform.clone(),
                available: entry.downloads.iter().map(|download| download.platform.clone()).collect(),
                other: others.choose(kind, &key.name, None).ok().map(|entry| entry.version.clone()),
            });
        };
        Ok(Chosen { entry: entry.clone(), download: download.clone(), warnings: Vec::new() })
    }

    async fn install(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        chosen: Chosen,
        progress: OnProgress<'_>,
    ) -> Result<Installed, StoreError> {
        let places = self.places(key, kind, &chosen.entry.version);
        let what = plugin(key, kind, &chosen.entry.version);
        let folder = self.config.cache_dir.join(&key.repository);
        let make = |folder: &Path| {
            files::create(&self.config.cache_dir)
                .and_then(|()| files::folder(folder, Owners::of(&self.config.cache_dir)))
        };
        make(&folder).map_err(|error| StoreError::files("make the folder", &folder, &error))?;
        self.swept.call_once(|| {
            for name in self.repositories.keys() {
                files::sweep(&self.config.cache_dir.join(name), "");
            }
        });
        let _lock = self.lock(&places.lock, &what, progress).await;
        let owners = Owners::of(&self.config.cache_dir);
        let repository = &self.repositories[&key.repository];
        let before = repository.record(&places.record, owners).unwrap_or_default();
        let mut record = Record {
            repository: repository.identity.clone(),
            version: chosen.entry.version.clone(),
            files: BTreeMap::new(),
        };
        for part in self.parts(key, kind, &chosen) {
            let name = part.dependency.clone().unwrap_or(PROGRAM.into());
            let target = places.part(&name);
            let known = before.files.get(&name).filter(|checked| checked.source == part.source).cloned();
            let checked = match self.unchanged(&target, known, owners).await {
                Some(checked) => checked,
                None => {
                    if part.dependency.is_some() {
                        let folder = &places.dependencies;
                        make(folder).map_err(|error| StoreError::files("make the folder", folder, &error))?;
                    }
                    let job =
                        Job { config: &self.config, http: &self.http, platform: &self.platform, repository, progress };
                    let sha256 = job.run(&part, &target).await?;
                    let stamp = Stamp::of(&target, owners);
                    let stamp = stamp.ok_or_else(|| {
                        let gone = std::io::Error::other("it was replaced as soon as it was there");
                        StoreError::files("use", &target, &gone)
                    })?;
                    Checked { source: part.source.clone(), sha256, stamp }
                }
            };
            record.files.insert(name, checked);
        }
        if record != before {
            let text = serde_json::to_vec(&record).expect("a record has nothing that JSON cannot hold");
            files::write(&places.record, &text).map_err(|error| StoreError::files("write", &places.record, &error))?;
        }
        Ok(self.installed(places, chosen))
    }

    /// The plugin's program and its dependencies.
    fn parts(&self, key: &PluginKey, kind: PluginKind, chosen: &Chosen) -> Vec<Part> {
        let Chosen { entry, download, .. } = chosen;
        let (name, version) = (&entry.name, &entry.version);
        let what = plugin(key, kind, version);
        let (platform, repository) = (&self.platform, &self.repositories[&key.repository]);
        let names = [
            format!("{kind}_{version}_{name}"),
            format!("{kind}_{name}_{}_{}", platform.os, platform.architecture),
            format!("{kind}_{name}"),
            name.clone(),
        ];
        let program = Part {
            what: what.clone(),
            dependency: None,
            url: download.url.clone(),
            checksum: download.checksum.clone(),
            source: download.source(repository),
            wanted: Wanted { names: names.into(), any_program: true },
        };
        let dependencies = download.dependencies.iter().map(|(name, url)| Part {
            what: format!("the dependency `{name}` of {what}"),
            dependency: Some(name.clone()),
            url: url.clone(),
            checksum: None,
            source: source(url, None, repository),
            wanted: Wanted { names: vec![name.clone()], any_program: false },
        });
        dependencies.chain([program]).collect()
    }

    /// The file as it was checked, if it still is that.
    async fn unchanged(&self, target: &Path, known: Option<Checked>, owners: Owners) -> Option<Checked> {
        let known = known?;
        let stamp = Stamp::of(target, owners)?;
        if stamp == known.stamp {
            return Some(known);
        }
        let path = target.to_owned();
        let sha256 = spawn_blocking(move || checksum::sha256_of(File::open(path)?)).await.ok()?.ok()?;
        if sha256 == known.sha256 {
            // Its mode may be what changed.
            files::seal(target).ok()?;
            let stamp = Stamp::of(target, owners)?;
            return Some(Checked { stamp, ..known });
        }
        tracing::warn!(file = %target.display(), "the file changed since it was checked and is fetched anew");
        None
    }

    /// What was installed once and fits the key: a repository that is away, or has lost or broken a plugin, takes nothing
    /// from those who have it.
    async fn installed_before(&self, key: &PluginKey, kind: PluginKind, error: &StoreError) -> Option<Installed> {
        let repository = self.repositories.get(&key.repository)?;
        let owners = Owners::of(&self.config.cache_dir);
        let (start, end) = (format!("{kind}_"), format!("_{}{RECORD}", key.name));
        let mut records = Vec::new();
        for entry in fs::read_dir(self.config.cache_dir.join(&key.repository)).ok()?.flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(&start)?.strip_suffix(&end));
            let record = version.and_then(|_| repository.record(&entry.path(), owners));
            // A name with `_` in it looks like another version of a shorter one.
            records.extend(record.filter(|record| Some(record.version.as_str()) == version));
        }
        let known = Index::of_versions(kind, &key.name, records.iter().map(|record| record.version.as_str()));
        let version = &known.choose(kind, &key.name, key.version.as_deref()).ok()?.version;
        let record = records.iter().find(|record| record.version == *version)?;
        let places = self.places(key, kind, version);
        record.files.get(PROGRAM)?;
        for (name, checked) in &record.files {
            self.unchanged(&places.part(name), Some(checked.clone()), owners).await?;
        }
        let warning = format!("{error}; its version {version}, installed before, is used");
        let warnings = self.doubts().into_iter().chain([warning]).collect();
        let Places { program, dependencies, .. } = places;
        Some(Installed { program, dependencies, version: version.clone(), warnings })
    }

    /// `None`: another agent is taking too long, or this file system has no locks. Both may then go on: files are replaced
    /// as a whole, and what both put there is the same.
    async fn lock(&self, path: &Path, plugin: &str, progress: OnProgress<'_>) -> Option<File> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).ok()?;
        let start = Instant::now();
        let mut pause = Duration::from_millis(10);
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Some(file),
                Err(TryLockError::Error(_)) => return None,
                Err(TryLockError::WouldBlock) if start.elapsed() >= self.config.limits.wait_for_other => return None,
                Err(TryLockError::WouldBlock) => {}
            }
            if !std::mem::replace(&mut told, true) {
                progress(Progress::Waiting { plugin: plugin.into() });
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    fn installed(&self, places: Places, chosen: Chosen) -> Installed {
        let warnings = self.doubts().into_iter().chain(chosen.warnings).collect();
        Installed {
            program: places.program,
            dependencies: places.dependencies,
            version: chosen.entry.version,
            warnings,
        }
    }

    fn doubts(&self) -> Option<String> {
        self.doubts.get_or_init(|| files::doubts(&self.config.cache_dir)).clone()
    }

    /// Upstream's places (contract-plugins §6.8), with the version of the entry and never the one that was asked for.
    fn places(&self, key: &PluginKey, kind: PluginKind, version: &str) -> Places {
        let file = format!("{kind}_{version}_{}", key.name);
        let beside = |what: &str| self.config.cache_dir.join(&key.repository).join(format!("{file}{what}"));
        Places { program: beside(""), dependencies: beside("_deps"), record: beside(RECORD), lock: beside(".lock") }
    }
}

impl Places {
    fn part(&self, name: &str) -> PathBuf {
        if name == PROGRAM { self.program.clone() } else { self.dependencies.join(name) }
    }
}

impl Repository {
    /// What was checked of a plugin that came from here, and not from another address under the same name.
    fn record(&self, path: &Path, owners: Owners) -> Option<Record> {
        files::read_json(path, owners).filter(|record: &Record| record.repository == self.identity)
    }
}

impl Download {
    fn source(&self, repository: &Repository) -> String {
        source(&self.url, self.checksum.as_deref(), repository)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            index_time: Duration::from_secs(30),
            download_time: Duration::from_secs(60 * 60),
            wait_for_other: Duration::from_secs(10 * 60),
            attempts: 4,
            pause: Duration::from_millis(500),
            redirects: 10,
            index_size: crate::index::MAX_SIZE,
            download_size: 1 << 30,
            unpacked_size: 2 << 30,
            unpacked_entries: 10_000,
        }
    }
}

/// What an index says about a file and where that leads, so that a file it says something else about is fetched anew, and
/// also one on this machine that changed. A file with a checksum may move.
fn source(url: &str, checksum: Option<&str>, repository: &Repository) -> String {
    let place = || match Address::parse(url, repository.base()).map(|address| address.place) {
        Ok(Place::Web(url)) => url.into(),
        Ok(Place::Local(path)) => format!("{} {:?}", path.display(), repository::origin(&path).ok()),
        // It is said when it is fetched.
        Err(_) => String::new(),
    };
    checksum::sha256(
        &checksum.map_or_else(|| format!("url {url} {}", place()), |checksum| format!("checksum {checksum}")),
    )
}

/// Whether an address is in one of the forms of `contract-plugins §6.9` that the agent fetches from, for a file by itself and
/// not beside an index.
///
/// # Errors
/// What is wrong with it.
pub fn usable_address(address: &str) -> Result<(), String> {
    Address::parse(address, None).map(drop)
}

fn plugin(key: &PluginKey, kind: PluginKind, version: &str) -> String {
    format!("the {kind} `{}/{}` {version}", key.repository, key.name)
}
