//! How a plugin goes, and what it leaves behind. It starts the plugin in the checker's own process group, so that what the
//! plugin started is not killed together with it, but found.

use std::{
    fs, io,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use go_plugin::host::{Exit, Launch, Spawner};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time,
};

use super::{
    Verdict,
    subject::{Left, Running, Subject, sockets},
};

/// How long a plugin may take to end; the agent kills it then.
const GRACE: Duration = Duration::from_secs(2);
/// How long a killed process may take to be gone.
const REAP: Duration = Duration::from_secs(5);
/// What a shell calls the end by SIGTERM, and what programs that catch it say.
const TERMINATED: i32 = 128 + 15;

/// How a plugin is asked to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Shutdown,
    Sigterm,
}

/// Makes processes that lead no group.
struct Together;

/// A plugin that nobody kills with its group. It is killed when dropped.
struct Alone {
    running: Running,
    pid: Option<Pid>,
}

impl Spawner for Together {
    fn spawn(&self, launch: &Launch) -> io::Result<Child> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.args).env_clear().envs(&launch.env).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn()
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let Some(pid) = self.pid {
            let _ = kill_process(pid, Signal::KILL);
        }
        sweep(self.running.probe.dir());
    }
}

/// Kills what was given this directory as its own.
pub(super) fn sweep(dir: &Path) {
    for (pid, _) in family(dir) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

pub(super) async fn shutdown(subject: &Subject) -> Verdict {
    ended(subject, Way::Shutdown).await
}

pub(super) async fn sigterm(subject: &Subject) -> Verdict {
    ended(subject, Way::Sigterm).await
}

async fn ended(subject: &Subject, way: Way) -> Verdict {
    let name = match way {
        Way::Shutdown => "Shutdown",
        Way::Sigterm => "SIGTERM",
    };
    let running = match subject.start_with(false, Arc::new(Together)).await {
        Ok(running) => running,
        Err(reason) => return Verdict::skipped(format!("it does not start: {reason}")),
    };
    let pid = Pid::from_raw(running.probe.id().cast_signed());
    let mut alone = Alone { running, pid };
    if subject.kind == botkube_plugin_host::index::PluginKind::Executor {
        // What a call starts must not stay either.
        alone.running.call(subject.request(&subject.any_command())).await;
    }
    let plugin = &alone.running.probe.plugin;
    let began = time::Instant::now();
    let asked = async {
        match (way, pid) {
            (Way::Shutdown, _) => plugin.stop().await,
            (Way::Sigterm, Some(pid)) => {
                let _ = kill_process(pid, Signal::TERM);
                plugin.exited().await
            }
            (Way::Sigterm, None) => plugin.kill().await,
        }
    };
    let expected = format!("it ends within {GRACE:?} of {name}");
    // Before the host would give it up.
    let grace = GRACE - Duration::from_millis(50);
    let Ok(exit) = time::timeout(grace, asked).await else {
        let seen = "it still ran, and had to be killed".to_owned();
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = time::timeout(REAP, alone.running.probe.plugin.exited()).await;
        let help = match way {
            Way::Shutdown => {
                "answer plugin.GRPCController/Shutdown and end the process then, which SDKs do by themselves"
            }
            Way::Sigterm => "do not block SIGTERM; end the process when it comes",
        };
        return Verdict::default().failed(expected, seen, help.into());
    };
    let took = began.elapsed();
    alone.pid = None;
    subject.note_left(left(alone.running.probe.dir(), name, &exit).await);
    let verdict = Verdict::passed(format!("after {took:.0?} ({exit})"));
    if is_crash(exit.status, way) {
        return verdict.warning(
            "the exit code 0, or the signal it was sent".into(),
            exit.to_string(),
            "end in peace: another end is shown to operators as a crash".into(),
        );
    }
    verdict
}

fn is_crash(status: Option<ExitStatus>, way: Way) -> bool {
    let Some(status) = status else { return false };
    let is_terminated = status.signal() == Some(15) || status.code() == Some(TERMINATED);
    !(status.success() || way == Way::Sigterm && is_terminated)
}

/// What there still is of it.
async fn left(dir: &Path, after: &'static str, exit: &Exit) -> Left {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    files.sort_unstable();
    // The host removes it, too, and may have been the first.
    let socket = exit.left_socket || sockets(dir) > 0;
    // Those that were told to end may take a moment.
    let mut processes = family(dir);
    let until = time::Instant::now() + Duration::from_millis(500);
    while !processes.is_empty() && time::Instant::now() < until {
        time::sleep(Duration::from_millis(20)).await;
        processes = family(dir);
    }
    let processes = processes.into_iter().map(|(pid, name)| format!("{name} ({})", pid.as_raw_nonzero())).collect();
    Left { after, socket, files, processes }
}

pub(super) async fn leftovers(subject: &Subject) -> Verdict {
    let all = subject.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    if all.is_empty() {
        return Verdict::skipped("it did not end by itself");
    }
    let mut verdict = Verdict::default();
    if cfg!(not(target_os = "linux")) {
        verdict.note = "processes can be looked for on Linux only".into();
    }
    for Left { after, socket, files, processes } in all {
        if socket {
            verdict = verdict.warning(
                format!("no socket after {after}"),
                "it stays".into(),
                "remove it; this agent does so, too. With the original Go SDK every plugin leaves it after SIGTERM"
                    .into(),
            );
        }
        let files: Vec<String> = files.into_iter().filter(|file| !(socket && file.starts_with("plugin"))).collect();
        if !files.is_empty() {
            verdict = verdict.warning(
                format!("no files in its directory after {after}"),
                files.join(", "),
                "remove temporary files when the plugin ends; the agent removes the directory".into(),
            );
        }
        if !processes.is_empty() {
            verdict = verdict.failed(
                format!("no processes after {after}"),
                processes.join(", "),
                "end what the plugin started before it ends itself".into(),
            );
        }
    }
    verdict
}

/// The processes that were given this directory as their own, but for those that ended.
#[cfg(target_os = "linux")]
fn family(dir: &Path) -> Vec<(Pid, String)> {
    let Ok(all) = procfs::process::all_processes() else { return Vec::new() };
    let is_ours = |process: &procfs::process::Process| {
        let environment = process.environ().ok()?;
        environment.get(std::ffi::OsStr::new("TMPDIR")).is_some_and(|given| Path::new(given) == dir).then_some(())
    };
    let ours = all.flatten().filter_map(|process| {
        is_ours(&process)?;
        let stat = process.stat().ok().filter(|stat| !matches!(stat.state, 'Z' | 'X'))?;
        Some((Pid::from_raw(process.pid)?, stat.comm))
    });
    ours.collect()
}

#[cfg(not(target_os = "linux"))]
fn family(_: &Path) -> Vec<(Pid, String)> {
    Vec::new()
}
