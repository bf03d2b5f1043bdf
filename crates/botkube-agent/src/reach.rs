//! Which plugins the commands of one snapshot may call, and who answers in whose stead; a plugin that no snapshot's commands
//! may call any more is let go, and not before: to call it would start it again, as the newest configuration has it. It does
//! not know why a snapshot came or went.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_core::{
    port::{Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::host::Host;

/// The way from one snapshot to its plugins. It lives as long as the snapshot does, and so as long as the last command that
/// is answered under it.
pub(crate) struct Reach {
    host: Arc<Host>,
    living: Arc<Living>,
    /// Each plugin that may be called, once.
    called: Vec<PluginRef>,
    stand_ins: BTreeMap<PluginRef, PluginRef>,
}

/// By how many snapshots each plugin may be called.
#[derive(Default)]
pub(crate) struct Living(Mutex<BTreeMap<PluginRef, usize>>);

impl Reach {
    /// To these plugins, of which some are answered for by others.
    pub(crate) fn new(
        host: Arc<Host>,
        living: Arc<Living>,
        bound: &[PluginRef],
        stand_ins: BTreeMap<PluginRef, PluginRef>,
    ) -> Self {
        let mut called: Vec<PluginRef> = bound.iter().chain(stand_ins.values()).cloned().collect();
        called.sort();
        called.dedup();
        let mut counts = living.counts();
        for plugin in &called {
            *counts.entry(plugin.clone()).or_default() += 1;
        }
        drop(counts);
        Self { host, living, called, stand_ins }
    }

    fn who<'a>(&'a self, plugin: &'a PluginRef) -> &'a PluginRef {
        self.stand_ins.get(plugin).unwrap_or(plugin)
    }
}

impl Living {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<PluginRef, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        // Under the lock, so that nothing is let go that another snapshot has begun to call.
        let mut counts = self.living.counts();
        for plugin in &self.called {
            let Some(count) = counts.get_mut(plugin) else { continue };
            *count -= 1;
            if *count == 0 {
                counts.remove(plugin);
                self.host.forget(plugin);
            }
        }
    }
}

#[async_trait]
impl Plugins for Reach {
    async fn execute(
        &self,
        plugin: &PluginRef,
        call: PluginCall,
        pieces: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        self.host.execute(self.who(plugin), call, pieces).await
    }

    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError> {
        self.host.help(self.who(plugin)).await
    }

    fn state(&self, plugin: &PluginRef) -> PluginState {
        self.host.state(self.who(plugin))
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        self.host.all()
    }

    fn restart(&self, plugin: &PluginRef) {
        self.host.restart(self.who(plugin));
    }
}
