//! `botkube dev`: the author's loop. Builds plugins, runs them in a console, and swaps them when their sources change, while the
//! chat and running commands go on.
//!
//! Reading order: `bench` where good builds lie · `binding` the configuration they run under · `changes` what is watched ·
//! `builds` what is built of it · `notices` how the author is told · `shop` what is done about each change.

pub(crate) mod bench;
pub(crate) mod binding;
mod builds;
mod changes;
mod notices;
mod shop;

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use botkube_agent::agent::{Attached, Fetcher};
use botkube_author::project::{BuildError, Project};
use botkube_config::model::Config;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use self::binding::REPOSITORY;
use self::{bench::Bench, builds::Done, changes::Changes, shop::Shop};
use crate::{
    args::Dev,
    complain,
    locked::Locked,
    setup::{self, Extra, Told},
    talk::{self, Kind, Plan},
};

/// How many things that happened to plugins may wait to be told; more are not told.
const EVENTS: usize = 256;

/// Builds, serves and watches until the author leaves.
///
/// # Errors
///
/// When there is nothing to build, or nothing to serve with.
pub(crate) fn run(dev: Dev) -> Result<ExitCode> {
    let dirs = if dev.dirs.is_empty() { vec![PathBuf::from(".")] } else { dev.dirs.clone() };
    let projects = dirs.iter().map(|dir| Project::find(dir, dev.build.as_deref()));
    let projects: Vec<Project> = projects.collect::<Result<_, _>>()?;
    if let Some((one, other)) = twice(&projects) {
        bail!("{} and {} are the same folder; name it once", dirs[one].display(), dirs[other].display());
    }
    if dev.record.is_some() && !port_is_open(&dev) {
        bail!(
            "--record hears what is said in a terminal or a browser: run it in a terminal, or give --port for a browser"
        );
    }
    // A broken configuration is said before anything is built.
    let settings = binding::Settings::in_folder(projects[0].dir());
    settings.read()?;
    talk::on_runtime(develop(dev, projects, settings))
}

async fn develop(dev: Dev, projects: Vec<Project>, settings: binding::Settings) -> Result<ExitCode> {
    let mut changes = Changes::watch(&projects, settings.file()).context("cannot watch the folders")?;
    let bench = Arc::new(Bench::new().context("cannot make a directory for what is built")?);
    // From the first moment on: a tool that builds is not left running.
    let stop = CancellationToken::new();
    talk::on_end(&stop);
    tokio::select! {
        built = first(&projects, &mut changes, &bench) => built?,
        () = stop.cancelled() => bail!("stopped by a signal before there was anything to serve"),
        _ = tokio::signal::ctrl_c() => bail!("stopped before there was anything to serve"),
    }
    let names = bench.names();
    let (mut config, shown) = settings.bound(&names)?;

    let (events, happened) = mpsc::channel(EVENTS);
    let waits = events.clone();
    let mut extra = Extra {
        fetchers: BTreeMap::from([(REPOSITORY.to_owned(), bench.clone() as Arc<dyn Fetcher>)]),
        observer: Arc::new(move |event| {
            let _ = events.try_send(shop::Happened::Plugin(event));
        }),
        ..Extra::given(Vec::new())
    };
    if dev.attach {
        for name in &names {
            let dir = bench.place(name).context("cannot make a directory for a socket")?;
            let (waits, named) = (waits.clone(), name.clone());
            let waiting = Arc::new(move || {
                let _ = waits.try_send(shop::Happened::Waiting(named.clone()));
            });
            extra.attached.insert(name.clone(), Attached { dir, waiting });
        }
        without_deadlines(&mut config);
    }
    let greeting = greeting(&names, dev.attach, settings.is_there());
    let channels = setup::console_channels(&config);
    let recording = dev.record.clone();
    let port = port_is_open(&dev).then_some(dev.port.unwrap_or_default());
    let told = Told { config, shown, demo: false, lock: Locked::Not };
    let files = settings.is_there().then(|| settings.file().to_owned()).into_iter().collect();
    let plan = Plan { told, files, channels, extra, port, kind: Kind::Dev, grace: Duration::ZERO, stop };
    let shop = Shop { projects, settings, bench, changes, happened, attach: dev.attach, recording };
    let greet = |web: Option<&str>, log: Option<&Path>| greeting(web, log);
    talk::serve(plan, greet, |served| shop.work(served)).await
}

/// The first build of every project: said as it goes, and tried again whenever something changes.
async fn first(projects: &[Project], changes: &mut Changes, bench: &Bench) -> Result<()> {
    for (number, project) in projects.iter().enumerate() {
        let saved = changes.of(number);
        let mut since = Instant::now();
        loop {
            let begins = || complain(&format!("building {}", project.dir().display()));
            let Done { built, took, restless: changes, .. } =
                builds::build(number, project, since, saved, &said, &begins).await;
            let (ended, was_restless) = (Instant::now(), changes.is_some());
            if let Some(path) = changes {
                complain(&restless(&path));
            }
            match built {
                Ok(made) => {
                    let names: Vec<&str> = made.iter().map(|built| built.name.as_str()).collect();
                    complain(&format!("built {} in {}", names.join(", "), seconds(took)));
                    if let Some(twice) = names.iter().find(|name| bench.project(name).is_some()) {
                        bail!(
                            "two folders have a plugin `{twice}`; give one of them another name, or leave one folder out"
                        );
                    }
                    bench.put(number, &made).context("cannot keep what was built")?;
                    break;
                }
                Err(error @ BuildError::Tool { .. }) => return Err(error.into()),
                Err(error) => {
                    let why = match error {
                        // The tool has said the rest.
                        BuildError::Failed { command, code, .. } => {
                            format!("it does not build: `{command}` ended with {code}")
                        }
                        other => other.to_string(),
                    };
                    // A script does not mend what it started with.
                    if !io::stdin().is_terminal() {
                        bail!(why);
                    }
                    complain(&format!("{why}; waiting for a change"));
                }
            }
            since = builds::edit(saved, ended, was_restless).await;
        }
    }
    Ok(())
}

/// What an author does about builds that are begun again and again.
fn restless(path: &Path) -> String {
    format!(
        "{} changed in every build, which was begun again for it, and did not count in this one. If the build writes it, let \
         it write into a hidden folder such as `.build`, which is not watched; if it was you, save it once more.",
        path.display()
    )
}

/// Whether there is somebody to look at the console in a browser.
fn port_is_open(dev: &Dev) -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal() || dev.port.is_some()
}

/// Which two are the same folder.
fn twice(projects: &[Project]) -> Option<(usize, usize)> {
    let dirs: Vec<&Path> = projects.iter().map(Project::dir).collect();
    (0..dirs.len())
        .find_map(|one| (one + 1..dirs.len()).find(|other| dirs[*other] == dirs[one]).map(|other| (one, other)))
}

/// Whoever looks at a plugin in a debugger takes the time that takes.
fn without_deadlines(config: &mut Config) {
    const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    config.plugins.call_timeout = A_YEAR;
}

fn greeting(names: &[String], attach: bool, has_settings: bool) -> impl FnOnce(Option<&str>, Option<&Path>) -> String {
    let tries: Vec<String> = names.iter().map(|name| format!("{name} help")).collect();
    let watched = match (attach, has_settings) {
        (true, _) => "waits for the plugin to be started",
        (false, true) => "save a file and the next command has it, botkube.yaml too",
        (false, false) => "save a file and the next command has it",
    };
    let tries = tries.join(" · ");
    move |web, log| {
        let place = match (web, log) {
            (Some(web), _) => format!("          web  {web}"),
            (None, Some(log)) => format!("          log  {}", log.display()),
            (None, None) => String::new(),
        };
        format!("Botkube dev{place}\n  try    {tries}      (Tab completes, /help, Ctrl-D leaves)\n  {watched}")
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}

#[expect(clippy::print_stderr, reason = "the words of a tool that the author waits for")]
fn said(line: &str) {
    eprintln!("{line}");
}
