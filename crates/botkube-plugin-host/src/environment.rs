//! What a plugin's process is given: an environment of its own and a directory of its own, and nothing else of the agent's.
//! It starts nothing.

mod room;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use botkube_config::{RESERVED_VARIABLES, model::Plugins as Settings};
use botkube_core::route::PluginRef;
use botkube_proto::{COOKIE_KEY, COOKIE_VALUE, DEPENDENCY_DIR, PROTOCOL_VERSION};
use go_plugin::{
    handshake::Cookie,
    hclog::Level,
    host::{Attach, Launch},
};
use secrecy::{ExposeSecret, SecretString};

use crate::catalogue::Executable;

pub use room::RuntimeDir;

/// What tells a plugin that Botkube started it.
pub(crate) const COOKIE: Cookie = Cookie { key: COOKIE_KEY, value: COOKIE_VALUE };

/// The target of a plugin's log lines whose level was asked for with `LOG_LEVEL_…`: a log should hold all of them.
pub const OUTPUT_TARGET: &str = "plugin";

/// What plugins may see of the agent's environment. No tokens are among it, and no `KUBECONFIG`: a plugin's rights come
/// with each call.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Variables of these beginnings are passed on too: locale, the conventional switches for the level of a plugin's own log,
/// and the address of the cluster.
const PASSED_ON_PREFIXES: &[&str] = &["LC_", LOG_LEVEL, "KUBERNETES_SERVICE_", "KUBERNETES_PORT"];

/// What begins the name of a variable that sets a level.
const LOG_LEVEL: &str = "LOG_LEVEL_";

/// Where temporary files go.
const TEMP_DIR: &str = "TMPDIR";

/// Where temporary files go whose own directory has a long name: a socket's path may only have 107 bytes.
const SHORT_DIR: &str = "/tmp";
const LONGEST_DIR: usize = 60;

/// What `plugins.env` cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVariable {
    /// The variable is part of how plugins are started.
    #[error("plugins.env sets {0}, which the agent itself sets for each plugin; remove it from plugins.env")]
    Reserved(String),
    /// No variable can be called that.
    #[error("plugins.env has {0:?}, which cannot be the name of a variable: it is empty, or holds `=` or a NUL")]
    Name(String),
    /// No variable can hold that.
    #[error("plugins.env gives {0} a value with a NUL character, which no variable can hold; remove the NUL")]
    Value(String),
}

/// The names of those variables of the agent's that no plugin gets, of all that it has, sorted.
pub fn withheld(agent: impl IntoIterator<Item = OsString>, settings: &Settings) -> Vec<String> {
    let configured: BTreeSet<&str> =
        settings.env.iter().flat_map(|env| env.variables.keys().map(String::as_str)).collect();
    // A plugin has a directory for temporary files, though another one.
    let is_given =
        |key: &OsStr| is_passed_on(key) || key == TEMP_DIR || key.to_str().is_some_and(|key| configured.contains(key));
    let mut names: Vec<String> =
        agent.into_iter().filter(|key| !is_given(key)).map(|key| key.to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// Whether everything in `plugins.env` can be given to a plugin.
pub(crate) fn check(settings: &Settings) -> Result<(), InvalidVariable> {
    for (name, value) in settings.env.iter().flat_map(|env| &env.variables) {
        if RESERVED_VARIABLES.contains(&name.as_str()) {
            return Err(InvalidVariable::Reserved(name.clone()));
        }
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(InvalidVariable::Name(name.clone()));
        }
        if value.expose_secret().contains('\0') {
            return Err(InvalidVariable::Value(name.clone()));
        }
    }
    Ok(())
}

/// Whether a process of the plugin that was started under one of them could have been under the other.
pub(crate) fn starts_alike(one: &Settings, other: &Settings, plugin: &PluginRef) -> bool {
    match plugin {
        PluginRef::Key(key) => one.starts_alike(other, key),
        PluginRef::Named(_) => {
            let env = |settings| -> Vec<_> {
                let env = configured(settings, plugin).into_iter();
                env.map(|(name, value)| (name.to_owned(), value.expose_secret().to_owned())).collect()
            };
            env(one) == env(other)
        }
    }
}

/// A plugin's own directory for its socket and temporary files, with a path short enough for the socket; it goes with the
/// plugin, or with whoever waits in it for one that somebody else starts. All of one process are in one directory; those that
/// were left by processes which are gone are removed with the first of them.
///
/// # Errors
///
/// Whatever the operating system says.
pub fn runtime_dir() -> io::Result<RuntimeDir> {
    let dir = env::temp_dir();
    let dir = if dir.as_os_str().as_bytes().len() > LONGEST_DIR { Path::new(SHORT_DIR) } else { &dir };
    RuntimeDir::new_in(dir)
}

/// What a plugin has to be started with so that a host that waits in `dir` finds it: the variables of the protocol and of
/// `contract-plugins §1.2`. What is configured is not among it, for it may be secret.
pub fn by_hand(dir: &Path, program: &Path) -> Vec<(&'static str, OsString)> {
    let mut variables = Attach::new(dir).variables(&COOKIE, &[PROTOCOL_VERSION]);
    let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
    variables.push((DEPENDENCY_DIR, beside(&program).into()));
    variables
}

/// The same as the line that a person types to start the program.
pub fn line_by_hand(dir: &Path, program: &Path) -> String {
    let variables = by_hand(dir, program).into_iter().map(|(name, value)| format!("{name}={} ", quoted(&value)));
    format!("env {}{}", variables.collect::<String>(), quoted(program.as_os_str()))
}

/// One word of a shell's.
fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Where the programs are that a plugin runs and that came with no directory of their own.
fn beside(program: &Path) -> PathBuf {
    let mut beside: OsString = program.as_os_str().to_owned();
    beside.push("_deps");
    PathBuf::from(beside)
}

/// The launch of a plugin in its own environment (`contract-plugins §1.2`, without what upstream passes on by accident):
/// what is passed on, over it what is configured, over that what the host sets.
pub(crate) fn launch(executable: Executable, runtime_dir: &Path, settings: &Settings, plugin: &PluginRef) -> Launch {
    let dependencies = executable.dependencies.unwrap_or_else(|| beside(&executable.program));
    let mut launch =
        Launch::new(executable.program).inherit(env::vars_os().map(|(key, _)| key).filter(|key| is_passed_on(key)));
    for (name, value) in configured(settings, plugin) {
        launch = launch.env(name, value.expose_secret());
    }
    launch = launch.env(DEPENDENCY_DIR, dependencies).env(TEMP_DIR, runtime_dir);
    for arg in executable.args {
        launch = launch.arg(arg);
    }
    launch.sha256 = executable.sha256;
    launch
}

/// The level that `LOG_LEVEL_EXECUTOR_<REPOSITORY>_<NAME>[_<VERSION>]` asks for, the version's own variable before the one
/// without (`contract-plugins §6.10`). A value that is no level means `info`, as upstream has it.
pub(crate) fn log_level(plugin: &PluginRef, variable: impl Fn(&str) -> Option<String>) -> Option<Level> {
    let parts = match plugin {
        PluginRef::Key(key) => {
            let without = format!("{}_{}", key.repository, key.name);
            let versioned = key.version.as_ref().map(|version| format!("{without}_{version}"));
            versioned.into_iter().chain([without]).collect()
        }
        PluginRef::Named(name) => vec![name.clone()],
    };
    let names = parts.iter().map(|part| format!("{LOG_LEVEL}EXECUTOR_{}", sanitised(part)));
    let (name, value) = names.filter_map(|name| variable(&name).map(|value| (name, value))).next()?;
    Some(match value.trim().to_ascii_lowercase().as_str() {
        "warning" => Level::Warn,
        "fatal" | "panic" => Level::Error,
        other => Level::parse(other).unwrap_or_else(|| {
            tracing::warn!("{name} is {value:?}, which is none of trace, debug, info, warn, error; it counts as info");
            Level::Info
        }),
    })
}

fn sanitised(part: &str) -> String {
    part.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

fn is_passed_on(key: &OsStr) -> bool {
    let begins = |prefix: &&str| key.as_bytes().starts_with(prefix.as_bytes());
    PASSED_ON.iter().any(|known| key == *known) || PASSED_ON_PREFIXES.iter().any(begins)
}

/// What `plugins.env` says for this plugin; one that has no key gets what is for all.
fn configured<'a>(settings: &'a Settings, plugin: &PluginRef) -> BTreeMap<&'a str, &'a SecretString> {
    match plugin {
        PluginRef::Key(key) => settings.env_for(key),
        PluginRef::Named(_) => {
            let for_all = settings.env.iter().filter(|env| env.plugin.is_none());
            for_all.flat_map(|env| &env.variables).map(|(name, value)| (name.as_str(), value)).collect()
        }
    }
}

#[cfg(test)]
mod tests;
