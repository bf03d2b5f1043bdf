//! `botkube plugin inspect`: which file is meant, and what there is to say about it.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result, anyhow, bail};
use botkube_agent::agent;
use botkube_author::inspect::{self, Inspection, Listed, Target};
use botkube_config::{
    Options,
    model::{Config, PluginKey},
};
use botkube_plugin_host::{
    index::PluginKind,
    store::{self, Arrived, Store},
};

use super::working;
use crate::{
    args::{Inspect, Output},
    complain,
    progress::Bars,
    setup, supply,
};

pub(crate) fn run(inspect: Inspect) -> Result<ExitCode> {
    let spawner = working::spawner()?;
    let bars = Bars::default();
    let inspected = working::work(async {
        let dir = tempfile::tempdir().context("cannot make a directory for the plugin")?;
        let target = target(&inspect, dir.path(), &bars).await?;
        bars.say(&format!("asking {} what it is", target.file_name));
        inspect::inspect(target, spawner).await.map_err(anyhow::Error::from)
    });
    bars.clear();
    let inspection = inspected??;
    print(&inspection, inspect.output).context("cannot write to standard output")?;
    if let Some(failed) = &inspection.failed {
        complain(&format!("{}: {failed}", inspection.file.name));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(inspection: &Inspection, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => write!(out, "{inspection}"),
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(inspection)?),
    }
}

/// A file, an address or a key, in this order.
async fn target(inspect: &Inspect, dir: &Path, bars: &Bars) -> Result<Target> {
    let text = inspect.target.as_str();
    if Path::new(text).exists() {
        return Ok(Target::file(&std::path::absolute(text)?));
    }
    if text.contains("://") {
        let progress = bars.drawing();
        let Arrived { path, inside, name, .. } = store::download("the plugin", text, dir, &*progress).await?;
        return Ok(Target { file_name: name, inside, ..Target::file(&path) });
    }
    let key: PluginKey = match text.parse() {
        Ok(key) if !text.starts_with(['.', '/']) => key,
        _ => bail!(
            "there is no file `{text}`, and it is neither an address, which begins with https://, nor the key of a plugin, \
             which is REPOSITORY/NAME"
        ),
    };
    let files = crate::args::Files { config: inspect.files.config.clone() };
    let Some(loaded) = setup::configuration(files, Options::default())? else {
        bail!(
            "there is no file `{text}`; if it is the key of a plugin, name the configuration whose repository it is in with \
             --config FILE or in BOTKUBE_CONFIG_PATHS"
        );
    };
    let files = crate::args::Files { config: inspect.files.config.clone() };
    let store = agent::store(&loaded.config.plugins, supply::required(files, &loaded.config)?);
    from_store(store, key, &loaded.config, bars).await
}

async fn from_store(store: Store, key: PluginKey, config: &Config, bars: &Bars) -> Result<Target> {
    let progress = bars.drawing();
    let (key, kinds) = meant(key, config);
    let mut failed = None;
    for kind in kinds {
        let entry = match store.entry(&key, kind, &*progress).await {
            Ok(entry) => entry,
            Err(error) => {
                failed.get_or_insert(error);
                continue;
            }
        };
        let installed = store.install(&key, kind, &*progress).await?;
        for warning in &installed.warnings {
            complain(&format!("warning: {warning}"));
        }
        return Ok(Target {
            plugin: Some((kind, key.name.clone())),
            dependencies: Some(installed.dependencies),
            index: Some(Listed::new(&key.repository, &entry)),
            ..Target::file(&installed.program)
        });
    }
    Err(failed.map_or_else(|| anyhow!("`{key}` is neither an executor nor a source"), anyhow::Error::from))
}

/// The key as the configuration binds it, and what it can be. One that nobody binds can be either.
fn meant(key: PluginKey, config: &Config) -> (PluginKey, Vec<PluginKind>) {
    let groups = [(PluginKind::Executor, &config.executors), (PluginKind::Source, &config.sources)];
    let bound = groups.into_iter().find_map(|(kind, groups)| {
        let mut plugins = groups.iter().flat_map(|group| &group.plugins);
        let fits = |other: &PluginKey| other.repository == key.repository && other.name == key.name;
        plugins.find(|plugin| fits(&plugin.key)).map(|plugin| (kind, plugin.key.version.clone()))
    });
    match bound {
        Some((kind, version)) => (PluginKey { version: key.version.or(version), ..key }, vec![kind]),
        None => (key, vec![PluginKind::Executor, PluginKind::Source]),
    }
}
