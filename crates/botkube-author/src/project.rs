//! What a folder with a plugin's sources is, and how it is built quickly for this machine. It must not know who wants that,
//! nor how a plugin is built for others.
//!
//! Reading order: [`Project`] · `cargo`, `go`, `own` the three ways it is built.

pub(crate) mod cargo;
pub(crate) mod go;
mod own;

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use botkube_plugin_host::index::PluginKind;
use tokio::process::Command;

use crate::tool::{self, Ended, Line};

/// A folder of ours in a project, which its version control is told to ignore.
const PRIVATE: &str = ".botkube";

/// Where `botkube plugin build` puts what it makes.
pub const DIST: &str = "plugin-dist";

/// A folder that can be built.
#[derive(Clone, Debug)]
pub struct Project {
    dir: PathBuf,
    language: Language,
}

/// How a project is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// With `cargo build`.
    Cargo,
    /// With `go build`.
    Go,
    /// With this command, said by `sh` in the folder.
    Command(String),
}

/// A plugin's program that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// What the plugin does.
    pub kind: PluginKind,
    /// Its name.
    pub name: String,
    /// Its executable, where the next build puts another one.
    pub program: PathBuf,
}

/// Why a folder is no project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// It cannot be looked into.
    #[error("{path}: cannot be opened as a folder: {error}; name the folder of a plugin's sources")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It holds nothing that can be built.
    #[error(
        "{path}: there is no plugin in it: neither Cargo.toml nor go.mod is there; make one with `botkube plugin new executor \
         NAME`, or say with --build how it is built"
    )]
    NoPlugin {
        /// The folder.
        path: PathBuf,
    },
}

/// Why a project was not built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A program that is needed is missing.
    #[error("{tool} is missing; install it and put it into PATH: {install}")]
    Tool {
        /// The program.
        tool: String,
        /// The command that installs it.
        install: String,
    },
    /// The tool says that it cannot be built.
    #[error("it does not build: `{command}` ended with {code}\n{output}")]
    Failed {
        /// What was run.
        command: String,
        /// The tool's own words.
        output: String,
        /// `exit status: 101`, or the signal that ended it.
        code: String,
    },
    /// It was built, and no plugin came of it.
    #[error("{dir}: it builds, and there is no plugin in what was built: {looked}")]
    Nothing {
        /// The project.
        dir: PathBuf,
        /// What was looked for, what is there instead, and what to do.
        looked: String,
    },
    /// Two programs are the same plugin.
    #[error(
        "{kind} {name} is there twice: {} and {}; give one another name",
        programs[0].display(), programs[1].display()
    )]
    Twice {
        /// What both do.
        kind: PluginKind,
        /// What both are called.
        name: String,
        /// The programs.
        programs: Box<[PathBuf; 2]>,
    },
    /// A plugin cannot be called so.
    #[error(
        "{program}: {name:?} cannot be a plugin's name, which has small letters, digits and `-` and begins with a letter; call \
         the program {example}"
    )]
    Name {
        /// The program.
        program: String,
        /// The name.
        name: String,
        /// How it could be called.
        example: String,
    },
    /// A file or a process cannot be had.
    #[error("cannot {doing}: {error}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why it cannot be done.
        error: io::Error,
    },
}

impl Project {
    /// What the folder is; `build` says otherwise, with a command for `sh`.
    ///
    /// # Errors
    /// When there is no such folder, or no plugin in it.
    pub fn find(dir: &Path, build: Option<&str>) -> Result<Self, ProjectError> {
        let folder = |error| ProjectError::Folder { path: dir.to_owned(), error };
        let found = dir.canonicalize().map_err(folder)?;
        let _ = found.read_dir().map_err(folder)?;
        let language = match build {
            Some(command) => Language::Command(command.to_owned()),
            None if found.join("Cargo.toml").is_file() => Language::Cargo,
            None if found.join("go.mod").is_file() => Language::Go,
            None => return Err(ProjectError::NoPlugin { path: dir.to_owned() }),
        };
        Ok(Self { dir: found, language })
    }

    /// The folder, absolute and without symbolic links.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How it is built.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// Builds for this machine and for speed. Every line that a tool prints is said, without colours. Dropping the future
    /// kills the tool and what it started. The programs are there until the next build, which may replace them.
    ///
    /// # Errors
    /// When a tool is missing, it does not build, no plugin comes of it, or two of one name.
    pub async fn build(&self, said: &(dyn Fn(&str) + Send + Sync)) -> Result<Vec<Built>, BuildError> {
        let built = match &self.language {
            Language::Cargo => cargo::build(&self.dir, said).await?,
            Language::Go => go::build(&self.dir, said).await?,
            Language::Command(line) => own::build(&self.dir, line, said).await?,
        };
        each_once(built)
    }

    /// Whether a change of this path asks for a new build. A relative path is one in the folder; an absolute one must be
    /// without symbolic links. What tools and editors leave, what `git` keeps and `botkube.yaml` do not ask for one.
    #[must_use]
    pub fn concerns(&self, path: &Path) -> bool {
        let inside = if path.is_absolute() { path.strip_prefix(&self.dir).ok() } else { Some(path) };
        let Some(inside) = inside.filter(|path| !path.as_os_str().is_empty()) else { return false };
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let (Some(first), Some(file)) = (parts.first(), parts.last()) else { return false };
        let hidden = |part: &str| part.starts_with('.') && part != ".cargo";
        let made = |first: &str| match &self.language {
            Language::Command(_) => own::FOLDERS.iter().any(|folder| folder.split('/').next() == Some(first)),
            Language::Cargo => first == "target",
            Language::Go => false,
        };
        let output = matches!(self.language, Language::Command(_)) && named(file).is_some();
        // What Cargo keeps elsewhere in the folder is marked as something that can be made again.
        let folders = || inside.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let cache = || folders().any(|folder| self.dir.join(folder).join("CACHEDIR.TAG").is_file());
        !(parts.iter().any(|part| hidden(part))
            || first == DIST
            || made(first)
            || output
            || *inside == *"botkube.yaml"
            || temporary(file)
            || cache())
    }
}

/// Whether an editor leaves files of this name for a moment.
fn temporary(file: &str) -> bool {
    let ends = ["~", ".swp", ".swx", ".tmp", ".bak", "___jb_tmp___", "___jb_old___"];
    // Vim asks with a file called 4913 whether it may write.
    file == "4913" || file.starts_with('#') || ends.iter().any(|end| file.ends_with(end))
}

/// What a program's name says: `executor-NAME`, `executor_NAME`, or with a platform after it.
pub(crate) fn named(program: &str) -> Option<(PluginKind, String)> {
    [PluginKind::Executor, PluginKind::Source].into_iter().find_map(|kind| {
        let rest = program.strip_prefix(kind.as_str())?;
        let name = rest.strip_prefix('-').or_else(|| rest.strip_prefix('_'))?;
        let parts: Vec<&str> = name.split('_').collect();
        let name = match parts[..] {
            [name, "linux" | "darwin" | "windows", _] => name,
            _ => name,
        };
        (!name.is_empty()).then(|| (kind, name.to_owned()))
    })
}

/// Checks what a plugin is called. With upstream's tools a name with `_` cannot be published (`contract-plugins §8.2`).
pub(crate) fn checked(kind: PluginKind, name: String, program: &str) -> Result<(PluginKind, String), BuildError> {
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if good {
        return Ok((kind, name));
    }
    let fitting = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mended: String = name.chars().map(fitting).collect();
    let mended = mended.trim_matches(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let mended = if mended.starts_with(|c: char| c.is_ascii_lowercase()) { mended } else { "mine" };
    Err(BuildError::Name { program: program.to_owned(), name, example: format!("{kind}-{mended}") })
}

/// Puts plugins into order and refuses two of one name.
pub(crate) fn each_once(built: Vec<Built>) -> Result<Vec<Built>, BuildError> {
    let mut all: BTreeMap<(PluginKind, String), Built> = BTreeMap::new();
    for one in built {
        if let Some(other) = all.insert((one.kind, one.name.clone()), one.clone()) {
            let programs = Box::new([other.program, one.program]);
            return Err(BuildError::Twice { kind: one.kind, name: one.name, programs });
        }
    }
    Ok(all.into_values().collect())
}

/// A folder of ours in the project, made with a note for version control to ignore it.
pub(crate) fn private(dir: &Path) -> Result<PathBuf, BuildError> {
    let private = dir.join(PRIVATE);
    let note = private.join(".gitignore");
    let made = std::fs::create_dir_all(&private).and_then(|()| match note.exists() {
        true => Ok(()),
        false => std::fs::write(note, "*\n"),
    });
    made.map_err(|error| BuildError::Io { doing: format!("make the folder {}", private.display()), error })?;
    Ok(private)
}

/// Runs a tool; one that is missing, or does not end well, is an error.
pub(crate) async fn run(
    command: Command,
    install: &str,
    said: Line<'_>,
    reads: Option<Line<'_>>,
) -> Result<String, BuildError> {
    let (line, program) = (Shown(&command).to_string(), command.as_std().get_program().to_string_lossy().into_owned());
    let folder = command.as_std().get_current_dir().map(Path::to_owned);
    match tool::run(command, said, reads).await {
        Ok(Ended { status, words }) if status.success() => Ok(words),
        Ok(Ended { status, words }) => {
            Err(BuildError::Failed { command: line, output: words.trim_end().to_owned(), code: status.to_string() })
        }
        Err(error) => Err(not_run(program, install, folder, error)),
    }
}

/// Runs a tool for what it prints on standard output.
pub(crate) async fn ask(mut command: Command, install: &str) -> Result<Vec<u8>, BuildError> {
    let (line, program) = (Shown(&command).to_string(), command.as_std().get_program().to_string_lossy().into_owned());
    let folder = command.as_std().get_current_dir().map(Path::to_owned);
    match command.stdin(Stdio::null()).kill_on_drop(true).output().await {
        Ok(said) if said.status.success() => Ok(said.stdout),
        Ok(said) => {
            let output = String::from_utf8_lossy(&said.stderr).trim_end().to_owned();
            Err(BuildError::Failed { command: line, output, code: said.status.to_string() })
        }
        Err(error) => Err(not_run(program, install, folder, error)),
    }
}

fn not_run(program: String, install: &str, folder: Option<PathBuf>, error: io::Error) -> BuildError {
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return BuildError::Io { doing: format!("build in {}, which is not there any more", folder.display()), error };
    }
    match error.kind() {
        io::ErrorKind::NotFound => BuildError::Tool { tool: program, install: install.to_owned() },
        _ => BuildError::Io { doing: format!("run {program}"), error },
    }
}

/// A command as it is typed, more or less.
struct Shown<'a>(&'a Command);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.0.as_std();
        f.write_str(&command.get_program().to_string_lossy())?;
        command.get_args().try_for_each(|arg| write!(f, " {}", arg.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests;
