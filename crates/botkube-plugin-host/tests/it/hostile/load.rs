//! What a flood costs the host: its memory, measured from outside.

use std::{fs, time::Duration};

use tokio::{sync::Mutex, time};

use super::World;

/// By how much the host's memory may grow in a flood, in bytes: the largest answer it takes (64 MiB), once as it comes and once
/// as it is passed on, and as much again for what the allocator keeps and what other tests of this process have.
const GROWTH: u64 = 256 << 20;
/// How long each flood goes on, unless the host ends it.
const FLOOD: Duration = Duration::from_secs(2);

/// One at a time, since there is one process to measure.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let pages: u64 = fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

/// The most memory that the flood takes beyond what there was before.
async fn growth(fault: &str, command: &str) -> u64 {
    let world = World::new(fault);
    world.ask("bad hello").await.unwrap();
    let before = resident();
    let (host, command) = (world.host.clone(), command.to_owned());
    let flood = tokio::spawn(async move { time::timeout(FLOOD, super::ask(&host, &command)).await });
    let (mut most, mut looks) = (before, time::interval(Duration::from_millis(10)));
    while !flood.is_finished() {
        looks.tick().await;
        most = most.max(resident());
    }
    world.host.stop().await;
    most - before
}

/// Floods of every kind stay within the bound.
async fn check(fault: &str, commands: &[&str]) {
    let _alone = ALONE.lock().await;
    for command in commands {
        let grown = growth(fault, command).await;
        assert!(grown < GROWTH, "{command} on {fault} took {} MiB", grown >> 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_flood_of_frames_takes_more_memory_than_the_bound() {
    for fault in ["wire", "wire-at-once"] {
        let floods = ["pings-and-deaf", "settings-and-deaf", "crumbs", "endless-answers", "endless-interim-answers"];
        let commands = floods.map(|flood| format!("bad wire {flood}"));
        check(fault, &commands.each_ref().map(String::as_str)).await;
        let headers = ["endless-headers", "large-headers", "header-bomb", "ignores-the-window", "4-gib"];
        let commands = headers.map(|flood| format!("bad wire {flood}"));
        check(fault, &commands.each_ref().map(String::as_str)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_flood_of_output_and_no_huge_answer_takes_more_memory_than_the_bound() {
    check("logs-endlessly", &["bad stream 1000 every 10"]).await;
    check("none", &["bad print-endlessly", "bad mib 200", "bad stream endless", "bad stream mib 200"]).await;
}
