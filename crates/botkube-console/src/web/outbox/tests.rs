//! What a slow browser is told.

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::*;

fn entry(id: u64, revision: u64, code: &str) -> Arc<Entry> {
    let entry = json!({"id": id.to_string(), "revision": revision, "at": 1, "by": {"id": "", "name": "", "bot": true},
        "message": {"baseBody": {"codeBlock": code}}});
    Arc::new(serde_json::from_value(entry).unwrap())
}

fn grown(id: u64, revision: u64, code: &str, text: &str) -> Change {
    Change::Grown { id: id.to_string(), revision, text: text.into(), entry: entry(id, revision, code) }
}

/// All that is told, less what does not change.
#[track_caller]
fn check(outbox: &Outbox, expected: &[Value]) {
    let told: Vec<Value> = std::iter::from_fn(|| match outbox.next().now_or_never()? {
        Outgoing::Text(text) => Some(short(&serde_json::from_str(&text).unwrap())),
        Outgoing::Close(code, _) => panic!("closed with {code}"),
    })
    .collect();
    assert_eq!(told, expected);
}

fn short(frame: &Value) -> Value {
    match frame["entries"].as_array() {
        Some(entries) => {
            let entries: Vec<Value> = entries
                .iter()
                .map(|entry| json!([entry["id"], entry["revision"], entry["message"]["baseBody"]["codeBlock"]]))
                .collect();
            json!({"entries": entries, "reset": frame["reset"]})
        }
        None if frame["type"] == "grown" => json!({"grown": frame["id"], "text": frame["text"]}),
        None => frame["type"].clone(),
    }
}

#[test]
fn a_channel_begins_with_a_frame_even_when_nothing_is_new() {
    let outbox = Outbox::default();
    outbox.begin("ops", 7, false, Vec::new());
    check(&outbox, &[json!({"entries": [], "reset": false})]);
}

#[test]
fn growth_is_told_to_who_has_all_before_it() {
    let outbox = Outbox::default();
    outbox.begin("ops", 0, true, vec![entry(1, 1, "a")]);
    check(&outbox, &[json!({"entries": [["1", 1, "a"]], "reset": true})]);
    outbox.change("ops", grown(1, 2, "ab", "b"));
    check(&outbox, &[json!({"grown": "1", "text": "b"})]);
    // What another person alone sees has a revision, too.
    outbox.change("ops", grown(1, 4, "abc", "c"));
    check(&outbox, &[json!({"entries": [["1", 4, "abc"]], "reset": false})]);
}

#[test]
fn of_an_entry_only_the_latest_state_waits() {
    let outbox = Outbox::default();
    outbox.begin("ops", 1, false, Vec::new());
    for revision in 2..1000 {
        outbox.change("ops", grown(1, revision, &format!("to {revision}"), "x"));
    }
    outbox.change("ops", Change::Entry(entry(2, 1000, "other")));
    // A change that comes late is older than what waits.
    outbox.change("ops", Change::Entry(entry(1, 5, "late")));
    check(&outbox, &[json!({"entries": [["1", 999, "to 999"], ["2", 1000, "other"]], "reset": false})]);
}

#[test]
fn no_more_waits_than_rooms_keep() {
    let outbox = Outbox::default();
    outbox.begin("ops", 0, false, Vec::new());
    for id in 1..=(KEPT as u64 + 10) {
        outbox.change("ops", Change::Entry(entry(id, id, "")));
    }
    let told = outbox.state().channels["ops"].changes.len();
    assert_eq!(told, KEPT);
}

#[test]
fn many_large_entries_are_told_in_several_frames() {
    let outbox = Outbox::default();
    let entries = (1..=20).map(|id| entry(id, id, &"x".repeat(100 << 10))).collect();
    outbox.begin("ops", 0, true, entries);
    let mut frames = Vec::new();
    while let Some(Outgoing::Text(text)) = outbox.next().now_or_never() {
        frames.push(text);
    }
    assert!(
        frames.iter().all(|frame| frame.len() < 1 << 20),
        "{:?}",
        frames.iter().map(String::len).collect::<Vec<_>>()
    );
    let resets = frames.iter().filter(|frame| frame.contains("\"reset\":true")).count();
    assert_eq!((frames.len(), resets), (4, 1));
}

#[test]
fn a_form_opens_after_what_it_belongs_to_is_told() {
    let outbox = Outbox::default();
    outbox.begin("ops", 0, false, Vec::new());
    outbox.change("ops", Change::Form(entry(1, 1, "a")));
    outbox.change("ops", Change::Entry(entry(1, 1, "a")));
    check(&outbox, &[json!({"entries": [["1", 1, "a"]], "reset": false}), json!("form")]);
}

#[tokio::test]
async fn who_asks_more_than_is_taken_is_not_listened_to() {
    let outbox = Outbox::default();
    for _ in 0..ANSWERS {
        outbox.has_room().now_or_never().unwrap();
        outbox.answer(&ToBrowser::Accepted { key: "k" });
    }
    assert!(outbox.has_room().now_or_never().is_none());
    outbox.next().await;
    assert!(outbox.has_room().now_or_never().is_some());
}

#[test]
fn answers_are_given_before_the_connection_ends() {
    let outbox = Outbox::default();
    outbox.close(1001, "over");
    outbox.answer(&ToBrowser::Accepted { key: "k" });
    assert!(matches!(outbox.next().now_or_never(), Some(Outgoing::Text(_))));
    assert_eq!(outbox.next().now_or_never(), Some(Outgoing::Close(1001, "over".into())));
}
