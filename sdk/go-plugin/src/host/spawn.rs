//! How a process is made from a program; it knows nothing of what the process will say.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    fmt, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use tokio::{
    process::{Child, Command},
    runtime::Handle,
};

use super::content::{Changed, Checked};

/// What a launcher is told in place of a digest.
const UNCHECKED: &str = "-";

/// What is started: a program, its arguments, and its *whole* environment.
///
/// Nothing is inherited that is not named: a host's environment holds secrets that are none of a plugin's business.
#[derive(Clone)]
#[must_use]
#[non_exhaustive]
pub struct Launch {
    /// The program's path. It is not looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments; plugins get none.
    pub args: Vec<OsString>,
    /// Its environment, apart from the protocol's own variables.
    pub env: BTreeMap<OsString, OsString>,
    /// Its working directory; the host's by default.
    pub dir: Option<PathBuf>,
    /// The SHA-256 of the program's file, in hexadecimal digits. A file with another one is not started, see
    /// [`StartReason::Changed`](super::StartReason::Changed).
    pub sha256: Option<String>,
}

impl Launch {
    /// Starts `program` with no arguments and an empty environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: BTreeMap::new(), dir: None, sha256: None }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets a variable.
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }

    /// Passes on those of the named variables that this process has.
    pub fn inherit<K: AsRef<OsStr>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        for key in keys {
            if let Some(value) = env::var_os(&key) {
                self.env.insert(key.as_ref().to_owned(), value);
            }
        }
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Has the program's content checked right before it is started, and that very file executed.
    ///
    /// On Linux the program is executed by the descriptor that was hashed: its `argv[0]` is its path, the kernel calls the
    /// process by the descriptor's number, and a script sees `/proc/self/fd/N` as its `$0`. Elsewhere it is executed by its
    /// path right after it was hashed.
    pub fn sha256(mut self, digits: impl Into<String>) -> Self {
        self.sha256 = Some(digits.into());
        self
    }

    /// Makes the process, of the content that was checked if there is a digest.
    fn spawn(&self) -> io::Result<Child> {
        let Some(sha256) = &self.sha256 else { return self.command(&self.program).spawn() };
        let checked = Checked::open(&self.program, sha256)?;
        let mut command = self.command(&checked.executable());
        command.arg0(&self.program);
        command.spawn()
    }

    /// The command for it: its own process group, no standard input, both outputs piped, killed when its handle is dropped.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(&self.args).env_clear().envs(&self.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }
}

impl fmt::Debug for Launch {
    /// Names the program and the variables, not their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.env.keys().collect();
        f.debug_struct("Launch")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("env", &variables)
            .finish()
    }
}

/// Makes processes. What limits, sandboxes or accounts for plugins comes in here.
///
/// The child must lead its own process group, have its standard output and error piped, and have no environment but the
/// one given.
pub trait Spawner: Send + Sync {
    /// Makes a process; called on a runtime.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    fn spawn(&self, launch: &Launch) -> io::Result<Child>;
}

/// Starts the program itself, and hashes it first where that is asked for, which holds up its caller. If this process is killed in a way it cannot see coming, the plugin lives on unless it
/// watches for that itself, as plugins of this crate do; [`Launcher`] leaves none behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Spawner for Direct {
    fn spawn(&self, launch: &Launch) -> io::Result<Child> {
        launch.spawn()
    }
}

/// Starts a launcher, usually this very executable with a hidden argument, that prepares itself and then becomes the plugin.
///
/// The preparation ([`launch`]) binds the plugin's life to this process: on Linux the kernel kills it when this process
/// dies, `kill -9` included. So nothing has to happen between `fork` and `exec`, where only `unsafe` code can.
pub struct Launcher {
    program: PathBuf,
    args: Vec<OsString>,
    jobs: Mutex<mpsc::Sender<Job>>,
}

struct Job {
    launch: Launch,
    runtime: Handle,
    reply: mpsc::SyncSender<io::Result<Child>>,
}

impl Launcher {
    /// A launcher that runs `program args… HOST-PID SHA256 PLUGIN PLUGIN-ARGS…`, whose `main` must call [`launch`] with what
    /// follows `args`.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<OsString>>) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        // The kernel ties a child's life to the *thread* that made it, so one thread makes all of them and stays.
        thread::Builder::new().name("plugin-spawner".into()).stack_size(256 << 10).spawn(move || {
            for job in queue {
                let _runtime = job.runtime.enter();
                let _ = job.reply.send(job.launch.spawn());
            }
            // Also when nobody can ask for more: its plugins may be running.
            loop {
                thread::park();
            }
        })?;
        Ok(Self { program: program.into(), args: args.into_iter().map(Into::into).collect(), jobs: Mutex::new(jobs) })
    }
}

impl Spawner for Launcher {
    fn spawn(&self, launch: &Launch) -> io::Result<Child> {
        let mut wrapped = Launch { program: self.program.clone(), sha256: None, ..launch.clone() };
        wrapped.args = self.args.clone();
        wrapped.args.push(std::process::id().to_string().into());
        wrapped.args.push(launch.sha256.as_deref().unwrap_or(UNCHECKED).into());
        wrapped.args.push(launch.program.clone().into());
        wrapped.args.extend(launch.args.iter().cloned());

        let (reply, answer) = mpsc::sync_channel(1);
        let job = Job { launch: wrapped, runtime: Handle::current(), reply };
        let gone = || io::Error::other("the thread that starts plugins has ended");
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launcher").field("program", &self.program).field("args", &self.args).finish_non_exhaustive()
    }
}

/// What a [`Launcher`]'s program does: binds this process's life to its host's, checks the plugin's content where that is asked
/// for, and becomes the plugin. `args` are `HOST-PID SHA256 PLUGIN PLUGIN-ARGS…`.
///
/// # Errors
///
/// It returns only when it failed: the arguments are not those of a launcher, the host is gone already, or the plugin changed
/// or cannot be executed. Print the error to standard error, as the end of a line, and exit with a code other than 0.
pub fn launch(args: impl IntoIterator<Item = OsString>) -> io::Error {
    let mut args = args.into_iter();
    let host = args.next().and_then(|pid| pid.to_str()?.parse().ok()).and_then(rustix::process::Pid::from_raw);
    let (Some(host), Some(sha256), Some(program)) = (host, args.next(), args.next().map(PathBuf::from)) else {
        let takes = "a launcher takes the host's process id, a digest or `-`, and a program";
        return io::Error::new(io::ErrorKind::InvalidInput, takes);
    };
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        return error.into();
    }
    if rustix::process::getppid() != Some(host) {
        return io::Error::other("the host has ended");
    }
    let failed = |error: io::Error| match error.get_ref().is_some_and(|error| error.is::<Changed>()) {
        true => error,
        false => io::Error::new(error.kind(), format!("cannot execute {}: {error}", program.display())),
    };
    if sha256 == UNCHECKED {
        return failed(std::process::Command::new(&program).args(args).exec());
    }
    match Checked::open(&program, &sha256.to_string_lossy()) {
        Ok(checked) => failed(std::process::Command::new(checked.executable()).arg0(&program).args(args).exec()),
        Err(error) => failed(error),
    }
}

/// Whether a launch failed because the program changed: as [`Direct`] says it, or in what a launcher printed last.
pub(super) fn is_changed(launch: &Launch, error: Option<&io::Error>, output: &[String]) -> bool {
    let said = Changed { program: launch.program.clone() }.to_string();
    launch.sha256.is_some()
        && (error.is_some_and(|error| error.get_ref().is_some_and(|error| error.is::<Changed>()))
            || output.iter().any(|line| line.ends_with(&said)))
}
