//! People talk to a real agent while plugins, disk, configuration and repository fail, by a schedule that is all in its seed.
//! It builds what takes part and knows nothing of what is done; `chaos/main.rs` is the program that does it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};

use crate::sh;

/// How long a run is where nobody says.
pub(crate) const MINUTES: f64 = 2.0;
/// What every change has to live through, beside a seed that nobody chose.
pub(crate) const SEED: u64 = 4711;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Everything that is done; drawn and printed where none is given.
    seed: Option<u64>,
    minutes: f64,
    /// An agent with the bug that CONTRIBUTING.md tells of, which is to be caught.
    planted: bool,
}

/// What takes part, built.
pub(crate) struct Programs {
    harness: PathBuf,
    agent: PathBuf,
    plugin: PathBuf,
    folder: PathBuf,
}

impl Options {
    pub(crate) fn parse(args: &[&str]) -> Option<Self> {
        let (mut options, mut args) = (Self { seed: None, minutes: MINUTES, planted: false }, args.iter());
        while let Some(arg) = args.next() {
            match *arg {
                "--seed" => options.seed = Some(args.next()?.parse().ok()?),
                "--minutes" => options.minutes = args.next()?.parse().ok().filter(|minutes| *minutes > 0.0)?,
                "--planted" => options.planted = true,
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Builds what takes part and has it run once; whether it went as it should.
pub(crate) fn run(root: &Path, options: Options) -> Result<bool> {
    let programs = Programs::build(root, options.planted)?;
    let seed = options.seed.map_or_else(fresh, Ok)?;
    let outcome = programs.run(seed, options.minutes, options.planted);
    if let Err(error) = &outcome {
        println!("failed: {error:#}");
    }
    Ok(outcome.is_ok())
}

/// A seed nobody chose.
pub(crate) fn fresh() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(since.as_millis() as u64 % 1_000_000_000)
}

impl Programs {
    pub(crate) fn build(root: &Path, planted: bool) -> Result<Self> {
        let bug = if planted { " --features planted-bug" } else { "" };
        for what in ["-p xtask --features chaos --bin chaos", "-p executor-misbehaving", &format!("-p botkube{bug}")] {
            sh::run(&mut sh::command(root, &format!("cargo build {what}")))?;
        }
        let (debug, folder) = (sh::target_dir(root).join("debug"), sh::target_dir(root).join("chaos"));
        fs::create_dir_all(&folder)?;
        // What is built next must not take the place of what runs.
        let agent = folder.join(if planted { "botkube-planted" } else { "botkube" });
        let _ = fs::remove_file(&agent);
        fs::copy(debug.join("botkube"), &agent)?;
        // With what debuggers need it would not fit on the disk that is filled.
        let plugin = folder.join("executor-misbehaving");
        let mut strip = Command::new("strip");
        sh::run(strip.arg("-o").arg(&plugin).arg(debug.join("executor-misbehaving")))?;
        Ok(Self { harness: debug.join("chaos"), agent, plugin, folder })
    }

    /// Runs it with this seed. With a planted bug it went well when that was caught.
    pub(crate) fn run(&self, seed: u64, minutes: f64, planted: bool) -> Result<()> {
        println!("seed {seed}; the same again: cargo xtask chaos --seed {seed} --minutes {minutes}");
        let mut command = Command::new(&self.harness);
        command.arg(&self.agent).arg(&self.plugin).arg(&self.folder);
        command.arg(seed.to_string()).arg(((minutes * 60.0).ceil() as u64).to_string());
        let mut endless = 0;
        let is_endless = |line: &str| line.starts_with("broken: ") && line.contains(" had no end within ");
        let went_well = sh::watch(&mut command, |line| endless += u32::from(is_endless(line)))?;
        let log = self.folder.join(format!("agent-{seed}.log"));
        match planted {
            // What else may break is not the bug.
            true => ensure!(endless > 0, "the planted bug was not caught; the agent's log is {}", log.display()),
            false => {
                ensure!(went_well, "what must hold does not, with seed {seed}; the agent's log is {}", log.display())
            }
        }
        Ok(())
    }
}
