//! What is installed, where it lies, and when a repository is asked.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use botkube_plugin_host::{
    index::PluginKind,
    store::{Progress, Store},
};
use secrecy::SecretString;

use crate::{
    server::{Reply, Server},
    support::{PROGRAM, PROGRAM_SHA256, World, config, entry, entry_with, index, install},
};

fn good() -> Reply {
    Reply::Good(PROGRAM.to_vec())
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test]
async fn a_plugin_lies_where_upstream_would_put_it() {
    let world = World::with_echo([good()]).await;
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(installed.program, world.kept("executor_v1.0.0_echo"));
    assert_eq!(installed.dependencies, world.kept("executor_v1.0.0_echo_deps"));
    assert_eq!((installed.version.as_str(), installed.warnings.as_slice()), ("v1.0.0", [].as_slice()));
    assert_eq!(fs::read(&installed.program).unwrap(), PROGRAM);
    assert!(world.cache.path().join("corp.yaml").is_file());
    assert_eq!(world.unfinished(), Vec::<String>::new());
}

#[tokio::test]
async fn folders_are_0711_and_programs_0555() {
    let world = World::new(&[]).await;
    world.server.set("/echo", [good()]);
    world.publish(&[entry_with("echo", "v1", &world.at("/echo"), &[("tool", &world.at("/echo"))])]);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(mode(&world.kept("")), 0o711);
    assert_eq!(mode(&installed.dependencies), 0o711);
    assert_eq!(mode(&installed.program), 0o555);
    assert_eq!(mode(&installed.dependencies.join("tool")), 0o555);
}

#[tokio::test]
async fn the_version_in_the_file_name_is_the_entrys_and_not_the_pins() {
    let world = World::new(&[]).await;
    world.server.set("/old", [Reply::Good(b"#!/old".to_vec())]);
    world.server.set("/new", [Reply::Good(b"#!/new".to_vec())]);
    world.publish(&[entry("echo", "v1.2.0", &world.at("/old")), entry("echo", "v2.0.0", &world.at("/new"))]);
    let installed = world.install("corp/echo@v1").await.unwrap();
    assert_eq!(installed.program, world.kept("executor_v1.2.0_echo"));
    assert_eq!(fs::read(&installed.program).unwrap(), b"#!/old");
}

#[tokio::test]
async fn a_plugin_that_is_here_starts_without_a_request() {
    let mut world = World::with_echo([good()]).await;
    let first = world.install("corp/echo").await.unwrap();
    world.server.stop().await;
    let store = world.store();
    assert_eq!(store.cached(&"corp/echo".parse().unwrap(), PluginKind::Executor), Some(first.clone()));
    assert_eq!(install(&store, "corp/echo").await, Ok(first));
}

#[tokio::test]
async fn nothing_is_found_before_it_is_installed() {
    let world = World::with_echo([good()]).await;
    assert_eq!(world.store().cached(&"corp/echo".parse().unwrap(), PluginKind::Executor), None);
}

#[tokio::test]
async fn installations_at_the_same_time_share_one_request_for_the_index() {
    let world = World::new(&[]).await;
    let names: Vec<String> = (0..8).map(|number| format!("p{number}")).collect();
    world.server.set("/p", [good()]);
    world.publish(&names.iter().map(|name| entry(name, "1", &world.at("/p"))).collect::<Vec<_>>());
    let store = world.store();
    let tasks = names.into_iter().map(|name| {
        let store = store.clone();
        tokio::spawn(async move { install(&store, &format!("corp/{name}")).await })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(world.server.asked("/index.yaml").len(), 1);
}

#[tokio::test]
async fn an_index_that_is_old_is_asked_for_with_its_tag() {
    let mut world = World::with_echo([good()]).await;
    let text = index(&[entry("echo", "v1.0.0", &world.at("/echo"))]);
    world.server.set("/index.yaml", [Reply::Tagged("\"one\"", text)]);
    world.install("corp/echo").await.unwrap();
    world.config.index_max_age = Duration::ZERO;
    // Whole seconds are counted.
    let day = SystemTime::now() - Duration::from_secs(86_400);
    age_notes(&world, day);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(installed.warnings, Vec::<String>::new());
    let asked = world.server.asked("/index.yaml");
    assert_eq!(asked.len(), 2);
    assert_eq!((asked[0].headers.get("if-none-match"), asked[1].headers["if-none-match"].as_str()), (None, "\"one\""));
    // What was asked just now is fresh again.
    world.config.index_max_age = Duration::from_secs(3600);
    world.install("corp/echo").await.unwrap();
    assert_eq!(world.server.asked("/index.yaml").len(), 2);
}

/// Lets the notes beside the index say that it was asked for then.
fn age_notes(world: &World, then: SystemTime) {
    let file = world.cache.path().join("corp.yaml.notes");
    let mut notes: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    notes["asked_at"] = then.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().into();
    fs::write(file, notes.to_string()).unwrap();
}

#[tokio::test]
async fn a_repository_that_is_away_leaves_its_index_with_a_warning() {
    let mut world = World::with_echo([good()]).await;
    world.install("corp/echo").await.unwrap();
    world.server.stop().await;
    age_notes(&world, SystemTime::now() - Duration::from_secs(3 * 3_600 + 60));
    let installed = world.install("corp/echo").await.unwrap();
    let [warning] = installed.warnings.as_slice() else { panic!("{:?}", installed.warnings) };
    assert!(warning.contains("the plugin repository `corp` cannot be had from http://127.0.0.1"), "{warning}");
    assert!(warning.contains("the one of 3 h ago is used"), "{warning}");
}

#[tokio::test]
async fn a_version_the_kept_index_does_not_have_is_asked_for_at_once() {
    let world = World::with_echo([good()]).await;
    world.install("corp/echo").await.unwrap();
    world.publish(&[entry("echo", "v2.0.0", &world.at("/echo")), entry("new", "v1.0.0", &world.at("/echo"))]);
    assert_eq!(world.install("corp/new").await.unwrap().program, world.kept("executor_v1.0.0_new"));
    world.publish(&[entry("echo", "v3.0.0", &world.at("/echo"))]);
    assert_eq!(world.install("corp/echo@v3").await.unwrap().version, "v3.0.0");
    assert_eq!(world.server.asked("/index.yaml").len(), 3);
}

#[tokio::test]
async fn an_index_that_upstream_kept_is_read() {
    let world = World::with_echo([good()]).await;
    let upstream = index(&[entry("echo", "v0.9.0", &world.at("/echo"))]);
    fs::write(world.cache.path().join("corp.yaml"), upstream).unwrap();
    world.server.set("/index.yaml", [Reply::Bare(500, vec![])]);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!((installed.version.as_str(), installed.warnings.len()), ("v0.9.0", 1));
}

#[tokio::test]
async fn an_index_of_another_address_is_not_used() {
    let mut world = World::with_echo([good()]).await;
    world.install("corp/echo").await.unwrap();
    let other = Server::start().await;
    other.set("/index.yaml", [Reply::Good(index(&[entry("echo", "v3.0.0", &world.at("/echo"))]))]);
    world.config = config(world.cache.path(), &format!("{}/index.yaml", other.url));
    assert_eq!(world.install("corp/echo").await.unwrap().version, "v3.0.0");
}

#[tokio::test]
async fn a_file_that_changed_is_fetched_anew_and_one_that_was_only_touched_is_not() {
    let world = World::with_echo([good()]).await;
    let program = world.install("corp/echo").await.unwrap().program;
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    File::options().write(true).open(&program).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    world.install("corp/echo").await.unwrap();
    assert_eq!(world.server.asked("/echo").len(), 1);
    assert_eq!(mode(&program), 0o555);

    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    fs::write(&program, b"#!/evil").unwrap();
    world.install("corp/echo").await.unwrap();
    assert_eq!(world.server.asked("/echo").len(), 2);
    assert_eq!(fs::read(&program).unwrap(), PROGRAM);
}

#[tokio::test]
async fn a_file_nobody_checked_is_fetched_anew() {
    let world = World::with_echo([good()]).await;
    fs::create_dir_all(world.kept("")).unwrap();
    fs::write(world.kept("executor_v1.0.0_echo"), b"#!/placed before").unwrap();
    let program = world.install("corp/echo").await.unwrap().program;
    assert_eq!(fs::read(program).unwrap(), PROGRAM);
}

#[tokio::test]
async fn a_folder_or_a_link_in_a_plugins_place_is_replaced() {
    for link in [false, true] {
        let world = World::with_echo([good()]).await;
        let place = world.kept("executor_v1.0.0_echo");
        fs::create_dir_all(world.kept("")).unwrap();
        if link {
            std::os::unix::fs::symlink("/bin/sh", &place).unwrap();
        } else {
            fs::create_dir(&place).unwrap();
        }
        world.install("corp/echo").await.unwrap();
        assert!(fs::symlink_metadata(place).unwrap().is_file());
    }
}

#[tokio::test]
async fn a_file_whose_checksum_the_index_changes_is_fetched_anew() {
    let world = World::with_echo([Reply::Good(b"#!/wrong".to_vec()), good()]).await;
    world.install("corp/echo").await.unwrap();
    let checked = entry("echo", "v1.0.0", &world.at("/echo")) + &format!("    checksum: {PROGRAM_SHA256}\n");
    world.publish(&[checked, entry("new", "1", &world.at("/echo"))]);
    world.install("corp/new").await.unwrap();
    let program = world.install("corp/echo").await.unwrap().program;
    assert_eq!(fs::read(program).unwrap(), PROGRAM);
}

#[tokio::test]
async fn a_version_that_is_here_is_used_when_the_newest_cannot_be_had() {
    let mut world = World::with_echo([good()]).await;
    world.install("corp/echo").await.unwrap();
    world.config.index_max_age = Duration::ZERO;
    age_notes(&world, SystemTime::now() - Duration::from_secs(60));
    world.publish(&[entry("echo", "v2.0.0", &world.at("/gone"))]);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(installed.program, world.kept("executor_v1.0.0_echo"));
    let warning = &installed.warnings[0];
    assert!(warning.contains("v2.0.0 cannot be had from") && warning.contains("its version v1.0.0"), "{warning}");
}

#[tokio::test]
async fn two_agents_at_once_fetch_a_plugin_once() {
    let big = [PROGRAM, &vec![b'x'; 1 << 20]].concat();
    let world = World::with_echo([Reply::Good(big.clone())]).await;
    let (one, two) = (world.store(), world.store());
    let (one, two) = tokio::join!(install(&one, "corp/echo"), install(&two, "corp/echo"));
    assert_eq!(one.unwrap().program, two.unwrap().program);
    assert_eq!(world.server.asked("/echo").len(), 1);
    assert_eq!(fs::read(world.kept("executor_v1.0.0_echo")).unwrap(), big);
}

#[tokio::test]
async fn whoever_waits_too_long_for_another_agent_goes_ahead() {
    let mut world = World::with_echo([good()]).await;
    world.config.limits.wait_for_other = Duration::from_millis(30);
    fs::create_dir_all(world.kept("")).unwrap();
    let lock = File::create(world.kept("executor_v1.0.0_echo.lock")).unwrap();
    lock.lock().unwrap();
    let seen = Mutex::new(Vec::new());
    let key = "corp/echo".parse().unwrap();
    let progress = |progress| seen.lock().unwrap().push(progress);
    world.store().install(&key, PluginKind::Executor, &progress).await.unwrap();
    let waiting = Progress::Waiting { plugin: "the executor `corp/echo` v1.0.0".into() };
    assert_eq!(seen.lock().unwrap().iter().filter(|progress| **progress == waiting).count(), 1);
}

#[tokio::test]
async fn a_dropped_installation_leaves_nothing_behind() {
    let world = World::with_echo([Reply::Stalled(PROGRAM.repeat(1_000))]).await;
    let (started, mut running) = tokio::sync::mpsc::unbounded_channel();
    let store = world.store();
    let task = tokio::spawn(async move {
        let key = "corp/echo".parse().unwrap();
        let progress = move |progress| drop(started.send(progress));
        store.install(&key, PluginKind::Executor, &progress).await
    });
    while !matches!(running.recv().await.unwrap(), Progress::Downloading { .. }) {}
    assert_eq!(world.unfinished().len(), 1);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(world.unfinished(), Vec::<String>::new());
    world.server.set("/echo", [good()]);
    world.install("corp/echo").await.unwrap();
}

#[tokio::test]
async fn what_was_left_unfinished_long_ago_is_removed() {
    let world = World::with_echo([good()]).await;
    let old = world.kept("executor_v0_echo.downloading");
    let new = world.kept("executor_v0_echo.downloading-new");
    fs::create_dir_all(&old).unwrap();
    fs::create_dir_all(&new).unwrap();
    File::open(&old).unwrap().set_modified(SystemTime::now() - Duration::from_secs(86_460)).unwrap();
    world.install("corp/echo").await.unwrap();
    assert!(!old.exists() && new.exists());
}

#[tokio::test]
async fn progress_tells_what_comes_and_how_much() {
    let world = World::with_echo([good()]).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let key = "corp/echo".parse().unwrap();
    world.store().install(&key, PluginKind::Executor, &|progress| seen.lock().unwrap().push(progress)).await.unwrap();
    let what = "the executor `corp/echo` v1.0.0".to_owned();
    let length = PROGRAM.len() as u64;
    assert_eq!(
        *seen.lock().unwrap(),
        [
            Progress::Index { repository: "corp".into() },
            Progress::Downloading { what: what.clone(), received: length, total: Some(length) },
            Progress::Unpacking { what },
        ]
    );
}

#[tokio::test]
async fn headers_go_to_the_repositorys_origin_and_nowhere_else() {
    let mut world = World::with_echo([good()]).await;
    let other = Server::start().await;
    other.set(
        "/index.yaml",
        [Reply::Good(index(&[
            entry("echo", "v1.0.0", &world.at("/echo")),
            entry("far", "v1.0.0", &format!("{}/far", other.url)),
        ]))],
    );
    other.set("/far", [good()]);
    world.server.set("/index.yaml", [Reply::Bare(302, vec![("location", format!("{}/index.yaml", other.url))])]);
    world.config.remote.identifier = "id".into();
    world.config.remote.api_key = "hush".into();
    let headers = &mut world.config.repositories.get_mut("corp").unwrap().headers;
    headers.insert("X-Api-Key".into(), SecretString::from("key {{ .Remote.APIKey }}"));
    let store = world.store();
    install(&store, "corp/echo").await.unwrap();
    install(&store, "corp/far").await.unwrap();
    let sent = |server: &Server, path: &str| server.asked(path)[0].headers.get("x-api-key").cloned();
    assert_eq!(sent(&world.server, "/index.yaml").as_deref(), Some("key hush"));
    assert_eq!(sent(&world.server, "/echo").as_deref(), Some("key hush"));
    assert_eq!(sent(&other, "/index.yaml"), None);
    assert_eq!(sent(&other, "/far"), None);
}

#[tokio::test]
async fn an_index_on_this_machine_may_name_files_beside_it_which_are_copied() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plugin"), PROGRAM).unwrap();
    let file = folder.path().join("index.yaml");
    let url = format!("file://{}/plugin", folder.path().display());
    fs::write(&file, index(&[entry("echo", "v1", "plugin"), entry("again", "v1", &url)])).unwrap();
    for url in [file.display().to_string(), format!("file://{}", file.display())] {
        let cache = tempfile::tempdir().unwrap();
        let store = Store::new(config(cache.path(), &url));
        for name in ["corp/echo", "corp/again"] {
            let program = install(&store, name).await.unwrap().program;
            assert!(fs::symlink_metadata(&program).unwrap().is_file());
            assert_eq!(fs::read(&program).unwrap(), PROGRAM);
        }
    }
}

#[tokio::test]
async fn an_index_on_this_machine_counts_as_soon_as_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plugin"), PROGRAM).unwrap();
    let file = folder.path().join("index.yaml");
    let store = Store::new(config(cache.path(), &file.display().to_string()));
    for version in ["v1", "v2"] {
        fs::write(&file, index(&[entry("echo", version, "plugin")])).unwrap();
        assert_eq!(install(&store, "corp/echo").await.unwrap().version, version);
    }
}

/// A repository in a folder, whose plugin `echo` says this.
fn folder_with(program: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plugin"), program).unwrap();
    fs::write(folder.path().join("index.yaml"), index(&[entry("echo", "v1", "plugin")])).unwrap();
    folder
}

fn store_of(cache: &Path, folder: &Path) -> Store {
    Store::new(config(cache, &folder.join("index.yaml").display().to_string()))
}

#[tokio::test]
async fn a_file_on_this_machine_that_was_built_anew_is_copied_anew() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), folder_with(b"#!/old"));
    let store = store_of(cache.path(), folder.path());
    install(&store, "corp/echo").await.unwrap();
    assert!(store.cached(&"corp/echo".parse().unwrap(), PluginKind::Executor).is_some());
    fs::write(folder.path().join("plugin"), b"#!/newer").unwrap();
    let program = install(&store, "corp/echo").await.unwrap().program;
    assert_eq!(fs::read(program).unwrap(), b"#!/newer");
}

#[tokio::test]
async fn the_same_relative_address_in_another_repository_is_another_file() {
    let (cache, old, new) = (tempfile::tempdir().unwrap(), folder_with(b"#!/old"), folder_with(b"#!/new"));
    install(&store_of(cache.path(), old.path()), "corp/echo").await.unwrap();
    let store = store_of(cache.path(), new.path());
    let program = install(&store, "corp/echo").await.unwrap().program;
    assert_eq!(fs::read(program).unwrap(), b"#!/new");
}

#[tokio::test]
async fn a_plugin_of_another_address_is_not_used_even_where_both_indexes_say_the_same() {
    let mut world = World::with_echo([Reply::Good(b"#!/old".to_vec()), good()]).await;
    world.install("corp/echo").await.unwrap();
    let other = Server::start().await;
    other.set("/index.yaml", [Reply::Good(index(&[entry("echo", "v1.0.0", &world.at("/echo"))]))]);
    world.config = config(world.cache.path(), &format!("{}/index.yaml", other.url));
    let program = world.install("corp/echo").await.unwrap().program;
    assert_eq!(fs::read(program).unwrap(), PROGRAM);
}

#[tokio::test]
async fn a_plugin_of_another_address_is_not_used_in_place_of_one_that_cannot_be_had() {
    let mut world = World::with_echo([good()]).await;
    world.install("corp/echo").await.unwrap();
    world.config = config(world.cache.path(), &world.at("/moved.yaml"));
    let error = world.install("corp/echo").await.unwrap_err().to_string();
    assert!(error.contains("/moved.yaml"), "{error}");
}

#[tokio::test]
async fn offline_what_is_here_is_used_and_the_rest_refused() {
    let mut world = World::with_echo([good()]).await;
    world.install("corp/echo").await.unwrap();
    world.config.offline = true;
    world.config.index_max_age = Duration::ZERO;
    age_notes(&world, SystemTime::now() - Duration::from_secs(60));
    world.install("corp/echo").await.unwrap();
    let error = world.install("corp/new").await.unwrap_err().to_string();
    assert!(error.contains("stay off the network"), "{error}");
    assert_eq!(world.server.asked("/index.yaml").len(), 1);
}

#[tokio::test]
async fn a_store_that_others_can_write_to_is_said() {
    let world = World::with_echo([good()]).await;
    fs::set_permissions(world.cache.path(), Permissions::from_mode(0o777)).unwrap();
    let installed = world.install("corp/echo").await.unwrap();
    assert!(installed.warnings[0].contains("everybody on this machine can replace the plugins"), "{installed:?}");
}
