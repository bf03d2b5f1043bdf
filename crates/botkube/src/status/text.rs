//! An agent's status for people: short tables, the newest last. It asks nobody, not even the clock.
//!
//! Names and reasons come from plugins and people: nothing of them moves a cursor or turns the direction of a line.

use std::time::{Duration, SystemTime};

use anstyle::{AnsiColor, Style};
use botkube_agent::inside::status::{Command, Document, Logged, PluginStatus, Reload};
use botkube_api::message::Timestamp;

use crate::supply;

/// What stands where there is nothing.
const NOTHING: &str = "-";

const HEAD: Style = Style::new().bold();
const PLAIN: Style = Style::new();
const GOOD: Style = AnsiColor::Green.on_default();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The document as text, which ends without a line break.
pub(super) fn text(document: &Document, is_coloured: bool) -> String {
    // Ages are those at the time the document was made, by the clock of its agent.
    let now = document.agent.started.to_system_time().unwrap_or(SystemTime::UNIX_EPOCH)
        + Duration::try_from_secs_f64(document.agent.uptime_seconds).unwrap_or_default();
    let mut page = Page { text: String::new(), is_coloured, now };
    page.agent(document);
    page.plugins(&document.plugins);
    page.commands(&document.commands);
    page.reloads(&document.reloads);
    page.log(&document.log);
    page.text.trim_end().to_owned()
}

/// Text in one line without anything that is no text.
pub(super) fn plain(text: &str) -> String {
    let is_turning = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || is_turning(c) { ' ' } else { c }).collect()
}

struct Page {
    text: String,
    is_coloured: bool,
    now: SystemTime,
}

impl Page {
    fn agent(&mut self, document: &Document) {
        let agent = &document.agent;
        let memory = agent.memory_bytes.map(|bytes| format!(", {}", size(bytes))).unwrap_or_default();
        let style = if agent.stage == "ready" { GOOD } else { DOUBTFUL };
        let uptime = age(agent.uptime_seconds);
        let (version, cluster, stage, pid) = (&agent.version, plain(&agent.cluster), &agent.stage, agent.pid);
        self.line(style, &format!("Botkube {version} on {cluster}: {stage}, up {uptime} (process {pid}{memory})"));
        let files = agent.files.iter().map(|file| ("configuration", plain(file)));
        let health = agent.health_address.iter().map(|at| ("health", format!("http://{at}/healthz")));
        let metrics = agent.metrics_address.iter().map(|at| ("metrics", format!("http://{at}/metrics")));
        let rows: Vec<_> = files.chain(health).chain(metrics).map(|(what, it)| vec![format!("  {what}"), it]).collect();
        if !rows.is_empty() {
            self.line(PLAIN, &supply::table(&rows));
        }
    }

    fn plugins(&mut self, plugins: &[PluginStatus]) {
        let columns =
            ["PLUGIN", "STATE", "VERSION", "PROCESS", "NUMBER", "SINCE", "RESTARTS", "CALLS", "WAITING", "MEMORY"];
        let rows = plugins.iter().map(|plugin| {
            let since = plugin.since.map_or_else(|| NOTHING.to_owned(), |since| self.ago(since));
            let style = match plugin.state.as_str() {
                "running" => GOOD,
                "deactivated" | "unavailable" => BAD,
                "backingOff" => DOUBTFUL,
                _ => PLAIN,
            };
            let state = if plugin.candidate { format!("{}, is replaced", plugin.state) } else { plugin.state.clone() };
            let row = vec![
                plain(&plugin.plugin),
                state,
                plugin.version.as_deref().map_or_else(|| NOTHING.to_owned(), plain),
                plugin.pid.map_or_else(|| NOTHING.to_owned(), |pid| pid.to_string()),
                plugin.generation.to_string(),
                since,
                format!("{}/{}", plugin.restarts, plugin.restarts_limit),
                plugin.running.to_string(),
                plugin.waiting.to_string(),
                plugin.memory_bytes.map_or_else(|| NOTHING.to_owned(), size),
            ];
            (style, row)
        });
        let rows = rows.collect();
        self.table(&columns, rows);
        for plugin in plugins {
            let name = plain(&plugin.plugin);
            if let Some(reason) = &plugin.reason {
                self.line(BAD, &format!("{name}: {}", plain(reason)));
            }
            if let Some(failed) =
                plugin.last_failure.as_ref().filter(|failed| plugin.reason.as_ref() != Some(&failed.reason))
            {
                let ago = self.ago(failed.at);
                self.line(DOUBTFUL, &format!("{name} failed {ago} ago: {}", plain(&failed.reason)));
            }
            if plugin.turned_away > 0 {
                let count = plugin.turned_away;
                self.line(DOUBTFUL, &format!("{name}: {count} calls were turned away because too many waited"));
            }
        }
    }

    fn commands(&mut self, commands: &[Command]) {
        let rows = commands.iter().map(|command| {
            let name = if command.name.is_empty() { NOTHING.to_owned() } else { plain(&command.name) };
            let row = vec![
                command.id.clone(),
                name,
                plain(&command.actor),
                plain(&command.channel),
                age(command.age_seconds),
            ];
            (PLAIN, row)
        });
        self.table(&["COMMAND", "NAME", "WHO", "WHERE", "FOR"], rows.collect());
    }

    fn reloads(&mut self, reloads: &[Reload]) {
        let rows = reloads.iter().map(|reload| {
            let style = if reload.outcome == "applied" { PLAIN } else { BAD };
            let said =
                reload.error.iter().chain(&reload.changes).map(|text| plain(text)).collect::<Vec<_>>().join("; ");
            let took = format!("{:.0} ms", reload.took_seconds * 1000.0);
            let said = if said.is_empty() { "nothing changed".to_owned() } else { said };
            (style, vec![format!("{} ago", self.ago(reload.at)), reload.outcome.clone(), took, said])
        });
        let rows = rows.collect();
        self.table(&["RELOAD", "OUTCOME", "TOOK", "WHAT"], rows);
    }

    fn log(&mut self, log: &[Logged]) {
        let rows = log.iter().map(|line| {
            let style = if line.level == "error" { BAD } else { DOUBTFUL };
            (style, vec![format!("{} ago", self.ago(line.at)), line.level.clone(), plain(&line.text)])
        });
        let rows = rows.collect();
        self.table(&["LOG", "LEVEL", "LINE"], rows);
    }

    /// A table with an empty line before it; nothing where it has no row.
    fn table(&mut self, head: &[&str], rows: Vec<(Style, Vec<String>)>) {
        if rows.is_empty() {
            return;
        }
        let (mut styles, mut cells) = (vec![HEAD], vec![head.iter().map(ToString::to_string).collect()]);
        for (style, row) in rows {
            styles.push(style);
            cells.push(row);
        }
        self.text.push('\n');
        for (style, line) in styles.into_iter().zip(supply::table(&cells).lines()) {
            self.line(style, line);
        }
    }

    fn line(&mut self, style: Style, text: &str) {
        let line = if self.is_coloured { format!("{style}{text}{style:#}\n") } else { format!("{text}\n") };
        self.text.push_str(&line);
    }

    fn ago(&self, at: Timestamp) -> String {
        let ago = at.to_system_time().and_then(|at| self.now.duration_since(at).ok());
        age(ago.unwrap_or_default().as_secs_f64())
    }
}

/// A duration in its two largest units.
fn age(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60) {
        (0, 0, 0, 0) => format!("{:.0}ms", seconds.max(0.0) * 1000.0),
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h{minutes}m"),
        (days, hours, ..) => format!("{days}d{hours}h"),
    }
}

/// A size in the largest fitting unit.
fn size(bytes: u64) -> String {
    const MEBIBYTE: f64 = 1_048_576.0;
    let mebibytes = bytes as f64 / MEBIBYTE;
    if mebibytes < 1024.0 { format!("{mebibytes:.1} MiB") } else { format!("{:.1} GiB", mebibytes / 1024.0) }
}

#[cfg(test)]
mod tests;
