//! The way from a snapshot to its plugins, some of which others answer for. It does not know why.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use botkube_api::message::Message;
use botkube_core::{
    port::{Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::host::Host;

/// Leads to the processes of a host.
pub(crate) struct Reach {
    pub(crate) host: Arc<Host>,
    /// Who answers in whose stead.
    pub(crate) stand_ins: BTreeMap<PluginRef, PluginRef>,
}

impl Reach {
    fn who<'a>(&'a self, plugin: &'a PluginRef) -> &'a PluginRef {
        self.stand_ins.get(plugin).unwrap_or(plugin)
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
