//! Lines a person edits in a terminal, with history and completion.

use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use botkube_core::{answer::Status, builtin::Builtin, render::TextStyle};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use rustyline::{
    Config, Context, Editor, Helper,
    completion::{Completer, Pair},
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::FileHistory,
    validate::Validator,
};
use tokio::{signal::ctrl_c, sync::mpsc as tokio_mpsc};
use tokio_util::sync::CancellationToken;

use crate::{Console, Ended, screen::Screen};

const PROMPT: &str = "› ";
/// How many lines of history are kept.
const HISTORY: usize = 1000;

/// What the person did at the prompt.
enum Typed {
    Line(String),
    Interrupt,
    End,
    /// This line cannot be taken; another can.
    Failed(String),
    /// No line can be read any more.
    Gone(String),
}

impl Console {
    /// Talks with the person at the terminal until they leave or `stop`. The history is kept in `history`, if given.
    ///
    /// Ctrl-C cancels what runs; twice in a row, or Ctrl-D, leaves.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be used.
    pub async fn terminal(
        &self,
        greeting: &str,
        history: Option<PathBuf>,
        stop: &CancellationToken,
    ) -> io::Result<Ended> {
        let _modes = Modes::keep();
        let (ready, mut typed) = edit(self.words(), history)?;
        let style = || TextStyle { width: Some(width()) };
        let mut screen = Screen::new(io::stdout(), style());
        screen.line(greeting);
        let mut interrupted = false;
        loop {
            if !screen.is_open() {
                return Ok(Ended::Output);
            }
            // Each line is asked for, so that the prompt and an answer never meet.
            if ready.send(()).is_err() {
                return Ok(Ended::Input);
            }
            let line = tokio::select! {
                line = typed.recv() => line,
                () = stop.cancelled() => return Ok(Ended::Told),
            };
            match line {
                Some(Typed::Line(line)) => {
                    interrupted = false;
                    if line.trim().is_empty() {
                        continue;
                    }
                    screen = Screen::new(io::stdout(), style());
                    if self.run(&line, &mut screen, stop).await == Left::Yes {
                        return Ok(Ended::Input);
                    }
                }
                Some(Typed::Interrupt) if !interrupted => {
                    interrupted = true;
                    screen.line("Ctrl-C again, or Ctrl-D, leaves.");
                }
                Some(Typed::Failed(reason)) => screen.line(&format!("This line cannot be taken: {reason}")),
                Some(Typed::Gone(reason)) => {
                    screen.line(&format!("The terminal cannot be read: {reason}"));
                    return Ok(Ended::Input);
                }
                Some(Typed::Interrupt | Typed::End) | None => return Ok(Ended::Input),
            }
        }
    }

    /// Runs one line; Ctrl-C cancels it, and a second one leaves at once.
    async fn run(&self, line: &str, screen: &mut Screen<io::Stdout>, stop: &CancellationToken) -> Left {
        let cancel = stop.child_token();
        let interrupted_twice = async {
            let _ = ctrl_c().await;
            cancel.cancel();
            let _ = ctrl_c().await;
        };
        let status = tokio::select! {
            status = self.say(line, screen, cancel.clone()) => status,
            () = interrupted_twice => return Left::Yes,
        };
        if matches!(status, Status::Failed | Status::TimedOut) {
            screen.line(if status == Status::Failed { "(failed)" } else { "(timed out)" });
        }
        Left::No
    }

    /// What completes at the beginning of a line.
    fn words(&self) -> Vec<String> {
        let dispatcher = &self.dispatcher;
        let bindings = dispatcher.executors.bound_in(&self.conversation);
        let mut words: Vec<String> = Vec::new();
        for name in bindings.names() {
            words.push(name.to_owned());
            words.push(format!("{name} help"));
        }
        words.extend(Builtin::lines());
        words.extend(dispatcher.config.aliases.iter().map(|alias| alias.name.clone()));
        words.sort();
        words
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Yes,
    No,
}

/// Starts the thread on which lines are edited: each `()` asks for one.
fn edit(
    words: Vec<String>,
    history: Option<PathBuf>,
) -> io::Result<(mpsc::Sender<()>, tokio_mpsc::UnboundedReceiver<Typed>)> {
    let config = Config::builder().max_history_size(HISTORY).map_err(io::Error::other)?.auto_add_history(true).build();
    let mut editor: Editor<Words, FileHistory> = Editor::with_config(config).map_err(io::Error::other)?;
    editor.set_helper(Some(Words(words)));
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    let (ready, asked) = mpsc::channel();
    // At most one line is under way, since each is asked for.
    let (sender, typed) = tokio_mpsc::unbounded_channel();
    thread::Builder::new().name("terminal".into()).spawn(move || {
        for () in asked {
            let line = match editor.readline(PROMPT) {
                Ok(line) => Typed::Line(line),
                Err(ReadlineError::Interrupted) => Typed::Interrupt,
                Err(ReadlineError::Eof) => Typed::End,
                Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    Typed::Failed("it is not UTF-8".to_owned())
                }
                Err(error) => Typed::Gone(error.to_string()),
            };
            if let Some(path) = history.as_deref().filter(|_| matches!(line, Typed::Line(_))) {
                keep(&mut editor, path);
            }
            if sender.send(line).is_err() {
                return;
            }
        }
    })?;
    Ok((ready, typed))
}

/// Writes the history; a history that cannot be written is not worth a word in the chat.
fn keep(editor: &mut Editor<Words, FileHistory>, path: &Path) {
    if let Some(dir) = path.parent() {
        let _ = std::fs::create_dir_all(dir);
    }
    let _ = editor.append_history(path);
}

/// How the terminal was set; it is set so again when this is dropped, also while a line is being edited.
struct Modes(Option<Termios>);

impl Modes {
    fn keep() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        if let Some(modes) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
        }
    }
}

/// The terminal's width in columns; some terminals say 0 and mean that they do not know.
fn width() -> usize {
    let columns = tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { 80 } else { columns }
}

/// Completes the beginnings of commands.
struct Words(Vec<String>);

impl Completer for Words {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..pos).unwrap_or_default().trim_start();
        let start = pos - typed.len();
        let pair = |word: &String| Pair { display: word.clone(), replacement: format!("{word} ") };
        Ok((start, self.0.iter().filter(|word| word.starts_with(typed)).map(pair).collect()))
    }
}

impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}
