//! Bare `botkube` and `botkube run`: which agent is to stay, and for whom. It must not know how one lives.

use std::{
    future,
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, bail};
use botkube_config::Options;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{GivenPlugin, Run},
    complain, embedded,
    locked::Locked,
    reload::{self, Source},
    setup::{self, Extra, Told},
    talk::{self, Kind, Plan},
};

/// The agent without a configuration: a console, and the plugins that come with it. Needs nothing and asks nobody.
pub(crate) fn demo(given: Vec<GivenPlugin>) -> Result<ExitCode> {
    let told = Told::demo();
    let channels = vec![setup::everything(&told.config)];
    let names: Vec<String> = given.iter().map(|plugin| plugin.name.clone()).collect();
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let (extra, port) = (Extra::given(given), terminal.then_some(0));
    let (files, grace, stop) = (Vec::new(), Duration::ZERO, CancellationToken::new());
    let plan = Plan { told, files, channels, extra, port, kind: Kind::Demo, grace, stop };
    talk::on_runtime(async {
        talk::on_end(&plan.stop);
        talk::serve(plan, |web, log| greeting(&names, web, log), |_| future::ready(())).await
    })
}

/// The agent with a configuration.
pub(crate) fn run(run: Run, given: Vec<GivenPlugin>) -> Result<ExitCode> {
    let options = Options { lenient: run.lenient, to_run: true, ..Options::default() };
    let Some(loaded) = setup::configuration(run.files.clone(), options)? else {
        bail!("no configuration: give one with --config FILE or in BOTKUBE_CONFIG_PATHS");
    };
    let unserved = loaded.unserved();
    if !unserved.is_empty() {
        complain(&format!("configured, not yet served by this version: {}", unserved.join(", ")));
    }
    let files = setup::files(run.files)?;
    let lock = Locked::of(&files, &loaded.config, run.locked, &given)?;
    let source = Source {
        files: files.clone(),
        options,
        locked: run.locked,
        given: given.clone(),
        loaded: loaded.clone(),
        lock: lock.lock(),
    };
    let told = Told { lock, ..Told::from(loaded) };
    let channels = setup::console_channels(&told.config);
    if channels.is_empty() {
        bail!(setup::NOTHING_TO_SERVE);
    }
    let greeting = format!("Botkube {} · cluster {}", env!("CARGO_PKG_VERSION"), told.config.settings.cluster_name);
    let greeting = |web: Option<&str>, _: Option<&Path>| match web {
        Some(web) => format!("{greeting}          web  {web}"),
        None => greeting,
    };
    let port = setup::web_port(&told.config);
    let (extra, grace, stop) = (Extra::given(given), run.grace, CancellationToken::new());
    let plan = Plan { told, files, channels, extra, port, kind: Kind::Run, grace, stop };
    talk::on_runtime(async {
        talk::end_on(SignalKind::terminate(), &plan.stop);
        let hangup = match io::stdin().is_terminal() {
            // The terminal is gone, and with it whoever talked.
            true => {
                talk::end_on(SignalKind::hangup(), &plan.stop);
                None
            }
            false => signal(SignalKind::hangup()).ok(),
        };
        talk::serve(plan, greeting, |served| reload::follow(source, hangup, served)).await
    })
}

/// Three lines that say where one is and what can be tried.
fn greeting(given: &[String], web: Option<&str>, log: Option<&Path>) -> String {
    let mut tries: Vec<String> = given.iter().map(|name| format!("{name} help")).collect();
    let is_embedded = |text: &&&str| !given.iter().any(|name| text.split(' ').next() == Some(name));
    tries.extend(embedded::TRIES.iter().filter(is_embedded).map(ToString::to_string));
    tries.push("help".into());
    let place = match (web, log) {
        (Some(web), _) => format!("          web  {web}"),
        (None, Some(log)) => format!("          log  {}", log.display()),
        (None, None) => String::new(),
    };
    format!(
        "Botkube demo, on this machine only{place}\n  try    {}      (Tab completes, /help, Ctrl-D leaves)\n  yours  botkube \
         --plugin ./executor_mine",
        tries.join(" · ")
    )
}
