//! Repositories and networks that fail, and machines without room.

use std::{env, fs, process::Command, time::Duration};

use botkube_plugin_host::store::{Store, StoreError};
use secrecy::SecretString;

use crate::{
    server::Reply,
    support::{PROGRAM, PROGRAM_SHA256, World, config, entry, entry_with, index, install},
};

/// The index is answered so, and the plugin refused so.
async fn check_index(replies: impl IntoIterator<Item = Reply>, expected: &[&str]) -> World {
    let world = World::new(&[]).await;
    world.server.set("/index.yaml", replies);
    let told = "the index of the plugin repository `corp` cannot be had from http://127.0.0.1";
    world.check_refused(world.install("corp/echo").await, &[&[told], expected].concat());
    world
}

/// The plugin is answered so, and refused so.
async fn check_plugin(replies: impl IntoIterator<Item = Reply>, expected: &[&str]) -> World {
    let world = World::with_echo(replies).await;
    world.check_refused(world.install("corp/echo").await, &[&["the executor `corp/echo` v1.0.0"], expected].concat());
    world
}

#[tokio::test]
async fn an_index_that_is_none_is_said_and_not_kept() {
    for (text, expected) in [
        ("<!DOCTYPE html><html>Log in</html>", "it is an HTML page, perhaps for a login"),
        ("entries:\n- [", "line 2, column 3: it is no valid YAML"),
        ("{\"message\": \"Not Found\"}", "where an index has the list `entries:`"),
    ] {
        let world = check_index([Reply::Good(text.into())], &[expected]).await;
        assert!(!world.cache.path().join("corp.yaml").exists());
    }
    check_index([Reply::Good(vec![0xff, 0xfe])], &["it is no text"]).await;
}

#[tokio::test]
async fn an_index_that_became_none_leaves_the_one_that_is_kept() {
    let mut world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    world.install("corp/echo").await.unwrap();
    let kept = fs::read(world.cache.path().join("corp.yaml")).unwrap();
    world.server.set("/index.yaml", [Reply::Good(b"<html>".to_vec())]);
    world.config.index_max_age = Duration::ZERO;
    let error = world.install("corp/new").await.unwrap_err().to_string();
    assert!(error.contains("there is no executor `new`") && error.contains("it is an HTML page"), "{error}");
    assert_eq!(fs::read(world.cache.path().join("corp.yaml")).unwrap(), kept);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let text = index(&[]);
    let world =
        World::with_echo([Reply::CutOff(PROGRAM.to_vec()), Reply::Bare(503, vec![]), Reply::Good(PROGRAM.to_vec())])
            .await;
    let index = index(&[entry("echo", "v1.0.0", &world.at("/echo"))]);
    world.server.set("/index.yaml", [Reply::Bare(500, vec![]), Reply::CutOff(text), Reply::Good(index)]);
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(fs::read(installed.program).unwrap(), PROGRAM);
    assert_eq!((world.server.asked("/index.yaml").len(), world.server.asked("/echo").len()), (3, 3));
}

#[tokio::test]
async fn tries_end() {
    let world = check_index([Reply::Bare(500, vec![])], &["the server answered 500"]).await;
    assert_eq!(world.server.asked("/index.yaml").len(), 3);
    let world = check_plugin([Reply::CutOff(PROGRAM.to_vec())], &["/echo: it broke off"]).await;
    assert_eq!(world.server.asked("/echo").len(), 3);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    let world = check_index([Reply::Bare(404, vec![])], &["the server answered 404", "check the address"]).await;
    assert_eq!(world.server.asked("/index.yaml").len(), 1);
    check_plugin([Reply::Bare(401, vec![])], &["the server answered 401", "check the repository's `headers`"]).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    for path in ["/index.yaml", "/echo"] {
        let mut world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
        world.server.set(path, [Reply::Stalled(PROGRAM.to_vec())]);
        world.config.limits.stall = Duration::from_millis(300);
        world.config.limits.attempts = 1;
        world.check_refused(world.install("corp/echo").await, &["nothing came for 300ms"]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said() {
    let mut world = World::with_echo([]).await;
    world.server.stop().await;
    world.check_refused(world.install("corp/echo").await, &["no connection: ", "refused"]);
}

#[tokio::test]
async fn a_circle_of_redirections_ends() {
    let circle = || [Reply::Bare(302, vec![("location", "/index.yaml".into())])];
    let world = check_index(circle(), &["it leads on more than 10 times; the last time to http://127.0.0.1"]).await;
    assert_eq!(world.server.asked("/index.yaml").len(), 11);
}

#[tokio::test]
async fn redirections_off_the_web_are_not_followed() {
    for (location, expected) in
        [("file:///etc/passwd", "leads to `file:`"), ("http://[", "leads to what is no address")]
    {
        check_plugin([Reply::Bare(301, vec![("location", location.into())])], &[expected]).await;
    }
    check_plugin([Reply::Bare(301, vec![])], &["no place to go on"]).await;
}

#[tokio::test]
async fn what_is_too_large_is_not_fetched() {
    let mut world = World::with_echo([Reply::Good(PROGRAM.repeat(100))]).await;
    world.config.limits.download_size = 1_000;
    world.check_refused(world.install("corp/echo").await, &["it has 2100 bytes, and at most 1000 are taken"]);
    world.config.limits.index_size = 10;
    world.config.cache_dir.push("new");
    world.check_refused(world.install("corp/echo").await, &["and at most 10 are taken"]);
}

#[tokio::test]
async fn a_file_with_another_checksum_is_refused() {
    let world = World::with_echo([Reply::Good(b"#!/other".to_vec())]).await;
    let of = |line: &str| entry("echo", "v1.0.0", &world.at("/echo")) + line;
    world.publish(&[of(&format!("    checksum: {PROGRAM_SHA256}\n"))]);
    let said = format!("is not the file its index means: that has sha256:{PROGRAM_SHA256}, this has sha256:");
    world.check_refused(world.install("corp/echo").await, &[&said]);
    world.publish(&[of("    checksum: d41d8cd98f00b204e9800998ecf8427e\n")]);
    fs::remove_file(world.cache.path().join("corp.yaml")).unwrap();
    world.check_refused(world.install("corp/echo").await, &["MD5, which proves nothing"]);
}

#[tokio::test]
async fn a_dependencys_checksum_in_its_address_counts() {
    for (content, good) in [(PROGRAM, true), (b"#!/other", false)] {
        let world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
        world.server.set("/tool", [Reply::Good(content.to_vec())]);
        let tool = world.at(&format!("/tool?checksum=sha256:{PROGRAM_SHA256}"));
        world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo"), &[("tool", &tool)])]);
        let installed = world.install("corp/echo").await;
        if good {
            installed.unwrap();
        } else {
            world.check_refused(installed, &["the dependency `tool` of the executor `corp/echo` v1.0.0", "sha256:"]);
        }
    }
}

#[tokio::test]
async fn what_is_no_program_is_named() {
    for (content, expected) in [
        (&b"<html>Log in"[..], "it is an HTML page, perhaps for a login"),
        (b"Not Found", "it is a text"),
        (b"", "it is an empty file"),
        (b"MZ\x90\0", "it is a program for Windows, and this machine is "),
        (b"\x1f\x8b\x08\0", "it is a gzip file; its address has to end with `.tar.gz`"),
    ] {
        check_plugin([Reply::Good(content.to_vec())], &[expected]).await;
    }
}

#[tokio::test]
async fn another_platforms_plugin_is_answered_with_the_platforms_there_are() {
    let world = World::new(&[]).await;
    let other = entry("echo", "v1.0.0", "https://example.com/x").replace("os: ", "os: plan9-");
    world.publish(&[other, entry("echo", "v0.9.0", "https://example.com/x")]);
    let said = [
        "the executor `corp/echo` v1.0.0 is not there for ",
        "its index has plan9-",
        "the version `v0.9.0` is there for",
    ];
    world.check_refused(world.install("corp/echo").await, &said);
    assert_eq!(world.server.asked("/index.yaml").len(), 1);
}

#[tokio::test]
async fn a_bad_entry_costs_nobody_but_itself() {
    let world = World::with_echo([Reply::Good(PROGRAM.to_vec())]).await;
    let (good, bad) = (entry("echo", "v1.0.0", &world.at("/echo")), "- name: helm\n  type: executor\n".to_owned());
    world.publish(&[bad, good.clone(), good]);
    world.install("corp/echo").await.unwrap();
    let error = world.install("corp/helm").await.unwrap_err().to_string();
    assert!(error.contains("wrong in the index: line 2, entry 1 (`helm`): `version` is missing"), "{error}");
}

#[tokio::test]
async fn an_unknown_repository_is_answered_with_the_one_that_was_meant() {
    let world = World::new(&[]).await;
    let error = world.install("corq/echo").await.unwrap_err().to_string();
    assert!(error.contains("is `corp` meant?") && error.contains("`plugins.repositories.corq.url`"), "{error}");
}

#[tokio::test]
async fn a_wrong_header_template_is_said_and_not_shown() {
    let mut world = World::with_echo([]).await;
    let headers = &mut world.config.repositories.get_mut("corp").unwrap().headers;
    headers.insert("X-Key".into(), SecretString::from("hush {{ .Remote"));
    let error = world.install("corp/echo").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    world.check_refused(Err(error), &["the header `X-Key` is no Go template", "`plugins.repositories.corp.headers`"]);
}

#[tokio::test]
async fn nobody_reads_credentials_in_an_error() {
    let world = World::with_echo([Reply::Bare(404, vec![])]).await;
    let url = world.at("/echo?token=hush").replace("http://", "http://user:hush@");
    world.publish(&[entry("echo", "v1.0.0", &url)]);
    let error = world.install("corp/echo").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    world.check_refused(Err(error), &["/echo?…: the server answered 404"]);
}

/// Runs itself again where a file system of 1 MiB can be mounted.
#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_left() {
    const FULL: &str = "STORE_TEST_FULL";
    let Some(small) = env::var_os(FULL) else {
        let folder = tempfile::tempdir().unwrap();
        let script = "mount -t tmpfs -o size=1m none \"$STORE_TEST_FULL\" && exec \"$@\"";
        let name = "store_faults::a_full_disk_is_said_and_nothing_is_left";
        let may = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none"]).arg(folder.path()).output();
        if !may.as_ref().is_ok_and(|output| output.status.success()) {
            println!("skipped: no file system can be mounted here: {may:?}");
            return;
        }
        let mut again = Command::new("unshare");
        again.args(["-rm", "sh", "-c", script, "sh"]).arg(env::current_exe().unwrap()).args(["--exact", name]);
        let output = again.env(FULL, folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    };
    let world = World::with_echo([Reply::Good(PROGRAM.repeat(200_000))]).await;
    let store = Store::new(config(small.as_ref(), &world.at("/index.yaml")));
    let error = install(&store, "corp/echo").await.unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    let left = fs::read_dir(std::path::Path::new(&small).join("corp")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["executor_v1.0.0_echo.lock"]);
}
