//! What takes too long for every change: fuzzing, the interop tests again and again, optimised tests, foreign builds.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{fuzz, setup, sh, test::Tally};

/// What a plugin's author might release for.
const FOREIGN: &[&str] =
    &["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin"];

/// Half of the time fuzzes and half repeats the interop tests; what else there is comes on top. Whether all was well.
pub(crate) fn run(root: &Path, minutes: u64) -> Result<bool> {
    let mut tally = Tally::default();
    let half = Duration::from_secs(minutes * 30);

    if tally.tool(setup::compiler(root)) {
        println!("\n=== fuzzing");
        let targets = fuzz::run(root, half.as_secs().max(1) / 2)?;
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
    println!("\n=== foreign builds of a plugin");
    FOREIGN.iter().for_each(|target| foreign(root, target, &mut tally));

    println!("\n=== licences and advisories");
    let deny = sh::works(root, "cargo deny --version");
    if tally.tool(deny.then_some(()).ok_or_else(|| "cargo-deny is missing: cargo install cargo-deny --locked".into())) {
        tally.command(root, "cargo deny check");
    }
    println!("\n{tally:?}");
    Ok(tally.is_good())
}

/// Links the echo plugin for another system. LLVM's linker, which comes with Rust, is enough for musl; Apple's systems want
/// their libraries, of which zig has what a plugin without TLS needs.
fn foreign(root: &Path, target: &str, tally: &mut Tally) {
    if !tally.tool(setup::target(root, target)) {
        return;
    }
    let build = format!("--release -p executor-echo --target {target}");
    if target.ends_with("musl") {
        let variable = format!("CARGO_TARGET_{}_LINKER", target.replace('-', "_").to_uppercase());
        tally.check(sh::run(sh::command(root, &format!("cargo build {build}")).env(variable, "rust-lld")));
    } else if tally.tool(
        sh::works(root, "cargo zigbuild --help")
            .then_some(())
            .ok_or_else(|| format!("{target} is not linked: pip install ziglang cargo-zigbuild")),
    ) {
        tally.command(root, &format!("cargo zigbuild {build}"));
    }
}
