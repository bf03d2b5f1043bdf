//! What a flood costs other plugins: how long their answers take beside it.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{self, Instant},
};

use super::World;

/// How many calls are measured with and without the flood.
const CALLS: usize = 300;
/// In so many turns, so that what else the machine does falls on both alike.
const TURNS: usize = 6;
/// How often it is measured before it counts as a failure: others use this machine too.
const ATTEMPTS: usize = 3;

/// What an answer may take beside a flood whose answers take so long without one, for 99 of 100.
fn bound(undisturbed: Duration) -> Duration {
    2 * undisturbed + Duration::from_millis(10)
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

async fn measure(world: &World, times: &mut Vec<Duration>) {
    for _ in 0..CALLS / TURNS {
        let began = Instant::now();
        world.ask("good hello").await.unwrap();
        times.push(began.elapsed());
    }
}

/// Asks for the attack again and again: whatever ends it, the next one begins.
fn flood(world: &Arc<World>, command: &'static str) -> JoinHandle<()> {
    let world = world.clone();
    tokio::spawn(async move {
        loop {
            let _ = time::timeout(Duration::from_secs(2), world.ask(command)).await;
            tokio::task::yield_now().await;
        }
    })
}

/// The neighbour's p99 without and with the flood.
async fn measured(fault: &str, command: &'static str) -> (Duration, Duration) {
    let world = Arc::new(World::new(fault));
    let (mut quiet, mut disturbed) = (Vec::new(), Vec::new());
    world.ask("good hello").await.unwrap();
    for _ in 0..TURNS {
        measure(&world, &mut quiet).await;
        let flood = flood(&world, command);
        measure(&world, &mut disturbed).await;
        flood.abort();
        let _ = flood.await;
    }
    world.host.stop().await;
    (p99(&mut quiet), p99(&mut disturbed))
}

async fn check(fault: &str, command: &'static str) {
    let mut measurements = Vec::new();
    for _ in 0..ATTEMPTS {
        let (quiet, disturbed) = measured(fault, command).await;
        if disturbed <= bound(quiet) {
            return;
        }
        measurements.push((quiet, disturbed));
    }
    panic!("{command} on {fault} disturbs its neighbour: {measurements:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_frames_leaves_the_neighbours_their_pace() {
    check("wire", "bad wire pings").await;
    check("wire", "bad wire settings-and-deaf").await;
    check("wire-at-once", "bad wire endless-answers").await;
    check("wire", "bad wire crumbs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_leaves_the_neighbours_their_pace() {
    check("logs-endlessly", "bad id").await;
    check("none", "bad stream endless").await;
}
