//! The commands the agent answers itself (`contract-host §2.7`); they know no platform, and no plugin but by name.
//!
//! Reading order: [`Builtin`] which commands there are · `help`, `list` what the larger ones say · `table` how lists look ·
//! `unknown` what is said about all other commands.

mod help;
mod list;
mod table;
mod unknown;

use std::{borrow::Cow, sync::Arc};

use botkube_api::message::{Button, Message, Section};
use botkube_config::{
    model::{Config, PluginKey},
    nearest::nearest,
};

use crate::{
    answer::Status,
    command::Command,
    conversation::Incoming,
    port::Plugins,
    route::Bindings,
    running::{Cancelled, CommandId, Running},
};

pub(crate) use unknown::unknown;

/// Where people tell what is wrong or missing.
const ISSUES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// A command the agent answers itself. A plugin of the same name comes before it, as upstream has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// What can be typed here; also for nothing at all.
    Help,
    /// Whether anybody is there.
    Ping,
    /// Which version is there.
    Version,
    /// Where to tell what is wrong or missing.
    Feedback,
    /// The executors bound here, and how they are.
    ListExecutors,
    /// The sources bound here.
    ListSources,
    /// The aliases that work here.
    ListAliases,
    /// The actions of the configuration.
    ListActions,
    /// The commands that are under way.
    ListRunning,
    /// Ends a command that is under way.
    Cancel,
    /// Has a new process of an executor take the place of the one there is, or of none.
    RestartExecutor,
    /// The configuration.
    ShowConfig,
    /// Something upstream does and this version does not.
    Later(Later),
}

/// What this version does not do yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// Switching notifications of a channel.
    Notifications,
    /// Switching an action.
    Actions,
    /// Changing what sources a channel is told about.
    SourceBindings,
}

/// What a built-in command can see.
pub(crate) struct Desk<'a> {
    pub(crate) id: CommandId,
    pub(crate) incoming: &'a Incoming,
    pub(crate) config: &'a Config,
    pub(crate) shown_config: &'a str,
    pub(crate) bindings: Bindings<'a>,
    pub(crate) plugins: &'a dyn Plugins,
    pub(crate) running: &'a Arc<Running>,
}

/// What a first word is, and what may follow it.
struct Verb {
    name: &'static str,
    /// What it does, for the help.
    about: &'static str,
    /// How it is typed, for the help.
    typed: &'static str,
    takes: Takes,
}

enum Takes {
    /// Nothing.
    Nothing(Builtin),
    /// The id of a command.
    Id,
    /// One of these, by any of its names; the empty name stands for nothing.
    OneOf(&'static [(&'static [&'static str], Builtin)]),
}

const ACTIONS: &[&str] = &["action", "actions", "act"];
const SOURCE_BINDINGS: (&[&str], Builtin) =
    (&["sourcebinding", "sourcebindings", "sb"], Builtin::Later(Later::SourceBindings));
const NOTIFICATIONS: (&[&str], Builtin) =
    (&["notification", "notifications", "notif", ""], Builtin::Later(Later::Notifications));
const SWITCHED: Takes = Takes::OneOf(&[(ACTIONS, Builtin::Later(Later::Actions)), NOTIFICATIONS]);

const EXECUTORS: &[&str] = &["executor", "executors", "exec"];

const VERBS: [Verb; 12] = [
    Verb { name: "help", typed: "help", about: "what can be typed here", takes: Takes::Nothing(Builtin::Help) },
    Verb { name: "ping", typed: "ping", about: "whether the agent is there", takes: Takes::Nothing(Builtin::Ping) },
    Verb { name: "version", typed: "version", about: "its version", takes: Takes::Nothing(Builtin::Version) },
    Verb {
        name: "list",
        typed: "list executors|sources|aliases|actions|running",
        about: "what there is, and how it is",
        takes: Takes::OneOf(&[
            (ACTIONS, Builtin::ListActions),
            (EXECUTORS, Builtin::ListExecutors),
            (&["source", "sources", "src"], Builtin::ListSources),
            (&["alias", "aliases", "als"], Builtin::ListAliases),
            (&["running"], Builtin::ListRunning),
        ]),
    },
    Verb { name: "cancel", typed: "cancel ID", about: "ends a command that is running", takes: Takes::Id },
    Verb {
        name: "restart",
        typed: "restart executor NAME",
        about: "a new process for a plugin that is stuck or deactivated",
        takes: Takes::OneOf(&[(EXECUTORS, Builtin::RestartExecutor)]),
    },
    Verb {
        name: "show",
        typed: "show config",
        about: "the configuration, without secrets",
        takes: Takes::OneOf(&[(&["config", "cfg", "configuration"], Builtin::ShowConfig)]),
    },
    Verb {
        name: "feedback",
        typed: "feedback",
        about: "where to tell what is wrong or missing",
        takes: Takes::Nothing(Builtin::Feedback),
    },
    Verb { name: "enable", typed: "", about: "", takes: SWITCHED },
    Verb { name: "disable", typed: "", about: "", takes: SWITCHED },
    Verb { name: "edit", typed: "", about: "", takes: Takes::OneOf(&[SOURCE_BINDINGS]) },
    Verb { name: "status", typed: "", about: "", takes: Takes::OneOf(&[NOTIFICATIONS, SOURCE_BINDINGS]) },
];

impl Builtin {
    /// The built-in command a command is, in any letter case; `None` when its first word is none of theirs.
    ///
    /// # Errors
    ///
    /// When what follows the first word is not what it takes; the error is for whoever typed it.
    #[must_use]
    pub fn find(command: &Command) -> Option<Result<Self, String>> {
        if command.words.is_empty() {
            return Some(Ok(Self::Help));
        }
        let verb = VERBS.iter().find(|verb| verb.name.eq_ignore_ascii_case(command.name()))?;
        Some(verb.takes(command.words.get(1).map_or("", String::as_str)))
    }

    /// The first words of all.
    pub fn verbs<'a>() -> impl Iterator<Item = &'a str> {
        VERBS.iter().map(|verb| verb.name)
    }

    /// What can be typed to get at all that this version does, for completion.
    pub fn lines() -> impl Iterator<Item = String> {
        VERBS.iter().filter(|verb| !verb.typed.is_empty()).flat_map(|verb| {
            let (name, what) = verb.typed.split_once(' ').unwrap_or((verb.typed, ""));
            what.split('|')
                .map(move |what| format!("{name} {}", what.replace("ID", "").replace("NAME", "")).trim_end().to_owned())
        })
    }

    /// Answers it.
    pub(crate) fn answer(self, command: &Command, desk: &Desk<'_>) -> (Status, Message) {
        let said = |text: String| (Status::Succeeded, Message::code(text));
        let version = || format!("Botkube version: {}", env!("CARGO_PKG_VERSION"));
        match self {
            Self::Help => (Status::Succeeded, help::help(desk)),
            Self::Ping => said(format!("pong\n\n{}", version())),
            Self::Version => said(version()),
            Self::Feedback => (Status::Succeeded, feedback()),
            Self::ListExecutors => (Status::Succeeded, list::executors(desk)),
            Self::ListSources => (Status::Succeeded, list::sources(desk)),
            Self::ListAliases => (Status::Succeeded, list::aliases(desk)),
            Self::ListActions => (Status::Succeeded, list::actions(desk)),
            Self::ListRunning => (Status::Succeeded, list::running(desk)),
            Self::Cancel => cancel(command, desk),
            Self::RestartExecutor => restart(command, desk),
            Self::ShowConfig if desk.shown_config.is_empty() => {
                said("This agent runs without a configuration. Give one with `--config FILE`.".into())
            }
            Self::ShowConfig => said(desk.shown_config.to_owned()),
            Self::Later(later) => (Status::Refused, Message::code(later.instead(desk.incoming.conversation.called()))),
        }
    }
}

impl Verb {
    fn takes(&self, word: &str) -> Result<Builtin, String> {
        let mut near = None;
        match &self.takes {
            Takes::Nothing(builtin) if word.is_empty() => return Ok(*builtin),
            Takes::Nothing(_) => {}
            Takes::Id if !word.is_empty() => return Ok(Builtin::Cancel),
            Takes::Id => {}
            Takes::OneOf(features) => {
                let is_it = |name: &&&str| name.eq_ignore_ascii_case(word);
                if let Some((_, builtin)) = features.iter().find(|(names, _)| names.iter().any(|name| is_it(&name))) {
                    return Ok(*builtin);
                }
                near = suggestion(word, features.iter().flat_map(|(names, _)| names.iter().copied()));
            }
        }
        let wrong = match word {
            "" => format!("`{}` needs one more word.", self.name),
            word => format!("unknown option `{}` of `{}`.", brief(word, 40), self.name),
        };
        let near = near.map(|near| format!(" Did you mean `{} {near}`?", self.name)).unwrap_or_default();
        Err(format!("{wrong}{near}\n\n{}", self.usage()))
    }

    fn usage(&self) -> String {
        match &self.takes {
            Takes::Nothing(_) => format!("usage: {}", self.name),
            Takes::Id => format!("usage: {}, where ID is one of `list running`", self.typed),
            Takes::OneOf(features) => {
                let row =
                    |names: &[&str]| names.iter().filter(|n| !n.is_empty()).copied().collect::<Vec<_>>().join(" | ");
                let rows: Vec<String> = features.iter().map(|(names, _)| row(names)).collect();
                format!("usage: {} [feature]\n\nAvailable features:\n{}", self.name, rows.join("\n"))
            }
        }
    }
}

impl Later {
    /// What to do instead.
    fn instead(self, channel: &str) -> String {
        let (what, key, more) = match self {
            Self::Notifications => ("Notifications are not switched", "notification.disabled", ""),
            Self::Actions => ("Actions are not switched", "actions.NAME.enabled", " `list actions` shows the names."),
            Self::SourceBindings => (
                "Source bindings are not shown or changed",
                "bindings.sources",
                " `list sources` shows what they come to.",
            ),
        };
        let place = match self {
            Self::Actions => String::new(),
            Self::Notifications | Self::SourceBindings => format!(" of the channel `{channel}`"),
        };
        format!(
            "{what} in chat by this version yet. Set `{key}`{place} in the configuration, and start the agent again.{more}"
        )
    }
}

fn feedback() -> Message {
    let button = Button::link("Open an issue", ISSUES).primary();
    let section = Section::new().body_text("Something wrong or missing? We would like to hear of it.").button(button);
    Message::new().section(section).only_visible_for_you()
}

fn cancel(command: &Command, desk: &Desk<'_>) -> (Status, Message) {
    let word = command.words.get(1).map_or("", String::as_str);
    let Incoming { actor, conversation, .. } = desk.incoming;
    let refused = |text: String| (Status::Refused, Message::code(text));
    let Ok(id) = word.parse::<CommandId>() else {
        return refused(format!(
            "`{}` is no id of a command. Ids look like `c7`; `list running` shows them.",
            brief(word, 40)
        ));
    };
    let cancelled = if id == desk.id { Cancelled::NotRunning } else { desk.running.cancel(id, actor, conversation) };
    match cancelled {
        Cancelled::Yes => (Status::Succeeded, Message::code(format!("{id} is being cancelled."))),
        Cancelled::Elsewhere(channel) => {
            refused(format!("{id} was started in `{channel}` and can be cancelled only there."))
        }
        Cancelled::NotRunning => refused(format!(
            "No command {id} is running: it has ended, or there was none. `list running` shows those that are."
        )),
    }
}

/// Only what is bound here, by its name or its key.
fn restart(command: &Command, desk: &Desk<'_>) -> (Status, Message) {
    let word = command.words.get(2).map_or("", String::as_str);
    let names = desk.bindings.names();
    let name = word.parse::<PluginKey>().map_or_else(|_| word.to_owned(), |key| key.name);
    let route = desk.bindings.route(&name).filter(|route| name == word || route.plugin.to_string() == word);
    let Some(route) = route else {
        let wrong = match word {
            "" => "Which one?".to_owned(),
            word => format!("No executor `{}` is bound here.", brief(word, 40)),
        };
        let near = suggestion(word, names.iter().copied());
        let near = near.map(|near| format!(" Did you mean `restart executor {near}`?")).unwrap_or_default();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return (Status::Refused, Message::code(format!("{wrong}{near} Executors here: {there}.")));
    };
    desk.plugins.restart(&route.plugin);
    let text = format!("{} is being started again; `list executors` shows how it is.", route.plugin);
    (Status::Succeeded, Message::code(text))
}

/// The name a person probably meant.
fn suggestion<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a name that long, and comparing takes its time.
    if word.len() > 64 { None } else { nearest(word, names.into_iter().filter(|name| !name.is_empty())) }
}

/// The beginning of a text, short enough to be shown on a line.
fn brief(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
