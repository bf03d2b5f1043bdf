//! Folders of plugins that say of themselves what a test wants. It knows no test.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use botkube_author::publish::{self, Options, PublishError, Published};
use botkube_plugin_host::index::Platform;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where files are published to.
pub(crate) const BASE: &str = "https://example.org/v1";

/// A folder of built plugins.
pub(crate) struct Folder(TempDir);

/// `linux_amd64`, or whatever this machine is.
pub(crate) fn here() -> String {
    let Platform { os, architecture } = Platform::current();
    format!("{os}_{architecture}")
}

/// Enough for a plugin.
pub(crate) fn good() -> Value {
    json!({ "version": "1.0.0", "description": "Says what it is." })
}

/// The program of a plugin that says this of itself.
pub(crate) fn program(said: &Value) -> Vec<u8> {
    // The tests lie in `target/<profile>/deps`.
    let own = env::current_exe().unwrap();
    let mut program = fs::read(own.ancestors().nth(2).unwrap().join("examples/said")).unwrap();
    program.extend(format!("\n#said {said}").into_bytes());
    program
}

/// An archive of one file.
pub(crate) fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    archive.append_data(&mut header, name, content).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With one plugin for this machine that says this of itself.
    pub(crate) fn with(kind: &str, said: &Value) -> Self {
        let folder = Self::new();
        folder.add(&format!("{kind}_said_{}", here()), &program(said));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn add(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) async fn index(&self) -> Result<Published, PublishError> {
        self.index_with(&Options::new(BASE)).await
    }

    pub(crate) async fn index_with(&self, options: &Options) -> Result<Published, PublishError> {
        publish::index(self.path(), options, &|_| {}).await
    }
}
