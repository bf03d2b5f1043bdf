//! A plugin's live process: how an executable becomes one, and what its calls say about its health. It decides nothing.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use botkube_core::route::PluginRef;
use botkube_proto::{
    COOKIE_KEY, COOKIE_VALUE, MAX_MESSAGE_SIZE, PROTOCOL_VERSION,
    executor::executor_client::ExecutorClient,
    stream::{stream_client::StreamClient, stream_server},
};
use go_plugin::{
    handshake::Cookie,
    hclog::Level,
    host::{Config, Connection, Exit, Output, PingError, Plugin, StartError, StartReason},
};
use tempfile::TempDir;
use tokio::{sync::Notify, time};

use crate::{
    catalogue::Executable,
    environment::{self, OUTPUT_TARGET},
    parts::Parts,
};

/// What tells a plugin that Botkube started it.
const COOKIE: Cookie = Cookie { key: COOKIE_KEY, value: COOKIE_VALUE };
/// How long a broken connection may be ahead of the end of its process.
const END_DEADLINE: Duration = Duration::from_secs(1);
/// How many bytes a part may have around what it says, so that an answer as large as it may be fits into one.
const PART_FRAME: usize = 32;
/// How long a plugin may take to say which services it has; one that takes longer answers all at once.
const SERVICES_DEADLINE: Duration = Duration::from_secs(1);

/// A plugin's live process.
pub(crate) struct Running {
    pub(crate) plugin: Plugin,
    pub(crate) client: ExecutorClient<Connection>,
    /// The service for live answers, where the plugin has it.
    live: Option<StreamClient<Connection>>,
    /// How many calls are in it.
    calls: AtomicUsize,
    /// A call was given up: perhaps the plugin is slow, perhaps it is frozen.
    suspect: AtomicBool,
    /// Why it was killed, if it was.
    verdict: OnceLock<String>,
    /// Wakes whoever looks after the process.
    wake: Arc<Notify>,
    /// Goes after the process, with all the process left in it.
    _dir: TempDir,
}

/// A call that is under way. Makes the plugin suspect when dropped before [`Attempt::answered`].
pub(crate) struct Attempt<'a> {
    running: &'a Running,
    answered: bool,
}

/// Starts a process; an error says which plugin, which file, and why.
pub(crate) async fn start(
    parts: &Parts,
    plugin: &PluginRef,
    executable: Executable,
    wake: Arc<Notify>,
) -> Result<Running, String> {
    let name = plugin.name();
    let dir =
        environment::runtime_dir().map_err(|e| format!("cannot make a directory for the plugin `{name}`: {e}"))?;
    let start = async |executable| {
        let launch = environment::launch(executable, dir.path(), &parts.settings, plugin);
        let mut config = Config::new(COOKIE, [PROTOCOL_VERSION], launch);
        config.output = log_for(plugin);
        Plugin::start(config, &*parts.spawner).await
    };
    let mut started = start(executable).await;
    if let Err(StartError { program, reason: StartReason::Changed, .. }) = &started {
        tracing::warn!(plugin = name, file = %program.display(), "the plugin's file changed since it was checked; it was not run");
        started = start(parts.catalogue.obtain_again(plugin).await?).await;
    }
    match started {
        Ok(process) => {
            tracing::info!(plugin = name, pid = process.id(), "a plugin is running");
            let limit = usize::try_from(parts.settings.max_answer_size).unwrap_or(MAX_MESSAGE_SIZE);
            let client = ExecutorClient::with_origin(process.connection(), Connection::origin())
                .max_decoding_message_size(limit)
                .max_encoding_message_size(MAX_MESSAGE_SIZE);
            // Old plugins need not have reflection, and reflection need not work: they are called as ever.
            let services = process.services(SERVICES_DEADLINE).await.unwrap_or_default();
            let live = services.iter().any(|name| name == stream_server::SERVICE_NAME).then(|| {
                StreamClient::with_origin(process.connection(), Connection::origin())
                    .max_decoding_message_size(limit.saturating_add(PART_FRAME))
                    .max_encoding_message_size(MAX_MESSAGE_SIZE)
            });
            let (suspect, calls, verdict) = (AtomicBool::new(false), AtomicUsize::new(0), OnceLock::new());
            Ok(Running { plugin: process, client, live, calls, suspect, verdict, wake, _dir: dir })
        }
        Err(error) => {
            for line in &error.output {
                tracing::error!(plugin = name, "{line}");
            }
            let hint = if error.output.is_empty() { "" } else { "; what it printed last is in the agent's log" };
            let (program, reason) = (error.program.display(), error.reason);
            Err(format!("the plugin `{name}` did not start: {program}: {reason}{hint}"))
        }
    }
}

impl Running {
    pub(crate) fn attempt(&self) -> Attempt<'_> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Attempt { running: self, answered: false }
    }

    /// The service for live answers, where the plugin has it.
    pub(crate) fn live(&self) -> Option<StreamClient<Connection>> {
        self.live.clone()
    }

    /// Whether nobody waits for an answer of it.
    pub(crate) fn is_alone(&self) -> bool {
        self.calls.load(Ordering::SeqCst) == 0
    }

    /// Asks whether it is well, and how many calls it works on although nobody waits for them, where it can tell.
    pub(crate) async fn check(&self, deadline: Duration) -> Result<Option<u32>, PingError> {
        self.plugin.ping(deadline).await?;
        let Some(mut live) = self.live().filter(|_| self.is_alone()) else { return Ok(None) };
        Ok(match time::timeout(deadline, live.calls(())).await {
            Ok(Ok(calls)) if self.is_alone() => Some(calls.into_inner().running),
            _ => None,
        })
    }

    /// Whether there is no doubt about it.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_closed() && !self.suspect.load(Ordering::Relaxed)
    }

    /// Whether it cannot be talked to any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.plugin.connection().is_closed()
    }

    /// Whether a call was given up since this was asked last.
    pub(crate) fn take_suspicion(&self) -> bool {
        self.suspect.swap(false, Ordering::Relaxed)
    }

    /// Ends it, and lets the calls it had know why. One that broke its connection may be about to end by itself, which
    /// says more.
    pub(crate) async fn kill(&self, verdict: String) -> Exit {
        if self.is_closed()
            && let Ok(exit) = time::timeout(END_DEADLINE, self.plugin.exited()).await
        {
            return exit;
        }
        self.put_down(verdict).await
    }

    /// How it ended, for those whose call broke; `None` if it is still there and can be talked to.
    pub(crate) async fn end(&self) -> Option<String> {
        // The connection breaks a moment before the end.
        let exit = match time::timeout(END_DEADLINE, self.plugin.exited()).await {
            Ok(exit) => exit,
            // One broken call is no reason to end those of others.
            Err(_) if !self.is_closed() => return None,
            Err(_) => self.put_down("it broke its connection and was killed".to_owned()).await,
        };
        Some(self.verdict.get().cloned().unwrap_or_else(|| exit.to_string()))
    }

    async fn put_down(&self, verdict: String) -> Exit {
        let _ = self.verdict.set(verdict);
        self.plugin.kill().await
    }
}

impl Attempt<'_> {
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let running = self.running;
        running.calls.fetch_sub(1, Ordering::SeqCst);
        if !self.answered {
            running.suspect.store(true, Ordering::Relaxed);
            running.wake.notify_one();
        }
    }
}

/// Passes on what a plugin prints and logs as log lines of the agent. Where a level was asked for, it alone decides.
fn log_for(plugin: &PluginRef) -> Arc<dyn Fn(Output) + Send + Sync> {
    let name = plugin.name().to_owned();
    let asked = environment::log_level(plugin, |key| std::env::var(key).ok());
    macro_rules! line {
        ($entry:expr, $($how:tt)*) => {
            match $entry.level {
                Level::Trace => tracing::trace!($($how)*),
                Level::Debug => tracing::debug!($($how)*),
                Level::Info => tracing::info!($($how)*),
                Level::Warn => tracing::warn!($($how)*),
                Level::Error => tracing::error!($($how)*),
            }
        };
    }
    Arc::new(move |output| {
        let (plugin, origin, entry) = (name.as_str(), output.origin, &output.entry);
        match asked {
            None => line!(entry, plugin, ?origin, "{entry}"),
            Some(level) if entry.level >= level => line!(entry, target: OUTPUT_TARGET, plugin, ?origin, "{entry}"),
            Some(_) => {}
        }
    })
}
