//! `botkube status`: a running agent from inside. It must not know how an agent finds out.

mod text;

use std::{
    env,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use botkube_agent::inside::{socket, status::Document};

use crate::{
    USAGE,
    args::{self, Output},
    complain, setup, supply,
};

/// Prints what an agent tells about itself; the exit code is 1 when none answers, 2 when it is not clear which one is meant.
///
/// # Errors
///
/// When what it tells cannot be read, or not be printed.
pub(crate) fn run(args: args::Status) -> Result<ExitCode> {
    let path = match args.socket {
        Some(path) => path,
        None => match only(setup::sockets()) {
            Ok(path) => path,
            Err(code) => return Ok(code),
        },
    };
    let document = match socket::ask(&path) {
        Ok(document) => document,
        Err(error) => {
            complain(&format!("{:#}", anyhow::Error::new(error)));
            return Ok(ExitCode::FAILURE);
        }
    };
    if args.output == Output::Json {
        supply::print(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    let document = read(&path, &document)?;
    let is_coloured = io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    supply::print(&text::text(&document, is_coloured))?;
    Ok(ExitCode::SUCCESS)
}

/// The one agent that runs; else what to do is said, and the exit code returned.
fn only(places: Vec<PathBuf>) -> Result<PathBuf, ExitCode> {
    let mut agents = socket::agents(&places);
    match agents.len() {
        1 => Ok(agents.remove(0)),
        0 => {
            let looked: Vec<String> = places.iter().map(|place| format!("`{}`", place.display())).collect();
            complain(&format!(
                "no agent runs here as this user: there is no socket of one in {}; start one with `botkube run`, or name its \
                 socket with --socket",
                looked.join(", ")
            ));
            Err(ExitCode::FAILURE)
        }
        count => {
            let named: String =
                agents.iter().map(|path| format!("\n  --socket {}{}", path.display(), about(path))).collect();
            complain(&format!("{count} agents run here as this user; choose one:{named}"));
            Err(ExitCode::from(USAGE))
        }
    }
}

/// What distinguishes an agent from others.
fn about(path: &Path) -> String {
    let document = socket::ask(path).ok().and_then(|document| read(path, &document).ok());
    document
        .map(|Document { agent, .. }| format!("  ({}, {})", text::plain(&agent.cluster), agent.stage))
        .unwrap_or_default()
}

fn read(path: &Path, document: &str) -> Result<Document> {
    serde_json::from_str(document).with_context(|| {
        format!(
            "what the agent at `{}` tells cannot be understood; use its own version of `botkube status`",
            path.display()
        )
    })
}
