//! `botkube plugin new`.

use std::{
    env,
    io::{self, Write},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use botkube_author::scaffold::{self, Sdk, Wanted};

use crate::args::{Language, New, NewKind};

pub(crate) fn run(New { kind: NewKind::Executor, name, lang, sdk }: New) -> Result<ExitCode> {
    let language = match (lang, sdk) {
        (Language::Rust, Some(folder)) => scaffold::Language::Rust(Sdk::in_folder(&folder)?),
        (Language::Rust, None) => scaffold::Language::Rust(Sdk::own()),
        (Language::Go, None) => scaffold::Language::Go,
        (Language::Go, Some(_)) => bail!("--sdk names the SDK for Rust; leave it out with --lang go"),
    };
    let here = env::current_dir().context("cannot tell which folder this is")?;
    let wanted = Wanted { name, language, author: git_user() };
    scaffold::executor(&here, &wanted)?;
    let name = &wanted.name;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{name} is a plugin's project now. Talk to it, and change it while it answers:\n\n  cd {name}\n  botkube dev"
    )
    .and_then(|()| out.flush())
    .context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// How the user signs what they write, if they use git.
fn git_user() -> Option<String> {
    let said = Command::new("git").args(["config", "user.name"]).output().ok().filter(|said| said.status.success())?;
    Some(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
