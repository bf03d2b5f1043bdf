//! A host that leaves nothing behind: it starts a plugin, says which process that is, and waits for the plugin's end. It
//! must not know what the plugin serves.
//!
//! `host [direct] PLUGIN`: with `direct`, the plugin is started without the launcher and sees for itself when the host
//! is gone.

use std::{
    env,
    error::Error,
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use go_plugin::{
    handshake::Cookie,
    host::{self, Config, Direct, Launch, Launcher, Plugin, Spawner},
};

/// What host and plugin must agree on.
const COOKIE: Cookie = Cookie { key: "PEER_COOKIE", value: "peer-cookie-value" };
const VERSION: u32 = 7;

/// With this argument, this executable is the launcher of a plugin instead of a host.
const LAUNCH: &str = "--launch";

#[expect(clippy::print_stderr, reason = "a command line tool says there what is wrong")]
fn main() -> ExitCode {
    let mut args = env::args_os().skip(1).peekable();
    // Before anything else: the launcher must not have threads, open files or settings of the host's.
    if args.next_if(|arg| arg == OsStr::new(LAUNCH)).is_some() {
        eprintln!("host: {}", host::launch(args));
        return ExitCode::FAILURE;
    }
    let direct = args.next_if(|arg| arg == OsStr::new("direct")).is_some();
    let Some(plugin) = args.next() else {
        eprintln!("usage: host [direct] PLUGIN");
        return ExitCode::from(2);
    };
    match run(plugin, direct) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("host: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the process id is what this program is asked for")]
async fn run(plugin: OsString, direct: bool) -> Result<(), Box<dyn Error>> {
    let spawner: Box<dyn Spawner> = match direct {
        true => Box::new(Direct),
        false => Box::new(Launcher::new(env::current_exe()?, [LAUNCH])?),
    };
    let launch = Launch::new(plugin).inherit(["PATH", "HOME", "TMPDIR"]);
    let plugin = Plugin::start(Config::new(COOKIE, [VERSION], launch), spawner.as_ref()).await?;
    println!("{}", plugin.id().unwrap_or_default());
    println!("{}", plugin.exited().await);
    Ok(())
}
