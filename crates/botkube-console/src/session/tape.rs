//! From entries as they come to a session. Pure: it watches nobody.

use std::{collections::BTreeMap, sync::Arc};

use botkube_api::message::{Body, Message, MessageType};
use botkube_core::running::CommandId;
use indexmap::IndexMap;

use super::{Press, SOMEBODY, Session, Shown, Step, label::labels, mask::Masks};
use crate::{
    entry::{Doing, Entry, State},
    rooms::Used,
};

/// What happened in some channels.
#[derive(Default)]
pub(super) struct Tape {
    /// What people said, as it came.
    said: Vec<(String, Arc<Entry>)>,
    /// The agent's entries by channel and id, each in the states in which commands left it.
    shown: IndexMap<(String, String), Vec<Version>>,
}

/// An entry as one command left it.
struct Version {
    entry: Arc<Entry>,
    /// The command that was seen there.
    command: Option<CommandId>,
}

impl Tape {
    /// Takes in an entry that is new or changed.
    pub(super) fn take(&mut self, channel: &str, entry: Arc<Entry>) {
        if !entry.by.bot {
            if !self.said.iter().any(|(other, known)| other == channel && known.id == entry.id) {
                self.said.push((channel.to_owned(), entry));
            }
            return;
        }
        let command = entry.live.as_ref().map(|live| live.command);
        let versions = self.shown.entry((channel.to_owned(), entry.id.clone())).or_default();
        match versions.last_mut() {
            // A message that no longer ends its answer says nothing of a command any more.
            Some(last) if command.is_none() || last.command == command => last.entry = entry,
            _ => versions.push(Version { entry, command }),
        }
    }

    /// The latest entry a step's answer is, counted from 0.
    pub(super) fn answer(&self, step: usize, answer: usize) -> Option<&Arc<Entry>> {
        let (key, _) = self.answers(step).into_iter().nth(answer)?;
        self.shown.get(&key)?.last().map(|version| &version.entry)
    }

    /// Whether every step has an end.
    pub(super) fn is_answered(&self) -> bool {
        (0..self.said.len()).all(|step| self.answers(step).iter().any(|(_, entry)| !entry.is_running()))
            && !self.shown.values().flatten().any(|version| version.entry.is_running())
    }

    /// The session so far, masked.
    pub(super) fn session(&self, masks: &Masks) -> Session {
        // Where an entry was answer to what, in the order of steps.
        let mut known: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
        let mut steps = Vec::with_capacity(self.said.len());
        let mut before = SOMEBODY;
        for (place, (channel, said)) in self.said.iter().enumerate() {
            let by = Some(&said.by.name).filter(|name| *name != before).cloned();
            before = &said.by.name;
            let mut step = Step { channel: channel.clone(), by, ..Step::default() };
            match &said.used {
                Some(used) => step.pressed = self.press(channel, used, &known),
                None => step.said = said.text.clone(),
            }
            if step.pressed.is_none() {
                // What was used is not known any more: it reads as if it was typed.
                step.said = said.text.clone();
            }
            for (number, (key, entry)) in self.answers(place).into_iter().enumerate() {
                if let Some(Doing { state: State::Ended { status, .. }, .. }) = &entry.live {
                    step.status = Some(*status);
                }
                let replaces = said.used.as_ref().is_some_and(|used| used.entry == entry.id);
                let mut shown = Shown { replaces, only_for_you: entry.only_for.is_some(), ..Shown::from(&**entry) };
                masks.cover(&mut shown);
                step.answers.push(shown);
                known.insert(key, (place + 1, number + 1));
            }
            steps.push(step);
        }
        Session { masks: Vec::new(), steps }
    }

    /// How many answers a step has, counted from 0.
    pub(super) fn count(&self, step: usize) -> usize {
        self.answers(step).len()
    }

    /// The entries that answer what was said, as that left them, in the order of the channel.
    fn answers(&self, step: usize) -> Vec<((String, String), &Arc<Entry>)> {
        let Some((channel, said)) = self.said.get(step) else { return Vec::new() };
        let mut answers = Vec::new();
        for (key, versions) in self.shown.iter().filter(|((other, _), _)| other == channel) {
            let own = versions.first().filter(|first| first.entry.answers.as_ref() == Some(&said.id));
            // Not every use of a message changes it.
            let changes = |said: &Entry| {
                let uses = said.used.as_ref().is_some_and(|used| used.entry == key.1);
                uses && !self.is_answered_elsewhere(channel, &said.id)
            };
            let before = || {
                let earlier = self.said[..step].iter().filter(|(other, _)| other == channel);
                earlier.filter(|(_, said)| changes(said)).count()
            };
            let replaced = changes(said).then(|| versions.get(1 + before())).flatten();
            answers.extend(own.or(replaced).map(|version| (key.clone(), &version.entry)));
        }
        answers.sort_by_key(|(_, entry)| entry.id.parse::<u64>().unwrap_or(u64::MAX));
        answers
    }

    /// Whether an entry of its own answers what was said.
    fn is_answered_elsewhere(&self, channel: &str, said: &str) -> bool {
        let entries = self.shown.iter().filter(|((other, _), _)| other == channel);
        entries.filter_map(|(_, versions)| versions.first()).any(|first| first.entry.answers.as_deref() == Some(said))
    }

    fn press(&self, channel: &str, used: &Used, known: &BTreeMap<(String, String), (usize, usize)>) -> Option<Press> {
        let key = (channel.to_owned(), used.entry.clone());
        let (step, answer) = *known.get(&key)?;
        // The message as it was then.
        let before = self.answers(step - 1).into_iter().nth(answer - 1)?.1;
        let labels = labels(before.message.as_ref()?);
        let label = |id| labels.iter().find(|(_, other)| other == id).map(|(label, _)| label.clone());
        let entered = used.entered.0.iter().filter(|(id, _)| **id != used.control);
        let entered = entered.filter_map(|(id, values)| Some((label(id)?, values.clone()))).collect();
        Some(Press { step, answer, control: label(&used.control)?, values: used.values.clone(), entered })
    }
}

impl From<&Entry> for Shown {
    fn from(entry: &Entry) -> Self {
        if let Some(file) = &entry.file {
            return Self { file: Some(file.name.clone()), ..Self::default() };
        }
        let message = entry.message.clone().unwrap_or_default();
        let Body { code_block, plaintext } = message.base_body.clone();
        let rest = Message { base_body: Body::default(), ..message.clone() };
        // Who sees it is said besides, and where it stands.
        let rest = Message { only_visible_for_you: false, replace_original: false, ..rest };
        let filter = rest.kind == MessageType::BaseBodyWithFilter;
        let rest = if filter { Message { kind: MessageType::Default, ..rest } } else { rest };
        match rest == Message::default() {
            true if code_block.is_empty() => Self { text: Some(plaintext), filter, ..Self::default() },
            true if plaintext.is_empty() => Self { code: Some(code_block), filter, ..Self::default() },
            _ => {
                let mut json: serde_json::Value = serde_json::from_slice(&message.to_json()).unwrap_or_default();
                if let Some(object) = json.as_object_mut() {
                    if message.timestamp.is_zero() {
                        object.remove("timestamp");
                    }
                    object.remove("onlyVisibleForYou");
                    object.remove("replaceOriginal");
                }
                prune(&mut json);
                Self { message: Some(json), ..Self::default() }
            }
        }
    }
}

/// Takes away what says nothing: Go writes keys of nothing.
fn prune(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Array(all) => all.iter_mut().for_each(prune),
        Value::Object(all) => {
            all.values_mut().for_each(prune);
            let is_nothing = |value: &Value| match value {
                Value::Null | Value::Bool(false) => true,
                Value::String(text) => text.is_empty(),
                Value::Array(all) => all.is_empty(),
                Value::Object(all) => all.is_empty(),
                _ => false,
            };
            all.retain(|_, value| !is_nothing(value));
        }
        _ => {}
    }
}
