//! How texts may go on, with plugins that help, are slow, or fail.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use botkube_api::message::{Button, Section};
use botkube_config::model::Config;
use botkube_core::{
    conversation::Actor,
    dispatch::Snapshot,
    policy::AllowBound,
    port::{Credentials, CredentialsError, Kubeconfig, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::{Executors, Route},
};

use super::*;

/// An executor `pods` whose help has two examples, and some that nobody can type; how often it was asked for it, and how often it says nothing first.
#[derive(Default)]
struct Pods {
    asked: AtomicUsize,
    hangs: usize,
}

#[async_trait]
impl Plugins for Pods {
    async fn execute(&self, _: &PluginRef, _: PluginCall, _: &mut dyn Pieces) -> Result<Vec<Message>, PluginError> {
        Err(PluginError::Failed("nothing is run to complete a line".into()))
    }

    async fn help(&self, _: &PluginRef) -> Result<Message, PluginError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < self.hangs {
            std::future::pending::<()>().await;
        }
        let list = Button::command("All of them", "pods list");
        let logs = Button::command("Their logs", "pods logs -f");
        let bad = ["pods \u{1b}[2J", "pods a\nb", "pods a\rb", "pods a\tb", "pods \u{202e}x"];
        let section = Section::new().button(list).button(logs);
        let section = bad.iter().fold(section, |section, command| section.button(Button::command("Bad", command)));
        Ok(Message::new().section(section))
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}

#[async_trait]
impl Credentials for Pods {
    async fn for_call(&self, _: &Actor, _: &Conversation, _: &Route) -> Result<Kubeconfig, CredentialsError> {
        Ok(Kubeconfig::default())
    }
}

fn completer(pods: &Arc<Pods>) -> Arc<Completer> {
    let config = Arc::new(Config::default());
    let executors = Executors::new(&config, vec!["pods".into()]);
    Completer::new(Arc::new(Dispatcher::new(Snapshot::new(
        config,
        executors,
        Arc::new(AllowBound),
        pods.clone(),
        pods.clone(),
    ))))
}

#[track_caller]
fn check(completions: &[Completion], expected: &[&str]) {
    let texts: Vec<&str> = completions.iter().map(|completion| completion.text.as_str()).collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn the_beginning_of_a_command_is_completed_and_nobody_is_asked() {
    let pods = Arc::new(Pods::default());
    let completer = completer(&pods);
    let here = Conversation::default();
    check(&completer.completions(&here, "p").await, &["ping", "pods", "pods help"]);
    check(&completer.completions(&here, "list r").await, &["list running"]);
    check(&completer.completions(&here, "xyz").await, &[]);
    assert_eq!(pods.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn behind_the_name_of_an_executor_the_examples_of_its_help_follow_and_it_is_asked_once() {
    let pods = Arc::new(Pods::default());
    let completer = completer(&pods);
    let here = Conversation::default();
    check(&completer.known(&here, "pods "), &["pods help"]);
    check(&completer.completions(&here, "pods ").await, &["pods help", "pods list", "pods logs -f"]);
    let found = completer.completions(&here, "pods lo").await;
    assert_eq!(found, [Completion { text: "pods logs -f".into(), about: "Their logs".into() }]);
    check(&completer.known(&here, "pods li"), &["pods list"]);
    assert_eq!(pods.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_does_not_say_its_help_holds_nobody_up_and_is_asked_again() {
    let pods = Arc::new(Pods { hangs: 1, ..Pods::default() });
    let completer = completer(&pods);
    let here = Conversation::default();
    let began = time::Instant::now();
    check(&completer.completions(&here, "pods ").await, &["pods help"]);
    assert!(began.elapsed() <= DEADLINE + Duration::from_millis(10));
    check(&completer.completions(&here, "pods l").await, &["pods list", "pods logs -f"]);
}
