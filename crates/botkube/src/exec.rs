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
use botkube_console::{piped::reader_left, screen::Screen};
use botkube_core::{
    answer::Status,
    conversation::Incoming,
    render::{self, TextStyle, harmless},
    surface::{self, Surface},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use crate::{
    args::{Exec, GivenPlugin, Output},
    complain,
    locked::Locked,
    logging,
    progress::Bars,
    setup::{self, Extra, Told},
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
    let loaded = setup::configuration(exec.files.clone(), Options { lenient: exec.lenient, ..Options::default() })?;
    let told = match loaded {
        None => Told::demo(),
        Some(loaded) => {
            let lock = Locked::of(&setup::files(exec.files)?, &loaded.config, false, &given)?;
            Told { lock, ..Told::from(loaded) }
        }
    };
    let conversation = match (told.demo, &exec.channel) {
        (true, Some(_)) => bail!("--channel needs a configuration with channels: add --config FILE"),
        (true, None) => setup::everything(&told.config),
        (false, wanted) => setup::channel(&told.config, wanted.as_deref())?,
    };
    let incoming = Incoming::typed(text, setup::person(), conversation);

    talk::runtime()?.block_on(async {
        let bars = Bars::default();
        let is_watched = io::stderr().is_terminal();
        let progress = if is_watched { bars.drawing() } else { log_progress() };
        let agent = setup::agent(told, Extra::given(given), progress)?;
        let cancel = CancellationToken::new();
        talk::on_signal(&cancel);
        let answer = agent.dispatcher.submit(incoming, cancel.clone());
        let (status, printed) = match exec.output {
            Output::Json => {
                let mut collected = Collected::default();
                let status = surface::deliver(answer, &mut collected).await;
                bars.clear();
                (status, collected.print(status))
            }
            Output::Text => {
                let screen = Screen::alone(io::stdout(), io::stdout().is_terminal());
                let mut written = Written { screen, bars: is_watched.then(|| bars.clone()), has_shown: false };
                let status = tokio::select! {
                    status = surface::deliver(answer, &mut written) => status,
                    // Dropping the answer has ended the command.
                    () = reader_left() => Status::Cancelled,
                };
                bars.clear();
                written.screen.finish();
                say_how_it_ended(status, written.has_shown);
                (status, written.screen.into_outcome())
            }
        };
        agent.stop().await;
        if let Err(error) = printed {
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

/// Writes an answer as it comes, and on a terminal how far the command is.
struct Written {
    screen: Screen<io::Stdout>,
    /// What draws that; `None` where nobody looks.
    bars: Option<Bars>,
    has_shown: bool,
}

impl Written {
    fn write(&mut self, write: impl FnOnce(&mut Screen<io::Stdout>)) {
        self.has_shown = true;
        match &self.bars {
            Some(bars) => bars.aside(|| write(&mut self.screen)),
            None => write(&mut self.screen),
        }
    }
}

impl Surface for Written {
    fn show(&mut self, message: &Message, header: Option<&str>) {
        self.write(|screen| screen.show(message, header));
    }

    fn output(&mut self, text: &str, header: Option<&str>) {
        self.write(|screen| screen.output(text, header));
    }

    fn update(&mut self, place: usize, message: &Message) {
        self.write(|screen| screen.update(place, message));
    }

    fn progress(&mut self, text: &str) {
        if let Some(bars) = &self.bars {
            bars.say(&harmless(text).replace('\n', " "));
        }
    }
}

/// Keeps an answer until it is printed whole.
#[derive(Default)]
struct Collected {
    messages: Vec<(Message, Option<String>)>,
    /// The place of each message that was shown, among all; output has none.
    shown: Vec<usize>,
    /// Whether the last message is output, which may go on.
    is_output: bool,
}

impl Surface for Collected {
    fn show(&mut self, message: &Message, header: Option<&str>) {
        self.shown.push(self.messages.len());
        self.messages.push((message.clone(), header.map(ToOwned::to_owned)));
        self.is_output = false;
    }

    fn output(&mut self, text: &str, header: Option<&str>) {
        match self.messages.last_mut().filter(|_| self.is_output) {
            Some((message, _)) => message.base_body.code_block.push_str(text),
            None => self.messages.push((Message::code(text), header.map(ToOwned::to_owned))),
        }
        self.is_output = true;
    }

    fn update(&mut self, place: usize, message: &Message) {
        if let Some((shown, _)) = self.shown.get(place).and_then(|place| self.messages.get_mut(*place)) {
            message.clone_into(shown);
        }
    }
}

impl Collected {
    /// One object.
    fn print(&self, status: Status) -> io::Result<()> {
        let texts: Vec<_> =
            self.messages.iter().map(|(message, _)| render::text(message, TextStyle::default())).collect();
        let messages = self.messages.iter().map(|(message, header)| {
            let mut json: Value = serde_json::from_slice(&message.to_json()).unwrap_or_default();
            if let (Some(object), Some(header)) = (json.as_object_mut(), header) {
                // Upstream's host keeps its header in a member of this name beside the message's own.
                object.insert("Description".into(), header.as_str().into());
            }
            json
        });
        let messages: Vec<Value> = messages.collect();
        let object = json!({ "status": status, "text": texts.join("\n\n"), "messages": messages });
        let mut out = io::stdout().lock();
        writeln!(out, "{object}")?;
        out.flush()
    }
}

fn say_how_it_ended(status: Status, has_shown: bool) {
    if status == Status::Refused && !has_shown {
        complain("the command was refused: it is for another cluster, whose agent would answer it in a chat");
    } else if status != Status::Succeeded {
        complain(&format!("the command {}", said(status)));
    }
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
