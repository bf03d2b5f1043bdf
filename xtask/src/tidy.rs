//! The rules no compiler checks: which crate may know which, what every file begins with, what documents claim. It reads
//! files and `cargo metadata`, and changes nothing.

mod arrows;
mod files;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};

use crate::{VERBS, sh};

/// Folders whose every member is a crate, and crates that stand alone.
const SHELVES: &[&str] = &["sdk", "crates", "plugins"];
const ALONE: &[&str] = &["conformance", "fuzz", "xtask"];

/// What is wrong, a line each.
type Problems = Vec<String>;

/// Says what is wrong, all at once.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let mut problems = Problems::new();
    let crates = crates(root)?;
    files::check(root, &mut problems)?;
    arrows::check(root, &mut problems)?;
    problems.extend(banned_in(root, "-p botkube")?);
    documents(root, &crates, &mut problems)?;
    ensure!(problems.is_empty(), "tidy found {}:\n  {}", problems.len(), problems.join("\n  "));
    println!("tidy: {} crates in order", crates.len());
    Ok(true)
}

/// What deny.toml bans and `selection` is built with, on whatever system. Cargo's tree is asked, since its metadata has
/// dependencies that no feature turns on.
pub(crate) fn banned_in(root: &Path, selection: &str) -> Result<Problems> {
    let text = fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next());
    let names: Vec<&str> = names.collect();
    ensure!(!names.is_empty(), "deny.toml: no line reads `{{ crate = \"NAME\", … }}`");
    let tree = format!("cargo tree {selection} --target all -e normal,build --prefix none");
    let tree = sh::output(&mut sh::command(root, &tree))?;
    let tree = String::from_utf8_lossy(&tree);
    let built = |name: &&&str| tree.lines().any(|line| line.split(' ').next() == Some(**name));
    let problem = |name: &&str| {
        format!("`{selection}` is built with {name}, which deny.toml bans; see `cargo tree {selection} -i {name}`")
    };
    Ok(names.iter().filter(built).map(problem).collect())
}

/// The paths of the crates that exist, such as `sdk/go-plugin`.
fn crates(root: &Path) -> Result<BTreeSet<String>> {
    let mut found: BTreeSet<String> = ALONE.iter().map(ToString::to_string).collect();
    for shelf in SHELVES {
        for entry in fs::read_dir(root.join(shelf))? {
            let entry = entry?;
            if entry.path().join("Cargo.toml").exists() {
                found.insert(format!("{shelf}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    Ok(found)
}

fn documents(root: &Path, crates: &BTreeSet<String>, problems: &mut Problems) -> Result<()> {
    match fs::read_to_string(root.join("ARCHITECTURE.md")) {
        Ok(text) => map(&text, crates, problems),
        Err(error) => problems.push(format!("ARCHITECTURE.md: {error}")),
    }
    for file in files::tracked(root)?.iter().filter(|file| file.ends_with(".md")) {
        let text = fs::read_to_string(root.join(file)).with_context(|| file.clone())?;
        commands(file, &text, problems);
    }
    let ci = fs::read_to_string(root.join(".ci/run")).context(".ci/run")?;
    let readme = fs::read_to_string(root.join("README.md")).unwrap_or_default();
    for (file, text) in [(".ci/run", &ci), ("README.md", &readme)] {
        if !text.contains("cargo xtask test") {
            problems.push(format!("{file}: the one test command is `cargo xtask test`, and it is not here"));
        }
    }
    Ok(())
}

/// The map of the code names exactly the crates there are.
fn map(text: &str, crates: &BTreeSet<String>, problems: &mut Problems) {
    let words: BTreeSet<&str> =
        text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_/".contains(c))).map(|w| w.trim_matches('/')).collect();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    for path in crates {
        if !words.contains(path.as_str()) && !words.contains(name(path).as_str()) {
            problems.push(format!("ARCHITECTURE.md: does not name `{path}`"));
        }
    }
    let known: BTreeSet<String> = crates.iter().map(|path| name(path)).collect();
    let looks_like_ours = |word: &str| {
        ["botkube-", "executor-", "source-"].iter().any(|p| word.starts_with(p) && word.len() > p.len())
            && !word.contains(['/', '_'])
    };
    for word in words {
        let shelf = word.split_once('/').filter(|(shelf, _)| SHELVES.contains(shelf));
        let named = shelf.map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        let named = named.or_else(|| looks_like_ours(word).then_some(word));
        if let Some(named) = named.filter(|named| !known.contains(*named)) {
            problems.push(format!("ARCHITECTURE.md: names `{named}`, and there is no such crate"));
        }
    }
}

/// Commands in documents name verbs that exist.
fn commands(file: &str, text: &str, problems: &mut Problems) {
    for line in text.lines() {
        for after in line.split("cargo xtask ").skip(1) {
            let verb: String = after.chars().take_while(char::is_ascii_lowercase).collect();
            if !verb.is_empty() && !VERBS.iter().any(|(known, _)| *known == verb) {
                problems.push(format!("{file}: `cargo xtask {verb}` is no verb of xtask's"));
            }
        }
    }
}

/// The workspace as cargo sees it.
fn metadata(root: &Path) -> Result<serde_json::Value> {
    let out = sh::output(&mut sh::command(root, "cargo metadata --format-version 1 --locked"))?;
    serde_json::from_slice(&out).context("cargo metadata")
}

#[cfg(test)]
mod tests;
