//! What all plugins of one host share. It knows no single plugin.

use std::sync::{Arc, PoisonError, RwLock};

use botkube_config::model::Plugins as Settings;
use go_plugin::host::Spawner;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{catalogue::Catalogue, event::Observer};

/// What plugins are started and kept with.
pub(crate) struct Parts {
    pub(crate) spawner: Arc<dyn Spawner>,
    /// What the configuration says; see [`Parts::terms`].
    pub(crate) terms: RwLock<Arc<Terms>>,
    /// Told what happens to them.
    pub(crate) observer: Observer,
    /// Cancelled when all of them are to go.
    pub(crate) stop: CancellationToken,
    /// Why the agent is to end.
    pub(crate) gave_up: watch::Sender<Option<String>>,
}

/// What the newest configuration says about running plugins.
pub(crate) struct Terms {
    pub(crate) catalogue: Catalogue,
    pub(crate) settings: Settings,
}

impl Parts {
    /// What holds now; what is under way ends under what held when it began.
    pub(crate) fn terms(&self) -> Arc<Terms> {
        self.terms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has other terms hold from now on, and returns those before.
    pub(crate) fn adopt(&self, terms: Terms) -> Arc<Terms> {
        std::mem::replace(&mut *self.terms.write().unwrap_or_else(PoisonError::into_inner), Arc::new(terms))
    }

    /// Asks for the end of the agent; the first reason counts.
    pub(crate) fn give_up(&self, reason: &str) {
        self.gave_up.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| reason.to_owned());
            is_first
        });
    }
}
