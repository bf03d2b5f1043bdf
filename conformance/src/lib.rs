//! The programs under test, built when they are not there yet. It must not know what is tested.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A program of this workspace, by its package's name: the one of the profile the tests were built with.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn program(package: &str) -> PathBuf {
    // The tests lie in `target/<profile>/deps`.
    let test = env::current_exe().expect("a running program has a path");
    let folder = test.ancestors().nth(2).expect("tests lie in a folder of their profile");
    once(package, || {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let target = folder.parent().expect("the folder of a profile lies in that of the target");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", package, "--profile", profile, "--target-dir"]).arg(target);
        build
    });
    folder.join(package)
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
    once(name, || {
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

/// Builds a program the first time it is asked for; what is up to date is left alone by the builders themselves.
fn once(name: &str, build: impl FnOnce() -> Command) {
    static BUILT: Mutex<BTreeMap<String, ()>> = Mutex::new(BTreeMap::new());
    // Another test's failed build is no reason to stop this one.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(name.to_owned()).or_insert_with(|| {
        let mut build = build();
        let output = build.current_dir(root()).output().unwrap_or_else(|e| panic!("{build:?}: {e}"));
        assert!(output.status.success(), "{name} cannot be built: {}", String::from_utf8_lossy(&output.stderr));
    });
}
