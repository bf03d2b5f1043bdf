//! Building with Go. It knows what the Go command says about packages, and nothing of what is in them.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use botkube_plugin_host::index::PluginKind;
use tokio::process::Command;

use super::{BuildError, Built, checked, each_once, named, private, run};

/// The command that installs Go.
pub(crate) const INSTALL: &str = "apt-get install golang-go, or as https://go.dev/doc/install says";

/// A package that becomes a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Main {
    pub(crate) kind: PluginKind,
    pub(crate) name: String,
    /// The package's import path.
    pub(crate) package: String,
}

pub(super) async fn build(dir: &Path, said: &(dyn Fn(&str) + Send + Sync)) -> Result<Vec<Built>, BuildError> {
    let to = private(dir)?.join("go");
    fs::create_dir_all(&to)
        .map_err(|error| BuildError::Io { doing: format!("make the folder {}", to.display()), error })?;
    let mut built = Vec::new();
    for Main { kind, name, package } in mains(dir, said).await? {
        let program = to.join(format!("{kind}-{name}"));
        let mut command = Command::new("go");
        // What version control says about the folder would be asked for, and may not be to be had.
        command.args(["build", "-buildvcs=false", "-o"]).arg(&program).arg(package).current_dir(dir);
        run(command, INSTALL, said, None).await?;
        built.push(Built { kind, name, program });
    }
    Ok(built)
}

/// The packages of a module that become plugins.
///
/// # Errors
/// When Go cannot be asked, there are none, or two of one name.
pub(crate) async fn mains(dir: &Path, said: &(dyn Fn(&str) + Send + Sync)) -> Result<Vec<Main>, BuildError> {
    let mut command = Command::new("go");
    command.args(["list", "-f", "{{if eq .Name \"main\"}}{{.ImportPath}}{{end}}", "./..."]).current_dir(dir);
    let listed = Mutex::new(Vec::new());
    let reads = |line: &str| {
        if !line.trim().is_empty() {
            listed.lock().unwrap_or_else(PoisonError::into_inner).push(line.trim().to_owned());
        }
    };
    run(command, INSTALL, said, Some(&reads)).await?;
    plugins(dir, &listed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Which of these packages are plugins: those called so, or in a folder for such, and the only one there is.
pub(super) fn plugins(dir: &Path, packages: &[String]) -> Result<Vec<Main>, BuildError> {
    let mut mains = Vec::new();
    for package in packages {
        let mut parts = package.split('/').rev().peekable();
        // The version at a module's end is none of its name.
        let _ = parts.next_if(|part| part.strip_prefix('v').is_some_and(|n| n.parse::<u32>().is_ok()));
        let (last, folder) = (parts.next().unwrap_or_default(), parts.next());
        let meant = named(last).or_else(|| match folder {
            Some("executor") => Some((PluginKind::Executor, last.to_owned())),
            Some("source") => Some((PluginKind::Source, last.to_owned())),
            _ => (packages.len() == 1).then(|| (PluginKind::Executor, last.to_owned())),
        });
        if let Some((kind, name)) = meant {
            let (kind, name) = checked(kind, name, last)?;
            mains.push(Main { kind, name, package: package.clone() });
        }
    }
    if mains.is_empty() {
        let looked = match packages {
            [] => "no package is called main; give it one that serves an executor".to_owned(),
            _ => format!(
                "of the programs {} none is in a folder called executor-NAME or source-NAME; move one into cmd/executor-NAME",
                packages.join(", ")
            ),
        };
        return Err(BuildError::Nothing { dir: dir.to_owned(), looked });
    }
    let as_built =
        |main: &Main| Built { kind: main.kind, name: main.name.clone(), program: main.package.clone().into() };
    each_once(mains.iter().map(as_built).collect())?;
    Ok(mains)
}
