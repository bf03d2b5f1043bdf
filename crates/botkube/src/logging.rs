//! Where log lines go: standard error, or a file when a person sits at the terminal. What went wrong last is remembered.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex},
};

use botkube_agent::{agent::OUTPUT_TARGET, inside::recent::Recent};
use botkube_config::schema::settings::{Log, LogFormatter, LogLevel};
use tracing::Level;
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::setup;

/// What remembers the log's latest warnings and errors. A process has one log, and so one of these.
pub(crate) fn recent() -> Recent {
    static RECENT: LazyLock<Recent> = LazyLock::new(Recent::default);
    RECENT.clone()
}

/// Log lines of this level and above go to standard error.
pub(crate) fn to_stderr(level: Level) {
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    begin(lines, level);
}

/// Log lines go to standard error as `settings.log` has it.
pub(crate) fn as_configured(log: &Log) {
    let level = match log.level {
        LogLevel::Trace => Level::TRACE,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Info => Level::INFO,
        LogLevel::Warn | LogLevel::Warning => Level::WARN,
        LogLevel::Error | LogLevel::Fatal | LogLevel::Panic => Level::ERROR,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let colours = io::stderr().is_terminal() && !log.disable_colors;
    let lines = match log.formatter {
        LogFormatter::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormatter::Text => lines.with_ansi(colours).boxed(),
    };
    begin(lines, level);
}

/// Log lines go to a file of this user's, whose path is returned; to standard error's stead nothing is written.
///
/// # Errors
///
/// When the file cannot be made.
pub(crate) fn to_file() -> io::Result<PathBuf> {
    let dir = setup::state_dir();
    setup::private_dir(&dir)?;
    let path = dir.join("botkube.log");
    let lines = tracing_subscriber::fmt::layer().with_writer(Mutex::new(LogFile::open(&path)?)).with_ansi(false);
    begin(lines, Level::DEBUG);
    Ok(path)
}

/// A file that begins anew when it has grown large.
struct LogFile {
    file: File,
    size: u64,
}

impl LogFile {
    const LARGE: u64 = 10 << 20;

    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Self { size: file.metadata()?.len(), file })
    }
}

impl Write for LogFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.size > Self::LARGE {
            self.file.set_len(0)?;
            self.size = 0;
        }
        let written = self.file.write(buf)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Lines of this level and above are written from now on; what goes wrong is remembered, whatever the level.
fn begin(lines: impl Layer<Registry> + Send + Sync, level: Level) {
    let remembered = recent().with_filter(quiet_below(Level::WARN));
    // A process that has a log keeps it.
    let _ = tracing_subscriber::registry().with(lines.with_filter(quiet_below(level))).with(remembered).try_init();
}

/// The agent's own lines from `level` on, only warnings of the libraries below it, and what was asked for of plugins.
fn quiet_below(level: Level) -> Targets {
    let ours = ["botkube", "botkube_agent", "botkube_console", "botkube_core", "botkube_plugin_host", "go_plugin"];
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(ours.map(|target| (target, level)))
        .with_target(OUTPUT_TARGET, Level::TRACE)
}
