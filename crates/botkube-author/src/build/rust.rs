//! Rust projects for other platforms. What a platform needs is chosen by what the project holds and never by what happens to
//! be installed, so that the bytes are the same everywhere. It knows Cargo's words and no plugin.
//!
//! Linux is linked with the linker that comes with Rust, unless C code is compiled for it. That, and all of macOS, is done by
//! zig, which brings every system's C library, by way of cargo-zigbuild.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use botkube_plugin_host::index::Platform;
use serde::Deserialize;
use tokio::process::Command;

use super::{Error, Missing, file};
use crate::{
    project::{
        BuildError, Built, ask,
        cargo::{INSTALL, plugins, programs},
    },
    tool::Line,
};

/// Programs for macOS ask the system's frameworks for certificates, and zig brings none of them: these hold their names, which
/// is all that a linker wants.
const FRAMEWORKS: &[(&str, &str)] =
    &[("Security", include_str!("Security.tbd")), ("CoreFoundation", include_str!("CoreFoundation.tbd"))];

/// Crates that compile C code when they are a part of what is built.
const C_COMPILERS: &[&str] = &["cc", "cmake"];

/// Flags from outside would take the place of ours, or add to them.
const FOREIGN_FLAGS: &[&str] =
    &["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_INCREMENTAL"];

/// What decides about the bytes of a release, whatever the project's own profile says.
const PROFILE: &[(&str, &str)] = &[
    ("CARGO_INCREMENTAL", "0"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    // With aws-lc among the dependencies: the kernel's entropy is enough, and its own costs 40 ms at every start.
    ("AWS_LC_SYS_NO_JITTER_ENTROPY", "1"),
];

pub(super) struct Builder {
    dir: PathBuf,
    /// Which folders are called what in the programs; the last one that fits counts.
    renamed: Vec<(PathBuf, String)>,
    /// Where [`FRAMEWORKS`] are.
    frameworks: PathBuf,
    /// Whether C code is compiled for Linux.
    has_c: bool,
}

/// How a program for a platform is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linker {
    /// With the linker that comes with Rust.
    Rust,
    /// With zig.
    Zig,
    /// With what this system has.
    System,
}

/// What Cargo knows of a project.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Option<Resolve>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
    workspace_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

/// What the compiler says about itself.
struct Compiler {
    sysroot: PathBuf,
    /// The target of programs for this machine.
    host: String,
    commit: String,
}

impl Builder {
    /// Finds out what is needed, and whether it is there, for all platforms at once.
    pub(super) async fn prepare(dir: &Path, platforms: &[Platform], aside: &Path) -> Result<Self, Error> {
        let compiler = compiler(dir).await.map_err(missing)?;
        let metadata = metadata(dir, platforms).await.map_err(missing)?;
        let has_c = metadata.has_c();
        needs(dir, platforms, &compiler, has_c).await?;
        let frameworks = aside.join("frameworks");
        for (name, text) in FRAMEWORKS {
            let folder = frameworks.join(format!("{name}.framework"));
            let path = folder.join(format!("{name}.tbd"));
            fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text)).map_err(file(&path))?;
        }
        let renamed = metadata.renamed(&compiler, &cargo_home());
        Ok(Self { dir: dir.to_owned(), renamed, frameworks, has_c })
    }

    pub(super) async fn build(&self, platform: &Platform, said: Line<'_>) -> Result<Vec<Built>, BuildError> {
        let target = target(platform);
        let linker = linker(platform, self.has_c);
        let mut cargo = Command::new("cargo");
        cargo.arg(if linker == Linker::Zig { "zigbuild" } else { "build" });
        cargo.args(["--release", "--bins", "--target", &target]).current_dir(&self.dir);
        cargo.arg("--config").arg(format!("target.{target}.rustflags={}", toml(&self.flags(platform, linker))));
        if linker == Linker::Rust {
            cargo.arg("--config").arg(format!("target.{target}.linker=\"rust-lld\""));
        }
        let variable = target.replace('-', "_");
        let of_target = ["LINKER", "RUSTFLAGS"].map(|what| format!("CARGO_TARGET_{}_{what}", variable.to_uppercase()));
        FOREIGN_FLAGS.iter().for_each(|flags| _ = cargo.env_remove(flags));
        of_target.iter().for_each(|flags| _ = cargo.env_remove(flags));
        cargo.envs(PROFILE.iter().copied());
        if env::var_os("SOURCE_DATE_EPOCH").is_none() {
            cargo.env("SOURCE_DATE_EPOCH", "0");
        }
        if self.has_c {
            for language in ["CFLAGS", "CXXFLAGS"] {
                cargo.env(format!("{language}_{variable}"), self.c_flags());
            }
        }
        plugins(&self.dir, programs(&mut cargo, said).await?)
    }

    fn flags(&self, platform: &Platform, linker: Linker) -> Vec<String> {
        let mut flags: Vec<String> =
            self.renamed.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect();
        match linker {
            Linker::Rust => flags.push("-Clink-self-contained=yes".into()),
            Linker::Zig if platform.os == "darwin" => {
                flags.push(format!("-Clink-arg=-F{}", self.frameworks.display()));
            }
            Linker::Zig | Linker::System => {}
        }
        flags
    }

    /// The same for C; a folder with a blank in its name cannot be said there.
    fn c_flags(&self) -> String {
        let said = self.renamed.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
        said.filter(|flag| !flag.contains(char::is_whitespace)).collect::<Vec<_>>().join(" ")
    }
}

impl Metadata {
    /// Whether C code is compiled for what is built.
    fn has_c(&self) -> bool {
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let nodes = self.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes: BTreeMap<&str, &Node> = nodes.map(|node| (node.id.as_str(), node)).collect();
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = self.workspace_members.iter().map(String::as_str).collect();
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            if names.get(id).is_some_and(|name| C_COMPILERS.contains(name)) {
                return true;
            }
            let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let built = deps.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev")));
            next.extend(built.map(|dep| dep.pkg.as_str()));
        }
        false
    }

    /// What stands in a program for each folder that is different elsewhere.
    fn renamed(&self, compiler: &Compiler, cargo_home: &[PathBuf]) -> Vec<(PathBuf, String)> {
        let beside = self.packages.iter().filter(|package| package.source.is_none());
        let beside = beside.filter_map(|package| {
            let dir = package.manifest_path.parent()?;
            let outside = !dir.starts_with(&self.workspace_root);
            outside.then(|| (dir.to_owned(), format!("/beside/{}-{}", package.name, package.version)))
        });
        let mut all: Vec<(PathBuf, String)> = beside.collect();
        // A folder comes after those it may be in.
        all.sort();
        all.push((self.workspace_root.clone(), "/project".into()));
        all.extend(cargo_home.iter().map(|home| (home.clone(), "/cargo".into())));
        // As the standard library's own files are called in it, also where its sources are installed.
        let library = compiler.sysroot.join("lib/rustlib/src/rust");
        all.push((library, format!("/rustc/{}", compiler.commit)));
        all.push((self.target_directory.clone(), "/target".into()));
        all
    }
}

/// What Cargo knows of the project, on Linux as far as it is built for that.
async fn metadata(dir: &Path, platforms: &[Platform]) -> Result<Metadata, BuildError> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version", "1", "--color", "never"]).current_dir(dir);
    for platform in platforms.iter().filter(|platform| platform.os == "linux") {
        cargo.arg("--filter-platform").arg(target(platform));
    }
    let said = ask(cargo, INSTALL).await?;
    serde_json::from_slice(&said)
        .map_err(|error| BuildError::Io { doing: "understand cargo metadata".into(), error: error.into() })
}

async fn compiler(dir: &Path) -> Result<Compiler, BuildError> {
    let said = async |args: &[&str]| {
        let mut rustc = Command::new("rustc");
        rustc.args(args).current_dir(dir);
        Ok::<_, BuildError>(String::from_utf8_lossy(&ask(rustc, INSTALL).await?).into_owned())
    };
    let version = said(&["-vV"]).await?;
    let value = |key: &str| {
        let line = version.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.trim_start_matches(':').trim().to_owned()
    };
    let sysroot = said(&["--print", "sysroot"]).await?.trim_end().into();
    Ok(Compiler { sysroot, host: value("host"), commit: value("commit-hash") })
}

/// Checks that everything is there that is needed for these platforms.
async fn needs(dir: &Path, platforms: &[Platform], compiler: &Compiler, has_c: bool) -> Result<(), Error> {
    let mut lacking = Vec::new();
    let rustlib = compiler.sysroot.join("lib/rustlib");
    let targets: Vec<_> =
        platforms.iter().map(target).filter(|target| !rustlib.join(target).join("lib").is_dir()).collect();
    if !targets.is_empty() {
        let targets = targets.join(" ");
        let what = format!("Rust's standard library for {}", targets.replace(' ', " and "));
        lacking.push(Missing { what, install: format!("rustup target add {targets}") });
    }
    let linkers: Vec<_> = platforms.iter().map(|platform| linker(platform, has_c)).collect();
    if linkers.contains(&Linker::Rust) && !rustlib.join(&compiler.host).join("bin/rust-lld").is_file() {
        lacking
            .push(Missing { what: "rust-lld (a part of Rust as rustup installs it)".into(), install: INSTALL.into() });
    }
    if linkers.contains(&Linker::Zig) {
        let zig = works(dir, "python3", &["-m", "ziglang", "version"]).await || works(dir, "zig", &["version"]).await;
        let zigbuild = works(dir, "cargo-zigbuild", &["--version"]).await;
        let wanted = [("zig", "ziglang", zig), ("cargo-zigbuild", "cargo-zigbuild", zigbuild)];
        let wanted: Vec<_> = wanted.into_iter().filter(|(.., there)| !there).collect();
        if !wanted.is_empty() {
            let what = wanted.iter().map(|(what, ..)| *what).collect::<Vec<_>>().join(" and ");
            let packages = wanted.iter().map(|(_, package, _)| *package).collect::<Vec<_>>().join(" ");
            lacking.push(Missing { what, install: format!("pip install {packages}") });
        }
    }
    if lacking.is_empty() { Ok(()) } else { Err(Error::Missing(lacking)) }
}

async fn works(dir: &Path, program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir);
    ask(command, "").await.is_ok()
}

fn linker(platform: &Platform, has_c: bool) -> Linker {
    match platform.os.as_str() {
        "darwin" if cfg!(target_os = "macos") => Linker::System,
        "darwin" => Linker::Zig,
        _ if has_c => Linker::Zig,
        _ => Linker::Rust,
    }
}

fn target(platform: &Platform) -> String {
    let architecture = match platform.architecture.as_str() {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    match platform.os.as_str() {
        "darwin" => format!("{architecture}-apple-darwin"),
        os => format!("{architecture}-unknown-{os}-musl"),
    }
}

/// Where Cargo keeps other people's sources, as it may be written.
fn cargo_home() -> Vec<PathBuf> {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    let said = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).into_iter();
    let mut all: Vec<_> = said.flat_map(|home| [home.canonicalize().ok(), Some(home)]).flatten().collect();
    all.dedup();
    all
}

/// A list of texts is written in TOML as in JSON.
fn toml(texts: &[String]) -> String {
    serde_json::to_string(texts).expect("texts can be written")
}

fn missing(error: BuildError) -> Error {
    match error {
        BuildError::Tool { tool, install } => Error::Missing(vec![Missing { what: tool, install }]),
        error => Error::Ask(Box::new(error)),
    }
}

#[cfg(test)]
mod tests;
