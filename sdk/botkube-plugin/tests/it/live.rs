//! What an author can rely on while a command runs: parts, progress, and what becomes of a command that is cancelled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use botkube_plugin::{prelude::*, testing::Plugin};
use tokio::{sync::Notify, time};
use tokio_stream::StreamExt;

/// An executor that works until it is told otherwise, and shows how it ended.
#[derive(Clone, Default)]
struct Worker(Arc<Seen>);

#[derive(Default)]
struct Seen {
    begun: Notify,
    /// It came to the end of its tidying up.
    tidy: AtomicBool,
    /// All of the call is dropped.
    dropped: Notify,
}

struct TellDropped(Arc<Seen>);

impl Drop for TellDropped {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

impl Executor for Worker {
    type Config = NoConfig;

    fn about(&self) -> About {
        about!().name("worker")
    }

    async fn execute(&self, call: Call<NoConfig>) -> Result<Reply> {
        let seen = self.0.clone();
        let _drop = TellDropped(seen.clone());
        seen.begun.notify_one();
        match call.arguments() {
            "minds" => {
                call.cancelled().await;
                assert!(call.is_cancelled());
                time::sleep(Duration::from_millis(1900)).await;
                seen.tidy.store(true, Ordering::Relaxed);
            }
            "looks" => {
                while !call.is_cancelled() {
                    time::sleep(Duration::from_millis(10)).await;
                }
                seen.tidy.store(true, Ordering::Relaxed);
            }
            "dawdles" => {
                call.cancelled().await;
                time::sleep(Duration::from_millis(2100)).await;
                seen.tidy.store(true, Ordering::Relaxed);
            }
            "streams" => {
                let parts = tokio_stream::iter(0..3).then(move |n| {
                    let (call, seen) = (call.clone(), seen.clone());
                    async move {
                        if n > 0 {
                            call.cancelled().await;
                            seen.tidy.store(true, Ordering::Relaxed);
                        }
                        Ok(Part::text("tick"))
                    }
                });
                return Ok(Reply::stream(parts));
            }
            "does-not-mind" => std::future::pending().await,
            "counts" => {
                (1..=1_000_000).for_each(|n| call.progress(format!("{n} of 1000000")));
                time::sleep(Duration::from_millis(10)).await;
            }
            "long-progress" => {
                call.progress("ä".repeat(5000));
                time::sleep(Duration::from_millis(10)).await;
            }
            "panics-midway" => {
                let parts = tokio_stream::iter(0..2).map(|n| if n == 0 { Ok(Part::text("a")) } else { panic!("late") });
                return Ok(Reply::stream(parts));
            }
            _ => {}
        }
        Ok(Reply::code("done").more(Message::text("and more")))
    }
}

async fn parts(command: &str) -> Vec<Result<Part>> {
    let mut parts = Plugin::new(Worker::default()).stream(command, &[]);
    let mut all = Vec::new();
    while let Some(part) = parts.next().await {
        all.push(part);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_no_stream_is_its_messages() {
    let parts: Vec<Part> = parts("worker").await.into_iter().map(Result::unwrap).collect();
    assert_eq!(parts, [Part::message(Message::code("done").with_filter()), Part::message(Message::text("and more"))]);
}

#[tokio::test(start_paused = true)]
async fn of_a_million_words_on_progress_the_last_is_said() {
    let first = parts("worker counts").await.remove(0).unwrap();
    assert_eq!(first, Part::progress("1000000 of 1000000"));
}

#[tokio::test(start_paused = true)]
async fn progress_is_short() {
    let first = parts("worker long-progress").await.remove(0).unwrap();
    assert_eq!(first, Part::progress("ä".repeat(512)));
}

#[tokio::test]
async fn a_panic_midway_is_the_error_after_what_was_said() {
    let mut parts = parts("worker panics-midway").await;
    assert_eq!(parts.remove(0).unwrap(), Part::text("a"));
    assert_eq!(parts.remove(0).unwrap_err().to_string(), "the plugin panicked: late");
    assert!(parts.is_empty());
}

/// What becomes of a command that is cancelled once it has begun: whether it could tidy up. It must be gone `within` that.
async fn tidies_up(command: &str, within: Duration) -> bool {
    let worker = Worker::default();
    let seen = worker.0.clone();
    let plugin = Plugin::new(worker);
    let mut parts = plugin.stream(command, &[]);
    tokio::select! {
        biased;
        part = parts.next() => panic!("{part:?}"),
        () = seen.begun.notified() => {}
    }
    drop(parts);
    time::timeout(within, seen.dropped.notified()).await.expect("it goes on");
    seen.tidy.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_to_be_cancelled_has_two_seconds_to_tidy_up() {
    assert!(tidies_up("worker minds", Duration::from_secs(2)).await);
    assert!(!tidies_up("worker dawdles", Duration::from_millis(2050)).await);
}

#[tokio::test(start_paused = true)]
async fn one_that_looks_now_and_then_whether_it_is_cancelled_has_them_too() {
    assert!(tidies_up("worker looks", Duration::from_secs(2)).await);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_mind_is_dropped_at_once() {
    assert!(!tidies_up("worker does-not-mind", Duration::ZERO).await);
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_them_too() {
    let worker = Worker::default();
    let seen = worker.0.clone();
    let plugin = Plugin::new(worker);
    let mut parts = plugin.stream("worker streams", &[]);
    assert_eq!(parts.next().await.unwrap().unwrap(), Part::text("tick"));
    tokio::select! {
        biased;
        part = parts.next() => panic!("{part:?}"),
        () = time::sleep(Duration::from_millis(10)) => {}
    }
    drop(parts);
    time::sleep(Duration::from_millis(10)).await;
    assert!(seen.tidy.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_answered_at_once_is_cancelled_like_one_that_streams() {
    let worker = Worker::default();
    let seen = worker.0.clone();
    let plugin = Plugin::new(worker);
    tokio::select! {
        biased;
        reply = plugin.execute("worker minds", &[]) => panic!("{reply:?}"),
        () = seen.begun.notified() => {}
    }
    time::timeout(Duration::from_secs(2), seen.dropped.notified()).await.expect("it goes on");
    assert!(seen.tidy.load(Ordering::Relaxed));
}
