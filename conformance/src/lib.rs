//! The programs under test, built when they are not there yet, and programs that answer questions. It must not know what
//! is tested.
//!
//! Reading order: the programs, then `lines` (asking one of them), `kubernetes` (a real API server), `faults` (a plugin that
//! has something done to it).

pub mod faults;
mod kubernetes;
mod lines;

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub use kubernetes::{KubeServer, kube_server};
pub use lines::Lines;

/// A program of this workspace, by its package's name: the one of the profile the tests were built with.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn program(package: &str) -> PathBuf {
    cargo_program(package, &["--package", package])
}

/// The plugin `pods` of this package, which has a Kubernetes client.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn pods_program() -> PathBuf {
    cargo_program("pods", &["--package", "conformance", "--features", "pods", "--bin", "pods"])
}

/// The example `live` of the plugin SDK, whose answers come while it works.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn live_program() -> PathBuf {
    cargo_program("examples/live", &["--package", "botkube-plugin", "--example", "live"])
}

/// Our plugin host in a program that calls one plugin all the time: the example `manager` of this package.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn manager_program() -> PathBuf {
    cargo_program("examples/manager", &["--package", "conformance", "--example", "manager"])
}

fn cargo_program(name: &str, selection: &[&str]) -> PathBuf {
    // The tests lie in `target/<profile>/deps`.
    let test = env::current_exe().expect("a running program has a path");
    let folder = test.ancestors().nth(2).expect("tests lie in a folder of their profile");
    once(name, || {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let target = folder.parent().expect("the folder of a profile lies in that of the target");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--profile", profile, "--target-dir"]).arg(target).args(selection);
        build
    });
    folder.join(name)
}

/// A Go program of `conformance/go`, made with the original SDK.
///
/// # Panics
///
/// When it cannot be built, for which Go is needed.
#[must_use]
pub fn go_program(name: &str) -> PathBuf {
    let go = root().join("conformance/go");
    let folder = go.join("bin");
    once(&format!("{name} in Go"), || {
        let mut build = Command::new(go.join("build"));
        build.arg(&folder).arg(name);
        build
    });
    folder.join(name)
}

/// The repository's folder.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the repository")
}

/// Looks again and again until `condition` holds.
///
/// # Panics
///
/// When it does not within ten seconds, which is far longer than anything here takes.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(10), "in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Whether a process of this id runs; one that ended and was not reaped does not.
#[must_use]
pub fn is_alive(id: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().expect("there is ps");
    matches!(state.stdout.trim_ascii(), [first, ..] if *first != b'Z')
}

/// Builds a program the first time it is asked for, and returns what the builder printed; what is up to date is left alone
/// by the builders themselves.
fn once(name: &str, build: impl FnOnce() -> Command) -> String {
    static BUILT: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    // Another test's failed build is no reason to stop this one.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let said = built.entry(name.to_owned()).or_insert_with(|| {
        let mut build = build();
        let output = build.current_dir(root()).output().unwrap_or_else(|e| panic!("{build:?}: {e}"));
        assert!(output.status.success(), "{name} cannot be built: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    });
    said.clone()
}
