//! Builds and runs the fuzz targets of fuzz/ with the pinned toolchain; it knows nothing of what they fuzz.
//!
//! The instrumentation is LLVM's and libFuzzer comes with a crate, so a C++ compiler is all it takes. There is no address
//! sanitizer, which needs a nightly toolchain: the fuzzed crates have no unsafe code.

use std::{
    fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context, Result, anyhow, bail};

use crate::sh;

/// What makes the compiler report which branches an input takes and what it compares, as libFuzzer expects it.
const INSTRUMENTATION: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Fuzzes every target for this long, as many at a time as there are cores; says for each what was wrong.
pub(crate) fn run(root: &Path, seconds: u64) -> Result<Vec<Result<()>>> {
    let bin = build(root)?;
    let targets = targets(root)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut outcomes = Vec::new();
    for some in targets.chunks(cores) {
        thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|name| scope.spawn(|| fuzz(root, &bin, name, seconds))).collect();
            outcomes
                .extend(running.into_iter().map(|run| run.join().unwrap_or_else(|_| bail!("the fuzzing thread died"))));
        });
    }
    Ok(outcomes)
}

/// The targets are the files there are.
fn targets(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("fuzz/fuzz_targets")).context("fuzz/fuzz_targets")? {
        names.push(entry?.path().file_stem().unwrap_or_default().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Builds them; the folder they are in. A target is named so that no build script is instrumented.
fn build(root: &Path) -> Result<PathBuf> {
    let said = String::from_utf8(sh::output(&mut sh::command(root, "rustc -vV"))?)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    let target_dir = sh::target_dir(root).join("fuzz");
    let mut cargo =
        sh::command(root, &format!("cargo build --release --manifest-path fuzz/Cargo.toml --target {host}"));
    sh::run(cargo.env("RUSTFLAGS", INSTRUMENTATION).env("CARGO_TARGET_DIR", &target_dir))?;
    Ok(target_dir.join(host).join("release"))
}

fn fuzz(root: &Path, bin: &Path, name: &str, seconds: u64) -> Result<()> {
    let scratch = sh::target_dir(root).join("fuzz-corpus").join(name);
    let artifacts = root.join("fuzz/artifacts");
    fs::create_dir_all(&scratch)?;
    fs::create_dir_all(&artifacts)?;
    let log = scratch.with_extension("log");
    let ended = Command::new(bin.join(name))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/{name}-", artifacts.display()))
        // New finds go to the first; the seeds are only read.
        .args([&scratch, &root.join("fuzz/corpus").join(name)])
        .stderr(File::create(&log)?)
        .status()
        .with_context(|| format!("cannot run the fuzz target {name}"))?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !ended.success() {
        let tail: Vec<&str> = said.lines().rev().take(20).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        return Err(anyhow!("{}\nfuzz target {name}: {ended}; the input is in fuzz/artifacts", tail.join("\n")));
    }
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")).unwrap_or("?");
    println!("{name}: {} inputs in {seconds} s, no defect", runs.trim());
    Ok(())
}
