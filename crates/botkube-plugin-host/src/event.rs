//! What happens to plugins, for whoever wants to be told. It knows no process.

use std::{path::PathBuf, sync::Arc};

use botkube_core::route::PluginRef;

/// Is told what happens to plugins, each time when callers meet it already. It is called from the tasks that look after
/// plugins, so it must not block.
pub type Observer = Arc<dyn Fn(PluginEvent) + Send + Sync>;

/// What happened to a plugin. Nothing is told of the host's own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginEvent {
    /// A process serves from now on.
    Started {
        /// Which plugin it is of.
        plugin: PluginRef,
        /// Its number, unless somebody else started it.
        pid: Option<u32>,
        /// What it was started from, unless somebody else did; this need not be what was fetched last.
        program: Option<PathBuf>,
        /// It came of [`Host::replace`](crate::host::Host::replace) and took the place of a process that served.
        replaced: bool,
    },
    /// A plugin could not be had, or its process did not come to serve.
    NotStarted {
        /// Which plugin it is.
        plugin: PluginRef,
        /// Why, naming the plugin and what to do where something can be done.
        reason: String,
        /// What the process printed and logged last, oldest first. It may hold anything, so it is for an author's own
        /// terminal only.
        output: Vec<String>,
        /// It was to take the place of a process which goes on serving.
        kept: bool,
    },
    /// A process that had served ended by itself, or was ended because it was not well. One that ended as it was told to after
    /// it was replaced is not told of.
    Ended {
        /// Which plugin it was of.
        plugin: PluginRef,
        /// How, in words.
        how: String,
        /// What it printed and logged last, as above.
        output: Vec<String>,
    },
}
