//! Which files come of a build, and what is in them.

use std::{io::Read, os::unix::fs::MetadataExt};

use botkube_plugin_host::index::PluginKind;
use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::*;

fn linux() -> Platform {
    platforms(&["linux/amd64".into()]).unwrap().remove(0)
}

#[test]
fn all_platforms_are_meant_unless_some_are_named() {
    let shown = |given: &[&str]| {
        let given: Vec<_> = given.iter().map(ToString::to_string).collect();
        platforms(&given).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(shown(&[]).unwrap(), ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"]);
    assert_eq!(shown(&["darwin/arm64", "linux/arm64", "linux/arm64"]).unwrap(), ["linux/arm64", "darwin/arm64"]);
    let error = shown(&["linux/x86_64"]).unwrap_err();
    assert!(error.to_string().contains("those are linux/amd64, linux/arm64, darwin/amd64, darwin/arm64"), "{error}");
}

#[test]
fn an_archive_holds_the_program_alone_and_nothing_of_when_and_by_whom() {
    let packed = archive(b"#!", "executor_greet");
    assert_eq!(packed, archive(b"#!", "executor_greet"));
    assert_eq!(packed[4..8], [0; 4], "no time");
    assert_eq!(packed[3], 0, "no name");
    let mut tar = tar::Archive::new(GzDecoder::new(&packed[..]));
    let mut entries = tar.entries().unwrap();
    let mut entry = entries.next().unwrap().unwrap();
    let header = entry.header().clone();
    assert_eq!(entry.path().unwrap().to_str(), Some("executor_greet"));
    assert_eq!((header.mode().unwrap(), header.mtime().unwrap()), (0o755, 0));
    assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
    let mut program = Vec::new();
    entry.read_to_end(&mut program).unwrap();
    assert_eq!(program, b"#!");
    assert!(entries.next().is_none());
}

fn plugin(dir: &TempDir) -> Built {
    let program = dir.path().join("built");
    fs::write(&program, "#!").unwrap();
    Built { kind: PluginKind::Executor, name: "greet".into(), program }
}

#[test]
fn a_program_is_executable_and_told_with_its_checksum() {
    let dir = tempfile::tempdir().unwrap();
    let made = publish(&plugin(&dir), &linux(), true, dir.path()).unwrap();
    let files: Vec<_> = made.iter().map(|made| made.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(files, ["executor_greet_linux_amd64", "executor_greet_linux_amd64.tar.gz"]);
    assert_eq!(made[0].size, 2);
    assert_eq!(made[0].sha256, "3612ddaf46e149a4f583faf0face846585148f59e0ce2645594df83b5dc807e8");
    let modes: Vec<_> = made.iter().map(|made| fs::metadata(&made.path).unwrap().mode() & 0o777).collect();
    assert_eq!(modes, [0o755, 0o644]);
}

#[test]
fn an_archive_of_a_former_build_goes_when_none_is_wanted_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("executor_other_linux_amd64.tar.gz");
    fs::write(&other, "").unwrap();
    publish(&plugin(&dir), &linux(), true, dir.path()).unwrap();
    publish(&plugin(&dir), &linux(), false, dir.path()).unwrap();
    assert!(!dir.path().join("executor_greet_linux_amd64.tar.gz").exists());
    assert!(other.exists());
}

#[test]
fn everything_that_is_missing_is_said_at_once_with_what_installs_it() {
    let missing = |what: &str, install: &str| Missing { what: what.into(), install: install.into() };
    let error = Error::Missing(vec![missing("a", "get a"), missing("b", "get b")]);
    assert_eq!(
        error.to_string(),
        "nothing was built, since something is missing: a; b; install it with\n  get a\n  get b"
    );
}
