//! What of a configuration this version does not serve yet.
//! Must not know: how it will be served.

use crate::Loaded;
use crate::finding::Origin;
use crate::model::{Access, PlatformKind};

/// Sections without effect, said when somebody wrote them; a switch that is off says nothing.
const NOT_YET: &[&[&str]] = &[
    &["plugins", "incomingWebhook", "enabled"],
    &["settings", "upgradeNotifier"],
    &["settings", "systemConfigMap"],
    &["settings", "persistentConfig"],
];

impl Loaded {
    /// What is configured and enabled, and not yet served by this version, each in a few words.
    pub fn unserved(&self) -> Vec<String> {
        let mut unserved = Vec::new();
        for group in &self.config.communications {
            let platforms = group.platforms.iter().filter(|platform| platform.enabled);
            let platforms = platforms.filter(|platform| platform.kind != PlatformKind::Console);
            unserved.extend(platforms.map(|platform| format!("{} in {}", platform.kind.key(), group.name)));
        }
        let sources = self.config.sources.iter().filter(|group| group.plugins.iter().any(|plugin| plugin.enabled));
        unserved.extend(sources.map(|group| format!("sources.{}", group.name)));
        let actions = self.config.actions.iter().filter(|action| action.enabled);
        unserved.extend(actions.map(|action| format!("actions.{}", action.name)));
        for path in NOT_YET {
            let off = self.origins.is_false(path);
            if !off && self.origins.of(path).is_some_and(|origin| origin != Origin::Default) {
                let path = path.strip_suffix(&["enabled"]).unwrap_or(path);
                unserved.push(path.join("."));
            }
        }
        unserved
    }

    /// What this version serves of it, each in a few words.
    pub fn served(&self) -> Vec<String> {
        let mut served = Vec::new();
        for group in &self.config.communications {
            let consoles = group.platforms.iter().filter(|p| p.enabled && p.kind == PlatformKind::Console);
            for console in consoles {
                served.push(format!("console in {}", group.name));
                if let Access::Console { web: Some(port) } = console.access {
                    let port = if port == 0 { "any port".to_owned() } else { format!("port {port}") };
                    served.push(format!("console.web in {} (127.0.0.1, {port})", group.name));
                }
            }
        }
        for group in &self.config.executors {
            let plugins = group.plugins.iter().filter(|plugin| plugin.enabled);
            served.extend(plugins.map(|plugin| format!("{} in executors.{}", plugin.key, group.name)));
        }
        served.extend(self.config.aliases.iter().map(|alias| format!("aliases.{}", alias.name)));
        served
    }
}
