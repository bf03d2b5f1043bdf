//! A repository with one index, and stores that use it. They know nothing of what is tested.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use botkube_config::{
    finding::Origin,
    model::{PluginKey, Repository},
};
use botkube_plugin_host::{
    index::{Platform, PluginKind},
    store::{Installed, Limits, Progress, RemoteIdentity, Store, StoreConfig, StoreError},
};
use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use crate::server::{Reply, Server};

/// A program that any platform runs.
pub(crate) const PROGRAM: &[u8] = b"#!/bin/sh\necho hello\n";

/// Its SHA-256.
pub(crate) const PROGRAM_SHA256: &str = "bfdeaeb08cffb6a36438bcd12dda25417e3cdd36f1e7e482a2849d539225288b";

/// The repository `corp` and an empty plugin store.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) cache: TempDir,
    pub(crate) config: StoreConfig,
}

impl World {
    /// Its index has these entries.
    pub(crate) async fn new(entries: &[String]) -> Self {
        let server = Server::start().await;
        server.set("/index.yaml", [Reply::Good(index(entries))]);
        let cache = tempfile::tempdir().unwrap();
        let config = config(cache.path(), &format!("{}/index.yaml", server.url));
        Self { server, cache, config }
    }

    /// One executor `echo` of version v1.0.0 at `/echo`, which is answered so.
    pub(crate) async fn with_echo(replies: impl IntoIterator<Item = Reply>) -> Self {
        let world = Self::new(&[]).await;
        world.server.set("/echo", replies);
        world.publish(&[entry("echo", "v1.0.0", &world.at("/echo"))]);
        world
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// From now on the index has these entries.
    pub(crate) fn publish(&self, entries: &[String]) {
        self.server.set("/index.yaml", [Reply::Good(index(entries))]);
    }

    /// A store as a new agent would have it.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.config.clone())
    }

    pub(crate) async fn install(&self, key: &str) -> Result<Installed, StoreError> {
        install(&self.store(), key).await
    }

    /// Where the store keeps what comes from `corp`.
    pub(crate) fn kept(&self, file: &str) -> PathBuf {
        self.cache.path().join("corp").join(file)
    }

    /// The names of all files below the store that are neither whole nor locks.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let mut found = Vec::new();
        names(self.cache.path(), &mut found);
        found.retain(|name| name.contains("downloading"));
        found
    }

    /// The installation fails, says all this, and leaves nothing behind.
    #[track_caller]
    pub(crate) fn check_refused(&self, result: Result<Installed, StoreError>, expected: &[&str]) {
        let error = result.expect_err("it should have been refused").to_string();
        for expected in expected {
            assert!(error.contains(expected), "`{expected}` is not in: {error}");
        }
        assert_eq!(self.unfinished(), Vec::<String>::new());
        assert!(!self.kept("executor_v1.0.0_echo").exists());
    }
}

pub(crate) fn config(cache: &Path, url: &str) -> StoreConfig {
    let origin = Origin::Default;
    let repository = Repository { url: url.into(), headers: BTreeMap::new(), origin };
    StoreConfig {
        cache_dir: cache.into(),
        repositories: BTreeMap::from([("corp".to_owned(), repository)]),
        index_max_age: Duration::from_secs(60 * 60),
        remote: RemoteIdentity::default(),
        offline: false,
        lock: None,
        limits: Limits {
            stall: Duration::from_secs(20),
            pause: Duration::from_millis(1),
            attempts: 3,
            ..Limits::default()
        },
    }
}

pub(crate) async fn install(store: &Store, key: &str) -> Result<Installed, StoreError> {
    let key: PluginKey = key.parse().unwrap();
    store.install(&key, PluginKind::Executor, &|_: Progress| {}).await
}

pub(crate) fn index(entries: &[String]) -> Vec<u8> {
    format!("entries:\n{}", entries.concat()).into_bytes()
}

/// An executor for this platform, with its address and possibly more keys of it.
pub(crate) fn entry(name: &str, version: &str, url: &str) -> String {
    let Platform { os, architecture } = Platform::current();
    format!(
        "- name: {name}\n  type: executor\n  version: {version}\n  urls:\n  - platform: {{os: {os}, architecture: \
         {architecture}}}\n    url: '{url}'\n"
    )
}

/// An executor with dependencies.
pub(crate) fn entry_with(name: &str, version: &str, url: &str, dependencies: &[(&str, &str)]) -> String {
    let mut entry = entry(name, version, url) + "    dependencies:\n";
    for (name, url) in dependencies {
        writeln!(entry, "      {name}: {{url: '{url}'}}").unwrap();
    }
    entry
}

/// A packed tar with these files, all marked as executable.
pub(crate) fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        // Written by hand: the library would refuse to write what archives must not hold.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A zip with these files, none of them marked.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn names(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        found.push(entry.file_name().to_string_lossy().into_owned());
        if entry.path().is_dir() {
            names(&entry.path(), found);
        }
    }
}
