//! `botkube plugin list`: the plugins a configuration means, and what is here of them. It judges nothing.

use std::process::ExitCode;

use anyhow::Result;
use botkube_plugin_host::{
    lock::{Lock, Wanted},
    store::{Status, StoreError},
};
use serde_json::{Value, json};

use crate::{
    args::{List, Output},
    complain,
    supply::{self, Supply},
};

/// What stands where there is nothing.
const NOTHING: &str = "-";

/// Prints the list; the exit code is 1 when it could not be found out of a plugin.
///
/// # Errors
///
/// When there is no configuration, or its lock cannot be read.
pub(crate) fn run(args: List) -> Result<ExitCode> {
    let supply = Supply::of(args.files)?;
    let lock = Lock::read(&supply.lock)?.unwrap_or_default();
    let store = supply.store(None);
    supply::work(async |progress| {
        let mut found = Vec::new();
        for wanted in &supply.wanted {
            let status = store.status(&wanted.key, wanted.kind, args.outdated, &*progress).await;
            found.push(Found {
                wanted,
                locked: lock.get(wanted.kind, &wanted.key).map(|it| it.version.as_str()),
                status,
            });
        }
        let failed = found.iter().any(|found| found.status.is_err());
        for found in &found {
            match &found.status {
                Err(error) => complain(&error.to_string()),
                Ok(status) => supply::warn(status.doubt.as_slice()),
            }
        }
        if args.outdated {
            found.retain(|found| found.status.as_ref().is_ok_and(|status| status.is_outdated(found.locked)));
        }
        supply::print(&match args.output {
            Output::Json => Value::from_iter(found.iter().map(Found::json)).to_string(),
            Output::Text if found.is_empty() && failed => NOTHING.into(),
            Output::Text if supply.wanted.is_empty() => "the configuration has no plugin of a repository".into(),
            Output::Text if found.is_empty() => "every plugin is at its newest version".into(),
            Output::Text => {
                let head = ["KEY", "KIND", "VERSION", "CACHED", "LOCKED", "NEWEST"].map(str::to_owned).to_vec();
                let rows: Vec<Vec<String>> = [head].into_iter().chain(found.iter().map(Found::row)).collect();
                supply::table(&rows)
            }
        })?;
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

/// What is known of one plugin.
struct Found<'a> {
    wanted: &'a Wanted,
    locked: Option<&'a str>,
    status: Result<Status, StoreError>,
}

impl Found<'_> {
    fn row(&self) -> Vec<String> {
        let Wanted { key, kind } = self.wanted;
        let nothing = || NOTHING.to_owned();
        let status = self.status.as_ref().ok();
        let cached = status.map(|status| status.cached.join(", ")).filter(|cached| !cached.is_empty());
        vec![
            key.to_string(),
            kind.to_string(),
            status.map_or_else(|| "?".into(), |status| status.version.clone()),
            cached.unwrap_or_else(nothing),
            self.locked.map_or_else(nothing, str::to_owned),
            status.map_or_else(|| "?".into(), |status| status.newest.clone()),
        ]
    }

    fn json(&self) -> Value {
        let Wanted { key, kind } = self.wanted;
        let status = self.status.as_ref().ok();
        json!({
            "key": key.to_string(),
            "kind": kind.as_str(),
            "version": status.map(|status| &status.version),
            "cached": status.map(|status| &status.cached),
            "locked": self.locked,
            "newest": status.map(|status| &status.newest),
            "error": self.status.as_ref().err().map(ToString::to_string),
        })
    }
}
