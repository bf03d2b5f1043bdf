//! Which crate may depend on which, and on what it must never depend, not even through others. It reads `cargo metadata`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Problems;
use crate::sh;

/// Of the crates in crates/, those each may know; what is in sdk/ may be known besides, as far as the second list says.
/// A crate that is not here is a platform.
const ROOMS: &[(&str, &[&str], Sdk)] = &[
    ("botkube-config", &[], Sdk::Only(&["botkube-api"])),
    ("botkube-core", &["botkube-config"], Sdk::Only(&["botkube-api"])),
    (
        "botkube-plugin-host",
        &["botkube-config", "botkube-core"],
        Sdk::Only(&["botkube-api", "botkube-proto", "go-plugin"]),
    ),
    ("botkube-agent", EVERYTHING_BELOW, Sdk::All),
    (
        "botkube-author",
        &["botkube-config", "botkube-core", "botkube-plugin-host"],
        Sdk::Only(&["botkube-api", "botkube-proto", "go-plugin"]),
    ),
    ("botkube", EVERYTHING, Sdk::All),
    ("botkube-testkit", EVERYTHING_BELOW, Sdk::All),
];
const PLATFORM: (&[&str], Sdk) = (&["botkube-config", "botkube-core"], Sdk::Only(&["botkube-api"]));

/// Above the rooms: these may know all but each other in reverse.
const EVERYTHING: &[&str] = &["*"];
const EVERYTHING_BELOW: &[&str] = &["*", "!botkube"];

/// What a crate must not be built with, however many crates lie between: the core is pure, and an author's plugin builds
/// without a C compiler.
const NEVER: &[(&str, &[&str])] = &[
    ("botkube-api", &["tokio", "tonic", "cc", "cmake"]),
    ("botkube-config", &["tokio", "tonic", "kube", "reqwest", "hyper"]),
    ("botkube-core", &["tonic", "kube", "reqwest", "hyper", "go-plugin"]),
    ("botkube-plugin", &["kube", "reqwest", "ring", "aws-lc-sys", "cc", "cmake"]),
    ("executor-echo", &["kube", "reqwest", "ring", "aws-lc-sys", "cc", "cmake"]),
];

#[derive(Clone, Copy)]
enum Sdk {
    All,
    Only(&'static [&'static str]),
}

/// A crate of the workspace or from outside.
struct Package<'a> {
    name: &'a str,
    /// `sdk`, `crates`, …; empty for one from outside.
    shelf: String,
}

pub(super) fn check(root: &Path, problems: &mut Problems) -> Result<()> {
    let metadata = super::metadata(root)?;
    let packages = packages(&metadata, root).context("cargo metadata: packages")?;
    let graph = graph(&metadata).context("cargo metadata: resolve")?;
    let is_ours = |name: &str| packages.values().any(|package| package.name == name && !package.shelf.is_empty());

    for (id, package) in packages.iter().filter(|(_, package)| !package.shelf.is_empty()) {
        for (to, is_dev) in graph.get(id).into_iter().flatten() {
            let target = &packages[to];
            if !target.shelf.is_empty() && !allowed(package, target, *is_dev) {
                let what = "is an arrow against the map (ARCHITECTURE.md); turn it round or record the decision";
                problems.push(format!("{}/{} → {}/{} {what}", package.shelf, package.name, target.shelf, target.name));
            }
        }
    }
    for (name, never) in NEVER.iter().filter(|(name, _)| is_ours(name)) {
        for found in built_for(root, name)?.iter().filter(|found| never.contains(&found.as_str())) {
            problems.push(format!("{name} depends on {found}; see `cargo tree -p {name} -i {found}`"));
        }
    }
    Ok(())
}

fn allowed(from: &Package, to: &Package, is_dev: bool) -> bool {
    match from.shelf.as_str() {
        "sdk" => to.shelf == "sdk",
        "plugins" => to.shelf == "sdk",
        // A test may put more together than the product does.
        "crates" if is_dev => to.shelf != "xtask",
        "crates" => {
            let room = ROOMS.iter().find(|(name, ..)| *name == from.name);
            let (rooms, sdk) = room.map_or(PLATFORM, |(_, rooms, sdk)| (*rooms, *sdk));
            match to.shelf.as_str() {
                "sdk" => match sdk {
                    Sdk::All => true,
                    Sdk::Only(names) => names.contains(&to.name),
                },
                "crates" => {
                    rooms.contains(&to.name)
                        || rooms.contains(&"*") && !rooms.iter().any(|r| r.strip_prefix('!') == Some(to.name))
                }
                // The one binary carries plugins with it.
                "plugins" => from.name == "botkube",
                _ => false,
            }
        }
        _ => true,
    }
}

fn packages<'a>(metadata: &'a Value, root: &Path) -> Option<BTreeMap<&'a str, Package<'a>>> {
    let one = |package: &'a Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let local = package["source"].is_null().then(|| manifest.strip_prefix(root).ok()).flatten();
        let shelf = local.and_then(|path| path.iter().next()).map(|shelf| shelf.to_string_lossy().into_owned());
        Some((package["id"].as_str()?, Package { name: package["name"].as_str()?, shelf: shelf.unwrap_or_default() }))
    };
    metadata["packages"].as_array()?.iter().map(one).collect()
}

/// What each package depends on, and whether only its tests do.
type Graph<'a> = BTreeMap<&'a str, Vec<(&'a str, bool)>>;

fn graph(metadata: &Value) -> Option<Graph<'_>> {
    let edge =
        |dep: &'_ Value| dep["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().all(|k| k["kind"] == "dev"));
    metadata["resolve"]["nodes"]
        .as_array()?
        .iter()
        .map(|node| {
            let deps = node["deps"].as_array()?.iter().map(|dep| Some((dep["pkg"].as_str()?, edge(dep))));
            Some((node["id"].as_str()?, deps.collect::<Option<Vec<_>>>()?))
        })
        .collect()
}

/// The names of all that is built for this package alone, itself included, tests left out. Cargo is asked for each: what
/// `cargo metadata` resolves has the features that any other crate of the workspace asks for.
fn built_for(root: &Path, name: &str) -> Result<BTreeSet<String>> {
    let tree =
        format!("cargo tree --locked --package {name} --edges normal,build --target all --prefix none --format {{p}}");
    let out = sh::output(&mut sh::command(root, &tree))?;
    let lines = String::from_utf8(out).context("cargo tree")?;
    Ok(lines.lines().filter_map(|line| line.split(' ').next()).map(ToOwned::to_owned).collect())
}
