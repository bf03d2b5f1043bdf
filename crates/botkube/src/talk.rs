//! Agents that stay: the demo, and `botkube run`.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
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
    store::{InMemory, Store, disk::Disk},
    terminal::Terminal,
    web::{Links, Web},
};
use botkube_core::{chat::Chat, conversation::Conversation, dispatch::Dispatcher};
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
    talk(told, channels, given, |web, log| greeting(&names, web, log))
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
    talk(told, channels, given, |web, _| match web {
        Some(web) => format!("{greeting}          web  {web}"),
        None => greeting,
    })
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

/// Serves the channels, which are one at least: at this terminal or on standard input and output, and in a browser where that
/// is asked for.
fn talk(
    told: Told,
    channels: Vec<Conversation>,
    given: Vec<GivenPlugin>,
    greeting: impl FnOnce(Option<&str>, Option<&Path>) -> String,
) -> Result<ExitCode> {
    let demo = told.demo;
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let port = if demo { terminal.then_some(0) } else { setup::web_port(&told.config) };
    let cluster = told.config.settings.cluster_name.clone();
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
        let stop = CancellationToken::new();
        let faces = Faces::new(agent.dispatcher.clone(), channels.clone(), terminal, port.filter(|_| !demo).is_some())?;
        let web = match (port, &faces) {
            (Some(port), Some(faces)) => Some(faces.serve(port, &cluster).await?),
            _ => None,
        };
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
        let serving = async {
            let ended = match faces.as_ref().filter(|_| terminal) {
                Some(faces) => {
                    cancel_on(SignalKind::terminate(), &stop);
                    cancel_on(SignalKind::hangup(), &stop);
                    let link = web.as_ref().map(Web::link);
                    let greeting = greeting(link.as_deref(), log.as_deref());
                    faces.terminal(channels[0].alias.clone(), greeting, log, &stop).await?
                }
                None => {
                    on_signal(&stop);
                    if let Some(web) = &web {
                        offer(web);
                    }
                    let (conversation, actor) = (channels[0].clone(), setup::person());
                    let console = Console { dispatcher: agent.dispatcher.clone(), conversation, actor };
                    console.piped(BufReader::new(tokio::io::stdin()), io::stdout(), reader_left(), &stop).await
                }
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
        let ended = {
            tokio::pin!(serving);
            tokio::select! {
                ended = &mut serving => ended,
                reason = agent.gave_up() => {
                    stop.cancel();
                    // What the terminal is used for comes to its end first.
                    let served = serving.await;
                    complain(&format!("ended, as plugins.restartPolicy asks for after too many restarts: {reason}"));
                    served.map(|_| ExitCode::FAILURE)
                }
            }
        };
        // What still runs ends where people see it, before nothing is shown any more.
        if let Some(faces) = faces {
            faces.close(web).await;
        }
        agent.stop().await;
        ended
    });
    // A read from standard input cannot be called off.
    runtime.shutdown_background();
    ended
}

/// Says how to get in, now and whenever SIGUSR1 asks for it: a link works once.
fn offer(web: &Web) {
    let links = web.links();
    // Listened to before anybody is told: unheard, the signal would end the agent.
    let asked = signal(SignalKind::user_defined1());
    say_link(&links);
    if let Ok(mut asked) = asked {
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                say_link(&links);
            }
        });
    }
}

/// Gives a new link to the person at this terminal. Without one, what is said here goes to a log, which others read: then the
/// link is in a file of its owner's.
fn say_link(links: &Links) {
    let Some(link) = links.link() else { return };
    if io::stderr().is_terminal() {
        return complain(&format!("the console in a browser, for one person and ten minutes: {link}"));
    }
    let path = setup::state_dir().join("console-link");
    match keep_link(&path, &link) {
        Ok(()) => complain(&format!(
            "the console in a browser: the link is in {}, for one person and ten minutes; SIGUSR1 writes another",
            path.display()
        )),
        Err(error) => complain(&format!(
            "no link to the console in a browser: {} cannot be written: {error}; SIGUSR1 tries again",
            path.display()
        )),
    }
}

/// Writes a link in place of the one before, for nobody else to read.
fn keep_link(path: &Path, link: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    setup::private_dir(dir)?;
    // It has mode 0600 from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    writeln!(file, "{link}")?;
    file.persist(path)?;
    Ok(())
}

/// Channels in which this dispatcher answers, as long as somebody holds on to their chat.
pub(crate) fn rooms(
    dispatcher: &Arc<Dispatcher>,
    channels: Vec<Conversation>,
    store: Arc<dyn Store>,
) -> (Arc<Rooms>, Arc<Chat>) {
    // Where controls are shown, plugins may offer some.
    let channels = channels.into_iter().map(|channel| Conversation { interactive: true, ..channel }).collect();
    let rooms = Rooms::new(channels, store);
    let chat = Chat::new(dispatcher.clone(), rooms.clone());
    rooms.answered_by(&chat);
    (rooms, chat)
}

/// The channels as people look at them together, from a terminal and from browsers.
struct Faces {
    rooms: Arc<Rooms>,
    chat: Arc<Chat>,
    completer: Arc<Completer>,
    /// Cancelled when nothing is to be served any more.
    stop: CancellationToken,
}

impl Faces {
    /// None when nobody could look. What is said is kept where an agent that is started again finds it, if it is to `last`.
    fn new(
        dispatcher: Arc<Dispatcher>,
        channels: Vec<Conversation>,
        terminal: bool,
        last: bool,
    ) -> Result<Option<Self>> {
        if !terminal && !last {
            return Ok(None);
        }
        let store: Arc<dyn Store> = match last {
            true => Arc::new(Disk::open(&setup::state_dir().join("console")).context("what is said cannot be kept")?),
            false => Arc::new(InMemory::new().context("cannot make a directory for files")?),
        };
        let (rooms, chat) = rooms(&dispatcher, channels, store);
        Ok(Some(Self { rooms, chat, completer: Completer::new(dispatcher), stop: CancellationToken::new() }))
    }

    async fn serve(&self, port: u16, cluster: &str) -> Result<Web> {
        Ok(Web::start(self.rooms.clone(), self.completer.clone(), port, cluster, self.stop.clone()).await?)
    }

    async fn terminal(
        &self,
        channel: String,
        greeting: String,
        log: Option<PathBuf>,
        stop: &CancellationToken,
    ) -> Result<Ended> {
        let person = setup::person();
        let terminal = Terminal {
            rooms: self.rooms.clone(),
            person: Person { id: person.id, name: person.display_name },
            channel,
            greeting,
            history: Some(setup::state_dir().join("history")),
            log,
            completer: self.completer.clone(),
        };
        terminal.run(stop).await.context("cannot use this terminal")
    }

    async fn close(self, web: Option<Web>) {
        self.chat.stop().await;
        self.stop.cancel();
        if let Some(web) = web {
            web.stopped().await;
        }
        let store = self.rooms.store().clone();
        // What is not kept is logged.
        let _ = tokio::task::spawn_blocking(move || store.settle()).await;
    }
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
