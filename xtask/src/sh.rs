//! Running other programs from the repository's root; it knows none of them by name but cargo.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// A program with its arguments, separated by blanks. It is said before it runs.
pub(crate) fn command(root: &Path, line: &str) -> Command {
    let mut words = line.split_whitespace();
    let program = match words.next().unwrap_or_default() {
        "cargo" => env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        other => other.into(),
    };
    let mut command = Command::new(program);
    command.args(words).current_dir(root);
    command
}

/// Runs it with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say(command);
    let status = command.status().with_context(|| format!("cannot run {}", name(command)))?;
    ensure!(status.success(), "{} ended with {status}", line(command));
    Ok(())
}

/// Runs it with its standard output shown and handed to `each` line by line, and says whether it went well.
pub(crate) fn watch(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    say(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {}", name(command)))?;
    let out = child.stdout.take().expect("it was asked for");
    for text in BufReader::new(out).split(b'\n') {
        let text = text?;
        let text = String::from_utf8_lossy(&text);
        println!("{text}");
        each(&text);
    }
    Ok(child.wait()?.success())
}

/// Runs it and returns what it prints to standard output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let out = command.output().with_context(|| format!("cannot run {}", name(command)))?;
    if !out.status.success() {
        bail!("{} ended with {}: {}", line(command), out.status, String::from_utf8_lossy(&out.stderr).trim_end());
    }
    Ok(out.stdout)
}

/// Whether the program is there and says that it works.
pub(crate) fn works(root: &Path, line: &str) -> bool {
    command(root, line).output().is_ok_and(|out| out.status.success())
}

/// Where cargo puts what it builds for the workspace.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

fn say(command: &Command) {
    println!("$ {}", line(command));
}

fn line(command: &Command) -> String {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    format!("{} {}", name(command), args.join(" "))
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}
