//! A plugin's process from its start to its reaping; it knows nothing of what the process says.

use std::{
    fmt,
    os::unix::{fs::FileTypeExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::Child,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
    time,
};
use tokio_util::sync::CancellationToken;

use super::output::Recent;
use crate::handshake::Address;

/// How long the pipes of a process that ended are read: whoever else holds them open is not waited for.
const LAST_OUTPUT: Duration = Duration::from_millis(500);

/// How long a killed process may take to be gone.
const REAP: Duration = Duration::from_secs(5);

/// How a plugin's process ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exit {
    /// The exit status; `None` when the operating system would not tell.
    pub status: Option<ExitStatus>,
    /// Whether this host killed it.
    pub killed: bool,
    /// Whether somebody else had started it: all that is known is that its connection is closed.
    pub attached: bool,
    /// Whether its socket was still there; it is removed by now.
    pub left_socket: bool,
    /// What it printed and logged last, oldest first.
    pub output: Vec<String>,
}

/// A running process. Dropping it kills the process's whole group.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    kill: CancellationToken,
    exit: watch::Receiver<Option<Exit>>,
    last: Arc<Mutex<Last>>,
}

/// What is to be done when the process has ended.
#[derive(Debug, Default)]
struct Last {
    socket: Option<PathBuf>,
    pumps: Vec<JoinHandle<()>>,
}

impl Process {
    /// Watches `child`, the leader of its own group, whose pipes `pumps` read.
    pub(super) fn watch(child: Child, pumps: Vec<JoinHandle<()>>, recent: Recent) -> Self {
        let id = child.id().unwrap_or_default();
        let kill = CancellationToken::new();
        let last = Arc::new(Mutex::new(Last { socket: None, pumps }));
        let (sender, exit) = watch::channel(None);
        tokio::spawn(keep(child, kill.clone(), last.clone(), recent, sender));
        Self { id, kill, exit, last }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Removes the socket when the process has ended, since a killed plugin cannot.
    ///
    /// The path is the plugin's word, so only what looks like the socket of a plugin is ever removed.
    pub(super) fn own_socket(&self, address: &Address) {
        if let Address::Unix(path) = address {
            let named = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"plugin"));
            if named && path.is_absolute() {
                self.last.lock().unwrap_or_else(PoisonError::into_inner).socket = Some(path.clone());
                if self.exit.borrow().is_some() {
                    remove_socket(path);
                }
            }
        }
    }

    /// Lets this task, too, end by itself before the process counts as ended.
    pub(super) fn also_drain(&self, pump: JoinHandle<()>) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).pumps.push(pump);
    }

    /// Waits until the process has ended and been reaped.
    pub(super) async fn exited(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.clone().expect("it was waited for"),
            // The task that watches is gone with its runtime, and so is the process.
            Err(_) => Exit { status: None, killed: true, attached: false, left_socket: false, output: Vec::new() },
        }
    }

    /// Kills the group and waits until it is gone. A process that even the kernel cannot end, such as one that waits for a
    /// dead file server, is not waited for longer than [`REAP`]; it is reaped whenever it ends.
    pub(super) async fn kill(&self) -> Exit {
        self.kill.cancel();
        let unkillable =
            |_| Exit { status: None, killed: true, attached: false, left_socket: false, output: Vec::new() };
        time::timeout(REAP, self.exited()).await.unwrap_or_else(unkillable)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

/// A process group, killed when dropped: also by a runtime that ends and drops its tasks. Its leader must not be reaped
/// before that, so that the number is still its own.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Waits for the end or the order to kill; then kills the group, reaps, drains, tidies and reports, in this order.
async fn keep(
    mut child: Child,
    kill: CancellationToken,
    last: Arc<Mutex<Last>>,
    recent: Recent,
    report: watch::Sender<Option<Exit>>,
) {
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let killed = tokio::select! {
        () = ended(&mut child) => false,
        () = kill.cancelled() => true,
    };
    // Also after its own end: what it started must not outlive it.
    drop(group);
    let status = child.wait().await.ok();
    let Last { socket, pumps } = std::mem::take(&mut *last.lock().unwrap_or_else(PoisonError::into_inner));
    let deadline = time::Instant::now() + LAST_OUTPUT;
    for mut pump in pumps {
        if time::timeout_at(deadline, &mut pump).await.is_err() {
            pump.abort();
        }
    }
    let left_socket = socket.is_some_and(|socket| remove_socket(&socket));
    report.send_replace(Some(Exit { status, killed, attached: false, left_socket, output: recent.lines() }));
}

/// Waits until the process has ended, without reaping it.
async fn ended(child: &mut Child) {
    use rustix::process::{WaitId, WaitIdOptions, waitid};

    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    // The stream comes first, so that an end between it and the look is not missed.
    let (Some(id), Ok(mut children)) = (id, signal(SignalKind::child())) else {
        let _ = child.wait().await;
        return;
    };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while let Ok(None) = waitid(WaitId::Pid(id), look) {
        children.recv().await;
    }
}

/// Whether there was one.
fn remove_socket(path: &Path) -> bool {
    let is_there = std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    if is_there {
        let _ = std::fs::remove_file(path);
    }
    is_there
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attached {
            return f.write_str("its connection was closed");
        }
        let Some(status) = self.status else { return f.write_str("ended, nobody knows how") };
        match (status.code(), status.signal()) {
            (_, Some(9)) if self.killed => f.write_str("killed by the host"),
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => {
                let name = signal_name(signal);
                let dumped = if status.core_dumped() { ", core dumped" } else { "" };
                write!(f, "killed by signal {signal}{name}{dumped}")
            }
            (None, None) => write!(f, "{status}"),
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL; out of memory?)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}
