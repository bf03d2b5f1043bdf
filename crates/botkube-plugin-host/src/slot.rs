//! Where callers meet a plugin: a turn among its calls, and its live process or why there is none. It starts nothing.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use botkube_core::port::{PluginError, PluginState};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    queue::{Bounds, Full, Load, Queue, Turn},
    running::{Attempt, Running},
};

/// One plugin as its callers see it. The task that owns the plugin writes the view, and ends when this is dropped.
pub(crate) struct Slot {
    name: String,
    view: watch::Receiver<View>,
    wishes: Arc<Wishes>,
    /// Cancelled when nobody needs the plugin any more.
    unneeded: CancellationToken,
    /// The newest view from before a wish that may change what callers are told: its refusal is not believed any more.
    outdated: AtomicU64,
    queue: Arc<Queue>,
}

/// What is wanted of the owner.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) wake: Arc<Notify>,
    /// Each of them once, however often it was said.
    open: Mutex<BTreeSet<Wish>>,
}

/// Something that is wanted of the owner; in the order in which they are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// The configuration says something else about it.
    Adapt,
    /// What it was deactivated for may not be so any more.
    Pardon,
    /// Its files may be others now, or what it is given.
    Replace,
    /// It is to run, whether or not anybody calls it.
    Keep,
    /// Somebody calls it.
    Serve,
}

/// What the owner shows.
#[derive(Clone, Default)]
pub(crate) struct View {
    /// Grows with every change, so that who waits can tell a new answer from the one there was.
    pub(crate) serial: u64,
    pub(crate) access: Access,
    pub(crate) state: PluginState,
}

/// The way to the process.
#[derive(Clone, Default)]
pub(crate) enum Access {
    /// There is none until somebody asks.
    #[default]
    Ask,
    /// Something is under way.
    Wait,
    Serve(Arc<Running>),
    /// There is none; worth asking again at this time, if ever.
    Refuse(Refusal, Option<Instant>),
}

/// Why there is no process.
#[derive(Clone)]
pub(crate) enum Refusal {
    /// Nobody has such a plugin.
    Unknown(String),
    /// It failed.
    Down(String),
}

impl View {
    /// A plugin nobody has asked for, which may be started again this often.
    pub(crate) fn idle(threshold: u32) -> Self {
        Self { state: PluginState { threshold, ..PluginState::default() }, ..Self::default() }
    }
}

impl Wishes {
    pub(crate) fn add(&self, wish: Wish) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(wish);
        self.wake.notify_one();
    }

    /// What was wanted since this was asked last.
    pub(crate) fn take(&self) -> BTreeSet<Wish> {
        std::mem::take(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Slot {
    /// A plugin of this name that works on so many calls at a time. `unneeded` is cancelled with this.
    pub(crate) fn new(
        name: &str,
        view: watch::Receiver<View>,
        wishes: Arc<Wishes>,
        unneeded: CancellationToken,
        bounds: Bounds,
    ) -> Self {
        Self {
            name: name.to_owned(),
            view,
            wishes,
            unneeded,
            outdated: AtomicU64::new(0),
            queue: Arc::new(Queue::new(bounds)),
        }
    }

    /// Says what is wanted of the plugin's owner.
    pub(crate) fn wish(&self, wish: Wish) {
        let shown = self.view.borrow().serial;
        // One whose owner goes shows nothing new for it.
        if wish < Wish::Keep && !self.unneeded.is_cancelled() {
            self.outdated.fetch_max(shown, Ordering::SeqCst);
        }
        self.wishes.add(wish);
    }

    /// Has the plugin work on so many calls at a time from now on.
    pub(crate) fn bound(&self, bounds: Bounds) {
        self.queue.bound(bounds);
    }

    pub(crate) fn state(&self) -> PluginState {
        let Load { running, waiting, turned_away } = self.queue.load();
        PluginState { running, waiting, turned_away, ..self.view.borrow().state.clone() }
    }

    /// Waits for the caller's turn.
    pub(crate) async fn turn(&self, lane: &str) -> Result<Turn, PluginError> {
        let turn = self.queue.turn(lane).await;
        turn.map_err(|Full { running, waiting, is_lane }| {
            let plugin = self.name.clone();
            PluginError::Busy { plugin, running, waiting, is_channel: is_lane }
        })
    }

    /// A call to the live process, given up at this time. Waits while one is starting, or while it is found out whether it still answers.
    pub(crate) async fn attempt(&self, deadline: Option<Instant>) -> Result<Attempt, PluginError> {
        let mut asked = {
            let view = self.view.borrow();
            match &view.access {
                Access::Serve(running) if running.is_usable() => match running.attempt(deadline) {
                    Some(attempt) => return Ok(attempt),
                    None => view.serial,
                },
                Access::Refuse(refusal, retry)
                    if view.serial > self.outdated.load(Ordering::SeqCst)
                        && retry.is_none_or(|retry| Instant::now() < retry) =>
                {
                    return Err(refusal.error(*retry));
                }
                _ => view.serial,
            }
        };
        let mut views = self.view.clone();
        loop {
            self.wishes.add(Wish::Serve);
            let decided = |view: &View| match &view.access {
                Access::Serve(running) => running.is_usable() && running.is_open(),
                // A process that came and went before it was seen here has to be asked for once more.
                Access::Refuse(..) | Access::Ask => view.serial > asked,
                Access::Wait => false,
            };
            asked = match views.wait_for(decided).await.as_deref() {
                Ok(View { access: Access::Serve(running), serial, .. }) => match running.attempt(deadline) {
                    Some(attempt) => return Ok(attempt),
                    None => *serial,
                },
                Ok(View { access: Access::Refuse(refusal, retry), .. }) => return Err(refusal.error(*retry)),
                Ok(view) => view.serial,
                // Its owner panicked: there is nobody left to wait for.
                Err(_) => {
                    return Err(PluginError::Unavailable(format!(
                        "the agent made a mistake with the plugin `{}` (see its log); start the agent again",
                        self.name
                    )));
                }
            };
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.unneeded.cancel();
    }
}

impl Refusal {
    fn error(&self, retry: Option<Instant>) -> PluginError {
        match self {
            Self::Unknown(reason) => PluginError::Unknown(reason.clone()),
            Self::Down(reason) => PluginError::Unavailable(match retry {
                Some(retry) => {
                    let seconds = retry.saturating_duration_since(Instant::now()).as_secs_f32().ceil().max(1.0);
                    format!("{reason}; it can be started again in {seconds} s")
                }
                None => reason.clone(),
            }),
        }
    }
}
