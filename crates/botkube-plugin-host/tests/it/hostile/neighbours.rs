//! What a flood costs other plugins: how long their answers take beside it.

use std::{future, time::Duration};

use tokio::time::Instant;

use super::{MACHINE, World};

/// How many calls are measured with and without the flood.
const CALLS: usize = 300;
/// In so many turns, so that what else the machine does falls on both alike.
const TURNS: usize = 3;
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

/// The neighbour's p99 without and with the flood.
async fn measured(fault: &str, command: &str) -> (Duration, Duration) {
    let (mut quiet, mut disturbed) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        // A host of its own for each turn: a flood may go on when nobody waits for it any more.
        let world = World::new(fault);
        world.ask("good hello").await.unwrap();
        measure(&world, &mut quiet).await;
        world.ask("bad hello").await.unwrap();
        let flooded = async {
            let _ = world.ask(command).await;
            future::pending().await
        };
        tokio::select! {
            // First: the flood is to be under way.
            biased;
            () = flooded => {}
            () = measure(&world, &mut disturbed) => {}
        }
        world.host.stop().await;
    }
    (p99(&mut quiet), p99(&mut disturbed))
}

async fn check(fault: &str, command: &str) {
    let _alone = MACHINE.write().await;
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
    check("logs-endlessly", "bad stream 1000 every 10").await;
    check("none", "bad stream endless").await;
}
