//! What takes too long for every change: fuzzing, the interop tests again and again, optimised tests, a plugin for every
//! platform, an hour of chaos.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{chaos, fuzz, setup, sh, test::Tally};

/// What a plugin's author releases for.
const TARGETS: &[&str] =
    &["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin"];

/// How long an agent lives through chaos, in minutes.
const CHAOS: f64 = 60.0;

/// Half of the time fuzzes and half repeats the interop tests; what else there is comes on top. Whether all was well.
pub(crate) fn run(root: &Path, minutes: u64) -> Result<bool> {
    let mut tally = Tally::default();
    let half = Duration::from_secs(minutes * 30);

    if tally.tool(setup::compiler(root)) {
        println!("\n=== fuzzing");
        let targets = fuzz::run(root, (half.as_secs() / 2).max(1))?;
        targets.into_iter().for_each(|outcome| tally.check(outcome));
    }
    println!("\n=== optimised tests, then the interop tests for {half:?}");
    if tally.tool(setup::go(root)) {
        tally.command(root, "conformance/go/build");
        tally.tests(root, "cargo test --release --workspace --no-fail-fast");
        let end = Instant::now() + half;
        while Instant::now() < end {
            tally.tests(root, "cargo test --release -p go-plugin --features auto-mtls --test it");
            tally.tests(root, "cargo test --release -p conformance");
        }
    }
    println!("\n=== chaos for {CHAOS} minutes");
    if tally.tool(setup::linux()) {
        let run = chaos::fresh().and_then(|seed| chaos::Programs::build(root, false)?.run(seed, CHAOS, false));
        tally.check(run);
    }
    println!("\n=== a new plugin for every platform, twice");
    every_platform(root, &mut tally);

    println!("\n=== licences and advisories");
    let deny = sh::works(root, "cargo deny --version");
    if tally.tool(deny.then_some(()).ok_or_else(|| "cargo-deny is missing: cargo install cargo-deny --locked".into())) {
        tally.command(root, "cargo deny check");
    }
    println!("\n{tally:?}");
    Ok(tally.is_good())
}

/// Builds a new plugin for all platforms in two folders; the same bytes must come of both.
fn every_platform(root: &Path, tally: &mut Tally) {
    if !TARGETS.iter().all(|target| tally.tool(setup::target(root, target))) {
        return;
    }
    let zig = setup::zig(root);
    let Ok(zig) = &zig else {
        tally.tool(zig.map(drop));
        return;
    };
    tally.check(build_twice(root, zig));
}

fn build_twice(root: &Path, zig: &Path) -> Result<()> {
    sh::run(&mut sh::command(root, "cargo build -p botkube"))?;
    let botkube = sh::target_dir(root).join("debug/botkube");
    let path = env::join_paths(
        [zig.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    )?;
    let mut made = Vec::new();
    for folder in ["soak/one", "soak/the/other"] {
        let folder = sh::target_dir(root).join(folder);
        let project = folder.join("greet");
        // What was built before must not decide what is built now.
        if project.exists() {
            fs::remove_dir_all(&project)?;
        }
        fs::create_dir_all(&folder)?;
        sh::run(Command::new(&botkube).args(["plugin", "new", "executor", "greet"]).current_dir(&folder))?;
        let mut build = Command::new(&botkube);
        build.args(["plugin", "build", "--archive", "tar.gz"]).current_dir(&project);
        sh::run(build.env("PATH", &path).env_remove("CARGO_TARGET_DIR"))?;
        made.push(files(&project.join("plugin-dist"))?);
    }
    ensure!(made[0].len() == 2 * TARGETS.len(), "there are {} files", made[0].len());
    for (name, bytes) in &made[0] {
        ensure!(made[1].get(name) == Some(bytes), "{} differs from one folder to the other", name.display());
    }
    Ok(())
}

fn files(dir: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| (entry.file_name().into(), entry.path())))
        .map(|entry| {
            let (name, path): (PathBuf, PathBuf) = entry?;
            Ok((name, fs::read(path)?))
        })
        .collect()
}
