//! The controls of a message, numbered as people read them, and what using one means. It knows no platform: those without
//! controls of their own ask here what upstream's Slack bot would have made of them (`contract-host §4.2`).

use std::{collections::BTreeMap, fmt, str::FromStr};

use botkube_api::{
    message::{Button, LabelInput, Message, MultiSelect, OptionItem, Select, SelectType},
    placeholder::quoted,
    slack::{BlockAction, OptionObject, SlackState, TextObject},
};
use serde::{Deserialize, Serialize};

use crate::conversation::Origin;

/// Names a control of a message as long as the message is the same: its kind's letter, its section or `m` for the message
/// itself, and its place there, such as `b0.1` or `im.0`. Ordered as people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ControlId {
    place: Place,
    kind: Kind,
    index: usize,
}

/// A control as its author wrote it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control<'a> {
    /// Stands for a command, or a page to open.
    Button(&'a Button),
    /// Has many of its options chosen.
    MultiSelect(&'a MultiSelect),
    /// Has one of its options chosen.
    Select(&'a Select),
    /// Is typed into.
    Input(&'a LabelInput),
}

/// What the controls of a message hold right now, where that is not what they held at first: an input its text, a select the
/// value of its option, a multi-select any number of values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entered(pub BTreeMap<ControlId, Vec<String>>);

/// What using a control means.
#[derive(Clone, Debug, PartialEq)]
pub struct Pressed {
    /// The command as upstream's bots make it.
    pub text: String,
    /// How it came to be said.
    pub origin: Origin,
    /// What all controls hold, as plugins are told (`contract-plugins §4`).
    pub controls: SlackState,
}

/// Why using a control means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PressError {
    /// The message has no such control.
    #[error("this message has no control `{0}`; it may have changed since it was shown")]
    Absent(ControlId),
    /// It only leads to a page.
    #[error("the button `{name}` stands for no command; it opens {url}")]
    Link {
        /// The button's label.
        name: String,
        /// The page.
        url: String,
    },
    /// Its author gave it no command.
    #[error("`{0}` stands for no command; its author gave it none")]
    Nothing(String),
    /// It takes no value.
    #[error("the button `{0}` takes no value")]
    Valueless(String),
    /// It takes one value.
    #[error("`{name}` takes one value, not {count}")]
    One {
        /// The control's label.
        name: String,
        /// How many it was given.
        count: usize,
    },
    /// It has no such option.
    #[error("`{name}` has no option `{value}`")]
    Option {
        /// The control's label.
        name: String,
        /// What was chosen.
        value: String,
    },
    /// An option was chosen twice.
    #[error("the option `{value}` of `{name}` is chosen twice")]
    Twice {
        /// The control's label.
        name: String,
        /// What was chosen.
        value: String,
    },
}

/// The text is not the id of a control.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no control; ids are like `b0.1`")]
pub struct ControlIdError(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Section(usize),
    Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Button,
    MultiSelect,
    Select,
    Input,
}

/// All controls people see, in the order they read them, which is that of [`render::text`](crate::render::text).
#[must_use]
pub fn controls(message: &Message) -> Vec<(ControlId, Control<'_>)> {
    let mut controls = Vec::new();
    for (section, content) in message.sections.iter().enumerate() {
        let mut add = |kind, index, control| {
            controls.push((ControlId { place: Place::Section(section), kind, index }, control));
        };
        for (index, button) in content.buttons.iter().enumerate() {
            add(Kind::Button, index, Control::Button(button));
        }
        if content.multi_select.are_options_defined() {
            add(Kind::MultiSelect, 0, Control::MultiSelect(&content.multi_select));
        }
        for (index, select) in content.selects.items.iter().enumerate() {
            add(Kind::Select, index, Control::Select(select));
        }
        for (index, input) in content.plaintext_inputs.iter().enumerate() {
            add(Kind::Input, index, Control::Input(input));
        }
    }
    let below = message.plaintext_inputs.iter().enumerate();
    let below = below
        .map(|(index, input)| (ControlId { place: Place::Message, kind: Kind::Input, index }, Control::Input(input)));
    controls.extend(below);
    controls
}

/// What it means to use a control while the message's controls hold what was `entered`: for a button nothing is among
/// `values`, for a select the option's value, for a multi-select any number of values, for an input what was typed, which is
/// trimmed in the command.
///
/// An input that does not send by itself has a command too: it is sent when its form is. Unlike upstream, an option that
/// was asked for while typing is a choice like any other.
///
/// # Errors
///
/// When the message has no such control, or one of them cannot hold what it is said to hold.
pub fn press(
    message: &Message,
    control: &ControlId,
    values: &[String],
    entered: &Entered,
) -> Result<Pressed, PressError> {
    let mut message = message.clone();
    message.replace_bot_name("", None);
    let controls = controls(&message);
    let find = |id: &ControlId| controls.iter().find(|(other, _)| other == id).ok_or(PressError::Absent(*id));
    let &(_, used) = find(control)?;
    used.accept(values)?;
    for (id, values) in &entered.0 {
        let (_, other) = find(id)?;
        if matches!(other, Control::Button(_)) || !values.is_empty() {
            other.accept(values)?;
        }
    }
    let (text, origin) = used.command(values)?;
    let mut state = SlackState::default();
    for (id, other) in &controls {
        let held = if id == control { Some(values) } else { entered.0.get(id).map(Vec::as_slice) };
        let Some(action) = other.state(held) else { continue };
        let (block, name) = id.slack_ids(&message, other);
        state.values.entry(block).or_default().insert(name, action);
    }
    Ok(Pressed { text, origin, controls: state })
}

impl Pressed {
    /// The same without the agent's mention before the command and in action ids, where [`render::fit`](crate::render::fit) put
    /// its name in: what upstream's bot takes away before it hands a command on (`contract-plugins §4`).
    #[must_use]
    pub fn without_mention(self, bot_name: &str) -> Self {
        let without = |text: &str| text.strip_prefix(bot_name).unwrap_or(text).trim_start().to_owned();
        if bot_name.is_empty() {
            return self;
        }
        let mut controls = self.controls;
        for actions in controls.values.values_mut() {
            *actions = std::mem::take(actions).into_iter().map(|(id, action)| (without(&id), action)).collect();
        }
        Self { text: without(&self.text), controls, ..self }
    }
}

impl ControlId {
    /// Block and action id as upstream's renderer gives them, less the bot's name and the blanks around it in action ids, as
    /// plugins see them (`contract-host §3.5`, `contract-plugins §4`). Where upstream gives none, Slack makes one up; so is
    /// one here, of this message alone.
    fn slack_ids(self, message: &Message, control: &Control<'_>) -> (String, String) {
        let block = match (control, self.place) {
            (Control::Input(input), _) => input.command.clone(),
            (Control::Select(_), Place::Section(section)) => message.sections[section].selects.id.clone(),
            _ => String::new(),
        };
        // Drop-downs of one section are one block.
        let made_up = || match control {
            Control::Select(_) => Self { index: 0, ..self }.to_string(),
            _ => self.to_string(),
        };
        let block = if block.is_empty() { made_up() } else { block };
        (block, control.asks().trim().to_owned())
    }
}

impl Control<'_> {
    /// Its label.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Button(button) => &button.name,
            Self::MultiSelect(select) => &select.name,
            Self::Select(select) => &select.name,
            Self::Input(input) => &input.text,
        }
    }

    /// What its command begins with.
    fn asks(&self) -> &str {
        match self {
            Self::Button(button) => &button.command,
            Self::MultiSelect(select) => &select.command,
            Self::Select(select) => &select.command,
            Self::Input(input) => &input.command,
        }
    }

    /// Whether it can hold these values.
    fn accept(&self, values: &[String]) -> Result<(), PressError> {
        let name = || self.name().to_owned();
        let one =
            || if values.len() == 1 { Ok(()) } else { Err(PressError::One { name: name(), count: values.len() }) };
        match self {
            Self::Button(_) if values.is_empty() => Ok(()),
            Self::Button(_) => Err(PressError::Valueless(name())),
            Self::Input(_) => one(),
            Self::Select(_) | Self::MultiSelect(_) => {
                if matches!(self, Self::Select(_)) {
                    one()?;
                }
                for (index, value) in values.iter().enumerate() {
                    if self.is_closed() && self.option(value).is_none() {
                        return Err(PressError::Option { name: name(), value: value.clone() });
                    }
                    if values[..index].contains(value) {
                        return Err(PressError::Twice { name: name(), value: value.clone() });
                    }
                }
                Ok(())
            }
        }
    }

    /// Whether all its options are in the message.
    fn is_closed(&self) -> bool {
        !matches!(self, Self::Select(Select { kind: SelectType::External, .. }))
    }

    fn option(&self, value: &str) -> Option<&OptionItem> {
        let options: Box<dyn Iterator<Item = &OptionItem>> = match self {
            Self::MultiSelect(select) => Box::new(select.options.iter()),
            Self::Select(select) => {
                let listed = select.option_groups.iter().flat_map(|group| &group.options);
                Box::new(listed.chain(&select.initial_option))
            }
            Self::Button(_) | Self::Input(_) => Box::new(std::iter::empty()),
        };
        options.into_iter().find(|option| option.value == value)
    }

    fn command(&self, values: &[String]) -> Result<(String, Origin), PressError> {
        let asks = self.asks();
        if asks.trim().is_empty() {
            return Err(match self {
                Self::Button(Button { name, url, .. }) if !url.is_empty() => {
                    PressError::Link { name: name.clone(), url: url.clone() }
                }
                _ => PressError::Nothing(self.name().to_owned()),
            });
        }
        Ok(match self {
            Self::Button(_) => (asks.to_owned(), Origin::ButtonClick),
            Self::MultiSelect(_) => (format!("{asks} {}", values.join(",")), Origin::MultiSelectValueChange),
            Self::Select(_) => (format!("{asks} {}", values.concat()), Origin::SelectValueChange),
            Self::Input(_) => (format!("{asks}{}", quoted(values.concat().trim())), Origin::PlainTextInput),
        })
    }

    /// What Slack would say it holds; `None` for what holds nothing. Without values it holds what its author chose.
    fn state(&self, held: Option<&[String]>) -> Option<BlockAction> {
        let chosen = |values: &[String]| values.iter().map(|value| self.chosen(value)).collect::<Vec<_>>();
        Some(match self {
            Self::Button(_) => return None,
            Self::Input(_) => BlockAction {
                kind: "plain_text_input".into(),
                value: held.unwrap_or_default().concat(),
                ..BlockAction::default()
            },
            Self::Select(select) => {
                let kind = if self.is_closed() { "static_select" } else { "external_select" };
                let selected = held.map_or_else(|| select.initial_option.iter().map(object).collect(), chosen);
                let selected_option = selected.into_iter().next().unwrap_or_default();
                BlockAction { kind: kind.into(), selected_option, ..BlockAction::default() }
            }
            Self::MultiSelect(select) => {
                let selected_options = held.map_or_else(|| select.initial_options.iter().map(object).collect(), chosen);
                BlockAction { kind: "multi_static_select".into(), selected_options, ..BlockAction::default() }
            }
        })
    }

    fn chosen(&self, value: &str) -> OptionObject {
        self.option(value).map_or_else(|| object(&OptionItem::from(value)), object)
    }
}

/// An option as Slack reports it.
fn object(option: &OptionItem) -> OptionObject {
    let text =
        TextObject { kind: "plain_text".into(), text: option.name.clone(), emoji: Some(true), ..TextObject::default() };
    OptionObject { text: Some(text), value: option.value.clone(), ..OptionObject::default() }
}

impl Kind {
    const ALL: [(Self, char); 4] =
        [(Self::Button, 'b'), (Self::MultiSelect, 'm'), (Self::Select, 's'), (Self::Input, 'i')];
}

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = Kind::ALL.iter().find(|(kind, _)| *kind == self.kind).map_or(' ', |(_, letter)| *letter);
        match self.place {
            Place::Section(section) => write!(f, "{letter}{section}.{}", self.index),
            Place::Message => write!(f, "{letter}m.{}", self.index),
        }
    }
}

impl FromStr for ControlId {
    type Err = ControlIdError;

    fn from_str(text: &str) -> Result<Self, ControlIdError> {
        let parse = || {
            let (&(kind, _), rest) = Kind::ALL.iter().find_map(|kind| Some((kind, text.strip_prefix(kind.1)?)))?;
            let (place, index) = rest.split_once('.')?;
            let place = if place == "m" { Place::Message } else { Place::Section(place.parse().ok()?) };
            Some(Self { place, kind, index: index.parse().ok()? })
        };
        // One control, one id: `b00.1` and `b0.+1` are none.
        parse().filter(|id| id.to_string() == text).ok_or_else(|| ControlIdError(text.to_owned()))
    }
}

impl From<ControlId> for String {
    fn from(id: ControlId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ControlId {
    type Error = ControlIdError;

    fn try_from(text: String) -> Result<Self, ControlIdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;
