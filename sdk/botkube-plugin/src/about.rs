//! What a plugin says of itself; it knows no wire format.

use std::collections::BTreeMap;

/// What a plugin says of itself: who it is, and what can be typed. Made by [`about!`](crate::about).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct About {
    /// The word its commands begin with.
    pub name: String,
    /// Its version, semantic by custom.
    pub version: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Where its documentation is; may be empty.
    pub documentation_url: String,
    /// Commands worth trying, which become help buttons and smoke tests.
    pub examples: Vec<Example>,
    /// Programs the agent has to fetch for it.
    pub dependencies: Vec<Dependency>,
}

/// A command worth trying.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The label of its button.
    pub label: String,
    /// The command, beginning with the plugin's name.
    pub command: String,
}

/// A program the agent fetches and puts where [`Call::run`](crate::Call::run) finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dependency {
    /// The program's name.
    pub name: String,
    /// From `os/architecture` in Go's naming, such as `linux/amd64`, to where it is.
    pub urls: BTreeMap<String, String>,
}

impl About {
    /// An answer from what `Cargo.toml` says; use [`about!`](crate::about), which fills it in.
    pub fn from_cargo(package: &str, version: &str, description: &str, documentation: &str) -> Self {
        let name = package.strip_prefix("executor-").or_else(|| package.strip_prefix("source-")).unwrap_or(package);
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            description: description.to_owned(),
            documentation_url: documentation.to_owned(),
            examples: Vec::new(),
            dependencies: Vec::new(),
        }
    }

    /// Sets the name, where it is not the package's without `executor-`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds a command worth trying: a help button with this label.
    pub fn example(mut self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.examples.push(Example { label: label.into(), command: command.into() });
        self
    }

    /// Adds a program to fetch, with one URL for each platform: `("linux/amd64", "https://…")`.
    pub fn dependency<P: Into<String>, U: Into<String>>(
        mut self,
        name: impl Into<String>,
        urls: impl IntoIterator<Item = (P, U)>,
    ) -> Self {
        let urls = urls.into_iter().map(|(platform, url)| (platform.into(), url.into())).collect();
        self.dependencies.push(Dependency { name: name.into(), urls });
        self
    }
}

/// An [`About`] with the name, version, description and documentation URL (else the home page, else the repository) of
/// the package's `Cargo.toml`. The name is the package's, without a leading `executor-`.
#[macro_export]
macro_rules! about {
    () => {
        $crate::About::from_cargo(
            ::std::env!("CARGO_PKG_NAME"),
            ::std::env!("CARGO_PKG_VERSION"),
            ::std::env!("CARGO_PKG_DESCRIPTION"),
            match ::std::env!("CARGO_PKG_HOMEPAGE") {
                "" => ::std::env!("CARGO_PKG_REPOSITORY"),
                homepage => homepage,
            },
        )
    };
}
