//! Keeps what was said on disk, so that it outlives the agent: one file for entries and sessions, and a directory of files
//! beside it. It knows neither rooms nor browsers.
//!
//! Everything is written by one thread, in one transaction for all that came since the last. What a command says while it
//! runs is written once a second; everything else at once, so that what is lost when the process is killed is at most the
//! last second of what still ran. What a person says is on disk before it is run ([`Store::settle`]; a commit takes about a
//! millisecond, 1.1 ms measured): a command is not run twice because the agent that ran it is gone. A disk that does
//! not take it within [`DEADLINE`] is logged and not waited for: one may need the agent to repair it.
//!
//! What waits to be written is bounded without a queue: each entry waits once, in its latest state, and is the same object
//! that the rooms hold; what is forgotten is a number for each channel.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use botkube_core::platform::Attachment;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, backends::FileBackend};

use super::{Session, Store, copy, find, remove_file};
use crate::entry::Entry;

/// By channel and number: the key, and the entry as JSON.
const ENTRIES: TableDefinition<(&str, u64), (&str, &[u8])> = TableDefinition::new("entries");
/// By id, as JSON.
const SESSIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("sessions");
const FILE: &str = "console.redb";
/// What a file is called that could not be read.
const DAMAGED: &str = "console.damaged.redb";
/// How long what a command says while it runs may wait to be written.
const LAZY: Duration = Duration::from_secs(1);
/// How long somebody waits for the disk.
const DEADLINE: Duration = Duration::from_secs(2);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How many bytes of the file are held in memory.
const CACHE: usize = 4 << 20;

/// Entries, sessions and files on disk.
pub struct Disk {
    shared: Arc<Shared>,
    /// What was found, until it is asked for.
    found: Mutex<HashMap<String, Vec<Entry>>>,
    sessions: Vec<Session>,
    files: PathBuf,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    /// Something came, or something was written.
    changed: Condvar,
}

/// What waits to be written.
#[derive(Default)]
struct Waiting {
    batch: Batch,
    /// When the batch is to be written.
    due: Option<Instant>,
    /// How many batches were taken, and up to which they are written.
    taken: u64,
    written: u64,
    is_failing: bool,
    is_over: bool,
}

#[derive(Default)]
struct Batch {
    entries: BTreeMap<(String, u64), Arc<Entry>>,
    /// By channel, up to which number entries are forgotten.
    forgotten: BTreeMap<String, u64>,
    sessions: BTreeMap<String, Option<Session>>,
}

/// What was found on disk.
#[derive(Default)]
struct Found {
    entries: HashMap<String, Vec<Entry>>,
    sessions: Vec<Session>,
}

impl Disk {
    /// Opens the store in this directory, or makes one. A file that cannot be read is set aside, which is logged.
    ///
    /// # Errors
    ///
    /// When the directory cannot be used, or another agent uses it.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let files = dir.join("files");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&files)?;
        let path = dir.join(FILE);
        let (database, found) = open(&path).or_else(|error| match error {
            OpenError::Damaged(why) => {
                let aside = dir.join(DAMAGED);
                fs::rename(&path, &aside)?;
                tracing::warn!(
                    "{} cannot be read ({why}): what was said before is not there any more. The file is now {}, and a new \
                     one is begun",
                    path.display(),
                    aside.display(),
                );
                open(&path).map_err(OpenError::into_io)
            }
            error => Err(error.into_io()),
        })?;
        sweep(&files, &found);
        let shared = Arc::new(Shared { waiting: Mutex::default(), changed: Condvar::new() });
        let writer = {
            let shared = shared.clone();
            thread::Builder::new().name("console-store".into()).spawn(move || shared.write(database, &path))?
        };
        let found_entries = Mutex::new(found.entries);
        Ok(Self { shared, found: found_entries, sessions: found.sessions, files, writer: Some(writer) })
    }
}

impl Store for Disk {
    fn load(&self, alias: &str) -> Vec<Entry> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).remove(alias).unwrap_or_default()
    }

    fn keep(&self, alias: &str, entry: &Arc<Entry>) {
        let wait = if entry.is_running() { LAZY } else { Duration::ZERO };
        self.shared.add(wait, |batch| {
            batch.entries.insert((alias.to_owned(), number(entry)), entry.clone());
        });
    }

    fn forget(&self, alias: &str, entry: &Entry) {
        let number = number(entry);
        self.shared.add(LAZY, |batch| {
            batch.entries.remove(&(alias.to_owned(), number));
            let forgotten = batch.forgotten.entry(alias.to_owned()).or_default();
            *forgotten = number.max(*forgotten);
        });
        remove_file(&self.files, entry);
    }

    fn settle(&self) -> bool {
        self.shared.settle()
    }

    fn keep_file(&self, attachment: &Attachment) -> io::Result<String> {
        copy(attachment, &self.files)
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        find(&self.files, name)
    }

    fn sessions(&self) -> Vec<Session> {
        self.sessions.clone()
    }

    fn keep_session(&self, session: &Session) {
        self.shared.add(Duration::ZERO, |batch| {
            batch.sessions.insert(session.id.clone(), Some(session.clone()));
        });
    }

    fn forget_session(&self, id: &str) {
        self.shared.add(Duration::ZERO, |batch| {
            batch.sessions.insert(id.to_owned(), None);
        });
    }
}

/// Writes what waits, as far as the disk takes it.
impl Drop for Disk {
    fn drop(&mut self) {
        self.shared.waiting().is_over = true;
        self.shared.changed.notify_all();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, wait: Duration, change: impl FnOnce(&mut Batch)) {
        let mut waiting = self.waiting();
        change(&mut waiting.batch);
        let due = Instant::now() + wait;
        if waiting.due.is_none_or(|before| due < before) {
            waiting.due = Some(due);
            self.changed.notify_all();
        }
    }

    fn settle(&self) -> bool {
        let mut waiting = self.waiting();
        if waiting.is_failing {
            return false;
        }
        let goal = if waiting.batch.is_empty() { waiting.taken } else { waiting.taken + 1 };
        if !waiting.batch.is_empty() {
            waiting.due = Some(Instant::now());
            self.changed.notify_all();
        }
        let is_waiting = |waiting: &mut Waiting| waiting.written < goal && !waiting.is_failing;
        waiting = match self.changed.wait_timeout_while(waiting, DEADLINE, is_waiting) {
            Ok((waiting, _)) => waiting,
            Err(poisoned) => poisoned.into_inner().0,
        };
        let is_written = waiting.written >= goal;
        if !is_written && !waiting.is_failing {
            tracing::warn!("the disk did not take what was said within {DEADLINE:?}; it is run all the same");
        }
        is_written
    }

    /// Writes until it is told that there will be no more.
    fn write(&self, database: Database, path: &Path) {
        let mut database = Some(database);
        while let Some(batch) = self.next() {
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| batch.write(&mut database, path)))
                .unwrap_or_else(|_| Err(redb::Error::Corrupted("it makes no sense any more".into())));
            let mut waiting = self.waiting();
            match outcome {
                Ok(()) => {
                    if waiting.is_failing {
                        tracing::info!("{} can be written again", path.display());
                    }
                    waiting.is_failing = false;
                    waiting.written = waiting.taken;
                    self.changed.notify_all();
                }
                Err(error) => {
                    // After an error the file has to be opened anew.
                    database = None;
                    if !waiting.is_failing {
                        tracing::error!(
                            "{} cannot be written: {error}. What is said is lost if the agent ends before it can be",
                            path.display()
                        );
                    }
                    waiting.is_failing = true;
                    waiting.batch.put_back(batch);
                    waiting.due = Some(Instant::now() + PAUSE);
                    self.changed.notify_all();
                    if waiting.is_over {
                        return;
                    }
                }
            }
        }
    }

    /// What is to be written next; `None` when there will be no more.
    fn next(&self) -> Option<Batch> {
        let mut waiting = self.waiting();
        loop {
            let left = waiting.due.map(|due| due.saturating_duration_since(Instant::now()));
            match left {
                Some(left) if left.is_zero() || waiting.is_over => {
                    waiting.due = None;
                    waiting.taken += 1;
                    return Some(std::mem::take(&mut waiting.batch));
                }
                None if waiting.is_over => return None,
                Some(left) => {
                    waiting = match self.changed.wait_timeout(waiting, left) {
                        Ok((waiting, _)) => waiting,
                        Err(poisoned) => poisoned.into_inner().0,
                    };
                }
                None => waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.forgotten.is_empty() && self.sessions.is_empty()
    }

    /// Takes back what could not be written, as far as it is not out of date.
    fn put_back(&mut self, old: Self) {
        for (alias, number) in old.forgotten {
            let forgotten = self.forgotten.entry(alias).or_default();
            *forgotten = number.max(*forgotten);
        }
        for (key, entry) in old.entries {
            if self.forgotten.get(&key.0).is_none_or(|forgotten| key.1 > *forgotten) {
                self.entries.entry(key).or_insert(entry);
            }
        }
        for (id, session) in old.sessions {
            self.sessions.entry(id).or_insert(session);
        }
    }

    fn write(&self, database: &mut Option<Database>, path: &Path) -> Result<(), redb::Error> {
        let database = match database {
            Some(database) => database,
            none => none.insert(builder().create(path)?),
        };
        let transaction = database.begin_write()?;
        {
            let mut entries = transaction.open_table(ENTRIES)?;
            for (alias, number) in &self.forgotten {
                entries.retain_in((alias.as_str(), 0)..=(alias.as_str(), *number), |_, _| false)?;
            }
            for ((alias, number), entry) in &self.entries {
                let Ok(json) = serde_json::to_vec(&**entry) else { continue };
                entries.insert((alias.as_str(), *number), (entry.key.as_str(), json.as_slice()))?;
            }
            let mut sessions = transaction.open_table(SESSIONS)?;
            for (id, session) in &self.sessions {
                match session.as_ref().and_then(|session| serde_json::to_vec(session).ok()) {
                    Some(json) => sessions.insert(id.as_str(), json.as_slice())?,
                    None => sessions.remove(id.as_str())?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Why a file could not be opened.
enum OpenError {
    /// It is not what this version writes.
    Damaged(String),
    Io(io::Error),
}

impl OpenError {
    fn into_io(self) -> io::Error {
        match self {
            Self::Damaged(why) => io::Error::other(why),
            Self::Io(error) => error,
        }
    }
}

impl From<redb::Error> for OpenError {
    fn from(error: redb::Error) -> Self {
        match error {
            // A file that ends too early is damage, whatever it is called.
            redb::Error::Io(error)
                if error.kind() != io::ErrorKind::UnexpectedEof && error.raw_os_error().is_some() =>
            {
                Self::Io(error)
            }
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens the file and reads all of it, so that damage shows here.
fn open(path: &Path) -> Result<(Database, Found), OpenError> {
    let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        let backend = FileBackend::new(file).map_err(redb::Error::from)?;
        let database = match builder().set_check_integrity_on_open(true).create_with_backend(backend) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                let text =
                    format!("another agent uses {}; stop it, or give this one another directory", path.display());
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, text).into());
            }
            Err(error) => return Err(redb::Error::from(error).into()),
        };
        let found = read(&database)?;
        Ok((database, found))
    }));
    outcome.unwrap_or_else(|_| Err(OpenError::Damaged("it makes no sense".into())))
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

fn read(database: &Database) -> Result<Found, redb::Error> {
    let mut found = Found::default();
    let transaction = database.begin_write()?;
    {
        // They are there from now on.
        transaction.open_table(ENTRIES)?;
        transaction.open_table(SESSIONS)?;
    }
    transaction.commit()?;
    let transaction = database.begin_read()?;
    let mut unreadable = 0;
    for row in transaction.open_table(ENTRIES)?.iter()? {
        let (place, content) = row?;
        let ((alias, _), (key, json)) = (place.value(), content.value());
        match serde_json::from_slice::<Entry>(json) {
            Ok(entry) => {
                let entry = Entry { key: key.to_owned(), ..entry };
                found.entries.entry(alias.to_owned()).or_default().push(entry);
            }
            Err(_) => unreadable += 1,
        }
    }
    for row in transaction.open_table(SESSIONS)?.iter()? {
        let (_, json) = row?;
        match serde_json::from_slice(json.value()) {
            Ok(session) => found.sessions.push(session),
            Err(_) => unreadable += 1,
        }
    }
    if unreadable > 0 {
        tracing::warn!(
            "{unreadable} things that were kept of the console are not understood by this version and left out"
        );
    }
    Ok(found)
}

/// Removes files that no entry speaks of: what the last agent did not come to.
fn sweep(dir: &Path, found: &Found) {
    let known: HashSet<&str> =
        found.entries.values().flatten().filter_map(|e| Some(e.file.as_ref()?.stored_as())).collect();
    for file in fs::read_dir(dir).into_iter().flatten().flatten() {
        if file.file_name().to_str().is_none_or(|name| !known.contains(name)) {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// An entry's place in its channel.
fn number(entry: &Entry) -> u64 {
    entry.id.parse().unwrap_or_default()
}
