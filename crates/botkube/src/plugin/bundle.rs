//! `botkube plugin bundle`: everything that a configuration's plugins need, in one archive. It knows no form of a bundle.

use std::process::ExitCode;

use anyhow::{Context, Result};
use botkube_plugin_host::{
    bundle::{self, WriteError},
    index::Platform,
};

use crate::{
    args::Bundle,
    complain,
    supply::{self, Locked, Supply},
};

/// Writes the bundle; the exit code is 1 when a plugin cannot be had.
///
/// # Errors
///
/// When there is no configuration, or the arguments make no sense.
pub(crate) fn run(args: Bundle) -> Result<ExitCode> {
    let mut platforms = supply::platforms(&args.platform)?;
    if platforms.is_empty() {
        platforms.push(Platform::current());
    }
    let supply = Supply::of(args.files.clone())?;
    // Where only what is locked may be started, that is what has to be in it.
    let lock = Locked::of(args.files, &supply.config, false, &[])?;
    let store = supply.store(lock.lock());
    if supply.wanted.is_empty() {
        complain("the configuration has no plugin of a repository; there is nothing to pack");
        return Ok(ExitCode::FAILURE);
    }
    supply::work(async |progress| {
        let written = bundle::write(&store, supply.wanted.iter().cloned(), &platforms, &args.file, &*progress).await;
        let (packed, warnings) = match written {
            Ok(written) => written,
            Err(error @ WriteError::Name(_)) => return Err(error.into()),
            Err(error) => {
                complain(&format!("no bundle was written: {error}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        supply::warn(&warnings);
        let rows: Vec<Vec<String>> = packed
            .iter()
            .map(|one| {
                vec![format!("  {}", one.key), one.kind.to_string(), one.version.clone(), one.platforms.join(", ")]
            })
            .collect();
        let mut repositories: Vec<&str> = supply.wanted.iter().map(|wanted| wanted.key.repository.as_str()).collect();
        repositories.dedup();
        // Absolute, for an agent that is started elsewhere; in quotes, whatever is in it.
        let url = serde_json::to_string(&std::path::absolute(&args.file)?).context("the bundle's path is no text")?;
        let settings: String = repositories.iter().map(|name| format!("\n    {name}: {{url: {url}}}")).collect();
        supply::print(&format!(
            "{}\n{}\n\nTo use it, where it lies on the agent's machine:\nplugins:\n  repositories:{settings}",
            args.file.display(),
            supply::table(&rows)
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}
