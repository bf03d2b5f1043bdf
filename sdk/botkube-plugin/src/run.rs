//! Running another program for a command, by the rules of the Go SDK's `ExecuteCommand` (`contract-plugins §5.4`).

mod live;

use std::{
    env,
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use crate::{Reply, words};

pub use botkube_proto::DEPENDENCY_DIR;

/// How much of each output is kept, in bytes: what agents take as one answer.
const MOST_OUTPUT: u64 = 64 << 20;

/// A program to run: no shell, words split as shells do.
///
/// As a reply, its output is shown line by line as it comes, both outputs in one, and a bad end is the error after it:
/// `Ok(call.run("kubectl get pods").into())`. [`Run::output`] waits for its end and gives all of it.
///
/// When the call is cancelled, the program and all it started are killed.
#[derive(Clone)]
#[must_use = "nothing runs until it is a reply, or `output` is awaited"]
pub struct Run {
    command: String,
    env: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
    dependency_dir: Option<PathBuf>,
    clear_color_codes: bool,
}

/// What a program printed before it ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

/// A program that could not be run, or ended badly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The command cannot be split into words.
    #[error("invalid raw command {command:?}: {source}")]
    Words {
        /// The command.
        command: String,
        /// Where it went wrong.
        source: words::WordsError,
    },
    /// There are no words in it.
    #[error("invalid raw command: {0:?}")]
    Empty(String),
    /// The program cannot be started.
    #[error("cannot run {program}: {reason}")]
    Start {
        /// The program, as it was looked for.
        program: String,
        /// What the operating system said.
        reason: String,
    },
    /// It ended with a code other than 0, or by a signal. The text is what it printed and how it ended.
    #[error("{}", failure(.output, .status))]
    Failed {
        /// What it printed.
        output: Output,
        /// How it ended.
        status: ExitStatus,
    },
}

impl Run {
    pub(crate) fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            env: Vec::new(),
            dir: None,
            stdin: None,
            dependency_dir: env::var_os(DEPENDENCY_DIR).filter(|d| !d.is_empty()).map(PathBuf::from),
            clear_color_codes: false,
        }
    }

    /// Sets a variable on top of the plugin's own environment.
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Gives it something to read; without this, its standard input is empty.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(input.into());
        self
    }

    /// Looks for the program in this directory first, not in the one the agent named.
    pub fn dependency_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dependency_dir = Some(dir.into());
        self
    }

    /// Removes colours (`ESC[…m`) from what it prints.
    pub fn clear_color_codes(mut self) -> Self {
        self.clear_color_codes = true;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be run, or ends with anything but exit code 0: then the error's text is all it printed and how it
    /// ended, which is what users of the Go SDK's plugins see.
    pub async fn output(self) -> Result<Output, RunError> {
        let clear_color_codes = self.clear_color_codes;
        let mut program = self.start(Stdio::piped(), Stdio::piped())?;
        let (stdout, stderr) = (program.child.stdout.take(), program.child.stderr.take());
        // What it started may hold the outputs longer than it runs, and is killed with it until then.
        let (stdout, stderr) = tokio::join!(text(stdout), text(stderr));
        let ended = program.ended().await;

        let plain = |text: String| if clear_color_codes { without_color_codes(&text) } else { text };
        let output = Output { stdout: plain(stdout), stderr: plain(stderr) };
        let status = ended?;
        if status.success() { Ok(output) } else { Err(RunError::Failed { output, status }) }
    }

    /// Starts it with these outputs.
    fn start(self, stdout: Stdio, stderr: Stdio) -> Result<Program, RunError> {
        let words = words::split(&self.command)
            .map_err(|source| RunError::Words { command: self.command.clone(), source })?
            .into_values();
        let Some((name, args)) = words.split_first().filter(|(name, _)| !name.is_empty()) else {
            return Err(RunError::Empty(self.command));
        };
        let program = find(name, self.dependency_dir.as_deref());
        let mut command = Command::new(&program);
        command.args(args).envs(self.env).stdout(stdout).stderr(stderr);
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.process_group(0).kill_on_drop(true);
        if let Some(dir) = self.dir {
            command.current_dir(dir);
        }
        let mut child = command.spawn().map_err(|e| not_started(&program, &e))?;
        let group = KillGroup(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        if let Some((mut pipe, input)) = child.stdin.take().zip(self.stdin) {
            tokio::spawn(async move {
                // A program need not read all it is given.
                let _ = pipe.write_all(&input).await;
            });
        }
        Ok(Program { path: program, child, group })
    }
}

/// Without what it is given to read and the values of its variables: tokens are among them.
impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Run")
            .field("command", &self.command)
            .field("env", &names)
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// Its output as it comes.
impl From<Run> for Reply {
    fn from(run: Run) -> Self {
        Self::stream(live::lines(run))
    }
}

/// A program that runs. Dropping it kills it and all it started.
struct Program {
    path: PathBuf,
    child: Child,
    group: KillGroup,
}

impl Program {
    /// Waits until it has ended.
    async fn ended(&mut self) -> Result<ExitStatus, RunError> {
        let status = self.child.wait().await.map_err(|e| not_started(&self.path, &e))?;
        self.group.disarm();
        Ok(status)
    }
}

fn not_started(program: &Path, error: &io::Error) -> RunError {
    RunError::Start { program: program.display().to_string(), reason: error.to_string() }
}

impl Output {
    /// Both outputs, standard output first, trimmed.
    #[must_use]
    pub fn combined(&self) -> String {
        let between = if self.stderr.is_empty() { "" } else { "\n" };
        format!("{}{between}{}", self.stdout, self.stderr).trim().to_owned()
    }
}

/// Everything a pipe says, up to a bound: what is beyond is read, counted and not kept.
async fn text(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut kept = Vec::new();
    let mut beyond = 0_u64;
    // A pipe that breaks has said what it had to say.
    let _ = (&mut pipe).take(MOST_OUTPUT).read_to_end(&mut kept).await;
    if kept.len() as u64 == MOST_OUTPUT {
        beyond = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await.unwrap_or_default();
    }
    let mut text = String::from_utf8(kept).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
    if beyond > 0 {
        text += &format!("\n… and {beyond} more bytes, which were not kept\n");
    }
    text
}

/// A dependency if there is one of this name, else what the name says: a path, or a program on `PATH`.
fn find(name: &str, dependency_dir: Option<&Path>) -> PathBuf {
    dependency_dir.map(|dir| dir.join(name)).filter(|path| path.is_file()).unwrap_or_else(|| name.into())
}

fn failure(output: &Output, status: &ExitStatus) -> String {
    let how = match status.code() {
        Some(code) => format!("exit status {code}"),
        None => status.to_string(),
    };
    let parts = [output.stdout.as_str(), output.stderr.as_str(), how.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn without_color_codes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\x1b[") {
        let code = &rest[start + 2..];
        let parameters = code.len() - code.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').len();
        plain.push_str(&rest[..start]);
        match code[parameters..].strip_prefix('m') {
            Some(after) => rest = after,
            None => {
                plain.push_str("\x1b[");
                rest = code;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Kills a process group unless its leader ended by itself.
struct KillGroup(Option<Pid>);

impl KillGroup {
    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for KillGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.combined())
    }
}

#[cfg(test)]
mod tests;
