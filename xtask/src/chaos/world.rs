//! The agent under test with all that is around it: its configuration, its disk, its processes as the kernel shows them. It
//! must not know what is done to it, nor what it is asked.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::sleep;

/// The plugins, all the same program.
pub(crate) const PLUGINS: [&str; 3] = ["one", "two", "three"];
/// The channels, in all of which all plugins are bound.
pub(crate) const CHANNELS: [&str; 3] = ["ops", "dev", "qa"];
/// How long a command may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(8);
/// How often plugins are asked for their health.
const HEALTH: &str = "1s";
/// The agent's disk. Room for two versions of each plugin and what comes meanwhile.
const DISK: &str = "160m";
const LOOK: Duration = Duration::from_millis(20);

/// The agent and its machine.
pub(crate) struct World {
    pub(crate) agent: Child,
    dir: TempDir,
    surroundings: Surroundings,
    /// Where the agent's disk is seen from here; nothing where there can be none of its own.
    pub(crate) disk: Option<PathBuf>,
}

/// What a configuration says of where the agent is.
struct Surroundings {
    cache: PathBuf,
    repository: String,
    ports: [u16; 2],
}

/// What the agent uses, as the kernel counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Anonymous: what is mapped of the program itself comes and goes.
    pub(crate) memory_kib: u64,
    pub(crate) descriptors: usize,
    pub(crate) threads: u64,
    pub(crate) processes: usize,
    pub(crate) files: usize,
}

impl World {
    /// Starts an agent whose plugins come from this repository.
    pub(crate) async fn start(agent: &Path, repository: String, log: &Path) -> Result<Self> {
        // Not wherever TMPDIR leads: the path of a plugin's socket must be short.
        let dir = tempfile::Builder::new().prefix("chaos-").tempdir_in("/tmp")?;
        for name in ["disk", "config"] {
            fs::create_dir(dir.path().join(name))?;
        }
        let (inner, config) = (dir.path().join("disk"), dir.path().join("config/botkube.yaml"));
        let surroundings = Surroundings { cache: inner.join("cache"), repository, ports: free_ports()? };
        fs::write(&config, surroundings.configuration(0))?;
        let own_disk = own_disk();
        let mut command = match own_disk {
            Some(flags) => {
                let mut command = Command::new("unshare");
                let mount = "mount -t tmpfs -o size=\"$1\" tmpfs \"$2\" && mkdir \"$2\"/tmp \"$2\"/home && shift 2 && exec \"$@\"";
                command.arg(flags).args(["sh", "-c", mount, "sh", DISK]).arg(&inner).arg(agent);
                command
            }
            None => {
                fs::create_dir(inner.join("tmp"))?;
                fs::create_dir(inner.join("home"))?;
                Command::new(agent)
            }
        };
        let log = fs::File::create(log).with_context(|| log.display().to_string())?;
        command.args(["run", "--config"]).arg(&config).env_clear().current_dir(dir.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", inner.join("home")).env("TMPDIR", inner.join("tmp")).env("USER", "chaos");
        // A group of its own: an interrupt typed here is for this program.
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let agent = command.spawn().context("the agent cannot be started")?;
        let disk = own_disk.map(|_| {
            // What is mounted for the agent is seen through it alone.
            let root = PathBuf::from(format!("/proc/{}/root", agent.id()));
            root.join(inner.strip_prefix("/").unwrap_or(&inner))
        });
        let mut world = Self { agent, dir, surroundings, disk };
        world.link().await?;
        Ok(world)
    }

    /// What the agent sees as its disk.
    pub(crate) fn inside(&self) -> PathBuf {
        self.disk.clone().unwrap_or_else(|| self.dir.path().join("disk"))
    }

    /// Where calls are written down, beside the agent's disk.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.dir.path().join("ledger")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("config/botkube.yaml")
    }

    /// A good configuration, another for every number.
    pub(crate) fn configuration(&self, number: u64) -> String {
        self.surroundings.configuration(number)
    }

    /// A link to the console that nobody used, when there is one.
    pub(crate) async fn link(&mut self) -> Result<String> {
        let path = self.inside().join("home/.local/state/botkube/console-link");
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.agent.try_wait()? {
                bail!("the agent ended with {status}; why is in its log");
            }
            if let Ok(link) = fs::read_to_string(&path) {
                return Ok(link.trim().to_owned());
            }
            ensure!(Instant::now() < deadline, "the agent wrote no link to {}", path.display());
            sleep(LOOK).await;
        }
    }

    /// A link besides the ones there were.
    pub(crate) async fn other_link(&mut self) -> Result<String> {
        fs::remove_file(self.inside().join("home/.local/state/botkube/console-link"))?;
        self.signal(Signal::USR1)?;
        self.link().await
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        send(self.agent.id(), signal).context("the agent does not run any more")
    }

    /// The plugins that run, in the order in which they were started.
    pub(crate) fn plugins(&self) -> Vec<u32> {
        children(self.agent.id())
    }

    /// The process that runs a plugin of this name, if there is one.
    pub(crate) fn plugin(&self, name: &str) -> Option<u32> {
        let ending = format!("_{name}");
        self.plugins().into_iter().rev().find(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let program = line.split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(program).ends_with(&ending)
        })
    }

    pub(crate) fn sample(&self) -> Result<Sample> {
        let id = self.agent.id();
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or_default()
        };
        Ok(Sample {
            memory_kib: number("RssAnon:"),
            threads: number("Threads:"),
            descriptors: fs::read_dir(format!("/proc/{id}/fd"))?.count(),
            processes: self.plugins().len(),
            files: count(&self.inside().join("tmp")) + count(&self.inside().join("cache")),
        })
    }

    /// Ends the agent as its keeper does: how it ended, and which of its plugins still run.
    pub(crate) async fn end(&mut self, patience: Duration) -> Result<(ExitStatus, Vec<u32>)> {
        let plugins = self.plugins();
        self.signal(Signal::TERM)?;
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.agent.try_wait()? {
                let left = plugins.into_iter().filter(|pid| is_alive(*pid)).collect();
                return Ok((status, left));
            }
            ensure!(Instant::now() < deadline, "the agent did not end within {patience:?}");
            sleep(LOOK).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// How a program gets a disk of its own, if it can.
fn own_disk() -> Option<&'static str> {
    let mount = ["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /tmp"];
    let works = |flags: &&str| {
        let out = Command::new("unshare").arg(flags).args(mount).stderr(Stdio::null()).status();
        out.is_ok_and(|status| status.success())
    };
    ["-m", "-Urm"].into_iter().find(works)
}

impl Surroundings {
    fn configuration(&self, number: u64) -> String {
        let Self { cache, repository, ports: [health, metrics] } = self;
        let bound: String = PLUGINS
            .iter()
            .map(|name| format!("    chaos/{name}: {{enabled: true, config: {{number: {}}}}}\n", number % 3))
            .collect();
        let channels: String =
            CHANNELS.iter().map(|name| format!("        {name}: {{bindings: {{executors: [all]}}}}\n")).collect();
        format!(
            "settings: {{clusterName: chaos, healthPort: {health}, metricsPort: {metrics}, log: {{level: info}}}}\n\
             aliases: {{a{number}: {{command: one hello}}}}\n\
             communications:\n  chaos:\n    console:\n      web: {{port: 0}}\n      channels:\n{channels}\
             executors:\n  all:\n{bound}\
             plugins:\n  cacheDir: {}\n  indexMaxAge: 0s\n  callTimeout: {}s\n  healthCheckInterval: {HEALTH}\n  \
             restartPolicy: {{type: DeactivatePlugin, threshold: 1000000}}\n  repositories: {{chaos: {{url: \
             '{repository}'}}}}\n  env: {{'*': {{CHAOS: '{}'}}}}\n",
            cache.display(),
            DEADLINE.as_secs(),
            number % 2,
        )
    }
}

/// Ports that nobody listens at now.
fn free_ports() -> Result<[u16; 2]> {
    let both = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
    Ok([both[0].local_addr()?.port(), both[1].local_addr()?.port()])
}

/// Signals a process, if it is there.
pub(crate) fn send(pid: u32, signal: Signal) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("no process has this id")?;
    Ok(kill_process(pid, signal)?)
}

fn children(of: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut children: Vec<u32> = processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| state(*pid).is_some_and(|(state, parent)| parent == of && state != "Z"))
        .collect();
    children.sort_unstable();
    children
}

fn is_alive(pid: u32) -> bool {
    state(pid).is_some_and(|(state, _)| state != "Z")
}

/// A process's state and parent, if it is there.
fn state(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; after it come the state and the parent.
    let mut words = stat.rsplit(')').next()?.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}

/// Everything below a folder.
fn count(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| 1 + if entry.path().is_dir() { count(&entry.path()) } else { 0 }).sum()
}
