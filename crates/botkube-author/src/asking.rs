//! A plugin that is started to be asked something, and what it printed when it does not answer. It must not know what is asked,
//! or why.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use botkube_plugin_host::{
    index::PluginKind,
    probe::{Options, Probe, ProbeError},
};
use go_plugin::host::{Output, Spawner};

/// What a plugin prints, the last lines of it.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<VecDeque<String>>>);

/// So many lines are kept.
const LINES: usize = 20;

/// So long is waited for the last lines of a plugin that ended.
const LAST_LINES: Duration = Duration::from_millis(200);

impl Printed {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// Why a plugin does not answer, with what it printed last.
    pub(crate) async fn explain(&self, error: &ProbeError) -> String {
        let output = match error {
            ProbeError::Start(error) => error.output.clone(),
            _ => {
                tokio::time::sleep(LAST_LINES).await;
                self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
            }
        };
        let error = match error {
            // The path is often one that nobody knows.
            ProbeError::Start(error) => format!("it did not start: {}", error.reason),
            error => error.to_string(),
        };
        if output.is_empty() {
            return format!("{error}; it printed nothing");
        }
        let lines: String = output.iter().map(|line| format!("\n    {}", plain(line))).collect();
        format!("{error}; the last it printed:{lines}")
    }
}

/// Starts a plugin as the agent does.
pub(crate) async fn start(
    program: &Path,
    name: &str,
    kind: PluginKind,
    options: Options,
) -> (Printed, Result<Probe, ProbeError>) {
    let printed = Printed::default();
    let lines = printed.clone();
    let output = Arc::new(move |line: Output| lines.push(line.text()));
    (printed, Probe::start(program, name, kind, Options { output, ..options }).await)
}

/// How a plugin is started by this.
pub(crate) fn by(spawner: &Arc<dyn Spawner>) -> Options {
    Options { spawner: Arc::clone(spawner), ..Options::default() }
}

/// A text of somebody else's without anything that moves a cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
