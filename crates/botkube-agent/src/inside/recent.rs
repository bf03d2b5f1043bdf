//! The latest warnings and errors of the log, and how many there were. What plugins print is not kept: it may hold anything.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use crate::agent::OUTPUT_TARGET;

/// How many lines are kept; the oldest is forgotten for the next.
const KEPT: usize = 20;
/// How long a line may be, in bytes; what is longer is cut.
const LONGEST: usize = 1000;
/// The field that lines have which a plugin printed.
const OF_A_PLUGIN: &str = "origin";

/// A layer of the log that remembers what went wrong last. Clones remember together.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<Mutex<Lines>>);

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: SystemTime,
    pub(crate) is_error: bool,
    /// The message, and its fields behind it.
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct Lines {
    latest: VecDeque<Line>,
    warnings: u64,
    errors: u64,
}

/// Writes an event as one line.
struct Text {
    message: String,
    fields: String,
}

impl Recent {
    /// The latest lines, the oldest of them first.
    pub(crate) fn latest(&self) -> Vec<Line> {
        self.lock().latest.iter().cloned().collect()
    }

    /// How many warnings and how many errors there were.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let lines = self.lock();
        (lines.warnings, lines.errors)
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let is_of_a_plugin = metadata.target() == OUTPUT_TARGET || metadata.fields().field(OF_A_PLUGIN).is_some();
        if *metadata.level() > Level::WARN || is_of_a_plugin {
            return;
        }
        let is_error = *metadata.level() == Level::ERROR;
        let mut text = Text { message: String::new(), fields: String::new() };
        event.record(&mut text);
        let mut text = text.message + &text.fields;
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push('…');
        }
        let mut lines = self.lock();
        *(if is_error { &mut lines.errors } else { &mut lines.warnings }) += 1;
        if lines.latest.len() == KEPT {
            lines.latest.pop_front();
        }
        lines.latest.push_back(Line { at: SystemTime::now(), is_error, text });
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// What is remembered of what `log` writes.
    fn remembered(log: impl FnOnce()) -> Vec<(bool, String)> {
        let recent = Recent::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(recent.clone()), log);
        recent.latest().into_iter().map(|line| (line.is_error, line.text)).collect()
    }

    #[test]
    fn warnings_and_errors_are_remembered_with_their_fields() {
        let log = || {
            tracing::info!("all is well");
            tracing::warn!(plugin = "echo", restarts = 2, "it ended");
            tracing::error!("it is not started again");
        };
        let expected = [(false, "it ended plugin=\"echo\" restarts=2"), (true, "it is not started again")];
        assert_eq!(remembered(log), expected.map(|(is_error, text)| (is_error, text.to_owned())));
    }

    #[test]
    fn what_a_plugin_prints_is_not_remembered() {
        let log = || {
            tracing::error!(plugin = "echo", origin = "stderr", "token=secret");
            tracing::error!(target: OUTPUT_TARGET, "token=secret");
        };
        assert_eq!(remembered(log), []);
    }

    #[test]
    fn the_latest_lines_stay_and_long_ones_are_cut() {
        let log = || {
            for number in 0..=KEPT {
                tracing::warn!("{number} {}", "ä".repeat(LONGEST));
            }
        };
        let lines = remembered(log);
        assert_eq!((lines.len(), &lines[0].1[..2]), (KEPT, "1 "));
        assert!(lines.iter().all(|(_, text)| text.len() < LONGEST + 4 && text.ends_with('…')));
    }
}
