//! Agents that stay: the demo, `botkube run`, and what `botkube dev` serves with.

use std::{
    future,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use botkube_agent::agent::{Agent, log_progress};
use botkube_config::Options;
use botkube_console::{
    Console, Ended,
    completion::Completer,
    piped::reader_left,
    rooms::{Person, Rooms},
    store::{InMemory, Store, disk::Disk},
    terminal::Terminal,
    web::Web,
};
use botkube_core::{chat::Chat, conversation::Conversation, dispatch::Dispatcher};
use tokio::{
    io::BufReader,
    runtime::{self, Runtime},
    signal::unix::{SignalKind, signal},
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use crate::{
    args::{GivenPlugin, Run},
    complain, embedded, link, logging,
    setup::{self, Extra, Told},
    supply::Locked,
};

/// What is served.
pub(crate) struct Plan {
    pub(crate) told: Told,
    /// One at least.
    pub(crate) channels: Vec<Conversation>,
    pub(crate) extra: Extra,
    /// The port of the console in a browser, where there is to be one; 0 is any.
    pub(crate) port: Option<u16>,
    pub(crate) kind: Kind,
}

/// For whom it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody tries it.
    Demo,
    /// People use it.
    Run,
    /// Somebody writes plugins.
    Dev,
}

/// What is there while it is served.
pub(crate) struct Stage {
    pub(crate) agent: Arc<Agent>,
    /// Where somebody can look.
    pub(crate) rooms: Option<Arc<Rooms>>,
    pub(crate) completer: Option<Arc<Completer>>,
    /// Cancelled when nothing is said any more; what is done beside has a moment then.
    pub(crate) ending: CancellationToken,
}

/// How long what is done beside may take to come to its end.
const MOMENT: Duration = Duration::from_secs(2);

/// The agent without a configuration: a console, and the plugins that come with it. Needs nothing and asks nobody.
pub(crate) fn demo(given: Vec<GivenPlugin>) -> Result<ExitCode> {
    let told = Told::demo();
    let channels = vec![setup::everything(&told.config)];
    let names: Vec<String> = given.iter().map(|plugin| plugin.name.clone()).collect();
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let (extra, port) = (Extra::given(given), terminal.then_some(0));
    let plan = Plan { told, channels, extra, port, kind: Kind::Demo };
    on_runtime(async { serve(plan, |web, log| greeting(&names, web, log), |_| future::ready(())).await })
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
    let lock = Locked::of(run.files, &loaded.config, run.locked, &given)?;
    let told = Told { lock, ..Told::from(loaded) };
    let channels = setup::console_channels(&told.config);
    if channels.is_empty() {
        bail!(
            "nothing to serve: this version serves the console; add `console: {{}}` to a group under `communications`, or \
             use `botkube exec`"
        );
    }
    let greeting = format!("Botkube {} · cluster {}", env!("CARGO_PKG_VERSION"), told.config.settings.cluster_name);
    let greeting = |web: Option<&str>, _: Option<&Path>| match web {
        Some(web) => format!("{greeting}          web  {web}"),
        None => greeting,
    };
    let port = setup::web_port(&told.config);
    let plan = Plan { told, channels, extra: Extra::given(given), port, kind: Kind::Run };
    on_runtime(async { serve(plan, greeting, |_| future::ready(())).await })
}

/// Does something on a runtime of its own.
pub(crate) fn on_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime()?;
    let done = runtime.block_on(work);
    // A read from standard input cannot be called off.
    runtime.shutdown_background();
    done
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

/// Serves at this terminal or on standard input and output, and in a browser where that is asked for, until that ends; does
/// something `beside` it meanwhile.
pub(crate) async fn serve<B: Future<Output = ()>>(
    plan: Plan,
    greeting: impl FnOnce(Option<&str>, Option<&Path>) -> String,
    beside: impl FnOnce(Stage) -> B,
) -> Result<ExitCode> {
    let Plan { told, channels, extra, port, kind } = plan;
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let cluster = told.config.settings.cluster_name.clone();
    let log = match (terminal, kind) {
        (true, _) => logging::to_file().map_err(|error| complain(&format!("no log is written: {error}"))).ok(),
        (false, Kind::Run) => {
            logging::as_configured(&told.config.settings.log);
            None
        }
        (false, Kind::Demo | Kind::Dev) => {
            logging::to_stderr(Level::WARN);
            None
        }
    };
    let impersonates =
        told.config.executors.iter().flat_map(|group| &group.plugins).any(|p| p.enabled && p.rbac.is_some());
    let agent = Arc::new(setup::agent(told, extra, log_progress())?);
    let stop = CancellationToken::new();
    let store: Option<Arc<dyn Store>> = match kind {
        Kind::Run if port.is_some() => {
            Some(Arc::new(Disk::open(&setup::state_dir().join("console")).context("what is said cannot be kept")?))
        }
        _ if terminal || kind == Kind::Dev => {
            Some(Arc::new(InMemory::new().context("cannot make a directory for files")?))
        }
        _ => None,
    };
    let faces = store.map(|store| Faces::new(agent.dispatcher.clone(), channels.clone(), store));
    let web = match (port, &faces) {
        (Some(port), Some(faces)) => Some(faces.serve(port, &cluster).await?),
        _ => None,
    };
    // The demo starts only what is tried.
    if kind != Kind::Demo {
        if impersonates {
            tracing::warn!(
                "plugins with `context.rbac` get a kubeconfig that impersonates whom the rule names, with the agent's own \
                 credential in it: this keeps a plugin from mistakes, not one that means harm from the agent's rights"
            );
        }
        tracing::info!("plugins are not given these variables of the agent: {}", shortened(&agent.withheld()));
        agent.start();
    }
    let stage = Stage {
        agent: agent.clone(),
        rooms: faces.as_ref().map(|faces| faces.rooms.clone()),
        completer: faces.as_ref().map(|faces| faces.completer.clone()),
        ending: CancellationToken::new(),
    };
    let ending = stage.ending.clone();
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
                    link::offer(web);
                }
                let (rooms, first) = (faces.as_ref().map(|faces| faces.rooms.clone()), channels[0].clone());
                let conversation = Arc::new(move || {
                    // A configuration that is read anew may have other channels.
                    let mut now = rooms.iter().flat_map(|rooms| rooms.channels()).collect::<Vec<_>>();
                    let same = now.iter().position(|now| now.alias == first.alias).unwrap_or_default();
                    let now = (!now.is_empty()).then(|| now.swap_remove(same));
                    // Nothing is clicked in a pipe.
                    Conversation { interactive: false, ..now.unwrap_or_else(|| first.clone()) }
                });
                let console = Console { dispatcher: agent.dispatcher.clone(), conversation, actor: setup::person() };
                console.piped(BufReader::new(tokio::io::stdin()), io::stdout(), reader_left(), &stop).await
            }
        };
        if ended == Ended::Output {
            complain("nobody reads the answers any more");
        }
        if kind == Kind::Run && ended == Ended::Input && !terminal {
            stop.cancelled().await;
        }
        anyhow::Ok(if ended == Ended::Output { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    };
    let ended = {
        let beside = beside(stage);
        tokio::pin!(serving, beside);
        let mut is_over = false;
        let ended = loop {
            tokio::select! {
                ended = &mut serving => break ended,
                () = &mut beside, if !is_over => is_over = true,
                reason = agent.gave_up() => {
                    stop.cancel();
                    // What the terminal is used for comes to its end first.
                    let served = serving.await;
                    complain(&format!("ended, as plugins.restartPolicy asks for after too many restarts: {reason}"));
                    break served.map(|_| ExitCode::FAILURE);
                }
            }
        };
        ending.cancel();
        if !is_over && time::timeout(MOMENT, beside).await.is_err() {
            tracing::warn!("something was not finished within {MOMENT:?}");
        }
        ended
    };
    // What still runs ends where people see it, before nothing is shown any more.
    if let Some(faces) = faces {
        faces.close(web).await;
    }
    agent.stop().await;
    ended
}

/// Channels in which this dispatcher answers, as long as somebody holds on to their chat.
pub(crate) fn rooms(
    dispatcher: &Arc<Dispatcher>,
    channels: Vec<Conversation>,
    store: Arc<dyn Store>,
) -> (Arc<Rooms>, Arc<Chat>) {
    let rooms = Rooms::new(setup::with_controls(channels), store);
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
    fn new(dispatcher: Arc<Dispatcher>, channels: Vec<Conversation>, store: Arc<dyn Store>) -> Self {
        let (rooms, chat) = rooms(&dispatcher, channels, store);
        Self { rooms, chat, completer: Completer::new(dispatcher), stop: CancellationToken::new() }
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
