//! What a plugin manager makes of a plugin that dies, freezes, panics, floods or fails to start: the faults, and the judge of
//! what callers saw of them. It must not know which manager it looks at.
//!
//! A manager is a program as `conformance/upstream/cmd/manager` says in its header. All that is judged comes from the lines
//! it prints about its calls; the fault is made from here, to the process or by a command for the plugin.

use std::{
    fmt, fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

/// One call every so often.
pub const EVERY: Duration = Duration::from_millis(5);

/// How long answers come before something is done to the plugin, and again before it counts as over.
const STEADY: Duration = Duration::from_secs(1);
/// How long an end may take, the rest of the calls included, before it counts as none.
const END: Duration = Duration::from_secs(8);
/// How long a plugin floods.
const FLOOD: Duration = Duration::from_secs(3);

/// What is done to a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9`.
    Killed,
    /// SIGSTOP: it is there and does nothing.
    Frozen,
    /// A command makes its code panic, which ends a Go process.
    Panicking,
    /// It writes as much as it can, to all its outputs.
    Flooding,
    /// `kill -9`, and what is started after it ends at once, until a second more than the health check's interval is over.
    Unstartable,
}

/// A fault and its circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// What is done.
    pub fault: Fault,
    /// How often the manager asks the plugin for its health.
    pub interval: Duration,
    /// How long the plugin was well before, beyond a second: where between two health checks the fault comes.
    pub phase: Duration,
    /// How long the fault is waited for to be over.
    pub patience: Duration,
}

/// What callers saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The longest time without an answer; nothing if there was none any more.
    pub outage: Option<Duration>,
    /// How long it was watched after the fault.
    pub watched: Duration,
    /// Calls that were answered with an error, and the first of these errors.
    pub failed: usize,
    /// What the first of them was told.
    pub first_error: Option<String>,
    /// Calls without an end.
    pub hung: usize,
    /// The longest that a call which was answered well had waited.
    pub slowest: Duration,
    /// Whether the manager ended when it was told to.
    pub stopped: bool,
}

/// A plugin's program whose starts can be made to fail.
#[derive(Debug)]
pub struct Sham {
    program: PathBuf,
    broken: PathBuf,
}

/// A manager's program and the thread that reads what it prints.
struct Manager {
    process: Child,
    said: Receiver<Value>,
}

/// A call that ended.
struct Call {
    began: Duration,
    ended: Duration,
    error: Option<String>,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Killed, Self::Frozen, Self::Panicking, Self::Flooding, Self::Unstartable];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::Panicking => "panicking",
            Self::Flooding => "flooding",
            Self::Unstartable => "failing to start",
        })
    }
}

impl Sham {
    /// In this folder, in the place of this plugin.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub fn new(dir: &Path, plugin: &Path) -> io::Result<Self> {
        let (program, broken) = (dir.join("probe"), dir.join("broken"));
        // It becomes the plugin, so that the manager's child is the plugin itself.
        let text = format!("#!/bin/sh\n[ ! -e '{}' ] || exit 1\nexec '{}'\n", broken.display(), plugin.display());
        fs::write(&program, text)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        Ok(Self { program, broken })
    }
}

/// Has a manager live through a fault. What the command lacks is the plugin and the times.
///
/// # Errors
///
/// When the manager does not begin well, or cannot be looked at.
pub fn suffer(mut manager: Command, sham: &Sham, trial: Trial) -> io::Result<Seen> {
    let Trial { fault, interval, phase, patience } = trial;
    // A group of its own: one that becomes an orphan is woken, and so would a frozen plugin be.
    manager.process_group(0);
    manager.arg(&sham.program).args([interval, EVERY].map(|time| time.as_millis().to_string()));
    let mut manager = Manager::start(&mut manager)?;
    let mut calls = Vec::new();
    manager.hear(&mut calls, Instant::now() + STEADY + phase)?;
    if calls.last().is_none_or(|call| call.error.is_some()) {
        return Err(io::Error::other(format!("the plugin does not answer before it is {fault}")));
    }
    let plugin = manager.plugin()?;
    let (at, began) = (now(), Instant::now());
    match fault {
        Fault::Killed => signal("KILL", plugin)?,
        Fault::Frozen => signal("STOP", plugin)?,
        Fault::Panicking => manager.say("say probe panic")?,
        Fault::Flooding => manager.say(&format!("say probe flood {}s", FLOOD.as_secs()))?,
        Fault::Unstartable => {
            fs::write(&sham.broken, "")?;
            signal("KILL", plugin)?;
        }
    }
    if fault == Fault::Unstartable {
        manager.hear(&mut calls, began + interval + Duration::from_secs(1))?;
        fs::remove_file(&sham.broken)?;
    }
    let limit = began + patience;
    loop {
        let steady =
            answers(&calls, at).last().is_some_and(|(_, end)| *end > at) && gap_ended_before(&calls, at, STEADY);
        if steady && began.elapsed() > FLOOD + STEADY || Instant::now() > limit {
            break;
        }
        manager.hear(&mut calls, Instant::now() + Duration::from_millis(100))?;
    }
    let (watched, until) = (began.elapsed(), now());
    let (begun, stopped) = manager.end(&mut calls);
    Ok(judge(&calls, at, until, watched, begun, stopped))
}

/// The times between answers, from the last before the fault on.
fn answers(calls: &[Call], at: Duration) -> Vec<(Duration, Duration)> {
    let mut ends: Vec<Duration> = calls.iter().filter(|call| call.error.is_none()).map(|call| call.ended).collect();
    ends.sort_unstable();
    let first = ends.partition_point(|end| *end <= at).saturating_sub(1);
    ends[first..].windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Whether answers have come for so long without a pause that is worth the name.
fn gap_ended_before(calls: &[Call], at: Duration, steady: Duration) -> bool {
    let since = now().saturating_sub(steady);
    let answers = answers(calls, at);
    let pause = 20 * EVERY;
    answers.iter().rev().take_while(|(_, end)| *end > since).all(|(from, to)| *to - *from < pause)
        && answers.last().is_some_and(|(_, end)| now().saturating_sub(*end) < pause)
        && answers.first().is_some_and(|(_, end)| *end < since)
}

fn judge(calls: &[Call], at: Duration, until: Duration, watched: Duration, begun: Option<u64>, stopped: bool) -> Seen {
    let after = |call: &&Call| call.ended > at && call.began < until;
    let mut failed: Vec<&Call> = calls.iter().filter(after).filter(|call| call.error.is_some()).collect();
    failed.sort_unstable_by_key(|call| call.ended);
    let answers = answers(calls, at);
    let well = answers.last().is_some_and(|(_, end)| *end + STEADY / 2 > until);
    Seen {
        outage: well.then(|| answers.iter().map(|(from, to)| *to - *from).max().unwrap_or_default()),
        watched,
        failed: failed.len(),
        first_error: failed.first().and_then(|call| call.error.clone()),
        hung: begun.map_or(0, |begun| usize::try_from(begun).unwrap_or(usize::MAX).saturating_sub(calls.len())),
        slowest: calls
            .iter()
            .filter(after)
            .filter(|call| call.error.is_none())
            .map(|call| call.ended.saturating_sub(call.began))
            .max()
            .unwrap_or_default(),
        stopped,
    }
}

impl Manager {
    fn start(command: &mut Command) -> io::Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let out = process.stdout.take().expect("it was asked for");
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // The last line may be cut off by the end of its program.
                let Ok(value) = serde_json::from_str(&line) else { return };
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut manager = Self { process, said };
        // The first call ends once the plugin serves.
        let deadline = Instant::now() + Duration::from_secs(30);
        while manager.plugin().is_err() && Instant::now() < deadline {
            if let Some(status) = manager.process.try_wait()? {
                return Err(io::Error::other(format!("{command:?} ended with {status}; its reason is above")));
            }
            thread::park_timeout(Duration::from_millis(10));
        }
        Ok(manager)
    }

    /// The one child of the manager.
    fn plugin(&self) -> io::Result<u32> {
        let children = children(self.process.id())?;
        match children[..] {
            [plugin] => Ok(plugin),
            _ => Err(io::Error::other(format!("the manager has {} children instead of one", children.len()))),
        }
    }

    /// Takes what is said until then.
    fn hear(&mut self, calls: &mut Vec<Call>, until: Instant) -> io::Result<()> {
        loop {
            match self.said.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(value) => calls.extend(Call::of(&value)),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => {
                    // The whole manager went down with its plugin, and nobody is answered any more.
                    thread::park_timeout(until.saturating_duration_since(Instant::now()));
                    if Instant::now() >= until {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.process.stdin.as_mut().expect("it is taken only at the end"), "{line}")
    }

    /// Has it end: how many calls there were, if it still says, and whether it ended.
    fn end(mut self, calls: &mut Vec<Call>) -> (Option<u64>, bool) {
        let (deadline, mut begun) = (Instant::now() + END, None);
        if self.say("end").is_err() {
            return (None, false);
        }
        while let Ok(value) = self.said.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some(n) = value["begun"].as_u64() {
                begun = Some((n, calls.len()));
            } else if value["stopped"] == true {
                return (begun.map(|(n, _)| n), true);
            } else if begun.is_none() {
                calls.extend(Call::of(&value));
            }
        }
        (begun.map(|(n, _)| n), false)
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // Upstream's plugins outlive it, and a frozen one would do so for ever.
        let left = children(self.process.id()).unwrap_or_default();
        let _ = self.process.kill();
        let _ = self.process.wait();
        for plugin in left {
            let _ = signal("KILL", plugin);
        }
    }
}

impl Call {
    fn of(value: &Value) -> Option<Self> {
        let time = |key: &str| value[key].as_u64().map(Duration::from_micros);
        let error = value["error"].as_str().map(str::to_owned);
        Some(Self { began: time("began_us")?, ended: time("ended_us")?, error })
    }
}

/// The processes that this one started and that have not ended.
fn children(of: u32) -> io::Result<Vec<u32>> {
    let listed = Command::new("ps").args(["-o", "pid=,stat=", "--ppid", &of.to_string()]).output()?;
    let lines = String::from_utf8_lossy(&listed.stdout).into_owned();
    let words = lines.lines().filter_map(|line| line.trim().split_once(' '));
    Ok(words.filter(|(_, state)| !state.trim().starts_with('Z')).filter_map(|(pid, _)| pid.parse().ok()).collect())
}

fn signal(name: &str, pid: u32) -> io::Result<()> {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("SIG{name} did not reach process {pid}"))) }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
