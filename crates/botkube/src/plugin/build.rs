//! `botkube plugin build`.

use std::{
    collections::HashMap,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use botkube_author::{
    build::{self, Made, Options, Progress},
    project::Project,
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Archive, Build, Output},
    complain, talk,
};

/// How often something moves while a compiler says nothing.
const TICK: Duration = Duration::from_millis(120);

pub(crate) fn run(Build { dir, platform, archive, out, output }: Build) -> Result<ExitCode> {
    let platforms = build::platforms(&platform)?;
    let project = Project::find(&dir, None)?;
    let options = Options { platforms, archive: archive == Some(Archive::TarGz), out };
    let shown = Shown::default();
    let made = talk::runtime()?.block_on(async {
        let stop = CancellationToken::new();
        talk::on_signal(&stop);
        let show = |progress: Progress<'_>| shown.show(progress);
        tokio::select! {
            made = build::build(&project, &options, &show) => Some(made),
            () = stop.cancelled() => None,
        }
    });
    shown.clear();
    let made = match made {
        Some(Ok(made)) => made,
        Some(Err(error @ build::Error::Build { .. })) => {
            complain(&error.to_string());
            return Ok(ExitCode::FAILURE);
        }
        Some(Err(error)) => return Err(error.into()),
        None => {
            complain("stopped; what was built for platforms before is there");
            return Ok(ExitCode::FAILURE);
        }
    };
    let text = match output {
        Output::Text => table(&made),
        Output::Json => json(&made)?,
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn table(made: &[Made]) -> String {
    let file = |made: &Made| made.path.display().to_string();
    let width = made.iter().map(|made| file(made).chars().count()).max().unwrap_or_default();
    let mut text = format!("{:<width$} {:>10} SHA256", "FILE", "SIZE");
    for made in made {
        text.push_str(&format!("\n{:<width$} {:>10} {}", file(made), made.size, made.sha256));
    }
    text
}

fn json(made: &[Made]) -> Result<String> {
    let file = |made: &Made| {
        json!({
            "file": made.path,
            "kind": made.artifact.kind.as_str(),
            "name": made.artifact.name,
            "platform": made.artifact.platform.to_string(),
            "size": made.size,
            "sha256": made.sha256,
        })
    };
    serde_json::to_string_pretty(&made.iter().map(file).collect::<Vec<_>>()).context("cannot write the result as JSON")
}

/// How far the build is, on standard error: a line for each platform that moves, or lines that stay.
#[derive(Default)]
struct Shown {
    all: MultiProgress,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl Shown {
    fn show(&self, progress: Progress<'_>) {
        if io::stderr().is_terminal() {
            self.draw(progress);
            return;
        }
        match progress {
            Progress::Began(platform) => complain(&format!("{platform}: building")),
            Progress::Done(platform, took) => complain(&format!("{platform}: built in {} s", took.as_secs())),
            Progress::Said(..) => {}
        }
    }

    fn draw(&self, progress: Progress<'_>) {
        let (Progress::Began(platform) | Progress::Said(platform, _) | Progress::Done(platform, _)) = progress;
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let style = ProgressStyle::with_template("{spinner} {prefix:<12} {wide_msg}");
            let bar = ProgressBar::no_length().with_style(style.expect("the template is written here"));
            let bar = self.all.add(bar);
            bar.set_prefix(platform.to_string());
            bar.enable_steady_tick(TICK);
            bar
        };
        let bar = bars.entry(platform.to_string()).or_insert_with(new);
        match progress {
            Progress::Began(_) => {}
            Progress::Said(_, line) => bar.set_message(line.trim().to_owned()),
            Progress::Done(_, took) => bar.finish_with_message(format!("built in {} s", took.as_secs())),
        }
    }

    fn clear(&self) {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner).clear();
        // A terminal that cannot be cleared is about to be written on anyway.
        let _ = self.all.clear();
    }
}
