//! The commands the agent answers itself; they know no platform and no plugin but by name.

use botkube_api::message::{Button, Message, Section};
use botkube_config::nearest::nearest;

use crate::{command::Command, route::Bindings};

/// A command the agent answers itself. A plugin of the same name comes before it, as upstream has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// What can be typed here; also for nothing at all.
    Help,
    /// Whether anybody is there.
    Ping,
    /// Which version is there.
    Version,
}

const NAMES: [(&str, Builtin); 3] = [("help", Builtin::Help), ("ping", Builtin::Ping), ("version", Builtin::Version)];

impl Builtin {
    /// The built-in command of this name, in any letter case.
    #[must_use]
    pub fn parse(command: &Command) -> Option<Self> {
        if command.words.is_empty() {
            return Some(Self::Help);
        }
        NAMES.into_iter().find_map(|(name, builtin)| name.eq_ignore_ascii_case(command.name()).then_some(builtin))
    }

    /// The names of all.
    pub fn names<'a>() -> impl Iterator<Item = &'a str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    pub(crate) fn answer(self) -> Message {
        let version = format!("Botkube version: {}", env!("CARGO_PKG_VERSION"));
        Message::code(match self {
            Self::Ping => format!("pong\n\n{version}"),
            Self::Help | Self::Version => version,
        })
    }
}

/// What can be typed here, made from what is bound here.
pub(crate) fn help(bindings: &Bindings<'_>) -> Message {
    let mut commands =
        Section::new().header("Commands").description("`help`, `ping` and `version` are answered by the agent.");
    let names = bindings.names();
    if names.is_empty() {
        commands =
            commands.body_text("No executor is bound in this channel: see `bindings.executors` in the configuration.");
    }
    for name in names {
        commands = commands.button(Button::command(format!("{name} help"), format!("{name} help")));
    }
    Message::new().section(commands.button(Button::command("Ping", "ping")))
}

/// Why a command is not run that nobody knows, and what may have been meant.
pub(crate) fn unknown(command: &Command, bindings: &Bindings<'_>) -> String {
    let name = command.name();
    let mut text = format!("I don't know the command `{name}`.");
    let elsewhere = bindings.elsewhere(name);
    let bound = bindings.names();
    let near = nearest(name, bound.iter().copied().chain(Builtin::names()));
    if !elsewhere.is_empty() {
        let groups: Vec<String> = elsewhere.iter().map(|group| format!("`{group}`")).collect();
        text = format!(
            "The executor `{name}` is not bound in this channel. It is in the group {}: add that to the channel's \
             `bindings.executors`.",
            groups.join(", ")
        );
    } else if let Some(near) = near {
        text += &format!(" Did you mean `{near}`?");
    }
    text + " Type `help` for what can be typed here."
}
