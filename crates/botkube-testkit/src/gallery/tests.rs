//! The gallery is whole: what it offers can be seen, and what is used answers.

use std::collections::BTreeSet;

use botkube_plugin::{message::Message, testing::Plugin};
use serde_json::{Value, json};

use super::*;

/// The commands of all controls in a message, without the bot's name.
fn commands(message: &Message) -> Vec<String> {
    let json = serde_json::to_value(message).unwrap();
    let mut found = Vec::new();
    collect(&json, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(command) = members.get("command").and_then(Value::as_str) {
                found.push(command.strip_prefix("{{BotName}} ").unwrap().to_owned());
            }
            members.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn messages() -> impl Iterator<Item = Message> {
    EXHIBITS.iter().filter_map(|exhibit| match exhibit.show {
        Show::Message(message) => Some(message()),
        Show::Reply(_) => None,
    })
}

#[tokio::test(start_paused = true)]
async fn every_verb_shows_something_or_fails_on_purpose() {
    for Exhibit { verb, .. } in EXHIBITS.iter().filter(|exhibit| exhibit.verb != "endless") {
        let outcome = Plugin::new(Gallery).execute(&format!("gallery {verb}"), &[]).await;
        assert_eq!(outcome.is_err(), ["error", "fail", "user", "parent"].contains(verb), "{verb}: {outcome:?}");
    }
}

#[test]
fn every_verb_is_a_button_of_its_help() {
    let expected: Vec<_> = EXHIBITS.iter().map(|exhibit| format!("gallery {}", exhibit.verb)).collect();
    assert_eq!(commands(&Gallery.help()), expected);
}

#[test]
fn no_two_controls_send_the_same() {
    let all: Vec<String> = messages().flat_map(|message| commands(&message)).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    assert!(all.iter().all(|command| command.starts_with("gallery used ")), "{all:?}");
}

#[test]
fn every_member_of_a_message_is_shown_somewhere() {
    let all = serde_json::to_string(&messages().collect::<Vec<_>>()).unwrap();
    let members = [
        "codeBlock",
        "plaintext",
        "header",
        "description",
        "buttons",
        "url",
        "primary",
        "danger",
        "bold",
        "italic",
        "code",
        "multiSelect",
        "initialOptions",
        "selects",
        "optionGroups",
        "initialOption",
        "static",
        "external",
        "plaintextInputs",
        "placeholder",
        "on_enter_pressed",
        "on_character_entered",
        "textFields",
        "bulletLists",
        "context",
        "divider",
        "onlyVisibleForYou",
        "form",
        "threadMessage",
        "baseBodyWithFilter",
        "nonInteractiveEventSingleSection",
        "basicCardWithButtonsInSeparateMessage",
    ];
    let missing: Vec<_> = members.iter().filter(|member| !all.contains(&format!("\"{member}\""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn what_is_used_is_answered_with_what_came_with_it() {
    let state = r#"{"values":{"b":{"gallery used form name":{"type":"plain_text_input","value":"web"}}}}"#;
    let plugin = Plugin::new(Gallery).user("<@U1>", "Ada").interactive().slack_state(state);
    let reply = plugin.execute("gallery used form  submit \"a b\"", &[]).await.unwrap();
    let told: Value = serde_json::from_str(&reply.collect().await.unwrap()[0].base_body.code_block).unwrap();
    assert_eq!(told["command"], "gallery used form  submit \"a b\"");
    assert_eq!(told["user"], json!({ "mention": "<@U1>", "displayName": "Ada" }));
    assert_eq!(told["interactive"], true);
    assert_eq!(told["slackState"]["values"]["b"]["gallery used form name"]["value"], "web");
}

#[tokio::test]
async fn a_verb_that_is_not_there_is_answered_with_those_that_are() {
    let error = Plugin::new(Gallery).execute("gallery painting", &[]).await.unwrap_err().to_string();
    assert!(error.contains("\"painting\"") && error.contains("buttons, selects"), "{error}");
}
