//! How a command that is being typed may go on: commands of the agent, aliases, executors, and the examples of an executor's
//! help. It knows neither terminal nor browser.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use botkube_api::message::Message;
use botkube_core::{
    builtin::Builtin, conversation::Conversation, dispatch::Dispatcher, render::harmless, route::PluginRef,
};
use serde::Serialize;
use tokio::{sync::OnceCell, time};

/// How long a plugin may take to say its help; it is asked again the next time.
const DEADLINE: Duration = Duration::from_secs(2);
/// How many completions are given at most.
const MOST: usize = 200;

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Completion {
    /// The whole of what would be typed.
    pub text: String,
    /// What it is, in a few words; may be empty.
    pub about: String,
}

/// Completes what is typed.
pub struct Completer {
    dispatcher: Arc<Dispatcher>,
    /// What each plugin's help shows. There are as many as plugins are bound.
    examples: Mutex<HashMap<PluginRef, Examples>>,
}

/// Asked for once; empty until the plugin has said it.
type Examples = Arc<OnceCell<Vec<Completion>>>;

impl Completer {
    /// Completes commands this dispatcher answers.
    #[must_use]
    pub fn new(dispatcher: Arc<Dispatcher>) -> Arc<Self> {
        Arc::new(Self { dispatcher, examples: Mutex::default() })
    }

    /// How the text may go on in this conversation. Once the name of an executor is typed, its plugin is asked for its help,
    /// which is kept; that may take up to two seconds, and going away does not stop it.
    pub async fn completions(&self, conversation: &Conversation, text: &str) -> Vec<Completion> {
        if let Some(plugin) = self.plugin(conversation, text) {
            let (examples, dispatcher) = (self.examples(&plugin), self.dispatcher.clone());
            let asked = tokio::spawn(async move {
                let ask = async {
                    let help =
                        time::timeout(DEADLINE, dispatcher.snapshot().plugins.help(&plugin)).await.map_err(|_| ())?;
                    Ok::<_, ()>(shown(&help.map_err(|_| ())?))
                };
                let _ = examples.get_or_try_init(|| ask).await;
            });
            // It panics only with the plugin's side, which says so itself.
            let _ = asked.await;
        }
        self.known(conversation, text)
    }

    /// The same with what is known already.
    #[must_use]
    pub fn known(&self, conversation: &Conversation, text: &str) -> Vec<Completion> {
        let typed = text.trim_start();
        let new = |text: &str, about: &str| Completion { text: text.to_owned(), about: about.to_owned() };
        let mut all: Vec<Completion> = Vec::new();
        for name in self.dispatcher.snapshot().executors.bound_in(conversation).names() {
            all.push(new(name, "an executor"));
            all.push(new(&format!("{name} help"), &format!("what {name} can do")));
        }
        if let Some(plugin) = self.plugin(conversation, text) {
            all.extend(self.examples(&plugin).get().into_iter().flatten().cloned());
        }
        all.extend(Builtin::lines().map(|line| new(&line, "")));
        all.extend(self.dispatcher.snapshot().config.aliases.iter().map(|alias| new(&alias.name, &alias.command)));
        all.retain(|completion| completion.text.starts_with(typed));
        // Whatever is said of it first counts.
        all.sort_by(|a, b| a.text.cmp(&b.text));
        all.dedup_by(|a, b| a.text == b.text);
        all.truncate(MOST);
        all
    }

    /// Asks a plugin for its help anew when it is needed next: it may say something else now.
    pub fn forget(&self, plugin: &PluginRef) {
        self.examples.lock().unwrap_or_else(PoisonError::into_inner).remove(plugin);
    }

    /// The plugin whose name is typed, and what follows it.
    fn plugin(&self, conversation: &Conversation, text: &str) -> Option<PluginRef> {
        let (name, _) = text.trim_start().split_once(char::is_whitespace)?;
        Some(self.dispatcher.snapshot().executors.bound_in(conversation).route(name)?.plugin)
    }

    fn examples(&self, plugin: &PluginRef) -> Examples {
        let mut all = self.examples.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(plugin.clone()).or_default().clone()
    }
}

/// The commands a help's buttons stand for, without those that would do something to a terminal, or cannot be typed.
fn shown(help: &Message) -> Vec<Completion> {
    let mut help = help.clone();
    help.replace_bot_name("", None);
    let buttons = help.sections.iter().flat_map(|section| &section.buttons);
    let commands = buttons.map(|button| (button.command.trim(), &button.name));
    let is_typed =
        |command: &str| !command.is_empty() && !command.contains(['\n', '\t']) && harmless(command) == command;
    let typed = commands.filter(|(command, _)| is_typed(command));
    typed.map(|(command, name)| Completion { text: command.to_owned(), about: name.clone() }).collect()
}

#[cfg(test)]
mod tests;
