//! The plugin store: from a plugin's key to files that can be run, fetched once, checked, and kept for every later start.
//! Must not know: what a plugin does, or how it is started.
//!
//! Reading order: `address` where a file is · `repository` the index · `choose` what a key means in it · `http` bytes from
//! the web, with `headers` · `fetch` one file, with `checksum`, `archive`, `pick` and `executable` · `files` how it is kept ·
//! `kept` what is known of it afterwards · `survey` what a repository has, for whoever writes it down or packs it · `single`
//! one file for tools.

mod address;
mod archive;
mod checksum;
mod choose;
mod error;
mod executable;
mod fetch;
mod files;
mod headers;
mod http;
mod kept;
mod pick;
mod repository;
mod single;
mod survey;

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Once, OnceLock},
    time::Duration,
};

use botkube_config::model::{PluginKey, Repository as Settings};
use secrecy::SecretString;
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};

use crate::{
    index::{Dependency, Download, Entry, Platform, PluginKind},
    lock::{Lock, LockedFiles},
};
use address::{Address, Place};
use choose::{Chosen, entry};
use fetch::{Job, Part};
use files::{Owners, Stamp};
use http::Http;
use kept::{Checked, PROGRAM, Places, Record};
use pick::Wanted;
use repository::{Known, Repository};

pub use address::shown_text;
pub(crate) use archive::{CancelOnDrop, Cancelled};
pub use error::StoreError;
pub use single::{Arrived, Program, check_address, check_program, download, sha256_of, unpack};
pub use survey::Status;
pub(crate) use survey::{Examined, ExaminedFile, Survey};

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
    /// Nothing is used that differs from it; `None`: whatever the repositories say now.
    pub lock: Option<Arc<Lock>>,
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
    /// Its SHA-256 when it was checked, in hexadecimal digits: whoever runs it makes sure that it is that still.
    pub sha256: String,
    /// The same for the programs it runs, by name.
    pub dependency_digests: BTreeMap<String, String>,
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

/// What is believed without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// A file that nobody touched since it was checked.
    Stamps,
    Nothing,
}

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
                checked.source == source
                    && chosen.allows(name, &checked.sha256)
                    && Stamp::of(&places.part(name), owners) == Some(checked.stamp)
            })
        };
        let Download { dependencies, .. } = &chosen.download;
        let whole = is_whole(PROGRAM, chosen.download.source(repository))
            && dependencies.iter().all(|(name, dependency)| is_whole(name, dependency.source(repository)));
        whole.then(|| shared.installed(places, chosen, &record))
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
        self.obtain(key, kind, Trust::Stamps, progress).await
    }

    /// As [`Store::install`], for a plugin of which somebody found that its files are not what was checked: every file is
    /// hashed, and fetched again where it changed.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Changed`] when a file changed and cannot be fetched again.
    pub async fn renew(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Installed, StoreError> {
        self.obtain(key, kind, Trust::Nothing, progress).await
    }

    async fn obtain(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        trust: Trust,
        progress: OnProgress<'_>,
    ) -> Result<Installed, StoreError> {
        let shared = &self.shared;
        let installed = match shared.resolve(key, kind, progress).await {
            Ok(chosen) => shared.install(key, kind, chosen, trust, progress).await,
            Err(error) => Err(error),
        };
        match installed {
            Err(error) => shared.installed_before(key, kind, trust, error).await,
            installed => installed,
        }
    }
}

impl Installed {
    /// The first of the programs it runs that is not what was checked. It reads all of them.
    #[must_use]
    pub fn changed_dependency(&self) -> Option<PathBuf> {
        let paths = self.dependency_digests.iter().map(|(name, sha256)| (self.dependencies.join(name), sha256));
        let is_checked = |path: &Path, sha256: &str| {
            File::open(path).and_then(checksum::sha256_of).is_ok_and(|found| found == sha256)
        };
        paths.into_iter().find(|(path, sha256)| !is_checked(path, sha256)).map(|(path, _)| path)
    }
}

impl Shared {
    /// The entry the key means; when the kept index has none, the repository is asked once more.
    async fn resolve(&self, key: &PluginKey, kind: PluginKind, progress: OnProgress<'_>) -> Result<Chosen, StoreError> {
        let repository = self.repository(key)?;
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

    async fn install(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        chosen: Chosen,
        trust: Trust,
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
        for part in self.parts(key, kind, &chosen.entry, &chosen.download, &self.platform, chosen.locked.as_ref()) {
            let name = part.dependency.clone().unwrap_or(PROGRAM.into());
            let target = places.part(&name);
            let known = before.files.get(&name).filter(|checked| checked.source == part.source).cloned();
            let known = known.filter(|checked| {
                let allowed = chosen.allows(&name, &checked.sha256);
                if !allowed {
                    tracing::warn!(file = %target.display(), "the file is not the one in the lock and is fetched anew");
                }
                allowed
            });
            let checked = match self.unchanged(&target, known, trust, owners).await {
                Some(checked) => checked,
                None => {
                    if part.dependency.is_some() {
                        let folder = &places.dependencies;
                        make(folder).map_err(|error| StoreError::files("make the folder", folder, &error))?;
                    }
                    let job =
                        Job { config: &self.config, http: &self.http, platform: &self.platform, repository, progress };
                    let sha256 = job.run(&part, &target).await?.program;
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
        Ok(self.installed(places, chosen, &record))
    }

    /// The dependencies of one version for one platform, and its program.
    fn parts(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        entry: &Entry,
        download: &Download,
        platform: &Platform,
        locked: Option<&LockedFiles>,
    ) -> Vec<Part> {
        let (name, version) = (&entry.name, &entry.version);
        let what = plugin(key, kind, version);
        let repository = &self.repositories[&key.repository];
        let expected =
            |name: &str| locked.and_then(|locked| locked.file(name)).cloned().map(|file| (key.clone(), file));
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
            locked: expected(PROGRAM),
        };
        let dependencies = download.dependencies.iter().map(|(name, dependency)| Part {
            what: format!("the dependency `{name}` of {what}"),
            dependency: Some(name.clone()),
            url: dependency.url.clone(),
            checksum: dependency.checksum.clone(),
            source: dependency.source(repository),
            wanted: Wanted { names: vec![name.clone()], any_program: false },
            locked: expected(name),
        });
        dependencies.chain([program]).collect()
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

    fn installed(&self, places: Places, chosen: Chosen, record: &Record) -> Installed {
        let warnings = self.doubts().into_iter().chain(chosen.warnings).collect();
        places.installed(record, chosen.download.dependencies.keys(), warnings)
    }

    fn doubts(&self) -> Option<String> {
        self.doubts.get_or_init(|| files::doubts(&self.config.cache_dir)).clone()
    }
}

impl Download {
    fn source(&self, repository: &Repository) -> String {
        source(&self.url, self.checksum.as_deref(), repository)
    }
}

impl Dependency {
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

fn plugin(key: &PluginKey, kind: PluginKind, version: &str) -> String {
    format!("the {kind} `{}/{}` {version}", key.repository, key.name)
}
