//! The configuration plugins run under: `botkube.yaml` of the first folder, and for what that does not name, a binding
//! everywhere. It knows no process.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use botkube_config::{
    Options,
    finding::Origin,
    model::{Access, CommunicationGroup, Config, PlatformConfig, PlatformKind, PluginBinding, PluginGroup, PluginKey},
};
use botkube_core::route::PluginRef;

use crate::setup;

/// The repository that the plugins under development come from.
pub(crate) const REPOSITORY: &str = "dev";
/// The configuration's file in the first folder.
const FILE: &str = "botkube.yaml";
/// The group of plugins that no binding of the configuration names.
const GROUP: &str = "dev";

/// Where the configuration is.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    file: PathBuf,
}

impl Settings {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { file: folder.join(FILE) }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn is_there(&self) -> bool {
        self.file.is_file()
    }

    /// The configuration and what of it is shown; without a file, one that says nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be used, with every reason.
    pub(super) fn read(&self) -> Result<(Config, String)> {
        if !self.is_there() {
            let mut config = Config::default();
            config.settings.cluster_name = "dev".into();
            return Ok((config, String::new()));
        }
        let options = Options { also: Some(REPOSITORY), ..Options::default() };
        match botkube_config::load(std::slice::from_ref(&self.file), setup::environment(), options) {
            Ok(loaded) => Ok((loaded.config.clone(), loaded.shown())),
            Err(rejected) => bail!("the configuration cannot be used\n\n{rejected}"),
        }
    }

    /// The same with every one of these plugins bound somewhere, and a console.
    ///
    /// # Errors
    ///
    /// As [`Settings::read`].
    pub(crate) fn bound(&self, names: &[String]) -> Result<(Config, String)> {
        let (mut config, shown) = self.read()?;
        let is_bound = |name: &String| bindings(&config).any(|binding| is_of(&binding.key, name));
        let unbound: Vec<&String> = names.iter().filter(|name| !is_bound(name)).collect();
        if !unbound.is_empty() {
            let plugins = unbound.into_iter().map(|name| PluginBinding {
                key: PluginKey { repository: REPOSITORY.into(), name: name.clone(), version: None },
                enabled: true,
                config: None,
                rbac: None,
                timeout: None,
                host_flags: true,
                origin: Origin::Default,
            });
            let name = (0..).map(|n| if n == 0 { GROUP.to_owned() } else { format!("{GROUP}-{n}") });
            let is_free = |name: &String| config.executors.iter().all(|group| group.name != *name);
            let group = PluginGroup {
                name: name.into_iter().find(is_free).expect("there are more names than groups"),
                display_name: None,
                plugins: plugins.collect(),
            };
            let platforms = config.communications.iter_mut().flat_map(|group| &mut group.platforms);
            for console in platforms.filter(|platform| platform.kind == PlatformKind::Console) {
                console.channels.iter_mut().for_each(|channel| channel.executors.push(group.name.clone()));
            }
            config.executors.push(group);
        }
        if setup::console_channels(&config).is_empty() {
            let access = Access::Console { web: None };
            let (channels, sources) = <_>::default();
            // One without channels binds everything.
            let console = PlatformConfig { kind: PlatformKind::Console, enabled: true, channels, access, sources };
            config.communications.push(CommunicationGroup { name: GROUP.into(), platforms: vec![console] });
        }
        Ok((config, shown))
    }
}

/// What a plugin of this name is bound as.
pub(super) fn bound_as(config: &Config, name: &str) -> Vec<PluginRef> {
    let mut plugins = Vec::new();
    for binding in bindings(config).filter(|binding| binding.enabled && is_of(&binding.key, name)) {
        let plugin = PluginRef::Key(binding.key.clone());
        if !plugins.contains(&plugin) {
            plugins.push(plugin);
        }
    }
    plugins
}

fn bindings(config: &Config) -> impl Iterator<Item = &PluginBinding> {
    config.executors.iter().flat_map(|group| &group.plugins)
}

fn is_of(key: &PluginKey, name: &str) -> bool {
    key.repository == REPOSITORY && key.name == name
}
