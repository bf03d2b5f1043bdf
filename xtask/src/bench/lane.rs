//! One running `lanes` program: lines to it, JSON back. It knows nothing of what the figures are compared with.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, de::DeserializeOwned};

/// What a round of calls cost.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Figures {
    #[serde(default)]
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    cpu_self_us: f64,
    cpu_plugin_us: f64,
}

/// Starts up to the first answer.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Starts {
    pub(super) p50_ms: f64,
}

/// A start of many plugins: until all run, and until each has answered once.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Starting {
    pub(super) started_ms: f64,
    pub(super) answered_ms: f64,
}

/// Output that comes while commands run.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Live {
    pub(super) first_p50_us: f64,
    pub(super) first_p99_us: f64,
    pub(super) streams_late_ms: f64,
    pub(super) streams_cpu_us: f64,
    pub(super) streams_pss_kib: f64,
    pub(super) part_alone_us: f64,
    pub(super) part_shown_us: f64,
}

/// What the answering process occupies.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Memory {
    pub(super) pss_kib: f64,
    pub(super) anon_kib: f64,
}

/// A lane; it ends when this is dropped.
pub(super) struct Lane {
    key: &'static str,
    process: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Figures {
    /// CPU time of one call, asking and answering.
    pub(super) fn cpu(&self) -> f64 {
        self.cpu_self_us + self.cpu_plugin_us
    }

    /// The two parts of it.
    pub(super) fn cpu_parts(&self) -> [f64; 2] {
        [self.cpu_self_us, self.cpu_plugin_us]
    }
}

impl Lane {
    pub(super) fn start(key: &'static str, mut command: Command) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start lane {key}: {command:?}"))?;
        let answers = BufReader::new(process.stdout.take().expect("it was asked for"));
        Ok(Self { key, ask: process.stdin.take(), process, answers })
    }

    pub(super) fn warm(&mut self, calls: u32) -> Result<()> {
        self.say::<serde_json::Value>(&format!("warm {calls}")).map(drop)
    }

    /// One caller.
    pub(super) fn one(&mut self, calls: u32) -> Result<Figures> {
        self.say(&format!("one {calls}"))
    }

    /// Many callers at the same time.
    pub(super) fn many(&mut self, callers: u32, seconds: u32) -> Result<Figures> {
        self.say(&format!("many {callers} {seconds}"))
    }

    /// A lane that says how it started before it is asked anything.
    pub(super) fn starting(command: Command) -> Result<(Self, Starting)> {
        let mut lane = Self::start("start", command)?;
        let said = lane.hear("its start")?;
        Ok((lane, said))
    }

    /// The memory of the process and of all below it.
    pub(super) fn tree(&mut self) -> Result<Memory> {
        self.say("tree")
    }

    pub(super) fn memory(&mut self) -> Result<Memory> {
        self.say("rss")
    }

    fn say<T: DeserializeOwned>(&mut self, line: &str) -> Result<T> {
        let said = self.ask.as_mut().map(|ask| writeln!(ask, "{line}").and_then(|()| ask.flush()));
        ensure!(matches!(said, Some(Ok(()))), "lane {}: `{line}`: it ended; its reason is above", self.key);
        self.hear(line)
    }

    fn hear<T: DeserializeOwned>(&mut self, what: &str) -> Result<T> {
        let what = || format!("lane {}: `{what}`", self.key);
        let mut answer = String::new();
        self.answers.read_line(&mut answer).with_context(what)?;
        ensure!(!answer.is_empty(), "{}: it ended; its reason is above", what());
        serde_json::from_str(&answer).with_context(what)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // The end of its input is the lane's end; it stops its plugin.
        self.ask = None;
        let _ = self.process.wait();
    }
}

/// Measures starts, in a process of their own.
pub(super) fn starts(command: &mut Command, n: u32) -> Result<Starts> {
    let out = command.arg(n.to_string()).stderr(Stdio::inherit()).output()?;
    ensure!(out.status.success(), "{command:?} ended with {}; its reason is above", out.status);
    Ok(serde_json::from_slice(&out.stdout)?)
}

/// Measures output that comes while commands run, in a process of its own.
pub(super) fn live(command: &mut Command) -> Result<Live> {
    let out = command.stderr(Stdio::inherit()).output()?;
    ensure!(out.status.success(), "{command:?} ended with {}; its reason is above", out.status);
    Ok(serde_json::from_slice(&out.stdout)?)
}

/// How long all cores have been busy so far, in seconds.
pub(super) fn busy() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks = |i: usize| text.split_whitespace().nth(i).and_then(|n| n.parse::<f64>().ok()).unwrap_or_default();
    // user, nice, system, interrupts, soft interrupts; Linux counts them in hundredths.
    [1, 2, 3, 6, 7].map(ticks).iter().sum::<f64>() / 100.0
}
