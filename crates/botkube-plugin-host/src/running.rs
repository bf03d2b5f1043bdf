//! A plugin's live process: how an executable becomes one, and what its calls say about its health. It decides nothing.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use botkube_core::route::PluginRef;
use botkube_proto::{
    MAX_MESSAGE_SIZE, PROTOCOL_VERSION,
    executor::executor_client::ExecutorClient,
    stream::{stream_client::StreamClient, stream_server},
};
use go_plugin::{
    hclog::Level,
    host::{Attach, Config, Connection, Exit, Output, PingError, Plugin, StartError, StartReason},
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Notify,
    task::{block_in_place, spawn_blocking},
    time,
};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::{
    catalogue::{Attached, Executable},
    environment::{self, COOKIE, OUTPUT_TARGET, RuntimeDir},
    gate::Gate,
    parts::Parts,
    supervisor::MISSES,
};

/// How long a plugin may take to say that it is well.
pub(crate) const HEALTH_DEADLINE: Duration = Duration::from_secs(2);
/// How long a broken connection may be ahead of the end of its process.
const END_DEADLINE: Duration = Duration::from_secs(1);
/// How many bytes a part may have around what it says, so that an answer as large as it may be fits into one.
const PART_FRAME: usize = 32;
/// How many bytes a plugin may say about itself.
const MAX_METADATA: u64 = 4 << 20;
/// The origin of what a plugin printed last, whichever it came from, where that is logged once more.
pub(crate) const LAST: &str = "last lines";
/// How long a plugin may take to say which services it has; one that takes longer answers all at once.
const SERVICES_DEADLINE: Duration = Duration::from_secs(1);

/// A plugin's live process.
pub(crate) struct Running {
    /// What it was started from, unless somebody else did.
    pub(crate) executable: Option<Executable>,
    pub(crate) plugin: Plugin,
    /// Since when it can be called.
    pub(crate) since: SystemTime,
    client: ExecutorClient<Connection>,
    /// The service for live answers, where the plugin has it.
    live: Option<StreamClient<Connection>>,
    /// The calls that are in it.
    calls: Gate,
    /// When the last of them is given up, as far as they say.
    deadline: Mutex<Option<Instant>>,
    /// Another one serves.
    retired: AtomicBool,
    /// How many calls were given up: perhaps the plugin is slow, perhaps it is frozen.
    given_up: AtomicU64,
    /// As many of them callers see the consequences of. Where there are more, nobody is to call it.
    heeded: AtomicU64,
    /// Why it was killed, if it was.
    verdict: OnceLock<String>,
    /// Wakes whoever looks after the process.
    wake: Arc<Notify>,
    /// Goes after the process, with all the process left in it. Where somebody else starts it, there is none.
    _dir: Option<Own>,
}

/// A plugin's directory, which goes when this is dropped.
struct Own(Option<RuntimeDir>);

/// A call that is under way. Makes the plugin suspect when dropped before [`Attempt::answered`].
pub(crate) struct Attempt {
    running: Arc<Running>,
    answered: bool,
}

/// Why there is no process.
#[derive(Debug)]
pub(crate) struct NotStarted {
    /// Which plugin, which file, and why.
    pub(crate) reason: String,
    /// What it printed and logged last.
    pub(crate) output: Vec<String>,
}

/// Starts a process, and ends it again when it is called off.
pub(crate) async fn start(
    parts: &Parts,
    plugin: &PluginRef,
    executable: Executable,
    wake: Arc<Notify>,
    called_off: &CancellationToken,
) -> Result<Running, NotStarted> {
    let name = plugin.name();
    // What a killed agent left may take its time to be removed.
    let dir = spawn_blocking(environment::runtime_dir).await.unwrap_or_else(|panic| Err(panic.into()));
    let dir = dir.map_err(|e| NotStarted::because(format!("cannot make a directory for the plugin `{name}`: {e}")))?;
    let terms = parts.terms();
    let start = async |executable| {
        let launch = environment::launch(executable, dir.path(), &terms.settings, plugin);
        let mut config = Config::new(COOKIE, [PROTOCOL_VERSION], launch);
        config.output = log_for(plugin);
        Plugin::start_unless(config, &*parts.spawner, called_off.cancelled()).await
    };
    let (mut executable, mut started) = (executable.clone(), start(executable).await);
    if let Err(StartError { program, reason: StartReason::Changed, .. }) = &started {
        tracing::warn!(plugin = name, file = %program.display(), "the plugin's file changed since it was checked; it was not run");
        let again = called_off.run_until_cancelled(terms.catalogue.obtain_again(plugin)).await;
        executable = again.unwrap_or_else(|| Err("it was called off".to_owned())).map_err(NotStarted::because)?;
        started = start(executable.clone()).await;
    }
    match started {
        Ok(process) => {
            tracing::info!(plugin = name, pid = process.id(), "a plugin is running");
            Ok(Running::new(process, Some(executable), wake, Some(dir)).await)
        }
        Err(error) => {
            if !matches!(error.reason, StartReason::CalledOff) {
                for line in &error.output {
                    tracing::error!(plugin = name, origin = LAST, "{line}");
                }
            }
            drop(Own(Some(dir)));
            let hint = if error.output.is_empty() { "" } else { "; what it printed last is in the agent's log" };
            let (program, reason) = (error.program.display(), error.reason);
            let reason = format!("the plugin `{name}` did not start: {program}: {reason}{hint}");
            Err(NotStarted { reason, output: error.output })
        }
    }
}

/// Waits, however long it takes, for a process that somebody else starts.
pub(crate) async fn attach(plugin: &PluginRef, attached: Attached, wake: Arc<Notify>) -> Result<Running, NotStarted> {
    let mut attach = Attach::new(attached.dir);
    attach.output = log_for(plugin);
    match Plugin::attach(attach).await {
        Ok(process) => {
            tracing::info!(plugin = plugin.name(), "a plugin is attached");
            Ok(Running::new(process, None, wake, None).await)
        }
        Err(error) => Err(NotStarted::because(format!("the plugin `{}` cannot be waited for: {error}", plugin.name()))),
    }
}

impl Running {
    async fn new(process: Plugin, executable: Option<Executable>, wake: Arc<Notify>, dir: Option<RuntimeDir>) -> Self {
        let client = ExecutorClient::with_origin(process.connection(), Connection::origin())
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        // Old plugins need not have reflection, and reflection need not work: they are called as ever.
        let services = process.services(SERVICES_DEADLINE).await.unwrap_or_default();
        let live = services.iter().any(|name| name == stream_server::SERVICE_NAME).then(|| {
            StreamClient::with_origin(process.connection(), Connection::origin())
                .max_encoding_message_size(MAX_MESSAGE_SIZE)
        });
        Self {
            executable,
            plugin: process,
            since: SystemTime::now(),
            client,
            live,
            calls: Gate::default(),
            deadline: Mutex::default(),
            retired: AtomicBool::new(false),
            given_up: AtomicU64::new(0),
            heeded: AtomicU64::new(0),
            verdict: OnceLock::new(),
            wake,
            _dir: dir.map(|dir| Own(Some(dir))),
        }
    }

    /// A new call, given up at this time; `None` where no more may begin.
    pub(crate) fn attempt(self: &Arc<Self>, deadline: Option<Instant>) -> Option<Attempt> {
        if !self.calls.enter() {
            return None;
        }
        if deadline.is_some() {
            let mut latest = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
            *latest = deadline.max(*latest);
        }
        Some(Attempt { running: self.clone(), answered: false })
    }

    /// Whether calls may begin.
    pub(crate) fn is_open(&self) -> bool {
        self.calls.is_open()
    }

    /// Lets it end the calls it has, for so long, or until the last of them is given up, or until `hurry`, and then stops it;
    /// one that freezes is killed. Returns how it ended if it did so by itself.
    pub(crate) async fn retire(
        &self,
        patience: Duration,
        health_interval: Duration,
        hurry: &CancellationToken,
    ) -> Option<Exit> {
        self.retired.store(true, Ordering::SeqCst);
        let now = Instant::now();
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = deadline.map_or(patience, |deadline| patience.max(deadline.saturating_duration_since(now)));
        tokio::select! {
            biased;
            exit = self.plugin.exited() => return Some(exit),
            () = self.calls.shut_when_empty() => {}
            () = hurry.cancelled() => {}
            error = self.freezes(health_interval) => {
                self.calls.shut();
                let exit = self.put_down(format!("it was replaced, was not well ({error}), and was killed")).await;
                return Some(exit);
            }
            () = time::sleep(patience) => {
                let _ = self.verdict.set("it was replaced and took longer for this command than it may".into());
            }
        }
        self.calls.shut();
        self.plugin.stop().await;
        None
    }

    /// The service for answers that come at once, of so many bytes at most.
    pub(crate) fn executor(&self, limit: u64) -> ExecutorClient<Connection> {
        self.client.clone().max_decoding_message_size(usize::try_from(limit).unwrap_or(MAX_MESSAGE_SIZE))
    }

    /// The service for live answers of so many bytes at most, where the plugin has it.
    pub(crate) fn live(&self, limit: u64) -> Option<StreamClient<Connection>> {
        let limit = usize::try_from(limit).unwrap_or(MAX_MESSAGE_SIZE);
        self.live.clone().map(|live| live.max_decoding_message_size(limit.saturating_add(PART_FRAME)))
    }

    /// Has it show, within this time, that it is well and says what it is.
    pub(crate) async fn prove(&self, deadline: Duration) -> Result<(), String> {
        self.plugin.ping(deadline).await.map_err(|error| format!("it was not well: {error}"))?;
        match time::timeout(deadline, self.executor(MAX_METADATA).metadata(())).await {
            Ok(Ok(_)) => Ok(()),
            // Nothing but the tools that make an index needs it.
            Ok(Err(status)) if status.code() == Code::Unimplemented => Ok(()),
            Ok(Err(status)) => Err(format!("it was asked what it is (`Metadata`) and answered: {}", status.message())),
            Err(_) => Err(format!("it did not say what it is (`Metadata`) within {deadline:?}")),
        }
    }

    /// Waits until it misses too many health checks in a row.
    async fn freezes(&self, interval: Duration) -> PingError {
        let mut misses = 0;
        let mut checks = time::interval_at(time::Instant::now() + interval, interval);
        loop {
            checks.tick().await;
            match self.plugin.ping(HEALTH_DEADLINE.min(interval)).await {
                Ok(()) => misses = 0,
                Err(error) if misses + 1 >= MISSES => return error,
                Err(_) => misses += 1,
            }
        }
    }

    /// Whether nobody waits for an answer of it.
    pub(crate) fn is_alone(&self) -> bool {
        self.calls.is_empty()
    }

    /// Asks whether it is well, and how many calls it works on although nobody waits for them, where it can tell.
    pub(crate) async fn check(&self, deadline: Duration) -> Result<Option<u32>, PingError> {
        self.plugin.ping(deadline).await?;
        let Some(mut live) = self.live.clone().filter(|_| self.is_alone()) else { return Ok(None) };
        Ok(match time::timeout(deadline, live.calls(())).await {
            Ok(Ok(calls)) if self.is_alone() => Some(calls.into_inner().running),
            _ => None,
        })
    }

    /// Whether there is no doubt about it.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_closed() && self.suspicion().is_none()
    }

    /// Whether it cannot be talked to any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.plugin.connection().is_closed()
    }

    /// How many calls were given up, if not all of them were heeded.
    pub(crate) fn suspicion(&self) -> Option<u64> {
        let given_up = self.given_up.load(Ordering::SeqCst);
        (given_up != self.heeded.load(Ordering::SeqCst)).then_some(given_up)
    }

    /// Callers see by now what so many calls that were given up lead to.
    pub(crate) fn heed(&self, given_up: u64) {
        self.heeded.store(given_up, Ordering::SeqCst);
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
            Err(_) => {
                let fault = self.plugin.connection().fault().map_or_else(String::new, |fault| format!(" ({fault})"));
                self.put_down(format!("it broke its connection{fault} and was killed")).await
            }
        };
        Some(self.verdict.get().cloned().unwrap_or_else(|| exit.to_string()))
    }

    /// Why it was killed, if it was.
    pub(crate) fn verdict(&self) -> Option<String> {
        self.verdict.get().cloned()
    }

    async fn put_down(&self, verdict: String) -> Exit {
        let _ = self.verdict.set(verdict);
        self.plugin.kill().await
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some(dir) = self.0.take() else { return };
        // A plugin may leave any number of files, and nobody else's answer waits until they are gone.
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => block_in_place(|| drop(dir)),
            _ => drop(dir),
        }
    }
}

impl NotStarted {
    pub(crate) fn because(reason: String) -> Self {
        Self { reason, output: Vec::new() }
    }
}

impl Attempt {
    /// The process that is called.
    pub(crate) fn running(&self) -> &Running {
        &self.running
    }

    /// The call is over.
    pub(crate) fn answered(mut self) -> Arc<Running> {
        self.answered = true;
        self.running.clone()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let running = &self.running;
        running.calls.leave();
        // One that retired is ended anyway, and who looks at one in a debugger takes his time.
        let is_watched = !running.retired.load(Ordering::SeqCst) && running.executable.is_some();
        if !self.answered && is_watched {
            running.given_up.fetch_add(1, Ordering::SeqCst);
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
