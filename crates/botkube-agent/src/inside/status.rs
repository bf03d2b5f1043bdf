//! What `botkube status` shows, as one JSON document; `docs/operations.md` has its members. It knows no socket.
//!
//! Nothing here may be secret: of a command there is who runs it and with which plugin, never its words.

use std::time::{Duration, SystemTime};

use botkube_api::message::Timestamp;
use botkube_core::{
    dispatch::Underway,
    port::{Failure, PluginState},
};
use serde::{Deserialize, Serialize};

use super::{Plugin, recent::Line, word};
use crate::reload::Reloaded;

/// The number of the document's shape. It grows when a member goes or means something else, not when one is added.
pub const SCHEMA: u32 = 1;

/// A running agent from inside. Times are RFC 3339, durations seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The agent itself.
    pub agent: About,
    /// Its plugins, sorted by key.
    pub plugins: Vec<PluginStatus>,
    /// The commands that are under way, the oldest first.
    pub commands: Vec<Command>,
    /// The latest reloads, the oldest of them first.
    pub reloads: Vec<Reload>,
    /// The latest warnings and errors of the agent's own log, the oldest of them first.
    pub log: Vec<Logged>,
}

/// The agent itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct About {
    /// Its version.
    pub version: String,
    /// The number of its process.
    pub pid: u32,
    /// What the cluster is called.
    pub cluster: String,
    /// `starting`, `ready` or `draining`.
    pub stage: String,
    /// When it began.
    pub started: Timestamp,
    /// How long ago that is.
    pub uptime_seconds: f64,
    /// The configuration's files, in the order in which they count.
    pub files: Vec<String>,
    /// Where `/healthz` and `/readyz` are, if they are served.
    pub health_address: Option<String>,
    /// Where `/metrics` is, if it is served.
    pub metrics_address: Option<String>,
    /// The memory of its process in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
}

/// How a plugin is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PluginStatus {
    /// Its key, or its name where it was given by hand.
    pub plugin: String,
    /// `idle`, `fetching`, `starting`, `running`, `backingOff`, `deactivated` or `unavailable`.
    pub state: String,
    /// Why it does not run.
    pub reason: Option<String>,
    /// How many processes of it there were.
    pub generation: u64,
    /// The number of the process that serves.
    pub pid: Option<u32>,
    /// Its version, where it came from a repository.
    pub version: Option<String>,
    /// Since when the process serves.
    pub since: Option<Timestamp>,
    /// A new process is about to take its place.
    pub candidate: bool,
    /// How often it was started again, as far as it counts.
    pub restarts: u32,
    /// How often it may be.
    pub restarts_limit: u32,
    /// When it was last started again.
    pub last_restart: Option<Timestamp>,
    /// How many calls it works on.
    pub running: u32,
    /// How many calls wait.
    pub waiting: u32,
    /// How many calls were refused because too many waited.
    pub turned_away: u64,
    /// The memory of its process in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
    /// The processor time of its process, where the system tells.
    pub cpu_seconds: Option<f64>,
    /// What failed last.
    pub last_failure: Option<Failed>,
}

/// Something that failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Failed {
    /// When.
    pub at: Timestamp,
    /// What.
    pub reason: String,
}

/// A command that is under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Command {
    /// Names it, as for `cancel`.
    pub id: String,
    /// The plugin's name or the built-in command; empty for anything else that was said.
    pub name: String,
    /// Who runs it.
    pub actor: String,
    /// Where.
    pub channel: String,
    /// For how long.
    pub age_seconds: f64,
}

/// What was done about a changed configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reload {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took_seconds: f64,
    /// The files that were read.
    pub files: Vec<String>,
    /// `applied`, `refused` or `rolledBack`.
    pub outcome: String,
    /// What changed.
    pub changes: Vec<String>,
    /// What was wrong.
    pub error: Option<String>,
}

/// A line of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Logged {
    /// When.
    pub at: Timestamp,
    /// `warning` or `error`.
    pub level: String,
    /// What.
    pub text: String,
}

impl From<Plugin> for PluginStatus {
    fn from(plugin: Plugin) -> Self {
        let Plugin { name, state, usage } = plugin;
        let PluginState {
            status,
            reason,
            restarts,
            threshold,
            last_restart,
            generation,
            pid,
            version,
            since,
            candidate,
            running,
            waiting,
            turned_away,
            failure,
        } = state;
        Self {
            plugin: name,
            state: word(status).to_owned(),
            reason,
            generation,
            pid,
            version,
            since: since.map(whole),
            candidate,
            restarts,
            restarts_limit: threshold,
            last_restart: last_restart.map(whole),
            running,
            waiting,
            turned_away,
            memory_bytes: usage.map(|usage| usage.resident),
            cpu_seconds: usage.map(|usage| usage.cpu),
            last_failure: failure.map(|Failure { at, reason }| Failed { at: whole(at), reason }),
        }
    }
}

impl Command {
    /// A command in a word that is known: any other may be a secret that was sent by mistake.
    pub(super) fn of(underway: Underway, known: &[&str]) -> Self {
        let Underway { id, actor, channel, name, age } = underway;
        let name = if known.contains(&name.as_str()) { name } else { String::new() };
        Self { id: id.to_string(), name, actor, channel, age_seconds: seconds(age) }
    }
}

impl From<Reloaded> for Reload {
    fn from(reload: Reloaded) -> Self {
        let Reloaded { at, took, files, outcome, changes, error } = reload;
        let files = files.iter().map(|file| file.display().to_string()).collect();
        Self { at: whole(at), took_seconds: seconds(took), files, outcome: outcome.word().to_owned(), changes, error }
    }
}

impl From<Line> for Logged {
    fn from(line: Line) -> Self {
        let level = if line.is_error { "error" } else { "warning" };
        Self { at: whole(line.at), level: level.to_owned(), text: line.text }
    }
}

/// To the millisecond: more is noise.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// In whole milliseconds.
pub(super) fn whole(at: SystemTime) -> Timestamp {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or_default();
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
}
