//! Counts commands by how they ended. It keeps no channel, no person and no command.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use botkube_core::{answer::Status, dispatch::Ended};
use prometheus_client::metrics::histogram::Histogram;

/// The upper ends of the classes of durations, in seconds: from what no process is asked for to what is given up.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// How commands ended, by who was to answer: a plugin's key or name, or nothing for the agent itself.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<String, Counts>>);

/// The commands of one plugin.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// How long they took, in seconds.
    pub(crate) took: Histogram,
    ended: [u64; ENDS.len()],
}

/// How commands end, in words for programs.
const ENDS: [(Status, &str); 5] = [
    (Status::Succeeded, "succeeded"),
    (Status::Failed, "failed"),
    (Status::Refused, "refused"),
    (Status::Cancelled, "cancelled"),
    (Status::TimedOut, "timedOut"),
];

impl Default for Counts {
    fn default() -> Self {
        Self { took: Histogram::new(SECONDS), ended: [0; ENDS.len()] }
    }
}

impl Tally {
    /// Counts a command.
    pub(crate) fn count(&self, ended: &Ended) {
        let plugin = ended.plugin.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = all.entry(plugin).or_default();
        counts.took.observe(ended.took.as_secs_f64());
        for ((status, _), count) in ENDS.iter().zip(&mut counts.ended) {
            *count += u64::from(*status == ended.status);
        }
    }

    /// The counts of these plugins and of the agent itself. Others are forgotten: keys have versions, and a long life would
    /// know many of them.
    pub(crate) fn of(&self, plugins: &BTreeSet<String>) -> BTreeMap<String, Counts> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|plugin, _| plugin.is_empty() || plugins.contains(plugin));
        all.clone()
    }
}

impl Counts {
    /// How many ended how.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ENDS.iter().zip(self.ended).map(|((_, word), count)| (*word, count))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use botkube_core::route::PluginRef;

    use super::*;

    fn ended(plugin: &str, status: Status) -> Ended {
        Ended {
            id: "c1".parse().unwrap(),
            actor: "ada".into(),
            channel: "ops".into(),
            verb: plugin.into(),
            plugin: (!plugin.is_empty()).then(|| PluginRef::Named(plugin.into())),
            status,
            took: Duration::from_millis(20),
        }
    }

    fn counted(commands: &[(&str, Status)], known: &[&str]) -> Vec<(String, Vec<u64>)> {
        let tally = Tally::default();
        for (plugin, status) in commands {
            tally.count(&ended(plugin, *status));
        }
        let known = known.iter().map(ToString::to_string).collect();
        let counts = tally.of(&known).into_iter();
        counts.map(|(name, it)| (name, it.ended().map(|(_, count)| count).collect())).collect()
    }

    #[test]
    fn commands_are_counted_by_plugin_and_by_how_they_ended() {
        let commands = [("echo", Status::Succeeded), ("echo", Status::TimedOut), ("", Status::Refused)];
        let expected = [(String::new(), vec![0, 0, 1, 0, 0]), ("echo".to_owned(), vec![1, 0, 0, 0, 1])];
        assert_eq!(counted(&commands, &["echo"]), expected);
    }

    #[test]
    fn a_plugin_that_is_gone_is_forgotten() {
        let commands = [("echo", Status::Succeeded), ("", Status::Succeeded)];
        assert_eq!(counted(&commands, &[]), [(String::new(), vec![1, 0, 0, 0, 0])]);
    }
}
