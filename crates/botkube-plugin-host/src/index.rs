//! A plugin repository's index: which plugins there are, in which versions, and where they are fetched from.
//! Must not know: how an index or a plugin is fetched, or where either is kept.
//!
//! Reading order: `tree` YAML with lines, `read` from there to entries and problems, `version` what is higher, `choose`
//! which entry a plugin key means.

mod choose;
mod read;
pub(crate) mod tree;
mod version;

use std::{collections::BTreeMap, env, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use choose::ChooseError;

/// The most bytes an index may have.
pub const MAX_SIZE: u64 = 16 << 20;

/// The version of this agent.
pub(crate) const AGENT: &str = env!("CARGO_PKG_VERSION");

/// What a plugin repository offers (contract-plugins §6.6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The entries that can be used, in the order of the index.
    pub entries: Vec<Entry>,
    /// What is wrong with the others, and what is odd about these.
    pub problems: Vec<Problem>,
}

/// One version of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What the plugin does.
    pub kind: PluginKind,
    /// The plugin's name, which can be a part of a file's name.
    pub name: String,
    /// Any text that can be a part of a file's name; `1.10` and `v1.10` are the same version.
    pub version: String,
    /// One line for people; may be empty.
    pub description: String,
    /// Where people read more.
    pub documentation_url: Option<String>,
    /// Whether the repository recommends it.
    pub recommended: bool,
    /// The lowest version of an agent that may run it. Upstream's agents do not look at it.
    #[serde(default)]
    pub minimum_agent_version: Option<String>,
    /// One for each platform; at least one.
    pub downloads: Vec<Download>,
    /// Where the entry begins in the index, counted from 1.
    pub line: u32,
}

/// Where the executables of one version for one platform are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Where it runs.
    pub platform: Platform,
    /// As the index has it: an address in one of the forms of contract-plugins §6.9.
    pub url: String,
    /// As the index has it, for the file behind the address: the archive, not what is in it.
    pub checksum: Option<String>,
    /// Programs the plugin runs, by the name it runs them as.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// Where a program is that a plugin runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// As the index has it, in one of the forms of contract-plugins §6.9.
    pub url: String,
    /// As the index has it, for the file behind the address. Upstream's agents do not look at it.
    #[serde(default)]
    pub checksum: Option<String>,
}

/// An operating system and a processor, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`, `darwin`, `windows`, …
    pub os: String,
    /// `amd64`, `arm64`, …
    pub architecture: String,
}

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginKind {
    /// It runs commands.
    Executor,
    /// It sends events.
    Source,
}

/// Something in an index that is not as it should be; the rest of the index can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which entry, counted from 1; `None`: the index as a whole.
    pub entry: Option<usize>,
    /// The entry's plugin, where it says one.
    pub name: Option<String>,
    /// Where in the index, counted from 1.
    pub line: u32,
    /// What is wrong, and what becomes of it.
    pub what: String,
    /// What the repository's owner does about it.
    pub help: String,
}

/// Why a text is no index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// More than [`MAX_SIZE`].
    #[error("it has {0} bytes, and an index has at most {MAX_SIZE}; is it the address of an index?")]
    TooLarge(u64),
    /// A page for people, perhaps asking for a login or saying that there is nothing.
    #[error("it is an HTML page, perhaps for a login, and no YAML; open the address in a browser to see it")]
    Html,
    /// Not UTF-8.
    #[error("it is no text, and an index is YAML; is it the address of an index?")]
    NotText,
    /// No YAML at all.
    #[error("line {line}, column {column}: it is no valid YAML: {message}; the repository's owner has to mend it")]
    Yaml {
        /// Counted from 1.
        line: u32,
        /// Counted from 1.
        column: u32,
        /// What the parser says.
        message: String,
    },
    /// YAML of something else.
    #[error("it has {found} where an index has the list `entries:`; is it the address of an index?")]
    NoEntries {
        /// What is there.
        found: String,
    },
}

impl Index {
    /// Reads an index. What is wrong with an entry costs that entry only.
    ///
    /// # Errors
    /// [`IndexError`] when the text as a whole is no index.
    pub fn parse(text: &str) -> Result<Self, IndexError> {
        if text.len() as u64 > MAX_SIZE {
            return Err(IndexError::TooLarge(text.len() as u64));
        }
        let start: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(9).collect();
        let start = start.to_ascii_lowercase();
        if start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<?xml") {
            return Err(IndexError::Html);
        }
        read::index(&tree::parse(text)?)
    }

    /// The entry a plugin key means (contract-plugins §6.7, the recommended rule). Without a version it is the highest
    /// release. With one it is that version, with or without its `v`; else the highest that begins with the same
    /// numbers. A pre-release is taken when there is no release, and a version that is none, such as `dev`, when nothing
    /// else is there or when it is asked for by its text. What wants a newer agent than this is passed over.
    ///
    /// # Errors
    /// [`ChooseError`] with what there is instead.
    pub fn choose(&self, kind: PluginKind, name: &str, version: Option<&str>) -> Result<&Entry, ChooseError> {
        choose::choose(self, kind, name, version, AGENT)
    }

    /// A better entry than `chosen` for a key without a version, which wants a newer agent than this.
    #[must_use]
    pub fn held_back(&self, chosen: &Entry) -> Option<&Entry> {
        choose::held_back(self, chosen, AGENT)
    }
}

impl Index {
    /// What there would be to choose from if these versions of one plugin were all.
    pub(crate) fn of_versions<'a>(kind: PluginKind, name: &str, versions: impl Iterator<Item = &'a str>) -> Self {
        let entry = |version: &str| Entry {
            kind,
            name: name.into(),
            version: version.into(),
            description: String::new(),
            documentation_url: None,
            recommended: false,
            minimum_agent_version: None,
            downloads: Vec::new(),
            line: 0,
        };
        Self { entries: versions.map(entry).collect(), problems: Vec::new() }
    }
}

impl Entry {
    /// Where this version comes from for a platform.
    #[must_use]
    pub fn download(&self, platform: &Platform) -> Option<&Download> {
        self.downloads.iter().find(|download| download.platform == *platform)
    }
}

impl Platform {
    /// The platform this program was built for.
    #[must_use]
    pub fn current() -> Self {
        let os = match env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let architecture = match env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            other => other,
        };
        Self { os: os.into(), architecture: architecture.into() }
    }
}

impl PluginKind {
    /// `executor` or `source`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Executor => "executor",
            Self::Source => "source",
        }
    }
}

impl fmt::Display for PluginKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)
    }
}

impl FromStr for Platform {
    type Err = String;

    /// Reads `os/architecture`.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        match text.split_once('/') {
            Some((os, architecture)) if is_word(os) && is_word(architecture) => {
                Ok(Self { os: os.into(), architecture: architecture.into() })
            }
            _ => {
                Err(format!("`{}` is no platform; write one like `linux/amd64` or `darwin/arm64`", text.escape_debug()))
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        if let Some(name) = &self.name {
            write!(f, " (`{}`)", name.escape_debug())?;
        }
        write!(f, ": {}; {}", self.what, self.help)
    }
}

#[cfg(test)]
mod tests;
