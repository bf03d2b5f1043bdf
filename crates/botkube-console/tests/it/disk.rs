//! What outlives an agent whose console keeps what was said on disk.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use botkube_console::{
    entry::Entry,
    store::{Store, disk::Disk},
};
use serde_json::json;
use tempfile::TempDir;

use crate::agent::Agent;

fn open(dir: &Path) -> Arc<dyn Store> {
    Arc::new(Disk::open(dir).unwrap())
}

/// An agent on this directory, when the one before has let go of it.
async fn restarted(dir: &Path, port: u16) -> Agent {
    for _ in 0..200 {
        match Disk::open(dir) {
            Ok(store) => return Agent::with(Arc::new(store), port).await,
            Err(error) => assert!(error.to_string().contains("another agent"), "{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the store is not let go of");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_nothing_and_runs_nothing_twice() {
    let dir = TempDir::new().unwrap();
    let agent = Agent::with(open(dir.path()), 0).await;
    let (port, browser) = (agent.port(), agent.browser().await);
    let mut window = browser.window(json!({})).await;
    window.send(json!({"type": "name", "name": "Ada"})).await;
    window.say("k1", "do hello").await;
    let before = window.ended("do hello").await;
    agent.end().await;
    drop(window);

    let agent = restarted(dir.path(), port).await;
    let mut window = browser.window(json!({})).await;
    assert_eq!(window.frame("welcome").await["person"]["name"], "Ada");
    assert_eq!(window.ended("do hello").await, before);
    window.say("k1", "do hello").await;
    window.answer("k1").await.unwrap();
    window.say("k2", "do other").await;
    window.ended("do other").await;
    assert_eq!(agent.calls(), 1);
    let mut back = browser.window(json!({"ops": before["revision"]})).await;
    let entries = loop {
        let frame = back.frame("entries").await;
        if frame["channel"] == "ops" {
            break frame;
        }
    };
    assert_eq!((&entries["reset"], &entries["entries"][0]["text"]), (&json!(false), &json!("do other")));
}

#[test]
fn what_ran_when_the_agent_was_gone_is_cancelled_and_what_it_never_answered_says_so() {
    let dir = TempDir::new().unwrap();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let first = runtime();
    let (port, browser) = first.block_on(async {
        let agent = Agent::with(open(dir.path()), 0).await;
        let browser = agent.browser().await;
        let mut window = browser.window(json!({})).await;
        window.say("k1", "do stream").await;
        window.entry(|entry| entry["live"]["state"]["running"].is_string()).await;
        window.say("k2", "do wait").await;
        window.answer("k2").await.unwrap();
        let port = agent.port();
        agent.vanish();
        (port, browser)
    });
    // Nothing that runs gets the chance to say that it ended.
    first.shutdown_background();
    runtime().block_on(async {
        let agent = restarted(dir.path(), port).await;
        let mut window = browser.window(json!({})).await;
        let mut texts = Vec::new();
        while texts.len() < 3 {
            let frame = window.frame("entries").await;
            for entry in frame["entries"].as_array().unwrap() {
                if entry["answers"] == "1" && entry["live"].is_object() {
                    assert_eq!(entry["live"]["state"]["ended"]["status"], "cancelled");
                    texts.push("cancelled");
                } else if entry["answers"] == "1" {
                    assert!(entry["message"].to_string().contains("it is not run again"), "{entry}");
                    texts.push("told");
                }
                if entry["answers"] == "2" || entry["answers"] == "3" {
                    texts.push("said");
                }
            }
        }
        window.say("k2", "do wait").await;
        window.answer("k2").await.unwrap();
        assert_eq!(agent.calls(), 0);
    });
}

fn entry(id: u64) -> Arc<Entry> {
    let entry = json!({"id": id.to_string(), "revision": id, "at": 1, "by": {"id": "p", "name": "", "bot": false},
        "text": "x".repeat(1000)});
    Arc::new(Entry { key: format!("p/{id}"), ..serde_json::from_value(entry).unwrap() })
}

#[test]
fn what_is_kept_is_found_again_in_order_with_its_keys() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    (1..=20).rev().for_each(|id| store.keep("ops", &entry(id)));
    (1..=5).for_each(|id| store.forget("ops", &entry(id)));
    store.keep("dev", &entry(3));
    drop(store);
    let store = open(dir.path());
    let found = store.load("ops");
    assert_eq!(found, (6..=20).map(|id| (*entry(id)).clone()).collect::<Vec<_>>());
    assert_eq!(store.load("dev").len(), 1);
}

#[test]
fn what_is_settled_is_on_disk() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store.keep("ops", &entry(1));
    assert!(store.settle());
    // As after a kill: what the process did not come to write is not there.
    let copy = TempDir::new().unwrap();
    fs::copy(dir.path().join("console.redb"), copy.path().join("console.redb")).unwrap();
    assert_eq!(open(copy.path()).load("ops").len(), 1);
}

#[test]
fn a_damaged_store_is_set_aside() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    (1..=1000).for_each(|id| store.keep("ops", &entry(id)));
    drop(store);
    let path = dir.path().join("console.redb");
    let whole = fs::read(&path).unwrap();
    let cut = whole[..whole.len() / 2].to_vec();
    let turned: Vec<u8> =
        whole.iter().enumerate().map(|(at, byte)| if at % 97 == 96 { !byte } else { *byte }).collect();
    for damaged in [b"no store at all".to_vec(), cut, turned] {
        fs::write(&path, &damaged).unwrap();
        let store = open(dir.path());
        assert!(store.load("ops").is_empty());
        assert!(dir.path().join("console.damaged.redb").is_file());
        store.keep("ops", &entry(1));
        assert!(store.settle());
    }
}

#[test]
fn two_agents_do_not_use_one_store() {
    let dir = TempDir::new().unwrap();
    let _first = Disk::open(dir.path()).unwrap();
    let error = Disk::open(dir.path()).err().unwrap();
    assert!(error.to_string().contains("another agent uses"), "{error}");
}

#[test]
fn only_the_owner_reads_what_was_said() {
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("console");
    let _store = Disk::open(&inner).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inner), mode(&inner.join("files")), mode(&inner.join("console.redb"))), (0o700, 0o700, 0o600));
}
