//! A project's plugins for every platform, from one machine: the same bytes on every run and from every directory. It must not
//! know what becomes of the files.
//!
//! Reading order: [`build`] · `rust`, `go` how each is built for another platform · `archive` how it is packed.

mod archive;
mod go;
mod rust;

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use botkube_plugin_host::index::Platform;

use crate::{
    artifact::Artifact,
    project::{BuildError, Built, DIST, Language, Project, each_once},
    tool::Line,
};

pub use archive::archive;

/// The platforms that plugins are built for: those in which upstream's are published (`contract-plugins §8.1`).
pub const PLATFORMS: [(&str, &str); 4] =
    [("linux", "amd64"), ("linux", "arm64"), ("darwin", "amd64"), ("darwin", "arm64")];

/// The suffix of an archive.
const TAR_GZ: &str = "tar.gz";

/// What is built, and where it goes.
#[derive(Clone, Debug)]
pub struct Options {
    /// For which platforms, as [`platforms`] gives them.
    pub platforms: Vec<Platform>,
    /// Whether every program is packed into an archive, too. The program stays beside it: it is asked what it is when an index
    /// is written.
    pub archive: bool,
    /// The folder; `plugin-dist` in the project by default.
    pub out: Option<PathBuf>,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A platform's turn has come.
    Began(&'a Platform),
    /// A tool says something.
    Said(&'a Platform, &'a str),
    /// A platform is done.
    Done(&'a Platform, Duration),
}

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What its name says.
    pub artifact: Artifact,
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// The SHA-256 of it, in small hexadecimal digits.
    pub sha256: String,
}

/// Why a project was not built for its platforms.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A platform nobody builds for.
    #[error("{given:?} is no platform that plugins are built for; those are {}", known().join(", "))]
    Platform {
        /// What was given.
        given: String,
    },
    /// It is built with a command, which says nothing of platforms.
    #[error(
        "how a project with a command of its own is built for other platforms is not known; build it, and name the files {DIST}/executor_NAME_OS_ARCH"
    )]
    Own,
    /// Tools that are needed are missing; nothing was built.
    #[error("nothing was built, since something is missing: {}; install it with{}", names(.0), commands(.0))]
    Missing(Vec<Missing>),
    /// It was not built for a platform.
    #[error("{platform}: {error}")]
    Build {
        /// The platform.
        platform: Platform,
        /// Why.
        error: Box<BuildError>,
    },
    /// A tool does not say how things are.
    #[error("{0}")]
    Ask(Box<BuildError>),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Something that must be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What is missing, and for which platforms.
    pub what: String,
    /// The command that installs it.
    pub install: String,
}

fn known() -> Vec<String> {
    PLATFORMS.iter().map(|(os, architecture)| format!("{os}/{architecture}")).collect()
}

fn names(missing: &[Missing]) -> String {
    missing.iter().map(|missing| missing.what.as_str()).collect::<Vec<_>>().join("; ")
}

fn commands(missing: &[Missing]) -> String {
    let mut commands: Vec<&str> = missing.iter().map(|missing| missing.install.as_str()).collect();
    commands.dedup();
    commands.iter().map(|command| format!("\n  {command}")).collect()
}

/// The platforms that are meant: those given, each once, or all.
///
/// # Errors
/// When one is none that plugins are built for.
pub fn platforms(given: &[String]) -> Result<Vec<Platform>, Error> {
    let platform =
        |(os, architecture): &(&str, &str)| Platform { os: (*os).into(), architecture: (*architecture).into() };
    let all = PLATFORMS.iter().map(platform);
    if let Some(wrong) = given.iter().find(|given| !known().contains(given)) {
        return Err(Error::Platform { given: wrong.clone() });
    }
    Ok(all.filter(|platform| given.is_empty() || given.contains(&platform.to_string())).collect())
}

/// Builds every plugin of a project for the platforms, one platform after the other, since a compiler uses the whole machine.
/// What is told as it goes on is for people. Dropping the future kills the tools.
///
/// # Errors
/// When a tool is missing (then nothing is built), it does not build, or a file cannot be written. What was built for
/// platforms before stays.
pub async fn build(
    project: &Project,
    options: &Options,
    progress: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Vec<Made>, Error> {
    let out = options.out.clone().unwrap_or_else(|| project.dir().join(DIST));
    let aside = tempfile::tempdir().map_err(file(&std::env::temp_dir()))?;
    let builder = match project.language() {
        Language::Cargo => {
            Builder::Rust(rust::Builder::prepare(project.dir(), &options.platforms, aside.path()).await?)
        }
        Language::Go => Builder::Go(go::Builder::prepare(project.dir(), aside.path()).await?),
        Language::Command(_) => return Err(Error::Own),
    };
    fs::create_dir_all(&out).map_err(file(&out))?;
    let mut made = Vec::new();
    for platform in &options.platforms {
        let began = Instant::now();
        progress(Progress::Began(platform));
        let said = |line: &str| progress(Progress::Said(platform, line));
        let built = builder.build(platform, &said).await;
        for plugin in built.map_err(|error| Error::Build { platform: platform.clone(), error: Box::new(error) })? {
            made.extend(publish(&plugin, platform, options.archive, &out)?);
        }
        progress(Progress::Done(platform, began.elapsed()));
    }
    Ok(made)
}

/// How a project is built for another platform.
enum Builder {
    Rust(rust::Builder),
    Go(go::Builder),
}

impl Builder {
    async fn build(&self, platform: &Platform, said: Line<'_>) -> Result<Vec<Built>, BuildError> {
        each_once(match self {
            Self::Rust(rust) => rust.build(platform, said).await?,
            Self::Go(go) => go.build(platform, said).await?,
        })
    }
}

/// Puts a program, and its archive if there is to be one, where they are published from.
fn publish(plugin: &Built, platform: &Platform, packed: bool, out: &Path) -> Result<Vec<Made>, Error> {
    let of = |archive: Option<&str>| Artifact {
        kind: plugin.kind,
        name: plugin.name.clone(),
        platform: platform.clone(),
        archive: archive.map(ToOwned::to_owned),
    };
    let program = fs::read(&plugin.program).map_err(file(&plugin.program))?;
    let mut made = vec![write(of(None), &program, out)?];
    let archived = of(Some(TAR_GZ));
    if packed {
        made.push(write(archived, &archive(&program, &format!("{}_{}", plugin.kind, plugin.name)), out)?);
    } else {
        // One of a former build would be published with this one's metadata.
        let stale = out.join(archived.to_string());
        match fs::remove_file(&stale) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(&stale)(error)),
            _ => {}
        }
    }
    Ok(made)
}

/// Writes a file whole or not at all: the former one may be in use.
fn write(artifact: Artifact, content: &[u8], out: &Path) -> Result<Made, Error> {
    let path = out.join(artifact.to_string());
    let mode = if artifact.archive.is_some() { 0o644 } else { 0o755 };
    let written = || {
        let mut fresh = tempfile::Builder::new().prefix(".").tempfile_in(out)?;
        io::Write::write_all(&mut fresh, content)?;
        fresh.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        fresh.persist(&path).map_err(|error| error.error)
    };
    written().map_err(file(&path))?;
    let digest = digest::digest(&digest::SHA256, content);
    let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Made { artifact, path, size: content.len() as u64, sha256 })
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::File { path, error }
}

#[cfg(test)]
mod tests;
