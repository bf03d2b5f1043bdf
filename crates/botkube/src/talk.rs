//! The life of an agent that stays, from its first log line to the last process: what the demo, `botkube run` and `botkube dev`
//! serve with. It must not know what is done beside.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::{self, ExitCode},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use botkube_agent::{
    agent::{Agent, log_progress, runtime_dir},
    inside::{self, Inside, Ports, Sight},
};
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
    sync::watch,
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use crate::{
    complain, link, logging,
    setup::{self, Extra, Told},
};

/// What is served.
pub(crate) struct Plan {
    pub(crate) told: Told,
    /// Where that is written, in the order in which they count.
    pub(crate) files: Vec<PathBuf>,
    /// One at least.
    pub(crate) channels: Vec<Conversation>,
    pub(crate) extra: Extra,
    /// The port of the console in a browser, where there is to be one; 0 is any.
    pub(crate) port: Option<u16>,
    pub(crate) kind: Kind,
    /// How long commands that run may take to end when it is to end.
    pub(crate) grace: Duration,
    /// Ends it when it is cancelled; whoever makes it listens to the signals that no terminal sends.
    pub(crate) stop: CancellationToken,
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
pub(crate) struct Served {
    pub(crate) agent: Arc<Agent>,
    /// Where somebody can look.
    pub(crate) rooms: Option<Arc<Rooms>>,
    pub(crate) completer: Option<Arc<Completer>>,
    /// Cancelled when nothing is said any more; what is done beside has a moment then.
    pub(crate) ending: CancellationToken,
}

/// How long what is done beside may take to come to its end.
const MOMENT: Duration = Duration::from_secs(2);

/// Does something on a runtime of its own, and with one directory for all temporary files: what is killed leaves only that,
/// and the next agent removes it.
pub(crate) fn on_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let files = runtime_dir().context("cannot make a directory for temporary files")?;
    // It has been set before only where this is not the process's one agent.
    let _ = tempfile::env::override_temp_dir(files.path());
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

/// Cancels `stop` on the first of SIGTERM, SIGINT and SIGHUP, and ends the process on the second.
pub(crate) fn on_signal(stop: &CancellationToken) {
    on_end(stop);
    end_on(SignalKind::interrupt(), stop);
}

/// The same on SIGTERM and SIGHUP: SIGINT is for whoever reads a terminal.
pub(crate) fn on_end(stop: &CancellationToken) {
    end_on(SignalKind::terminate(), stop);
    end_on(SignalKind::hangup(), stop);
}

/// The same on one signal.
pub(crate) fn end_on(kind: SignalKind, stop: &CancellationToken) {
    let stop = stop.clone();
    let Ok(mut signals) = signal(kind) else { return };
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            if stop.is_cancelled() {
                complain("told twice to end: ended at once");
                // Plugins end with this process, and what is left of them in files goes at the next start.
                process::exit(1);
            }
            stop.cancel();
        }
    });
}

/// Serves at this terminal or on standard input and output, and in a browser where that is asked for, until that ends; does
/// something `beside` it meanwhile.
pub(crate) async fn serve<B: Future<Output = ()>>(
    plan: Plan,
    greeting: impl FnOnce(Option<&str>, Option<&Path>) -> String,
    beside: impl FnOnce(Served) -> B,
) -> Result<ExitCode> {
    let Plan { told, files, channels, extra, port, kind, grace, stop } = plan;
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
    let settings = &told.config.settings;
    let ports = (kind == Kind::Run).then_some(Ports { health: settings.health_port, metrics: settings.metrics_port });
    let agent = Arc::new(setup::agent(told, extra, log_progress())?);
    let (stage, seen) = watch::channel(inside::Stage::Starting);
    let sight = Sight {
        agent: agent.clone(),
        stage: seen,
        version: env!("CARGO_PKG_VERSION"),
        files,
        recent: logging::recent(),
        ports,
        places: setup::sockets(),
    };
    let inside = Inside::start(sight).await?;
    let store: Option<Arc<dyn Store>> = match kind {
        Kind::Run if port.is_some() => {
            Some(Arc::new(Disk::open(&setup::state_dir().join("console")).context("what is said cannot be kept")?))
        }
        _ if terminal || kind != Kind::Demo => Some(Arc::new(InMemory::default())),
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
    let served = Served {
        agent: agent.clone(),
        rooms: faces.as_ref().map(|faces| faces.rooms.clone()),
        completer: faces.as_ref().map(|faces| faces.completer.clone()),
        ending: CancellationToken::new(),
    };
    let ending = served.ending.clone();
    stage.send_replace(inside::Stage::Ready);
    let closed = close_on(&stop, agent.dispatcher.clone(), grace, stage);
    let serving = async {
        let ended = match faces.as_ref().filter(|_| terminal) {
            Some(faces) => {
                let link = web.as_ref().map(Web::link);
                let greeting = greeting(link.as_deref(), log.as_deref());
                faces.terminal(channels[0].alias.clone(), greeting, log, &closed).await?
            }
            None => {
                end_on(SignalKind::interrupt(), &stop);
                if let Some(web) = &web {
                    link::offer(web);
                }
                let (rooms, first) = (faces.as_ref().map(|faces| faces.rooms.clone()), channels[0].clone());
                let conversation = Arc::new(move || {
                    let all = rooms.as_ref().map(|rooms| rooms.channels()).unwrap_or_default();
                    // Where it is gone, one goes on in the first there is.
                    let now = all.iter().find(|now| now.alias == first.alias).or(all.first()).cloned();
                    // Nothing is clicked in a pipe.
                    Conversation { interactive: false, ..now.unwrap_or_else(|| first.clone()) }
                });
                let console = Console { dispatcher: agent.dispatcher.clone(), conversation, actor: setup::person() };
                console.piped(BufReader::new(tokio::io::stdin()), io::stdout(), reader_left(), &closed).await
            }
        };
        if ended == Ended::Output {
            complain("nobody reads the answers any more");
        }
        if kind == Kind::Run && ended == Ended::Input && !terminal {
            closed.cancelled().await;
        }
        anyhow::Ok(if ended == Ended::Output { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    };
    let ended = {
        let beside = beside(served);
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
    // Whoever leaves the terminal of an agent that others use does not cut their commands.
    stop.cancel();
    closed.cancelled().await;
    // What still runs ends where people see it, before nothing is shown any more.
    if let Some(faces) = faces {
        faces.close(web).await;
    }
    agent.stop().await;
    inside.stop().await;
    ended
}

/// Is cancelled when nothing is answered any more: once `stop` is, and the commands that ran then have ended or were cut.
fn close_on(
    stop: &CancellationToken,
    dispatcher: Arc<Dispatcher>,
    grace: Duration,
    stage: watch::Sender<inside::Stage>,
) -> CancellationToken {
    let (stop, closed) = (stop.clone(), CancellationToken::new());
    let guard = closed.clone().drop_guard();
    tokio::spawn(async move {
        let _guard = guard;
        stop.cancelled().await;
        stage.send_replace(inside::Stage::Draining);
        let running = dispatcher.underway().len();
        if running > 0 && !grace.is_zero() {
            tracing::info!(running, "stopping: commands that run have {grace:?} to end");
        }
        match dispatcher.drain(grace).await {
            0 => {}
            cut => tracing::warn!(cut, "commands were cut: they had not ended within {grace:?} (--grace)"),
        }
    });
    closed
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
