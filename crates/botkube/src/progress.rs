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
