//! What the agent's own commands say, and what is said about commands it does not have.

use std::{
    sync::Mutex,
    time::{Duration, UNIX_EPOCH},
};

use async_trait::async_trait;
use botkube_config::{
    finding::Origin,
    model::{Action, Alias, PluginBinding, PluginGroup},
};

use super::*;
use crate::{
    conversation::{Actor, Conversation},
    port::{Pieces, PluginCall, PluginError, PluginState, PluginStatus},
    render::{self, TextStyle},
    route::{Executors, PluginRef},
};

/// Plugins of which one runs and the others do not, and which of them were started again.
#[derive(Default)]
struct States(Mutex<Vec<String>>);

#[async_trait]
impl Plugins for States {
    async fn execute(&self, _: &PluginRef, _: PluginCall, _: &mut dyn Pieces) -> Result<Vec<Message>, PluginError> {
        unreachable!("built-in commands execute nothing")
    }

    async fn help(&self, _: &PluginRef) -> Result<Message, PluginError> {
        unreachable!("built-in commands ask no plugin")
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, plugin: &PluginRef) {
        self.0.lock().unwrap().push(plugin.to_string());
    }

    fn state(&self, plugin: &PluginRef) -> PluginState {
        let state = PluginState { threshold: 10, ..PluginState::default() };
        match plugin.name() {
            "echo" => PluginState {
                status: PluginStatus::Running,
                restarts: 2,
                last_restart: Some(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)),
                ..state
            },
            "kubectl" => PluginState {
                status: PluginStatus::Unavailable,
                reason: Some("the repository `botkube` has no plugin `kubectl`".into()),
                ..state
            },
            _ => state,
        }
    }
}

fn origin() -> Origin {
    Origin::Default
}

fn group(name: &str, plugins: &[(&str, bool)]) -> PluginGroup {
    let binding = |(key, enabled): &(&str, bool)| PluginBinding {
        key: key.parse().unwrap(),
        enabled: *enabled,
        config: None,
        rbac: None,
        timeout: None,
        host_flags: true,
        origin: origin(),
    };
    PluginGroup { name: name.into(), display_name: None, plugins: plugins.iter().map(binding).collect() }
}

/// A configuration with what lists can show.
fn config() -> Config {
    let alias = |name: &str, command: &str, display: Option<&str>| Alias {
        name: name.into(),
        command: command.into(),
        display_name: display.map(Into::into),
        origin: origin(),
    };
    let action = |name: &str, enabled| Action {
        name: name.into(),
        enabled,
        display_name: Some("Describe".into()),
        command: "kubectl describe".into(),
        sources: Vec::new(),
        executors: Vec::new(),
        origin: origin(),
    };
    Config {
        executors: vec![
            group("tools", &[("botkube/kubectl@v1.14.0", true), ("botkube/echo", false), ("botkube/off", false)]),
            group("more", &[("botkube/echo", true)]),
            group("others", &[("botkube/doctor", true), ("botkube/flux", false)]),
        ],
        sources: vec![
            group("one", &[("botkube/kubernetes", true), ("botkube/cm-watcher", false)]),
            group("two", &[("botkube/kubernetes", false)]),
        ],
        aliases: vec![
            alias("k", "kubectl", None),
            alias("kc", "kubectl", Some("Kubectl")),
            alias("kgp", "kubectl get po", Some("Pods")),
            alias("p", "ping", None),
            alias("d", "doctor", None),
        ],
        actions: vec![action("b", true), action("a-longer-name", false)],
        ..Config::default()
    }
}

/// What a command is answered in a channel with these bindings, as a person reads it.
fn answer(text: &str, config: &Config, executors: &[&str], sources: &[&str]) -> (Status, String) {
    answer_with(&States::default(), text, config, executors, sources)
}

fn answer_with(
    plugins: &States,
    text: &str,
    config: &Config,
    executors: &[&str],
    sources: &[&str],
) -> (Status, String) {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let conversation = Conversation {
        display_name: "ops".into(),
        executors: owned(executors),
        sources: owned(sources),
        ..Conversation::default()
    };
    let incoming = Incoming::typed(text, Actor::default(), conversation);
    let bound = Executors::new(config, Vec::new());
    let running = Arc::<Running>::default();
    let desk = Desk {
        id: running.next_id(),
        incoming: &incoming,
        config,
        shown_config: "",
        bindings: bound.bound_in(&incoming.conversation),
        plugins,
        running: &running,
    };
    let command = Command::parse(text, &[], |_| true).unwrap();
    match Builtin::find(&command) {
        Some(Ok(builtin)) => {
            let (status, message) = builtin.answer(&command, &desk);
            (status, render::text(&message, TextStyle::default()))
        }
        Some(Err(usage)) => (Status::Refused, usage),
        None => (Status::Refused, unknown(&command, &desk.bindings, config)),
    }
}

fn here(text: &str) -> String {
    answer(text, &config(), &["tools", "more"], &["one", "two"]).1
}

/// The answers to these commands, one below the other, as a snapshot.
macro_rules! check {
    ($($text:expr),+ $(,)?) => {
        let shown: Vec<String> = [$($text),+].iter().map(|text| format!("> {text}\n{}", here(text))).collect();
        insta::assert_snapshot!(shown.join("\n\n"));
    };
}

#[test]
fn help_is_of_this_channel() {
    check!("help");
}

#[test]
fn help_where_nothing_is_bound_says_how_to_bind() {
    let nowhere = answer("help", &config(), &[], &[]).1;
    let nothing = answer("help", &Config::default(), &[], &[]).1;
    let first = |text: String| text.lines().take(2).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(format!("{}\n\n{}", first(nowhere), first(nothing)));
}

#[test]
fn lists_are_tables() {
    check!("list executors", "list sources", "list aliases", "list actions", "list running");
}

#[test]
fn lists_of_nothing_say_so() {
    let lists = ["list executors", "list sources", "list aliases", "list actions", "show config"];
    let said = lists.map(|text| format!("> {text}\n{}", answer(text, &Config::default(), &[], &[]).1));
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn the_rest_is_said_in_a_line() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(here("ping"), format!("pong\n\nBotkube version: {version}"));
    assert_eq!(here("version"), format!("Botkube version: {version}"));
    check!("feedback", "cancel c9", "cancel everything");
}

#[test]
fn an_executor_is_started_again_by_its_name_or_key_where_it_is_bound() {
    let plugins = States::default();
    let say = |text: &str, groups: &[&str]| answer_with(&plugins, text, &config(), groups, &[]).0;
    assert_eq!(say("restart executor echo", &["more"]), Status::Succeeded);
    assert_eq!(say("restart exec botkube/echo", &["more"]), Status::Succeeded);
    for (text, groups) in [
        ("restart executor echo", &[][..]),
        ("restart executor other/echo", &["more"]),
        ("restart executor", &["more"]),
        ("restart", &["more"]),
    ] {
        assert_eq!(say(text, groups), Status::Refused, "{text}");
    }
    assert_eq!(*plugins.0.lock().unwrap(), ["botkube/echo", "botkube/echo"]);
    check!("restart executor echo", "restart executor eco", "restart executor");
}

#[test]
fn what_comes_later_says_what_to_do_instead() {
    check!("enable notifications", "status", "disable action a", "edit sb", "status sourcebindings");
}

#[test]
fn a_wrong_second_word_is_answered_with_the_usage_and_what_may_be_meant() {
    check!("list", "list exekutors", "ping pong", "cancel", "show secrets", "edit");
}

#[test]
fn an_unknown_command_is_answered_with_where_it_is_or_what_may_be_meant() {
    check!("doctor", "flux get all", "off", "helm ls", "pign", "Kubectl get po", "nosuch", &"x".repeat(100));
}

#[test]
fn every_spelling_of_upstream_is_known_in_any_letter_case() {
    let spellings = [
        ("list", &["EXECUTOR", "executors", "Exec"][..], Builtin::ListExecutors),
        ("List", &["source", "sources", "src"], Builtin::ListSources),
        ("list", &["alias", "aliases", "als"], Builtin::ListAliases),
        ("LIST", &["action", "actions", "act"], Builtin::ListActions),
        ("show", &["config", "cfg", "configuration"], Builtin::ShowConfig),
        ("enable", &["notification", "notifications", "notif", ""], Builtin::Later(Later::Notifications)),
        ("disable", &["action", "actions", "act"], Builtin::Later(Later::Actions)),
        ("status", &["sourcebinding", "sourcebindings", "sb"], Builtin::Later(Later::SourceBindings)),
        ("edit", &["sourcebinding", "sourcebindings", "sb"], Builtin::Later(Later::SourceBindings)),
    ];
    for (verb, features, expected) in spellings {
        for feature in features {
            let command = Command::parse(&format!("{verb} {feature}"), &[], |_| true).unwrap();
            assert_eq!(Builtin::find(&command), Some(Ok(expected)), "{verb} {feature}");
        }
    }
}

#[test]
fn every_line_that_can_be_completed_is_a_command() {
    for line in Builtin::lines().filter(|line| line != "cancel") {
        let command = Command::parse(&line, &[], |_| true).unwrap();
        assert!(matches!(Builtin::find(&command), Some(Ok(_))), "{line}");
    }
}
