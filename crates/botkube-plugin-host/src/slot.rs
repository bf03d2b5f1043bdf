//! Where callers meet a plugin: a turn among its calls, and its live process or why there is none. It starts nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use botkube_core::port::{PluginError, PluginState};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};

use crate::running::{Attempt, Running};

/// How many calls may wait for each that runs.
const WAITING: u32 = 4;

/// One plugin as its callers see it. The task that owns the plugin writes the view.
pub(crate) struct Slot {
    name: String,
    view: watch::Receiver<View>,
    wishes: Arc<Wishes>,
    /// Everybody who has a call, under way or waiting; who finds no place is sent away.
    places: Semaphore,
    /// Who has one of these may call; they are given out in the order in which they were asked for.
    turns: Semaphore,
    running: u32,
}

/// What callers want of the owner.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) wake: Arc<Notify>,
    /// The plugin is to run, whether or not anybody calls it.
    keep: AtomicBool,
    /// Its files may be others now.
    replace: AtomicBool,
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

/// The right to one call; others wait until it is dropped.
pub(crate) struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

impl View {
    /// A plugin nobody has asked for, which may be started again this often.
    pub(crate) fn idle(threshold: u32) -> Self {
        Self { state: PluginState { threshold, ..PluginState::default() }, ..Self::default() }
    }
}

impl Wishes {
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    pub(crate) fn replace(&self) {
        self.replace.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Whether it is to be replaced, which is to be done then.
    pub(crate) fn take_replacement(&self) -> bool {
        self.replace.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.keep.load(Ordering::Relaxed)
    }
}

impl Slot {
    /// A plugin of this name that works on so many calls at a time.
    pub(crate) fn new(name: &str, view: watch::Receiver<View>, wishes: Arc<Wishes>, concurrent: u32) -> Self {
        let running = concurrent.max(1);
        let permits = |count: u32| Semaphore::new((count as usize).min(Semaphore::MAX_PERMITS));
        let places = permits(running.saturating_add(running.saturating_mul(WAITING)));
        Self { name: name.to_owned(), view, wishes, places, turns: permits(running), running }
    }

    /// Has the plugin run from now on.
    pub(crate) fn keep(&self) {
        self.wishes.keep();
    }

    /// Has the plugin replaced.
    pub(crate) fn replace(&self) {
        self.wishes.replace();
    }

    pub(crate) fn state(&self) -> PluginState {
        self.view.borrow().state.clone()
    }

    /// Waits for the caller's turn.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, PluginError> {
        let busy = || PluginError::Busy {
            plugin: self.name.clone(),
            running: self.running,
            waiting: self.running.saturating_mul(WAITING),
        };
        let place = self.places.try_acquire().map_err(|_| busy())?;
        let turn = self.turns.acquire().await.expect("nobody closes it");
        Ok(Turn { _place: place, _turn: turn })
    }

    /// A call to the live process. Waits while one is starting, or while it is found out whether it still answers.
    pub(crate) async fn attempt(&self) -> Result<Attempt, PluginError> {
        let mut asked = {
            let view = self.view.borrow();
            match &view.access {
                Access::Serve(running) if running.is_usable() => match running.attempt() {
                    Some(attempt) => return Ok(attempt),
                    None => view.serial,
                },
                Access::Refuse(refusal, retry) if retry.is_none_or(|retry| Instant::now() < retry) => {
                    return Err(refusal.error(*retry));
                }
                _ => view.serial,
            }
        };
        let mut views = self.view.clone();
        loop {
            self.wishes.wake.notify_one();
            let decided = |view: &View| match &view.access {
                Access::Serve(running) => running.is_usable() && running.is_open(),
                // A process that came and went before it was seen here has to be asked for once more.
                Access::Refuse(..) | Access::Ask => view.serial > asked,
                Access::Wait => false,
            };
            asked = match views.wait_for(decided).await.as_deref() {
                Ok(View { access: Access::Serve(running), serial, .. }) => match running.attempt() {
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
