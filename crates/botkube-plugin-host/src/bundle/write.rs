//! Writes a bundle of what keys mean, the same bytes for the same plugins.
//! Must not know: how a bundle is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use super::{Content, FORMAT, Hashing, MANIFEST, hex, index_path};
use crate::{
    index::{Entry, Platform, PluginKind},
    lock::Wanted,
    store::{CancelOnDrop, Cancelled, Examined, ExaminedFile, Progress, Store, StoreError, Survey},
};

/// What went into a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Packed {
    /// The plugin's key.
    pub key: String,
    /// What it does.
    pub kind: PluginKind,
    /// The version.
    pub version: String,
    /// The platforms.
    pub platforms: Vec<String>,
}

/// Why no bundle was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A plugin cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no room for it.
    #[error("there is no room left in `{}`, where the bundle is put together; make room there, or write it elsewhere", .0.display())]
    Full(PathBuf),
    /// It cannot be written.
    #[error("the bundle `{}` cannot be written: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Its name would not be known again.
    #[error("a bundle's name ends with .tar.gz or .tgz, by which it is told from an index, and `{}` does not", .0.display())]
    Name(PathBuf),
}

/// A file that goes into the bundle.
enum Source {
    Text(Vec<u8>),
    File(PathBuf),
}

/// Reads until nobody waits for it any more.
struct Watched<'a, R> {
    inner: R,
    cancelled: &'a Cancelled,
}

/// Packs what these keys mean for these platforms: the version in the store's lock if it has one, else what repositories say
/// now. The file is there when all of it is written.
///
/// # Errors
/// [`WriteError`]; nothing is left behind then.
pub async fn write(
    store: &Store,
    wanted: impl IntoIterator<Item = Wanted>,
    platforms: &[Platform],
    file: &Path,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(Vec<Packed>, Vec<String>), WriteError> {
    if !super::is_bundle(file) {
        return Err(WriteError::Name(file.to_owned()));
    }
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: io::Error| WriteError::of(file, parent, error);
    // Beside the bundle, where there has to be room for all of it anyway.
    let folder = tempfile::Builder::new().prefix(".bundle-").tempdir_in(parent).map_err(failed)?;
    let mut survey = Survey::new(store, folder.path(), true, progress);
    let (mut sources, mut packed, mut warnings) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    let mut indexes: BTreeMap<String, BTreeMap<(PluginKind, String, String), Value>> = BTreeMap::new();
    for Wanted { key, kind } in wanted.into_iter().collect::<BTreeSet<_>>() {
        let full = |error| match error {
            StoreError::NoRoom(_) => WriteError::Full(parent.to_owned()),
            other => WriteError::Store(other),
        };
        let (entry, doubt) = survey.entry(&key, kind, None).await.map_err(full)?;
        warnings.extend(doubt);
        let mut urls = Vec::new();
        for platform in platforms {
            let examined = survey.examine(&key, kind, &entry, platform).await.map_err(full)?;
            urls.push(download(&entry, platform, examined, &mut sources));
        }
        packed.push(Packed {
            key: key.to_string(),
            kind,
            version: entry.version.clone(),
            platforms: platforms.iter().map(ToString::to_string).collect(),
        });
        let id = (kind, entry.name.clone(), entry.version.clone());
        indexes.entry(key.repository).or_default().insert(id, in_index(&entry, urls));
    }
    for (repository, entries) in indexes {
        let entries: Vec<Value> = entries.into_values().collect();
        // JSON is YAML.
        let text = format!("{:#}\n", json!({ "entries": entries }));
        sources.insert(index_path(&repository), Source::Text(text.into_bytes()));
    }
    let cancelled = Cancelled::default();
    let _cancel = CancelOnDrop(cancelled.clone());
    let (inside, beside) = (folder, parent.to_owned());
    let made = spawn_blocking(move || {
        let mut file = NamedTempFile::with_prefix_in(".bundle-", &beside)?;
        pack(&sources, BufWriter::new(file.as_file_mut()), &cancelled)?;
        drop(inside);
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.as_file().sync_all()?;
        Ok(file)
    });
    // Not on another thread: what was called off must not put a bundle in its place afterwards.
    let placed = made.await.map_err(io::Error::other).flatten();
    let placed = placed.and_then(|made: NamedTempFile| made.persist(file).map_err(|error| error.error));
    placed.map_err(failed)?;
    Ok((packed, warnings.into_iter().collect()))
}

/// What an index says of one platform, with addresses in the bundle; the files are noted.
fn download(entry: &Entry, platform: &Platform, examined: Examined, sources: &mut BTreeMap<String, Source>) -> Value {
    let mut put = |file: ExaminedFile| {
        let path = format!("files/{}/{}", &file.sha256[..16], harmless(&file.name));
        let inside = file.inside.map(|inside| format!("//{inside}")).unwrap_or_default();
        let url = format!("{path}{inside}?archive={}&checksum=sha256:{}", file.packing, file.sha256);
        if let Some(kept) = file.kept {
            sources.insert(path, Source::File(kept));
        }
        (url, file.sha256)
    };
    let (url, sha256) = put(examined.program);
    let checksum = entry.download(platform).and_then(|download| download.checksum.clone());
    let dependencies = examined.dependencies.into_iter().map(|(name, file)| (name, json!({ "url": put(file).0 })));
    let dependencies: serde_json::Map<String, Value> = dependencies.collect();
    let mut download = json!({
        "platform": { "os": platform.os, "architecture": platform.architecture },
        "url": url,
        // The published one, of whichever type.
        "checksum": checksum.unwrap_or(sha256),
    });
    if !dependencies.is_empty() {
        download["dependencies"] = Value::Object(dependencies);
    }
    download
}

fn in_index(entry: &Entry, urls: Vec<Value>) -> Value {
    let mut value = json!({
        "name": entry.name,
        "type": entry.kind,
        "description": entry.description,
        "version": entry.version,
        "recommended": entry.recommended,
        "urls": urls,
    });
    if let Some(url) = &entry.documentation_url {
        value["documentationUrl"] = url.as_str().into();
    }
    if let Some(version) = &entry.minimum_agent_version {
        value["minimumAgentVersion"] = version.as_str().into();
    }
    value
}

/// A name that means nothing in an address, and is short enough for a tar's header; its end tells most.
fn harmless(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect();
    let name = &name[name.len().saturating_sub(64)..];
    if name.trim_matches('.').is_empty() { "file".into() } else { name.to_owned() }
}

fn pack(sources: &BTreeMap<String, Source>, out: impl Write, cancelled: &Cancelled) -> io::Result<()> {
    let mut files = BTreeMap::new();
    for (path, source) in sources {
        files.insert(path.clone(), source.content(cancelled)?);
    }
    let manifest = super::Manifest { format: FORMAT, files };
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
    let mut put = |path: &str, size: u64, from: &mut dyn Read| {
        let mut header = tar::Header::new_ustar();
        header.set_path(path)?;
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        tar.append(&header, from)
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?;
    put(MANIFEST, text.len() as u64, &mut text.as_slice())?;
    // Indexes first: they are wanted most often.
    let (indexes, others): (Vec<_>, Vec<_>) = sources.iter().partition(|(_, source)| matches!(source, Source::Text(_)));
    for (path, source) in indexes.into_iter().chain(others) {
        put(path, manifest.files[path].size, &mut Watched { inner: source.open()?, cancelled })?;
    }
    tar.into_inner()?.finish()?.flush()
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancelled.is_set() {
            return Err(io::Error::other("nobody waits for it any more"));
        }
        self.inner.read(buffer)
    }
}

impl Source {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Text(text) => Box::new(text.as_slice()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }

    fn content(&self, cancelled: &Cancelled) -> io::Result<Content> {
        let inner = Watched { inner: self.open()?, cancelled };
        let mut file = Hashing { inner, context: Context::new(&SHA256), read: 0 };
        let size = io::copy(&mut file, &mut io::sink())?;
        Ok(Content { size, sha256: hex(file.context) })
    }
}

impl WriteError {
    fn of(file: &Path, parent: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(parent.to_owned()),
            _ => Self::Write { path: file.to_owned(), error },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_ends_when_nobody_waits_for_it() {
        let sources = BTreeMap::from([("a".to_owned(), Source::Text(b"text".to_vec()))]);
        let cancelled = Cancelled::default();
        drop(CancelOnDrop(cancelled.clone()));
        assert!(pack(&sources, io::sink(), &cancelled).unwrap_err().to_string().contains("nobody waits"));
        assert!(pack(&sources, io::sink(), &Cancelled::default()).is_ok());
    }

    #[test]
    fn the_lowest_agent_stays_in_the_index() {
        let text = "entries:\n- {name: a, type: executor, version: 1.0.0, minimumAgentVersion: 0.1.0, urls: [{url: u, \
                    platform: {os: linux, architecture: amd64}}]}\n";
        let entry = crate::index::Index::parse(text).unwrap().entries.remove(0);
        assert_eq!(in_index(&entry, Vec::new())["minimumAgentVersion"], "0.1.0");
    }
}
