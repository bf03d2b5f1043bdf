//! Our host, plugin and agent against the original's, measured in turns in one run; it knows how to drive the two `lanes` programs
//! (xtask/src/lanes; conformance/go/cmd/lanes with conformance/upstream/cmd/lanes) and nothing of how they ask.
//!
//! One caller's times are mostly the machine's wake-ups, which differ by the minute: so only ratios of the same round count,
//! and CPU time stands beside every figure.

mod agent;
mod author;
pub(crate) mod faults;
mod lane;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{setup, sh, test::PAGE};
use lane::{Figures, Lane, Live, Memory, Starts};

/// Calls of a warm-up.
const WARM: u32 = 1000;
/// Callers at the same time.
const CALLERS: u32 = 64;
/// How much others may use while we measure, in cores, and how long we wait for them to stop.
const QUIET: f64 = 0.1;
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is measured.
pub(crate) struct Options {
    quick: bool,
    rounds: u32,
    /// Into docs/performance.md.
    write: bool,
}

impl Options {
    pub(crate) fn parse(args: &[&str]) -> Option<Self> {
        let (mut options, mut rounds) = (Self { quick: false, rounds: 0, write: false }, None);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match *arg {
                "--quick" => options.quick = true,
                "--write" => options.write = true,
                "--rounds" => rounds = Some(args.next()?.parse().ok().filter(|n| *n > 0)?),
                _ => return None,
            }
        }
        options.rounds = rounds.unwrap_or(if options.quick { 3 } else { 7 });
        Some(options)
    }

    fn calls(&self) -> u32 {
        if self.quick { 2000 } else { 10_000 }
    }

    fn seconds(&self) -> u32 {
        if self.quick { 1 } else { 3 }
    }
}

/// What a person waits for at the page, in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    answer_ms: f64,
    first_message_after_load_ms: f64,
}

/// The programs of a run.
struct Programs {
    agent: PathBuf,
    ours: PathBuf,
    theirs: PathBuf,
    /// A plugin of ours that streams on request.
    streams: PathBuf,
    rust: PathBuf,
    go: PathBuf,
    /// Upstream's agent, as far as a command passes through it.
    go_agent: PathBuf,
}

/// A letter of the report, what the lane is, and how it is started.
type Row = (&'static str, &'static str, fn(&Programs) -> Command);

const LANES: &[Row] = &[
    ("a", "our host, Rust plugin", |p| p.rust("host", &p.ours)),
    ("a′", "the same, other configurations in every call", |p| p.rust("fresh", &p.ours)),
    ("b", "our host, Go plugin", |p| p.rust("host", &p.theirs)),
    ("c", "Go host, Go plugin", |p| with(&p.go, &["host".as_ref(), &p.theirs])),
    ("d", "Go host, Rust plugin", |p| with(&p.go, &["host".as_ref(), &p.ours])),
    ("e", "bare tonic", |p| with(&p.rust, &["floor-grpc".as_ref()])),
    ("e′", "bare grpc-go", |p| with(&p.go, &["floor-grpc".as_ref()])),
    ("f", "raw socket", |p| with(&p.go, &["raw".as_ref()])),
];

/// All that was measured.
struct Measured {
    /// By lane, then by round.
    one: Vec<Vec<Figures>>,
    many: Vec<Vec<Figures>>,
    /// Ours and the original's, by round.
    starts: [Vec<Starts>; 2],
    idle: [Vec<Memory>; 2],
    used: [Vec<Memory>; 2],
    /// In bytes.
    size: [u64; 2],
    /// The whole agent, beside upstream's.
    agent: agent::Measured,
    /// What authors and operators wait for.
    author: author::Measured,
    /// Output that comes while commands run, by round.
    live: Vec<Live>,
    /// What a person waits for at the page, where there is a browser.
    page: Option<Page>,
    /// The most others used before a round, in cores.
    busiest: f64,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    if let Err(reason) = setup::go(root).and_then(|()| setup::curl(root)) {
        bail!("nothing to compare with: {reason}");
    }
    let programs = build(root)?;
    let began = Instant::now();
    let measured = measure(root, &sh::target_dir(root).join("bench"), &programs, options)?;
    println!("measured for {} s\n", began.elapsed().as_secs());
    let report = report::markdown(options, &measured)?;
    println!("{report}");
    if options.write {
        report::write(&root.join("docs/performance.md"), &report)?;
    }
    Ok(true)
}

fn measure(root: &Path, dir: &Path, programs: &Programs, options: &Options) -> Result<Measured> {
    let mut measured = Measured {
        one: vec![Vec::new(); LANES.len()],
        many: vec![Vec::new(); LANES.len()],
        starts: Default::default(),
        idle: Default::default(),
        used: Default::default(),
        size: [fs::metadata(&programs.ours)?.len(), fs::metadata(&programs.theirs)?.len()],
        agent: agent::measure(dir, programs, options, || quiet(options))?,
        author: author::measure(dir, programs, options, || quiet(options))?,
        live: Vec::new(),
        page: page(root, programs)?,
        busiest: 0.0,
    };
    for _ in 0..if options.quick { 3 } else { 7 } {
        measured.busiest = measured.busiest.max(quiet(options));
        measured.live.push(lane::live(&mut programs.rust("live", &programs.streams))?);
    }
    for _ in 0..if options.quick { 1 } else { 5 } {
        memory(programs, &mut measured)?;
    }
    let starts = if options.quick { 2 } else { 4 };
    for round in 0..5 {
        measured.busiest = measured.busiest.max(quiet(options));
        for i in [round % 2, 1 - round % 2] {
            measured.starts[i].push(lane::starts(&mut pair(programs, "spawn")[i], starts)?);
        }
    }
    let mut lanes =
        LANES.iter().map(|(key, _, command)| Lane::start(key, command(programs))).collect::<Result<Vec<_>>>()?;
    for lane in &mut lanes {
        lane.warm(WARM)?;
    }
    for round in 0..options.rounds {
        measured.busiest = measured.busiest.max(quiet(options));
        println!("round {} of {}", round + 1, options.rounds);
        for i in 0..lanes.len() {
            let i = (i + round as usize) % lanes.len();
            let one = lanes[i].one(options.calls())?;
            let many = lanes[i].many(CALLERS, options.seconds())?;
            measured.one[i].push(one);
            measured.many[i].push(many);
        }
    }
    Ok(measured)
}

/// Measures the page in a browser, by its own scenario; nothing where there is no browser.
fn page(root: &Path, programs: &Programs) -> Result<Option<Page>> {
    if let Err(reason) = setup::node(root).and_then(|()| setup::chromium(root)) {
        println!("the page is not measured: {reason}");
        return Ok(None);
    }
    let dir = root.join(PAGE);
    sh::run(&mut sh::command(&dir, "npm ci --no-audit --no-fund"))?;
    let mut said = None;
    let mut speed = sh::command(&dir, "npm run e2e -- real/speed");
    let speed = speed.env("BOTKUBE_BIN", &programs.agent).env("GALLERY_BIN", &programs.ours);
    let went_well = sh::watch(speed, |line| {
        said = said.take().or_else(|| line.trim().strip_prefix("bench ").map(str::to_owned));
    })?;
    ensure!(went_well, "the page's scenario failed; its reason is above");
    Ok(Some(serde_json::from_str(&said.context("the page's scenario printed no figures")?)?))
}

/// The plugins of fresh processes two seconds after their first call, and after 10,000 more.
fn memory(programs: &Programs, measured: &mut Measured) -> Result<()> {
    let mut lanes = Vec::new();
    for command in pair(programs, "host") {
        lanes.push(Lane::start("memory", command)?);
    }
    for (calls, into) in [(1, &mut measured.idle), (10_000, &mut measured.used)] {
        for lane in &mut lanes {
            lane.warm(calls)?;
        }
        thread::sleep(Duration::from_secs(2));
        for (lane, into) in lanes.iter_mut().zip(into) {
            into.push(lane.memory()?);
        }
    }
    Ok(())
}

/// Our host with our plugin, and the original's with the original's.
fn pair(programs: &Programs, verb: &str) -> [Command; 2] {
    [programs.rust(verb, &programs.ours), with(&programs.go, &[verb.as_ref(), &programs.theirs])]
}

/// Waits until the machine is ours; what others use of it, in cores.
fn quiet(options: &Options) -> f64 {
    let end = Instant::now() + if options.quick { Duration::ZERO } else { PATIENCE };
    loop {
        let (before, began) = (lane::busy(), Instant::now());
        thread::sleep(Duration::from_millis(500));
        let used = (lane::busy() - before) / began.elapsed().as_secs_f64();
        if used <= QUIET || Instant::now() > end {
            return used;
        }
    }
}

/// Builds what is shipped, each program for itself, and copies it: pages of a file that the linker wrote are counted
/// differently from those of one that was copied or fetched.
fn build(root: &Path) -> Result<Programs> {
    sh::run(&mut sh::command(root, "conformance/go/build"))?;
    for package in ["executor-echo", "executor-misbehaving", "botkube", "xtask --features lanes --bin lanes"] {
        sh::run(&mut sh::command(root, &format!("cargo build --profile dist -p {package}")))?;
    }
    let dir = sh::target_dir(root).join("bench");
    fs::create_dir_all(&dir)?;
    let copy = |from: PathBuf| {
        let to = dir.join(from.file_name().unwrap_or_default());
        // A file that is being executed cannot be written to, but it can be replaced.
        let _ = fs::remove_file(&to);
        fs::copy(&from, &to).with_context(|| from.display().to_string())?;
        anyhow::Ok(to)
    };
    let (dist, go) = (sh::target_dir(root).join("dist"), root.join("conformance/go/bin"));
    Ok(Programs {
        agent: copy(dist.join("botkube"))?,
        ours: copy(dist.join("executor-echo"))?,
        streams: copy(dist.join("executor-misbehaving"))?,
        theirs: copy(go.join("echo-config"))?,
        rust: dist.join("lanes"),
        go: go.join("lanes"),
        go_agent: go.join("upstream-lanes"),
    })
}

impl Programs {
    fn rust(&self, verb: &str, plugin: &Path) -> Command {
        with(&self.rust, &[verb.as_ref(), plugin, &self.agent])
    }
}

fn with(program: &Path, args: &[&Path]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}
