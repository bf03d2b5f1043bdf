//! The corridor, put together from one snapshot of the configuration; it knows no platform.

use std::{collections::BTreeMap, ffi::OsString, io, path::PathBuf, sync::Arc};

use botkube_config::{
    finding::Origin,
    model::{Config, PluginKey},
};
use botkube_core::{dispatch::Dispatcher, policy::AllowBound, route::Executors};
use botkube_plugin_host::{
    catalogue::{BUILT_IN_REPOSITORY, Catalogue, Embedded},
    host::Host,
};
use go_plugin::host::Launcher;

use crate::credentials::Impersonating;

/// What an agent is made of besides its configuration.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The agent's own executable.
    pub program: PathBuf,
    /// Its arguments that make it a launcher of plugins.
    pub launch_args: Vec<OsString>,
    /// Its arguments that make it one of its embedded plugins; the plugin's name follows.
    pub embedded_args: Vec<OsString>,
    /// The names of its embedded plugins.
    pub embedded: Vec<String>,
    /// Executables of plugins given by hand, by name.
    pub given: BTreeMap<String, PathBuf>,
    /// Whether embedded plugins are bound in every conversation, as in the demo.
    pub demo: bool,
}

/// A running agent.
pub struct Agent {
    /// Answers what is said.
    pub dispatcher: Arc<Dispatcher>,
    host: Arc<Host>,
}

/// The plugins served by those that come with the agent, since no one defines the repository their keys name; each with
/// the first place that names it.
pub fn built_in<'a>(config: &'a Config, given: &BTreeMap<String, PathBuf>) -> BTreeMap<&'a PluginKey, &'a Origin> {
    let mut keys = BTreeMap::new();
    if !config.plugins.repositories.contains_key(BUILT_IN_REPOSITORY) {
        for binding in config.executors.iter().flat_map(|group| &group.plugins).filter(|binding| binding.enabled) {
            if binding.key.repository == BUILT_IN_REPOSITORY && !given.contains_key(&binding.key.name) {
                keys.entry(&binding.key).or_insert(&binding.origin);
            }
        }
    }
    keys
}

impl Agent {
    /// Puts an agent together. Plugins start when they are first asked.
    ///
    /// # Errors
    ///
    /// When the thread that starts plugins cannot be started.
    pub fn new(config: Config, parts: Parts) -> io::Result<Self> {
        let bound = |name: &String| {
            config.executors.iter().flat_map(|group| &group.plugins).any(|p| p.enabled && p.key.name == *name)
        };
        let mut everywhere: Vec<String> = parts.given.keys().filter(|name| !bound(name)).cloned().collect();
        if parts.demo {
            everywhere.extend(parts.embedded.iter().filter(|name| !parts.given.contains_key(*name)).cloned());
        }
        let catalogue = Catalogue {
            given: parts.given,
            embedded: Embedded { program: parts.program.clone(), args: parts.embedded_args, names: parts.embedded },
            repositories: config.plugins.repositories.keys().cloned().collect(),
        };
        let launcher = Launcher::new(parts.program, parts.launch_args)?;
        let host = Arc::new(Host::new(catalogue, Arc::new(launcher), config.plugins.max_answer_size));
        let credentials = Impersonating::new(config.settings.kubeconfig.clone(), config.settings.cluster_name.clone());
        let executors = Executors::new(&config, everywhere);
        let policy = Arc::new(AllowBound);
        let dispatcher =
            Arc::new(Dispatcher::new(Arc::new(config), executors, policy, Arc::new(credentials), host.clone()));
        Ok(Self { dispatcher, host })
    }

    /// Stops every plugin; returns when no process is left.
    pub async fn stop(&self) {
        self.host.stop().await;
    }
}
