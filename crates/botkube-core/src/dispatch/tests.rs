//! The corridor with ports made of closures: what reaches a plugin, and what comes back whatever happens.

mod live;
mod running;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botkube_config::{
    finding::Origin as Written,
    model::{Config, PluginBinding, PluginGroup, Rbac, Subject},
};

use super::*;
use crate::{
    answer,
    conversation::{Actor, Conversation},
    policy::{AllowBound, Policy},
    port::{Credentials, CredentialsError, Kubeconfig, Piece, Pieces, PluginError, PluginState, Plugins},
    route::{Executors, PluginRef},
};

/// Answers from a script and keeps what it was asked.
#[derive(Default)]
struct Fake {
    answer: Option<Result<Vec<Message>, PluginError>>,
    calls: Mutex<Vec<PluginCall>>,
    /// Whether its help fails.
    helpless: bool,
    /// What it says before that.
    pieces: Vec<Piece>,
    /// Set when a call is dropped before its answer.
    dropped: Arc<AtomicBool>,
}

#[async_trait]
impl Plugins for Fake {
    async fn execute(
        &self,
        _: &PluginRef,
        call: PluginCall,
        said: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        for piece in self.pieces.clone() {
            assert!(said.take(piece).await.is_continue());
        }
        self.calls.lock().unwrap().push(call);
        match &self.answer {
            Some(answer) => answer.clone(),
            None => {
                let _guard = OnDrop(self.dropped.clone());
                std::future::pending().await
            }
        }
    }

    async fn help(&self, plugin: &PluginRef) -> Result<Message, PluginError> {
        if self.helpless {
            return Err(PluginError::Failed("no help today".into()));
        }
        Ok(Message::text(format!("help of {}", plugin.name())))
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}

struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Makes one kubeconfig for everybody, or none.
struct Makes(Result<&'static str, &'static str>);

#[async_trait]
impl Credentials for Makes {
    async fn for_call(&self, _: &Actor, _: &Conversation, route: &Route) -> Result<Kubeconfig, CredentialsError> {
        if route.rbac.is_none() {
            return Ok(Kubeconfig::default());
        }
        self.0.map(|text| Kubeconfig(text.into())).map_err(|reason| CredentialsError(reason.into()))
    }
}

struct Denies;

#[async_trait]
impl Policy for Denies {
    async fn decide(&self, actor: &Actor, _: &Conversation, command: &Command, _: &Route) -> Decision {
        Decision::Deny { reason: format!("{} may not `{}`", actor.display_name, command.text) }
    }
}

fn binding(key: &str, rbac: Option<Rbac>, config: serde_json::Value) -> PluginBinding {
    PluginBinding {
        key: key.parse().unwrap(),
        enabled: true,
        config: Some(config),
        rbac,
        timeout: None,
        host_flags: true,
        origin: Written::Default,
    }
}

/// An agent with `echo` bound here by two groups and `kubectl` by one, which asks for a kubeconfig.
fn dispatcher(plugins: Arc<Fake>) -> Dispatcher {
    let group = |name: &str, plugins| PluginGroup { name: name.into(), display_name: None, plugins };
    let subject = Subject::Static { prefix: String::new(), values: vec!["reader".into()] };
    let rbac = Rbac { user: subject, group: Subject::None };
    let mut config = Config {
        executors: vec![
            group("a", vec![binding("botkube/echo", None, serde_json::json!({ "b": 1, "a": 2 }))]),
            group("b", vec![binding("botkube/echo", None, serde_json::json!({ "c": 3 }))]),
            group("k", vec![binding("botkube/kubectl", Some(rbac), serde_json::Value::Null)]),
        ],
        ..Config::default()
    };
    config.settings.cluster_name = "dev".into();
    config.plugins.call_timeout = Duration::from_secs(30);
    let (executors, credentials) = (Executors::new(&config, Vec::new()), Arc::new(Makes(Ok("kubeconfig"))));
    Dispatcher::new(Snapshot::new(Arc::new(config), executors, Arc::new(AllowBound), credentials, plugins))
}

/// The same agent with something changed in its snapshot.
fn changed(dispatcher: Dispatcher, change: impl FnOnce(&mut Snapshot)) -> Dispatcher {
    let mut snapshot = Snapshot::clone(&dispatcher.snapshot());
    change(&mut snapshot);
    dispatcher.adopt(snapshot);
    dispatcher
}

fn denying(dispatcher: Dispatcher) -> Dispatcher {
    changed(dispatcher, |snapshot| snapshot.policy = Arc::new(Denies))
}

fn answering(answer: Result<Vec<Message>, PluginError>) -> Arc<Fake> {
    Arc::new(Fake { answer: Some(answer), ..Fake::default() })
}

fn incoming(text: &str) -> Incoming {
    let executors = ["b", "a", "k"].map(String::from).to_vec();
    let actor = Actor { display_name: "Ada".into(), mention: "<@A>".into(), ..Actor::default() };
    Incoming::typed(
        text,
        actor,
        Conversation { display_name: "ops".into(), executors, interactive: true, ..Conversation::default() },
    )
}

/// All parts of the answer, as messages with headers and the status at its end.
async fn collect(mut answer: Answer) -> (Vec<(Message, Option<String>)>, Status) {
    let (mut messages, mut number) = (Vec::new(), 0);
    while let Some(part) = answer.next().await {
        number += 1;
        assert_eq!(part.number, number);
        match part.content {
            answer::Content::Message { message, header } => messages.push((*message, header)),
            answer::Content::End(status) => {
                assert_eq!(answer.next().await, None, "nothing follows the end");
                return (messages, status);
            }
            other => panic!("a plugin that does not stream made {other:?}"),
        }
    }
    panic!("the answer has no end")
}

async fn submit(dispatcher: Dispatcher, text: &str) -> (Vec<(Message, Option<String>)>, Status) {
    collect(Arc::new(dispatcher).submit(incoming(text), CancellationToken::new())).await
}

/// The status of the answer and the text of its first message.
#[track_caller]
fn check((messages, status): (Vec<(Message, Option<String>)>, Status), expected: Status, said: &str) {
    let body = &messages[0].0.base_body;
    let text = format!("{}{}", body.code_block, body.plaintext);
    assert_eq!(status, expected, "{text}");
    assert!(text.contains(said), "{said:?} is not in {text:?}");
}

#[tokio::test]
async fn a_plugin_gets_the_command_with_configurations_in_binding_order_and_sorted() {
    let plugins = answering(Ok(vec![Message::code("hi")]));
    submit(dispatcher(plugins.clone()), "@botkube echo  'hi'").await;
    let calls = plugins.calls.lock().unwrap();
    let call = &calls[0];
    assert_eq!((call.command.as_str(), call.typed.as_str()), ("echo  'hi'", "@botkube echo  'hi'"));
    assert_eq!(call.configs, ["c: 3\n", "a: 2\nb: 1\n"]);
    assert_eq!((call.actor.display_name.as_str(), &call.kubeconfig), ("Ada", &Kubeconfig::default()));
}

#[tokio::test]
async fn a_binding_with_rights_gets_a_kubeconfig() {
    let plugins = answering(Ok(vec![Message::code("pods")]));
    submit(dispatcher(plugins.clone()), "kubectl get pods").await;
    assert_eq!(plugins.calls.lock().unwrap()[0].kubeconfig.0, b"kubeconfig");
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_made_refuses_the_command_before_the_plugin_sees_it() {
    let plugins = answering(Ok(Vec::new()));
    let no_credentials = |snapshot: &mut Snapshot| snapshot.credentials = Arc::new(Makes(Err("the agent has none")));
    let dispatcher = changed(dispatcher(plugins.clone()), no_credentials);
    check(submit(dispatcher, "kubectl get pods").await, Status::Refused, "none can be made: the agent has none");
    assert!(plugins.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_policy_denies_is_refused_with_its_reason_before_the_plugin_sees_it() {
    let plugins = answering(Ok(Vec::new()));
    let dispatcher = denying(dispatcher(plugins.clone()));
    check(submit(dispatcher, "echo hi").await, Status::Refused, "Ada may not `echo hi`");
    assert!(plugins.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn policy_decides_over_help_too() {
    let dispatcher = denying(dispatcher(answering(Ok(Vec::new()))));
    check(submit(dispatcher, "echo help").await, Status::Refused, "Ada may not");
}

#[tokio::test]
async fn every_message_has_upstreams_header_but_those_for_one_person() {
    let messages = vec![Message::code("all"), Message::code("you").only_visible_for_you()];
    let (shown, status) = submit(dispatcher(answering(Ok(messages))), "echo  a   b").await;
    let headers: Vec<Option<&str>> = shown.iter().map(|(_, header)| header.as_deref()).collect();
    assert_eq!((headers, status), (vec![Some("`echo a b` on `dev`"), None], Status::Succeeded));
}

#[tokio::test]
async fn help_of_a_plugin_is_the_plugins() {
    check(submit(dispatcher(answering(Ok(Vec::new()))), "echo help").await, Status::Succeeded, "help of echo");
}

#[tokio::test]
async fn an_error_of_a_plugins_help_is_answered() {
    let dispatcher = dispatcher(Arc::new(Fake { helpless: true, ..Fake::default() }));
    check(submit(dispatcher, "echo help").await, Status::Failed, "no help today");
}

#[tokio::test]
async fn help_with_more_words_is_a_command_of_the_plugins_own() {
    check(
        submit(dispatcher(answering(Ok(vec![Message::code("ran")]))), "kubectl help get").await,
        Status::Succeeded,
        "ran",
    );
}

#[tokio::test]
async fn help_has_no_header() {
    for text in ["help", "", "@botkube", "HELP"] {
        let (shown, status) = submit(dispatcher(answering(Ok(Vec::new()))), text).await;
        assert_eq!((status, shown[0].1.as_deref()), (Status::Succeeded, None), "{text:?}");
        assert_eq!(shown[0].0.sections[0].buttons[0].name, "echo help");
    }
}

#[tokio::test]
async fn a_command_nobody_knows_is_refused() {
    check(submit(dispatcher(answering(Ok(Vec::new()))), "helm list").await, Status::Refused, "`helm`");
}

#[tokio::test]
async fn a_command_that_cannot_be_parsed_is_refused() {
    check(submit(dispatcher(answering(Ok(Vec::new()))), "echo \"hi").await, Status::Refused, "cannot parse");
}

#[tokio::test]
async fn a_plugins_error_is_failed_in_its_own_words() {
    let plugins = answering(Err(PluginError::Failed("no such pod: 100%".into())));
    check(submit(dispatcher(plugins), "echo hi").await, Status::Failed, "no such pod: 100%");
}

#[tokio::test]
async fn an_answer_to_be_skipped_is_an_end_alone() {
    let skipped = submit(dispatcher(answering(Ok(vec![Message::skip()]))), "echo hi").await;
    assert_eq!(skipped, (Vec::new(), Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_call_over_the_deadline_is_timed_out_and_dropped() {
    let plugins = Arc::new(Fake::default());
    let began = Instant::now();
    let timed_out = submit(dispatcher(plugins.clone()), "echo hi").await;
    check(timed_out, Status::TimedOut, "No answer within 30s (plugins.callTimeout)");
    assert_eq!(began.elapsed().as_secs(), 30);
    assert!(plugins.dropped.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_call_says_when_it_is_given_up() {
    let plugins = answering(Ok(vec![Message::code("hi")]));
    let began = Instant::now();
    submit(dispatcher(plugins.clone()), "echo hi").await;
    let given_up = (began + Duration::from_secs(30)).into_std();
    assert_eq!(plugins.calls.lock().unwrap()[0].deadline, Some(given_up));
}

#[tokio::test(start_paused = true)]
async fn the_first_group_that_has_a_deadline_of_its_own_decides() {
    let plugins = Arc::new(Fake::default());
    // `b` comes before `a` in the bindings of the channel.
    let dispatcher = changed(dispatcher(plugins), |snapshot| {
        let mut config = Config::clone(&snapshot.config);
        for (group, seconds) in config.executors.iter_mut().zip([7, 9]) {
            group.plugins.iter_mut().for_each(|binding| binding.timeout = Some(Duration::from_secs(seconds)));
        }
        snapshot.executors = Executors::new(&config, Vec::new());
        snapshot.config = Arc::new(config);
    });
    let began = Instant::now();
    check(submit(dispatcher, "echo hi").await, Status::TimedOut, "within 9s (`timeout` of the group of executors)");
    assert_eq!(began.elapsed().as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_ends_at_once_and_is_dropped() {
    let plugins = Arc::new(Fake::default());
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let mut answer = Arc::new(dispatcher(plugins.clone())).submit(incoming("echo hi"), cancel.clone());
    assert_eq!(answer.next().now_or_never(), None, "the plugin does not answer");
    cancel.cancel();
    check(collect(answer).await, Status::Cancelled, "Cancelled");
    assert!(began.elapsed().is_zero() && plugins.dropped.load(Ordering::Relaxed));
}

#[tokio::test]
async fn what_is_cancelled_before_it_began_never_reaches_a_plugin() {
    let plugins = answering(Ok(vec![Message::code("hi")]));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let answer = Arc::new(dispatcher(plugins.clone())).submit(incoming("echo hi"), cancel);
    check(collect(answer).await, Status::Cancelled, "Cancelled");
    assert!(plugins.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_command_ends_when_nobody_listens_any_more() {
    let plugins = Arc::new(Fake::default());
    let mut answer = Arc::new(dispatcher(plugins.clone())).submit(incoming("echo hi"), CancellationToken::new());
    assert_eq!(answer.next().now_or_never(), None, "the plugin does not answer");
    assert_eq!(plugins.calls.lock().unwrap().len(), 1);
    drop(answer);
    assert!(plugins.dropped.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_plugin_bound_everywhere_is_asked_without_a_configuration() {
    let plugins = answering(Ok(vec![Message::code("hi")]));
    let everywhere =
        |snapshot: &mut Snapshot| snapshot.executors = Executors::new(&snapshot.config, vec!["mine".into()]);
    let dispatcher = changed(dispatcher(plugins.clone()), everywhere);
    submit(dispatcher, "mine hi").await;
    assert_eq!(plugins.calls.lock().unwrap()[0].configs, [] as [&str; 0]);
}

/// An answer of this many lines, which says that it may be filtered.
fn long(lines: usize) -> Message {
    let lines: Vec<String> = (1..=lines).map(|n| format!("pod-{n}")).collect();
    Message::code(lines.join("\n")).with_filter()
}

fn from(origin: Origin, text: &str) -> Incoming {
    Incoming { origin, ..incoming(text) }
}

/// What is said to a command that came in this way, one after the other to the same agent.
async fn say(dispatcher: &Arc<Dispatcher>, incoming: Incoming) -> (Vec<(Message, Option<String>)>, Status) {
    collect(dispatcher.submit(incoming, CancellationToken::new())).await
}

fn codes(messages: &[(Message, Option<String>)]) -> Vec<&str> {
    messages.iter().map(|(message, _)| message.base_body.code_block.as_str()).collect()
}

#[tokio::test]
async fn a_plugin_does_not_see_the_agents_flags_and_people_see_all_of_them() {
    let plugins = answering(Ok(vec![Message::code("hi")]));
    let (shown, _) = submit(dispatcher(plugins.clone()), "echo 'a  b' --filter=h --cluster-name dev | c").await;
    assert_eq!(plugins.calls.lock().unwrap()[0].command, "echo 'a  b' | c");
    assert_eq!(shown[0].1.as_deref(), Some("`echo 'a b' --filter=h --cluster-name dev | c` on `dev`"));
}

#[tokio::test]
async fn bare_flags_are_the_executors_when_all_its_bindings_here_say_so() {
    for (one, other, expected) in [(false, false, "echo x --filter y"), (false, true, "echo x"), (true, true, "echo x")]
    {
        let plugins = answering(Ok(vec![Message::code("y")]));
        let dispatcher = changed(dispatcher(plugins.clone()), |snapshot| {
            let mut config = Config::clone(&snapshot.config);
            config.executors[0].plugins[0].host_flags = one;
            config.executors[1].plugins[0].host_flags = other;
            snapshot.executors = Executors::new(&config, Vec::new());
        });
        submit(dispatcher, "echo x --filter y").await;
        assert_eq!(plugins.calls.lock().unwrap()[0].command, expected);
    }
}

#[tokio::test]
async fn a_filter_leaves_matching_lines_of_every_message_of_every_type() {
    let messages = vec![long(11), Message::text("pod-1 is up\ndb is up"), Message::code("db")];
    let (shown, _) = submit(dispatcher(answering(Ok(messages))), "echo x --filter pod-1").await;
    assert_eq!(codes(&shown), ["pod-1\npod-10\npod-11", ""]);
    assert_eq!(shown[1].0.base_body.plaintext, "pod-1 is up");
}

#[tokio::test]
async fn a_filter_that_leaves_nothing_says_so() {
    check(
        submit(dispatcher(answering(Ok(vec![long(3)]))), "echo x --filter y").await,
        Status::Succeeded,
        "empty response",
    );
}

#[tokio::test]
async fn an_empty_filter_leaves_everything() {
    let (shown, _) = submit(dispatcher(answering(Ok(vec![long(2)]))), "echo x --filter=").await;
    assert_eq!(codes(&shown), ["pod-1\npod-2"]);
}

#[tokio::test]
async fn what_went_wrong_is_not_filtered() {
    let failing = answering(Err(PluginError::Failed("no such pod".into())));
    check(submit(dispatcher(failing), "echo x --filter y").await, Status::Failed, "no such pod");
}

#[tokio::test]
async fn long_output_has_an_input_that_filters_it_without_running_it_again() {
    let plugins = answering(Ok(vec![long(20), Message::text("2 pods are new")]));
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    let (shown, _) = say(&dispatcher, incoming("echo x --filter=pod")).await;
    let input = &shown[0].0.plaintext_inputs[0];
    assert_eq!(input.command, "{{BotName}} echo x --bk-filter=");
    assert!(shown[1].0.plaintext_inputs.is_empty());

    let typed = format!("{}\"pod-20\"", input.command.replace("{{BotName}}", "@botkube"));
    let (filtered, status) = say(&dispatcher, from(Origin::PlainTextInput, &typed)).await;
    assert_eq!((codes(&filtered), status), (vec!["pod-20"], Status::Succeeded));
    assert_eq!(filtered[0].1.as_deref(), Some("`echo x --bk-filter=\"pod-20\"` on `dev` by <@A>"));
    assert_eq!(plugins.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_filter_that_is_typed_runs_the_command_anew() {
    let plugins = answering(Ok(vec![long(20)]));
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    say(&dispatcher, incoming("echo x")).await;
    say(&dispatcher, incoming("echo x --bk-filter=pod-20")).await;
    say(&dispatcher, from(Origin::PlainTextInput, "echo x --filter=pod-20")).await;
    assert_eq!(plugins.calls.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn output_that_is_no_longer_kept_is_not_made_again_unasked() {
    let plugins = answering(Ok(vec![long(20)]));
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    say(&dispatcher, incoming("echo x")).await;
    time::advance(filter::AGE).await;
    let (shown, status) = say(&dispatcher, from(Origin::PlainTextInput, "echo x --bk-filter=pod-20")).await;
    let section = &shown[0].0.sections[0];
    assert_eq!((status, section.buttons[0].command.as_str()), (Status::Refused, "{{BotName}} echo x"));
    assert!(section.body.plaintext.contains("not run again"));
    assert_eq!(plugins.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn policy_decides_over_filtering_what_is_kept() {
    let dispatcher = denying(dispatcher(answering(Ok(vec![long(20)]))));
    dispatcher.kept.keep(
        &incoming("").conversation,
        &Command::parse("echo x", &[], |_| true).unwrap(),
        [long(20)].into(),
    );
    let answered = say(&Arc::new(dispatcher), from(Origin::PlainTextInput, "echo x --bk-filter=pod")).await;
    check(answered, Status::Refused, "Ada may not");
}

#[tokio::test]
async fn where_there_are_no_controls_no_input_is_offered() {
    for (interactive, text) in [(false, "echo x"), (true, "echo -- x")] {
        let mut incoming = incoming(text);
        incoming.conversation.interactive = interactive;
        let (shown, _) = say(&Arc::new(dispatcher(answering(Ok(vec![long(20)])))), incoming).await;
        assert!(shown[0].0.plaintext_inputs.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn a_header_given_by_a_control_is_shown_and_one_that_is_typed_is_ignored_with_a_note() {
    let dispatcher = Arc::new(dispatcher(answering(Ok(vec![Message::code("hi")]))));
    let text = "echo x --bk-cmd-header 'Pods'";
    let (shown, _) = say(&dispatcher, from(Origin::ButtonClick, text)).await;
    assert_eq!(shown[0].1.as_deref(), Some("Pods on `dev` by <@A>"));
    let (shown, _) = say(&dispatcher, incoming(text)).await;
    assert_eq!(shown[0].1.as_deref(), Some("`echo x --bk-cmd-header 'Pods'` on `dev`"));
    assert!(shown[1].0.only_visible_for_you && shown[1].0.base_body.plaintext.contains("was ignored"));
}

#[tokio::test]
async fn a_command_for_another_cluster_is_answered_with_silence() {
    for (text, unknown) in [("echo x --cluster-name=prod", false), ("echo x --bk-cluster-name prod", true), ("", true)]
    {
        let mut incoming = incoming(text);
        incoming.conversation.unknown = unknown;
        let plugins = answering(Ok(Vec::new()));
        let answered = say(&Arc::new(dispatcher(plugins.clone())), incoming).await;
        assert_eq!(answered, (Vec::new(), Status::Refused), "{text}");
        assert!(plugins.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn in_a_channel_that_is_not_configured_everything_else_is_refused() {
    for text in ["echo x", "ping", "echo x --cluster-name=dev", "echo \"x"] {
        let mut incoming = incoming(text);
        incoming.conversation.unknown = true;
        let answered = say(&Arc::new(dispatcher(answering(Ok(Vec::new())))), incoming).await;
        check(answered, Status::Refused, "This channel is not configured");
    }
}

#[tokio::test]
async fn a_command_of_a_megabyte_is_refused_with_the_limit() {
    let answered = submit(dispatcher(answering(Ok(Vec::new()))), &format!("echo {}", "x".repeat(1 << 20))).await;
    check(answered, Status::Refused, "may have 262144");
}
