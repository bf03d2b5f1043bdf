//! `botkube message`: a message shown as a platform would show it, without an agent. It knows no platform's wire.

use std::{
    fs,
    io::{self, IsTerminal, Read, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use botkube_api::message::Message;
use botkube_console::{preview::preview, web};
use botkube_core::render::{self, TextStyle};

use crate::args::{MessageVerb, Platform, Render, Shown};

/// How wide text is at a terminal.
const WIDTH: usize = 80;

/// Does what the verb says.
///
/// # Errors
///
/// When there is no such message, or nobody to show it to.
pub(crate) fn run(verb: MessageVerb) -> Result<ExitCode> {
    let MessageVerb::Render(Render { platform: Platform::Console, file, shown }) = verb;
    let message = read(&file)?;
    let text = match shown {
        Shown::Json => serde_json::to_string_pretty(&preview(message)).context("cannot write the message as JSON")?,
        Shown::Html => web::still(&preview(message)),
        Shown::Text => {
            let is_terminal = io::stdout().is_terminal();
            let text = render::text(&message, TextStyle { width: is_terminal.then_some(WIDTH) });
            if is_terminal { render::harmless(&text) } else { text }
        }
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// The message in a file, or on standard input.
fn read(file: &Path) -> Result<Message> {
    let is_stdin = file.as_os_str() == "-";
    let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    let mut json = Vec::new();
    let outcome = match is_stdin {
        true => io::stdin().lock().read_to_end(&mut json).map(drop),
        false => fs::read(file).map(|content| json = content),
    };
    outcome.with_context(|| format!("cannot read {name}"))?;
    Message::from_json_strict(&json).or_else(|error| {
        let place = error.position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        let path = if error.path.is_empty() { String::new() } else { format!("`{}`: ", error.path) };
        bail!("{name}{place}: {path}{}", error.problem)
    })
}
