//! The thread on which lines are edited, with history and completion. It knows no channel.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use rustyline::{
    ColorMode, CompletionType, Config, Context, Editor, ExternalPrinter, Helper,
    completion::{Completer, Pair},
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::Hinter,
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use tokio::sync::mpsc as tokio_mpsc;

use super::display::Display;

/// How many lines of history are kept.
const HISTORY: usize = 1000;
/// Has the editor draw its prompt anew and nothing else: up one line and down again, since a message must end its line.
const NOTHING: &str = "\u{1b}M\n";

/// What the person did at the prompt.
pub(super) enum Typed {
    Line(String),
    Interrupt,
    End,
    /// This line cannot be taken; another can.
    Failed(String),
    /// No line can be read any more.
    Gone(String),
}

/// What completes a line, and from where on. It is asked on the editor's thread and must not take long.
pub(super) type Complete = dyn Fn(&str) -> Vec<String> + Send + Sync;

/// The thread on which lines are edited.
pub(super) struct Lines {
    ready: mpsc::Sender<String>,
    typed: tokio_mpsc::UnboundedReceiver<Typed>,
    /// Whether it draws what stands above the prompt.
    pub(super) draws: bool,
}

impl Lines {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be used.
    pub(super) fn start(
        display: Arc<Display>,
        woken: mpsc::Receiver<()>,
        complete: Box<Complete>,
        history: Option<PathBuf>,
    ) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .map_err(io::Error::other)?
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            // What is drawn above the prompt is drawn with it; colours are ours to leave out.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor: Editor<Prompt, FileHistory> = Editor::with_config(config).map_err(io::Error::other)?;
        editor.set_helper(Some(Prompt { display: display.clone(), complete, line: Mutex::default() }));
        if let Some(path) = &history {
            // The first time there is none.
            let _ = editor.load_history(path);
        }
        let printer = editor.create_external_printer().ok();
        let draws = printer.is_some();
        if let Some(mut printer) = printer {
            // A thread of its own, since the editor takes no messages while it searches its history.
            thread::Builder::new()
                .name("terminal-wake".into())
                .spawn(move || while woken.recv().is_ok() && printer.print(NOTHING.to_owned()).is_ok() {})?;
        }
        let (ready, asked) = mpsc::channel::<String>();
        // At most one line is under way, since each is asked for.
        let (sender, typed) = tokio_mpsc::unbounded_channel();
        thread::Builder::new().name("terminal".into()).spawn(move || {
            for prompt in asked {
                display.open();
                let line = read(&mut editor, &prompt, &display);
                if let Some(path) = history.as_deref().filter(|_| matches!(line, Typed::Line(_))) {
                    keep(&mut editor, path);
                }
                if sender.send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { ready, typed, draws })
    }

    /// Asks for a line; `false` when there will be none.
    pub(super) fn ask(&self, prompt: String) -> bool {
        self.ready.send(prompt).is_ok()
    }

    /// What the person did; `None` when the thread is gone. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Typed> {
        self.typed.recv().await
    }
}

fn read(editor: &mut Editor<Prompt, FileHistory>, prompt: &str, display: &Display) -> Typed {
    let line = editor.readline(prompt);
    display.shut();
    let line = match line {
        Ok(line) => return Typed::Line(line),
        Err(ReadlineError::Interrupted) => Typed::Interrupt,
        Err(ReadlineError::Eof) => Typed::End,
        Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            Typed::Failed("it is not UTF-8".to_owned())
        }
        Err(error) => Typed::Gone(error.to_string()),
    };
    // Here the editor drew nothing at its end, so the block still stands. Where it stands is known only above an empty line.
    let is_empty = editor.helper().is_some_and(|prompt| prompt.line().is_empty());
    if is_empty && matches!(line, Typed::Interrupt | Typed::End) {
        let mut out = io::stdout().lock();
        // Whether it can be written shows with the next prompt.
        let _ = out.write_all(display.take_away(size().columns).as_bytes()).and_then(|()| out.flush());
    }
    display.displaced();
    line
}

/// Writes the history; a history that cannot be written is not worth a word in the chat.
fn keep(editor: &mut Editor<Prompt, FileHistory>, path: &Path) {
    if let Some(dir) = path.parent() {
        let _ = std::fs::create_dir_all(dir);
    }
    let _ = editor.append_history(path);
}

/// How the terminal was set; it is set so again when this is dropped, also while a line is being edited.
pub(super) struct Modes(Option<Termios>);

impl Modes {
    pub(super) fn keep() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    pub(super) fn restore(&self) {
        if let Some(modes) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
        }
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        self.restore();
    }
}

/// The terminal's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// The terminal's size now; some terminals say 0 and mean that they do not know.
pub(crate) fn size() -> Size {
    let size = tcgetwinsize(io::stdout()).map_or((0, 0), |size| (usize::from(size.ws_col), usize::from(size.ws_row)));
    Size { columns: if size.0 == 0 { 80 } else { size.0 }, rows: if size.1 == 0 { 24 } else { size.1 } }
}

/// What the editor asks while it draws.
struct Prompt {
    display: Arc<Display>,
    complete: Box<Complete>,
    /// What is typed, as it was drawn last.
    line: Mutex<String>,
}

impl Prompt {
    fn line(&self) -> String {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn see(&self, line: &str) {
        let mut seen = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.clone_into(&mut seen);
    }
}

impl Highlighter for Prompt {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        self.see(line);
        Cow::Borrowed(line)
    }

    /// Called once each time the prompt is drawn, with the cursor where it begins.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        let above = self.display.draw(size().columns);
        if above.is_empty() { Cow::Borrowed(prompt) } else { Cow::Owned(above + prompt) }
    }

    /// Called for each candidate when all are listed, which comes between the block and the next prompt.
    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        self.display.displaced();
        Cow::Borrowed(candidate)
    }

    fn highlight_char(&self, line: &str, _: usize, _: CmdKind) -> bool {
        self.see(line);
        false
    }
}

impl Validator for Prompt {
    fn validate(&self, _: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        self.display.close();
        // With a message, so that the prompt is drawn once more.
        Ok(ValidationResult::Valid(Some(String::new())))
    }
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..pos).unwrap_or_default().trim_start();
        let pair = |word: String| Pair { replacement: format!("{word} "), display: word };
        Ok((pos - typed.len(), (self.complete)(typed).into_iter().map(pair).collect()))
    }
}

impl Hinter for Prompt {
    type Hint = String;
}
impl Helper for Prompt {}
