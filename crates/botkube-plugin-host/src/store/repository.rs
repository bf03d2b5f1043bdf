//! One plugin repository's index: asked for when it is time, kept beside the plugins, and used when its repository is away.
//! Must not know: plugins, or what of an index is wanted.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};

use botkube_config::model::Repository as Settings;
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH},
};
use serde::{Deserialize, Serialize};
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    Progress, StoreConfig, StoreError,
    address::Place,
    checksum::sha256,
    files::{self, Owners, Stamp},
    headers,
    http::{Failure, Http, Request, now},
};
use crate::{
    bundle,
    index::{Index, IndexError},
};

/// A repository while the agent runs.
pub(super) struct Repository {
    pub(super) name: String,
    place: Result<Place, String>,
    /// The address without what nobody should read.
    pub(super) shown: String,
    /// What tells this address from others.
    pub(super) identity: String,
    settings: Settings,
    /// The kept index, as upstream places it.
    file: PathBuf,
    /// What was read of it last, and from which state of the notes.
    read: Mutex<Option<(Stamp, Arc<Notes>)>>,
    /// One request at a time.
    turn: tokio::sync::Mutex<Turn>,
    /// How many requests there were.
    requests: AtomicU64,
}

/// An index, and how good it is.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) index: Arc<Index>,
    /// Whether the repository was asked just now.
    pub(super) asked: bool,
    /// Why it may be outdated.
    pub(super) doubt: Option<String>,
}

/// What came of the last request.
#[derive(Default)]
struct Turn {
    outcome: Option<Result<Known, StoreError>>,
    /// When it failed.
    failed: Option<(Instant, String)>,
}

/// What is kept beside an index: where it came from and when, and what it says, which is read faster here.
#[derive(Debug, Serialize, Deserialize)]
struct Notes {
    format: u32,
    identity: String,
    etag: Option<String>,
    last_modified: Option<String>,
    /// In seconds since 1970.
    asked_at: u64,
    /// The index file these notes are about.
    file: Stamp,
    /// For an index on this machine: the file it was read from.
    origin: Option<Stamp>,
    index: Arc<Index>,
}

/// An index that is kept, from this address or, written by upstream, from an unknown one.
struct Kept {
    index: Arc<Index>,
    asked_at: u64,
    notes: Option<Arc<Notes>>,
}

/// What a request brought.
enum Fetched {
    NotModified,
    New { text: String, etag: Option<String>, last_modified: Option<String>, origin: Option<Stamp> },
}

/// Changes whenever [`Notes`] do.
const FORMAT: u32 = 1;

/// For so long after a request that failed the kept index is used without another one.
const LEAVE_ALONE: Duration = Duration::from_secs(60);

impl Repository {
    pub(super) fn new(name: &str, settings: &Settings, cache_dir: &Path) -> Self {
        let place = Place::parse(&settings.url, Some(Path::new("")));
        let identity = match &place {
            // A relative path is another one in another folder.
            Ok(Place::Local(path)) => std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string(),
            _ => settings.url.clone(),
        };
        let identity = sha256(&identity);
        let shown = place.as_ref().map_or_else(|_| super::address::shown_text(&settings.url), Place::shown);
        Self {
            name: name.into(),
            place,
            shown,
            identity,
            settings: settings.clone(),
            file: cache_dir.join(format!("{name}.yaml")),
            read: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// The bundle it is in, if it is.
    pub(super) fn bundle(&self) -> Option<&Path> {
        match &self.place {
            Ok(Place::Local(path)) if bundle::is_bundle(path) => Some(path),
            _ => None,
        }
    }

    /// The folder of an index on this machine, from where the addresses in it are meant. A bundle is one, too.
    pub(super) fn base(&self) -> Option<&Path> {
        match &self.place {
            Ok(Place::Local(path)) if bundle::is_bundle(path) => Some(path),
            Ok(Place::Local(path)) => Some(path.parent().unwrap_or(Path::new(""))),
            _ => None,
        }
    }

    /// Its headers and where they may go.
    pub(super) fn confidential(&self, config: &StoreConfig) -> Result<Option<(&Url, HeaderMap)>, StoreError> {
        match &self.place {
            Ok(Place::Web(url)) => {
                let rendered = headers::render(&self.settings.headers, &config.remote);
                Ok(Some((url, rendered.map_err(|why| self.error(&self.header_error(&why)))?)))
            }
            _ => Ok(None),
        }
    }

    /// The kept index, if it need not be asked for; without a request, and without reading YAML.
    pub(super) fn fresh(&self, config: &StoreConfig, owners: Owners) -> Option<Arc<Index>> {
        let notes = self.notes(owners)?;
        let fresh = match &self.place {
            Ok(Place::Local(path)) => notes.origin.is_some() && notes.origin == origin(path).ok(),
            Ok(Place::Web(_)) => age(notes.asked_at).is_some_and(|age| age <= config.index_max_age),
            Err(_) => false,
        };
        (fresh || config.offline).then(|| Arc::clone(&notes.index))
    }

    /// The index: the kept one while it is fresh and not `anew`, else what the repository says, else the kept one again.
    /// Whoever waits for a request of somebody else takes what came of it.
    pub(super) async fn index(
        &self,
        config: &StoreConfig,
        http: &Http,
        anew: bool,
        progress: super::OnProgress<'_>,
    ) -> Result<Known, StoreError> {
        let requests = self.requests.load(Ordering::Acquire);
        let mut turn = self.turn.lock().await;
        if self.requests.load(Ordering::Acquire) != requests
            && let Some(outcome) = &turn.outcome
        {
            return outcome.clone();
        }
        let owners = Owners::of(&config.cache_dir);
        if !anew && let Some(index) = self.fresh(config, owners) {
            return Ok(Known { index, asked: false, doubt: None });
        }
        let kept = self.kept(owners).await;
        if config.offline {
            let what = || StoreError::Offline { what: format!("the index of the plugin repository `{}`", self.name) };
            return kept.ok_or_else(what).map(|kept| Known { index: kept.index, asked: true, doubt: None });
        }
        // A repository that is away does not hold up one plugin after the other.
        let lately = turn.failed.as_ref().filter(|(at, _)| !anew && at.elapsed() < LEAVE_ALONE);
        let outcome = match (lately, kept) {
            (Some((_, why)), Some(kept)) => return Ok(Known { asked: false, ..self.outdated(kept, why) }),
            (_, kept) => {
                progress(Progress::Index { repository: self.name.clone() });
                match (self.ask(config, http, kept.as_ref(), owners).await, kept) {
                    (Ok(index), _) => {
                        turn.failed = None;
                        Ok(Known { index, asked: true, doubt: None })
                    }
                    (Err(error), Some(kept)) => {
                        let why = match &error {
                            StoreError::Index { why, .. } => why.clone(),
                            other => other.to_string(),
                        };
                        turn.failed = Some((Instant::now(), why.clone()));
                        Ok(self.outdated(kept, &why))
                    }
                    (Err(error), None) => Err(error),
                }
            }
        };
        turn.outcome = Some(outcome.clone());
        self.requests.fetch_add(1, Ordering::Release);
        outcome
    }

    fn outdated(&self, kept: Kept, why: &str) -> Known {
        let age = age(kept.asked_at).map_or_else(|| "an unknown time".into(), in_words);
        let doubt = format!(
            "the index of the plugin repository `{}` cannot be had from {} ({why}); the one of {age} ago is used",
            self.name, self.shown
        );
        Known { index: kept.index, asked: true, doubt: Some(doubt) }
    }

    async fn ask(
        &self,
        config: &StoreConfig,
        http: &Http,
        kept: Option<&Kept>,
        owners: Owners,
    ) -> Result<Arc<Index>, StoreError> {
        let notes = kept.and_then(|kept| kept.notes.as_ref());
        let fetched = match &self.place {
            Err(why) => return Err(self.error(&format!("{why} (in `plugins.repositories.{}.url`)", self.name))),
            Ok(Place::Web(url)) if bundle::is_bundle(Path::new(url.path())) => {
                return Err(self.error(&format!(
                    "it ends like a bundle, which has to be on this machine; download it and write its path into \
                     `plugins.repositories.{}.url`",
                    self.name
                )));
            }
            Ok(Place::Web(url)) => self.fetch(url, config, http, notes).await?,
            Ok(Place::Local(path)) => self.copy(path.clone(), config).await?,
        };
        let (text, etag, last_modified, origin) = match fetched {
            Fetched::New { text, etag, last_modified, origin } => (text, etag, last_modified, origin),
            Fetched::NotModified => {
                let notes =
                    notes.ok_or_else(|| self.error("it says that nothing changed, and was not asked for that"))?;
                let notes = Notes {
                    format: FORMAT,
                    identity: notes.identity.clone(),
                    etag: notes.etag.clone(),
                    last_modified: notes.last_modified.clone(),
                    asked_at: now(),
                    file: notes.file,
                    origin: None,
                    index: Arc::clone(&notes.index),
                };
                self.note(&notes)?;
                return Ok(Arc::clone(&notes.index));
            }
        };
        let file = self.file.clone();
        let written = spawn_blocking(move || {
            let index = Index::parse(&text).map_err(|error| error.to_string())?;
            files::create(file.parent().unwrap_or(Path::new("."))).map_err(|error| ("make the folder of", error))?;
            files::write(&file, text.as_bytes()).map_err(|error| ("write", error))?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            files::sweep(file.parent().unwrap_or(Path::new(".")), &name);
            Ok(index)
        });
        let index = written.await.map_err(|error| self.error(&error.to_string()))?.map_err(|error| match error {
            Broken::Index(why) => self.error(&why),
            Broken::Files(doing, error) => StoreError::files(doing, &self.file, &error),
        })?;
        for problem in &index.problems {
            tracing::warn!(repository = self.name, index = self.shown, "{problem}");
        }
        let index = Arc::new(index);
        if let Some(file) = Stamp::of(&self.file, owners) {
            let (identity, index) = (self.identity.clone(), Arc::clone(&index));
            self.note(&Notes { format: FORMAT, identity, etag, last_modified, asked_at: now(), file, origin, index })?;
        }
        Ok(index)
    }

    async fn fetch(
        &self,
        url: &Url,
        config: &StoreConfig,
        http: &Http,
        notes: Option<&Arc<Notes>>,
    ) -> Result<Fetched, StoreError> {
        let confidential = headers::render(&self.settings.headers, &config.remote);
        let confidential = confidential.map_err(|why| self.error(&self.header_error(&why)))?;
        let mut conditions = HeaderMap::new();
        let mut condition = |name: HeaderName, value: Option<&String>| {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                conditions.insert(name, value);
            }
        };
        condition(IF_NONE_MATCH, notes.and_then(|notes| notes.etag.as_ref()));
        condition(IF_MODIFIED_SINCE, notes.and_then(|notes| notes.last_modified.as_ref()));
        let request = Request {
            url,
            headers: conditions,
            confidential: Some((url, &confidential)),
            limit: config.limits.index_size.min(crate::index::MAX_SIZE),
        };
        let attempt = || async {
            let whole = timeout(config.limits.index_time, fetch_text(http, &request));
            whole.await.unwrap_or_else(|_| {
                Err(Failure::passing(format!("it did not come within {:?}", config.limits.index_time)))
            })
        };
        let told = |failure: &Failure, pause: Duration| {
            tracing::debug!(repository = self.name, ?pause, "the index is asked for again: {}", failure.why);
        };
        http.retrying(attempt, |failure: &Failure| Some(failure.clone()), told)
            .await
            .map_err(|failure| self.error(&failure.why))
    }

    async fn copy(&self, path: PathBuf, config: &StoreConfig) -> Result<Fetched, StoreError> {
        let limit = config.limits.index_size;
        let in_bundle = self.bundle().is_some().then(|| self.name.clone());
        let read = spawn_blocking(move || {
            let found = fs::metadata(&path)?;
            if !found.is_file() {
                // A pipe or a device may never end.
                return Err(io::Error::other("it is no file; name the index or the bundle itself"));
            }
            let stamp = Stamp::from(&found);
            if let Some(repository) = in_bundle {
                let index = bundle::read_index(&path, &repository).map_err(io::Error::other)?;
                return Ok((index, stamp));
            }
            if found.len() > limit {
                return Err(io::Error::other(format!("it has more than {limit} bytes")));
            }
            Ok((fs::read(&path)?, stamp))
        });
        let read = read.await.map_err(io::Error::other).flatten();
        let (bytes, stamp) = read.map_err(|error| self.error(&error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| self.error(&IndexError::NotText.to_string()))?;
        Ok(Fetched::New { text, etag: None, last_modified: None, origin: Some(stamp) })
    }

    /// The notes, if they are about the index that is kept and about this address.
    fn notes(&self, owners: Owners) -> Option<Arc<Notes>> {
        let file = self.notes_file();
        let stamp = Stamp::of(&file, owners)?;
        let mut read = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let notes = match &*read {
            Some((known, notes)) if *known == stamp => Arc::clone(notes),
            _ => {
                let notes: Arc<Notes> = Arc::new(files::read_json(&file, owners)?);
                *read = Some((stamp, Arc::clone(&notes)));
                notes
            }
        };
        let fits = notes.format == FORMAT
            && notes.identity == self.identity
            && Stamp::of(&self.file, owners) == Some(notes.file);
        fits.then_some(notes)
    }

    /// What is kept, be it old. An index without notes was written by upstream; one with notes of another address is not
    /// used.
    async fn kept(&self, owners: Owners) -> Option<Kept> {
        if let Some(notes) = self.notes(owners) {
            return Some(Kept { index: Arc::clone(&notes.index), asked_at: notes.asked_at, notes: Some(notes) });
        }
        let (file, notes) = (self.file.clone(), self.notes_file());
        let other_address =
            files::read_json::<Notes>(&notes, owners).is_some_and(|notes| notes.identity != self.identity);
        if other_address {
            return None;
        }
        let read = spawn_blocking(move || {
            Stamp::of(&file, owners)?;
            let found = fs::metadata(&file).ok().filter(|found| found.len() <= crate::index::MAX_SIZE)?;
            let asked_at = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs();
            match Index::parse(&fs::read_to_string(&file).ok()?) {
                Ok(index) => Some(Kept { index: Arc::new(index), asked_at, notes: None }),
                Err(error) => {
                    tracing::warn!(file = %file.display(), "the kept index is of no use: {error}");
                    None
                }
            }
        });
        read.await.ok().flatten()
    }

    fn note(&self, notes: &Notes) -> Result<(), StoreError> {
        let file = self.notes_file();
        let text = serde_json::to_vec(notes).expect("notes have nothing that JSON cannot hold");
        files::write(&file, &text).map_err(|error| StoreError::files("write", &file, &error))
    }

    fn notes_file(&self) -> PathBuf {
        self.file.with_added_extension("notes")
    }

    fn header_error(&self, why: &str) -> String {
        format!("{why} (in `plugins.repositories.{}.headers`)", self.name)
    }

    fn error(&self, why: &str) -> StoreError {
        StoreError::Index { repository: self.name.clone(), url: self.shown.clone(), why: why.into() }
    }
}

/// Why an index that came is not kept.
enum Broken {
    Index(String),
    Files(&'static str, io::Error),
}

impl From<String> for Broken {
    fn from(why: String) -> Self {
        Self::Index(why)
    }
}

impl From<(&'static str, io::Error)> for Broken {
    fn from((doing, error): (&'static str, io::Error)) -> Self {
        Self::Files(doing, error)
    }
}

async fn fetch_text(http: &Http, request: &Request<'_>) -> Result<Fetched, Failure> {
    let Some(mut answer) = http.open(request).await? else {
        return Ok(Fetched::NotModified);
    };
    let (etag, last_modified) = answer.validators();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.next().await? {
        bytes.extend_from_slice(chunk.as_ref());
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::last(IndexError::NotText.to_string()))?;
    Ok(Fetched::New { text, etag, last_modified, origin: None })
}

/// The state of a repository's file on this machine, whoever owns it.
pub(super) fn origin(path: &Path) -> io::Result<Stamp> {
    fs::metadata(path).map(|found| Stamp::from(&found))
}

/// `None` for a time to come: a clock was set.
fn age(asked_at: u64) -> Option<Duration> {
    now().checked_sub(asked_at).map(Duration::from_secs)
}

fn in_words(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
