//! The project's chores, each a verb of `cargo xtask`; it knows the repository's layout and no product code.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "chores speak to whoever runs them")]

mod bench;
mod chaos;
mod codegen;
mod fuzz;
mod setup;
mod sh;
mod soak;
mod test;
mod tidy;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;

/// What can be typed, and what it is good for.
const VERBS: &[(&str, &str)] = &[
    ("test", "                          everything that must hold before a change goes in"),
    ("tidy", "                          the rules on layout, dependencies and headers"),
    ("codegen", "[--check]              the code made from .proto files, and docs/configuration.md"),
    ("bench", "[--quick] [--rounds N] [--write]   our host and plugin against the original's"),
    ("bench faults", "[--quick] [--write]  our host and upstream's plugin manager under the same faults"),
    ("chaos", "[--seed N] [--minutes M] [--planted]   an agent while plugins, disk, configuration and repository fail"),
    ("soak", "[--minutes N]             longer: fuzzing, repeated interop tests, a plugin for every platform"),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let Some(outcome) = run(&args) else {
        eprintln!("usage: cargo xtask VERB");
        VERBS.iter().for_each(|(verb, rest)| eprintln!("  {verb} {rest}"));
        return ExitCode::from(2);
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say: whether all was well, or `None` for arguments that say nothing.
fn run(args: &[&str]) -> Option<Result<bool>> {
    let root = root();
    Some(match args {
        ["test"] => test::run(&root),
        ["tidy"] => tidy::run(&root),
        ["codegen"] => codegen::run(&root, false).map(|()| true),
        ["codegen", "--check"] => codegen::run(&root, true).map(|()| true),
        ["bench", "faults", options @ ..] => bench::faults::run(&root, &bench::faults::Options::parse(options)?),
        ["bench", options @ ..] => bench::run(&root, &bench::Options::parse(options)?),
        ["chaos", options @ ..] => chaos::run(&root, chaos::Options::parse(options)?),
        ["soak"] => soak::run(&root, 10),
        ["soak", "--minutes", n] => soak::run(&root, n.parse().ok()?),
        _ => return None,
    })
}

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the root").to_owned()
}
