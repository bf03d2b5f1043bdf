//! Uses the controls of messages by the numbers they are shown with. It draws nothing.

use std::sync::Arc;

use botkube_api::message::DispatchedAction;
use botkube_core::control::{self, Control, ControlId, Entered};

use super::{
    FILLED, Face,
    ink::{BAD, DIM, Line, PLAIN},
    slash,
};
use crate::{entry::Entry, rooms::Used};

impl Face {
    /// The message whose control is meant, with its controls.
    fn with_controls(&self, entry: Option<&str>) -> Result<Arc<Entry>, String> {
        let (all, _) = self.rooms.watch(&self.channel, &self.person.id, 0).map_err(|error| error.to_string())?;
        let has = |other: &&Arc<Entry>| {
            let message = other.message.as_ref();
            entry.is_none_or(|id| other.id == id) && message.is_some_and(|it| !control::controls(it).is_empty())
        };
        all.iter().rfind(has).cloned().ok_or_else(|| match entry {
            None => "No message here has anything to use.".to_owned(),
            Some(id) => {
                format!("There is no message {} here with anything to use.", id.chars().take(20).collect::<String>())
            }
        })
    }

    /// Uses a control.
    pub(super) fn control(&mut self, entry: Option<&str>, number: usize, text: &str) -> Result<(), String> {
        let entry = self.with_controls(entry)?;
        let Some(message) = &entry.message else { return Ok(()) };
        let controls = control::controls(message);
        let Some((id, control)) = controls.get(number - 1) else {
            return Err(format!("Message {} has {} controls, and no {number}.", entry.id, controls.len()));
        };
        let Some(values) = slash::values(control, text)? else {
            let lines = match control {
                Control::Input(input) => {
                    vec![Line::of(PLAIN, &format!("Type what to fill in: /{number} {}", input.placeholder))]
                }
                _ => self.paper().options(control),
            };
            self.scroll(&lines);
            return Ok(());
        };
        let is_alone = controls.len() == 1;
        let only_fills = matches!(control, Control::Input(input) if input.dispatched_action == DispatchedAction::None);
        let key = entry.id.parse::<u64>().unwrap_or_default();
        let mut entered = self.filled.remove(&key).unwrap_or_default();
        // Those it has no more are nobody's.
        entered.0.retain(|held, _| controls.iter().any(|(id, _)| id == held));
        let (id, is_button) = (*id, matches!(control, Control::Button(_)));
        if only_fills && !is_alone {
            entered.0.insert(id, values);
            self.fill(key, entered);
            self.say_here(DIM, "Filled in. /send sends it; another control may take it along.");
            return Ok(());
        }
        self.press(&entry.id, id, &values, &entered);
        if !is_button {
            entered.0.insert(id, values);
        }
        self.fill(key, entered);
        Ok(())
    }

    /// Sends what was filled in of the newest message.
    pub(super) fn send(&mut self) {
        let entry = match self.with_controls(None) {
            Ok(entry) => entry,
            Err(reason) => return self.say_here(BAD, &reason),
        };
        let key = entry.id.parse::<u64>().unwrap_or_default();
        let entered = self.filled.remove(&key).unwrap_or_default();
        let controls = entry.message.as_ref().map(control::controls).unwrap_or_default();
        let is_input = |id: &ControlId| {
            controls.iter().any(|(other, control)| {
                other == id
                    && matches!(control, Control::Input(input) if input.dispatched_action == DispatchedAction::None)
            })
        };
        let filled: Vec<_> = entered.0.iter().filter(|(id, _)| is_input(id)).collect();
        if filled.is_empty() {
            self.say_here(PLAIN, "Nothing is filled in that waits to be sent.");
        }
        for (id, values) in filled {
            self.press(&entry.id, *id, values, &entered);
        }
    }

    fn press(&mut self, entry: &str, control: ControlId, values: &[String], entered: &Entered) {
        let key = self.keys.next();
        let (values, entered) = (values.to_vec(), entered.clone());
        let used = Used { entry: entry.to_owned(), control, values, entered };
        let accepted = self.rooms.press(&self.channel, &self.person, &key, &used);
        self.accepted(accepted);
    }

    fn fill(&mut self, entry: u64, entered: Entered) {
        self.filled.insert(entry, entered);
        if self.filled.len() > FILLED {
            self.filled.pop_first();
        }
    }
}
