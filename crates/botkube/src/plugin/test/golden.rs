//! A recorded session as a test: played with the plugins there are now, compared, and written anew where that is asked for.
//! It knows no check.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use botkube_agent::agent::{Fetcher, log_progress};
use botkube_author::project::Built;
use botkube_config::Loaded;
use botkube_console::{
    session::{self, Difference, Session},
    store::InMemory,
};
use botkube_core::{conversation::Conversation, render::harmless};
use botkube_plugin_host::index::PluginKind;
use serde_json::json;

use super::{Target, print};
use crate::{
    args::{GivenPlugin, Output},
    dev::{
        bench::Bench,
        binding::{REPOSITORY, Settings},
    },
    locked::Locked,
    progress::Bars,
    setup::{self, Extra, Told},
    talk,
};

/// How long a step may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// A session in a file.
pub(super) struct Golden {
    file: PathBuf,
    session: Session,
    /// Whether the file is to be written anew.
    update: bool,
}

impl Golden {
    pub(super) fn read(file: PathBuf, update: bool) -> Result<Self> {
        let shown = file.display();
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
        let session = Session::parse(&text).with_context(|| format!("{shown} is no session"))?;
        Ok(Self { file, session, update })
    }

    /// Plays it with these plugins: in the place of those of the same names of a configuration, or without one just as
    /// `botkube dev` runs them in this folder.
    pub(super) async fn run(
        self,
        targets: Vec<Target>,
        loaded: Option<Loaded>,
        folder: &Path,
        output: Output,
        bars: &Bars,
    ) -> Result<ExitCode> {
        let executors = targets.into_iter().filter(|target| target.kind == PluginKind::Executor);
        let (told, extra, channels) = match loaded {
            Some(loaded) => {
                let given = executors.map(|Target { name, program, .. }| GivenPlugin { name, path: program });
                let told = Told::from(loaded);
                let channels = self.channels(&told, true);
                (told, Extra::given(given.collect()), channels)
            }
            None => {
                let bench = Bench::new().context("cannot make a directory for the plugins")?;
                let built = executors.map(|Target { name, program, kind, .. }| Built { kind, name, program });
                bench.put(0, &built.collect::<Vec<_>>()).context("cannot copy the plugins")?;
                let settings = Settings::in_folder(folder);
                let (config, shown) = settings.bound(&bench.names())?;
                let told = Told { config, shown, demo: false, lock: Locked::Not };
                let channels = self.channels(&told, settings.is_there());
                let fetchers = BTreeMap::from([(REPOSITORY.to_owned(), Arc::new(bench) as Arc<dyn Fetcher>)]);
                (told, Extra { fetchers, ..Extra::given(Vec::new()) }, channels)
            }
        };
        let agent = setup::agent(told, extra, log_progress())?;
        let store = Arc::new(InMemory::default());
        let (rooms, chat) = talk::rooms(&agent.dispatcher, channels, store);
        if io::stderr().is_terminal() {
            bars.say(&format!("playing {}", self.file.display()));
        }
        let now = session::replay(&self.session, &rooms, DEADLINE).await;
        bars.clear();
        chat.stop().await;
        agent.stop().await;
        let outcome = now.map_err(|error| error.to_string()).and_then(|now| {
            let differences = self.session.differences(&now).map_err(|error| error.to_string())?;
            Ok((now, differences))
        });
        self.report(outcome, output)
    }

    /// Those of the configuration; where it has none for the console, those of the session, with everything in them.
    fn channels(&self, told: &Told, is_configured: bool) -> Vec<Conversation> {
        let configured = setup::console_channels(&told.config);
        if is_configured && !configured.is_empty() {
            return configured;
        }
        let aliases: BTreeSet<&str> = self.session.steps.iter().map(|step| step.channel.as_str()).collect();
        let everything = setup::everything(&told.config);
        let channel = |alias: &str| Conversation {
            alias: alias.to_owned(),
            display_name: alias.to_owned(),
            ..everything.clone()
        };
        aliases.into_iter().map(channel).collect()
    }

    fn report(&self, outcome: Result<(Session, Vec<Difference>), String>, output: Output) -> Result<ExitCode> {
        let steps = self.session.steps.len();
        let is_updated = self.update && outcome.as_ref().is_ok_and(|(_, differences)| !differences.is_empty());
        if let (true, Ok((now, _))) = (is_updated, &outcome) {
            now.write(&self.file).with_context(|| format!("cannot write {}", self.file.display()))?;
        }
        let passed = is_updated || outcome.as_ref().is_ok_and(|(_, differences)| differences.is_empty());
        print(&match output {
            Output::Json => {
                let (differences, error) = match &outcome {
                    Ok((_, differences)) => (&differences[..], None),
                    Err(error) => (&[][..], Some(error)),
                };
                let difference = |it: &Difference| json!({"step": it.step, "what": it.what, "diff": it.diff});
                let differences: Vec<_> = differences.iter().map(difference).collect();
                let file = self.file.display().to_string();
                json!({
                    "session": file, "passed": passed, "updated": is_updated, "steps": steps,
                    "differences": differences, "error": error,
                })
                .to_string()
            }
            Output::Text => {
                let colours = io::stdout().is_terminal();
                match &outcome {
                    Ok((_, differences)) if differences.is_empty() => {
                        format!("{steps} step{}, all answered as before", if steps == 1 { "" } else { "s" })
                    }
                    Ok((_, differences)) => {
                        let count = differences.len();
                        let sum = match is_updated {
                            true => {
                                format!("{count} of {steps} steps differ; {} was written anew", self.file.display())
                            }
                            false => format!(
                                "{count} of {steps} steps differ; `--update` takes the answers there are now, `masks` in \
                                 the file leaves out what differs each time"
                            ),
                        };
                        format!("{}{sum}", differences.iter().map(|it| shown(it, colours)).collect::<String>())
                    }
                    Err(error) => format!("it cannot be played to its end: {error}"),
                }
            }
        })?;
        Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn shown(difference: &Difference, colours: bool) -> String {
    let Difference { step, what, diff } = difference;
    let mut text = format!("step {step} · {}\n", harmless(what));
    for line in diff.lines() {
        let colour = match line.as_bytes().first() {
            Some(b'-') => Some(AnsiColor::Red),
            Some(b'+') => Some(AnsiColor::Green),
            _ => None,
        };
        let line = harmless(line);
        match colour.filter(|_| colours).map(|colour| Style::new().fg_color(Some(colour.into()))) {
            Some(style) => text += &format!("  {style}{line}{style:#}\n"),
            None => text += &format!("  {line}\n"),
        }
    }
    text.push('\n');
    text
}
