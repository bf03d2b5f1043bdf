//! Plugins that somebody else starts: found, called, left in peace, and found again. Must not know how they are looked for.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use go_plugin::host::{Attach, Plugin};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::timeout;

use crate::support::{COOKIE, SOON, VERSION, call, lives, nothing_left, peer, sockets, until};

const HEALTH: Duration = Duration::from_secs(5);

/// Starts a plugin as a person does, whose terminal nobody reads.
pub(crate) fn by_hand(program: &Path, dir: &Path) -> Child {
    let nobody = || Stdio::from(File::options().write(true).open("/dev/null").unwrap());
    let variables = Attach::new(dir).variables(&COOKIE, &[VERSION]);
    Command::new(program).env_clear().envs(variables).stdout(nobody()).stderr(nobody()).spawn().unwrap()
}

pub(crate) async fn attached(dir: &Path) -> Plugin {
    timeout(SOON, Plugin::attach(Attach::new(dir))).await.expect("it is found").unwrap()
}

async fn answers(plugin: &Plugin) {
    plugin.ping(HEALTH).await.unwrap();
    assert_eq!(call(plugin.connection(), "echo hello").await.unwrap(), b"hello");
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed()).unwrap()
}

/// Waits for its end, which leaves nothing behind.
async fn ended(mut child: Child, dir: &Path) {
    until("the plugin's end", || child.try_wait().unwrap().is_some()).await;
    nothing_left(dir).await;
}

/// A plugin of any make is found, answers, and leaves when it is asked to.
pub(crate) async fn check(program: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let child = by_hand(program, dir.path());
    let plugin = attached(dir.path()).await;
    answers(&plugin).await;
    assert_eq!((plugin.id(), plugin.version()), (None, None));
    let exit = plugin.stop().await;
    assert_eq!((exit.attached, exit.killed, exit.to_string().as_str()), (true, false, "its connection was closed"));
    ended(child, dir.path()).await;
}

#[tokio::test]
async fn a_plugin_that_was_there_before_is_found_and_leaves_when_it_is_asked_to() {
    check(&peer()).await;
}

#[tokio::test]
async fn a_plugin_is_waited_for_until_it_comes_and_again_when_it_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_owned();
    for earlier in 0..2 {
        let waiting = tokio::spawn({
            let place = place.clone();
            async move { attached(&place).await }
        });
        assert_eq!(sockets(&place).len(), earlier, "a killed plugin leaves its socket");
        let mut child = by_hand(&peer(), &place);
        let plugin = waiting.await.unwrap();
        answers(&plugin).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(timeout(SOON, plugin.exited()).await.unwrap().attached);
    }
}

#[tokio::test]
async fn a_plugin_started_by_hand_stays_when_it_is_let_go_and_leaves_on_an_interrupt() {
    let dir = tempfile::tempdir().unwrap();
    let child = by_hand(&peer(), dir.path());
    for _ in 0..2 {
        let plugin = attached(dir.path()).await;
        answers(&plugin).await;
        plugin.kill().await;
        assert!(lives(pid(&child)));
    }
    kill_process(pid(&child), Signal::INT).unwrap();
    ended(child, dir.path()).await;
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_said() {
    let error = Plugin::attach(Attach::new("/nowhere")).await.unwrap_err().to_string();
    assert!(error.contains("/nowhere") && error.contains("cannot look for its socket"), "{error}");
}
