//! Building with a command of the author's: what it left is found by name. It knows nothing of the command.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use botkube_plugin_host::index::Platform;
use tokio::process::Command;

use super::{BuildError, Built, DIST, checked, named, run};
use crate::artifact::Artifact;

/// Where programs are looked for, beside the folder itself.
pub(super) const FOLDERS: &[&str] = &[DIST, "target/debug", "bin", "build"];

/// What changes when a file is written anew: its number, its size, and when that was.
type State = (u64, u64, i64, i64);

pub(super) async fn build(
    dir: &Path,
    line: &str,
    said: &(dyn Fn(&str) + Send + Sync),
) -> Result<Vec<Built>, BuildError> {
    let before = candidates(dir);
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(dir);
    run(command, "it is a part of every system", said, None).await?;
    let after = candidates(dir);
    let fresh: Vec<&PathBuf> =
        after.iter().filter(|(path, state)| before.get(*path) != Some(*state)).map(|(path, _)| path).collect();
    // A command that found everything up to date made nothing, and what is there is what is meant.
    let programs = if fresh.is_empty() { after.keys().collect() } else { fresh };
    let mut built: Vec<Built> = Vec::new();
    for program in programs {
        let file = program.file_name().unwrap_or_default().to_string_lossy();
        let Some((kind, name)) = named(&file) else { continue };
        let (kind, name) = checked(kind, name, &file)?;
        let same = |other: &Built| (other.kind, &other.name) == (kind, &name) && equal(&other.program, program);
        if !built.iter().any(same) {
            built.push(Built { kind, name, program: program.clone() });
        }
    }
    if built.is_empty() {
        let looked = format!(
            "no executable file is called executor_NAME, executor-NAME or source-NAME in the folder itself or in {}; let the \
             command put one there",
            FOLDERS.join(", ")
        );
        return Err(BuildError::Nothing { dir: dir.to_owned(), looked });
    }
    Ok(built)
}

/// The executables called like plugins of this machine.
fn candidates(dir: &Path) -> BTreeMap<PathBuf, State> {
    let here = Platform::current();
    let folders = [dir.to_owned()].into_iter().chain(FOLDERS.iter().map(|folder| dir.join(folder)));
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let found = entries.filter_map(|entry| {
        let path = entry.path();
        named(&entry.file_name().to_string_lossy())?;
        if Artifact::parse(&path).is_ok_and(|artifact| artifact.archive.is_some() || artifact.platform != here) {
            return None;
        }
        let is = fs::metadata(&path).ok().filter(|is| is.is_file() && is.mode() & 0o111 != 0)?;
        Some((path, (is.ino(), is.size(), is.mtime(), is.mtime_nsec())))
    });
    found.collect()
}

/// Whether a program was merely copied.
fn equal(one: &Path, other: &Path) -> bool {
    let read = |path: &Path| fs::read(path).ok();
    read(one).is_some_and(|one| Some(one) == read(other))
}
