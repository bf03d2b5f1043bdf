//! What is typed for the terminal itself, and not for the agent: lines that begin with `/`. Pure; it does none of it.

use botkube_api::message::{Select, SelectType};
use botkube_config::nearest::nearest;
use botkube_core::control::Control;

use super::draw::options;

/// What all of them do, for `/help`.
pub(super) const HELP: &str = "\
Everything else you type goes to the agent; `help` says what it can do.

/1            uses control 1 of the newest message that has some
/2 VALUE      chooses an option, by its value, name or number; /2 alone lists them
/3 A,B        chooses several
/4 TEXT       fills an input, and sends it if that is all the message asks for
/17:1         uses control 1 of message 17
/send         sends the inputs you filled that do not send by themselves
/channel      lists the channels, • where there is something new; /channel NAME goes there
/who          who is here
/more         all of the last long output
/logs         the end of the agent's log
/help         this
/quit         leaves, as Ctrl-D does

Ctrl-C cancels what you started last and still runs here. Tab completes, the arrow keys bring back what you typed.";

const NAMES: [&str; 7] = ["help", "channel", "who", "logs", "more", "send", "quit"];

/// A line for the terminal itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slash<'a> {
    Help,
    /// Goes to this channel, or lists them.
    Channel(Option<&'a str>),
    Who,
    Logs,
    More,
    Send,
    Quit,
    /// Uses a control.
    Use {
        /// Of this message; without, of the newest.
        entry: Option<&'a str>,
        /// From 1.
        number: usize,
        /// What was chosen or typed.
        text: &'a str,
    },
    /// Nothing of the kind; the text says so.
    Unknown(String),
}

/// All that can be typed, for completion.
pub(super) fn words() -> impl Iterator<Item = String> {
    NAMES.iter().map(|name| format!("/{name}"))
}

impl<'a> Slash<'a> {
    /// Reads a line; `None` when it is for the agent.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim().strip_prefix('/')?;
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(Self::control(word, rest));
        }
        Some(match word {
            "help" | "" => Self::Help,
            "channel" => Self::Channel(Some(rest.trim_start_matches('#')).filter(|name| !name.is_empty())),
            "who" => Self::Who,
            "logs" => Self::Logs,
            "more" => Self::More,
            "send" => Self::Send,
            "quit" => Self::Quit,
            _ => {
                let near = if word.len() > 64 { None } else { nearest(word, NAMES) };
                let near = near.map(|near| format!(" Did you mean `/{near}`?")).unwrap_or_default();
                let word: String = word.chars().take(40).collect();
                Self::Unknown(format!("There is no `/{word}` here.{near} `/help` says what there is."))
            }
        })
    }

    fn control(word: &'a str, text: &'a str) -> Self {
        let (entry, number) = word.split_once(':').map_or((None, word), |(entry, number)| (Some(entry), number));
        match number.parse() {
            Ok(number) if number > 0 => Self::Use { entry, number, text },
            _ => Self::Unknown(format!(
                "`/{}` names no control: they are used by `/1`, those of message 17 by `/17:1`.",
                word.chars().take(40).collect::<String>()
            )),
        }
    }
}

/// The values a text means for a control: options by value, number or name. `None` when the text is missing.
///
/// # Errors
///
/// When no option is meant.
pub(super) fn values(control: &Control<'_>, text: &str) -> Result<Option<Vec<String>>, String> {
    let options = options(control);
    let find = |text: &str| {
        let by_value = options.iter().find(|(_, option)| option.value == text);
        let by_number = || options.get(text.parse::<usize>().ok()?.checked_sub(1)?);
        let by_name = || options.iter().find(|(_, option)| option.name.eq_ignore_ascii_case(text));
        let found = by_value.or_else(by_number).or_else(by_name);
        found
            .map(|(_, option)| option.value.clone())
            .ok_or_else(|| format!("`{}` has no option `{text}`; its number alone lists them.", control.name()))
    };
    match control {
        Control::Button(_) if text.is_empty() => Ok(Some(Vec::new())),
        Control::Button(button) => Err(format!("The button `{}` takes nothing.", button.name)),
        _ if text.is_empty() => Ok(None),
        Control::Input(_) => Ok(Some(vec![text.to_owned()])),
        // Its options are made while somebody types: any text may be one.
        Control::Select(Select { kind: SelectType::External, .. }) => {
            Ok(Some(vec![find(text).unwrap_or_else(|_| text.to_owned())]))
        }
        Control::Select(_) => Ok(Some(vec![find(text)?])),
        Control::MultiSelect(_) => {
            let pieces = text.split(',').map(str::trim).filter(|piece| !piece.is_empty());
            pieces.map(find).collect::<Result<_, _>>().map(Some)
        }
    }
}

#[cfg(test)]
mod tests;
