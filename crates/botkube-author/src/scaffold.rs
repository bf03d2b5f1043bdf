//! A new project: a small plugin that builds, is tested and answers. It runs no tool but Cargo, for the versions of crates.
//!
//! The files are in `scaffold/`, with `@WORDS@` for what differs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use botkube_core::builtin::Builtin;

/// The most letters of a plugin's name: it is typed often, and is a part of file names and of what buttons send.
pub const LONGEST_NAME: usize = 40;

/// The crate that an author imports.
const SDK: &str = "botkube-plugin";

/// A file of a project, and what is in it.
type File = (&'static str, &'static str);

const RUST: &[File] = &[
    ("Cargo.toml", include_str!("../scaffold/rust/Cargo.toml.txt")),
    ("src/main.rs", include_str!("../scaffold/rust/main.rs.txt")),
];

const GO: &[File] = &[
    ("go.mod", include_str!("../scaffold/go/go.mod.txt")),
    ("go.sum", include_str!("../scaffold/go/go.sum.txt")),
    ("main.go", include_str!("../scaffold/go/main.go.txt")),
    ("executor_test.go", include_str!("../scaffold/go/executor_test.go.txt")),
    ("config.schema.json", include_str!("../scaffold/go/config.schema.json")),
];

const BOTH: &[File] = &[
    ("README.md", include_str!("../scaffold/README.md.txt")),
    ("LICENSE", include_str!("../scaffold/LICENSE.txt")),
    (".gitignore", include_str!("../scaffold/gitignore.txt")),
    (".github/workflows/release.yml", include_str!("../scaffold/release.yml")),
];

/// Which versions of crates this executable was built with, and the project is tested with.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The plugin's name, the first word of its commands, and the name of the folder.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// Whom the licence names; otherwise "The authors of NAME".
    pub author: Option<String>,
}

/// What a new plugin is written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, with this SDK.
    Rust(Sdk),
    /// Go, with the original SDK.
    Go,
}

/// Where Cargo finds the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// In this folder, which holds the crate `botkube-plugin` itself.
    Path(PathBuf),
    /// At the tag of this version in the project's repository.
    Release,
}

/// Why there is no new project. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// No plugin can be called so.
    #[error("{name:?} cannot be the name of a plugin: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it, and what would be right.
        why: String,
    },
    /// There is something in the way.
    #[error("{path}: it is there already; choose another name, or another folder to run this in")]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The SDK is not where it was said to be.
    #[error("{path}: the crate {SDK} is not there; --sdk names the folder that holds the SDK's crates, `sdk` in a clone of {}",
        env!("CARGO_PKG_REPOSITORY"))]
    Sdk {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Sdk {
    /// The SDK in a folder that somebody named: that of its crates, the crate itself, or a clone of the repository.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn in_folder(folder: &Path) -> Result<Self, NewError> {
        let is_it = |dir: &PathBuf| {
            let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap_or_default();
            manifest.lines().any(|line| line.replace(' ', "") == format!("name={SDK:?}"))
        };
        let places = [folder.join(SDK), folder.to_owned(), folder.join("sdk").join(SDK)];
        let found = places.into_iter().find(is_it).and_then(|dir| dir.canonicalize().ok());
        // What is no text cannot be written into a manifest.
        let found = found.filter(|dir| dir.to_str().is_some());
        found.map(Self::Path).ok_or_else(|| NewError::Sdk { path: folder.to_owned() })
    }

    /// The SDK that belongs to this executable: the sources it was built from, if they are still there, else its release.
    #[must_use]
    pub fn own() -> Self {
        Self::in_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk"))).unwrap_or(Self::Release)
    }

    fn dependency(&self) -> String {
        let released = release();
        match self {
            Self::Release => format!("{SDK} = {released}"),
            Self::Path(dir) => format!(
                "# The SDK on this machine. What is built elsewhere wants the released one:\n# {SDK} = {released}\n{SDK} = {{ path = {:?} }}",
                dir.display().to_string()
            ),
        }
    }
}

/// The SDK's release as Cargo is told of it.
fn release() -> String {
    format!("{{ git = {:?}, tag = \"v{}\" }}", env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"))
}

/// Makes a project of an executor in a folder of its name in `parent`, whole or not at all; its path is returned.
///
/// # Errors
/// When the name is no good, the folder is there and not empty, or a file cannot be written.
pub fn executor(parent: &Path, wanted: &Wanted) -> Result<PathBuf, NewError> {
    check_name(&wanted.name)?;
    let path = parent.join(&wanted.name);
    let empty = || fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
    if path.symlink_metadata().is_ok() && !empty() {
        return Err(NewError::Exists { path });
    }
    let write = |path: &Path| {
        let path = path.to_owned();
        move |error| NewError::Write { path, error }
    };
    let aside = tempfile::Builder::new().prefix(".botkube-new-").tempdir_in(parent).map_err(write(parent))?;
    let project = aside.path().join(&wanted.name);
    let files = match wanted.language {
        Language::Rust(_) => RUST,
        Language::Go => GO,
    };
    for (name, text) in files.iter().chain(BOTH) {
        let file = project.join(name);
        let folder = file.parent().expect("it is in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, filled(text, wanted)))
            .map_err(write(&path.join(name)))?;
    }
    if matches!(wanted.language, Language::Rust(_)) {
        lock(&project);
    }
    fs::rename(&project, &path).map_err(write(&path))?;
    Ok(path)
}

/// Checks what a plugin is called: a word people type, no part of which has a meaning in a file's name.
fn check_name(name: &str) -> Result<(), NewError> {
    let fitting = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let why = if name.is_empty() || !name.chars().all(fitting) {
        "it has small letters, digits and `-`, and nothing else".to_owned()
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') {
        "it begins with a letter and ends with a letter or a digit".to_owned()
    } else if name.len() > LONGEST_NAME {
        format!("it has {} letters, and may have {LONGEST_NAME}", name.len())
    } else if Builtin::verbs().any(|verb| verb == name) {
        let all: Vec<_> = Builtin::verbs().collect();
        format!("`{name}` is a command of the agent's own, as are all of {}", all.join(", "))
    } else {
        return Ok(());
    };
    Err(NewError::Name { name: name.to_owned(), why })
}

fn filled(text: &str, wanted: &Wanted) -> String {
    let name = &wanted.name;
    let author = wanted.author.clone().filter(|author| !author.trim().is_empty());
    let sdk = match &wanted.language {
        Language::Rust(sdk) => sdk.dependency(),
        Language::Go => String::new(),
    };
    let (tools, test, version_file) = match wanted.language {
        Language::Rust(_) => (include_str!("../scaffold/rust/tools.yml"), "cargo test", "Cargo.toml"),
        Language::Go => (include_str!("../scaffold/go/tools.yml"), "go test", "main.go"),
    };
    let words = [
        ("@TOOLS@\n", tools.to_owned()),
        // Longer than what stands for it in the list of commands.
        ("@TEST@              #", format!("{test:<24}#")),
        ("@TEST@", test.to_owned()),
        ("@NAME@", name.clone()),
        ("@TYPE@", format!("{}Executor", camel(name))),
        ("@SDK@", sdk),
        ("@VERSION_FILE@", version_file.to_owned()),
        ("@REPOSITORY@", env!("CARGO_PKG_REPOSITORY").to_owned()),
        ("@VERSION@", env!("CARGO_PKG_VERSION").to_owned()),
        ("@YEAR@", year(SystemTime::now()).to_string()),
        ("@AUTHOR@", author.unwrap_or_else(|| format!("The authors of {name}"))),
    ];
    words.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
}

/// `two-words` as a type's name.
fn camel(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

/// The year in UTC, by the calendar's rule that 400 years have 146,097 days.
fn year(now: SystemTime) -> u64 {
    let mut days = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = if leap { 366 } else { 365 };
        if days < length {
            return year;
        }
        (days, year) = (days - length, year + 1);
    }
}

/// Settles on the versions of crates that this executable was built with, so that the first build is the one that was
/// tested. Where Cargo cannot say offline which of them are needed, the first build settles on the newest instead.
fn lock(project: &Path) {
    let file = project.join("Cargo.lock");
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version", "1", "--offline", "--quiet"]).current_dir(project);
    cargo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let pruned = fs::write(&file, LOCK).and_then(|()| cargo.status()).is_ok_and(|status| status.success());
    if !pruned && let Err(error) = fs::remove_file(&file) {
        tracing::debug!(%error, "there is no Cargo.lock to take away");
    }
}

#[cfg(test)]
mod tests;
