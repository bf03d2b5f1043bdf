//! Building with Cargo. It knows what Cargo says about what it made, and nothing of crates.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use botkube_plugin_host::index::PluginKind;
use serde::Deserialize;
use tokio::process::Command;

use super::{BuildError, Built, checked, named, run};

/// The command that installs Cargo.
pub(crate) const INSTALL: &str = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";

/// A program, and the package it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) file: PathBuf,
}

/// One line of what Cargo says about its work.
#[derive(Deserialize)]
struct Said {
    reason: String,
    #[serde(default)]
    package_id: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

pub(super) async fn build(dir: &Path, said: &(dyn Fn(&str) + Send + Sync)) -> Result<Vec<Built>, BuildError> {
    let mut command = Command::new("cargo");
    command.args(["build", "--bins"]);
    plugins(dir, programs(command.current_dir(dir), said).await?)
}

/// Lets Cargo build, and says which programs it made or found to be made.
pub(crate) async fn programs(
    command: &mut Command,
    said: &(dyn Fn(&str) + Send + Sync),
) -> Result<Vec<Program>, BuildError> {
    let mut command = std::mem::replace(command, Command::new("cargo"));
    command.args(["--message-format", "json-render-diagnostics", "--color", "never"]);
    let made = Mutex::new(Vec::new());
    let reads = |line: &str| made.lock().unwrap_or_else(PoisonError::into_inner).extend(program(line));
    run(command, INSTALL, said, Some(&reads)).await?;
    Ok(made.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn program(line: &str) -> Option<Program> {
    let said: Said = serde_json::from_str(line).ok()?;
    let target = said.target.filter(|target| target.kind.iter().any(|kind| kind == "bin"))?;
    (said.reason == "compiler-artifact").then_some(())?;
    Some(Program { package: said.package_id, name: target.name, file: said.executable? })
}

/// Which of the programs are plugins: those called so, and the only one of a package.
pub(crate) fn plugins(dir: &Path, programs: Vec<Program>) -> Result<Vec<Built>, BuildError> {
    let mut of_package: BTreeMap<&str, usize> = BTreeMap::new();
    programs.iter().for_each(|program| *of_package.entry(&program.package).or_default() += 1);
    let mut built = Vec::new();
    for Program { package, name, file } in &programs {
        let only = of_package[package.as_str()] == 1;
        let meant = named(name).or_else(|| only.then(|| (PluginKind::Executor, name.clone())));
        if let Some((kind, plugin)) = meant {
            let (kind, name) = checked(kind, plugin, name)?;
            built.push(Built { kind, name, program: file.clone() });
        }
    }
    if !built.is_empty() {
        return Ok(built);
    }
    let there: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
    let looked = match there[..] {
        [] => "the package has no program; give it a src/main.rs that serves an executor".to_owned(),
        _ => format!(
            "of the programs {} none is called executor-NAME or source-NAME; call one so with [[bin]] in Cargo.toml",
            there.join(", ")
        ),
    };
    Err(BuildError::Nothing { dir: dir.to_owned(), looked })
}
