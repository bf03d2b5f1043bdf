//! What a lock lets pass, how it is made, and repositories that are bundles.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use botkube_plugin_host::{
    bundle,
    catalogue::{Fetcher, FromStore},
    index::{Platform, PluginKind},
    lock::{Change, Lock, MakeError, Update, Wanted, make},
    store::{Installed, Progress, Store, StoreError},
};

use crate::{
    server::Reply,
    support::{PROGRAM, PROGRAM_SHA256, World, config, entry, entry_with, install, tar_gz},
};

const OTHER: &[u8] = b"#!/bin/sh\necho another\n";

fn wanted(keys: &[&str]) -> Vec<Wanted> {
    keys.iter().map(|key| Wanted { key: key.parse().unwrap(), kind: PluginKind::Executor }).collect()
}

async fn made(world: &World, keys: &[&str], before: &Lock, update: Update) -> (Lock, Vec<Change>) {
    let progress = |_: Progress| {};
    let (lock, changes, warnings) = make(&world.store(), wanted(keys), before, &update, &[], &progress).await.unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    (lock, changes)
}

/// The world with its plugins locked as they are now.
async fn locked(mut world: World, keys: &[&str]) -> World {
    let (lock, _) = made(&world, keys, &Lock::default(), Update::Nothing).await;
    world.config.lock = Some(Arc::new(lock));
    // Whatever was asked for until now is forgotten.
    let _ = fs::remove_file(world.cache.path().join("corp.yaml.notes"));
    let _ = fs::remove_file(world.cache.path().join("corp.yaml"));
    world
}

#[track_caller]
fn check_differs(result: Result<Installed, StoreError>, said: &[&str]) {
    let error = result.expect_err("it should have been refused");
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    let error = error.to_string();
    for said in said {
        assert!(error.contains(said), "`{said}` is not in: {error}");
    }
}

#[tokio::test]
async fn a_lock_has_every_platform_with_the_digests_of_files_and_programs() {
    let world = World::new(&[]).await;
    let archive = tar_gz(&[("tool", PROGRAM)]);
    world.server.set("/echo", [Reply::Good(PROGRAM.to_vec())]);
    world.server.set("/echo?token=s3cret", [Reply::Good(PROGRAM.to_vec())]);
    world.server.set("/tool.tar.gz", [Reply::Good(archive)]);
    let elsewhere =
        format!("  - platform: {{os: plan9, architecture: mips}}\n    url: '{}'\n", world.at("/echo?token=s3cret"));
    world.publish(&[
        entry_with("echo", "v1.0.0", &world.at("/echo"), &[("tool", &world.at("/tool.tar.gz"))]) + &elsewhere
    ]);
    let (lock, changes) = made(&world, &["corp/echo"], &Lock::default(), Update::Nothing).await;
    let key = "corp/echo".parse().unwrap();
    let plugin = lock.get(PluginKind::Executor, &key).unwrap();
    assert_eq!(plugin.platforms.len(), 2);
    let files = &plugin.platforms[&Platform::current()];
    assert_eq!((files.program.sha256.as_str(), files.program.program.as_str()), (PROGRAM_SHA256, PROGRAM_SHA256));
    let tool = &files.dependencies["tool"];
    assert_eq!(tool.program, PROGRAM_SHA256);
    assert_ne!(tool.sha256, PROGRAM_SHA256);
    assert_eq!(changes, [Change::Added { key: "corp/echo".into(), kind: PluginKind::Executor, to: "v1.0.0".into() }]);
    assert!(!lock.to_yaml().contains("s3cret"));
    assert!(!world.kept("executor_v1.0.0_echo").exists(), "nothing is installed");
}

#[tokio::test]
async fn what_is_locked_stays_until_it_is_renewed() {
    let world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    let (first, _) = made(&world, &["corp/echo"], &Lock::default(), Update::Nothing).await;
    world.publish(&[entry("echo", "v2.0.0", &world.at("/echo")), entry("new", "v1.0.0", &world.at("/echo"))]);
    let (second, changes) = made(&world, &["corp/echo", "corp/new"], &first, Update::Nothing).await;
    let id = ("corp/echo".to_owned(), PluginKind::Executor);
    assert_eq!(second.plugins[&id], first.plugins[&id]);
    assert!(matches!(changes.as_slice(), [Change::Added { key, .. }] if key == "corp/new"), "{changes:?}");
    let (third, changes) = made(&world, &["corp/echo"], &second, Update::Key("corp/echo".into())).await;
    assert_eq!(third.plugins[&id].version, "v2.0.0");
    let [Change::Updated { from, to, .. }, Change::Removed { key, .. }] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    assert_eq!((from.as_str(), to.as_str(), key.as_str()), ("v1.0.0", "v2.0.0", "corp/new"));
}

#[tokio::test]
async fn a_key_that_is_to_be_renewed_and_is_not_there_is_said_with_the_nearest() {
    let world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    let update = Update::Key("corp/ehco".into());
    let made = make(&world.store(), wanted(&["corp/echo"]), &Lock::default(), &update, &[], &|_| {}).await;
    let error = made.unwrap_err();
    assert!(matches!(error, MakeError::Unknown { .. }));
    assert!(error.to_string().contains("is `corp/echo` meant?"), "{error}");
}

#[tokio::test]
async fn the_locked_version_is_installed_though_there_is_a_newer_one() {
    let world = locked(World::with_echo([Reply::Good(PROGRAM.to_vec())]).await, &["corp/echo"]).await;
    world.publish(&[entry("echo", "v1.0.0", &world.at("/echo")), entry("echo", "v2.0.0", &world.at("/echo"))]);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!((installed.version.as_str(), installed.sha256.as_str()), ("v1.0.0", PROGRAM_SHA256));
}

#[tokio::test]
async fn what_differs_from_the_lock_is_refused_and_said() {
    let good = || Reply::Good(PROGRAM.to_vec());
    let world = locked(World::with_echo([good(), Reply::Good(OTHER.to_vec())]).await, &["corp/echo"]).await;
    check_differs(
        world.install("corp/echo").await,
        &["`corp/echo` is not started", "it was replaced", PROGRAM_SHA256, "`botkube lock --update corp/echo`"],
    );
    assert!(!world.kept("executor_v1.0.0_echo").exists());

    let world = locked(World::with_echo([good()]).await, &["corp/echo"]).await;
    let before = world.server.asked("/echo").len();
    let checksum = "0".repeat(64);
    world.publish(&[entry("echo", "v1.0.0", &world.at("/echo")) + &format!("    checksum: {checksum}\n")]);
    check_differs(world.install("corp/echo").await, &[&checksum, PROGRAM_SHA256]);
    assert_eq!(world.server.asked("/echo").len(), before, "it is known before anything is fetched");

    world.publish(&[entry("echo", "v3.0.0", &world.at("/echo"))]);
    check_differs(world.install("corp/echo").await, &["v1.0.0, which its repository does not have any more"]);
    world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo"), &[("tool", &world.at("/echo"))])]);
    check_differs(world.install("corp/echo").await, &["runs other programs", "+tool"]);
    check_differs(world.install("corp/other").await, &["is not in botkube.lock", "`botkube lock` adds it"]);
}

#[tokio::test]
async fn a_dependency_that_was_replaced_is_refused() {
    let world = World::new(&[]).await;
    world.server.set("/echo", [Reply::Good(PROGRAM.to_vec())]);
    world.server.set("/tool", [Reply::Good(PROGRAM.to_vec()), Reply::Good(OTHER.to_vec())]);
    world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo"), &[("tool", &world.at("/tool"))])]);
    let world = locked(world, &["corp/echo"]).await;
    check_differs(world.install("corp/echo").await, &["the dependency `tool`", "it was replaced"]);
}

#[tokio::test]
async fn a_lock_for_another_platform_is_refused() {
    let world = World::new(&[]).await;
    let index = |os: &str| {
        let here = Platform::current();
        entry("echo", "v1.0.0", &world.at("/echo"))
            .replace(&format!("os: {}, architecture: {}", here.os, here.architecture), os)
    };
    world.server.set("/echo", [Reply::Good(PROGRAM.to_vec())]);
    world.publish(&[index("os: plan9, architecture: mips")]);
    let here = index(&format!("os: {}, architecture: {}", Platform::current().os, Platform::current().architecture));
    let world = locked(world, &["corp/echo"]).await;
    world.publish(&[here]);
    check_differs(world.install("corp/echo").await, &["for plan9/mips and not for", "`botkube lock --platform "]);
}

#[tokio::test]
async fn what_is_here_as_locked_is_used_when_the_index_says_something_else() {
    let world = locked(World::with_echo([Reply::Good(PROGRAM.to_vec())]).await, &["corp/echo"]).await;
    world.install("corp/echo").await.unwrap();
    fs::remove_file(world.cache.path().join("corp.yaml.notes")).unwrap();
    fs::remove_file(world.cache.path().join("corp.yaml")).unwrap();
    world.publish(&[entry("echo", "v1.0.0", &world.at("/echo")) + &format!("    checksum: {}\n", "0".repeat(64))]);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(installed.sha256, PROGRAM_SHA256);
    assert!(installed.warnings[0].contains("it was replaced"), "{:?}", installed.warnings);
}

#[tokio::test]
async fn what_is_here_and_not_as_locked_is_fetched_again() {
    let world =
        World::with_echo([Reply::Good(PROGRAM.to_vec()), Reply::Good(OTHER.to_vec()), Reply::Good(PROGRAM.to_vec())])
            .await;
    let mut world = locked(world, &["corp/echo"]).await;
    let lock = world.config.lock.take();
    world.install("corp/echo").await.unwrap();
    assert_eq!(fs::read(world.kept("executor_v1.0.0_echo")).unwrap(), OTHER);
    world.config.lock = lock;
    world.install("corp/echo").await.unwrap();
    assert_eq!(fs::read(world.kept("executor_v1.0.0_echo")).unwrap(), PROGRAM);
}

fn overwrite(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    fs::write(path, OTHER).unwrap();
}

#[tokio::test]
async fn a_changed_file_that_cannot_be_fetched_again_is_refused() {
    let mut world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    let program = world.install("corp/echo").await.unwrap().program;
    world.server.stop().await;
    overwrite(&program);
    let error = world.install("corp/echo").await.unwrap_err().to_string();
    for said in
        [&program.display().to_string(), "changed since it was checked, so it is not run", "find out who writes into"]
    {
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_changed_dependency_is_fetched_again_at_the_next_start_whatever_its_times_say() {
    let world = World::new(&[]).await;
    world.server.set("/echo", [Reply::Good(PROGRAM.to_vec())]);
    world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo"), &[("tool", &world.at("/echo"))])]);
    let tool = world.install("corp/echo").await.unwrap().dependencies.join("tool");
    overwrite(&tool);
    forge(&world, "tool", &tool);
    let fetcher = FromStore { store: world.store(), progress: Arc::new(|_| {}) };
    fetcher.fetch(&"corp/echo".parse().unwrap()).await.unwrap();
    assert_eq!(fs::read(tool).unwrap(), PROGRAM);
}

#[tokio::test]
async fn nothing_is_believed_of_a_plugin_that_was_found_changed() {
    let world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    let program = world.install("corp/echo").await.unwrap().program;
    overwrite(&program);
    forge(&world, "", &program);
    let key = "corp/echo".parse().unwrap();
    assert!(world.store().cached(&key, PluginKind::Executor).is_some(), "its times alone do not tell");
    let fetcher = FromStore { store: world.store(), progress: Arc::new(|_| {}) };
    let fetched = fetcher.fetch_again(&key).await.unwrap();
    assert_eq!(fs::read(program).unwrap(), PROGRAM);
    assert_eq!(fetched.sha256.as_deref(), Some(PROGRAM_SHA256));
}

/// Lets the record say that the file as it is now was checked, with the digest of the former one: as if its times told nothing.
fn forge(world: &World, name: &str, file: &Path) {
    let path = world.kept("executor_v1.0.0_echo.checked");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let now = fs::metadata(file).unwrap();
    record["files"][name]["stamp"] = serde_json::json!({
        "size": now.size(),
        "inode": now.ino(),
        "modified": [now.mtime(), now.mtime_nsec()],
        "changed": [now.ctime(), now.ctime_nsec()],
    });
    fs::write(path, record.to_string()).unwrap();
}

/// A bundle of a plugin with a packed dependency, and the world it was made in.
async fn bundled() -> (World, PathBuf) {
    let world = World::new(&[]).await;
    world.server.set("/echo.tar.gz", [Reply::Good(tar_gz(&[("bin/executor_echo", PROGRAM), ("README", b"x")]))]);
    world.server.set("/tool?x=1", [Reply::Good(OTHER.to_vec())]);
    world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo.tar.gz//bin"), &[("tool", &world.at("/tool?x=1"))])]);
    let file = world.cache.path().join("b.tar.gz");
    write(&world.store(), &file).await;
    (world, file)
}

async fn write(store: &Store, file: &Path) {
    let platforms = [Platform::current()];
    let (packed, _) = bundle::write(store, wanted(&["corp/echo"]), &platforms, file, &|_| {}).await.unwrap();
    assert_eq!((packed.len(), packed[0].version.as_str()), (1, "v1.0.0"));
}

/// An agent that has the bundle and nothing else.
async fn from_bundle(file: &Path) -> (tempfile::TempDir, Result<Installed, StoreError>) {
    let cache = tempfile::tempdir().unwrap();
    let config = config(cache.path(), &format!("file://{}", file.display()));
    let installed = install(&Store::new(config), "corp/echo").await;
    (cache, installed)
}

#[tokio::test]
async fn a_bundle_is_a_repository_that_needs_no_network() {
    let (mut world, file) = bundled().await;
    world.server.stop().await;
    let (_cache, installed) = from_bundle(&file).await;
    let installed = installed.unwrap();
    assert_eq!(fs::read(&installed.program).unwrap(), PROGRAM);
    assert_eq!(fs::read(installed.dependencies.join("tool")).unwrap(), OTHER);
}

#[tokio::test]
async fn the_same_plugins_are_the_same_bundle() {
    let (world, file) = bundled().await;
    let again = world.cache.path().join("again.tgz");
    write(&world.store(), &again).await;
    assert_eq!(fs::read(file).unwrap(), fs::read(again).unwrap());
    let left: Vec<_> = fs::read_dir(world.cache.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".bundle-")), "{left:?}");
}

#[tokio::test]
async fn a_lock_of_the_repository_fits_the_bundle() {
    let (world, file) = bundled().await;
    let (lock, _) = made(&world, &["corp/echo"], &Lock::default(), Update::Nothing).await;
    let cache = tempfile::tempdir().unwrap();
    let mut config = config(cache.path(), file.to_str().unwrap());
    config.lock = Some(Arc::new(lock));
    install(&Store::new(config), "corp/echo").await.unwrap();
}

#[tokio::test]
async fn a_bundle_that_is_cut_short_or_tampered_with_is_refused() {
    let (_world, file) = bundled().await;
    let whole = fs::read(&file).unwrap();
    for kept in [whole.len() - 1, whole.len() / 2, 100, 0] {
        fs::write(&file, &whole[..kept]).unwrap();
        let (_cache, installed) = from_bundle(&file).await;
        let error = installed.unwrap_err().to_string();
        assert!(error.contains(file.to_str().unwrap()) && error.contains("botkube plugin bundle"), "{kept}: {error}");
    }
    let mut other = whole.clone();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    fs::write(&file, other).unwrap();
    let (_cache, installed) = from_bundle(&file).await;
    assert!(matches!(installed, Err(StoreError::Index { .. })), "{installed:?}");
}

#[tokio::test]
async fn a_bundle_on_the_web_is_to_be_downloaded() {
    let cache = tempfile::tempdir().unwrap();
    let store = Store::new(config(cache.path(), "https://example.invalid/b.tar.gz"));
    let error = install(&store, "corp/echo").await.unwrap_err().to_string();
    assert!(error.contains("a bundle, which has to be on this machine"), "{error}");
}

#[tokio::test]
async fn a_status_tells_what_is_meant_here_and_newest() {
    let world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    world.install("corp/echo").await.unwrap();
    world.publish(&[entry("echo", "v1.0.0", &world.at("/echo")), entry("echo", "v2.0.0", &world.at("/echo"))]);
    let key = "corp/echo@v1".parse().unwrap();
    let status = world.store().status(&key, PluginKind::Executor, true, &|_| {}).await.unwrap();
    assert_eq!((status.version.as_str(), status.newest.as_str()), ("v1.0.0", "v2.0.0"));
    assert_eq!(status.cached, ["v1.0.0"]);
    assert!(status.is_outdated(None));
    let newest = botkube_plugin_host::store::Status { version: "v2.0.0".into(), cached: vec![], ..status };
    assert!(!newest.is_outdated(None) && newest.is_outdated(Some("v1.0.0")));
}
