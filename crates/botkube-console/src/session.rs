//! A session: what was said and used in the console, and what was answered, in a file that people read and change, and that
//! is played again to find out what is answered now. It knows no plugin.
//!
//! Reading order: [`Session`] the file · `mask` what differs each time · `tape` from entries to a session · [`Recorder`]
//! writes while people talk · [`replay`] talks in their place.

mod label;
mod mask;
mod play;
mod record;
mod tape;

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use botkube_core::answer::Status;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use similar::TextDiff;

use self::mask::Masks;
pub use self::{
    mask::{Mask, MaskError},
    play::{ReplayError, replay},
    record::Recorder,
};

/// The most bytes a session's file may have.
pub const MAX_SIZE: u64 = 16 << 20;

/// What somebody is called of whom nothing is said.
const SOMEBODY: &str = "somebody";

/// What the first lines of a file say.
const HEADER: &str = "# What was said in a console and what was answered; written by `botkube dev --record` and played again by\n\
                      # `botkube plugin test --replay`. What differs each time is masked: <time>, <duration>, <id>, <path>; add\n\
                      # your own under `masks` as {pattern: REGULAR-EXPRESSION, as: <NAME>}.\n";

/// What was said, and what was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Session {
    /// What is masked besides what always is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<Mask>,
    /// One after the other.
    pub steps: Vec<Step>,
}

/// Something that was said or used, and what was answered to it. Exactly one of `said` and `pressed` is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// The channel's alias.
    pub channel: String,
    /// What the person is called who does it, if not as in the step before; at first it is `somebody`. Plugins are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The control that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<Press>,
    /// How the command ended, where that was shown. One that was cancelled is cancelled again, and only that is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What stood there in the end.
    #[serde(default)]
    pub answers: Vec<Shown>,
}

/// A control that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Press {
    /// The step whose answer has the control, from 1.
    pub step: usize,
    /// Which of its answers, from 1.
    pub answer: usize,
    /// Its label, behind that of its section: `Section / Label`; with ` #2` behind it for the second that is called so.
    pub control: String,
    /// What was chosen or typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What the message's other controls held.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entered: BTreeMap<String, Vec<String>>,
}

/// A message, in the shortest way to say it: exactly one of the first four is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shown {
    /// A message of prose alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A message of output alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Any other message, as plugins write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Value>,
    /// The name of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether the message is output that `--filter` may cut down.
    #[serde(default, skip_serializing_if = "is_false")]
    pub filter: bool,
    /// Whether only who asked sees it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub only_for_you: bool,
    /// Whether it took the place of the message whose control was used.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replaces: bool,
}

/// Why a text is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It is too long.
    #[error("it has {0} bytes, and a session has at most {MAX_SIZE}; divide it")]
    TooLarge(u64),
    /// It is no YAML, or has something nobody knows.
    #[error("{0}")]
    Yaml(String),
    /// A step does not say what to do.
    #[error("step {0} has both or neither of `said` and `pressed`; it needs one of them")]
    Action(usize),
    /// A step uses what is not there yet.
    #[error("step {step} uses a control of step {of}; it has to be an earlier one, counted from 1")]
    Later {
        /// Which step.
        step: usize,
        /// What it names.
        of: usize,
    },
    /// A mask cannot be used.
    #[error(transparent)]
    Mask(#[from] MaskError),
}

/// A step that is not answered as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which step, from 1.
    pub step: usize,
    /// What it does, in a few words.
    pub what: String,
    /// Line by line: `-` as it was, `+` as it is.
    pub diff: String,
}

impl Session {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, SessionError> {
        let size = text.len() as u64;
        if size > MAX_SIZE {
            return Err(SessionError::TooLarge(size));
        }
        let session: Self = serde_saphyr::from_str(text).map_err(|error| SessionError::Yaml(error.to_string()))?;
        Masks::new(&session.masks)?;
        for (number, step) in (1..).zip(&session.steps) {
            if step.said.is_some() == step.pressed.is_some() {
                return Err(SessionError::Action(number));
            }
            if let Some(of) = step.pressed.as_ref().map(|press| press.step).filter(|of| *of == 0 || *of >= number) {
                return Err(SessionError::Later { step: number, of });
            }
        }
        Ok(session)
    }

    /// The file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let options = serde_saphyr::ser_options! { prefer_block_scalars: true };
        // There is nothing in a session that YAML cannot say; were it otherwise, JSON is YAML too.
        let yaml = serde_saphyr::to_string_with_options(self, options)
            .or_else(|_| serde_json::to_string_pretty(self))
            .unwrap_or_default();
        format!("{HEADER}{yaml}")
    }

    /// Writes the file as a whole: who reads it meanwhile sees the one before.
    ///
    /// # Errors
    ///
    /// What keeps it from being written.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As any new file is: it belongs beside a project's sources.
        let mode = fs::Permissions::from_mode(0o644);
        let mut new = tempfile::Builder::new().permissions(mode).tempfile_in(dir)?;
        new.write_all(self.to_yaml().as_bytes())?;
        new.persist(file)?;
        Ok(())
    }

    /// What is answered otherwise now, with the masks of `self` for both.
    ///
    /// # Errors
    ///
    /// When a mask cannot be used.
    pub fn differences(&self, now: &Self) -> Result<Vec<Difference>, MaskError> {
        let masks = Masks::new(&self.masks)?;
        let mut differences = Vec::new();
        for (at, before) in self.steps.iter().enumerate() {
            let after = now.steps.get(at).cloned().unwrap_or_default();
            let (before, after) = (before.compared(&masks), after.compared(&masks));
            if before != after {
                let (old, new) = (in_yaml(&before), in_yaml(&after));
                let diff = TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).to_string();
                // The places of lines in this piece are nobody's.
                let lines = diff.lines().filter(|line| !line.starts_with("@@"));
                let diff = lines.flat_map(|line| [line, "\n"]).collect();
                differences.push(Difference { step: at + 1, what: before.to_string(), diff });
            }
        }
        Ok(differences)
    }
}

impl Step {
    /// What counts.
    fn compared(&self, masks: &Masks) -> Self {
        let mut step = self.clone();
        if step.status == Some(Status::Cancelled) {
            // How far it had come is chance.
            step.answers.clear();
        }
        step.answers.iter_mut().for_each(|answer| masks.cover(answer));
        step
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.said, &self.pressed) {
            (Some(said), _) => write!(f, "{}: {said}", self.channel),
            (None, Some(Press { step, control, values, .. })) => {
                write!(f, "{}: `{control}` of step {step}", self.channel)?;
                if values.is_empty() { Ok(()) } else { write!(f, " = {}", values.join(", ")) }
            }
            (None, None) => f.write_str(&self.channel),
        }
    }
}

fn in_yaml(step: &Step) -> String {
    let one = Session { masks: Vec::new(), steps: vec![step.clone()] };
    one.to_yaml().strip_prefix(HEADER).unwrap_or_default().replacen("steps:\n", "", 1)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
