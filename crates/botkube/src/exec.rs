//! `botkube exec`: one command as if typed, for scripts.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::{Result, bail};
use botkube_agent::agent::log_progress;
use botkube_api::message::Message;
use botkube_config::Options;
use botkube_core::{
    answer::Status,
    conversation::Incoming,
    render::{self, TextStyle},
    surface::{self, Surface},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use crate::{
    args::{Exec, GivenPlugin, Output},
    complain, logging,
    progress::Bars,
    setup::{self, Told},
    talk,
};

/// Runs the command; the exit code is 0 if it succeeded and 1 otherwise.
///
/// # Errors
///
/// When arguments or configuration are wrong, so that there was nothing to run.
pub(crate) fn run(exec: Exec, given: Vec<GivenPlugin>) -> Result<ExitCode> {
    logging::to_stderr(Level::WARN);
    let text = join(exec.words)?;
    let loaded = setup::configuration(exec.files, Options { lenient: exec.lenient, ..Options::default() })?;
    let told = loaded.map_or_else(Told::demo, Told::from);
    let conversation = match (told.demo, &exec.channel) {
        (true, Some(_)) => bail!("--channel needs a configuration with channels: add --config FILE"),
        (true, None) => setup::everything(&told.config),
        (false, wanted) => setup::channel(&told.config, wanted.as_deref())?,
    };
    let incoming = Incoming::typed(text, setup::person(), conversation);

    talk::runtime()?.block_on(async {
        let bars = Bars::default();
        let progress = if io::stderr().is_terminal() { bars.drawing() } else { log_progress() };
        let agent = setup::agent(told, given, progress)?;
        let cancel = CancellationToken::new();
        talk::on_signal(&cancel);
        let mut collected = Collected::default();
        let status = surface::deliver(agent.dispatcher.submit(incoming, cancel), &mut collected).await;
        bars.clear();
        agent.stop().await;
        if let Err(error) = print(exec.output, status, collected) {
            complain(&format!("cannot write the answer: {error}"));
            return Ok(ExitCode::FAILURE);
        }
        Ok(if status == Status::Succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// One blank between words; nothing is quoted for the user, who may also give the whole line as one word.
fn join(words: Vec<OsString>) -> Result<String> {
    let mut line = Vec::new();
    for (place, word) in words.into_iter().enumerate() {
        match word.into_string() {
            Ok(word) => line.push(word),
            Err(word) => bail!("word {} is not UTF-8: {}", place + 1, word.display()),
        }
    }
    Ok(line.join(" "))
}

/// Keeps an answer until it is printed whole.
#[derive(Default)]
struct Collected {
    messages: Vec<Value>,
    texts: Vec<String>,
}

impl Surface for Collected {
    fn show(&mut self, message: &Message, header: Option<&str>) {
        self.texts.push(render::text(message, TextStyle::default()));
        let mut json: Value = serde_json::from_slice(&message.to_json()).unwrap_or_default();
        if let (Some(object), Some(header)) = (json.as_object_mut(), header) {
            // Upstream's host keeps its header in a member of this name beside the message's own.
            object.insert("Description".into(), header.into());
        }
        self.messages.push(json);
    }

    fn output(&mut self, text: &str, header: Option<&str>) {
        self.show(&Message::code(text), header);
    }
}

fn print(output: Output, status: Status, answer: Collected) -> io::Result<()> {
    let text = answer.texts.join("\n\n");
    let mut out = io::stdout().lock();
    match output {
        Output::Json => {
            let object = json!({ "status": status, "text": text, "messages": answer.messages });
            writeln!(out, "{object}")?;
        }
        Output::Text => {
            if !answer.texts.is_empty() {
                writeln!(out, "{text}")?;
            }
            if status == Status::Refused && answer.texts.is_empty() {
                complain("the command was refused: it is for another cluster, whose agent would answer it in a chat");
            } else if status != Status::Succeeded {
                complain(&format!("the command {}", said(status)));
            }
        }
    }
    out.flush()
}

fn said(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Refused => "was refused",
        Status::Cancelled => "was cancelled",
        Status::TimedOut => "timed out",
    }
}
