//! What is done about each change while the agent serves: a new build takes the place of the one before, a new configuration
//! counts at once, and whatever fails is said and changes nothing.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use botkube_agent::agent::{Adopted, PluginEvent, line_by_hand};
use botkube_author::project::{BuildError, Project};
use botkube_console::session::Recorder;
use tokio::{sync::mpsc, time};

use super::{
    bench::Bench,
    binding,
    builds::{Builds, Done},
    changes::Changes,
    notices::Notices,
    restless, seconds,
};
use crate::{complain, setup, talk::Served};

/// How long it is waited for what was answered last to be recorded.
const HEARD: Duration = Duration::from_secs(1);

/// Everything the author's loop works with.
pub(super) struct Shop {
    pub(super) projects: Vec<Project>,
    pub(super) settings: binding::Settings,
    pub(super) bench: Arc<Bench>,
    pub(super) changes: Changes,
    pub(super) happened: mpsc::Receiver<Happened>,
    /// Whether somebody else starts the plugins.
    pub(super) attach: bool,
    pub(super) recording: Option<PathBuf>,
}

/// What happens without the author having saved anything.
pub(super) enum Happened {
    /// To a plugin.
    Plugin(PluginEvent),
    /// A plugin is waited for that the author starts.
    Waiting(String),
}

impl Shop {
    /// Works until nothing is said any more.
    pub(super) async fn work(mut self, served: Served) {
        let is_blind = !(io::stdin().is_terminal() && io::stdout().is_terminal());
        let mut notices = Notices::new(served.rooms.clone(), is_blind);
        let mut builds = Builds::start(&self.projects, &self.changes);
        let mut settings = self.changes.settings();
        let mut swaps = Swaps::default();
        let recorder = match (self.recording.take(), &served.rooms) {
            (Some(file), Some(rooms)) => match Recorder::start(rooms, Some(file.clone())) {
                Ok(recorder) => Some(recorder),
                Err(error) => {
                    notices.line(&format!("Nothing is recorded: {} cannot be written: {error}", file.display())).await;
                    None
                }
            },
            _ => None,
        };
        loop {
            tokio::select! {
                () = served.ending.cancelled() => break,
                Some(done) = builds.done.recv() => self.built(done, &served, &mut notices, &mut swaps).await,
                _ = settings.next() => self.configure(&served, &mut notices).await,
                Some(happened) = self.happened.recv() => self.tell(happened, &served, &mut notices, &mut swaps).await,
                else => break,
            }
        }
        if let Some(recorder) = recorder {
            // What was answered last may not have been heard yet.
            let _ = time::timeout(HEARD, recorder.settled()).await;
            if let Err(error) = recorder.finish() {
                complain(&format!("what was said last is not recorded: {error}"));
            }
        }
    }

    /// A build has ended.
    async fn built(&self, done: Done, served: &Served, notices: &mut Notices, swaps: &mut Swaps) {
        let Done { project, built, saved, took, restless: changes } = done;
        let dir = self.projects[project].dir().display().to_string();
        if let Some(path) = changes {
            notices.line(&restless(&path)).await;
        }
        let built = match built {
            Ok(built) => built,
            Err(BuildError::Failed { command, output, code }) => {
                let title = format!("It does not build: `{command}` ended with {code}. What was there before goes on.");
                return notices.tell(&title, &output).await;
            }
            Err(error) => return notices.line(&format!("{error}. What was there before goes on.")).await,
        };
        let other = |name| self.bench.project(name).filter(|other| *other != project);
        if let Some((name, other)) = built.iter().find_map(|built| Some((&built.name, other(&built.name)?))) {
            let other = self.projects[other].dir().display();
            let both = format!("{dir} has a plugin `{name}` now, and so has {other}; give one of them another name");
            return notices.line(&format!("{both}. What was there before goes on.")).await;
        }
        let before = self.bench.names();
        let changed = match self.bench.put(project, &built) {
            Ok(changed) => changed,
            Err(error) => return notices.line(&format!("What was built in {dir} cannot be kept: {error}")).await,
        };
        let now = self.bench.names();
        if now != before {
            let gone: Vec<&str> = before.iter().filter(|name| !now.contains(name)).map(String::as_str).collect();
            if !gone.is_empty() {
                notices.line(&format!("{dir} has no plugin `{}` any more.", gone.join("`, `"))).await;
            }
            self.configure(served, notices).await;
        } else if changed.is_empty() {
            return notices.line(&format!("Built in {}: the same as before.", seconds(took))).await;
        }
        let config = served.agent.dispatcher.snapshot().config.clone();
        for name in changed {
            if self.attach {
                notices.line(&format!("`{name}` is built again; start it again to have it.")).await;
                continue;
            }
            swaps.begin(&name, saved, took);
            for plugin in binding::bound_as(&config, &name) {
                served.agent.replace(&plugin);
            }
        }
    }

    /// The configuration was saved, or other plugins are there to be bound.
    async fn configure(&self, served: &Served, notices: &mut Notices) {
        let (mut config, shown) = match self.settings.bound(&self.bench.names()) {
            Ok(bound) => bound,
            Err(error) => {
                return notices
                    .tell("botkube.yaml cannot be used. What was there before goes on.", &error.to_string())
                    .await;
            }
        };
        if self.attach {
            super::without_deadlines(&mut config);
        }
        let channels = setup::console_channels(&config);
        match served.agent.adopt(Adopted { config, shown, lock: None, channels: channels.clone() }) {
            Ok(trials) => {
                for trial in trials {
                    let agent = served.agent.clone();
                    // What comes of it is told as everything that happens to plugins.
                    tokio::spawn(async move { agent.prove(trial).await });
                }
                if let Some(rooms) = &served.rooms {
                    rooms.arrange(setup::with_controls(channels));
                }
                let counts = match self.settings.is_there() {
                    true => "The configuration in botkube.yaml counts from now on.",
                    false => "Without a botkube.yaml, every plugin is bound as it is.",
                };
                notices.line(counts).await;
            }
            Err(error) => {
                notices.line(&format!("botkube.yaml cannot be used: {error}. What was there before goes on.")).await;
            }
        }
    }

    /// Something happened to a plugin.
    async fn tell(&self, happened: Happened, served: &Served, notices: &mut Notices, swaps: &mut Swaps) {
        match happened {
            Happened::Plugin(PluginEvent::Started { plugin, replaced, program, .. }) => {
                let name = plugin.name();
                if let Some(program) = program {
                    self.bench.serves(name, program);
                }
                if let Some(completer) = &served.completer {
                    completer.forget(&plugin);
                }
                if let Some((saved, took)) = swaps.end(name) {
                    let whole = saved.elapsed();
                    let beyond = whole.saturating_sub(took).as_millis();
                    tracing::info!(plugin = name, build = ?took, ?whole, replaced, "a new build answers");
                    notices.line(&format!("`{name}` is new: built in {}, {beyond} ms more.", seconds(took))).await;
                }
            }
            Happened::Plugin(PluginEvent::NotStarted { plugin, reason, output, kept }) => {
                swaps.end(plugin.name());
                let rest = if kept { " What was there before goes on." } else { "" };
                notices.tell(&format!("{}.{rest}", reason.trim_end_matches('.')), &output.join("\n")).await;
            }
            Happened::Plugin(PluginEvent::Ended { plugin, how, output }) => {
                notices.tell(&format!("`{}` ended: {how}", plugin.name()), &output.join("\n")).await;
            }
            Happened::Waiting(name) => {
                let (Ok(dir), Some(program)) = (self.bench.place(&name), self.bench.origin(&name)) else { return };
                let title = format!(
                    "`{name}` is waited for. Start it in another terminal, or in a debugger with these variables:"
                );
                notices.tell(&title, &line_by_hand(&dir, &program)).await;
            }
        }
    }
}

/// Builds under way that nobody has seen the end of.
#[derive(Default)]
struct Swaps {
    begun: std::collections::BTreeMap<String, (Instant, Duration)>,
}

impl Swaps {
    fn begin(&mut self, name: &str, saved: Instant, took: Duration) {
        self.begun.insert(name.to_owned(), (saved, took));
    }

    fn end(&mut self, name: &str) -> Option<(Instant, Duration)> {
        self.begun.remove(name)
    }
}
