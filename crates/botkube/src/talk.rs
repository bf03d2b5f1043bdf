//! Agents that stay: the demo, and `botkube run`.

use std::{
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use botkube_agent::agent::log_progress;
use botkube_config::Options;
use botkube_console::{
    Console, Ended,
    completion::Completer,
    piped::reader_left,
    rooms::{Person, Rooms},
    store::InMemory,
    terminal::Terminal,
};
use botkube_core::{chat::Chat, conversation::Conversation};
use tokio::{
    io::BufReader,
    runtime::{self, Runtime},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use crate::{
    args::{GivenPlugin, Run},
    complain, embedded, logging,
    setup::{self, Told},
};

/// The agent without a configuration: a console, and the plugins that come with it. Needs nothing and asks nobody.
pub(crate) fn demo(given: Vec<GivenPlugin>) -> Result<ExitCode> {
    let told = Told::demo();
    let channels = vec![setup::everything(&told.config)];
    let names: Vec<String> = given.iter().map(|plugin| plugin.name.clone()).collect();
    talk(told, channels, given, |log| greeting(&names, None, log))
}

/// The agent with a configuration.
pub(crate) fn run(run: Run, given: Vec<GivenPlugin>) -> Result<ExitCode> {
    let options = Options { lenient: run.lenient, to_run: true, ..Options::default() };
    let Some(loaded) = setup::configuration(run.files, options)? else {
        bail!("no configuration: give one with --config FILE or in BOTKUBE_CONFIG_PATHS");
    };
    let unserved = loaded.unserved();
    if !unserved.is_empty() {
        complain(&format!("configured, not yet served by this version: {}", unserved.join(", ")));
    }
    let told = Told::from(loaded);
    let channels = setup::console_channels(&told.config);
    if channels.is_empty() {
        bail!(
            "nothing to serve: this version serves the console; add `console: {{}}` to a group under `communications`, or \
             use `botkube exec`"
        );
    }
    let greeting = format!("Botkube {} · cluster {}", env!("CARGO_PKG_VERSION"), told.config.settings.cluster_name);
    talk(told, channels, given, |_| greeting)
}

/// A runtime for an agent.
pub(crate) fn runtime() -> Result<Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start the runtime")
}

/// Cancels `stop` on SIGTERM, and on SIGINT where no terminal's editor takes it.
pub(crate) fn on_signal(stop: &CancellationToken) {
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        cancel_on(kind, stop);
    }
}

fn cancel_on(kind: SignalKind, stop: &CancellationToken) {
    let stop = stop.clone();
    if let Ok(mut signals) = signal(kind) {
        tokio::spawn(async move {
            signals.recv().await;
            stop.cancel();
        });
    }
}

/// Serves the channels, which are one at least, at this terminal or on standard input and output.
fn talk(
    told: Told,
    mut channels: Vec<Conversation>,
    given: Vec<GivenPlugin>,
    greeting: impl FnOnce(Option<&Path>) -> String,
) -> Result<ExitCode> {
    let demo = told.demo;
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let log = match terminal {
        true => logging::to_file().map_err(|error| complain(&format!("no log is written: {error}"))).ok(),
        false => {
            match demo {
                true => logging::to_stderr(Level::WARN),
                false => logging::as_configured(&told.config.settings.log),
            }
            None
        }
    };
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let impersonates = told.config.executors.iter().flat_map(|group| &group.plugins).any(|p| p.enabled && p.rbac.is_some());
        let agent = setup::agent(told, given, log_progress())?;
        // The demo starts only what is tried.
        if !demo {
            if impersonates {
                tracing::warn!(
                    "plugins with `context.rbac` get a kubeconfig that impersonates whom the rule names, with the agent's own \
                     credential in it: this keeps a plugin from mistakes, not one that means harm from the agent's rights"
                );
            }
            tracing::info!("plugins are not given these variables of the agent: {}", shortened(&agent.withheld()));
            agent.start();
        }
        let stop = CancellationToken::new();
        let serving = async {
            let ended = if terminal {
                cancel_on(SignalKind::terminate(), &stop);
                cancel_on(SignalKind::hangup(), &stop);
                let (first, dispatcher) = (channels[0].alias.clone(), agent.dispatcher.clone());
                // Where controls are shown, plugins may offer some.
                let channels = channels.into_iter().map(|channel| Conversation { interactive: true, ..channel }).collect();
                let store = InMemory::new().context("cannot make a directory for files")?;
                let rooms = Rooms::new(channels, Arc::new(store));
                let chat = Chat::new(dispatcher.clone(), rooms.clone());
                rooms.answered_by(chat.clone());
                let person = setup::person();
                let terminal = Terminal {
                    rooms,
                    person: Person { id: person.id, name: person.display_name },
                    channel: first,
                    greeting: greeting(log.as_deref()),
                    history: Some(setup::state_dir().join("history")),
                    log,
                    completer: Completer::new(dispatcher),
                };
                let ended = terminal.run(&stop).await.context("cannot use this terminal");
                chat.stop().await;
                ended?
            } else {
                on_signal(&stop);
                let (conversation, actor) = (channels.swap_remove(0), setup::person());
                let console = Console { dispatcher: agent.dispatcher.clone(), conversation, actor };
                console.piped(BufReader::new(tokio::io::stdin()), io::stdout(), reader_left(), &stop).await
            };
            if ended == Ended::Output {
                complain("nobody reads the answers any more");
            }
            // Only the demo lives from its input.
            if !demo && ended == Ended::Input && !terminal {
                stop.cancelled().await;
            }
            anyhow::Ok(if ended == Ended::Output { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        };
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended?,
            reason = agent.gave_up() => {
                stop.cancel();
                // What the terminal is used for comes to its end first.
                let served = serving.await;
                complain(&format!("ended, as plugins.restartPolicy asks for after too many restarts: {reason}"));
                served?;
                ExitCode::FAILURE
            }
        };
        agent.stop().await;
        anyhow::Ok(ended)
    });
    // A read from standard input cannot be called off.
    runtime.shutdown_background();
    ended
}

/// Names in one line, however many a cluster puts into the environment.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 if names.is_empty() => "none".to_owned(),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
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
