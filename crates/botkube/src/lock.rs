//! `botkube lock`: which plugins a configuration means, written down. It knows no form of a lock.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use botkube_plugin_host::lock::{self, Change, MakeError, Update};
use serde_json::json;

use crate::{
    args::{self, Output},
    complain,
    supply::{self, Supply},
};

/// Writes the lock; the exit code is 1 when a plugin cannot be had.
///
/// # Errors
///
/// When there is no configuration, the lock there is cannot be read, or the arguments make no sense.
pub(crate) fn run(args: args::Lock) -> Result<ExitCode> {
    let platforms = supply::platforms(&args.platform)?;
    let supply = Supply::of(args.files)?;
    let update = match args.update {
        None => Update::Nothing,
        Some(None) => Update::All,
        Some(Some(key)) => Update::Key(key),
    };
    // What is made anew need not be understood.
    let before = match lock::Lock::read(&supply.lock) {
        Ok(before) => before.unwrap_or_default(),
        Err(lock::LockError::Parse { .. }) if update == Update::All => lock::Lock::default(),
        Err(error) => return Err(error.into()),
    };
    let store = supply.store(None);
    supply::work(async |progress| {
        let wanted = supply.wanted.iter().cloned();
        let (lock, changes, warnings) = match lock::make(&store, wanted, &before, &update, &platforms, &*progress).await
        {
            Ok(made) => made,
            Err(error @ MakeError::Unknown { .. }) => return Err(error.into()),
            Err(error) => {
                complain(&format!("no lock was written: {error}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        supply::warn(&warnings);
        let path = &supply.lock;
        if lock != before || !path.exists() {
            supply::write(path, &lock.to_yaml())
                .with_context(|| format!("cannot write the lock `{}`", path.display()))?;
        }
        supply::print(&match args.output {
            Output::Json => json!({
                "lock": path.display().to_string(),
                "plugins": lock.plugins.len(),
                "changes": changes,
                "warnings": warnings,
            })
            .to_string(),
            Output::Text => report(path, lock.plugins.len(), &changes),
        })?;
        Ok(ExitCode::SUCCESS)
    })
}

fn report(path: &Path, plugins: usize, changes: &[Change]) -> String {
    let plugins = format!("{plugins} plugin{}", if plugins == 1 { "" } else { "s" });
    if changes.is_empty() {
        return format!("{} has not changed: {plugins}", path.display());
    }
    let row = |change: &Change| match change {
        Change::Added { key, kind, to } => vec!["  added".into(), key.clone(), kind.to_string(), to.clone()],
        Change::Removed { key, kind, from } => vec!["  removed".into(), key.clone(), kind.to_string(), from.clone()],
        Change::Updated { key, kind, from, to, platforms } => {
            let what = match from == to {
                true => format!("{to} (other files for {})", platforms.join(", ")),
                false => format!("{from} → {to}"),
            };
            vec!["  updated".into(), key.clone(), kind.to_string(), what]
        }
    };
    let rows: Vec<Vec<String>> = changes.iter().map(row).collect();
    format!("{}: {plugins}\n{}", path.display(), supply::table(&rows))
}
