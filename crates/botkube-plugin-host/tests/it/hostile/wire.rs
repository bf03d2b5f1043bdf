//! Attacks amid a call: each is asked for by a command, which must have an ending that a person understands.

use std::path::PathBuf;

use super::{ANSWERED, Ending, World};
use tokio::{task::JoinSet, time};

/// How many attacks run at a time.
const AT_A_TIME: usize = 4;

/// How a command may end that asks for an attack.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// The person reads all this.
    Reads(&'static [&'static str]),
    /// The plugin goes on saying nothing that counts, and the command has its deadline.
    GivenUp,
    /// That, or the plugin is killed, when it has no time for health checks either.
    KilledOrGivenUp,
    /// The answer is good, whatever else was said.
    Answered,
}

use Expected::{Answered, GivenUp, KilledOrGivenUp, Reads};

/// The plugin was killed for it.
const KILLED: Expected = Reads(&["the plugin ended while it worked on this command", "was killed"]);
/// The same, for a flood.
const FLOODED: Expected =
    Reads(&["ended while it worked on this command", "it flooded the connection with", "was killed"]);
/// It ended by itself.
const ENDED: Expected = Reads(&["ended while it worked on this command", "exit code 6"]);

/// Its answer is none.
const NONSENSE: Expected = Reads(&["the plugin's answer cannot be understood"]);
/// It is well, and this call failed.
const BROKEN: Expected = Reads(&["the call to the plugin broke"]);
const TOO_LARGE: Expected = Reads(&["the plugin's answer is too large", "plugins.maxAnswerSize"]);

/// Commits the attack in a call of a plugin that answers live or, as upstream's do, at once.
async fn check(attack: &str, at_once: bool, expected: Expected) {
    let name = if at_once { "wire-at-once" } else { "wire" };
    let world = World::new(name);
    let runtime_dir = PathBuf::from(world.ask("bad directory").await.unwrap().trim());
    let ending = time::timeout(ANSWERED, world.ending(&format!("bad wire {attack}"))).await.expect("it ends");
    let case = format!("{attack} on {name}: {ending:?}, not {expected:?}");
    match (expected, &ending) {
        (Reads(parts), Ending::Failed(text)) => assert!(parts.iter().all(|part| text.contains(part)), "{case}"),
        (KilledOrGivenUp, Ending::Failed(text)) => assert!(text.contains("was killed"), "{case}"),
        (Answered, Ending::Answered(text)) => assert!(text.contains("wire"), "{case}"),
        (GivenUp | KilledOrGivenUp, Ending::GivenUp) => {}
        _ => panic!("{case}"),
    }
    let good = time::timeout(ANSWERED, world.ask("good hello")).await.expect("others are answered").unwrap();
    assert!(good.contains("ok"), "{case}: the good one said {good}");
    world.stop(&runtime_dir).await;
}

/// Commits the attacks, several at a time, in both kinds of calls.
async fn check_all(attacks: &'static [(&'static str, Expected)]) {
    let cases =
        attacks.iter().flat_map(|(attack, expected)| [false, true].map(|at_once| (*attack, at_once, *expected)));
    let (mut running, mut failed) = (JoinSet::new(), 0);
    for (attack, at_once, expected) in cases {
        if running.len() == AT_A_TIME {
            failed += usize::from(running.join_next().await.is_some_and(|ended| ended.is_err()));
        }
        running.spawn(check(attack, at_once, expected));
    }
    while let Some(ended) = running.join_next().await {
        failed += usize::from(ended.is_err());
    }
    assert_eq!(failed, 0, "what each says is above");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_told() {
    check_all(&[
        ("a-web-page", NONSENSE),
        ("not-found", NONSENSE),
        ("no-status-line", BROKEN),
        ("nothing-at-all", NONSENSE),
        ("no-trailers", NONSENSE),
        ("two-answers", Answered),
        ("endless-answers", BROKEN),
        ("status-99", Reads(&["odd"])),
        ("status-in-words", Reads(&["odd"])),
        ("reason-not-utf8", NONSENSE),
        ("answer-not-utf8", NONSENSE),
        ("noise", NONSENSE),
        ("longer-than-said", NONSENSE),
        ("packed-without-a-word", NONSENSE),
        ("packed-in-an-unknown-way", NONSENSE),
        ("2-gib", TOO_LARGE),
        ("4-gib", TOO_LARGE),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_its_plugin_and_is_named() {
    check_all(&[
        ("endless-headers", KILLED),
        ("large-headers", KILLED),
        ("header-bomb", Reads(&["broke", "protocol error"])),
        ("endless-interim-answers", FLOODED),
        ("pings", FLOODED),
        ("settings", FLOODED),
        ("resets", FLOODED),
        ("windows", FLOODED),
        ("priorities", FLOODED),
        ("unknown-frames", FLOODED),
        ("empty-data", KILLED),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_2_ends_its_plugin() {
    check_all(&[
        ("shouting-header", KILLED),
        ("garbage", KILLED),
        ("frame-too-large", KILLED),
        ("broken-headers", KILLED),
        ("broken-settings", KILLED),
        ("settings-out-of-bounds", KILLED),
        ("continues-nothing", KILLED),
        ("answers-a-call-never-made", KILLED),
        ("answers-itself", KILLED),
        ("data-for-a-call-never-made", KILLED),
        ("resets-a-call-never-made", KILLED),
        ("pushes", KILLED),
        ("overflows-the-window", KILLED),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_call_is_told() {
    check_all(&[("data-before-headers", KILLED), ("resets-the-call", BROKEN)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_keeps_its_host_waiting_is_killed_or_its_call_given_up() {
    check_all(&[
        ("pings-and-deaf", KILLED),
        ("settings-and-deaf", KILLED),
        ("ignores-the-window", BROKEN),
        ("slow-loris", KILLED),
        ("half-a-frame", KILLED),
        ("leaves-no-room", KILLED),
        ("goes-away-and-stays", KILLED),
        ("promises-much", GivenUp),
        ("crumbs", KilledOrGivenUp),
        ("never-ends", GivenUp),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_each_step_of_an_answer_is_told() {
    check_all(&[
        ("exits-before-its-answer", ENDED),
        ("exits-after-its-headers", ENDED),
        ("exits-amid-its-answer", ENDED),
        ("exits-before-its-trailers", ENDED),
        ("exits-amid-a-frame", ENDED),
        ("hangs-up", KILLED),
    ])
    .await;
}
