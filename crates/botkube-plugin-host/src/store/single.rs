//! One file on its own, for tools that look at plugins: fetched, unpacked and judged as the store does it, and kept nowhere.
//! Must not know: keys, configurations, or what the file is wanted for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use botkube_config::{
    finding::Origin,
    model::{PluginKey, Repository as Settings},
};
use tokio::task::spawn_blocking;

use super::{
    Limits, OnProgress, RemoteIdentity, Store, StoreConfig, StoreError,
    address::{Address, Place},
    archive::{self, Bounds, Cancelled, UnpackError},
    checksum::{self, Checksum, Digests, Hasher},
    executable::Nature,
    fetch::{Failed, Job, Part, copy, head},
    http::Http,
    pick::{Wanted, pick},
    repository::Repository,
};
use crate::index::{Entry, Platform, PluginKind};

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Where it is now.
    pub path: PathBuf,
    /// In 64 hexadecimal digits.
    pub sha256: String,
    /// What of an archive is meant, as its address says.
    pub inside: Option<String>,
    /// The last part of its address, which tells how it is packed.
    pub name: String,
}

/// The program that is meant by a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is now.
    pub path: PathBuf,
    /// Its place in the archive, if it came in one.
    pub member: Option<String>,
}

impl Store {
    /// What its repository's index says about a plugin, of which nothing is fetched.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such plugin, or not for this platform.
    pub async fn entry(
        &self,
        key: &PluginKey,
        kind: PluginKind,
        progress: OnProgress<'_>,
    ) -> Result<Entry, StoreError> {
        Ok(self.shared.resolve(key, kind, progress).await?.entry)
    }
}

/// Whether an index on the web may have this address (`contract-plugins §6.9`), and why not.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn check_address(url: &str) -> Result<(), String> {
    Address::parse(url, None).map(drop)
}

/// The SHA-256 of a file, in 64 hexadecimal digits.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(file: &Path) -> std::io::Result<String> {
    checksum::sha256_of(fs::File::open(file)?)
}

/// Whether a file is a program for a platform; a script is one for all.
///
/// # Errors
/// What it is instead, such as `it is a text`, or what the system says.
pub fn check_program(file: &Path, platform: &Platform) -> Result<(), String> {
    Nature::of(&head(file).map_err(|error| error.to_string())?).is_for(platform)
}

/// Fetches a file into a folder; `what` is its name for people. A checksum in the address is checked.
///
/// # Errors
/// [`StoreError`] when it cannot be had, or its address is none.
pub async fn download(what: &str, url: &str, into: &Path, progress: OnProgress<'_>) -> Result<Arrived, StoreError> {
    let limits = Limits::default();
    let config = StoreConfig {
        lock: None,
        cache_dir: into.to_owned(),
        repositories: BTreeMap::new(),
        index_max_age: Duration::ZERO,
        remote: RemoteIdentity::default(),
        offline: false,
        limits,
    };
    // Whoever names a file on this machine may have it.
    let settings = Settings {
        url: into.join("index.yaml").display().to_string(),
        headers: BTreeMap::new(),
        origin: Origin::Default,
    };
    let repository = Repository::new("", &settings, into);
    let platform = Platform::current();
    let http = Http::new(limits);
    let job = Job { config: &config, http: &http, platform: &platform, repository: &repository, progress };
    let part = Part {
        what: what.to_owned(),
        dependency: None,
        url: url.to_owned(),
        checksum: None,
        source: String::new(),
        wanted: Wanted { names: Vec::new(), any_program: false },
        locked: None,
    };
    let path = into.join("download");
    let (address, expected) = job.address(&part)?;
    let shown = address.place.shown();
    let failed = |failed| match failed {
        Failed::Disk(error) => StoreError::files("write", &path, &error),
        Failed::Remote(failure) => StoreError::Download { what: what.into(), url: shown.clone(), why: failure.why },
    };
    let hasher = || expected.as_ref().map_or_else(Hasher::sha256, Checksum::hasher);
    let read = |error: std::io::Error| StoreError::files("read", &path, &error);
    let found = match &address.place {
        Place::Web(url) => job.download(&part, url, &path, hasher).await?.map_err(failed)?,
        Place::Local(from) => {
            let (from, to, hasher) = (from.clone(), path.clone(), hasher());
            let copied = spawn_blocking(move || copy(&from, &to, hasher, limits.download_size, &Cancelled::default()));
            copied.await.map_err(|error| read(std::io::Error::other(error)))?.map_err(failed)?
        }
    };
    let Digests { wanted, sha256 } = found;
    if let Some(expected) = expected.filter(|expected| *expected != wanted) {
        let (expected, found) = (expected.to_string(), wanted.to_string());
        return Err(StoreError::Checksum { what: what.into(), url: shown, expected, found });
    }
    let name = match &address.place {
        Place::Web(url) => url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default().to_owned(),
        Place::Local(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let name = address.packing.map_or(name.clone(), |packing| format!("{name}.{}", packing.name()));
    Ok(Arrived { path, sha256, inside: address.inside, name })
}

/// The program a file means: itself, or the one of an archive, which is laid into the folder `into`. What its `name` ends
/// with tells how it is packed; `names` are what the program may be called, the likeliest
/// first, and the only program there is may be called otherwise if `any_program`.
///
/// # Errors
/// Why there is none, and what there is.
pub fn unpack(
    file: &Path,
    name: &str,
    inside: Option<&str>,
    names: &[String],
    any_program: bool,
    into: &Path,
) -> Result<Program, String> {
    let Some(packing) = Address::parse(&format!("./{name}"), Some(Path::new("")))?.packing else {
        return Ok(Program { path: file.to_owned(), member: None });
    };
    let limits = Limits::default();
    let bounds = Bounds { bytes: limits.unpacked_size, entries: limits.unpacked_entries };
    let members = archive::unpack(file, packing, into, bounds, &Cancelled::default()).map_err(|error| match error {
        UnpackError::Archive(why) => why,
        UnpackError::Disk(error) => format!("it cannot be unpacked: {error}"),
    })?;
    let wanted = Wanted { names: names.to_vec(), any_program };
    let found = match members.as_slice() {
        [only] if only.path.is_empty() => only,
        members => pick(members, inside, &wanted)?,
    };
    super::files::seal(&found.stored).map_err(|error| format!("it cannot be unpacked: {error}"))?;
    Ok(Program { path: found.stored.clone(), member: Some(found.path.clone()) })
}
