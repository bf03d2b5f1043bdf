//! Plays a session in fresh channels, one step after the other, and gives what is answered now. It compares nothing.

use std::time::Duration;

use botkube_core::{
    answer::Status,
    chat::Accepted,
    control::{ControlId, Entered},
    running::CommandId,
};
use tokio::time::{self, Instant};

use super::{MaskError, Press, SOMEBODY, Session, Step, label::labels, mask::Masks, tape::Tape};
use crate::{
    entry::{Doing, Entry, State},
    rooms::{Change, Person, Refused, Rooms, Used, Watch},
};

/// After how long without a trace a command has been answered with nothing: one that runs is shown after less than half of it.
const TRACELESS: Duration = Duration::from_secs(1);
/// How long nothing follows the end of a command.
const QUIET: Duration = Duration::from_millis(100);

/// Why a session cannot be played to its end; the number is that of the step.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It was refused.
    #[error("step {0}: {1}")]
    Refused(usize, Refused),
    /// The message is not there any more.
    #[error(
        "step {step}: step {of} has {count} answers now, and the control `{control}` is said to be in number {answer}"
    )]
    NoAnswer {
        /// Which step.
        step: usize,
        /// The step whose answer it needs.
        of: usize,
        /// How many answers there are.
        count: usize,
        /// Which of them it needs.
        answer: usize,
        /// What it uses of it.
        control: String,
    },
    /// The control is not there any more.
    #[error("step {step}: the answer of step {of} has no control `{control}` any more; it has: {there}")]
    NoControl {
        /// Which step.
        step: usize,
        /// The step whose answer it needs.
        of: usize,
        /// What it uses of it.
        control: String,
        /// Those there are.
        there: String,
    },
    /// It takes too long.
    #[error("step {0} ({1}) has not ended within {2:?}; it was cancelled")]
    Late(usize, String, Duration),
    /// A mask cannot be used.
    #[error(transparent)]
    Mask(#[from] MaskError),
}

/// Plays a session, each step of which may take this long, in channels in which nothing was said yet. The result has the
/// answers there are now.
///
/// # Errors
///
/// When a step cannot be played.
pub async fn replay(session: &Session, rooms: &Rooms, deadline: Duration) -> Result<Session, ReplayError> {
    let masks = Masks::new(&session.masks)?;
    let mut player = Player { rooms, person: called(SOMEBODY), tape: Tape::default(), deadline };
    for (at, step) in session.steps.iter().enumerate() {
        if let Some(name) = &step.by {
            player.person = called(name);
        }
        player.play(at, step).await?;
    }
    let mut now = player.tape.session(&masks);
    now.masks.clone_from(&session.masks);
    // What it does is as it was, also where a label is written in another way.
    for (now, before) in now.steps.iter_mut().zip(&session.steps) {
        (now.said, now.pressed, now.by) = (before.said.clone(), before.pressed.clone(), before.by.clone());
        if before.status == Some(Status::Cancelled) && now.status == Some(Status::Cancelled) {
            now.answers.clone_from(&before.answers);
        }
    }
    Ok(now)
}

struct Player<'a> {
    rooms: &'a Rooms,
    person: Person,
    tape: Tape,
    deadline: Duration,
}

impl Player<'_> {
    async fn play(&mut self, at: usize, step: &Step) -> Result<(), ReplayError> {
        let refused = |error| ReplayError::Refused(at + 1, error);
        let (_, mut watch) = self.rooms.overhear(&step.channel).map_err(refused)?;
        let key = format!("step-{at}");
        let accepted = match (&step.pressed, &step.said) {
            (Some(press), _) => {
                let used = self.used(at + 1, press)?;
                self.rooms.press(&step.channel, &self.person, &key, &used)
            }
            (None, said) => self.rooms.say(&step.channel, &self.person, &key, said.as_deref().unwrap_or_default()),
        };
        let command = match accepted.map_err(refused)? {
            Accepted::Running(command) => command,
            // Its answer says why it is not run.
            Accepted::Before | Accepted::Full => return Ok(()),
        };
        let is_cancelled = step.status == Some(Status::Cancelled);
        self.follow(at, step, command, &mut watch, is_cancelled).await
    }

    /// Takes in what happens until the command has ended and nothing follows.
    async fn follow(
        &mut self,
        at: usize,
        step: &Step,
        command: CommandId,
        watch: &mut Watch,
        is_cancelled: bool,
    ) -> Result<(), ReplayError> {
        let began = Instant::now();
        let mut has_trace = false;
        let mut has_ended = false;
        let mut told = false;
        loop {
            let patience = match (has_ended, has_trace) {
                (true, _) => QUIET,
                (false, false) => TRACELESS,
                (false, true) => self.deadline.saturating_sub(began.elapsed()),
            };
            match time::timeout(patience, watch.next()).await {
                Ok(Some(Change::Form(entry))) => {
                    self.tape.take(&step.channel, entry);
                    has_ended = true;
                }
                Ok(Some(Change::Entry(entry) | Change::Grown { entry, .. })) => {
                    let is_its = entry.live.as_ref().is_some_and(|live| live.command == command);
                    has_trace |= is_its;
                    has_ended |= is_its && is_over(&entry);
                    self.tape.take(&step.channel, entry);
                    if is_cancelled && has_trace && !has_ended && !std::mem::replace(&mut told, true) {
                        // It may end by itself meanwhile.
                        let _ = self.rooms.cancel(&step.channel, &self.person, command);
                    }
                }
                Ok(Some(Change::Missed)) => {
                    if let Ok((entries, again)) = self.rooms.overhear(&step.channel) {
                        *watch = again;
                        for entry in entries {
                            let is_its = entry.live.as_ref().is_some_and(|live| live.command == command);
                            has_trace |= is_its;
                            has_ended |= is_its && is_over(&entry);
                            self.tape.take(&step.channel, entry);
                        }
                    }
                }
                Ok(None) => return Ok(()),
                Err(_) if has_ended || !has_trace => return Ok(()),
                Err(_) => {
                    let _ = self.rooms.cancel(&step.channel, &self.person, command);
                    return Err(ReplayError::Late(at + 1, step.to_string(), self.deadline));
                }
            }
        }
    }

    /// The control that is called so, now.
    fn used(&self, step: usize, press: &Press) -> Result<Used, ReplayError> {
        let Press { step: of, answer, control, values, entered } = press;
        let Some(entry) = answer.checked_sub(1).and_then(|answer| self.tape.answer(of - 1, answer)) else {
            let count = self.tape.count(of - 1);
            return Err(ReplayError::NoAnswer { step, of: *of, count, answer: *answer, control: control.clone() });
        };
        let labels = entry.message.as_ref().map(labels).unwrap_or_default();
        let find = |wanted: &str| -> Result<ControlId, ReplayError> {
            let found = labels.iter().find(|(label, _)| label == wanted).map(|(_, id)| *id);
            found.ok_or_else(|| {
                let there: Vec<String> = labels.iter().map(|(label, _)| format!("`{label}`")).collect();
                let there = if there.is_empty() { "none".into() } else { there.join(", ") };
                ReplayError::NoControl { step, of: *of, control: wanted.to_owned(), there }
            })
        };
        let mut held = Entered::default();
        for (label, values) in entered {
            held.0.insert(find(label)?, values.clone());
        }
        Ok(Used { entry: entry.id.clone(), control: find(control)?, values: values.clone(), entered: held })
    }
}

fn called(name: &str) -> Person {
    let id = if name.is_empty() { SOMEBODY } else { name };
    Person { id: id.to_owned(), name: name.to_owned() }
}

fn is_over(entry: &Entry) -> bool {
    matches!(&entry.live, Some(Doing { state: State::Ended { .. }, .. }))
}
