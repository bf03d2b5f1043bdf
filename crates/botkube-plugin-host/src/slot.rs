//! The place of one plugin: at most one process at a time, started once for however many wait for it, and replaced when it
//! has ended or no longer answers. It knows no contract.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use botkube_core::port::{PluginError, PluginStatus};
use botkube_proto::executor::executor_client::ExecutorClient;
use go_plugin::host::{Connection, Plugin};
use tempfile::TempDir;
use tokio::{sync::watch, task::AbortHandle};

/// How long a plugin that left a call unanswered may take to say that it is well.
const HEALTH_DEADLINE: Duration = Duration::from_secs(2);

/// A plugin's live process.
pub(crate) struct Running {
    pub(crate) plugin: Plugin,
    pub(crate) client: ExecutorClient<Connection>,
    /// A call was given up: perhaps the plugin is slow, perhaps it is frozen.
    suspect: AtomicBool,
    /// Somebody has logged how it ended.
    mourned: AtomicBool,
    /// Goes after the process, with all the process left in it.
    _dir: TempDir,
}

/// How a start went; shared by all who waited for it.
type Outcome = Result<Arc<Running>, PluginError>;

/// See the module.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Place>>);

/// A start, under way or done. It is a task of its own, so that nobody's impatience ends what others wait for.
struct Place {
    outcome: watch::Receiver<Option<Outcome>>,
    task: AbortHandle,
}

impl Running {
    pub(crate) fn new(plugin: Plugin, client: ExecutorClient<Connection>, dir: TempDir) -> Self {
        Self { plugin, client, suspect: AtomicBool::new(false), mourned: AtomicBool::new(false), _dir: dir }
    }

    /// Makes the plugin suspect when the guard is dropped before [`Attempt::answered`].
    pub(crate) fn attempt(&self) -> Attempt<'_> {
        Attempt(Some(&self.suspect))
    }

    /// Whether the caller is the first to see its end, and so the one to log it.
    pub(crate) fn mourn(&self) -> bool {
        !self.mourned.swap(true, Ordering::Relaxed)
    }

    fn is_usable(&self) -> bool {
        !self.plugin.connection().is_closed() && !self.suspect.load(Ordering::Relaxed)
    }

    /// Whether it still answers, asked only when there is doubt.
    async fn recovers(&self) -> bool {
        let well = !self.plugin.connection().is_closed() && self.plugin.ping(HEALTH_DEADLINE).await.is_ok();
        if well {
            self.suspect.store(false, Ordering::Relaxed);
        }
        well
    }
}

/// A call that is under way.
pub(crate) struct Attempt<'a>(Option<&'a AtomicBool>);

impl Attempt<'_> {
    pub(crate) fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(suspect) = self.0 {
            suspect.store(true, Ordering::Relaxed);
        }
    }
}

impl Slot {
    /// The live process; `start` is called when there is none. A process in doubt is asked whether it is well first.
    pub(crate) async fn running<S, F>(&self, name: &str, start: S) -> Outcome
    where
        S: FnOnce() -> F,
        F: Future<Output = Result<Running, PluginError>> + Send + 'static,
    {
        let mut outcome = {
            let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*place {
                Some(current) if current.is_usable() => current.outcome.clone(),
                _ => {
                    let earlier = place.take();
                    place.insert(Place::replace(earlier, name.to_owned(), start())).outcome.clone()
                }
            }
        };
        let called_off = || Err(PluginError::Unavailable(format!("the start of `{name}` was called off")));
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(called_off),
            Err(_) => called_off(),
        }
    }

    /// How the plugin is, and why it does not run.
    pub(crate) fn status(&self) -> (PluginStatus, Option<String>) {
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match place.as_ref().map(|place| place.outcome.borrow().clone()) {
            None => (PluginStatus::Idle, None),
            Some(None) => (PluginStatus::Starting, None),
            Some(Some(Ok(_))) => (PluginStatus::Running, None),
            Some(Some(Err(error))) => (PluginStatus::Unavailable, Some(error.to_string())),
        }
    }

    /// Stops the process, or calls off its start.
    pub(crate) async fn stop(&self) {
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(place) = place else { return };
        let running = place.current();
        match running {
            Some(running) => {
                running.plugin.stop().await;
            }
            None => place.task.abort(),
        }
    }
}

impl Place {
    /// Starts a process in the place of an earlier one, which is gone by then; one that only seemed ill stays.
    fn replace(
        earlier: Option<Self>,
        name: String,
        start: impl Future<Output = Result<Running, PluginError>> + Send + 'static,
    ) -> Self {
        let (sender, outcome) = watch::channel(None);
        let task = tokio::spawn(async move {
            if let Some(earlier) = earlier.and_then(|place| place.current()) {
                if earlier.recovers().await {
                    sender.send_replace(Some(Ok(earlier)));
                    return;
                }
                let exit = earlier.plugin.kill().await;
                tracing::warn!(plugin = name, %exit, "starting a plugin again");
            }
            sender.send_replace(Some(start.await.map(Arc::new)));
        });
        Self { outcome, task: task.abort_handle() }
    }

    fn current(&self) -> Option<Arc<Running>> {
        self.outcome.borrow().as_ref().and_then(|outcome| outcome.as_ref().ok()).cloned()
    }

    /// Whether to wait for this one, or use it.
    fn is_usable(&self) -> bool {
        match &*self.outcome.borrow() {
            None => !self.task.is_finished(),
            Some(Ok(running)) => running.is_usable(),
            Some(Err(_)) => false,
        }
    }
}
