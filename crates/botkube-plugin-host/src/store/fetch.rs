//! One file of a plugin: fetched, checked, unpacked, looked at, and put in its place.
//! Must not know: indexes, or what else belongs to the plugin.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use botkube_config::model::PluginKey;
use reqwest::{
    Url,
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, task::spawn_blocking, time::timeout};

use super::{
    OnProgress, Progress, StoreConfig, StoreError,
    address::{self, Address, Packing, Place},
    archive::{self, Bounds, CancelOnDrop, Cancelled, UnpackError},
    checksum::{self, Checksum, Digests, Hasher},
    executable::{HEAD, Nature},
    files,
    http::{Failure, Http, Request},
    pick::{Wanted, pick},
    repository::Repository,
};
use crate::{
    bundle,
    index::Platform,
    lock::{Difference, LockedFile},
};

/// A file that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// For people.
    pub(super) what: String,
    /// Its name, unless it is the plugin itself.
    pub(super) dependency: Option<String>,
    pub(super) url: String,
    /// What the index says beside the address.
    pub(super) checksum: Option<String>,
    /// Tells whether the index says something new about it.
    pub(super) source: String,
    pub(super) wanted: Wanted,
    /// What the lock says it has to be, and the plugin's key.
    pub(super) locked: Option<(PluginKey, LockedFile)>,
}

/// What came of it.
pub(super) struct Fetched {
    pub(super) address: Address,
    /// The SHA-256 of the file as it came.
    pub(super) download: String,
    /// The SHA-256 of the program in it.
    pub(super) program: String,
    /// Where the file as it came is, if it was to be kept.
    pub(super) kept: Option<PathBuf>,
}

/// What it takes to get it.
pub(super) struct Job<'a> {
    pub(super) config: &'a StoreConfig,
    pub(super) http: &'a Http,
    pub(super) platform: &'a Platform,
    pub(super) repository: &'a Repository,
    pub(super) progress: OnProgress<'a>,
}

/// Why an attempt to fetch a file failed.
pub(super) enum Failed {
    Remote(Failure),
    Disk(io::Error),
}

/// So many bytes come between two reports.
const REPORT: u64 = 1 << 20;

impl Job<'_> {
    /// Puts the file at `target`. Nothing is left when the future is dropped before its end.
    pub(super) async fn run(&self, part: &Part, target: &Path) -> Result<Fetched, StoreError> {
        let disk = |error: io::Error| StoreError::files("write", target, &error);
        let workshop = Arc::new(files::workshop(target).map_err(disk)?);
        let (file, fetched) = self.fetch(part, target, &workshop, false).await?;
        // Not on another thread: what is dropped must not put a file in its place afterwards.
        files::place(&file, target).map_err(disk)?;
        Ok(fetched)
    }

    /// Fetches and checks the file, and leaves in the folder at most the file as it came.
    pub(super) async fn look(&self, part: &Part, folder: &Path, keep: bool) -> Result<Fetched, StoreError> {
        let target = folder.join("look");
        let workshop = files::workshop(&target).map_err(|error| StoreError::files("write", &target, &error))?;
        let (_, fetched) = self.fetch(part, &target, &Arc::new(workshop), keep).await?;
        Ok(fetched)
    }

    /// The file that is wanted, in the workshop of `target`.
    async fn fetch(
        &self,
        part: &Part,
        target: &Path,
        workshop: &Arc<TempDir>,
        keep: bool,
    ) -> Result<(PathBuf, Fetched), StoreError> {
        let (address, expected) = self.address(part)?;
        let shown = address.place.shown();
        if self.config.offline && matches!(address.place, Place::Web(_)) {
            return Err(StoreError::Offline { what: part.what.clone() });
        }
        let disk = |error: io::Error| StoreError::files("write", target, &error);
        let cancelled = Cancelled::default();
        let _cancel = CancelOnDrop(cancelled.clone());
        let download = workshop.path().join("download");

        let failed = |failed| match failed {
            Failed::Disk(error) => disk(error),
            Failed::Remote(failure) => {
                StoreError::Download { what: part.what.clone(), url: shown.clone(), why: failure.why }
            }
        };
        let hasher = || expected.as_ref().map_or_else(Hasher::sha256, Checksum::hasher);
        let found = match &address.place {
            Place::Web(url) => self.download(part, url, &download, hasher).await?.map_err(failed)?,
            Place::Local(path) => {
                let job = (path.clone(), download.clone(), hasher(), cancelled.clone(), Arc::clone(workshop));
                let (limit, bundle) = (self.config.limits.download_size, self.repository.bundle().map(Path::to_owned));
                let copied = spawn_blocking(move || {
                    let (path, download, hasher, cancelled, _workshop) = job;
                    match bundle {
                        None => copy(&path, &download, hasher, limit, &cancelled),
                        Some(bundle) => unbundle(&bundle, &path, &download, hasher, limit, &cancelled),
                    }
                });
                copied.await.map_err(|error| disk(io::Error::other(error)))?.map_err(failed)?
            }
        };
        if let Some(expected) = expected.filter(|expected| *expected != found.wanted) {
            return Err(StoreError::Checksum {
                what: part.what.clone(),
                url: shown,
                expected: expected.to_string(),
                found: found.wanted.to_string(),
            });
        }
        let locked = |found: &str,
                      of: fn(&LockedFile) -> &str,
                      difference: fn(String, String, String, String) -> Difference| {
            match &part.locked {
                Some((key, file)) if of(file) != found => Err(StoreError::Locked {
                    key: key.to_string(),
                    difference: Box::new(difference(part.what.clone(), shown.clone(), of(file).into(), found.into())),
                }),
                _ => Ok(()),
            }
        };
        locked(
            &found.sha256,
            |file| &file.sha256,
            |what, url, locked, found| Difference::Download { what, url, locked, found },
        )?;
        let kept = keep.then(|| target.with_file_name(&found.sha256));
        if let Some(kept) = &kept {
            // A copy: an unpacked file is looked at and sealed where it lies.
            let (from, to) = (download.clone(), kept.clone());
            let copied = spawn_blocking(move || fs::copy(from, to)).await;
            copied.map_err(io::Error::other).flatten().map_err(disk)?;
        }

        (self.progress)(Progress::Unpacking { what: part.what.clone() });
        let finish = Finish {
            packing: address.packing,
            inside: address.inside.clone(),
            wanted: part.wanted.clone(),
            platform: self.platform.clone(),
            bounds: Bounds { bytes: self.config.limits.unpacked_size, entries: self.config.limits.unpacked_entries },
            cancelled,
            workshop: Arc::clone(workshop),
        };
        let finished = spawn_blocking(move || finish.run(&download)).await;
        let finished = finished.map_err(|error| disk(io::Error::other(error)))?;
        let (file, sha256) = finished.map_err(|error| match error {
            UnpackError::Disk(error) => disk(error),
            UnpackError::Archive(why) => StoreError::Content { what: part.what.clone(), url: shown.clone(), why },
        })?;
        locked(&sha256, |file| &file.program, |what, _, locked, found| Difference::Program { what, locked, found })?;
        Ok((file, Fetched { address, download: found.sha256, program: sha256, kept }))
    }

    pub(super) fn address(&self, part: &Part) -> Result<(Address, Option<Checksum>), StoreError> {
        let wrong = |why| StoreError::Address { what: part.what.clone(), url: address::shown_text(&part.url), why };
        let address = Address::parse(&part.url, self.repository.base()).map_err(wrong)?;
        // Upstream: what stands beside the address replaces what stands in it.
        let beside = part.checksum.as_deref().map(Checksum::parse).transpose().map_err(wrong)?;
        let expected = beside.or_else(|| address.checksum.clone());
        Ok((address, expected))
    }

    /// The outer error is one of the configuration.
    pub(super) async fn download(
        &self,
        part: &Part,
        url: &Url,
        into: &Path,
        hasher: impl Fn() -> Hasher,
    ) -> Result<Result<Digests, Failed>, StoreError> {
        let confidential = self.repository.confidential(self.config)?;
        let request = Request {
            url,
            // A packed file is meant as it is.
            headers: HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]),
            confidential: confidential.as_ref().map(|(home, headers)| (*home, headers)),
            limit: self.config.limits.download_size,
        };
        let attempt = || async { self.stream(part, &request, into, hasher()).await };
        let failure = |failed: &Failed| match failed {
            Failed::Remote(failure) => Some(failure.clone()),
            Failed::Disk(_) => None,
        };
        let told = |failed: &Failed, pause: Duration| {
            if let Failed::Remote(failure) = failed {
                tracing::info!(?pause, "{} is asked for again: {}", part.what, failure.why);
            }
        };
        let time = self.config.limits.download_time;
        let all = timeout(time, self.http.retrying(attempt, failure, told)).await;
        Ok(all.unwrap_or_else(|_| Err(Failed::Remote(Failure::last(format!("it did not come within {time:?}"))))))
    }

    async fn stream(
        &self,
        part: &Part,
        request: &Request<'_>,
        into: &Path,
        mut hasher: Hasher,
    ) -> Result<Digests, Failed> {
        let answer = self.http.open(request).await.map_err(Failed::Remote)?;
        let unasked = || Failure::last("the server says that it did not change, and was not asked for that".into());
        let mut answer = answer.ok_or_else(unasked).map_err(Failed::Remote)?;
        // Opened here and not by the runtime's threads, which would go on after a drop.
        let mut file = tokio::fs::File::from_std(File::create(into).map_err(Failed::Disk)?);
        let (mut received, mut reported) = (0, None);
        while let Some(chunk) = answer.next().await.map_err(Failed::Remote)? {
            let chunk = chunk.as_ref();
            hasher.update(chunk);
            file.write_all(chunk).await.map_err(Failed::Disk)?;
            received += chunk.len() as u64;
            if reported.is_none_or(|reported| received - reported >= REPORT) {
                reported = Some(received);
                let total = answer.length;
                (self.progress)(Progress::Downloading { what: part.what.clone(), received, total });
            }
        }
        file.flush().await.map_err(Failed::Disk)?;
        Ok(hasher.finish())
    }
}

/// What is left to do when the bytes are there.
struct Finish {
    packing: Option<Packing>,
    inside: Option<String>,
    wanted: Wanted,
    platform: Platform,
    bounds: Bounds,
    cancelled: Cancelled,
    /// Where it is done; it stays as long as it is worked in.
    workshop: Arc<TempDir>,
}

impl Finish {
    /// The file that is wanted, ready to be put in its place, and its SHA-256.
    fn run(self, download: &Path) -> Result<(PathBuf, String), UnpackError> {
        let (file, nature) = match self.packing {
            None => (download.to_owned(), Nature::of(&head(download).map_err(UnpackError::Disk)?)),
            Some(packing) => {
                let into = self.workshop.path().join("unpacked");
                fs::create_dir(&into).map_err(UnpackError::Disk)?;
                let members = archive::unpack(download, packing, &into, self.bounds, &self.cancelled)?;
                // One packed file is meant, whatever it is called.
                let found = match (packing, members.as_slice()) {
                    (Packing::Gz, [only]) => only,
                    _ => pick(&members, self.inside.as_deref(), &self.wanted).map_err(UnpackError::Archive)?,
                };
                (found.stored.clone(), found.nature.clone())
            }
        };
        nature.runs_on(&self.platform).map_err(UnpackError::Archive)?;
        let sha256 = File::open(&file).and_then(checksum::sha256_of).map_err(UnpackError::Disk)?;
        files::seal(&file).map_err(UnpackError::Disk)?;
        Ok((file, sha256))
    }
}

pub(super) fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

pub(super) fn copy(
    path: &Path,
    into: &Path,
    hasher: Hasher,
    limit: u64,
    cancelled: &Cancelled,
) -> Result<Digests, Failed> {
    let unreadable = |error: io::Error| Failed::Remote(Failure::last(error.to_string()));
    let found = fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(Failed::Remote(Failure::last("it is no file".into())));
    }
    pour(File::open(path).map_err(unreadable)?, into, hasher, limit, cancelled)
}

/// As [`copy`], of a file in a bundle, whose name is written as a path below the bundle's.
fn unbundle(
    bundle: &Path,
    path: &Path,
    into: &Path,
    hasher: Hasher,
    limit: u64,
    cancelled: &Cancelled,
) -> Result<Digests, Failed> {
    let wrong = |why: String| Failed::Remote(Failure::last(why));
    let outside = || wrong("it is no file of the bundle; make the bundle anew with `botkube plugin bundle`".into());
    let name = path.strip_prefix(bundle).ok().and_then(Path::to_str).ok_or_else(outside)?;
    let mut poured = None;
    let read = bundle::read_file(bundle, name, |file| poured = Some(pour(file, into, hasher, limit, cancelled)));
    read.map_err(|error| wrong(error.to_string()))?;
    poured.unwrap_or_else(|| Err(outside()))
}

fn pour(
    mut from: impl Read,
    into: &Path,
    mut hasher: Hasher,
    limit: u64,
    cancelled: &Cancelled,
) -> Result<Digests, Failed> {
    let unreadable = |error: io::Error| Failed::Remote(Failure::last(error.to_string()));
    let mut to = File::create(into).map_err(Failed::Disk)?;
    let mut buffer = vec![0; 1 << 18];
    let mut copied = 0;
    loop {
        let read = from.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        copied += read as u64;
        if copied > limit {
            return Err(Failed::Remote(Failure::last(format!("it has more than {limit} bytes"))));
        }
        if cancelled.is_set() {
            return Err(Failed::Remote(Failure::last("nobody waits for it any more".into())));
        }
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read]).map_err(Failed::Disk)?;
    }
}
