//! How far plugins are fetched, drawn on a terminal; it knows nothing of where they come from.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use botkube_agent::agent::{OnProgress, Progress};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How often something moves while nothing comes.
const TICK: Duration = Duration::from_millis(120);

/// What stands for the command among what is fetched.
const COMMAND: &str = "";

/// Lines at the bottom of the terminal, one for each thing under way.
#[derive(Clone, Default)]
pub(crate) struct Bars {
    all: MultiProgress,
    /// By what is fetched.
    bars: Arc<Mutex<HashMap<String, ProgressBar>>>,
}

impl Bars {
    /// Draws what it is told.
    pub(crate) fn drawing(&self) -> OnProgress {
        let bars = self.clone();
        Arc::new(move |progress| bars.draw(progress))
    }

    /// Draws how far the command is; nothing when that is nothing.
    pub(crate) fn say(&self, text: &str) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        if text.is_empty() {
            bars.remove(COMMAND);
            return;
        }
        drop(bars);
        self.bar(COMMAND.to_owned()).set_message(text.to_owned());
    }

    /// Writes something else on the terminal, with everything off it meanwhile.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }

    /// Takes everything off the terminal again.
    pub(crate) fn clear(&self) {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner).clear();
        // A terminal that cannot be cleared is about to be written on anyway.
        let _ = self.all.clear();
    }

    fn draw(&self, progress: Progress) {
        match progress {
            Progress::Index { repository } => {
                self.bar(repository.clone()).set_message(format!("asking the repository {repository}"));
            }
            Progress::Waiting { plugin } => {
                self.bar(plugin.clone()).set_message(format!("{plugin} is being installed by another"));
            }
            Progress::Downloading { what, received, total } => {
                let bar = self.bar(what.clone());
                if let Some(total) = total
                    && bar.length() != Some(total)
                {
                    bar.set_length(total);
                    bar.set_style(style("{spinner} {msg} {bar:24} {bytes} of {total_bytes}"));
                }
                bar.set_message(format!("fetching {what}"));
                bar.set_position(received);
            }
            Progress::Unpacking { what } => {
                let bar = self.bar(what.clone());
                bar.set_style(style("{spinner} {msg}"));
                bar.set_message(format!("unpacking {what}"));
            }
        }
    }

    fn bar(&self, what: String) -> ProgressBar {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let bar = self.all.add(ProgressBar::no_length().with_style(style("{spinner} {msg}")));
            bar.enable_steady_tick(TICK);
            bar
        };
        bars.entry(what).or_insert_with(new).clone()
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is written here")
}
