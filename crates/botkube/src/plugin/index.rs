//! `botkube plugin index`: an index for a folder, in a file.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result};
use botkube_author::publish::{self, Options, PublishError, Published};
use regex::Regex;

use super::working;
use crate::{args::Index, complain, progress::Bars, supply};

pub(crate) fn run(index: Index) -> Result<ExitCode> {
    let filter = index.plugin_name_filter.as_deref().filter(|filter| !filter.is_empty());
    let options = Options {
        name_filter: filter.map(Regex::new).transpose().context("--plugin-name-filter is no regular expression")?,
        use_archive: index.use_archive,
        checksum_dependencies: index.checksum_dependencies,
        minimum_agent_version: index.minimum_agent_version,
        spawner: working::spawner()?,
        ..Options::new(index.url_base)
    };
    let bars = Bars::default();
    let published = working::work(publish::index(&index.dir, &options, &|text| bars.say(text)));
    bars.clear();
    let published = match published? {
        Ok(published) => published,
        Err(error @ (PublishError::Faults { .. } | PublishError::Refused(_))) => {
            complain(&error.to_string());
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    };
    for warning in &published.warnings {
        complain(&format!("warning: {warning}"));
    }
    if index.output_path == Path::new("-") {
        io::stdout().write_all(published.yaml.as_bytes()).context("cannot write the index")?;
        return Ok(ExitCode::SUCCESS);
    }
    supply::write(&index.output_path, &published.yaml)
        .with_context(|| format!("cannot write the index to {}", index.output_path.display()))?;
    say(&index.output_path, &published).context("cannot say what was written")?;
    Ok(ExitCode::SUCCESS)
}

fn say(path: &Path, published: &Published) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", path.display())?;
    for plugin in &published.plugins {
        let platforms: Vec<String> = plugin.platforms.iter().map(ToString::to_string).collect();
        writeln!(out, "  {} {} {}: {}", plugin.kind, plugin.name, plugin.version, platforms.join(", "))?;
    }
    Ok(())
}
