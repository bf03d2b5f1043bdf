//! What is said of each difference, and that no key is forgotten.
//! Must not know: how a configuration is loaded.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map as Json, Value as JsonValue, json};

use super::*;
use crate::Options;
use crate::shape::{self, Map, Shape};
use crate::source::Sources;

fn load(yaml: &str) -> Loaded {
    let mut sources = Sources::default();
    let source = sources.add(Path::new("c.yaml"), yaml.into());
    let root = crate::tree::parse(&sources, source).unwrap();
    crate::assemble(sources, vec![root], BTreeMap::new(), Options::default())
}

/// What changes, each as people read it.
#[track_caller]
fn check(before: &str, after: &str, expected: &[&str]) {
    let changes = diff(&load(before), &load(after));
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{changes:#?}");
}

/// A group `tools` with this in it.
fn tools(plugins: &str) -> String {
    format!("executors: {{tools: {{{plugins}}}}}")
}

/// A channel `ops` of the console with this in it.
fn ops(channel: &str) -> String {
    format!("communications: {{main: {{console: {{channels: {{ops: {{{channel}}}}}}}}}}}")
}

#[test]
fn what_means_the_same_changes_nothing() {
    check("settings: {clusterName: not-configured}", "", &[]);
    check(
        &tools("a/b: {enabled: true, config: {x: 1, y: 2}}"),
        &tools("a/b: {config: {y: 2, x: 1}, enabled: 'true'}"),
        &[],
    );
    check("plugins: {callTimeout: 300s}", "plugins: {callTimeout: 5m, env: {}}", &[]);
    check(&tools("a/b: {}, displayName: ''"), &tools("a/b:"), &[]);
}

#[test]
fn plugins_that_come_and_go_are_named_with_their_group() {
    check(
        &tools("a/b: {enabled: true}"),
        &tools("a/b: {enabled: true}, a/c: {enabled: true}"),
        &["`a/c` is new in the group `tools`"],
    );
    check(&tools("a/b: {enabled: true}"), &tools("a/b: {enabled: false}"), &["`a/b` is gone from the group `tools`"]);
    let said = ["the group `tools` of executors is new", "`a/b` is new in the group `tools`"];
    check("", &tools("a/b: {enabled: true, config: {x: 1}}"), &said);
    let said = ["the group `tools` of executors is gone", "`a/b` is gone from the group `tools`"];
    check(&tools("a/b: {enabled: true, config: {x: 1}}"), "", &said);
}

#[test]
fn another_version_is_one_change_and_what_it_is_given_another() {
    let said = "`a/b` in the group `tools` goes from version v1 to v2";
    check(&tools("a/b@v1: {enabled: true}"), &tools("a/b@v2: {enabled: true}"), &[said]);
    let configured = "`a/b@v2` is given another configuration in the group `tools`";
    check(
        &tools("a/b@v1: {enabled: true, config: {x: 1}}"),
        &tools("a/b@v2: {enabled: true, config: {x: 2}}"),
        &[said, configured],
    );
    check(&tools("a/b@v1: {enabled: true, config: {x: 1}}"), &tools("a/b@v2: {enabled: true}"), &[said, configured]);
    let said = "`a/b` in the group `tools` goes from version v1 to the newest";
    check(&tools("a/b@v1: {enabled: true}"), &tools("a/b: {enabled: true}"), &[said]);
}

#[test]
fn what_a_plugin_is_given_and_whom_it_acts_as_is_compared_and_not_shown() {
    let given = |config: &str| tools(&format!("a/b: {{enabled: true, config: {config}}}"));
    let said = ["`a/b` is given another configuration in the group `tools`"];
    check(&given("{token: one}"), &given("{token: two}"), &said);
    check(&given("{}"), &tools("a/b: {enabled: true}"), &said);
    let acts = |user: &str| {
        tools(&format!(
            "a/b: {{enabled: true, context: {{rbac: {{user: {{type: Static, static: {{value: {user}}}}}}}}}}}"
        ))
    };
    check(&acts("ada"), &acts("bob"), &["`a/b` acts as somebody else in the group `tools`"]);
}

#[test]
fn channels_and_their_bindings_are_named() {
    let bound = |groups: &str| ops(&format!("bindings: {{executors: [{groups}]}}"));
    let channel = "the channel `ops` of `communications.main.console`";
    check(
        &bound("a, b"),
        &bound("b, c"),
        &[&format!("{channel} gets `executors.c`"), &format!("{channel} loses `executors.a`")],
    );
    check(&bound("a, b"), &bound("b, a"), &[&format!("{channel} has its groups in another order")]);
    check("communications: {main: {console: }}", &bound("a"), &[&format!("{channel} is new")]);
    check(
        &ops("name: one"),
        &ops("name: two"),
        &["`communications.main.console.channels.ops.name`: \"one\" → \"two\""],
    );
}

#[test]
fn the_order_in_which_things_count_is_a_change() {
    let said = ["what is below `executors` stands in another order"];
    check("executors: {a: {x/y: {}}, b: {x/y: {}}}", "executors: {b: {x/y: {}}, a: {x/y: {}}}", &said);
}

#[test]
fn what_takes_effect_after_a_restart_or_never_says_so() {
    check(
        "",
        "settings: {log: {level: debug}}",
        &["`settings.log.level`: \"info\" → \"debug\" (takes effect after a restart)"],
    );
    check("", "analytics: {disable: true}", &["`analytics.disable`: false → true (without effect in this version)"]);
    let web = |port: u16| format!("communications: {{main: {{console: {{web: {{port: {port}}}}}}}}}");
    check(&web(1), &web(2), &["`communications.main.console.web.port`: 1 → 2 (takes effect after a restart)"]);
}

#[test]
fn secrets_are_compared_and_not_shown() {
    let secret =
        |header: &str| format!("plugins: {{repositories: {{corp: {{url: u, headers: {{X-Key: {header}}}}}}}}}");
    check(&secret("one"), &secret("two"), &["`plugins.repositories.corp.headers.X-Key` is another one"]);
    let variable = |value: &str| format!("plugins: {{env: {{a/b: {{NAME: {value}}}}}}}");
    check(&variable("one"), &variable("two"), &["`plugins.env.a/b.NAME` is another one"]);
    let url = |password: &str| format!("plugins: {{repositories: {{corp: {{url: 'https://ada:{password}@host/i'}}}}}}");
    check(&url("one"), &url("two"), &["`plugins.repositories.corp.url` is another one"]);
}

/// A configuration with every key there is, each with one value or, below `path`, with another.
struct Every<'a> {
    flag: bool,
    path: Option<&'a [String]>,
}

impl Every<'_> {
    fn map(&self, map: &Map, at: &mut Vec<String>) -> JsonValue {
        let name = if map.plugins || map.each.contains('/') { "repository/plugin" } else { "name" };
        let known = map.known.iter().map(|field| (field.name.as_str(), &field.shape));
        let rest = map.rest.iter().map(|shape| (name, shape));
        let mut object = Json::new();
        for (key, shape) in known.chain(rest) {
            at.push(key.into());
            object.insert(key.into(), self.value(shape, at));
            at.pop();
        }
        object.into()
    }

    fn value(&self, shape: &Shape, at: &mut Vec<String>) -> JsonValue {
        let is_other = self.path == Some(at);
        let number = u64::from(is_other);
        let text = if is_other { "hushed-two" } else { "hushed-one" };
        match shape {
            Shape::Map(map) => self.map(map, at),
            Shape::Bool => (self.flag != is_other).into(),
            Shape::Whole(least, _) => (least + number).into(),
            Shape::Span(_) => format!("{}s", 7 + number).into(),
            Shape::Size => format!("{}Mi", 7 + number).into(),
            Shape::Choice(choices) => choices[usize::from(is_other)].as_str().into(),
            Shape::Any => json!({"key": text}),
            Shape::Secret => text.into(),
            Shape::Text => if is_other { "two" } else { "one" }.into(),
            Shape::List(list) => {
                let item = match &list.item {
                    Shape::Map(map) => Every { path: None, ..*self }.map(map, &mut Vec::new()),
                    _ => "item".into(),
                };
                vec![item; 1 + usize::from(is_other)].into()
            }
        }
    }

    fn loaded(&self) -> Loaded {
        load(&self.map(shape::root(), &mut Vec::new()).to_string())
    }
}

#[test]
fn no_key_is_forgotten_and_nothing_is_shown_that_may_be_secret() {
    for flag in [true, false] {
        let whole = Every { flag, path: None }.loaded();
        assert_eq!(diff(&whole, &whole), []);
        assert!(whole.origins.seals.len() > 100);
        for path in whole.origins.seals.keys() {
            let other = Every { flag, path: Some(path) }.loaded();
            for changes in [diff(&whole, &other), diff(&other, &whole)] {
                let dotted = dotted(path);
                let is_named = |change: &Change| dotted.starts_with(&change.path);
                assert!(changes.iter().any(is_named), "{dotted}: {changes:?}");
                assert!(changes.iter().all(|change| !change.text.contains("hushed")), "{changes:?}");
            }
        }
    }
}
