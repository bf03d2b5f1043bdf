//! The conformance kit: whether a plugin in any language behaves as the agent and people expect. It knows no command line
//! and no language; it only sees processes.
//!
//! Reading order: [`run`] and the table of checks · `subject` a plugin that is looked at · `start` how it comes up · `about`
//! what it says of itself · `help` what it shows people · `calls` what it answers · `end` how
//! it goes · `cost` what it takes. Every check starts the plugin anew, so that none depends on another.

mod about;
mod calls;
mod cost;
mod end;
mod help;
mod start;
mod subject;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use botkube_core::platform::Capabilities;
use botkube_plugin_host::index::PluginKind;
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use serde::Serialize;
use tokio::time;

use self::subject::Subject;

/// How a plugin is looked at.
#[derive(Clone)]
pub struct Options {
    /// The configurations of the plugin's bindings, as YAML, in their order; most calls are made with them.
    pub configs: Vec<Bytes>,
    /// The folder of the programs it runs; beside it by default.
    pub dependencies: Option<PathBuf>,
    /// The platforms its help is to be shown on, with their names.
    pub platforms: Vec<(String, Capabilities)>,
    /// How long a call may take.
    pub call_deadline: Duration,
    /// How long the plugin may take until it can be called.
    pub start_deadline: Duration,
    /// Beyond this a start is slow.
    pub slow_start: Duration,
    /// Beyond this many bytes a plugin at rest is large.
    pub large: u64,
    /// Is told what is looked at now.
    pub progress: Arc<dyn Fn(&'static str) + Send + Sync>,
}

/// What was found out about a plugin.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its name, the first word of its commands.
    pub plugin: String,
    /// What it does.
    pub kind: PluginKind,
    /// The file.
    pub program: PathBuf,
    /// Whether no check failed.
    pub passed: bool,
    /// How long all of it took, in milliseconds.
    pub took_ms: u64,
    /// In the order in which people read them.
    pub checks: Vec<Check>,
}

/// What was found out in one respect.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its name for programs and for `docs/plugin-checks.md`; it stays the same.
    pub id: &'static str,
    /// What holds when it passes.
    pub title: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was skipped, or what else was found out; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It could not be made, or has nothing to look at.
    Skipped,
    /// All is well.
    Passed,
    /// The plugin can be used, and could be better.
    Warning,
    /// People or the agent will stumble over it.
    Failed,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// [`Outcome::Warning`] or [`Outcome::Failed`].
    pub outcome: Outcome,
    /// What should be.
    pub expected: String,
    /// What is.
    pub seen: String,
    /// What its author does about it.
    pub help: String,
}

/// What a check comes to.
#[derive(Debug, Default)]
struct Verdict {
    is_skipped: bool,
    note: String,
    findings: Vec<Finding>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            configs: Vec::new(),
            dependencies: None,
            platforms: Vec::new(),
            call_deadline: Duration::from_secs(15),
            start_deadline: Duration::from_secs(30),
            slow_start: Duration::from_secs(2),
            large: 256 << 20,
            progress: Arc::new(|_| {}),
        }
    }
}

/// Looks at the plugin `name` in this executable. It takes as long as the plugin does, within the deadlines of the options;
/// dropping the future ends every process it started.
pub async fn run(program: &Path, name: &str, kind: PluginKind, options: Options) -> Report {
    let began = Instant::now();
    let progress = options.progress.clone();
    let longest = options.start_deadline * 5 + options.call_deadline * 8;
    let mut checks = Vec::new();
    progress("handshake");
    // Once for all who only look at what it says.
    let subject = Subject::look(program, name, kind, options).await;
    for (id, title, needs, check) in table(&subject) {
        progress(id);
        let verdict = match subject.lacks(needs) {
            Some(why) => Verdict::skipped(why),
            None => time::timeout(longest, check).await.unwrap_or_else(|_| {
                Verdict::default().failed(
                    format!("an end within {longest:?}"),
                    "none".into(),
                    "run the plugin in a debugger with `botkube dev --attach` and see what it waits for".into(),
                )
            }),
        };
        let worst = verdict.findings.iter().map(|finding| finding.outcome).max();
        let otherwise = if verdict.is_skipped { Outcome::Skipped } else { Outcome::Passed };
        let Verdict { note, findings, .. } = verdict;
        checks.push(Check { id, title, outcome: worst.unwrap_or(otherwise), note, findings });
    }
    Report {
        plugin: name.to_owned(),
        kind,
        program: program.to_owned(),
        passed: checks.iter().all(|check| check.outcome != Outcome::Failed),
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        checks,
    }
}

/// What a check cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    /// A file.
    Nothing,
    /// A plugin that starts.
    Start,
    /// An executor that starts.
    Commands,
}

type Row<'a> = (&'static str, &'static str, Needs, BoxFuture<'a, Verdict>);

/// All checks there are; none has begun.
fn table(subject: &Subject) -> Vec<Row<'_>> {
    macro_rules! rows {
        ($($id:literal $needs:ident $check:path: $title:literal,)*) => {
            vec![$(($id, $title, Needs::$needs, $check(subject).boxed())),*]
        };
    }
    rows![
        "handshake" Nothing start::handshake: "it starts, and listens in its own directory",
        "by-hand" Nothing start::by_hand: "run by hand, it says what it is and ends",
        "auto-mtls" Start start::auto_mtls: "it speaks TLS when it is asked to",
        "health" Start start::health: "it says that it is well",
        "name" Nothing about::name: "its name can be typed and published",
        "metadata" Start about::metadata: "it has a description and a version",
        "schema" Start about::schema: "its JSON schema is one",
        "dependencies" Start about::dependencies: "what it depends on can be fetched for every platform",
        "help" Commands help::help: "it has a help",
        "help-shown" Commands help::shown: "every platform can show its help",
        "help-commands" Commands help::commands: "what its help offers are commands of its own",
        "examples" Commands calls::examples: "each example of its help runs",
        "unknown-command" Commands calls::unknown_command: "a command it does not know is answered",
        "broken-configuration" Commands calls::broken_configuration: "a wrong configuration is answered",
        "concurrent-calls" Commands calls::concurrent: "50 calls at once are all answered",
        "big-command" Commands calls::big: "a command of 1 MiB is answered",
        "output" Commands calls::output: "what it prints breaks nothing",
        "cancel" Commands calls::cancel: "calls nobody waits for any more leave it well",
        "absent-contexts" Commands calls::absent_contexts: "a call without its optional parts is answered",
        "shutdown" Start end::shutdown: "it ends when it is asked to shut down",
        "sigterm" Start end::sigterm: "it ends on SIGTERM",
        "leftovers" Start end::leftovers: "it leaves nothing behind",
        "start-up" Start cost::start_up: "it can be called soon after it was started",
        "memory" Start cost::memory: "it is small while nothing is asked of it",
    ]
}

impl Verdict {
    fn passed(note: impl Into<String>) -> Self {
        Self { note: note.into(), ..Self::default() }
    }

    fn skipped(why: impl Into<String>) -> Self {
        Self { is_skipped: true, note: why.into(), findings: Vec::new() }
    }

    fn failed(self, expected: String, seen: String, help: String) -> Self {
        self.with(Outcome::Failed, expected, seen, help)
    }

    fn warning(self, expected: String, seen: String, help: String) -> Self {
        self.with(Outcome::Warning, expected, seen, help)
    }

    fn with(mut self, outcome: Outcome, expected: String, seen: String, help: String) -> Self {
        self.findings.push(Finding { outcome, expected, seen, help });
        self
    }

    fn add(&mut self, finding: Option<Finding>) {
        self.findings.extend(finding);
    }
}
