//! `botkube plugin new`: what it makes builds, passes its tests and answers as it is.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Machine, contains};

/// A machine on which an author works: cargo and Go find their toolchains and caches.
pub(crate) fn author(machine: &Machine, args: &[&str]) -> Command {
    let mut command = machine.botkube(args);
    at_home(&mut command);
    command
}

fn at_home(command: &mut Command) {
    let home = PathBuf::from(env::var_os("HOME").expect("somebody runs the tests"));
    let place = |variable: &str, folder: &str| env::var_os(variable).unwrap_or_else(|| home.join(folder).into());
    command.env("CARGO_HOME", place("CARGO_HOME", ".cargo")).env("RUSTUP_HOME", place("RUSTUP_HOME", ".rustup"));
    command.env("GOPATH", place("GOPATH", "go")).env("GOCACHE", place("GOCACHE", ".cache/go-build"));
    for passed in ["RUSTUP_TOOLCHAIN", "GOMODCACHE", "GOPROXY"] {
        if let Some(value) = env::var_os(passed) {
            command.env(passed, value);
        }
    }
}

/// Where what tests build is kept for the next time.
pub(crate) fn target() -> PathBuf {
    let test = env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("scaffold")
}

/// Runs a tool in a project.
#[track_caller]
fn tool(project: &Path, line: &str) {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    at_home(&mut command);
    // What a project is built with does not depend on how these tests are.
    command.args(words).current_dir(project).env("CARGO_TARGET_DIR", target()).env("CARGO_INCREMENTAL", "0");
    let out = command.output().unwrap_or_else(|error| panic!("{line}: {error}"));
    assert!(
        out.status.success(),
        "{line}: {}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

/// A new project in a folder of its own.
pub(crate) fn made(machine: &Machine, args: &[&str]) -> PathBuf {
    made_in(machine, &machine.path(""), args)
}

/// The same, in this folder.
pub(crate) fn made_in(machine: &Machine, dir: &Path, args: &[&str]) -> PathBuf {
    let mut new = author(machine, &[&["plugin", "new", "executor"], args].concat());
    let out = new.current_dir(dir).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    contains(&String::from_utf8_lossy(&out.stdout), &[&format!("cd {}\n", args[0]), "botkube dev"]);
    dir.join(args[0])
}

#[track_caller]
fn answers(machine: &Machine, program: &Path, words: &[&str], answer: &str) {
    let program = program.display().to_string();
    let outcome = machine.run([&["exec", "--plugin", &program, "--"], words].concat());
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, answer), "{outcome:?}");
}

#[test]
fn a_project_in_rust_is_tested_and_answers_without_an_edit_inside_another_workspace() {
    let machine = Machine::new();
    // A workspace around it claims every package below, unless that says that it is one of its own.
    machine.file("Cargo.toml", "[workspace]\nmembers = []\n");
    let project = made(&machine, &["two-words"]);
    let locked = fs::read_to_string(project.join("Cargo.lock")).unwrap();
    tool(&project, "cargo fmt --check");
    tool(&project, "cargo test --quiet --locked");
    tool(&project, "cargo build --quiet --locked");
    assert_eq!(fs::read_to_string(project.join("Cargo.lock")).unwrap(), locked);
    let program = target().join("debug/executor-two-words");
    answers(&machine, &program, &["two-words", "everybody"], "Hello, everybody!");
    contains(
        &machine.run(["exec", "--plugin", program.to_str().unwrap(), "--", "two-words help"]).stdout,
        &["[Greet everybody] two-words everybody", "[Greet me] two-words"],
    );
}

mod go {
    /// What is new needs modules that are no part of this repository.
    mod new {
        use super::super::*;

        #[test]
        fn a_project_in_go_is_tested_and_answers_without_an_edit() {
            let machine = Machine::new();
            let project = made(&machine, &["two-words", "--lang", "go"]);
            let unformatted = Command::new("gofmt").args(["-l", "."]).current_dir(&project).output().unwrap().stdout;
            assert_eq!(String::from_utf8_lossy(&unformatted), "");
            tool(&project, "go vet ./...");
            tool(&project, "go test ./...");
            tool(&project, "go build -o executor-two-words .");
            answers(&machine, &project.join("executor-two-words"), &["two-words", "everybody"], "Hello, everybody!");
        }
    }
}

#[test]
fn what_cannot_be_made_is_said_and_nothing_is_written() {
    let machine = Machine::new();
    let check = |args: &[&str], reason: &str| {
        let outcome = machine.run([&["plugin", "new", "executor"], args].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        contains(&outcome.stderr, &[reason]);
    };
    check(&["two_words"], "small letters, digits and `-`");
    check(&["help"], "is a command of the agent's own");
    check(&["greet", "--sdk", "."], "the crate botkube-plugin is not there");
    check(&["greet", "--sdk", ".", "--lang", "go"], "leave it out with --lang go");
    machine.file("taken", "");
    check(&["taken"], "taken: it is there already");
    let mut left: Vec<_> = fs::read_dir(machine.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["taken", "tmp"]);
}
