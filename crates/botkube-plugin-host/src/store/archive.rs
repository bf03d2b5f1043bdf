//! Unpacks archives into files with names of our own, so that no name in an archive ever reaches the disk, and within bounds.
//! Must not know: which of the files is wanted.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use flate2::read::MultiGzDecoder;

use super::{
    address::Packing,
    executable::{HEAD, Nature},
};

/// A file that was in an archive.
#[derive(Debug)]
pub(super) struct Member {
    /// Its path there, with single slashes and none in front.
    pub(super) path: String,
    /// Whether the archive marks it as executable.
    pub(super) marked: bool,
    pub(super) nature: Nature,
    /// Where it lies now.
    pub(super) stored: PathBuf,
}

/// How much an archive may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: u64,
    pub(super) entries: usize,
}

/// Tells work on another thread that nobody waits for it any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancelled(Arc<AtomicBool>);

/// Cancels when it is dropped.
pub(crate) struct CancelOnDrop(pub(crate) Cancelled);

/// Why an archive was not unpacked.
#[derive(Debug)]
pub(super) enum UnpackError {
    /// What is wrong with it.
    Archive(String),
    /// A file of ours cannot be written.
    Disk(io::Error),
}

/// Passes on so many bytes and no more, and none once cancelled.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<u64>>,
    cancelled: Cancelled,
}

/// Where the files go, and what of the bounds is left.
struct Output<'a> {
    into: &'a Path,
    bounds: Bounds,
    bytes: u64,
    members: Vec<Member>,
}

/// What may come between two files of a tar: headers, long names and padding. Some of it is kept in memory.
const BETWEEN: u64 = 1 << 20;

/// The list of files of a zip, which is kept in memory: far more than ten thousand of them need.
const DIRECTORY: u64 = 8 << 20;

/// Unpacks the archive `file` into the folder `into`, which is empty.
pub(super) fn unpack(
    file: &Path,
    packing: Packing,
    into: &Path,
    bounds: Bounds,
    cancelled: &Cancelled,
) -> Result<Vec<Member>, UnpackError> {
    let file = File::open(file).map_err(UnpackError::Disk)?;
    let mut output = Output { into, bounds, bytes: bounds.bytes, members: Vec::new() };
    match packing {
        Packing::Tar => tar(BufReader::new(file), cancelled, &mut output)?,
        Packing::TarGz => tar(MultiGzDecoder::new(BufReader::new(file)), cancelled, &mut output)?,
        Packing::Zip => zip(file, cancelled, &mut output)?,
        Packing::Gz => {
            let left = Rc::new(Cell::new(u64::MAX));
            let mut file =
                Metered { inner: MultiGzDecoder::new(BufReader::new(file)), left, cancelled: cancelled.clone() };
            output.store("", true, &mut file)?;
        }
    }
    Ok(output.members)
}

impl Cancelled {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancelled.is_set() {
            return Err(io::Error::other("nobody waits for it any more"));
        }
        let left = self.left.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "its headers are too large"));
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..length])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn tar(reader: impl Read, cancelled: &Cancelled, output: &mut Output<'_>) -> Result<(), UnpackError> {
    let left = Rc::new(Cell::new(BETWEEN));
    let mut archive =
        tar::Archive::new(Metered { inner: reader, left: Rc::clone(&left), cancelled: cancelled.clone() });
    let mut entries = archive.entries().map_err(damaged)?;
    loop {
        left.set(BETWEEN);
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(damaged)?;
        let path = output.path(&String::from_utf8_lossy(&entry.path_bytes()))?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        if !kind.is_file() && !kind.is_contiguous() {
            return Err(special(&path, kind.is_symlink() || kind.is_hard_link()));
        }
        let marked = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        left.set(u64::MAX);
        output.store(&path, marked, &mut entry)?;
    }
    // What checks the whole comes last.
    let mut rest = archive.into_inner();
    left.set(BETWEEN);
    match io::copy(&mut rest, &mut io::sink()) {
        Err(error) if error.kind() != io::ErrorKind::FileTooLarge => Err(damaged(error)),
        _ => Ok(()),
    }
}

fn zip(file: File, cancelled: &Cancelled, output: &mut Output<'_>) -> Result<(), UnpackError> {
    let left = Rc::new(Cell::new(DIRECTORY));
    let file = Metered { inner: file, left: Rc::clone(&left), cancelled: cancelled.clone() };
    let mut archive = zip::ZipArchive::new(file).map_err(|error| damaged(error.into()))?;
    left.set(u64::MAX);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| damaged(error.into()))?;
        let path = output.path(&String::from_utf8_lossy(entry.name_raw()))?;
        if entry.is_dir() {
            continue;
        }
        // The kind of file in the mode: none said, or a regular one.
        let mode = entry.unix_mode();
        if mode.is_some_and(|mode| !matches!(mode & 0o170_000, 0 | 0o100_000)) {
            return Err(special(&path, entry.is_symlink()));
        }
        output.store(&path, mode.is_some_and(|mode| mode & 0o111 != 0), &mut entry)?;
    }
    Ok(())
}

impl Output<'_> {
    /// A path as [`Member`] has it, or why it is none.
    fn path(&mut self, path: &str) -> Result<String, UnpackError> {
        if self.bounds.entries == 0 {
            return Err(UnpackError::Archive("it holds more files than a plugin's archive may".into()));
        }
        self.bounds.entries -= 1;
        if path.starts_with('/') || path.split('/').any(|part| part == "..") || path.contains('\0') {
            let path: String = path.chars().take(200).collect();
            return Err(UnpackError::Archive(format!("its file `{}` leads out of the archive", path.escape_debug())));
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        Ok(parts.join("/"))
    }

    fn store(&mut self, path: &str, marked: bool, content: &mut impl Read) -> Result<(), UnpackError> {
        // As a file that is unpacked again replaces the one before.
        self.members.retain(|member| member.path != path);
        let stored = self.into.join(self.bounds.entries.to_string());
        let mut file = File::create_new(&stored).map_err(UnpackError::Disk)?;
        let mut head = Vec::with_capacity(HEAD);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(damaged(error)),
            };
            let Some(left) = self.bytes.checked_sub(read as u64) else {
                let said = format!("unpacked it has more than {} bytes", self.bounds.bytes);
                return Err(UnpackError::Archive(said));
            };
            self.bytes = left;
            head.extend(&buffer[..read.min(HEAD - head.len())]);
            file.write_all(&buffer[..read]).map_err(UnpackError::Disk)?;
        }
        self.members.push(Member { path: path.into(), marked, nature: Nature::of(&head), stored });
        Ok(())
    }
}

fn special(path: &str, link: bool) -> UnpackError {
    let what = if link { "a link" } else { "a device or another special file" };
    UnpackError::Archive(format!("its `{}` is {what}, which is never unpacked", path.escape_debug()))
}

fn damaged(error: io::Error) -> UnpackError {
    UnpackError::Archive(format!("it is cut off or damaged ({error})"))
}
