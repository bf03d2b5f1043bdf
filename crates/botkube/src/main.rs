//! The one binary: agent and tool. It reads arguments, puts a run together, and turns its end into an exit code.

mod args;
mod config;
mod dev;
mod embedded;
mod exec;
mod link;
mod lock;
mod locked;
mod logging;
mod message;
mod plugin;
mod progress;
mod reload;
mod run;
mod setup;
mod status;
mod supply;
mod talk;
mod watching;

use std::{env, ffi::OsStr, process::ExitCode};

use clap::Parser;

use args::{Args, Verb};

/// The exit code for what the caller got wrong: arguments or configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    // A plugin's process begins here, too: nothing may be set up before these two.
    let mut arguments = env::args_os().skip(1);
    match arguments.next().as_deref().and_then(OsStr::to_str) {
        Some(embedded::LAUNCH) => return embedded::launch(arguments),
        Some(embedded::PLUGIN) => return embedded::serve(arguments.next()),
        _ => {}
    }
    let args = Args::parse_from(args::upstream::translated(env::args_os()));
    if !args.plugin.is_empty() && !matches!(args.verb, None | Some(Verb::Run(_) | Verb::Exec(_))) {
        complain("--plugin is for `botkube`, `botkube run` and `botkube exec`; leave it out here");
        return ExitCode::from(USAGE);
    }
    let outcome = match args.verb {
        Some(Verb::Exec(exec)) => exec::run(exec, args.plugin),
        Some(Verb::Config(verb)) => config::run(verb),
        Some(Verb::Message(verb)) => message::run(verb),
        Some(Verb::Dev(dev)) => dev::run(dev),
        Some(Verb::Plugin(verb)) => plugin::run(verb),
        Some(Verb::Lock(lock)) => lock::run(lock),
        Some(Verb::Status(status)) => status::run(status),
        Some(Verb::Run(run)) => run::run(run, args.plugin),
        None if env::var_os(botkube_config::CONFIG_PATHS_VARIABLE).is_some() => {
            run::run(args::Run::default(), args.plugin)
        }
        None => run::demo(args.plugin),
    };
    outcome.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::from(USAGE)
    })
}

/// Says what is wrong, on standard error.
#[expect(clippy::print_stderr, reason = "this is where a command line tool speaks of itself")]
fn complain(text: &str) {
    eprintln!("botkube: {}", text.trim_end());
}
