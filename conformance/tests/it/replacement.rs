//! What becomes of a plugin that no longer answers, and of a start that somebody did not wait for.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};

use botkube_config::model::Plugins as Settings;
use botkube_core::{
    port::{PluginCall, PluginError, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{catalogue::Catalogue, host::Host};
use conformance::{is_alive, program};
use go_plugin::host::Direct;
use tokio::time::timeout;

/// The misbehaving executor at this path, under the agent's host.
fn host(path: PathBuf) -> Host {
    let given = BTreeMap::from([("mine".to_owned(), path)]);
    Host::new(Catalogue { given, ..Catalogue::default() }, Arc::new(Direct), Settings::default()).unwrap()
}

async fn ask(host: &Host, command: &str) -> Result<String, PluginError> {
    let (plugin, call) = (PluginRef::Named("mine".into()), PluginCall::new(command));
    host.execute(&plugin, call, &mut Vec::new()).await.map(|answer| answer[0].base_body.code_block.clone())
}

/// Has a call of this kind given up once it is under way, and returns the process that had it.
async fn given_up(host: &Host, fault: &str) -> u32 {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let command = format!("mine {fault} {}", file.display());
    let begun = async {
        loop {
            match fs::read_to_string(&file).ok().and_then(|pid| pid.parse().ok()) {
                Some(pid) => break pid,
                None => tokio::task::yield_now().await,
            }
        }
    };
    tokio::select! {
        answer = ask(host, &command) => panic!("{answer:?}"),
        pid = timeout(Duration::from_secs(30), begun) => pid.expect("the call begins"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_plugin_is_replaced_for_the_next_command() {
    let host = host(program("executor-misbehaving"));
    let frozen = given_up(&host, "freeze").await;
    let answered =
        timeout(Duration::from_secs(20), ask(&host, "mine id")).await.expect("it is replaced in time").unwrap();
    assert_ne!(answered, frozen.to_string());
    assert!(!is_alive(frozen));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_was_only_slow_keeps_its_process() {
    let host = host(program("executor-misbehaving"));
    let slow = given_up(&host, "hang").await;
    assert_eq!(ask(&host, "mine id").await.unwrap(), slow.to_string());
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_goes_on_for_others_when_whoever_asked_first_gives_up() {
    let dir = tempfile::tempdir().unwrap();
    let (started, go) = (dir.path().join("started"), dir.path().join("go"));
    let script = format!(
        "#!/bin/sh\necho x >> {}\nwhile [ ! -e {} ]; do sleep 0.01; done\nexec {}\n",
        started.display(),
        go.display(),
        program("executor-misbehaving").display()
    );
    let path = dir.path().join("executor_mine");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    let host = host(path);
    let begun = async {
        while !started.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = ask(&host, "mine id") => panic!("{answer:?}"),
        begun = timeout(Duration::from_secs(30), begun) => begun.expect("it is started"),
    }
    fs::write(&go, "").unwrap();
    ask(&host, "mine id").await.unwrap();
    assert_eq!(fs::read_to_string(&started).unwrap(), "x\n", "it was started more than once");
    host.stop().await;
}
