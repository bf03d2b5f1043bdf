//! A bundle: the indexes of repositories and the files they name in one packed tar, for agents without a network.
//! Must not know: plugins that are installed.
//!
//! First comes the manifest, which has the SHA-256 of everything else; then an index for each repository, at
//! `REPOSITORY/index.yaml`, in which addresses are paths in the bundle; then the files as they were published.
//! Reading order: this module reads, `write` writes.

mod write;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use crate::index;

pub use write::{Packed, WriteError, write};

/// The manifest's name in a bundle.
const MANIFEST: &str = "botkube-bundle.json";

/// The only form there is.
const FORMAT: u32 = 1;

/// How the name of a bundle ends.
const ENDINGS: &[&str] = &[".tar.gz", ".tgz"];

/// Why nothing can be had from a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It cannot be opened.
    #[error("it cannot be read: {0}")]
    Open(io::Error),
    /// It is something else.
    #[error("it is no bundle ({0}); make one with `botkube plugin bundle`")]
    Foreign(String),
    /// It ends too early, or is damaged on its way.
    #[error("the bundle is cut short or damaged ({0}); copy it again, or make it anew with `botkube plugin bundle`")]
    Damaged(String),
    /// What it holds is not what its manifest says.
    #[error(
        "the bundle was tampered with: {0}; do not use it, find out where it was changed, and make it anew with \
         `botkube plugin bundle`"
    )]
    Tampered(String),
    /// It has nothing of that name.
    #[error("the bundle has no {what}; it has {}; make it anew with `botkube plugin bundle` for what is needed", there.join(", "))]
    Missing {
        /// What was looked for.
        what: String,
        /// What there is.
        there: Vec<String>,
    },
}

/// What a bundle holds.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    #[serde(rename = "botkubeBundle")]
    format: u32,
    /// By path in the bundle.
    files: BTreeMap<String, Content>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    size: u64,
    sha256: String,
}

/// Computes the digest of what is read.
struct Hashing<R> {
    inner: R,
    context: Context,
    read: u64,
}

/// Whether this is the name of a bundle and not of an index.
#[must_use]
pub(crate) fn is_bundle(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The index of a repository, once everything in the bundle has been found to be what its manifest says.
pub(crate) fn read_index(bundle: &Path, repository: &str) -> Result<Vec<u8>, BundleError> {
    let wanted = index_path(repository);
    let mut found = None;
    let files = each(bundle, |name, content, file| {
        let limit = if name == wanted { index::MAX_SIZE } else { u64::MAX };
        if content.size > limit {
            return Err(BundleError::Foreign(format!("`{name}` has more than {limit} bytes")));
        }
        if name == wanted {
            let mut text = Vec::new();
            file.read_to_end(&mut text).map_err(damaged)?;
            found = Some(text);
        }
        Ok(true)
    })?;
    found.ok_or_else(|| BundleError::Missing {
        what: format!("index of the repository `{repository}`"),
        there: files
            .keys()
            .filter_map(|path| path.strip_suffix("/index.yaml"))
            .map(|name| format!("`{name}`"))
            .collect(),
    })
}

/// Hands one file of the bundle to `take`; an error comes after that when it was not what the manifest says.
pub(crate) fn read_file(bundle: &Path, name: &str, take: impl FnOnce(&mut dyn Read)) -> Result<(), BundleError> {
    let mut take = Some(take);
    each(bundle, |path, _, file| {
        if path != name {
            return Ok(true);
        }
        if let Some(take) = take.take() {
            take(file);
        }
        Ok(false)
    })?;
    match take {
        None => Ok(()),
        Some(_) => Err(BundleError::Missing { what: format!("file `{name}`"), there: vec!["others".into()] }),
    }
}

/// Whether this is a whole bundle in which everything is what its manifest says.
///
/// # Errors
/// [`BundleError`], with what it is instead.
pub fn check(bundle: impl Read) -> Result<(), BundleError> {
    each_in(bundle, |_, _, _| Ok(true)).map(drop)
}

/// Shows each file to `see` and compares its content with the manifest; ends when `see` says `false`, after that file.
fn each(
    bundle: &Path,
    see: impl FnMut(&str, &Content, &mut dyn Read) -> Result<bool, BundleError>,
) -> Result<BTreeMap<String, Content>, BundleError> {
    each_in(File::open(bundle).map_err(BundleError::Open)?, see)
}

fn each_in(
    bundle: impl Read,
    mut see: impl FnMut(&str, &Content, &mut dyn Read) -> Result<bool, BundleError>,
) -> Result<BTreeMap<String, Content>, BundleError> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(BufReader::new(bundle)));
    // Raw: names and sizes as they stand in the headers, with nothing kept in memory that an archive asks for.
    let mut entries = archive.entries().map_err(damaged)?.raw(true);
    let foreign = |why: &str| BundleError::Foreign(why.to_owned());
    let mut first = match entries.next() {
        Some(Ok(first)) => first,
        Some(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damaged(error)),
        Some(Err(error)) => return Err(BundleError::Foreign(error.to_string())),
        None => return Err(foreign("it is empty")),
    };
    if first.path_bytes() != MANIFEST.as_bytes() {
        return Err(BundleError::Foreign(format!("it does not begin with `{MANIFEST}`")));
    }
    let mut text = Vec::new();
    if first.size() > index::MAX_SIZE {
        return Err(foreign("its manifest is too large"));
    }
    first.read_to_end(&mut text).map_err(damaged)?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| BundleError::Tampered(format!("its `{MANIFEST}` cannot be read ({error})")))?;
    if manifest.format != FORMAT {
        let why =
            format!("its form is {}, and this agent reads {FORMAT}; use an agent of its version", manifest.format);
        return Err(BundleError::Foreign(why));
    }
    let mut missing: Vec<&String> = manifest.files.keys().collect();
    for entry in entries {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let shown = name.escape_debug();
        let Some(content) = manifest.files.get(&name) else {
            return Err(BundleError::Tampered(format!("it holds `{shown}`, of which its manifest knows nothing")));
        };
        if !entry.header().entry_type().is_file() || entry.size() != content.size {
            return Err(BundleError::Tampered(format!("`{shown}` has another size than its manifest says")));
        }
        let mut file = Hashing { inner: &mut entry, context: Context::new(&SHA256), read: 0 };
        let go_on = see(&name, content, &mut file)?;
        io::copy(&mut file, &mut io::sink()).map_err(damaged)?;
        if file.read != content.size {
            return Err(BundleError::Damaged(format!("`{shown}` ends too early")));
        }
        if hex(file.context) != content.sha256 {
            return Err(BundleError::Tampered(format!("`{shown}` is not what its manifest says")));
        }
        missing.retain(|path| **path != name);
        if !go_on {
            return Ok(manifest.files);
        }
    }
    if let Some(path) = missing.first() {
        return Err(BundleError::Damaged(format!("`{}` is missing", path.escape_debug())));
    }
    // What checks the whole comes last.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(manifest.files)
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.context.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

fn index_path(repository: &str) -> String {
    format!("{repository}/index.yaml")
}

fn hex(context: Context) -> String {
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn damaged(error: io::Error) -> BundleError {
    BundleError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests;
