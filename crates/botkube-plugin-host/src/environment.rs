//! What a plugin's process is given: an environment of its own and a directory of its own, and nothing else of the agent's.

use std::{
    env,
    ffi::OsString,
    fs::Permissions,
    io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

use botkube_proto::DEPENDENCY_DIR;
use go_plugin::host::Launch;
use tempfile::TempDir;

use crate::catalogue::Executable;

/// What plugins may see of the agent's environment. No tokens are among it, and no `KUBECONFIG`: a plugin's rights come
/// with each call.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
];

/// Variables of this beginning are passed on too: the conventional switch for the level of a plugin's own log.
const PASSED_ON_PREFIX: &str = "LOG_LEVEL_";

/// Where temporary files go whose own directory has a long name: a socket's path may only have 107 bytes.
const SHORT_DIR: &str = "/tmp";
const LONGEST_DIR: usize = 60;

/// A plugin's own directory for its socket and temporary files; it goes with the plugin.
pub(crate) fn runtime_dir() -> io::Result<TempDir> {
    let dir = env::temp_dir();
    let dir = if dir.as_os_str().as_bytes().len() > LONGEST_DIR { Path::new(SHORT_DIR) } else { &dir };
    tempfile::Builder::new().prefix("botkube-").permissions(Permissions::from_mode(0o700)).tempdir_in(dir)
}

/// The launch of a plugin in its own environment (`contract-plugins §1.2`, without what upstream passes on by accident).
pub(crate) fn launch(executable: Executable, runtime_dir: &Path) -> Launch {
    let mut dependencies: OsString = executable.program.clone().into();
    dependencies.push("_deps");
    let mut launch = Launch::new(executable.program)
        .inherit(PASSED_ON)
        .env(DEPENDENCY_DIR, PathBuf::from(dependencies))
        .env("TMPDIR", runtime_dir);
    let prefixed = |key: &OsString| key.as_bytes().starts_with(PASSED_ON_PREFIX.as_bytes());
    launch = launch.inherit(env::vars_os().map(|(key, _)| key).filter(prefixed));
    for arg in executable.args {
        launch = launch.arg(arg);
    }
    launch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_sees_nothing_of_the_agent_but_what_is_listed() {
        let launch = launch(Executable { program: "/p/executor_echo".into(), args: Vec::new() }, Path::new("/run/x"));
        let listed =
            |key: &OsString| PASSED_ON.iter().any(|k| key == k) || [DEPENDENCY_DIR, "TMPDIR"].iter().any(|k| key == k);
        // The test's own environment has far more than that.
        assert!(launch.env.keys().all(listed), "{launch:?}");
        assert!(env::vars_os().count() > launch.env.len());
        assert_eq!(launch.env[&OsString::from(DEPENDENCY_DIR)], "/p/executor_echo_deps");
    }
}
