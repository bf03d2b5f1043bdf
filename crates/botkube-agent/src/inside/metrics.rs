//! `/metrics`: what is seen of an agent as text for Prometheus. Every name here has its line in `docs/operations.md`. It looks
//! at nothing by itself.
//!
//! Labels are a plugin's key and words of a fixed choice: never a channel, a person or a command.

pub(crate) mod classic;
pub(crate) mod tally;

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use botkube_core::port::PluginStatus;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge, info::Info},
    registry::{Registry, Unit},
};

use self::tally::Counts;
use super::{Plugin, process::Own, word};
use crate::reload::Outcome;

/// What is seen of an agent at one time.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) version: &'static str,
    pub(crate) started: SystemTime,
    pub(crate) is_ready: bool,
    pub(crate) plugins: Vec<Plugin>,
    /// What ended, by plugin.
    pub(crate) commands: BTreeMap<String, Counts>,
    /// How many commands are under way.
    pub(crate) underway: usize,
    /// How many reloads came to what, and when last.
    pub(crate) reloads: [(Outcome, u64, Option<SystemTime>); Outcome::ALL.len()],
    /// What came of the latest, if there was one.
    pub(crate) last_reload: Option<Outcome>,
    /// How many warnings and how many errors the log has.
    pub(crate) log: (u64, u64),
    pub(crate) process: Option<Own>,
}

/// What a number means.
struct Named {
    name: &'static str,
    help: &'static str,
    /// Ends the name.
    unit: Option<Unit>,
}

/// The text in OpenMetrics' format.
pub(crate) fn open(seen: Seen) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(seen));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a string takes whatever is written");
    text
}

impl Collector for Seen {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        self.agent(&mut to)?;
        self.commands(&mut to)?;
        self.plugins(&mut to)?;
        self.calls(&mut to)?;
        self.usage(&mut to)?;
        self.reloads(&mut to)?;
        self.process.iter().try_for_each(|own| process(own, &mut to))
    }
}

impl Seen {
    fn agent(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let build = to.encode_descriptor("botkube_build", "Which Botkube this is.", None, MetricType::Info)?;
        Info::new([("version", self.version)]).encode(build)?;
        let named = name("botkube_ready", "1 while the agent takes commands.");
        single(to, named, ConstGauge::new(u64::from(self.is_ready)))?;
        let named = name("botkube_log_lines", "Lines of the agent's own log about something wrong.");
        let (warnings, errors) = self.log;
        let lines = [("warning", warnings), ("error", errors)];
        each(to, named, lines.map(|(level, count)| ([("level", level)], ConstCounter::new(count))))
    }

    fn commands(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let named = name("botkube_commands", "Commands that ended; those of the agent itself have an empty plugin.");
        let ended = self.commands.iter().flat_map(|(plugin, counts)| counts.ended().map(move |it| (plugin, it)));
        let labels = |plugin, status| [("plugin", plugin), ("status", status)];
        each(
            to,
            named,
            ended.map(|(plugin, (status, count))| (labels(plugin.as_str(), status), ConstCounter::new(count))),
        )?;
        let named = name("botkube_command_duration", "Time from a command's arrival to its end.").unit(Unit::Seconds);
        let took = self.commands.iter().map(|(plugin, counts)| ([("plugin", plugin.as_str())], counts.took.clone()));
        each(to, named, took)?;
        single(
            to,
            name("botkube_commands_running", "Commands that are under way."),
            ConstGauge::new(self.underway as u64),
        )
    }

    fn plugins(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let named = name("botkube_plugin_state", "1 for the state in which the plugin is.");
        let states = self.plugins.iter().flat_map(|plugin| STATES.map(|state| (plugin, state)));
        let labels = |plugin, state| [("plugin", plugin), ("state", word(state))];
        let is_now = |plugin: &Plugin, state| ConstGauge::new(u64::from(plugin.state.status == state));
        each(to, named, states.map(|(plugin, state)| (labels(plugin.name.as_str(), state), is_now(plugin, state))))?;
        self.gauges(to, name("botkube_plugin_up", "1 while a process of the plugin serves."), |plugin| {
            Some(u64::from(plugin.state.status == PluginStatus::Running))
        })?;
        self.gauges(to, name("botkube_plugin_generation", "How many processes of the plugin there were."), |plugin| {
            Some(plugin.state.generation)
        })?;
        self.gauges(to, name("botkube_plugin_restarts", "Restarts that count towards the limit."), |plugin| {
            Some(plugin.state.restarts.into())
        })?;
        self.gauges(
            to,
            name("botkube_plugin_restarts_limit", "Restarts after which the plugin is given up."),
            |plugin| Some(plugin.state.threshold.into()),
        )?;
        let named = name("botkube_plugin_start_time", "Since when the process serves.").unit(Unit::Seconds);
        self.floats(to, named, |plugin| plugin.state.since.map(seconds))?;
        let named = name("botkube_plugin_last_failure_timestamp", "When something failed last.").unit(Unit::Seconds);
        self.floats(to, named, |plugin| plugin.state.failure.as_ref().map(|failure| seconds(failure.at)))
    }

    fn calls(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        self.gauges(to, name("botkube_plugin_calls_running", "Calls the plugin works on."), |plugin| {
            Some(plugin.state.running.into())
        })?;
        self.gauges(to, name("botkube_plugin_calls_waiting", "Calls that wait for their turn."), |plugin| {
            Some(plugin.state.waiting.into())
        })?;
        let named = name("botkube_plugin_calls_turned_away", "Calls that were refused because too many waited.");
        let turned_away = |plugin: &Plugin| ConstCounter::new(plugin.state.turned_away);
        each(to, named, self.plugins.iter().map(|plugin| (plugin.label(), turned_away(plugin))))
    }

    fn usage(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let named = name("botkube_plugin_resident_memory", "Memory of the plugin's process.").unit(Unit::Bytes);
        self.gauges(to, named, |plugin| plugin.usage.map(|usage| usage.resident))?;
        let named = name("botkube_plugin_cpu", "Processor time of the plugin's process, without its children.");
        let cpu = self.plugins.iter().filter_map(|plugin| Some((plugin.label(), ConstCounter::new(plugin.usage?.cpu))));
        each(to, named.unit(Unit::Seconds), cpu)
    }

    fn reloads(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let named = name("botkube_reloads", "Attempts to go on with a changed configuration.");
        let counts =
            self.reloads.iter().map(|(outcome, count, _)| ([("outcome", outcome.word())], ConstCounter::new(*count)));
        each(to, named, counts)?;
        let named = name("botkube_last_reload_successful", "1 while the configuration in effect is the newest.");
        let is_well = self.last_reload.is_none_or(|outcome| outcome == Outcome::Applied);
        single(to, named, ConstGauge::new(u64::from(is_well)))?;
        let named = name("botkube_last_reload_success_timestamp", "Since when the configuration is in effect.");
        let applied = self.reloads.iter().find(|(outcome, ..)| *outcome == Outcome::Applied).and_then(|(.., at)| *at);
        single(to, named.unit(Unit::Seconds), ConstGauge::new(seconds(applied.unwrap_or(self.started))))
    }

    fn gauges(
        &self,
        to: &mut DescriptorEncoder<'_>,
        named: Named,
        value: impl Fn(&Plugin) -> Option<u64>,
    ) -> fmt::Result {
        each(
            to,
            named,
            self.plugins.iter().filter_map(|plugin| Some((plugin.label(), ConstGauge::new(value(plugin)?)))),
        )
    }

    fn floats(
        &self,
        to: &mut DescriptorEncoder<'_>,
        named: Named,
        value: impl Fn(&Plugin) -> Option<f64>,
    ) -> fmt::Result {
        each(
            to,
            named,
            self.plugins.iter().filter_map(|plugin| Some((plugin.label(), ConstGauge::new(value(plugin)?)))),
        )
    }
}

/// Every state of a plugin.
const STATES: [PluginStatus; 7] = [
    PluginStatus::Idle,
    PluginStatus::Fetching,
    PluginStatus::Starting,
    PluginStatus::Running,
    PluginStatus::BackingOff,
    PluginStatus::Deactivated,
    PluginStatus::Unavailable,
];

impl Plugin {
    fn label(&self) -> [(&'static str, &str); 1] {
        [("plugin", &self.name)]
    }
}

impl Named {
    fn unit(self, unit: Unit) -> Self {
        Self { unit: Some(unit), ..self }
    }
}

fn name(name: &'static str, help: &'static str) -> Named {
    Named { name, help, unit: None }
}

/// What every client library of Prometheus tells of its own process, under the same names.
fn process(own: &Own, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let named = name("process_cpu", "Processor time of the agent's process.").unit(Unit::Seconds);
    single(to, named, ConstCounter::new(own.usage.cpu))?;
    let named = name("process_resident_memory", "Memory of the agent's process.").unit(Unit::Bytes);
    single(to, named, ConstGauge::new(own.usage.resident))?;
    let named = name("process_virtual_memory", "Address space of the agent's process.").unit(Unit::Bytes);
    single(to, named, ConstGauge::new(own.virtual_memory))?;
    single(to, name("process_threads", "Threads of the agent's process."), ConstGauge::new(own.threads))?;
    if let Some(count) = own.open_files {
        single(to, name("process_open_fds", "Files the agent has open."), ConstGauge::new(count))?;
    }
    if let Some(count) = own.most_files {
        single(to, name("process_max_fds", "Files the agent may have open."), ConstGauge::new(count))?;
    }
    let named = name("process_start_time", "When the agent's process began.").unit(Unit::Seconds);
    own.started.map_or(Ok(()), |at| single(to, named, ConstGauge::new(at)))
}

/// A number for each set of labels.
fn each<L: EncodeLabelSet, M: EncodeMetric>(
    to: &mut DescriptorEncoder<'_>,
    named: Named,
    numbers: impl IntoIterator<Item = (L, M)>,
) -> fmt::Result {
    let mut numbers = numbers.into_iter().peekable();
    let Some((_, first)) = numbers.peek() else { return Ok(()) };
    let mut metric = to.encode_descriptor(named.name, named.help, named.unit.as_ref(), first.metric_type())?;
    numbers.try_for_each(|(labels, number)| number.encode(metric.encode_family(&labels)?))
}

/// A number without labels.
fn single(to: &mut DescriptorEncoder<'_>, named: Named, number: impl EncodeMetric) -> fmt::Result {
    number.encode(to.encode_descriptor(named.name, named.help, named.unit.as_ref(), number.metric_type())?)
}

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

#[cfg(test)]
mod tests;
