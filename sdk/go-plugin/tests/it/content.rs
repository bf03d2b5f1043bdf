//! A program is run if it is the file that was checked, and never otherwise.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use go_plugin::host::{Direct, Launch, Launcher, Plugin, Spawner, StartReason};
use tempfile::TempDir;

use crate::support::{config, example, nothing_left, peer};

/// The SHA-256 of another file.
const OTHER: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn spawners() -> [Box<dyn Spawner>; 2] {
    [Box::new(Direct), Box::new(Launcher::new(example("host"), ["--launch"]).unwrap())]
}

/// The digest, as a tool that everybody has computes it.
fn sha256(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// A program written by another process: one that this process has open for writing cannot be executed.
fn program(text: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plugin");
    let write = format!("cat > {0} <<'END'\n{text}\nEND\nchmod 755 {0}", path.display());
    assert!(Command::new("sh").args(["-c", &write]).status().unwrap().success());
    (dir, path)
}

#[tokio::test]
async fn the_file_that_was_checked_is_started_and_sees_its_own_path() {
    for spawner in spawners() {
        let (config, dir, _) = config(Launch::new(peer()).sha256(sha256(&peer())));
        let plugin = Plugin::start(config, &*spawner).await.unwrap();
        let process = PathBuf::from(format!("/proc/{}", plugin.id().unwrap()));
        assert_eq!(fs::read_link(process.join("exe")).unwrap(), fs::canonicalize(peer()).unwrap());
        let line = fs::read(process.join("cmdline")).unwrap();
        assert_eq!(line.split(|byte| *byte == 0).next().unwrap(), peer().as_os_str().as_encoded_bytes());
        plugin.stop().await;
        nothing_left(dir.path()).await;
    }
}

#[tokio::test]
async fn a_changed_file_is_not_started_and_that_is_the_reason() {
    for spawner in spawners() {
        let (_home, path) = program("#!/bin/sh\ntouch \"$TMPDIR/it-ran\"");
        let (config, dir, _) = config(Launch::new(&path).sha256(OTHER));
        let error = Plugin::start(config, &*spawner).await.unwrap_err();
        assert!(matches!(error.reason, StartReason::Changed), "{error:?}");
        assert!(error.to_string().contains("its content changed"), "{error}");
        nothing_left(dir.path()).await;
    }
}

#[tokio::test]
async fn a_file_with_a_digest_that_is_gone_is_a_missing_file() {
    let (config, ..) = config(Launch::new("/nowhere/plugin").sha256(OTHER));
    let error = Plugin::start(config, &Direct).await.unwrap_err();
    assert!(matches!(error.reason, StartReason::Unusable(_)), "{error:?}");
}

#[tokio::test]
async fn a_checked_script_runs_with_its_arguments() {
    for spawner in spawners() {
        let (_home, path) = program("#!/bin/sh\nprintf '%s\\n' \"ran with $*\" >&2; exit 3");
        let (config, ..) = config(Launch::new(&path).arg("one").arg("two").sha256(sha256(&path)));
        let error = Plugin::start(config, &*spawner).await.unwrap_err();
        assert!(matches!(error.reason, StartReason::Ended(_)), "{error:?}");
        assert_eq!(error.output, ["ran with one two"]);
    }
}
