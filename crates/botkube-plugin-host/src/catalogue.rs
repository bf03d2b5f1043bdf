//! Which executable a plugin is; it starts nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::PathBuf,
};

use botkube_core::route::PluginRef;

/// The repository whose plugins come with the agent where no one defines it.
pub const BUILT_IN_REPOSITORY: &str = "botkube";

/// The executables this agent knows.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Executables given on the command line, by plugin name. They replace every plugin of that name.
    pub given: BTreeMap<String, PathBuf>,
    /// Plugins that are part of this agent.
    pub embedded: Embedded,
    /// The repositories the configuration defines.
    pub repositories: BTreeSet<String>,
}

/// Plugins inside the agent's own executable, which becomes one when started as `program args… NAME`.
#[derive(Clone, Debug, Default)]
pub struct Embedded {
    /// The agent's executable.
    pub program: PathBuf,
    /// What comes before the plugin's name.
    pub args: Vec<OsString>,
    /// The names there are.
    pub names: Vec<String>,
}

/// A program to start, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executable {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
}

impl Catalogue {
    /// The plugin's executable, or why there is none and what to do.
    pub(crate) fn find(&self, plugin: &PluginRef) -> Result<Executable, String> {
        if let Some(path) = self.given.get(plugin.name()) {
            return Ok(Executable { program: path.clone(), args: Vec::new() });
        }
        let name = plugin.name();
        match plugin {
            PluginRef::Named(_) => {}
            PluginRef::Key(key) if key.repository == BUILT_IN_REPOSITORY && !self.defines(&key.repository) => {}
            PluginRef::Key(key) => {
                return Err(format!(
                    "the plugin `{name}` comes from the repository `{}`, and this version does not fetch plugins yet; give \
                     its executable with `--plugin {name}=PATH`",
                    key.repository
                ));
            }
        }
        if !self.embedded.names.iter().any(|known| known == name) {
            return Err(format!(
                "no plugin `{name}` comes with this agent ({} do); give its executable with `--plugin {name}=PATH`",
                self.embedded.names.join(", ")
            ));
        }
        let args = self.embedded.args.iter().cloned().chain([name.into()]).collect();
        Ok(Executable { program: self.embedded.program.clone(), args })
    }

    fn defines(&self, repository: &str) -> bool {
        self.repositories.contains(repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue {
            given: BTreeMap::from([("mine".into(), "./mine".into())]),
            embedded: Embedded {
                program: "/bin/botkube".into(),
                args: vec!["__plugin".into()],
                names: vec!["echo".into()],
            },
            repositories: BTreeSet::from(["corp".into()]),
        }
    }

    fn key(repository: &str, name: &str) -> PluginRef {
        PluginRef::Key(format!("{repository}/{name}").parse().unwrap())
    }

    #[test]
    fn a_given_executable_replaces_every_plugin_of_its_name() {
        for plugin in [key("corp", "mine"), key("botkube", "mine"), PluginRef::Named("mine".into())] {
            assert_eq!(catalogue().find(&plugin).unwrap().program, PathBuf::from("./mine"));
        }
    }

    #[test]
    fn plugins_of_an_undefined_botkube_repository_come_with_the_agent() {
        let found = catalogue().find(&key("botkube", "echo")).unwrap();
        assert_eq!((found.program, found.args), ("/bin/botkube".into(), vec!["__plugin".into(), "echo".into()]));
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_the_way_out() {
        for plugin in [key("corp", "echo"), key("botkube", "helm")] {
            let reason = catalogue().find(&plugin).unwrap_err();
            assert!(reason.contains(&format!("--plugin {}=PATH", plugin.name())), "{reason}");
        }
    }
}
