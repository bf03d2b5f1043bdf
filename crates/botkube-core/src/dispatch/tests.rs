//! The corridor with ports made of closures: what reaches a plugin, and what comes back whatever happens.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use botkube_config::{
    finding::Origin,
    model::{PluginBinding, PluginGroup, Rbac, Subject},
};

use super::*;
use crate::{
    conversation::{Actor, Conversation},
    policy::AllowBound,
    port::{CredentialsError, Kubeconfig, PluginState},
    route::PluginRef,
};

/// Answers from a script and keeps what it was asked.
#[derive(Default)]
struct Fake {
    answer: Option<Result<Vec<Message>, PluginError>>,
    calls: Mutex<Vec<PluginCall>>,
    /// Set when a call is dropped before its answer.
    dropped: Arc<AtomicBool>,
}

#[async_trait]
impl Plugins for Fake {
    async fn execute(&self, _: &PluginRef, call: PluginCall) -> Result<Vec<Message>, PluginError> {
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
        Ok(Message::text(format!("help of {}", plugin.name())))
    }

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
    let origin = Origin { file: "c.yaml".into(), line: 1, column: 1 };
    PluginBinding { key: key.parse().unwrap(), enabled: true, config: Some(config), rbac, host_flags: true, origin }
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
    Dispatcher {
        executors: Executors::new(&config, Vec::new()),
        config: Arc::new(config),
        policy: Arc::new(AllowBound),
        credentials: Arc::new(Makes(Ok("kubeconfig"))),
        plugins,
    }
}

fn answering(answer: Result<Vec<Message>, PluginError>) -> Arc<Fake> {
    Arc::new(Fake { answer: Some(answer), ..Fake::default() })
}

fn incoming(text: &str) -> Incoming {
    let executors = ["b", "a", "k"].map(String::from).to_vec();
    Incoming {
        text: text.into(),
        actor: Actor { display_name: "Ada".into(), ..Actor::default() },
        conversation: Conversation { display_name: "ops".into(), executors, ..Conversation::default() },
    }
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
    let mut dispatcher = dispatcher(plugins.clone());
    dispatcher.credentials = Arc::new(Makes(Err("the agent has none")));
    check(submit(dispatcher, "kubectl get pods").await, Status::Refused, "none can be made: the agent has none");
    assert!(plugins.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_policy_denies_is_refused_with_its_reason_before_the_plugin_sees_it() {
    let plugins = answering(Ok(Vec::new()));
    let dispatcher = Dispatcher { policy: Arc::new(Denies), ..dispatcher(plugins.clone()) };
    check(submit(dispatcher, "echo hi").await, Status::Refused, "Ada may not `echo hi`");
    assert!(plugins.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn policy_decides_over_help_too() {
    let dispatcher = Dispatcher { policy: Arc::new(Denies), ..dispatcher(answering(Ok(Vec::new()))) };
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
async fn help_lists_what_is_bound_here_and_has_no_header() {
    for text in ["help", "", "@botkube"] {
        let (shown, status) = submit(dispatcher(answering(Ok(Vec::new()))), text).await;
        let buttons = &shown[0].0.sections[0].buttons;
        let names: Vec<&str> = buttons.iter().map(|button| button.name.as_str()).collect();
        assert_eq!((status, names), (Status::Succeeded, vec!["echo help", "kubectl help", "Ping"]), "{text:?}");
        assert_eq!(shown[0].1, None);
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
async fn a_call_that_is_cancelled_ends_at_once_and_is_dropped() {
    let plugins = Arc::new(Fake::default());
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let answer = Arc::new(dispatcher(plugins.clone())).submit(incoming("echo hi"), cancel.clone());
    while plugins.calls.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
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
    let answer = Arc::new(dispatcher(plugins.clone())).submit(incoming("echo hi"), CancellationToken::new());
    while plugins.calls.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(answer);
    let dropped = async {
        while !plugins.dropped.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
    };
    time::timeout(Duration::from_secs(10), dropped).await.expect("the call goes on");
}

#[tokio::test]
async fn a_plugin_bound_everywhere_is_asked_without_a_configuration() {
    let plugins = answering(Ok(vec![Message::code("hi")]));
    let mut dispatcher = dispatcher(plugins.clone());
    dispatcher.executors = Executors::new(&dispatcher.config, vec!["mine".into()]);
    submit(dispatcher, "mine hi").await;
    assert_eq!(plugins.calls.lock().unwrap()[0].configs, [] as [&str; 0]);
}
