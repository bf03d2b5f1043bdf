//! `botkube plugin test`: finds out what is to be looked at, has it looked at, and prints what came of it. It judges nothing.

mod golden;
mod report;

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use botkube_author::{
    check::{self, Options},
    project::{Built, Project},
};
use botkube_config::{
    Options as Reading,
    model::{Config, PluginGroup, PluginKey},
};
use botkube_console::preview;
use botkube_core::route::Executors;
use botkube_plugin_host::{index::PluginKind, lock::Lock};
use bytes::Bytes;

use self::golden::Golden;
use super::working;
use crate::{
    args::{Output, Test},
    dev::REPOSITORY,
    locked,
    progress::Bars,
    setup,
};

/// What is looked at.
struct Target {
    program: PathBuf,
    name: String,
    kind: PluginKind,
    /// Where the programs are that it runs.
    dependencies: Option<PathBuf>,
}

pub(crate) fn run(test: Test) -> Result<ExitCode> {
    let Test { target, files, replay, update, output } = test;
    // The variable is for agents; a plugin is tested without it unless somebody says so.
    let reading = Reading { also: Some(REPOSITORY), ..Reading::default() };
    let loaded = if files.config.is_empty() { None } else { setup::configuration(files.clone(), reading)? };
    let lock = match &loaded {
        Some(loaded) => locked::required(&setup::files(files)?, &loaded.config)?,
        None => None,
    };
    let golden = replay.map(|file| Golden::read(file, update)).transpose()?;
    let bars = Bars::default();
    // Everything that was started ends with what is dropped at a signal.
    working::work(async {
        let targets = targets(&target, loaded.as_ref().map(|loaded| &loaded.config), lock, &bars).await?;
        match golden {
            Some(golden) => golden.run(targets, loaded, Path::new(&target), output, &bars).await,
            None => look(targets, loaded.as_ref().map(|loaded| &loaded.config), output, &bars).await,
        }
    })?
}

async fn look(targets: Vec<Target>, config: Option<&Config>, output: Output, bars: &Bars) -> Result<ExitCode> {
    let is_watched = io::stderr().is_terminal();
    let mut reports = Vec::new();
    for Target { program, name, kind, dependencies } in targets {
        let (drawn, shown) = (bars.clone(), name.clone());
        let options = Options {
            configs: configs(config, &name),
            dependencies,
            platforms: vec![("the console".into(), preview::capabilities())],
            progress: Arc::new(move |check| {
                if is_watched {
                    drawn.say(&format!("{shown}: {check}"));
                }
            }),
            ..Options::default()
        };
        reports.push(check::run(&program, &name, kind, options).await);
    }
    bars.clear();
    let text = match output {
        Output::Json => match &reports[..] {
            [one] => serde_json::to_string(one),
            all => serde_json::to_string(all),
        }
        .context("cannot write the report as JSON")?,
        Output::Text => {
            reports.iter().map(|it| report::text(it, io::stdout().is_terminal())).collect::<Vec<_>>().join("\n")
        }
    };
    print(&text)?;
    let passed = reports.iter().all(|report| report.passed);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// The configurations of the plugin's bindings, in their order.
fn configs(config: Option<&Config>, name: &str) -> Vec<Bytes> {
    let Some(config) = config else { return Vec::new() };
    let everything = setup::everything(config);
    Executors::new(config, Vec::new()).bound_in(&everything).route(name).map(|route| route.configs).unwrap_or_default()
}

/// What a word on the command line means: a file, a folder, or a key of the configuration.
async fn targets(target: &str, config: Option<&Config>, lock: Option<Arc<Lock>>, bars: &Bars) -> Result<Vec<Target>> {
    let path = Path::new(target);
    if path.is_dir() {
        return built(path, bars).await;
    }
    if path.exists() {
        let program = std::path::absolute(path).with_context(|| format!("cannot find {target}"))?;
        let (kind, name) = called(&program);
        return Ok(vec![Target { program, name, kind, dependencies: None }]);
    }
    match (target.parse::<PluginKey>(), config) {
        (Ok(key), Some(config)) => Ok(vec![installed(&key, config, lock, bars).await?]),
        (Ok(_), None) => bail!(
            "there is no file {target}; if it is the key of a plugin, name the configuration with its repository: --config FILE"
        ),
        (Err(_), _) => {
            bail!("there is no file or folder {target}; give a plugin's executable, its project, or its key")
        }
    }
}

/// The plugins of a project, built for this machine. What its compiler says is passed on.
async fn built(dir: &Path, bars: &Bars) -> Result<Vec<Target>> {
    let project = Project::find(dir, None)?;
    bars.say(&format!("building {}", dir.display()));
    let built = project.build(&|line| bars.say(line)).await;
    bars.clear();
    let target =
        |built: Built| Target { program: built.program, name: built.name, kind: built.kind, dependencies: None };
    Ok(built?.into_iter().map(target).collect())
}

/// A plugin of a repository that the configuration defines, fetched if it has to be.
async fn installed(key: &PluginKey, config: &Config, lock: Option<Arc<Lock>>, bars: &Bars) -> Result<Target> {
    let is_key = |groups: &[PluginGroup]| {
        groups
            .iter()
            .flat_map(|group| &group.plugins)
            .any(|binding| binding.key.name == key.name && binding.key.repository == key.repository)
    };
    let kind =
        if is_key(&config.sources) && !is_key(&config.executors) { PluginKind::Source } else { PluginKind::Executor };
    let store = botkube_agent::agent::store(&config.plugins, lock);
    let drawing = bars.drawing();
    let installed = store.install(key, kind, &*drawing).await.with_context(|| format!("cannot get `{key}`"))?;
    for warning in installed.warnings {
        crate::complain(&warning);
    }
    Ok(Target { program: installed.program, name: key.name.clone(), kind, dependencies: Some(installed.dependencies) })
}

/// What a file's name says: `executor_NAME_…`, `source-NAME`, or only a name.
fn called(program: &Path) -> (PluginKind, String) {
    let file = program.file_name().unwrap_or_default().to_string_lossy();
    for kind in [PluginKind::Executor, PluginKind::Source] {
        if let Some(rest) = file.strip_prefix(&kind.to_string()) {
            if let Some(rest) = rest.strip_prefix('_') {
                return (kind, rest.split('_').next().unwrap_or_default().to_owned());
            }
            if let Some(rest) = rest.strip_prefix('-') {
                return (kind, rest.to_owned());
            }
        }
    }
    (PluginKind::Executor, program.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_what_it_is() {
        for (file, kind, name) in [
            ("executor_mine_linux_amd64", PluginKind::Executor, "mine"),
            ("/x/source_cm-watcher_linux_amd64", PluginKind::Source, "cm-watcher"),
            ("target/debug/source-mine", PluginKind::Source, "mine"),
            ("executor-two-words", PluginKind::Executor, "two-words"),
            ("./mine.sh", PluginKind::Executor, "mine"),
            ("executors", PluginKind::Executor, "executors"),
        ] {
            assert_eq!(called(Path::new(file)), (kind, name.to_owned()), "{file}");
        }
    }
}
