//! What all plugins of one host share. It knows no single plugin.

use std::sync::Arc;

use botkube_config::model::Plugins as Settings;
use go_plugin::host::Spawner;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{catalogue::Catalogue, event::Observer};

/// What plugins are started and kept with.
pub(crate) struct Parts {
    pub(crate) catalogue: Catalogue,
    pub(crate) spawner: Arc<dyn Spawner>,
    pub(crate) settings: Settings,
    /// Told what happens to them.
    pub(crate) observer: Observer,
    /// Cancelled when all of them are to go.
    pub(crate) stop: CancellationToken,
    /// Why the agent is to end.
    pub(crate) gave_up: watch::Sender<Option<String>>,
}

impl Parts {
    /// Asks for the end of the agent; the first reason counts.
    pub(crate) fn give_up(&self, reason: &str) {
        self.gave_up.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| reason.to_owned());
            is_first
        });
    }
}
